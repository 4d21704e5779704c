"""What a `check` in which all was well depended on and printed, written down for `quick.py`.

A run's output follows from its command line, a few variables (both in the question), and files. Of each file that
counted, or would if it were there, the record has the stamp; of each folder in which git would find a new file, too.
All of them must have been at rest when the run began, or what was seen might not be what the stamp stands for.
Whatever can't be known for certain ends the attempt: the next run is a real one, that is all.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from contextlib import suppress
from stat import S_ISDIR
from typing import TYPE_CHECKING, NamedTuple

from prompt_lint import kept, quick, staged
from prompt_lint.cache.counts import FILE
from prompt_lint.config import load
from prompt_lint.model.errors import Exit, Fatal
from prompt_lint.repo import git, safe_read

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

    from prompt_lint.cache.counts import Cache
    from prompt_lint.model.values import Report
    from prompt_lint.quick import Question
    from prompt_lint.repo.working_tree import WorkingTree

# What Linux's clock for files is behind at most, in nanoseconds; it ticks every 10 milliseconds, or more often.
_TICK = 20_000_000
# Rows of the cache that are in use want to be marked so now and then, which takes a real run.
_LASTS = 30 * 86_400
_MOST_PATHS = 150_000
# Records in one folder, and bytes of them.
_MOST_RECORDS, _ROOM = 100, 64 << 20
# File systems that change a folder's time with each name in it, and an inode's with whatever is done to it.
_DEPENDABLE = {"ext2", "ext3", "ext4", "xfs", "btrfs", "tmpfs", "overlay", "zfs", "f2fs", "bcachefs"}
_IGNORE = ".gitignore"
# Without them it is no repository.
_GITS = (b".git", b".git/objects", b".git/refs")
_IS_MISSING = (FileNotFoundError, NotADirectoryError)


class Begun(NamedTuple):
    """A question, when it was put (in nanoseconds), and which of the files that always count weren't there then."""

    question: Question
    time: int
    absent: frozenset[str]


class _Unfit(Exception):
    """This run can't be told from its files alone."""


def begin(question: Question, env: Mapping[str, str]) -> Begun:
    """To be called before anything is looked at."""
    began = time.time_ns()
    always = _settings(question.top, env) + _index(question.top)
    always += _counts(os.path.join(os.path.dirname(question.file), FILE))
    absent = (path for path in always if not os.path.lexists(path))
    return Begun(question, began, frozenset(absent))


def keep(
    begun: Begun, env: Mapping[str, str], tree: WorkingTree, report: Report, cache: Cache, text: str
) -> None:
    """Write the record of a run that has ended, if it is one that can be repeated. Says nothing, raises nothing."""
    question = begun.question
    with suppress(OSError, ValueError, Fatal, git.NotARepositoryError, _Unfit):
        until = _good_until(begun, report, cache, text)
        known = tree.git and tree.top == question.top and len(tree.trace.listed) == 1
        if not known or os.path.dirname(cache.path) != os.path.dirname(question.file):
            raise _Unfit
        configured = _configured(question.top)
        unsure = _unsure_of_index(question.top)
        index = _at_rest(_index(question.top), os.stat, begun, unsure)
        within = _within(tree, configured)
        listing = staged.start(question.top, within, f"{question.file}.{os.getpid()}.tmp")
        try:
            settings = _at_rest(_all_settings(question.top, env, cache, configured), os.stat, begun)
            plain, watched, folders = _watched(begun, tree)
            listed = staged.digest(listing)
        finally:
            staged.stop(listing)
        decides = settings, index, (list(map(os.fsencode, within)), listed), plain, watched, folders
        kept.make_room(os.path.dirname(question.file), quick.PREFIX, _MOST_RECORDS, _ROOM)
        times = begun.time // 1_000_000_000, until
        quick.write(quick.Record(question.key, text, times, *decides), question.file)


