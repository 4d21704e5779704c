"""The files of a repository: which there are, where links lead, and a way to read them that can't be led astray.

Paths are relative to the top, `/`-separated, and stand for the bytes that git knows: UTF-8, with other
bytes as surrogate escapes.
"""

from __future__ import annotations

import errno
import os
import re
import stat
import sys
from bisect import bisect_left
from itertools import islice
from typing import TYPE_CHECKING, Literal, NamedTuple

from prompt_lint.model.errors import Fatal, MissingFile, NotInRepository, Unreadable
from prompt_lint.repo import git, safe_read

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

Kind = Literal["file", "link", "submodule", "sparse"]

# A link may lead to a link; Linux gives up after 40, so a longer chain is no use to anybody.
MAX_HOPS = 40
# Paths below links to folders, in one repository. A link to the top of a large one makes as many as it has files.
MAX_ALIASES = 100_000
# Files listed behind a link to a folder of which git lists nothing.
MAX_UNLISTED = 10_000

# More folders than this to ask git for are no longer cheaper than everything; and they must fit a command line.
_MAX_PATHSPECS = 50

# What says that there is no such name, and can't be: it goes through a file, it is too long, it has a `?` on Windows.
_NOTHING_THERE = {errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG, errno.EINVAL}

# Characters of git's list from which on it is worth looking for what is wanted instead of at everything; and for how much.
_LARGE, _MOST_ENDS = 500_000, 8

# Paths in one command.
_TOGETHER = 200

_LFS = b"version https://git-lfs.github.com/spec/v1\n"
_EMPTY_BLOBS = {
    "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391",
    "473a0f4c3be8a93681a267e3b1e9a7dcda1185436fe141f7749120a303721813",
}


class Entry(NamedTuple):
    """What git knows of a path.

    `blob` names the *staged* content, which the file on disk may have left behind. It is "" where git
    has none: untracked, in conflict, or added by intent only; and where git was told to assume that it is what
    is on disk. `sparse` is a file that a sparse checkout leaves out; reading it says so, unless it is there. A submodule is a folder, and so is a repository that isn't one of ours.
    """

    kind: Kind
    blob: str = ""


