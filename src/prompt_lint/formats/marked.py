"""`marked`: the lines between comments `prompt-lint: begin NAME` and `prompt-lint: end`, in any language."""

from __future__ import annotations

import re
import textwrap
from typing import TYPE_CHECKING, NamedTuple

from prompt_lint.model.values import Problem, Prompt
from prompt_lint.request.from_text import build_request
from prompt_lint.text.decode import decode
from prompt_lint.text.markdown_sections import split_sections
from prompt_lint.text.template_markers import note_placeholders

if TYPE_CHECKING:
    from collections.abc import Iterator

    from prompt_lint.model.rules import Rule
    from prompt_lint.model.values import Note, Part, ReadFile

# A line that is a comment from its start, and what it opens with. A marker without its colon isn't passed over.
_MARKER = re.compile(
    r"[ \t]*(?P<sign>#+|//+|--+|;+|%+|<!--+|/\*+|\*+|\{#-?|\(\*|'|REM\b)[ \t]*"
    r"prompt-lint(?P<colon>[ \t]*:|[ \t]+(?=(?:begin|end)\b))(?P<words>.*)"
)
_ENDINGS = ("-->", "*/", "-#}", "#}", "*)")
_NAME = re.compile(r"[\w.-]{1,100}")
_EXAMPLE = "write `prompt-lint: begin NAME` and `prompt-lint: end`, each in a comment on a line of its own"
# Signs of comments that end with their line, and of the lines within `/* */`.
_LINE_SIGNS = re.compile(r"#+|//+|--+|;+|%+|\*+|'|REM")


class _Region(NamedTuple):
    """A prompt between two markers: its name, the line of the first marker, and its text, which starts at the line below."""

    name: str
    line: int
    text: str


def recognise(path: str, data: bytes) -> str | None:
    """No name of a file makes it prompts: a rule has to say so."""
    return None


def parse(path: str, data: bytes, rule: Rule, read: ReadFile) -> Iterator[Prompt | Problem | Note]:
    """Yield the prompt of each region, and a problem for each marker that has no partner or no name of its own."""
    for region in _list_regions(path, decode(data)):
        if isinstance(region, Problem):
            yield region
        else:
            yield Prompt(path, region.name, region.line, build_request(region.text, rule.role or "user"))
            yield from note_placeholders(path, region.text, region.line + 1)


def parts(path: str, data: bytes, prompt: Prompt, read: ReadFile) -> Iterator[Part]:
    for region in _list_regions(path, decode(data)):
        if isinstance(region, _Region) and region.name == prompt.name and region.text:
            yield from split_sections(region.text.removesuffix("\n"), region.line + 1)


def _list_regions(path: str, text: str) -> Iterator[_Region | Problem]:
    lines = text.split("\n") if "prompt-lint" in text else []
    names: set[str] = set()
    begin: tuple[int, str, str] | None = None  # its line, the sign of its comment, the name
    for number, line in enumerate(lines, 1):
        marker = _MARKER.match(line)
        if not marker:
            continue
        words = marker["words"].strip()
        ending = next((each for each in _ENDINGS if words.endswith(each)), "")
        word, _, name = words.removesuffix(ending).strip().partition(" ")
        name = name.strip()
        is_named = not name or _NAME.fullmatch(name)
        if marker["colon"] != ":" or word not in {"begin", "end"} or not is_named:
            yield Problem(path, number, "has a `prompt-lint:` marker that can't be read", _EXAMPLE)
        elif word == "end":
            if begin is None:
                yield Problem(path, number, "has a `prompt-lint: end` without a `begin` above it", _EXAMPLE)
                continue
            first_line, sign, own_name = begin
            own_name = own_name or (f"region {len(names) + 1}" if names else "")
            begin = None
            if own_name in names:
                message = f"has two prompts with the name `{own_name}`"
                yield Problem(path, first_line, message, "give each `prompt-lint: begin` a name of its own")
                continue
            names.add(own_name)
            yield _Region(own_name, first_line, _take_text(lines[first_line : number - 1], sign))
        elif begin is None:
            begin = number, marker["sign"], name
        else:
            yield Problem(
                path, number, f"has a `prompt-lint: begin` inside that of line {begin[0]}", _EXAMPLE
            )
    if begin is not None:
        yield Problem(path, begin[0], "has a `prompt-lint: begin` without an `end` below it", _EXAMPLE)


def _take_text(lines: list[str], sign: str) -> str:
    """Return the text of lines, each with its line feed: without the sign, if all are such comments, and without common indentation."""
    shown = [line.lstrip(" \t") for line in lines if line.strip()]
    is_comment = (
        _LINE_SIGNS.fullmatch(sign)
        and shown
        and all(line == sign or line.startswith((f"{sign} ", f"{sign}\t")) for line in shown)
    )
    if is_comment:
        lines = [line.lstrip(" \t").removeprefix(sign) for line in lines]
    return textwrap.dedent("".join(f"{line}\n" for line in lines))
