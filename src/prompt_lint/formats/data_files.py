"""What the formats of JSON and YAML files share: the lines of faults, notes and parts that are known by their key paths."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from prompt_lint.model.errors import Unreadable
from prompt_lint.model.values import Note, Part

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from prompt_lint.text.document import Document
    from prompt_lint.text.location import KeyPath, ShapeError


class Item(NamedTuple):
    """A value of a file that is a part of its prompt."""

    key_path: KeyPath
    title: str
    text: str


def add_line(error: ShapeError, document: Document) -> Unreadable:
    return Unreadable(error.message, error.hint, document.find_line(error.key_path))


def make_notes(path: str, document: Document, remarks: Sequence[tuple[str, KeyPath]]) -> Iterator[Note]:
    """Yield a note with its line for each message about a value."""
    lines = document.find_lines([key_path for _, key_path in remarks]) if remarks else []
    for (message, _), line in zip(remarks, lines, strict=True):
        yield Note(message, path, line, "content")


def make_parts(document: Document, items: Sequence[Item]) -> list[Part]:
    """Return the items as parts. Each ends where another one starts, wherever that is in their order."""
    starts = document.find_lines([item.key_path for item in items])
    end_of_file = document.text.count("\n") + 2
    next_start = dict(pairwise(sorted({*starts, end_of_file})))
    return [
        Part(item.title, start, max(start, next_start[start] - 1), item.text)
        for item, start in zip(items, starts, strict=True)
    ]