class WorkingTree:
    """The working tree of a repository, or a plain folder (`git` is False).

    `kinds` are those of what was listed and isn't an ordinary file.
    """

    def __init__(self, top: str, *, git: bool, notes: Sequence[str] = ()) -> None:
        self.top = top
        self.git = git
        self.notes = list(notes)
        self.kinds: dict[str, Kind] = {}
        self._targets: dict[str, str | None] = {}  # what links hold, by absolute path; None is no link
        self._ignored: dict[str, bool] = {}

    def entries(
        self,
        paths: Sequence[str] = (),
        within: Collection[str] = ("",),
        ends: Collection[str] = ("",),
        meanwhile: Callable[[Mapping[str, Entry]], object] | None = None,
    ) -> dict[str, Entry]:
        """What there is: tracked files, and untracked ones that aren't ignored. Nothing is opened.

        With `paths`, all tracked ones still (a link among them may lead to one of `paths`), but
        untracked ones only if they are among `paths`, even ignored, or below one of them. That spares
        git the walk over the whole working tree. A tracked file may have been deleted: reading it tells.

        `within` names files and folders: what is neither one of them nor below one may be left out. So may be an ordinary
        file that has none of `ends` in its path. `meanwhile` is told of what is tracked while git looks for what isn't,
        which takes it the longest.

        Raises:
            Fatal: git refuses.
        """
        if self.git:
            found = self._listed(paths, self.worth_asking(within), ends, meanwhile)
            if any(self._real_folder(path) is not None for path, one in found.items() if one.kind == "link"):
                found = self._listed(paths, [], [""])  # a link to a folder may lead anywhere
        else:
            found = {path: Entry("link" if link else "file") for path, link in self._walk("")}
        for path in paths:
            if path in found:
                continue
            if self._through_link(path):
                found[path] = Entry("link")
            elif not os.path.isdir(self._native(path)):
                found[path] = Entry("file")
        self.kinds = _kinds(found)
        return found

    def aliases(self, entries: Mapping[str, Entry]) -> dict[str, str | Unreadable]:
        """Where the links among `entries` lead, and the paths that lie behind links to folders.

        Maps a link's path, or a path below a link to a folder, to the real path, or else to the reason
        why there is none: it leaves the repository, dangles, goes in circles. A link to a folder isn't
        a key itself. Links inside of such a folder are followed to files, not to further folders.
        """
        return leading(entries, self.resolve, lambda path: os.path.isdir(self._native(path)), self._unlisted)

    def resolve(self, path: str) -> str:
        """The real path behind `path`, with every link on the way followed as the kernel would.

        Raises:
            Missing: there is nothing at `path`, not even a link.
            Unreadable: it leads out of the repository, into git's own folder, nowhere, or in circles.
        """
        return follow(self.top, path, self._target)

    def read(self, path: str, cap: int) -> bytes:
        """The bytes of a regular file, as `take` has them."""
        return self.take(path, cap)[0]

    def take(self, path: str, cap: int) -> tuple[bytes, bytes]:
        """The bytes of a regular file of at most `cap` bytes, and its stamp; b"" where that wouldn't tell of a change.

        `path` is a real one: no link is followed.

        Raises:
            Missing: it isn't there.
            Unreadable: it isn't such a file; the message says what it is, the hint what to do.
        """
        kind = self.kinds.get(path)
        if kind == "submodule":
            raise Unreadable("is a submodule, a repository of its own", "check it there, or exclude it here")
        try:
            data, stamp = safe_read.contents(self.top, _parts(path), cap)
        except FileNotFoundError:
            if kind == "sparse":
                hint = "`git sparse-checkout add` its folder, or exclude it"
                raise Unreadable(
                    "is left out by the sparse checkout, so it can't be measured", hint
                ) from None
            raise MissingFile("is not there (any more)", "restore it, or remove it with `git rm`") from None
        except OSError as error:
            raise safe_read.refusal(error) from None
        if is_pointer(data):
            raise Unreadable("is a Git LFS pointer, not the file itself", "run `git lfs pull`")
        return data, stamp

    def stamps(self, paths: Iterable[str], cap: int) -> Iterator[bytes]:
        """The stamp of each of `paths` that is a regular file, of at most `cap` bytes, that `take` would read; else b"".

        Nothing is opened.
        """
        plain = {"": safe_read.STAMPS_TELL}
        prefix, lstat, regular, stamp = self.top + os.sep, os.lstat, stat.S_ISREG, safe_read.stamp
        kinds = self.kinds
        for path in paths:  # 10,000 in a large repository, in which nothing else is done with most of them
            folder = path[: path.rfind("/") + 1]
            found = b""
            if (
                plain[folder] if folder in plain else self._plain_folder(folder, plain)
            ) and path not in kinds:
                try:
                    status = lstat(prefix + native(path))
                except OSError:
                    pass
                else:
                    if regular(status.st_mode) and status.st_size <= cap:
                        found = stamp(status)
            yield found

    def require_shared(self, path: str, real: str) -> None:
        """That whoever checks the repository out has the same file at `path`, of which `real` is the real path.

        What only this machine has would make every machine count another number, and may be secret.

        Raises:
            Missing: there is no file, but a folder.
            Elsewhere: git ignores it, or it is another repository's, or nothing that git could keep.
        """
        names = real.split("/")
        folders = ["/".join(names[:depth]) for depth in range(1, len(names))]
        if any(os.path.lexists(self._native(f"{folder}/.git")) for folder in folders):
            raise NotInRepository("is in a repository of its own")
        try:
            mode = os.lstat(self._native(real)).st_mode
        except OSError:
            raise MissingFile("is not there (any more)") from None
        if stat.S_ISDIR(mode):
            raise MissingFile("is a folder")
        if not stat.S_ISREG(mode):
            raise NotInRepository("is not a regular file")
        if self._is_ignored(real) or (path != real and self._is_ignored(self._first_link(path))):
            raise NotInRepository("is ignored by git")

    def ignored_among(self, paths: Sequence[str]) -> set[str]:
        """Those of `paths`, behind no link, that are neither tracked nor what `git add` would take."""
        if not self.git:
            return {path for path in paths if self._is_ignored(path)}
        listing = ["ls-files", "-z", "--cached", "--others", "--exclude-standard", "--"]
        found = set(paths)
        for start in range(0, len(paths), _TOGETHER):
            some = [native(path) for path in paths[start : start + _TOGETHER]]
            found.difference_update(text(git.run([*listing, *some], self.top)).split("\0"))
        return found

    def _first_link(self, path: str) -> str:
        names = path.split("/")
        starts = ("/".join(names[:depth]) for depth in range(1, len(names)))
        return next((start for start in starts if os.path.islink(self._native(start))), path)

    def _is_ignored(self, path: str) -> bool:
        """Whether a path, behind no link, is neither tracked nor one that `git add` would take."""
        if path not in self._ignored:
            if self.git:
                listing = ["ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", native(path)]
                self._ignored[path] = not git.run(listing, self.top)
            else:
                from prompt_lint.repo.gitignore_walk import is_ignored  # noqa: PLC0415  # rarely needed, and it brings the patterns

                self._ignored[path] = is_ignored(self.top, native(path), self.notes)
        return self._ignored[path]

    def _plain_folder(self, path: str, known: dict[str, bool]) -> bool:
        """Whether a folder, with a slash behind it, and all above it are what git takes them for, not links.

        `known` is added to; it has an answer for the top, "".
        """
        todo = []
        while path not in known:
            todo.append(path)
            path = path[: path.rfind("/", 0, -1) + 1]
        found = known[path]
        for folder in reversed(todo):
            found = known[folder] = found and self._is_folder(folder[:-1])
        return found

    def _is_folder(self, path: str) -> bool:
        try:
            return stat.S_ISDIR(os.lstat(self._native(path)).st_mode)
        except OSError:
            return False

    def resolve_argument(self, argument: str, cwd: str) -> str:
        """A path from the command line as a path of this tree; "" is the top. Links keep their own name.

        Raises:
            Fatal: there is no such file, or it isn't in this repository.
        """
        absolute = os.path.normpath(os.path.join(cwd, argument))
        if not argument or not os.path.lexists(absolute):
            raise Fatal(f"there is no file or folder `{argument}`")
        folder, inner = absolute, ""
        while not _same(folder, self.top):
            folder, name = os.path.split(folder)
            if not name:
                hint = "run prompt-lint in the repository that the file belongs to"
                raise Fatal(f"`{argument}` is outside of {self.top}", hint)
            inner = f"{name}/{inner}" if inner else name
        if is_gits(inner):
            raise Fatal(f"`{argument}` belongs to git itself, it is no file of the repository")
        return portable(inner)

    def _listed(
        self,
        paths: Sequence[str],
        within: Sequence[str],
        ends: Collection[str],
        meanwhile: Callable[[Mapping[str, Entry]], object] | None = None,
    ) -> dict[str, Entry]:
        """What git lists; untracked files only below those of `paths` that are folders, if there are paths.

        Only what is `within`, unless that is empty; of a large repository only what may have one of `ends`.
        """
        commands = [["ls-files", "-v", "-s", "-z", "--", *within]]
        folders = [real or "." for path in paths if (real := self._real_folder(path)) is not None]
        if folders or not paths:
            below = map(native, folders) if paths else within
            commands.append(["ls-files", "-o", "--exclude-standard", "-z", "--", *below])
        warnings: list[str] = []
        outputs = git.run_parallel(commands, self.top, warnings)
        found = _parse_staged(text(next(outputs)), ends)
        if meanwhile:
            self.kinds = _kinds(found)
            meanwhile(found)
        for output in outputs:
            for path in text(output).split("\0")[:-1]:
                if path.endswith("/"):  # another repository; git doesn't look inside
                    found[path[:-1]] = Entry("submodule")
                else:
                    found[path] = Entry("link" if os.path.islink(self._native(path)) else "file")
        told = (f"git: {warning.removeprefix('warning: ')}" for warning in dict.fromkeys(warnings))
        self.notes += [note for note in told if note not in self.notes]
        return found

    def worth_asking(self, within: Collection[str]) -> Sequence[str]:
        """`within` for git; empty for everything, also where a link or another repository stands on the way."""
        if len(within) > _MAX_PATHSPECS:
            return []
        for path in within:
            place = self.top
            for name in path.split("/"):
                place = os.path.join(place, name)
                if not name or is_gits(name) or os.path.islink(place):
                    return []
                if os.path.lexists(os.path.join(place, ".git")):
                    return []
        return sorted(within)

    def _unlisted(self, folder: str) -> list[str]:
        """What lies below a folder of which git lists nothing, because it is ignored."""
        walked = self._walk(folder, ignoring=False)
        return [path for path, is_link in islice(walked, MAX_UNLISTED) if not is_link]

    def _walk(self, start: str, *, ignoring: bool = True) -> Iterator[tuple[str, bool]]:
        from prompt_lint.repo.gitignore_walk import walk  # noqa: PLC0415 - rarely needed, and it brings the patterns

        for path, link in walk(self.top, native(start), self.notes, use_gitignore=ignoring):
            yield portable(path), link

    def _target(self, here: str, hops: int) -> str | None:
        """What the link at `here` holds; None if it isn't a link."""
        if here not in self._targets:
            try:
                self._targets[here] = os.readlink(here) if safe_read.is_link(os.lstat(here)) else None
            except OSError as error:
                inside(self.top, here)  # of what lies outside, not even the absence is told
                if hops == 0 and error.errno in _NOTHING_THERE:
                    raise MissingFile("is not there (any more)") from None
                reason = "nothing" if isinstance(error, FileNotFoundError) else f"nowhere ({error.strerror})"
                raise Unreadable(
                    f"is a symbolic link that leads to {reason}", "mend the link, or remove it"
                ) from None
        return self._targets[here]

    def _through_link(self, path: str) -> bool:
        try:
            return self.resolve(path) != path
        except Unreadable:
            return True

    def _real_folder(self, path: str) -> str | None:
        try:
            real = self.resolve(path)
        except Unreadable:
            return None
        return real if os.path.isdir(self._native(real)) else None

    def _native(self, path: str) -> str:
        return os.path.join(self.top, native(path)) if path else self.top


