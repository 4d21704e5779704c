"""Frontmatter: the keys between two `---` lines at the top of a file, which tools read and don't send."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from prompt_lint.model.values import Note
from prompt_lint.text.location import ParseError, list_keys

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from prompt_lint.text.yaml_reader import YamlDocument

NOT_YAML = (
    "the frontmatter isn't plain YAML, so each key's value was taken to end at the next key; "
    "the body counts all the same"
)
NO_TEXT = "the `%s` is a list or a mapping, not text, so it isn't counted; put it in quotes"

_OPEN = re.compile(r"---[ \t]*\n")
_CLOSE = re.compile(r"^---[ \t]*(?:\n|\Z)", re.MULTILINE)

# What a line of frontmatter that isn't YAML is taken for: a key, and the start of a block scalar as its value.
_KEY = r"(?a)([ \t]*)([\"']?)([A-Za-z_][\w.-]{0,99})\2[ \t]*:(?:[ \t]+|\Z)"
_BLOCK_SCALAR = r"[|>][-+0-9]{0,2}(?:[ \t]+#.*)?\Z"
_CLOSING = {'"': '"', "'": "'", "[": "]", "{": "}"}
# No real frontmatter has so many lines, or keys whose values are read as YAML, which takes long.
_MAX_LINES, _MAX_YAML_KEYS = 10_000, 1_000


class SplitText(NamedTuple):
    """A text without its frontmatter, which is None where there is none. `body_line` is the first line of the body."""

    frontmatter: str | None
    body: str
    body_line: int


class Fields(NamedTuple):
    """The values of a frontmatter by key, and the line of the file that each key is in.

    `fault_line` is the line where the frontmatter stops being YAML, 0 for one that is YAML. Of one that isn't,
    `cut_lines` has the keys whose values may go on in the line of the next key, and that line.
    """

    values: Mapping[str, Any]
    lines: Mapping[str, int]
    fault_line: int = 0
    cut_lines: Mapping[str, int] = {}

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


def has_key(frontmatter: str, key: str) -> bool:
    """Return whether a line of a frontmatter begins with a key, or with one of several as `a|b`, also where it isn't YAML."""
    return re.search(rf"(?m)^[\"']?(?:{key})[\"']?[ \t]*:", frontmatter) is not None


def parse_fields(frontmatter: str) -> Fields:
    """Return the fields of a frontmatter, key by key where it isn't YAML: that of one in thirteen real files isn't."""
    lines = frontmatter.split("\n")
    try:
        document = _parse_yaml(frontmatter)
    except ParseError as error:
        return _parse_by_key(lines, error.line + 1)
    data = {} if document.data is None else document.data
    if not isinstance(data, dict):
        return _parse_by_key(lines, 2)
    return Fields(data, {key: document.key_positions[key,][0] + 1 for key in data})


def note_fault(path: str, fields: Fields) -> Iterator[Note]:
    """Note what keeps the values of a frontmatter, which a tool reads as YAML, from being read as they were meant."""
    for key in ("description", "when_to_use"):
        if isinstance(fields.values.get(key), list | dict):
            yield Note(NO_TEXT % key, path, fields.lines[key], "frontmatter")
    if fields.fault_line:
        yield Note(NOT_YAML, path, fields.fault_line, "frontmatter")
    if fields.cut_lines:
        first = next(iter(fields.cut_lines))
        message = (
            f"the value of {list_keys(fields.cut_lines)} may be cut here, where the next key begins, since the "
            f"frontmatter isn't plain YAML; indent the whole value below `{first}: |`"
        )
        yield Note(message, path, fields.cut_lines[first], "frontmatter")


def _parse_yaml(text: str) -> YamlDocument:
    from prompt_lint.text import yaml_reader  # noqa: PLC0415  # importing PyYAML takes 10 ms

    return yaml_reader.parse_yaml(text)


def _parse_by_key(all_lines: list[str], fault_line: int) -> Fields:
    """Take the lines from each key up to the next one at its depth for the key's value. The first of two equal keys counts.

    What is behind the first 10,000 lines is cut off.
    """
    lines = all_lines[:_MAX_LINES]
    values: dict[str, Any] = {}
    key_lines: dict[str, int] = {}
    cut_lines: dict[str, int] = {}
    keys = _find_keys(lines)
    ends = [*(index for index, _ in keys), len(lines)][1:]
    for (index, key), end in zip(keys, ends, strict=True):
        name = key[3]
        if name in values:
            continue
        read = _read_value if len(values) < _MAX_YAML_KEYS else _join_lines
        value, may_go_on = read(key, lines[index:end])
        if (may_go_on or end == _MAX_LINES) and end < len(all_lines):
            cut_lines[name] = end + 2
        values[name], key_lines[name] = value, index + 2
    return Fields(values, key_lines, fault_line, cut_lines)


def _find_keys(lines: list[str]) -> list[tuple[int, re.Match[str]]]:
    """Return the keys that aren't deeper than the first one, and the indices of their lines."""
    keys = [(index, key) for index, line in enumerate(lines) if (key := re.match(_KEY, line))]
    return [(index, key) for index, key in keys if len(key[1]) <= len(keys[0][1][1])]


def _read_value(key: re.Match[str], lines: list[str]) -> tuple[str | float | bool, bool]:
    """Return the value of a key, and whether it may go on behind the key's lines.

    The lines are read as YAML if they are that by themselves. A list or a mapping is taken for text.
    """
    try:
        value = _parse_yaml("\n".join(lines)).data[key[3]]
    except ParseError:
        return _join_lines(key, lines)
    if value and isinstance(value, list | dict):
        return _join_lines(key, lines)[0], False
    if value in (None, "", [], {}):
        is_block = re.match(_BLOCK_SCALAR, lines[0][key.end() :].strip())
        return "", bool(is_block) or any(line.strip() and not line.startswith("#") for line in lines[1:])
    return value, False


def _join_lines(key: re.Match[str], lines: list[str]) -> tuple[str, bool]:
    """Return the text of a key's lines, and whether it may go on behind them.

    It may if a line isn't indented, or if a quote or bracket at the start isn't closed.
    """
    first, depth = lines[0][key.end() :].strip(), len(key[1])
    below = [(line.strip(), len(line) - len(line.lstrip(" \t")) > depth) for line in lines[1:]]
    goes_on = any(line and not is_indented and line[0] not in "-#" for line, is_indented in below)
    if re.match(_BLOCK_SCALAR, first):
        return "\n".join(line for line, _ in below).strip(), goes_on
    kept = [line for line, is_indented in below if line and (is_indented or line[0] != "#")]
    text = " ".join([first, *kept]).strip()
    if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'":
        return text[1:-1], goes_on
    is_open = text[:1] in _CLOSING and _CLOSING[text[0]] not in text[1:]
    return text, goes_on or is_open
