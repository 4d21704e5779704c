"""What reading a file said, kept by the file's stamp: an unchanged file needs no reading and no parsing.

An entry says which prompts are in a file, never what they count, and holds for one build, checkout, path, format and
role. Entries stay on the machine that made them: a forged one could hide a prompt, so none is kept or read in CI.
"""

from __future__ import annotations

import json
import os
import re
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

from prompt_lint.cache.store import Store
from prompt_lint.model.values import ImportedFile, Note

if TYPE_CHECKING:
    from collections.abc import Mapping

# The number is the version of what a row means: raise it when that changes.
FILE = "files-v1.db"
STAMP_BYTES = 40
_NAME_BYTES = 16
# Of a file with more prompts (a .jsonl), or longer notes, nothing is kept.
_LARGEST = 32_768
# SHA-256 in hexadecimal; none for a blank prompt.
_DIGEST = "(?:[0-9a-f]{64})?"


class PromptEntry(NamedTuple):
    """A prompt of a file. `digest` is its request's, as hex; empty for a blank prompt."""

    name: str
    line: int
    format: str
    role: str
    digest: str
    imports: tuple[ImportedFile, ...]


class FileEntry(NamedTuple):
    """What reading a file said.

    `includes` has the stamp of each file that was asked for, by its path; b"" where nothing was there.
    """

    prompts: tuple[PromptEntry, ...]
    notes: tuple[Note, ...]
    includes: Mapping[str, bytes]


class FileCache:
    """Entries by path, for the checkout at `top` and one `build` of prompt-lint, in a `Store`."""

    def __init__(self, store: Store, build: str, top: str) -> None:
        self._store = store
        self.warnings, self.close = store.warnings, store.close
        self.is_enabled = bool(store.path)
        self._scope = f"{build}\0{top}"

    def get(self, stamps: Mapping[str, bytes], format_name: str, role: str) -> dict[str, FileEntry]:
        """Return the entries of the files (path → stamp) whose stamps are those they had when they were read."""
        names = {self._name(path, format_name, role): path for path in stamps}
        entries = {}
        for name, payload in self._store.read(names.keys()).items():
            path = names[name]
            if payload[:STAMP_BYTES] == stamps[path] and (entry := _decode(payload[STAMP_BYTES:], path)):
                entries[path] = entry
        return entries

    def put(self, path: str, stamp: bytes, format_name: str, role: str, entry: FileEntry) -> None:
        data = _encode(entry, path)
        if len(data) <= _LARGEST:
            self._store.put({self._name(path, format_name, role): stamp + data})

    def _name(self, path: str, format_name: str, role: str) -> bytes:
        text = f"{self._scope}\0{format_name}\0{role}\0{path}"
        return sha256(text.encode("utf-8", "surrogateescape")).digest()[:_NAME_BYTES]


def open_files(folder: str | None, build: str = "", top: str = "") -> FileCache:
    """Return the cache of files in `folder`, or one that knows nothing where `folder` is None. Touches no file yet."""
    path = os.path.join(folder, FILE) if folder else ""
    return FileCache(Store(path), build, top)


def _encode(entry: FileEntry, path: str) -> bytes:
    """Notes on the file itself are kept without its path."""
    notes = [
        (note.message, None if note.path == path else note.path, note.line, note.kind) for note in entry.notes
    ]
    includes = {included: stamp.hex() for included, stamp in entry.includes.items()}
    return json.dumps([entry.prompts, notes, includes], separators=(",", ":")).encode()


def _decode(data: bytes, path: str) -> FileEntry | None:
    """Return the entry; None for what isn't one, since anybody may have written the file of the cache."""
    try:
        prompts, notes, includes = json.loads(data)
        entry = FileEntry(
            tuple(
                PromptEntry(
                    name, line, format_name, role, digest, tuple(ImportedFile(*each) for each in imports)
                )
                for name, line, format_name, role, digest, imports in prompts
            ),
            tuple(
                Note(message, path if where is None else where, line, kind)
                for message, where, line, kind in notes
            ),
            {included: bytes.fromhex(stamp) for included, stamp in includes.items()},
        )
    except (ValueError, TypeError, AttributeError, RecursionError):
        return None
    return entry if _is_possible(entry) else None


def _is_possible(entry: FileEntry) -> bool:
    """Return whether each value has its type, and each digest is one."""
    prompts, notes, _ = entry
    texts = [text for prompt in prompts for text in (prompt.name, prompt.format, prompt.role)]
    texts += [text for prompt in prompts for imported in prompt.imports for text in imported]
    texts += [text for note in notes for text in (note.message, note.path, note.kind)]
    lines = [*(prompt.line for prompt in prompts), *(note.line for note in notes)]
    return (
        all(type(text) is str for text in texts)
        and all(type(line) is int and line >= 0 for line in lines)
        and all(type(prompt.digest) is str and re.fullmatch(_DIGEST, prompt.digest) for prompt in prompts)
    )