def _kinds(entries: Mapping[str, Entry]) -> dict[str, Kind]:
    return {path: kind for path, (kind, _) in entries.items() if kind != "file"}


def follow(top: str, path: str, target: Callable[[str, int], str | None]) -> str:
    """The real path behind `path`, with every link on the way followed as the kernel would.

    `target(here, hops)` is what the link at the absolute path `here` holds, None where there is no link;
    what it raises ends the way. `hops` links were followed before.

    Raises:
        Unreadable: it leads out of the repository, into git's own folder, or in circles.
    """
    done, left, hops = top, native(path).split("/")[::-1], 0
    while left:
        name = left.pop()
        if name in {"", "."}:
            continue
        if name == "..":
            done = os.path.dirname(done)
            continue
        here = os.path.join(done, name)
        held = target(here, hops)
        if held is None:
            done = here
            continue
        hops += 1
        if hops > MAX_HOPS:
            raise Unreadable("is a symbolic link that goes in circles", "mend the link, or remove it")
        if os.path.isabs(held):
            done = os.path.splitdrive(held)[0] + os.sep
        left += held.split(os.sep)[::-1]
    return inside(top, done)


def inside(top: str, absolute: str) -> str:
    """An absolute path as one of the tree; `Unreadable` where a link has left it."""
    prefix = top.rstrip(os.sep) + os.sep
    inner = f"{absolute}{os.sep}".removeprefix(prefix)
    if not f"{absolute}{os.sep}".startswith(prefix) or is_gits(inner.replace(os.sep, "/")):
        raise Unreadable(
            "is a symbolic link that leaves the repository", "put the file itself into the repository"
        )
    return portable(inner.rstrip(os.sep).replace(os.sep, "/"))


