"""The vocabularies: package data that tools/build_vocabulary.py makes from the published `ctok`."""

from __future__ import annotations

import os
import zlib
from functools import cache
from typing import NamedTuple

DATA = os.path.join(os.path.dirname(__file__), "data")


class Vocabulary(NamedTuple):
    """The pieces that cost one token each, and what is needed to count everything else with them.

    `pieces` contain the markers of markers.py. `prefixes` are the beginnings of UTF-8 sequences that are one token.
    `lengths` lists, by first character, the lengths above 1 of the pieces that begin with it, ascending. `item_tokens`
    and `chunk_tokens` are memos of the engine.
    """

    pieces: frozenset[str]
    prefixes: frozenset[bytes]
    lengths: dict[str, tuple[int, ...]]
    item_tokens: dict[str, int]
    chunk_tokens: dict[str, int]


@cache
def load_vocabulary(name: str) -> Vocabulary:
    """Return the vocabulary `older` or `newer`, read once in a process."""
    raw = read_data(f"{name}.vocabulary")
    payload = zlib.decompress(raw[raw.index(b"\n\n") + 2 :]).decode()
    pieces, prefixes, lengths = payload.split("\x1e")
    return Vocabulary(
        pieces=frozenset(pieces.split("\x1f")),
        prefixes=frozenset(map(bytes.fromhex, prefixes.split(","))),
        lengths={entry[0]: tuple(map(int, entry[1:].split(","))) for entry in lengths.split("\x1f")},
        item_tokens={},
        chunk_tokens={},
    )


def read_data(name: str) -> bytes:
    with open(os.path.join(DATA, name), "rb") as file:
        return file.read()
