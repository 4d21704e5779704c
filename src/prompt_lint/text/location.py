"""Places in texts and in parsed data, the faults that carry them, and words for what is there."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

# The keys and indices that lead to a value.
KeyPath = tuple[str | int, ...]
# The line and column of a character, both from 1.
Position = tuple[int, int]

# Keys of a file that a message names.
_MOST_NAMED = 6


class ParseError(Exception):
    """A text isn't the JSON or YAML that is read. `line` and `column` are 0 where no position is to blame."""

    def __init__(self, message: str, line: int = 0, column: int = 0) -> None:
        super().__init__(message)
        self.message = message
        self.line = line
        self.column = column

    def describe(self) -> str:
        """Return the message, followed by the column where one is known."""
        return f"{self.message} (column {self.column})" if self.column else self.message


class ShapeError(Exception):
    """Parsed data isn't what it should be. The caller turns `key_path` into a line."""

    def __init__(self, key_path: KeyPath, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.key_path = key_path
        self.message = message
        self.hint = hint

    @classmethod
    def at(cls, key_path: KeyPath, message: str, hint: str = "") -> ShapeError:
        """Make a fault whose message begins with the key path."""
        return cls(key_path, f"`{format_key_path(key_path)}` {message}", hint)

    def moved_to(self, key_path: KeyPath) -> ShapeError:
        return ShapeError(key_path, self.message, self.hint)


def find_position(text: str, offset: int) -> Position:
    return text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset)


def describe_type(value: object) -> str:
    """Name the type of a value, for `… is a list, not …`."""
    names = {dict: "an object", list: "a list", str: "a text", bool: "a truth value", type(None): "empty"}
    if isinstance(value, list) and not value:
        return "an empty list"
    return names.get(type(value), "a number")


def shorten(value: object) -> str:
    """Return at most 60 characters of a value, for a message."""
    return str(value)[:60]


def list_keys(keys: Iterable[object]) -> str:
    """Return the first of some keys, each in backquotes, and how many more there are; `none` for no keys."""
    quoted = [f"`{shorten(key)}`" for key in keys]
    more = f" and {len(quoted) - _MOST_NAMED:,} more" if len(quoted) > _MOST_NAMED else ""
    return f"{', '.join(quoted[:_MOST_NAMED])}{more}" or "none"


def format_key_path(key_path: KeyPath) -> str:
    """Write a key path as a program would: `messages[0].content[1]`."""
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{shorten(step)}" for step in key_path)
    return text.removeprefix(".")
