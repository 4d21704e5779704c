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

# A line that is a comment from its start, and what it opens with.
_MARKER = re.compile(
    r"[ \t]*(?P<sign>#+|//+|--+|;+|%+|<[!#%]--+|\{?/\*+|\*+|@\*|\{#-?|\{\{!(?:--)?|\(\*|'|REM\b)[ \t]*"
    r"prompt-lint(?P<colon>[ \t]*:|[ \t]+(?=(?:begin|end)\b))(?P<words>.*)"
)
_ENDINGS = ("-->", "--%>", "*/", "*/}", "*@", "-#}", "#}", "--}}", "}}", "*)")
# A marker elsewhere in a line, or in another spelling, isn't passed over.
_TOOL = "(?i)prompt[-_ ]?lint"
_LIKE_MARKER = rf"{_TOOL}[ \t]*:?[ \t]*(?:begin|end)\b(?!-)"
_NAME = re.compile(r"[\w.-]{1,100}")
_EXAMPLE = "write `prompt-lint: begin NAME` and `prompt-lint: end`, each in a comment on a line of its own"
# Signs of comments that end with their line, and of the lines within `/* */`.
_LINE_SIGNS = re.compile(r"#+|//+|--+|;+|%+|\*+|'|REM")


class _Region(NamedTuple):
    """A prompt between two markers: its name, the line of the first marker, and its text, which starts at the line below."""

    name: str
    line: int
    text: str


class _Marker(NamedTuple):
    """The line of a marker, the sign of its comment, `begin` or `end`, and the name."""

    line: int
    sign: str
    word: str
    name: str


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
    lines = text.split("\n") if re.search(_TOOL, text) else []
    names: set[str] = set()
    begin: _Marker | None = None
    for marker in _find_markers(path, lines):
        if isinstance(marker, Problem):
            yield marker
        elif marker.word == "begin" and begin:
            message = f"has a `prompt-lint: begin` inside that of line {begin.line}"
            yield Problem(path, marker.line, message, _EXAMPLE)
        elif marker.word == "begin":
            begin = marker
        elif begin is None:
            message = "has a `prompt-lint: end` without a `begin` above it"
            yield Problem(path, marker.line, message, _EXAMPLE)
        else:
            name = begin.name or (f"region {len(names) + 1}" if names else "")
            if name in names:
                hint = "give each `prompt-lint: begin` a name of its own"
                yield Problem(path, begin.line, f"has two prompts with the name `{name}`", hint)
            else:
                names.add(name)
                text = _take_text(lines[begin.line : marker.line - 1], begin.sign)
                yield _Region(name, begin.line, text)
            begin = None
    if begin is not None:
        yield Problem(path, begin.line, "has a `prompt-lint: begin` without an `end` below it", _EXAMPLE)


def _find_markers(path: str, lines: list[str]) -> Iterator[_Marker | Problem]:
    """Yield the markers, and a problem for each line that has something like one."""
    for number, line in enumerate(lines, 1):
        match = _MARKER.match(line)
        if not match and not re.search(_LIKE_MARKER, line):
            continue
        words = match["words"].strip() if match and match["colon"] == ":" else ""
        ending = next((each for each in _ENDINGS if words.endswith(each)), "")
        word, _, name = words.removesuffix(ending).strip().partition(" ")
        name = name.strip()
        if match and word in {"begin", "end"} and (not name or _NAME.fullmatch(name)):
            yield _Marker(number, match["sign"], word, name)
        else:
            yield Problem(path, number, "has a `prompt-lint:` marker that can't be read", _EXAMPLE)


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
