"""Sentences that several outputs have in common. Nothing is escaped here: each output escapes what it prints."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from prompt_lint.model import Note

# Files named with a note that concerns several.
_NAMED = 3


def notes(given: Iterable[Note]) -> list[str]:
    """One line for each message, in the order of its first appearance, with the first files that it concerns."""
    places: dict[str, list[str]] = {}
    for message, path, line in given:
        found = places.setdefault(message, [])
        place = f"{path}:{line}" if line else path
        if place and place not in found:
            found.append(place)
    return [f"{message}: {_listed(found)}" if found else message for message, found in places.items()]


def _listed(places: list[str]) -> str:
    more = f" and {len(places) - _NAMED:,} more" if len(places) > _NAMED else ""
    return f"{', '.join(places[:_NAMED])}{more}"
