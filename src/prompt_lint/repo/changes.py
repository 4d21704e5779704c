"""What has changed between a commit and the working tree, of tracked and of untracked files.

Git compares the commit with its index, and the index with the disk by what it knows of each file (size, times,
inode), so of nearly all files nothing is read. What it can't vouch for is compared by content.
"""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING, Literal, NamedTuple

from prompt_lint.model.errors import Fatal, Unreadable
from prompt_lint.repo import git
from prompt_lint.repo.working_tree import native, text

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from prompt_lint.repo.commit_tree import Commit
    from prompt_lint.repo.working_tree import Entry, WorkingTree

# So many added and deleted files are compared each with each; it is git's own number.
MAX_RENAMES = 1000
_SIMILAR = f"-l{MAX_RENAMES}"


class Change(NamedTuple):
    """How a path of now stands to the base: `base` is its path there, and `blob` its content's id; "" where it is new.

    `unchanged`, also if only its line ends (LF or CRLF) did change. A renamed file may have changed as well.
    """

    kind: Literal["unchanged", "changed", "renamed", "new"]
    base: str = ""
    blob: str = ""


class Changes(NamedTuple):
    """`paths` holds what isn't unchanged, or is so under another path; `deleted` maps files of the base to their blobs.

    A file that was renamed to one of the paths that were asked about isn't deleted. One that git tracks, and that is
    merely gone from the disk, is deleted, though it was asked about.
    """

    paths: Mapping[str, Change]
    deleted: Mapping[str, str]
    notes: Sequence[str] = ()

    def of(self, path: str) -> Change:
        """How one of the paths that were asked about has changed."""
        return self.paths.get(path) or Change("unchanged", path)


class _Staged(NamedTuple):
    """A difference between commit and index; `source` is the old path, `mode` and `blob` are the commit's."""

    status: str
    mode: str
    blob: str
    source: str


class _Differences(NamedTuple):
    """What git says. `dirty` paths aren't (for all that it knows) what the index holds, `gone` ones not on disk.

    `dirty` is None where git couldn't be asked.
    """

    staged: Mapping[str, _Staged]
    dirty: Collection[str] | None
    gone: Collection[str]
    notes: list[str]


def compare(
    tree: WorkingTree,
    commit: Commit,
    entries: Mapping[str, Entry],
    paths: Collection[str],
    cap: int,
    within: Collection[str] = ("",),
) -> Changes:
    """What has become of the base's files in `paths`, which are real paths of regular files, and what was deleted.

    `entries` and `within` are the tree's, from the same run. Of files whose content must be looked at,
    as many as `cap` bytes are read; larger ones have changed.

    Raises:
        Fatal: git refuses; or contents are lost that tell whether a file is new.
    """
    seen = _differences(tree, commit.id, _enough(tree.worth_asking(within), paths))
    if seen.dirty is not None:
        seen = seen._replace(dirty={*seen.dirty, *_unwatched(tree, entries, paths)})
    deleted = _deleted(seen, entries)
    found: dict[str, Change] = {}
    new: list[str] = []
    for path in paths:
        entry = entries.get(path)
        dirty = seen.dirty is None or path in seen.dirty
        if entry and entry.blob and not dirty and path not in seen.staged:
            continue
        staged = seen.staged.get(path)
        before = _before(commit, path, entry, staged)
        if before:
            same = _same(tree, path, entry.blob if entry and not dirty else "", before[1], cap)
            found[path] = Change("unchanged" if same else "changed", *before)
        elif staged and staged.status == "R" and staged.source in deleted:
            found[path] = Change("renamed", staged.source, deleted.pop(staged.source))
        else:
            new.append(path)
    found |= _moved(tree, entries, seen.dirty, new, deleted, cap)
    if seen.notes and deleted and any(path in seen.staged and found[path].kind == "new" for path in new):
        raise commit.lost("files of it that new ones may have been renamed from are")
    return Changes(found, deleted, seen.notes)


def filters(top: str, paths: Iterable[str]) -> dict[str, str]:
    """Which of `paths` git converts between disk and commit by more than line ends, and by which attribute.

    Their contents on disk and in a commit aren't the same text, so their sizes aren't comparable.

    Raises:
        Fatal: git refuses.
    """
    found = {}
    asked = [native(path) for path in paths]
    for start in range(0, len(asked), 200):  # a command line takes no more than so many long paths
        command = [
            "check-attr",
            "-z",
            "filter",
            "working-tree-encoding",
            "ident",
            "--",
            *asked[start : start + 200],
        ]
        fields = text(git.run(command, top)).split("\0")[:-1]
        for path, attribute, value in zip(fields[::3], fields[1::3], fields[2::3], strict=True):
            if value not in {"unspecified", "unset", "set" if attribute == "filter" else ""}:
                found[path] = attribute if value == "set" else f"{attribute}={value}"
    return found


def _unwatched(tree: WorkingTree, entries: Mapping[str, Entry], paths: Iterable[str]) -> Iterator[str]:
    """Those that git was told not to look for on disk (`update-index --skip-worktree`), and that are there."""
    for path in paths:
        entry = entries.get(path)
        if entry and entry.kind == "sparse" and os.path.lexists(os.path.join(tree.top, native(path))):
            yield path


