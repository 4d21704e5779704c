"""What has changed between a commit and the working tree, of tracked and of untracked files.

Git compares the commit with its index, and the index with the disk by what it knows of each file (size, times,
inode), so nearly no file is read. What it isn't sure of is compared by content.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

from prompt_lint.model.errors import Fatal, Unreadable
from prompt_lint.repo import git
from prompt_lint.repo.entries import hash_blob
from prompt_lint.repo.paths import decode, to_native

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from prompt_lint.repo.commit_tree import CommitTree
    from prompt_lint.repo.entries import Entry
    from prompt_lint.repo.working_tree import WorkingTree

# So many added and deleted files are compared each with each; it is git's own number.
MAX_RENAMES = 1000
# Paths in one command: a command line takes no more than so many long ones.
_BATCH = 200


class Change(NamedTuple):
    """How a current path differs from the base: `base_path` is its path there, `blob` its content's id; "" where it is new.

    A file on disk that would have the base's content with LF in the place of each CRLF is `unchanged`. The other way round,
    or in the index, other line ends are a change. A renamed file may have changed as well.
    """

    kind: Literal["unchanged", "changed", "renamed", "new"]
    base_path: str = ""
    blob: str = ""


class Changes(NamedTuple):
    """How a working tree differs from a commit, the base.

    `paths` are those of the paths asked for that may differ; any other is unchanged. `deleted` maps files of the base that
    are gone to their blobs:

    - without those that were renamed to one of the paths asked for,
    - with those that git still tracks, but that are gone from the disk.

    `moved_away` maps those of them that git finds under another path to that path. `has_lost_links` says whether links of
    the base may be gone, or have other names.
    """

    paths: Mapping[str, Change]
    deleted: Mapping[str, str]
    moved_away: Mapping[str, str]
    notes: Sequence[str]
    has_lost_links: bool

    def map_renames(self) -> dict[str, str]:
        """Return the current path of each renamed file, wherever it is now, by its path in the base."""
        renamed = {change.base_path: path for path, change in self.paths.items() if change.kind == "renamed"}
        return {**self.moved_away, **renamed}

    def find(self, path: str) -> Change:
        """Return how one of the paths asked for has changed."""
        return self.paths.get(path) or Change("unchanged", path)


class RawChange(NamedTuple):
    """A line of a raw diff; `source` is the old path, `mode` and `blob` are those of the old side, which is a commit."""

    status: str
    mode: str
    blob: str
    source: str


class _Differences(NamedTuple):
    """What git says. `base_to_index` is by path in the index. `dirty` paths may differ from it, `gone` ones aren't on disk.

    `dirty` is None where git couldn't be asked. `has_lost_links` is as in `Changes`.
    """

    base_to_index: Mapping[str, RawChange]
    dirty: Collection[str] | None
    gone: Collection[str]
    notes: list[str]
    has_lost_links: bool

    def is_dirty(self, path: str) -> bool:
        return self.dirty is None or path in self.dirty


def find_changes(
    tree: WorkingTree,
    commit: CommitTree,
    entries: Mapping[str, Entry],
    paths: Collection[str],
    within: Collection[str] = ("",),
) -> Changes:
    """Return how the regular files at `paths`, which are real ones, differ from the commit, and what was deleted.

    `entries` and `within` are those of the same run's `tree.list_entries`. A file that must be compared by content and that
    is too large to be read has changed. Raises `Fatal` where git refuses, or has lost what decides whether a file is new.
    """
    differences = _compare_by_git(tree, commit.id, _narrow(tree.select_pathspecs(within), paths))
    if differences.dirty is not None:
        hidden = _list_hidden(tree, entries, paths)
        differences = differences._replace(dirty={*differences.dirty, *hidden})
    deleted = _find_deleted(differences, entries)
    changes: dict[str, Change] = {}
    new: list[str] = []
    for path in paths:
        entry = entries.get(path)
        is_dirty = differences.is_dirty(path)
        staged = differences.base_to_index.get(path)
        if entry and entry.blob and not is_dirty and not staged:
            continue
        base_file = _find_base_file(commit, path, entry, staged)
        if base_file:
            blob = entry.blob if entry and not is_dirty else ""
            is_same = has_content(tree, path, blob, base_file[1])
            changes[path] = Change("unchanged" if is_same else "changed", *base_file)
        elif staged and staged.status == "R" and staged.source in deleted:
            changes[path] = Change("renamed", staged.source, deleted.pop(staged.source))
        else:
            new.append(path)
    changes |= _match_renames(tree, entries, differences, new, deleted)
    is_unsure = bool(differences.notes and deleted)
    if is_unsure and any(path in differences.base_to_index and changes[path].kind == "new" for path in new):
        raise commit.explain_loss("files of it that new ones may have been renamed from are")
    moved_away = {
        change.source: path
        for path, change in differences.base_to_index.items()
        if change.status == "R" and change.source in deleted and path not in differences.gone
    }
    return Changes(changes, deleted, moved_away, differences.notes, differences.has_lost_links)


def find_converted(tree: WorkingTree, entries: Mapping[str, Entry], paths: Iterable[str]) -> dict[str, str]:
    """Return which of `paths` git converts between disk and commit by more than line ends, and by which attribute.

    Their contents on disk and in a commit aren't the same text, so their sizes aren't comparable. A file that is on disk
    what is staged isn't converted, whatever its attributes say: a change may name a filter that nobody has. Raises `Fatal`
    where git refuses.
    """
    converted = {}
    native = [to_native(path) for path in paths]
    for start in range(0, len(native), _BATCH):
        batch = native[start : start + _BATCH]
        command = ["check-attr", "-z", "filter", "working-tree-encoding", "ident", "--", *batch]
        fields = decode(git.run(command, tree.top)).split("\0")[:-1]
        with git.expect_format("check-attr"):
            records = list(zip(fields[::3], fields[1::3], fields[2::3], strict=True))
        for path, attribute, value in records:
            is_set = value not in {"unspecified", "unset", "set" if attribute == "filter" else ""}
            entry = entries.get(path)
            if is_set and not (entry and entry.blob and has_content(tree, path, "", entry.blob)):
                converted[path] = attribute if value == "set" else f"{attribute}={value}"
    return converted


def _list_hidden(tree: WorkingTree, entries: Mapping[str, Entry], paths: Iterable[str]) -> Iterator[str]:
    """Yield the paths that git was told not to look for on disk (`update-index --skip-worktree`), and that are there."""
    for path in paths:
        entry = entries.get(path)
        if entry and entry.kind == "sparse" and tree.exists(path):
            yield path


def _narrow(within: Sequence[str], paths: Collection[str]) -> Sequence[str]:
    """Return `within`, if all of `paths` are in it; else nothing, which means everything."""
    folders = tuple(f"{folder}/" for folder in within)
    names = set(within)
    return within if all(path.startswith(folders) or path in names for path in paths) else []


def _compare_by_git(tree: WorkingTree, base: str, within: Sequence[str]) -> _Differences:
    """Compare commit, index and disk. Submodules are left out: git would look into them, with their configuration."""
    options = ["-z", "--no-abbrev", "--ignore-submodules=all"]
    staged_command = ["diff-index", "--cached", *options, f"-l{MAX_RENAMES}"]
    no_filters = git.disable_filters(tree.top)
    disk_commands = (
        [[*no_filters, "diff-files", *options, "--no-renames", "--", *within]]
        if no_filters is not None
        else []
    )
    notes: list[str] = []
    try:
        outputs = list(git.run_parallel([[*staged_command, "-M", base, "--"], *disk_commands], tree.top, []))
    except Fatal as error:  # contents that a partial clone lacks: renames can still be found by ids
        notes.append(f"renamed files that were edited as well count as new: {error.message}")
        exact_command = [*staged_command, "-M100%", base, "--"]
        outputs = list(git.run_parallel([exact_command, *disk_commands], tree.top, []))
    changes = _parse_raw_diff(outputs[0])
    staged = {path: change for path, change in changes if change.status != "U"}
    conflicts = {path for path, change in changes if change.status == "U"}
    if no_filters is None:
        return _Differences(staged, None, (), notes, has_lost_links=True)
    on_disk = dict(_parse_raw_diff(outputs[1]))
    gone = {path for path, change in on_disk.items() if change.status == "D"}
    # A link is gone, has another name, or has become a file.
    has_lost_links = any(
        change.mode == "120000" and change.status in "DRT" for change in (*staged.values(), *on_disk.values())
    )
    return _Differences(staged, (on_disk.keys() | conflicts) - gone, gone, notes, has_lost_links)


def _parse_raw_diff(output: bytes) -> list[tuple[str, RawChange]]:
    """Read `-z --raw`: `:<mode> <mode> <blob> <blob> <status>`, a path, and a second one of what was renamed.

    Raises `Fatal` for another output.
    """
    fields = iter(decode(output).split("\0")[:-1])
    with git.expect_format("diff"):
        return [parse_raw_change(about, fields) for about in fields]


def parse_raw_change(about: str, fields: Iterator[str]) -> tuple[str, RawChange]:
    """Return the new path and the change of a line that begins with the field `about`. Its paths are taken from `fields`.

    Raises `ValueError` or `StopIteration` for what is no such line.
    """
    mode, _, blob, _, status = about.removeprefix(":").split(" ")
    int(mode, 8)
    source = next(fields)
    path = next(fields) if status[:1] in {"R", "C"} else source
    return path, RawChange(status[0], mode, blob, source)


def _find_deleted(differences: _Differences, entries: Mapping[str, Entry]) -> dict[str, str]:
    """Return the regular files of the base that are none any more, with their blobs."""
    changed = {
        change.source: change for change in differences.base_to_index.values() if change.status in "DMRT"
    }
    base_files = {path: change.blob for path, change in changed.items() if change.mode.startswith("100")}
    for path in differences.gone:
        entry = entries.get(path)
        is_staged = path in differences.base_to_index or path in changed
        if not is_staged and entry and entry.kind == "file" and entry.blob:
            base_files[path] = entry.blob

    def is_there(path: str) -> bool:
        entry = entries.get(path)
        return path not in differences.gone and entry is not None and entry.kind in {"file", "sparse"}

    return {path: blob for path, blob in base_files.items() if not is_there(path)}


def _find_base_file(
    commit: CommitTree, path: str, entry: Entry | None, staged: RawChange | None
) -> tuple[str, str] | None:
    """Return the real path and the blob of the file that was at `path` in the base; None if there was none."""
    if staged and staged.status in "MD" and staged.mode.startswith("100"):
        return path, staged.blob
    if not staged and entry and entry.blob and entry.kind in {"file", "sparse"}:
        return path, entry.blob  # the index has what the base has
    file = commit.find_file(path)
    return (file[0], file[1].id) if file else None


def has_content(tree: WorkingTree, path: str, known_blob: str, blob: str) -> bool:
    """Return whether the content of a file is `blob`. `known_blob` is the id of its own, where git knows it."""
    return blob in ({known_blob} if known_blob else _hash_file(tree, path, len(blob)))


def _hash_file(tree: WorkingTree, path: str, digits: int) -> set[str]:
    """Return the ids that a file's content may have in git: as it is, and with the line ends of other systems."""
    try:
        data = tree.read(path)
    except Unreadable:
        return set()
    return {hash_blob(data, digits), hash_blob(data.replace(b"\r\n", b"\n"), digits)}


def _match_renames(
    tree: WorkingTree,
    entries: Mapping[str, Entry],
    differences: _Differences,
    new: Sequence[str],
    deleted: dict[str, str],
) -> dict[str, Change]:
    """Return for each new file whether it has the content of a deleted one, which is taken out of `deleted`.

    This is for files that git's own search for renames doesn't see: those that aren't staged.
    """
    changes = {}
    by_blob: dict[str, list[str]] = {}
    for path, blob in sorted(deleted.items(), reverse=True):
        by_blob.setdefault(blob, []).append(path)
    for path in new:
        changes[path] = Change("new")
        if not by_blob:
            continue
        entry = entries.get(path)
        blob = entry.blob if entry and not differences.is_dirty(path) else ""
        blobs = {blob} if blob else _hash_file(tree, path, len(next(iter(by_blob))))
        for matching in blobs & by_blob.keys():
            sources = by_blob[matching]
            # Of several files that one which has the same name, as git has it.
            source = next((source for source in sources if _name(source) == _name(path)), sources[-1])
            sources.remove(source)
            if not sources:
                del by_blob[matching]
            changes[path] = Change("renamed", source, deleted.pop(source))
            break
    return changes


def _name(path: str) -> str:
    return path.rpartition("/")[2]
