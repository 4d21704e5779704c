"""Frontmatter: the keys between two `---` lines at the top of a file, which tools read and don't send."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from prompt_lint.model.values import Note
from prompt_lint.text.location import ParseError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

NOT_YAML = (
    "the frontmatter isn't plain YAML, so its keys were read line by line; the body counts all the same"
)

_OPEN = re.compile(r"---[ \t]*\n")
_CLOSE = re.compile(r"^---[ \t]*(?:\n|\Z)", re.MULTILINE)

# What a line of frontmatter that isn't YAML is taken for: a key, and the start of a block scalar as its value.
_KEY = re.compile(r"([A-Za-z_][\w.-]{0,99})[ \t]*:(?:[ \t]+|\Z)", re.ASCII)
_BLOCK_SCALAR = re.compile(r"[|>][-+0-9]{0,2}\s*\Z")


class SplitText(NamedTuple):
    """A text without its frontmatter, which is None where there is none. `body_line` is the first line of the body."""

    frontmatter: str | None
    body: str
    body_line: int


class Fields(NamedTuple):
    """The values of a frontmatter by key, and the line of the file that each key is in.

    `fault_line` is the line where the frontmatter stops being YAML, 0 for one that is YAML.
    """

    values: Mapping[str, Any]
    lines: Mapping[str, int]
    fault_line: int = 0

    def get_text(self, key: str) -> str:
        """Return a value as text, without white space around it; "" for a list, a mapping or a missing key."""
        value = self.values.get(key)
        if isinstance(value, bool):
            return str(value).lower()
        return str(value).strip() if isinstance(value, str | int | float) else ""


def split_frontmatter(text: str) -> SplitText:
    """Cut a text at its `---` lines, whatever is between them. Without the second one there is no frontmatter."""
    start = _OPEN.match(text)
    end = _CLOSE.search(text, start.end()) if start else None
    if not start or not end:
        return SplitText(None, text, 1)
    return SplitText(text[start.end() : end.start()], text[end.end() :], text.count("\n", 0, end.end()) + 1)


def parse_fields(frontmatter: str) -> Fields:
    """Return the fields of a frontmatter, line by line where it isn't YAML: that of one in thirteen real files isn't."""
    from prompt_lint.text import yaml_reader  # noqa: PLC0415  # importing PyYAML takes 10 ms

    lines = frontmatter.split("\n")
    last = len(lines)  # YAML knows more ends of lines than there are
    try:
        document = yaml_reader.parse_yaml(frontmatter)
    except ParseError as error:
        return _parse_by_line(lines, min(error.line, last) + 1)
    data = {} if document.data is None else document.data
    if not isinstance(data, dict):
        return _parse_by_line(lines, 2)
    return Fields(data, {key: min(document.key_positions[key,][0], last) + 1 for key in data})


def note_fault(path: str, fields: Fields) -> Iterator[Note]:
    """Note that a frontmatter which a tool reads as YAML isn't YAML."""
    if fields.fault_line:
        yield Note(NOT_YAML, path, fields.fault_line)


def _parse_by_line(lines: list[str], fault_line: int) -> Fields:
    """Take what follows `key:` at the start of a line, or what is indented below where that is `|` or `>`."""
    values: dict[str, Any] = {}
    key_lines: dict[str, int] = {}
    for number, line in enumerate(lines, 2):
        key = _KEY.match(line)
        if key and key[1] not in values:
            rest = line[key.end() :].strip()
            is_block = _BLOCK_SCALAR.match(rest)
            values[key[1]] = _join_indented(lines, number - 1) if is_block else _unquote(rest)
            key_lines[key[1]] = number
    return Fields(values, key_lines, fault_line)


def _join_indented(lines: list[str], start: int) -> str:
    joined = []
    for number in range(start, len(lines)):
        line = lines[number]
        if line.strip() and line[0] not in " \t":
            break
        joined.append(line.strip())
    return "\n".join(joined)


def _unquote(text: str) -> str:
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'" else text
