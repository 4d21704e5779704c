"""Numbers with their nouns."""

from __future__ import annotations


def pluralize(number: int, noun: str) -> str:
    """Return `1 prompt`, `2 prompts`, `1,234 prompts`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