def _good_until(begun: Begun, report: Report, cache: Cache, text: str) -> int:
    """Until when the same files give the same report, in Unix seconds."""
    calm = report.exit_code == Exit.OK and not report.problems and not report.sent and not report.unanswered
    # A note about the run, not about a file, is about something that may pass.
    if not calm or cache.warnings or not all(note.path for note in report.notes) or not quick.printable(text):
        raise _Unfit
    return min(begun.time // 1_000_000_000 + _LASTS, cache.good_until)


def _at_rest(
    paths: Iterable[str], look: Callable[[str], os.stat_result], begun: Begun, unsure: int | None = None
) -> dict[bytes, bytes]:
    """The stamp of each path. Raises `_Unfit` where it might not be that of what the run saw."""
    found = {}
    latest = begun.time - (quick.UNSURE if unsure is None else unsure)
    for path in paths:
        try:
            status = look(path)
        except _IS_MISSING:
            if path not in begun.absent:
                _require_long_absent(path, latest)
            found[os.fsencode(path)] = quick.ABSENT
        else:
            stamp = safe_read.stamp(status)
            if not stamp or max(status.st_mtime_ns, status.st_ctime_ns) > latest:
                raise _Unfit
            found[os.fsencode(path)] = stamp
    return found


def _require_long_absent(path: str, latest: int) -> None:
    """No name has come to or gone from where it would be."""
    while path:
        path = os.path.dirname(path)
        with suppress(*_IS_MISSING):
            status = os.stat(path or ".")
            if max(status.st_mtime_ns, status.st_ctime_ns) > latest:
                raise _Unfit
            return


# What decides beside the files of the repository


def _settings(top: str, env: Mapping[str, str]) -> list[str]:
    """Files that always count, absolute: of us, of git, and of the credentials; there or not."""
    inside = ("config", "config.worktree", "commondir", "info/exclude")
    found = [f"{top}/{name}" for name in load.NAMES] + [f"{top}/.git/{name}" for name in inside]
    home, shared = env.get("HOME", ""), env.get("XDG_CONFIG_HOME", "")
    shared = shared or (home and f"{home}/.config")
    if home:
        found += [f"{home}/.gitconfig", f"{home}/.config/anthropic/active_config"]
        found += [f"{home}/.config/anthropic/configs/default.json"]
    if shared:
        found += [f"{shared}/git/config", f"{shared}/git/ignore"]
    program = git.executable() or ""
    for folder in filter(os.path.isabs, os.get_exec_path()):  # as `git.executable` does
        found.append(f"{folder}/git")
        if found[-1] == program:
            break
    prefix = os.path.dirname(os.path.dirname(program))
    return list(map(os.path.normpath, (*found, "/etc/gitconfig", f"{prefix}/etc/gitconfig")))


def _counts(path: str) -> list[str]:
    """The file of counts, and what is beside it while somebody writes."""
    return [path, f"{path}-journal"]


def _index(top: str) -> list[str]:
    """Files of git that change every day, and mostly in nothing that counts."""
    return [f"{top}/.git/index", f"{top}/.git/HEAD"]


def _unsure_of_index(top: str) -> int:
    """A hook runs right after `git add`. Git puts a new file in the place of the index, so one tick of the clock will do."""
    times = [os.stat(path).st_ctime_ns for path in _index(top) if os.path.exists(path)]
    fine = sys.platform == "linux" and _is_dependable(top) and all(time % 1_000_000_000 for time in times)
    return min(quick.UNSURE, _TICK) if fine else quick.UNSURE


def _within(tree: WorkingTree, configured: Sequence[tuple[str, str, str]]) -> list[str]:
    """Whose entries in the index decide, each with all below it; nothing for everything."""
    [(_, within)] = tree.trace.listed
    ways = tree.worth_asking(within)
    # Links may lead anywhere, and of what is taken in git is asked wherever it is, and whether it is ignored there.
    asked = any(os.path.basename(path) == _IGNORE for path in tree.trace.asked)
    # Where capitals and others are one, an entry counts for names that it isn't listed under.
    alike = any(name == "core.ignorecase" and value.lower() != "false" for _, name, value in configured)
    if not ways or asked or alike or "link" in tree.kinds.values():
        return []
    # With the folders on the way, of which the index may say something else; and with what is ignored in them.
    return sorted({_IGNORE, *(path.split("/")[0] for path in ways)})


def _configured(top: str) -> list[tuple[str, str, str]]:
    """Git's settings: where each is from, its name, and its value."""
    words = os.fsdecode(git.run(["config", "-z", "--list", "--show-origin"], top)).split("\0")[:-1]
    settings = (setting.partition("\n") for setting in words[1::2])
    return [(origin, name, value) for origin, (name, _, value) in zip(words[::2], settings, strict=True)]


def _all_settings(
    top: str, env: Mapping[str, str], cache: Cache, configured: Sequence[tuple[str, str, str]]
) -> list[str]:
    """And what git's configuration adds to them. Raises `_Unfit` for what it could hide."""
    found = [*_settings(top, env), *_counts(cache.path)]
    excludes = ""
    for origin, name, value in configured:
        # Other files, another top, an index in two parts; and somebody knows that times don't tell here.
        if name.startswith(("include.", "includeif.")) or name in _BEYOND:
            raise _Unfit
        if name == "core.excludesfile":
            excludes = value
        if origin.startswith("file:"):
            found.append(os.path.join(top, origin[5:]))
    if excludes:
        found.append(_expanded(excludes, top, env))
    if not all(map(os.path.isabs, found)):
        raise _Unfit
    return list(dict.fromkeys(map(os.path.normpath, found)))


_BEYOND = {"core.worktree", "core.splitindex", "core.trustctime", "core.checkstat"}


def _expanded(value: str, top: str, env: Mapping[str, str]) -> str:
    if value.startswith("~/"):
        value = env.get("HOME", "") + value[1:]
    if value.startswith(("~", "%(")):
        raise _Unfit
    return os.path.join(top, value)


# What decides in the repository: paths are relative to its top, which is the working directory


def _watched(begun: Begun, tree: WorkingTree) -> tuple[list[bytes], dict[bytes, bytes], int]:
    """Folders that must be no links; the stamp of each file and folder that counts; how many of them are folders."""
    [(named, within)] = tree.trace.listed
    if any(kind != "link" or os.path.isdir(path) for path, kind in tree.kinds.items()):
        raise _Unfit  # other repositories, and links to folders, behind which anything may be
    given = _given(begun.question)
    if named and not given.issuperset(named):
        raise _Unfit  # a link on the way there has been seen through
    if any(os.path.isdir(path) or os.path.islink(path) for path in given):
        raise _Unfit
    paths = {*tree.trace.asked, *given, *_on_the_way(tree)}
    folders: dict[bytes, bytes] = {}
    if not named:
        if sys.platform != "darwin" and not _is_dependable(tree.top):
            raise _Unfit
        starts, beside = _starts(within)
        folders, ignores = _folders(starts, begun)
        paths.update(beside, ignores)
    if any(os.path.islink(path) for path in paths if os.path.basename(path) == _IGNORE):
        raise _Unfit  # what some versions of git follow
    paths, plain = _first_missing(paths, folders)
    if len(paths) + len(folders) > _MOST_PATHS:
        raise _Unfit
    return plain, _at_rest(sorted(paths), os.lstat, begun) | folders, len(folders)


def _given(question: Question) -> set[str]:
    """The paths of the command line. A run wants all of them to be there, also where it is about more than these."""
    prefix = f"{question.top}/"
    places = [os.path.normpath(os.path.join(question.top, path)) for path in question.paths]
    if not all(place.startswith(prefix) for place in places):
        raise _Unfit
    return {place.removeprefix(prefix) for place in places}


def _on_the_way(tree: WorkingTree) -> Iterator[str]:
    """Where links are, or might have been. Of a folder it will be asked whether it is one still."""
    prefix = f"{tree.top}/"
    for path in tree.trace.looked:
        if not path.startswith(prefix):
            raise _Unfit
        yield path[len(prefix) :] + ("/." if _is_folder(path) else "")


def _first_missing(paths: Iterable[str], folders: Mapping[bytes, bytes]) -> tuple[set[str], list[bytes]]:
    """The paths, or the first thing on the way to each that is no folder; and the folders that are no `folders`."""
    first = {"": ""}

    def look(folder: str) -> str:
        if folder not in first:
            first[folder] = look(os.path.dirname(folder)) or ("" if _is_folder(folder) else folder)
        return first[folder]

    found = {look(os.path.dirname(path)) or path for path in paths}
    plain = [os.fsencode(folder) for folder, missing in first.items() if folder and not missing]
    found = {path for path in found if not path.endswith("/.")}
    return found, [*_GITS, *(folder for folder in plain if folder not in folders)]


def _starts(within: Collection[str]) -> tuple[list[str], set[str]]:
    """The folders that are listed as wholes; and what counts on the way to them."""
    starts: list[str] = []
    beside: set[str] = set()
    for path in within:
        place, names = "", path.split("/") if path else []
        while names and _is_folder(place):
            beside |= {f"{place}/.git", f"{place}/{_IGNORE}"} if place else {_IGNORE}
            place = f"{place}/{names.pop(0)}".lstrip("/")
        if _is_folder(place):
            starts.append(place)
        else:  # a file that a pattern names, or nothing
            beside.add(place)
    return starts, beside


def _folders(starts: Sequence[str], begun: Begun) -> tuple[dict[bytes, bytes], set[str]]:
    """The stamps of all folders that git looks into for new files, and the files there that say what it ignores."""
    known, children, known_ignores = _known(begun.question)
    found: dict[bytes, bytes] = {}
    ignores: set[str] = set()
    todo = starts
    while todo:
        stamps = _at_rest([folder or "." for folder in todo], os.lstat, begun)
        found |= stamps
        if len(found) > _MOST_PATHS or len({stamp[:8] for stamp in found.values()}) > 1:
            raise _Unfit  # too many; or something else is mounted in between
        unchanged = [folder for folder in todo if known.get(folder) == stamps[os.fsencode(folder or ".")]]
        changed = set(todo).difference(unchanged)
        ignores |= {ignore for folder in unchanged if (ignore := _join(folder, _IGNORE)) in known_ignores}
        todo = [child for folder in unchanged for child in children.get(folder, ())]
        todo += _not_ignored(_inside(changed, ignores), begun.question.top)
    return found, ignores


def _known(question: Question) -> tuple[dict[str, bytes], dict[str, list[str]], set[str]]:
    """From the record that is to be replaced: stamps of folders, the folders in each, and files that say what is ignored.

    What is in a folder that hasn't changed needn't be asked again, as long as the same is ignored.
    """
    try:
        former = quick.load(question)
    except Exception:  # noqa: BLE001  # it may be anything
        former = None
    if former is None:
        return {}, {}, set()
    names = [os.fsdecode(path) for path in former.watched]
    ignores = {path for path in names if os.path.basename(path) == _IGNORE}
    deciding = {os.fsencode(path): former.watched[os.fsencode(path)] for path in ignores}
    # All of git's settings, but not ours, which say nothing of what is ignored.
    counts = os.path.join(os.path.dirname(question.file), FILE)
    ours = set(map(os.fsencode, (*_counts(counts), *(f"{question.top}/{name}" for name in load.NAMES))))
    settings = {path: stamp for path, stamp in former.settings.items() if path not in ours}
    if not quick.unchanged(deciding, os.lstat) or not quick.unchanged(settings, os.stat):
        return {}, {}, set()
    folders = {"" if name == "." else name for name in names[len(names) - former.folders :]}
    children: dict[str, list[str]] = {}
    for folder in folders:
        if folder:
            children.setdefault(os.path.dirname(folder), []).append(folder)
    stamps = {folder: former.watched[os.fsencode(folder or ".")] for folder in folders}
    present = {path for path in ignores if former.watched[os.fsencode(path)] != quick.ABSENT}
    return stamps, children, present


def _inside(folders: Iterable[str], ignores: set[str]) -> list[str]:
    """The folders in folders. Files that say what is ignored are added to `ignores`."""
    found = []
    for folder in folders:
        with os.scandir(folder or ".") as entries:
            for entry in entries:
                name = entry.name.lower()  # as some file systems have it
                if name == ".git":
                    if folder:
                        raise _Unfit
                elif name == _IGNORE:
                    if not entry.is_file(follow_symlinks=False):
                        raise _Unfit
                    ignores.add(_join(folder, entry.name))
                elif entry.is_dir(follow_symlinks=False):
                    found.append(_join(folder, entry.name))
    return found


def _not_ignored(folders: Sequence[str], top: str) -> list[str]:
    """Those that git looks into for untracked files."""
    program = git.executable()
    if not folders or not program:
        return []
    options = [option for option in git.HARDENED if option != "--literal-pathspecs"]  # which it doesn't take
    command = [program, *options, "-C", top, "check-ignore", "-v", "-z", "--no-index", "--stdin"]
    asked = b"".join(b"./" + os.fsencode(folder) + b"\0" for folder in folders)
    done = subprocess.run(command, input=asked, capture_output=True, env=git.environment(), check=False)
    if done.returncode not in {0, 1}:
        raise _Unfit
    words = done.stdout.split(b"\0")[:-1]
    matches = zip(words[2::4], words[3::4], strict=True)
    ignored = {os.fsdecode(path) for pattern, path in matches if not pattern.startswith(b"!")}
    return [folder for folder in folders if f"./{folder}" not in ignored]


def _is_dependable(top: str) -> bool:
    """Whether the file system there, as Linux has it, is one of those."""
    best, kind = "", ""
    with open("/proc/self/mountinfo", encoding="utf-8", errors="surrogateescape") as file:
        for line in file:
            mount, _, rest = line.partition(" - ")
            place = mount.split(" ")[4].encode("utf-8", "surrogateescape").decode("unicode_escape")
            place = place.encode("latin-1").decode("utf-8", "surrogateescape").rstrip("/")
            if f"{top}/".startswith(f"{place}/") and len(place) >= len(best):
                best, kind = place, rest.split(" ")[0]
    return kind in _DEPENDABLE


def _is_folder(path: str) -> bool:
    """A real one."""
    try:
        return S_ISDIR(os.lstat(path or ".").st_mode)
    except OSError:
        return False


def _join(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name
