"""The name that somebody probably meant."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_MAX_LENGTH = 40


def find_nearest(value: object, names: Iterable[str], similarity: float = 0.7) -> str:
    """Return the name that `value` is probably a slip of; "" where none is that similar (1 is equal)."""
    import difflib  # noqa: PLC0415  # takes 2 ms, and only a mistake needs it

    if not isinstance(value, str) or len(value) > _MAX_LENGTH:
        return ""
    return next(iter(difflib.get_close_matches(value, list(names), 1, similarity)), "")
