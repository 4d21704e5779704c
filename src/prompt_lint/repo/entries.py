"""What git lists: files, links and submodules, from the output of `ls-files` and `ls-tree`."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Literal, NamedTuple

from prompt_lint.repo.git import expect_format
from prompt_lint.repo.paths import to_native

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

Kind = Literal["file", "link", "submodule", "sparse", "sparse link"]

# By the first three digits of git's mode. What has another mode is no file that git made: reading it says what it is.
_KINDS: dict[str, Kind] = {"100": "file", "120": "link", "160": "submodule"}

_EMPTY_BLOBS = {
    "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391",
    "473a0f4c3be8a93681a267e3b1e9a7dcda1185436fe141f7749120a303721813",
}

# A longer list (in characters) is searched for the endings that are wanted, unless these are too many.
_LARGE, _MAX_ENDINGS = 500_000, 8
_RECORD = re.compile(r"[A-Za-z?] [0-7]{6} (?:[0-9a-f]{40}|[0-9a-f]{64}) [0-3]\t")
# Where a record begins that isn't of an ordinary file.
_UNUSUAL_RECORD = r"\0(?!H 100|\Z)"


class Entry(NamedTuple):
    """What git knows of a path.

    `blob` is the id of the *staged* content, which the file on disk may differ from. It is "" where git has none (untracked,
    in conflict, or added by intent only), and where git was told to assume that a file is what is on disk. `sparse` is a
    file that a sparse checkout leaves out, and a `sparse link` is such a link; reading it says so, unless it is there. A
    submodule is a folder, and so is any other repository in the tree.
    """

    kind: Kind
    blob: str = ""


@expect_format("ls-files")
def parse_ls_files(output: str, endings: Collection[str]) -> dict[str, Entry]:
    """Return the entries of `ls-files -v -s -z`: records such as `H 100644 <blob> 0<tab><path>`.

    An ordinary file that has none of `endings` in its path may be left out. Raises `Fatal` for another output.
    """
    if not output:
        return {}
    first = _RECORD.match(output)
    if not first:
        raise ValueError("no record")
    tab = first.end() - 1  # at the same place in all records
    records = _select_records(output, endings) if len(output) > _LARGE else output.split("\0")[:-1]
    start, end = tab + 1, tab - 2
    # Nearly all records are alike, and there may be 100,000: this takes a third of the time of a loop.
    entries = {r[start:]: Entry("file", r[9:end]) for r in records if r.startswith("H 100")}
    for record in records:
        if not record.startswith("H 100"):
            known_kind = _KINDS.get(record[2:5])
            kind = known_kind or "file"
            if record[0] in "Ss":
                kind = "sparse link" if kind == "link" else "sparse"
            # No stage of a file in conflict is what is on disk; nor is what `h` lets git assume. Of a link on disk that
            # is text, the blob says whether it still is one.
            has_blob = known_kind == "link" or (known_kind and record[0] in "HSs")
            entries[record[start:]] = Entry(kind, record[9:end] if has_blob else "")
    # What was added by intent only has an empty blob.
    return entries | {
        path: Entry(entry.kind) for path, entry in entries.items() if entry.blob in _EMPTY_BLOBS
    }


def _select_records(output: str, endings: Collection[str]) -> Collection[str]:
    """Return the records that have one of `endings` in them, and all that aren't of ordinary files.

    For a list of 100,000 this takes a third of the time of a loop.
    """
    if len(endings) > _MAX_ENDINGS or "" in endings:
        return output.split("\0")[:-1]
    output = f"\0{output}"  # so that there is one before each record, too
    find, rfind = output.find, output.rfind
    records: dict[str, None] = {}
    for ending in endings:
        at = find(ending)
        while at >= 0:
            stop = find("\0", at)
            records[output[rfind("\0", 0, at) + 1 : stop]] = None
            at = find(ending, stop)
    for match in re.finditer(_UNUSUAL_RECORD, output):
        records[output[match.end() : find("\0", match.end())]] = None
    return records


def parse_ls_tree(output: str) -> dict[str, Entry]:
    """Return the entries of `ls-tree -r -z`: records such as `100644 blob <id><tab><path>`. Raises `Fatal` for another output."""
    entries = {}
    with expect_format("ls-tree"):
        for record in output.split("\0")[:-1]:
            about, _, path = record.partition("\t")
            mode, _, blob = about.split(" ")
            int(mode, 8)  # raises `ValueError` for what is no mode
            entries[path] = make_entry(mode, blob)
    return entries


def make_untracked_command(folders: Iterable[str]) -> list[str]:
    """Return git's arguments for what is untracked and not ignored below folders; "" is the top."""
    return ["ls-files", "-o", "--exclude-standard", "-z", "--", *(to_native(path) or "." for path in folders)]


def hash_blob(data: bytes, digits: int) -> str:
    """Return the id of a blob in a repository whose ids have so many digits."""
    new_hash = hashlib.sha1 if digits == 40 else hashlib.sha256
    return new_hash(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()


def make_entry(mode: str, blob: str) -> Entry:
    """Return what a commit says of a path: a mode in octal, and the id of the object."""
    return Entry(_KINDS.get(mode[:3], "file"), blob)
