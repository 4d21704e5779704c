"""A JSON or YAML file of a repository: bytes → plain data, and the line of any place in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from prompt_lint.model.errors import Unreadable
from prompt_lint.text import json_reader
from prompt_lint.text.decode import decode

if TYPE_CHECKING:
    from collections.abc import Sequence

    from prompt_lint.text.location import Where

TEXT_HINT = "if the file is sent as it stands, say `format: text` in its rule"

# The last file: a format looks at it to recognise it, and then parses it.
_last: tuple[bytes, bool, Source] | None = None


class Source(NamedTuple):
    """The parsed file, and how to find a place in it again. Its data is shared: don't change it."""

    data: Any
    text: str
    is_json: bool

    def lines(self, places: Sequence[Where]) -> list[int]:
        """The 1-based line of each place, or of the nearest around it. Costs a second parse."""
        if self.is_json:
            marks = json_reader.marks(self.text)
        else:
            from prompt_lint.text import yaml_reader  # noqa: PLC0415  # YAML is dear, and only these files need it

            document = yaml_reader.load(self.text.encode(), yaml_reader.PROMPT_LIMITS)
            # A value that begins below its key is shown with the key.
            marks = document.marks | document.key_marks
        return [_nearest(marks, where) for where in places]

    def line(self, where: Where) -> int:
        return self.lines([where])[0]


def _nearest(marks: dict[Where, tuple[int, int]], where: Where) -> int:
    while where and where not in marks:
        where = where[:-1]
    return marks.get(where, (1, 1))[0]


def looks_like_json(path: str, text: str) -> bool:
    """By the name; where that says nothing (stdin, a name of one's own), by the first character."""
    name = path.lower()
    if name.endswith((".yaml", ".yml")):
        return False
    return name.endswith((".json", ".jsonl", ".ndjson")) or text.lstrip()[:1] in {"{", "["}


def load(path: str, data: bytes) -> Source:
    """Raises `Unreadable`, with line and column, for what isn't strict JSON or YAML."""
    global _last  # noqa: PLW0603  # a memo of one entry, replaced as a whole
    text = decode(data)
    is_json = looks_like_json(path, text)
    if _last and _last[0] is data and _last[1] == is_json:
        return _last[2]
    source = Source(_load_json(text) if is_json else _load_yaml(text), text, is_json)
    _last = data, is_json, source
    return source


def _load_json(text: str) -> Any:
    try:
        return json_reader.load(text)
    except json_reader.JsonError as error:
        column = f" (column {error.column})" if error.column else ""
        raise Unreadable(f"{error.message}{column}", TEXT_HINT, error.line) from None


def _load_yaml(text: str) -> Any:
    from prompt_lint.text import yaml_reader  # noqa: PLC0415  # YAML is dear, and only these files need it

    try:
        return yaml_reader.load(text.encode(), yaml_reader.PROMPT_LIMITS).data
    except yaml_reader.YamlError as error:
        column = f" (column {error.column})" if error.column else ""
        raise Unreadable(f"is not usable YAML: {error.message}{column}", TEXT_HINT, error.line) from None
