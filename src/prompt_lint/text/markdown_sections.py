"""Text → sections by heading, so that a failure can say where the tokens are."""

from __future__ import annotations

import re

from prompt_lint.model.values import Part

_HEADING = re.compile(r" {0,3}#{1,6}(?:[ \t]+|$)")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")


def split_sections(text: str, line: int = 1) -> list[Part]:
    """Every line belongs to just one part: a heading's lines run to the next heading of any level.

    `line` is that of the first line of the text in its file.

    Text before the first heading is a part without a title; so is each paragraph of a text that has no
    heading at all. Headings inside fenced code are code (CommonMark 0.31, fenced code blocks).
    """
    lines = text.split("\n")
    starts = _find_headings(lines) or _find_paragraphs(lines)
    bounds = sorted({0, *starts})
    ends = [*bounds[1:], len(lines)]
    return [_make_part(lines, first, last, line) for first, last in zip(bounds, ends, strict=True)]


def _make_part(lines: list[str], first: int, last: int, line: int) -> Part:
    title = lines[first].strip() if _HEADING.match(lines[first]) else ""
    shown = last
    while shown > first + 1 and not lines[shown - 1].strip():
        shown -= 1  # blank lines before the next section are counted with this one, not shown
    return Part(title, first + line, shown + line - 1, "\n".join(lines[first:last]))


def _find_headings(lines: list[str]) -> list[int]:
    found, fence = [], ""
    for number, line in enumerate(lines):
        mark = _FENCE.match(line)
        if fence:
            # A fence closes with at least as many of the same mark and nothing behind it.
            if mark and mark[1].startswith(fence) and line.strip() == mark[1]:
                fence = ""
        elif mark:
            fence = mark[1]
        elif _HEADING.match(line):
            found.append(number)
    return found


def _find_paragraphs(lines: list[str]) -> list[int]:
    blank_before = zip(["", *lines], lines, strict=False)
    return [n for n, (before, line) in enumerate(blank_before) if not before.strip() and line.strip()]
