"""The YAML of a prompt file, or of the frontmatter above one, with the lines of its values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from prompt_lint.text.location import ParseError

if TYPE_CHECKING:
    from prompt_lint.text.yaml_reader import YamlDocument


class Entry(NamedTuple):
    """A value of a list or a mapping, its index or key there, and the lines of the file that it is in."""

    key: str | int
    value: Any
    first_line: int
    last_line: int


class YamlHead(NamedTuple):
    """A mapping in YAML, and its first and last line in the file."""

    document: YamlDocument
    first_line: int
    last_line: int

    def get_value(self, *keys: str) -> Any:
        """Return the value that the keys lead to; None where there is none."""
        value = self.document.data
        for key in keys:
            value = value.get(key) if isinstance(value, dict) else None
        return value

    def find_line(self, *key_path: str | int) -> int:
        """Return the line of a value; the first line for one that isn't there."""
        return self.first_line - 1 + self.document.positions.get(key_path, (1, 1))[0]

    def list_entries(self, *keys: str) -> list[Entry]:
        """Return the entries of the list or mapping that the keys lead to; none of any other value."""
        value = self.get_value(*keys)
        if not isinstance(value, (list, dict)) or not value:
            return []
        items = list(value.items() if isinstance(value, dict) else enumerate(value))
        starts = [self.find_line(*keys, key) for key, _ in items]
        later_keys = (
            line
            for key_path, (position, _) in self.document.key_positions.items()
            if key_path[: len(keys)] != keys and starts[-1] < (line := position + self.first_line - 1)
        )
        ends = [*starts[1:], min(later_keys, default=self.last_line + 1)]
        return [
            Entry(key, item, start, max(start, end - 1))
            for (key, item), start, end in zip(items, starts, ends, strict=True)
        ]


def parse_head(text: str, first_line: int) -> YamlHead | None:
    """Return frontmatter that starts at `first_line` of its file; None where it can't be read as a mapping."""
    from prompt_lint.text import yaml_reader  # noqa: PLC0415  # importing PyYAML takes 10 ms

    try:
        document = yaml_reader.parse_yaml(text, yaml_reader.PROMPT_LIMITS)
    except ParseError:
        return None
    if document.data is None:
        document = document._replace(data={})
    if not isinstance(document.data, dict):
        return None
    return YamlHead(document, first_line, first_line + max(0, text.count("\n") - text.endswith("\n")))