def leading(
    entries: Mapping[str, Entry],
    resolve: Callable[[str], str],
    is_folder: Callable[[str], bool],
    unlisted: Callable[[str], Sequence[str]],
) -> dict[str, str | Unreadable]:
    """Where the links among `entries` lead, as `WorkingTree.aliases` tells it, in any tree.

    `unlisted(folder)` is what lies below a folder that `entries` have nothing of.
    """
    found: dict[str, str | Unreadable] = {}
    folders: dict[str, str] = {}
    for path in (path for path, entry in entries.items() if entry.kind == "link"):
        try:
            real = resolve(path)
        except MissingFile:
            continue  # the link itself was deleted
        except Unreadable as reason:
            found[path] = reason
        else:
            if is_folder(real):
                folders[path] = real
            else:
                found[path] = real
    if folders:
        _add_below(folders, entries, found, unlisted)
    return found


def _add_below(
    folders: Mapping[str, str],
    entries: Mapping[str, Entry],
    found: dict[str, str | Unreadable],
    unlisted: Callable[[str], Sequence[str]],
) -> None:
    real = {path: path for path, entry in entries.items() if entry.kind in {"file", "sparse"}}
    real |= {path: target for path, target in found.items() if isinstance(target, str)}
    ordered = sorted(real)
    room = MAX_ALIASES
    for link, folder in folders.items():
        # Nothing may be listed there because git ignores it, but a link that isn't ignored leads there.
        below = _below(ordered, folder) or unlisted(folder)
        room -= len(below)
        if room < 0:
            found[link] = Unreadable(
                f"is one of so many links to folders that over {MAX_ALIASES:,} paths lie behind them",
                "exclude the link, or let it lead to a smaller folder",
            )
            continue
        cut = len(folder) + 1 if folder else 0
        for path in below:
            found.setdefault(f"{link}/{path[cut:]}", real.get(path, path))


def is_pointer(data: bytes) -> bool:
    """Whether a file is what Git LFS leaves in the place of another."""
    return len(data) < 1024 and data.startswith(_LFS)


