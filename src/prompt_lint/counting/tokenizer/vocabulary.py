"""The vocabularies: package data made by tools/build_vocabulary.py out of the published `ctok`."""

from __future__ import annotations

import os
import zlib
from typing import NamedTuple

# Not pathlib: importing it costs as much as reading a vocabulary.
DATA = os.path.join(os.path.dirname(__file__), "data")


class Vocabulary(NamedTuple):
    """The pieces that cost one token, and what is needed to price everything else with them.

    `pieces` carry the markers of marks.py. `prefixes` are the beginnings of UTF-8 sequences that
    are one token. `lengths` gives, for a first character, the lengths above 1 of the pieces it
    opens, ascending. The memos belong to the engine.
    """

    pieces: frozenset[str]
    prefixes: frozenset[bytes]
    lengths: dict[str, tuple[int, ...]]
    memo: dict[str, int]
    chunk_memo: dict[str, int]


_LOADED: dict[str, Vocabulary] = {}


def vocabulary(name: str) -> Vocabulary:
    """The vocabulary `older` or `newer`, read once in a process."""
    found = _LOADED.get(name)
    if found is None:
        found = _LOADED[name] = _load(name)
    return found


def read_data(name: str) -> bytes:
    with open(f"{DATA}/{name}", "rb") as file:
        return file.read()


def _load(name: str) -> Vocabulary:
    raw = read_data(f"{name}.vocabulary")
    payload = zlib.decompress(raw[raw.index(b"\n\n") + 2 :]).decode()
    pieces, prefixes, lengths = payload.split("\x1e")
    return Vocabulary(
        pieces=frozenset(pieces.split("\x1f")),
        prefixes=frozenset(map(bytes.fromhex, prefixes.split(","))),
        lengths={entry[0]: tuple(map(int, entry[1:].split(","))) for entry in lengths.split("\x1f")},
        memo={},
        chunk_memo={},
    )
