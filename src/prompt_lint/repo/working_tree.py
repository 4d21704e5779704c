"""The files of a working tree, or of a plain folder: which there are, where links lead, and a way to read them safely."""

from __future__ import annotations

import errno
import os
import stat
from contextlib import suppress
from itertools import islice
from typing import TYPE_CHECKING

from prompt_lint.model.errors import Fatal, MissingFile, NotInRepository, Unreadable
from prompt_lint.repo import DEFAULT_FILE_SIZE, git, links, safe_read
from prompt_lint.repo.entries import Entry, make_untracked_command, parse_ls_files
from prompt_lint.repo.index import Index
from prompt_lint.repo.lfs import refuse_pointer
from prompt_lint.repo.paths import (
    decode,
    from_native,
    is_in_git_folder,
    list_parents,
    split_native,
    to_native,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

    from prompt_lint.repo.entries import Kind

# Files listed below a link to a folder of which git lists nothing.
MAX_UNLISTED = 10_000

# More folders than this to ask git for are no longer cheaper than everything; and they must fit a command line.
_MAX_PATHSPECS = 50
# Paths in one command.
_BATCH = 200

# These say that there is no such name, and can't be: the path goes through a file, it is too long, it has a `?` on Windows.
_ERRORS_OF_ABSENCE = {errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG, errno.EINVAL}

_WALK_NOTE = "{}: checks all files below {} but those that .gitignore excludes"


def open_tree(start: str, *, use_git: bool = True, max_file_size: int = DEFAULT_FILE_SIZE) -> WorkingTree:
    """Return the tree of the repository around the folder `start`; outside of one, or without git, of that folder.

    Raises `Fatal` where there is a repository, but git refuses to work in it.
    """
    folder = os.path.realpath(start)

    def open_folder(reason: str) -> WorkingTree:
        note = _WALK_NOTE.format(reason, folder)
        return WorkingTree(folder, has_git=False, max_file_size=max_file_size, notes=[note])

    if not use_git:
        return open_folder("--no-git was given")
    if git.find_executable() is None:
        return open_folder("git is not installed")
    try:
        top = os.fsdecode(git.run(["rev-parse", "--show-toplevel"], start).removesuffix(b"\n"))
    except git.NotARepositoryError:
        return open_folder("this is not a git repository")
    top = os.path.normpath(top)
    if not os.path.lexists(os.path.join(top, ".git")):
        # A bare repository can claim any folder for its working tree, and gits before 2.38 enter one.
        raise Fatal(f"git takes {top} for the top of the repository, but there is no .git in it")
    return WorkingTree(top, has_git=True, max_file_size=max_file_size)


class WorkingTree:
    """The `Tree` of what is on disk: of a repository, or of a plain folder (`has_git` is False).

    `kinds` has the kind of each path that was listed and isn't an ordinary file. A link that git checked out as text is a
    link here like any other. `read_paths` are the real paths of the files that were read, or would have been if they had
    changed; `left_out` has those that couldn't be because of a sparse checkout, and their blobs.
    """

    def __init__(
        self, top: str, *, has_git: bool, max_file_size: int = DEFAULT_FILE_SIZE, notes: Sequence[str] = ()
    ) -> None:
        self.top = top
        self.has_git = has_git
        self.max_file_size = max_file_size
        self.notes, self.warnings = list(notes), list[str]()
        self.kinds: dict[str, Kind] = {}
        self.read_paths: set[str] = set()
        self.left_out: dict[str, str] = {}
        self._index = Index(top, has_git=has_git)
        self._targets: dict[str, str | None] = {}  # of links, by absolute path; None for what is no link
        self._ignored: dict[str, bool] = {}
        self._listed: Mapping[str, Entry] = {}  # by git, which needn't be asked about each of these

    def list_entries(
        self,
        paths: Sequence[str] = (),
        within: Collection[str] = ("",),
        endings: Collection[str] = ("",),
        on_tracked: Callable[[Mapping[str, Entry]], object] | None = None,
    ) -> dict[str, Entry]:
        """Return what there is: tracked files, and untracked ones that aren't ignored. Nothing is opened.

        With `paths`, all tracked files still (a link among them may lead to one of `paths`), but untracked ones only if they
        are among `paths`, even ignored, or below one of them. That spares git the walk over the whole working tree. A tracked
        file may have been deleted: reading it raises `MissingFile`.

        `within` names files and folders: what is neither one of them nor below one may be left out. So may an ordinary file
        that has none of `endings` in its path. `on_tracked` is called with what is tracked while git looks for what isn't,
        which takes it the longest. Raises `Fatal` where git refuses.
        """
        if self.has_git:
            folders = self._list_folders(paths)
            pathspecs = self.select_pathspecs({*within, *folders})  # a link in a folder may lead out of it
            entries = self._list_by_git(paths, pathspecs, endings, on_tracked)
            if self._list_folders([path for path, entry in entries.items() if entry.kind == "link"]):
                entries = self._list_by_git(paths, [], [""])  # a link to a folder may lead anywhere
            self._listed = {} if paths else entries  # paths are added below, even ignored ones
        else:
            entries = {path: Entry("link" if is_link else "file") for path, is_link in self._walk("")}
        for path in (path for path in paths if path not in entries):
            if self._leads_through_link(path):
                entries[path] = Entry("link")
            elif not os.path.isdir(self._absolute(path)):
                entries[path] = Entry("file")
        self.kinds |= _find_kinds(entries)
        return entries

    def find_named(
        self, names: Collection[str], start: str, paths: Sequence[str], *, tracked_only: bool
    ) -> Iterable[str]:
        if self.has_git:
            globs = [f":(glob)**/{name}" for name in names]
            commands = [["--no-literal-pathspecs", "ls-files", "-z", "--", *globs]]
            if below := self._list_folders(paths) if paths or tracked_only else [""]:
                commands.append(make_untracked_command(below))
            listed = decode(b"".join(git.run_parallel(commands, self.top, []))).split("\0")
        else:
            listed = [path for path, _ in self._walk("")]
        candidates = {path for path in listed if path.rpartition("/")[2] in names}
        folders = {folder for path in (f"{start}/", *paths) for folder in list_parents(path)}
        folders = {"", *(folder for folder in folders if not self._leads_through_link(folder))}
        candidates.update(f"{folder}/{name}".lstrip("/") for folder in folders for name in names)
        return list(filter(self.exists, candidates))

    def find_aliases(self, entries: Mapping[str, Entry]) -> dict[str, str | Unreadable]:
        return links.find_aliases(entries, self.resolve, self._is_any_folder, self._list_unlisted)

    def resolve(self, path: str) -> str:
        """Return the real path of `path`. Raises `MissingFile`, `Unreadable`.

        What a sparse checkout leaves out has one, and no link there is followed: reading it says so, and others have it.
        """
        return links.follow_links(self.top, path, self._read_link)

    def read(self, path: str, cap: int | None = None) -> bytes:
        return self.read_stamped(path, cap)[0]

    def read_stamped(self, path: str, cap: int | None = None) -> tuple[bytes, bytes]:
        self.read_paths.add(path)
        if self.kinds.get(path) == "submodule":
            raise Unreadable("is a submodule, a repository of its own", "check it there, or exclude it here")
        try:
            cap = self.max_file_size if cap is None else cap
            data, stamp = safe_read.read_beneath(self.top, split_native(path), cap)
        except FileNotFoundError:
            if self._is_left_out(path):
                left_out = self._index.find_left_out(path) or path
                self.left_out[left_out] = self._index.find_blob(left_out)
                raise links.explain_left_out() from None
            raise MissingFile("is not there (any more)", "restore it, or remove it with `git rm`") from None
        except OSError as error:
            raise safe_read.explain_error(error) from None
        return refuse_pointer(data), stamp

    def list_stamps(self, paths: Iterable[str]) -> Iterator[bytes]:
        """Yield the stamp of each of `paths`; b"" for what isn't a regular file that `read` would read.

        Nothing is opened. There may be 10,000 paths, of which nothing else is asked.
        """
        prefix, folders = self.top + os.sep, {"": True}
        for path in paths:
            self.read_paths.add(path)
            folder, stamp = path.rpartition("/")[0], b""
            is_plain = safe_read.STAMPS_SHOW_CHANGES and path not in self.kinds
            if is_plain and (folders.get(folder) or self._is_real_folder(folder, folders)):
                with suppress(OSError):
                    status = os.lstat(prefix + to_native(path))
                    if stat.S_ISREG(status.st_mode) and status.st_size <= self.max_file_size:
                        stamp = safe_read.make_stamp(status)
            yield stamp

    def require_shared(self, path: str, real: str) -> None:
        if self.find_inner_repository(real):
            raise NotInRepository("is in a repository of its own")
        try:
            mode = os.lstat(self._absolute(real)).st_mode
        except OSError:
            if self._is_left_out(real):
                return
            raise MissingFile("is not there (any more)") from None
        if stat.S_ISDIR(mode):
            raise MissingFile("is a folder")
        if not stat.S_ISREG(mode):
            raise NotInRepository("is not a regular file")
        if self.find_ignored([real]) or (path != real and self.find_ignored([self._find_first_link(path)])):
            raise NotInRepository("is ignored by git")

    def exists(self, path: str) -> bool:
        """Return whether there is anything on disk at a path, also a broken link."""
        return os.path.lexists(self._absolute(path))

    def find_inner_repository(self, path: str) -> str:
        """Return the folder above `path` that is a repository of its own, the outermost one; "" for none."""
        return next((each for each in list_parents(path) if self.exists(f"{each}/.git")), "")

    def find_missing(self, paths: Iterable[str]) -> set[str]:
        """Return those of the listed `paths` that are gone from the disk, though git tracks them."""
        gone = (path for path in paths if path not in self.kinds and not self._is_there(path))
        return {path for path in gone if not self._is_left_out(path)}

    def is_sparse(self, path: str) -> bool:
        """Return whether a sparse checkout leaves out what is at `path`, or something in that folder."""
        return self._is_left_out(path) or self._index.has_left_out(path)

    def _is_left_out(self, path: str) -> bool:
        return self.kinds.get(path) in {"sparse", "sparse link"} or self._index.find_left_out(path) != ""

    def find_ignored(self, paths: Sequence[str]) -> set[str]:
        """Return those of `paths` (behind no link) that are neither tracked nor what `git add` would take."""
        unknown = [path for path in paths if path not in self._ignored and path not in self._listed]
        if self.has_git:
            ignored = set(unknown)
            for start in range(0, len(unknown), _BATCH):
                batch = map(to_native, unknown[start : start + _BATCH])
                command = ["ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *batch]
                ignored.difference_update(decode(git.run(command, self.top)).split("\0"))
        else:
            from prompt_lint.repo.gitignore_walk import is_ignored  # noqa: PLC0415  # as below

            ignored = {path for path in unknown if is_ignored(self.top, to_native(path), self.notes)}
        self._ignored.update((path, path in ignored) for path in unknown)
        return {path for path in paths if self._ignored.get(path)}

    def select_pathspecs(self, within: Collection[str]) -> Sequence[str]:
        """Return `within` for git; empty for everything, also where a link or another repository is on the way."""
        if len(within) > _MAX_PATHSPECS:
            return []
        for path in within:
            folder = self.top
            for name in path.split("/"):
                folder = os.path.join(folder, name)
                if not name or is_in_git_folder(name) or self._is_link(folder):
                    return []
                if os.path.lexists(os.path.join(folder, ".git")):
                    return []
        return sorted(within)

    def _list_by_git(
        self,
        paths: Sequence[str],
        within: Sequence[str],
        endings: Collection[str],
        on_tracked: Callable[[Mapping[str, Entry]], object] | None = None,
    ) -> dict[str, Entry]:
        """Return what git lists; untracked files only below those of `paths` that are folders, if there are paths.

        Only what is `within`, unless that is empty; of a large repository only what may have one of `endings`.
        """
        commands = [["ls-files", "-v", "-s", "-z", "--", *within]]
        if below := self._list_folders(paths) if paths else within or [""]:
            commands.append(make_untracked_command(below))
        warnings: list[str] = []
        outputs = git.run_parallel(commands, self.top, warnings)
        entries = self._look_at_links(parse_ls_files(decode(next(outputs)), endings))
        if on_tracked:
            self.kinds |= _find_kinds(entries)
            on_tracked(entries)
        for output in outputs:
            for path in decode(output).split("\0")[:-1]:
                if path.endswith("/"):  # another repository; git doesn't look inside
                    entries[path[:-1]] = Entry("submodule")
                else:
                    entries[path] = Entry("link" if os.path.islink(self._absolute(path)) else "file")
        notes = (f"git: {warning.removeprefix('warning: ')}" for warning in dict.fromkeys(warnings))
        self.notes += [note for note in notes if note not in self.notes]
        return entries

    def _look_at_links(self, entries: dict[str, Entry]) -> dict[str, Entry]:
        """Return the entries of git's index, with what is on disk in the place of its links."""
        linked = {path: entry for path, entry in entries.items() if entry.kind in {"link", "sparse link"}}
        self._index.add_links(linked)
        for path, entry in linked.items():
            here = self._absolute(path)
            if not os.path.lexists(here):
                entries[path] = entry
            elif self._is_link(here):
                entries[path] = Entry("link", entry.blob)
            elif os.path.isdir(here):
                del entries[path]
            else:
                entries[path] = Entry("file")  # somebody has written one
        return entries

    def _list_unlisted(self, folder: str) -> list[str]:
        """Return what is below a folder of which git lists nothing, because it is ignored."""
        walked = self._walk(folder, use_gitignore=False)
        return [path for path, is_link in islice(walked, MAX_UNLISTED) if not is_link]

    def _walk(self, start: str, *, use_gitignore: bool = True) -> Iterator[tuple[str, bool]]:
        from prompt_lint.repo.gitignore_walk import walk  # noqa: PLC0415  # pathspec takes 20 ms, and is rarely needed

        for path, is_link in walk(self.top, to_native(start), self.notes, use_gitignore=use_gitignore):
            yield from_native(path), is_link

    def _read_link(self, here: str, hops: int) -> str | None:
        """Return what the link at an absolute path holds; None if it isn't a link."""
        if here not in self._targets:
            try:
                self._targets[here] = self._find_target(here, os.lstat(here))
            except OSError as error:
                # Outside of the tree, not even the absence of a file is revealed.
                path = links.path_inside(self.top, here)
                if self.is_sparse(path):
                    return None
                if hops == 0 and error.errno in _ERRORS_OF_ABSENCE:
                    raise MissingFile("is not there (any more)") from None
                is_gone = isinstance(error, FileNotFoundError)
                destination = "nothing" if is_gone else f"nowhere ({error.strerror})"
                raise links.broken_link(destination, path) from None
        return self._targets[here]

    def _find_target(self, here: str, status: os.stat_result) -> str | None:
        """Return where the link at an absolute path leads; None if it isn't a link. Raises `OSError`."""
        if safe_read.is_link(status):
            return os.readlink(here)
        inner = here.removeprefix(self.top.rstrip(os.sep) + os.sep)
        if not stat.S_ISREG(status.st_mode) or status.st_size > links.MAX_TARGET or inner == here:
            return None
        return self._index.read_link(from_native(inner))

    def _is_link(self, here: str) -> bool:
        try:
            return self._read_link(here, 0) is not None
        except Unreadable:
            return False

    def _find_first_link(self, path: str) -> str:
        """Return the outermost folder above a path that is a link; the path itself if there is none."""
        return next((above for above in list_parents(path) if self._is_link(self._absolute(above))), path)

    def _leads_through_link(self, path: str) -> bool:
        try:
            return self.resolve(path) != path
        except Unreadable:
            return True

    def _find_folder(self, path: str) -> str | None:
        """Return the real path of the folder that a path leads to; None if that is no folder."""
        try:
            real = self.resolve(path)
        except Unreadable:
            return None
        return real if self._is_any_folder(real) else None

    def _is_any_folder(self, path: str) -> bool:
        """Return whether there is a folder at a path, or there would be one without a sparse checkout."""
        return os.path.isdir(self._absolute(path)) or self._index.has_left_out(path)

    def _list_folders(self, paths: Sequence[str]) -> list[str]:
        """Return where those of the paths lead that are folders."""
        return [real for path in paths if (real := self._find_folder(path)) is not None]

    def _is_real_folder(self, path: str, known: dict[str, bool]) -> bool:
        """Return whether a folder and all above it are no links. Adds to `known` what each of them is."""
        for folder in (*list_parents(path), path):
            if folder not in known:
                known[folder] = self._is_folder(folder)
            if not known[folder]:
                return False
        return True

    def _is_folder(self, path: str) -> bool:
        try:
            return stat.S_ISDIR(os.lstat(self._absolute(path)).st_mode)
        except OSError:
            return False

    def _is_there(self, path: str) -> bool:
        try:
            os.lstat(self._absolute(path))
        except OSError as error:  # of any other, reading it says why
            return not isinstance(error, FileNotFoundError | NotADirectoryError)
        return True

    def _absolute(self, path: str) -> str:
        return os.path.join(self.top, to_native(path)) if path else self.top


def _find_kinds(entries: Mapping[str, Entry]) -> dict[str, Kind]:
    return {path: kind for path, (kind, _) in entries.items() if kind != "file"}
