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
        end = _find_end_of_row(sizes, start, remaining, frame)
        total = sum(sizes[start:end])
        is_wide = frame.width >= frame.height
        row, frame = _split(frame, total, remaining, by_width=is_wide)
        remaining -= total
        for size in sizes[start:end]:
            rectangle, row = _split(row, size, total, by_width=not is_wide)
            total -= size
            yield rectangle
        start = end


def _find_end_of_row(sizes: Sequence[int], start: int, remaining: int, frame: Rectangle) -> int:
    """Return where a row ends that begins at `start`, along the shorter side: before its longest rectangle gets longer."""
    square = remaining * min(frame.width, frame.height) / max(frame.width, frame.height)
    total, longest = 0, float("inf")
    for end in range(start, len(sizes)):
        total += sizes[end]
        # How many times as long as wide the first or the last rectangle of the row would be.
        length = max(square * sizes[start] / (total * total), total * total / (square * sizes[end]))
        if length > longest:
            return end
        longest = length
    return len(sizes)


def _split(frame: Rectangle, part: int, whole: int, *, by_width: bool) -> tuple[Rectangle, Rectangle]:
    """Return the left or upper part of a frame, and the rest."""
    share, rest = part / whole, (whole - part) / whole
    left, top, width, height = frame
    if by_width:
        cut = width * share
        return frame._replace(width=cut), Rectangle(left + cut, top, width * rest, height)
    cut = height * share
    return frame._replace(height=cut), Rectangle(left, top + cut, width, height * rest)
