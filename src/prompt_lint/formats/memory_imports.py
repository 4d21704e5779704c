"""What a memory file takes in with `@path`, by the rules of the tool that loads it. Pure: no file is looked at here.

Claude Code: anywhere in the text but not in code; `@` stands at the start or behind white space, and a space in a path behind
a backslash; comments that are blocks of their own vanish. Source: documentation of Claude Code (memory), 2026. That it passes
HTML blocks over as it does code is what its users report (2026). Gemini CLI: its source, memoryImportProcessor.ts, 2026.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from prompt_lint.text.markdown_blocks import find_blocks, mask_code_spans

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from prompt_lint.text.markdown_blocks import Block


class Import(NamedTuple):
    """A path as it is written, less the escapes of its spaces, and its 1-based line."""

    path: str
    line: int


class Loaded(NamedTuple):
    """A text as Claude Code loads it: without block-level comments. `lines` are where its lines were before.

    `hidden` are those that stand in HTML blocks, where Claude Code passes them over; `near` would be imports without the
    punctuation before them.
    """

    text: str
    lines: Sequence[int]
    imports: tuple[Import, ...]
    hidden: tuple[Import, ...]
    near: tuple[Import, ...] = ()


class Inline(NamedTuple):
    """What Gemini CLI replaces: `text[start:end]` is `@` and `path`."""

    path: str
    start: int
    end: int


# A NUL can't be in a text; here it stands in the place of code.
_CLAUDE = re.compile(r"(?<!\S)@((?:\\ |[^\s\\\0])+)")
_NEAR = re.compile(r"(?<!\S)[(\[{<\"'*_~\u201c\u2018\u00ab]{1,8}@((?:\\ |[^\s\\\0])+)")
_GEMINI = re.compile(r"(?<![^ \t\n\r])@([A-Za-z./][^ \t\n\r]*)")


def claude(text: str) -> Loaded:
    """What Claude Code makes of the text of a memory file."""
    imports: list[Import] = []
    hidden: list[Import] = []
    near: list[Import] = []
    cuts: list[tuple[int, int]] = []
    if "@" in text or "<!--" in text:
        for leaf in find_blocks(text):
            if leaf.kind == "text":
                imports += _found(leaf)
                near += _found(leaf, _NEAR)
            elif end := _after_comment(text, leaf):
                cuts.append((leaf.lines[0].start, end))
                behind = leaf.lines[-1]
                hidden += _found(leaf._replace(lines=[behind._replace(content=text[end : behind.end])]))
            else:
                hidden += _found(leaf)
    return Loaded(*_cut(text, cuts), tuple(imports), tuple(hidden), tuple(near))


def _found(leaf: Block, pattern: re.Pattern[str] = _CLAUDE) -> Iterator[Import]:
    text = "\n".join(row.content for row in leaf.lines)
    if "@" not in text:
        return
    row, place = 0, 0
    for match in pattern.finditer(mask_code_spans(text) if leaf.kind == "text" else text):
        row += text.count("\n", place, match.start())
        place = match.start()
        yield Import(match[1].replace("\\ ", " "), leaf.lines[row].number)


def _after_comment(text: str, leaf: Block) -> int:
    """Where the comments end that an HTML block starts with, less the rest of the line if it is blank; 0 if there are none."""
    place, end = leaf.lines[0].start, leaf.lines[-1].end
    after = 0
    while not leaf.depth and text.startswith("<!--", place := _after_spaces(text, place)):
        closed = text.find("-->", place + 2, end)
        if closed < 0:
            break
        after = place = closed + 3
    return min(end + 1, len(text)) if after and _after_spaces(text, after) >= end else after


def _after_spaces(text: str, place: int) -> int:
    while text[place : place + 1] in {" ", "\t"}:
        place += 1
    return place


def _cut(text: str, cuts: Sequence[tuple[int, int]]) -> tuple[str, Sequence[int]]:
    """The text without these stretches, each of which starts a line; and where the lines that are left were."""
    if not cuts:
        return text, range(1, text.count("\n") + 2)
    kept: list[str] = []
    lines: list[int] = []
    place, line, fresh = 0, 1, True
    for start, end in [*cuts, (len(text), len(text))]:
        piece = text[place:start]
        breaks = piece.count("\n")
        if piece:
            kept.append(piece)
            lines += range(line if fresh else line + 1, line + breaks + (not piece.endswith("\n")))
            fresh = piece.endswith("\n")
        line += breaks + text.count("\n", start, end)
        place = end
    return "".join(kept), [*lines, line] if fresh else lines


def gemini(text: str) -> Iterator[Inline]:
    """What Gemini CLI replaces in a text by the files that are named, outside of what it takes for code."""
    code = _code(text) if "@" in text else iter(())
    start, end = next(code, (len(text), 0))
    for match in _GEMINI.finditer(text):
        while end and end <= match.start():
            start, end = next(code, (len(text), 0))
        if match.start() < start:
            yield Inline(match[1], *match.span())


def _code(text: str) -> Iterator[tuple[int, int]]:
    r"""The shortest stretches between back-ticks and the next as many, which need not be all of those that stand together.

    They are what ``(`+)([\s\S]*?)\1`` finds, from left to right.
    """
    runs = [run.span() for run in re.finditer("`+", text)]
    longest_after = [0] * len(runs)
    for index in range(len(runs) - 1, 0, -1):
        start, end = runs[index]
        longest_after[index - 1] = max(longest_after[index], end - start)
    index = place = 0
    while index < len(runs):
        start, end = max(place, runs[index][0]), runs[index][1]
        ticks = min(end - start, longest_after[index])
        if ticks > (end - start) // 2:
            index += 1
            while runs[index][1] - runs[index][0] < ticks:
                index += 1
            place = runs[index][0] + ticks
        elif ticks := (end - start) // 2:
            place = start + 2 * ticks
        else:
            index += 1
            continue
        yield start, place