def _enough(within: Sequence[str], paths: Collection[str]) -> Sequence[str]:
    """`within`, if all of `paths` are; else nothing, which is everything."""
    folders = tuple(f"{folder}/" for folder in within)
    names = set(within)
    return within if all(path.startswith(folders) or path in names for path in paths) else []


def _differences(tree: WorkingTree, base: str, within: Sequence[str]) -> _Differences:
    """Both comparisons, side by side. Submodules are left out: git would look into them, with their configuration."""
    options = ["-z", "--no-abbrev", "--ignore-submodules=all"]
    staged = ["diff-index", "--cached", *options, _SIMILAR]
    quiet = git.disable_filters(tree.top)
    disk = [[*quiet, "diff-files", *options, "--no-renames", "--", *within]] if quiet is not None else []
    notes: list[str] = []
    try:
        outputs = list(git.run_parallel([[*staged, "-M", base, "--"], *disk], tree.top, []))
    except Fatal as error:  # contents that a partial clone lacks: renames can still be told by ids
        notes.append(f"renamed files that were edited as well count as new: {error.message}")
        outputs = list(git.run_parallel([[*staged, "-M100%", base, "--"], *disk], tree.top, []))
    found = {path: one for path, one in _parse(outputs[0]) if one.status != "U"}
    conflicts = {path for path, one in _parse(outputs[0]) if one.status == "U"}
    if quiet is None:
        return _Differences(found, None, (), notes)
    changed = dict(_parse(outputs[1]))
    gone = {path for path, one in changed.items() if one.status == "D"}
    return _Differences(found, (changed.keys() | conflicts) - gone, gone, notes)


def _parse(output: bytes) -> Iterator[tuple[str, _Staged]]:
    """From `-z --raw`: `:<mode> <mode> <blob> <blob> <status>`, a path, and a second one of what was renamed."""
    fields = iter(text(output).split("\0"))
    for about in fields:
        if not about:
            return
        mode, _, blob, _, status = about[1:].split(" ")
        source = next(fields)
        path = next(fields) if status[0] in "RC" else source
        yield path, _Staged(status[0], mode, blob, source)


def _deleted(seen: _Differences, entries: Mapping[str, Entry]) -> dict[str, str]:
    """Regular files of the base that are none any more, with their blobs."""

    def there(path: str) -> bool:
        entry = entries.get(path)
        return path not in seen.gone and entry is not None and entry.kind in {"file", "sparse"}

    before = {one.source: one for one in seen.staged.values() if one.status in "DMRT"}
    found = {path: one.blob for path, one in before.items() if one.mode.startswith("100")}
    for path in seen.gone:
        entry = entries.get(path)
        if path not in seen.staged and path not in before and entry and entry.kind == "file" and entry.blob:
            found[path] = entry.blob
    return {path: blob for path, blob in found.items() if not there(path)}


def _before(commit: Commit, path: str, entry: Entry | None, staged: _Staged | None) -> tuple[str, str] | None:
    """The file that was at `path` in the base: its real path and its blob."""
    if staged and staged.status in "MD" and staged.mode.startswith("100"):
        return path, staged.blob
    if not staged and entry and entry.blob and entry.kind in {"file", "sparse"}:
        return path, entry.blob  # the index holds what the base does
    located = commit.locate(path)
    return (located[0], located[1].id) if located else None


def _same(tree: WorkingTree, path: str, known: str, blob: str, cap: int) -> bool:
    """Whether the file's content is `blob`; `known` is the id of its own, where git knows it."""
    return blob in ({known} if known else _ids(tree, path, len(blob), cap))


def _ids(tree: WorkingTree, path: str, length: int, cap: int) -> set[str]:
    """The ids that git may know a file's content by: as it is, and with the line ends of other systems."""
    try:
        data = tree.read(path, cap)
    except Unreadable:
        return set()
    return {_id(data, length), _id(data.replace(b"\r\n", b"\n"), length)}


def _id(data: bytes, length: int) -> str:
    """A blob's id in a repository whose ids are `length` digits long."""
    new = hashlib.sha1 if length == 40 else hashlib.sha256
    return new(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()


def _moved(
    tree: WorkingTree,
    entries: Mapping[str, Entry],
    dirty: Collection[str] | None,
    new: Sequence[str],
    deleted: dict[str, str],
    cap: int,
) -> dict[str, Change]:
    """New files that hold what a deleted one held, to the byte, and the rest. `deleted` loses what was found again."""
    found = {}
    by_blob: dict[str, list[str]] = {}
    for path, blob in sorted(deleted.items(), reverse=True):
        by_blob.setdefault(blob, []).append(path)
    for path in new:
        found[path] = Change("new")
        if not by_blob:
            continue
        entry = entries.get(path)
        known = entry.blob if entry and dirty is not None and path not in dirty else ""
        ids = {known} if known else _ids(tree, path, len(next(iter(by_blob))), cap)
        for blob in ids & by_blob.keys():
            sources = by_blob[blob]
            # Of several the one of the same name, as git has it.
            source = next((one for one in sources if _name(one) == _name(path)), sources[-1])
            sources.remove(source)
            if not sources:
                del by_blob[blob]
            found[path] = Change("renamed", source, deleted.pop(source))
            break
    return found


def _name(path: str) -> str:
    return path.rpartition("/")[2]
