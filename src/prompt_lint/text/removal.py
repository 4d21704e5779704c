"""Texts without some of their stretches, whose lines can still be found in the original."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def remove_stretches(
    text: str, stretches: Sequence[tuple[int, int]], first_line: int
) -> tuple[str, Sequence[int]]:
    """Return the text without these stretches, and the original numbers of its lines, which begin with `first_line`."""
    if not stretches:
        return text, range(first_line, first_line + text.count("\n") + 1)
    kept: list[str] = []
    lines: list[int] = []
    offset, line, starts_line = 0, first_line, True
    for start, end in [*stretches, (len(text), len(text))]:
        piece = text[offset:start]
        breaks = piece.count("\n")
        if piece:
            kept.append(piece)
            lines += range(line if starts_line else line + 1, line + breaks + (not piece.endswith("\n")))
            starts_line = piece.endswith("\n")
        line += breaks + text.count("\n", start, end)
        offset = end
    return "".join(kept), [*lines, line] if starts_line else lines
