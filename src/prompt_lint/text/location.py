"""A fault at a place inside a parsed file, and words for what is found there."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

# The keys and indices that lead to a value.
Where = tuple[str | int, ...]

# Keys of a file that are named in a message.
_NAMED = 6


class Misshapen(Exception):
    """A fault at a place inside the data, before that place is turned into a line."""

    def __init__(self, where: Where, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.where = where
        self.message = message
        self.hint = hint


def kind(value: object) -> str:
    """What a value is, for `… is a list, not …`."""
    names = {dict: "an object", list: "a list", str: "a text", bool: "a truth value", type(None): "empty"}
    if isinstance(value, list) and not value:
        return "an empty list"
    return names.get(type(value), "a number")


def short(text: object) -> str:
    return str(text)[:60]


def named(keys: Iterable[object]) -> str:
    """The first of some keys, each in backquotes, and how many more there are."""
    all_of_them = [f"`{short(key)}`" for key in keys]
    more = f" and {len(all_of_them) - _NAMED:,} more" if len(all_of_them) > _NAMED else ""
    return f"{', '.join(all_of_them[:_NAMED])}{more}" or "none"


def spelled(where: Where) -> str:
    """A place as a program would write it: `messages[0].content[1]`."""
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{short(step)}" for step in where)
    return text.removeprefix(".")
