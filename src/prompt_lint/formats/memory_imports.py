"""The imports in the text of a memory file, written as `@path`, by the rules of the tool that loads it. Reads no file.

Claude Code: anywhere in the text but not in code; `@` is at the start or follows white space, and a space in a path follows
a backslash; comments that are blocks of their own vanish. Source: documentation of Claude Code (memory), 2026. That it skips
HTML blocks as it does code is what its users report (2026). Gemini CLI: its source, memoryImportProcessor.ts, 2026.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from prompt_lint.model.errors import Unreadable
from prompt_lint.text.markdown_blocks import find_blocks, mask_code_spans
from prompt_lint.text.removal import remove_stretches

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from prompt_lint.text.markdown_blocks import Block, BlockLine, Kind


class Import(NamedTuple):
    """A path as it is written, without the escapes of its spaces, and its 1-based line."""

    path: str
    line: int


class ClaudeText(NamedTuple):
    """A text as Claude Code loads it: without block-level comments. `lines` are the original numbers of its lines.

    `in_html` are imports in HTML blocks, which Claude Code skips; `punctuated` would be imports without the punctuation
    before them.
    """

    text: str
    lines: Sequence[int]
    imports: tuple[Import, ...]
    in_html: tuple[Import, ...]
    punctuated: tuple[Import, ...]


class GeminiImport(NamedTuple):
    """What Gemini CLI replaces: `text[start:end]` is `@` and `path`."""

    path: str
    start: int
    end: int


# A Markdown file of more is no memory file, and takes long to look through.
_MOST = (("lines", "\n\r", 10_000), ("words with `@`", "@", 10_000), ("back-ticks", "`", 50_000))

# A text can't have a NUL, which replaces code.
_CLAUDE = re.compile(r"(?<!\S)([(\[{<\"'*_~\u201c\u2018\u00ab]{0,8})@((?:\\ |[^\s\\\0])++)")
_GEMINI = re.compile(r"(?<![^ \t\n\r])@([A-Za-z./][^ \t\n\r]*)")


def parse_for_claude(text: str, first_line: int = 1) -> ClaudeText:
    """Return the text of a memory file as Claude Code loads it, and its imports. `first_line` is that of the text in its file.

    Raises `Unreadable` for a text that is too long to be looked through.
    """
    imports: list[Import] = []
    in_html: list[Import] = []
    punctuated: list[Import] = []
    comments: list[tuple[int, int]] = []
    if "@" in text or "<!--" in text:
        _check_length(text)
        for block in find_blocks(text, first_line):
            lines_left = block.lines
            if block.kind == "html" and (end := _find_comment_end(text, block)):
                first, last = lines_left[0], lines_left[-1]
                comments.append((first.start, end))
                lines_left = [last._replace(content=text[end : last.end])]
            for punctuation, import_ in _find_imports(block.kind, lines_left):
                if block.kind == "text":
                    (punctuated if punctuation else imports).append(import_)
                elif not punctuation:
                    in_html.append(import_)
    kept, lines = remove_stretches(text, comments, first_line)
    return ClaudeText(kept, lines, tuple(imports), tuple(in_html), tuple(punctuated))


def _check_length(text: str) -> None:
    for what, characters, most in _MOST:
        if sum(map(text.count, characters)) >= most:
            message = f"has more than {most:,} {what}, which is as far as imports are looked for"
            raise Unreadable(message, "make it shorter, or leave it out with `exclude`")


def _find_imports(kind: Kind, lines: Sequence[BlockLine]) -> Iterator[tuple[str, Import]]:
    """Yield words with `@` in the lines of a block, each with the punctuation before it: "" for an import."""
    text = "\n".join(line.content for line in lines)
    if "@" not in text:
        return
    index, offset = 0, 0
    for match in _CLAUDE.finditer(mask_code_spans(text) if kind == "text" else text):
        index += text.count("\n", offset, match.start())
        offset = match.start()
        yield match[1], Import(match[2].replace("\\ ", " "), lines[index].number)


def _find_comment_end(text: str, block: Block) -> int:
    """Return where the comments end that an HTML block starts with, and its line if that has nothing else; 0 for none."""
    offset, block_end = block.lines[0].start, block.lines[-1].end
    comment_end = 0
    while not block.depth and text.startswith("<!--", offset := _skip_spaces(text, offset)):
        closing = text.find("-->", offset + 2, block_end)
        if closing < 0:
            break
        comment_end = offset = closing + 3
    if comment_end and _skip_spaces(text, comment_end) >= block_end:
        return min(block_end + 1, len(text))
    return comment_end


def _skip_spaces(text: str, offset: int) -> int:
    while text[offset : offset + 1] in {" ", "\t"}:
        offset += 1
    return offset


def find_gemini_imports(text: str) -> Iterator[GeminiImport]:
    """Yield what Gemini CLI replaces in a text by the files that are named, outside of what it takes for code."""
    code = _find_gemini_code(text) if "@" in text else iter(())
    start, end = next(code, (len(text), 0))
    for match in _GEMINI.finditer(text):
        while end and end <= match.start():
            start, end = next(code, (len(text), 0))
        if match.start() < start:
            yield GeminiImport(match[1], *match.span())


def _find_gemini_code(text: str) -> Iterator[tuple[int, int]]:
    r"""Yield the shortest stretches between back-ticks and the next as many, which need not be all in a row.

    They are what ``(`+)([\s\S]*?)\1`` finds, from left to right, but in linear time.
    """
    runs = [run.span() for run in re.finditer("`+", text)]
    longest_after = [0] * len(runs)
    for index in range(len(runs) - 1, 0, -1):
        start, end = runs[index]
        longest_after[index - 1] = max(longest_after[index], end - start)
    index = offset = 0
    while index < len(runs):
        start, end = max(offset, runs[index][0]), runs[index][1]
        ticks = min(end - start, longest_after[index])
        if ticks > (end - start) // 2:
            index += 1
            while runs[index][1] - runs[index][0] < ticks:
                index += 1
            offset = runs[index][0] + ticks
        elif ticks := (end - start) // 2:
            offset = start + 2 * ticks
        else:
            index += 1
            continue
        yield start, offset
