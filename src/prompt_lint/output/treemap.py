"""Squarified treemaps: rectangles whose areas are proportional to numbers, as near to squares as can be.

Source: Bruls, Huizing and van Wijk, Squarified Treemaps, 2000.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


class Rectangle(NamedTuple):
    """A rectangle in any unit; `top` grows downwards."""

    left: float
    top: float
    width: float
    height: float


def squarify(sizes: Sequence[int], frame: Rectangle) -> Iterator[Rectangle]:
    """Yield a rectangle for each size; together they fill the frame. Sizes are positive, and the largest comes first."""
    remaining, start = sum(sizes), 0
    while start < len(sizes):
        side, scale = min(frame.width, frame.height), frame.width * frame.height / remaining
        end = _find_end_of_row(sizes, start, side * side / scale)
        row = sizes[start:end]
        total = sum(row)
        thickness = max(frame.width, frame.height) * total / remaining
        yield from _place_row(row, total, thickness, frame)
        left, top, width, height = frame
        is_upright = width >= height
        frame = (
            Rectangle(left + thickness, top, width - thickness, height)
            if is_upright
            else Rectangle(left, top + thickness, width, height - thickness)
        )
        remaining, start = remaining - total, end


def _find_end_of_row(sizes: Sequence[int], start: int, square: float) -> int:
    """Return where a row ends that begins at `start`: sizes are added while that makes its worst rectangle no longer.

    `square` is the size that fills a square on the shorter side of the frame.
    """
    total, worst = 0, float("inf")
    for end in range(start, len(sizes)):
        total += sizes[end]
        # How many times as long as wide the first or the last rectangle of the row would be.
        longest = max(square * sizes[start] / (total * total), total * total / (square * sizes[end]))
        if longest > worst:
            return end
        worst = longest
    return len(sizes)


def _place_row(row: Sequence[int], total: int, thickness: float, frame: Rectangle) -> Iterator[Rectangle]:
    """Yield the rectangles of a row along the shorter side of the frame."""
    left, top, width, height = frame
    before = 0
    for size in row:
        if width >= height:
            yield Rectangle(left, top + height * before / total, thickness, height * size / total)
        else:
            yield Rectangle(left + width * before / total, top, width * size / total, thickness)
        before += size
