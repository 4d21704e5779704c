"""Fenced code in Markdown: which line opens a fence, and which one closes it (CommonMark 0.31.2, section 4.5)."""

from __future__ import annotations

import re

_OPENING = re.compile(r"`{3,}+(?=[^`]*\Z)|~{3,}+")


def update_fence(fence: str, line: str) -> str:
    """Return the fence that is open after a line, "" for none. `fence` is the one that is open before it.

    `line` starts after its indentation, whose limits the caller knows.
    """
    if not fence:
        opening = _OPENING.match(line)
        return opening[0] if opening else ""
    marks = line.rstrip(" \t")
    return "" if marks.startswith(fence) and not marks.strip(fence[0]) else fence
