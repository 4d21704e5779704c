"""A JSON or YAML file of a repository: bytes → plain data, and the line of any value in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from prompt_lint.model.errors import Unreadable
from prompt_lint.text import json_reader
from prompt_lint.text.decode import decode
from prompt_lint.text.location import ParseError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from prompt_lint.text.location import KeyPath, Position
    from prompt_lint.text.yaml_reader import YamlDocument

TEXT_HINT = "if the file is sent as it is, set `format: text` in its rule"

# The last file: a format looks at it to recognise it, and then parses it.
_last: tuple[bytes, bool, Document] | None = None


class Document(NamedTuple):
    """A parsed file. Its data is shared: don't change it."""

    data: Any
    text: str
    is_json: bool

    def find_lines(self, key_paths: Iterable[KeyPath]) -> list[int]:
        """Return the 1-based line of each value, or of the nearest one around it. Parses the text a second time."""
        if self.is_json:
            positions = json_reader.find_positions(self.text)
        else:
            document = _parse_yaml(self.text)
            # A value that begins below its key is shown with the key.
            positions = document.positions | document.key_positions
        return [_find_nearest_line(positions, key_path) for key_path in key_paths]

    def find_line(self, key_path: KeyPath) -> int:
        return self.find_lines([key_path])[0]


def _find_nearest_line(positions: Mapping[KeyPath, Position], key_path: KeyPath) -> int:
    while key_path and key_path not in positions:
        key_path = key_path[:-1]
    return positions.get(key_path, (1, 1))[0]


def _looks_like_json(path: str, text: str) -> bool:
    """Decide by the name; where that says nothing (stdin, a name of one's own), by the first character."""
    name = path.lower()
    if name.endswith((".yaml", ".yml")):
        return False
    return name.endswith((".json", ".jsonl", ".ndjson")) or text.lstrip()[:1] in {"{", "["}


def parse_document(path: str, data: bytes) -> Document:
    """Return the data of a file. Raises `Unreadable`, with line and column, for what isn't strict JSON or YAML."""
    global _last  # noqa: PLW0603  # a memo of one entry, replaced as a whole
    text = decode(data)
    is_json = _looks_like_json(path, text)
    if _last and _last[0] is data and _last[1] == is_json:
        return _last[2]
    try:
        document = Document(
            json_reader.parse_json(text) if is_json else _parse_yaml(text).data, text, is_json
        )
    except ParseError as error:
        raise Unreadable(describe_fault(error, is_json=is_json), TEXT_HINT, error.line) from None
    _last = data, is_json, document
    return document


def describe_fault(error: ParseError, *, is_json: bool = False) -> str:
    """Return why a file can't be used, as a predicate of it."""
    is_complete = is_json or error.message.startswith(("isn't ", "is ", "contains "))
    return error.describe() if is_complete else f"is not usable YAML: {error.describe()}"


def _parse_yaml(text: str) -> YamlDocument:
    from prompt_lint.text import yaml_reader  # noqa: PLC0415  # importing PyYAML takes 10 ms, and few files need it

    return yaml_reader.parse_yaml(text, yaml_reader.PROMPT_LIMITS)
