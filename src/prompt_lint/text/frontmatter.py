"""Frontmatter: the keys between two `---` lines at the top of a file, which tools read and don't send."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from prompt_lint.model.values import Note, Part
from prompt_lint.text.location import ParseError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

NOT_YAML = (
    "the frontmatter isn't plain YAML, so its keys were read line by line; the body counts all the same"
)

# Characters of a skill's or command's description that Claude Code lists. Source: documentation of Claude Code (skills), 2026.
MOST_LISTED = 1536

_OPEN = re.compile(r"---[ \t]*\n")
_CLOSE = re.compile(r"^---[ \t]*(?:\n|\Z)", re.MULTILINE)

_KEY = re.compile(r"([A-Za-z_][\w.-]{0,99})[ \t]*:(?:[ \t]+|\Z)", re.ASCII)
_BLOCK = re.compile(r"[|>][-+0-9]{0,2}\s*\Z")

# YAML that is the same to every reader, and so needs none: `key: value` lines where the value is a word with a
# letter in front, a version, a text in quotes without escapes, or a list of such in brackets.
_PLAIN = r"(?:[A-Za-z<(/](?:[^:#]|:(?=[^ ])|(?<! )#)*+|[0-9]+\.[0-9]+\.[0-9]+)"
_QUOTED = r"\"[^\"\\]*+\"|'[^']*+'"
_ITEM = rf"(?:[A-Za-z][\w./-]*+(?: [\w./-]++)*+|{_QUOTED})"
_LIST = rf"\[ *+(?:{_ITEM}(?: *+, *+{_ITEM})*+)? *+\]"
_WORDS: Mapping[str, bool | None] = {
    word: value
    for name, value in (("null", None), ("true", True), ("false", False))
    for word in (name, name.title(), name.upper())
}


class SplitText(NamedTuple):
    """A text, taken apart. `front` is None where there is no frontmatter; `line` is that of the body, 1-based."""

    frontmatter: str | None
    body: str
    body_line: int


class Fields(NamedTuple):
    """The keys of a frontmatter, and the line of the file that each is in. `fault` is the line where it stops being YAML; 0 for good."""

    values: Mapping[str, Any]
    lines: Mapping[str, int]
    fault_line: int = 0

    def get_text(self, key: str) -> str:
        """The value as text, without white space around it; "" for a list, a mapping, or a key that isn't there."""
        value = self.values.get(key)
        if isinstance(value, bool):
            return str(value).lower()
        return str(value).strip() if isinstance(value, str | int | float) else ""


def split_frontmatter(text: str) -> SplitText:
    """Cuts at the `---` lines, whatever is between them. Without the second one there is no frontmatter."""
    start = _OPEN.match(text)
    end = _CLOSE.search(text, start.end()) if start else None
    if not start or not end:
        return SplitText(None, text, 1)
    return SplitText(text[start.end() : end.start()], text[end.end() :], text.count("\n", 0, end.end()) + 1)


def parse_fields(front: str) -> Fields:
    """The keys of a frontmatter, also of one that isn't YAML: that of one in thirteen real files isn't."""
    lines = front.split("\n")
    return _parse_simple(lines) or _parse_yaml(front, lines)


def note_fault(path: str, found: Fields) -> Iterator[Note]:
    """What is to be said of a frontmatter that a tool reads as YAML."""
    if found.fault_line:
        yield Note(NOT_YAML, path, found.fault_line)


def listed(name: str, found: Fields) -> str:
    """How Claude Code tells the model that there is a skill, a command or an agent, near enough for its tokens."""
    given = (found.get_text(key) for key in ("description", "when_to_use"))
    told = " - ".join(filter(None, given))[:MOST_LISTED]
    return f"- {name}: {told}" if told else f"- {name}"


def listed_parts(found: Fields, end: int) -> list[Part]:
    """Where that comes from. `end` is the line behind the frontmatter."""
    bounds = sorted({*found.lines.values(), max(end - 1, 2)})
    return [
        Part(key, line, max(line, next((b for b in bounds if b > line), end) - 1), found.get_text(key))
        for key, line in found.lines.items()
        if key in {"name", "description", "when_to_use"}
    ]


def _parse_simple(lines: list[str]) -> Fields | None:
    """None for what may need a parser. Importing YAML takes longer than all else that is done with a few files."""
    found: dict[str, Any] = {}
    where: dict[str, int] = {}
    pattern = _compile_simple_line()
    for number, line in enumerate(lines, 2):
        match = pattern.fullmatch(line) if line.isprintable() else None
        if match is None:
            if line:
                return None
        elif key := match[1]:
            if key in found or key in _WORDS:
                return None
            found[key], where[key] = _parse_value(match), number
    return Fields(found, where)


@cache
def _compile_simple_line() -> re.Pattern[str]:
    """Compiled where there is frontmatter at all: it takes a millisecond."""
    value = rf"(?P<plain>{_PLAIN})|(?P<quoted>{_QUOTED})|(?P<list>{_LIST})"
    return re.compile(rf"#.*|([A-Za-z_][\w-]{{0,99}}+):(?: ++(?:{value})?+)?+ *+", re.ASCII)


def _parse_value(match: re.Match[str]) -> Any:
    if match["list"]:
        return [_parse_scalar(item[0]) for item in re.finditer(_ITEM, match["list"], re.ASCII)]
    if match["quoted"]:
        return match["quoted"][1:-1]
    return _parse_scalar(match["plain"].rstrip(" ")) if match["plain"] else None


def _parse_scalar(text: str) -> Any:
    return text[1:-1] if text[0] in "\"'" else _WORDS.get(text, text)


def _parse_yaml(front: str, lines: list[str]) -> Fields:
    from prompt_lint.text import yaml_reader  # noqa: PLC0415  # YAML is dear, and most frontmatter does without

    last = len(lines)  # YAML knows more ends of lines than there are
    try:
        document = yaml_reader.parse_yaml(front)
    except ParseError as error:
        return _parse_by_line(lines, min(error.line, last) + 1)
    data = {} if document.data is None else document.data
    if not isinstance(data, dict):
        return _parse_by_line(lines, 2)
    return Fields(data, {key: min(document.key_positions[key,][0], last) + 1 for key in data})


def _parse_by_line(lines: list[str], fault: int) -> Fields:
    """What stands behind `key:` at the start of a line, and what is indented below where it says `|` or `>`."""
    found: dict[str, Any] = {}
    where: dict[str, int] = {}
    for number, line in enumerate(lines, 2):
        key = _KEY.match(line)
        if key and key[1] not in found:
            rest = line[key.end() :].strip()
            found[key[1]] = _join_indented(lines, number - 1) if _BLOCK.match(rest) else _unquote(rest)
            where[key[1]] = number
    return Fields(found, where, fault)


def _join_indented(lines: list[str], start: int) -> str:
    taken = []
    for number in range(start, len(lines)):
        line = lines[number]
        if line.strip() and line[0] not in " \t":
            break
        taken.append(line.strip())
    return "\n".join(taken)


def _unquote(text: str) -> str:
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'" else text