def open_tree(start: str, *, use_git: bool = True) -> WorkingTree:
    """The repository around the folder `start`; outside of one, or without git, that folder itself.

    Raises:
        Fatal: there is a repository, but git refuses to work in it.
    """
    folder = os.path.realpath(start)
    if not use_git:
        return WorkingTree(folder, git=False, notes=[_WALKED.format("git is left out", folder)])
    if git.find_executable() is None:
        return WorkingTree(folder, git=False, notes=[_WALKED.format("git is not installed", folder)])
    try:
        top = os.fsdecode(git.run(["rev-parse", "--show-toplevel"], start).removesuffix(b"\n"))
    except git.NotARepositoryError:
        return WorkingTree(folder, git=False, notes=[_WALKED.format("this is not a git repository", folder)])
    top = os.path.normpath(top)
    if not os.path.lexists(os.path.join(top, ".git")):
        # A bare repository can claim any folder for its working tree, and gits before 2.38 enter one.
        raise Fatal(f"git takes {top} for the top of the repository, but there is no .git in it")
    return WorkingTree(top, git=True)


_WALKED = "{}: every file below {} counts that no .gitignore excludes"


def _parse_staged(output: str, ends: Collection[str]) -> dict[str, Entry]:
    """From `ls-files -v -s -z`: records such as `H 100644 <blob> 0<tab><path>`, all alike up to the tab."""
    if not output:
        return {}
    tab = output.index("\t")
    records = _having(output, ends) if len(output) > _LARGE else output.split("\0")[:-1]
    start, end = tab + 1, tab - 2
    # Nearly all records are alike, and there may be 100,000: a third of the time that a loop takes.
    found = {r[start:]: Entry("file", r[9:end]) for r in records if r.startswith("H 100")}
    for record in records:
        if not record.startswith("H 100"):
            kind: Kind = "sparse" if record[0] in "Ss" else _KINDS[record[2:5]]
            # The stages of a path in conflict name none of them what is on disk; nor does `h`, an assumption.
            found[record[start:]] = Entry(kind, record[9:end] if record[0] in "HSs" else "")
    return found | {path: Entry(entry.kind) for path, entry in found.items() if entry.blob in _EMPTY_BLOBS}


def _having(output: str, ends: Collection[str]) -> Collection[str]:
    """The records that have one of `ends` in them, and all that aren't of ordinary files: a third of the time of a loop."""
    if len(ends) > _MOST_ENDS or "" in ends:
        return output.split("\0")[:-1]
    output = f"\0{output}"  # so that there is one before each record, too
    find, rfind = output.find, output.rfind
    found: dict[str, None] = {}
    for end in ends:
        at = find(end)
        while at >= 0:
            last = find("\0", at)
            found[output[rfind("\0", 0, at) + 1 : last]] = None
            at = find(end, last)
    for odd in _ODD.finditer(output):
        found[output[odd.end() : find("\0", odd.end())]] = None
    return found


# Where a record begins that isn't of an ordinary file.
_ODD = re.compile(r"\0(?!H 100|\Z)")


_KINDS: dict[str, Kind] = {"100": "file", "120": "link", "160": "submodule"}


def _below(ordered: Sequence[str], folder: str) -> Sequence[str]:
    """The paths inside a folder, out of sorted ones."""
    if not folder:
        return ordered
    return ordered[bisect_left(ordered, f"{folder}/") : bisect_left(ordered, f"{folder}0")]  # `0` follows `/`


def _parts(path: str) -> list[str]:
    parts = native(path).split("/")
    if is_gits(path) or not {"", ".", ".."}.isdisjoint(parts):
        raise Unreadable("is not a path inside the repository")
    return parts


def is_gits(path: str) -> bool:
    """Whether a path lies in git's own folder, which may hold credentials."""
    return ".git" in path.lower().split("/")


def _same(one: str, other: str) -> bool:
    try:
        return os.path.samefile(one, other)
    except OSError:
        return False


# Python decodes names by the locale; git means bytes, and nearly always UTF-8. Where the two agree,
# these are the identity.
_UTF_8_NAMES = os.name == "nt" or sys.getfilesystemencoding() == "utf-8"


def text(output: bytes) -> str:
    """What git prints, with paths as ours."""
    return output.decode("utf-8", "surrogateescape")


def native(path: str) -> str:
    """A path of ours as Python's file functions want it."""
    return path if _UTF_8_NAMES else os.fsdecode(path.encode("utf-8", "surrogateescape"))


def portable(path: str) -> str:
    """A path from Python's file functions as one of ours."""
    path = path.replace(os.sep, "/") if os.sep != "/" else path
    return path if _UTF_8_NAMES else os.fsencode(path).decode("utf-8", "surrogateescape")
