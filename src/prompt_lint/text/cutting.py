"""Texts that are too long for their place; a `…` is where they are cut."""

from __future__ import annotations


def cut_text(text: str, longest: int) -> str:
    """Return at most `longest` characters of a text, its beginning."""
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def cut_path(path: str, longest: int) -> str:
    """Return at most `longest` characters of a path, its end, which says most."""
    return path if len(path) <= longest else f"…{path[1 - longest :]}"
