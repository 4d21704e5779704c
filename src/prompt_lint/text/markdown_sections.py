"""The sections of a Markdown text, by heading, so that a failure can say where the tokens are."""

from __future__ import annotations

import re

from prompt_lint.model.values import Part
from prompt_lint.text.code_fence import update_fence

_HEADING = re.compile(r" {0,3}#{1,6}(?:[ \t]+|$)")
_MAX_SECTIONS = 10_000
# What a heading or a fence begins with.
_MARKS = frozenset("#`~")


def split_sections(text: str, first_line: int = 1) -> list[Part]:
    """Split a text at its headings, of any level; one without headings at its paragraphs.

    Every line is in just one part. Text before the first heading is a part without a title. Headings inside
    fenced code are code. `first_line` is that of the text in its file. The last of 10,000 parts has all the rest.
    """
    lines = text.split("\n")
    starts = sorted({0, *(_find_headings(lines) or _find_paragraphs(lines))})[:_MAX_SECTIONS]
    ends = [*starts[1:], len(lines)]
    return [_make_part(lines, start, end, first_line) for start, end in zip(starts, ends, strict=True)]


def _make_part(lines: list[str], start: int, end: int, first_line: int) -> Part:
    title = lines[start].strip() if _HEADING.match(lines[start]) else ""
    shown_end = end
    while shown_end > start + 1 and not lines[shown_end - 1].strip():
        shown_end -= 1  # blank lines before the next section are counted with this one, not shown
    return Part(title, start + first_line, shown_end + first_line - 1, "\n".join(lines[start:end]))


def _find_headings(lines: list[str]) -> list[int]:
    """Return the indices of the lines that are headings, of at most the first 10,000."""
    headings, fence = [], ""
    for number, line in enumerate(lines):
        content = line.lstrip(" ")
        if content[:1] not in _MARKS:
            continue
        if not fence and _HEADING.match(line):
            headings.append(number)
            if len(headings) == _MAX_SECTIONS:
                break
        if len(line) - len(content) <= 3:
            fence = update_fence(fence, content)
    return headings


def _find_paragraphs(lines: list[str]) -> list[int]:
    pairs = zip(["", *lines], lines, strict=False)
    return [number for number, (before, line) in enumerate(pairs) if not before.strip() and line.strip()]
