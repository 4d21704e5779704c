"""Walk a folder that isn't in a git repository, without the files that a .gitignore excludes.

pathspec says what a .gitignore means. It matches by backtracking, and a .gitignore may be a stranger's: so patterns and
paths with which that could take long are left out, and noted.
"""

from __future__ import annotations

import os
import re
import warnings
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

from pathspec import GitIgnoreSpec
from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern

from prompt_lint.model.errors import Unreadable
from prompt_lint.repo import safe_read

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

# In bytes.
MAX_GITIGNORE = 256 * 1024
# In characters. A path is measured from the folder of the .gitignore.
MAX_PATTERN = 512
MAX_PATH = 256
# The power of a path's length with which the time grows that a pattern takes, and its cost: the time for the worst path in
# tenths of a millisecond (measured in November 2026). What applies in a folder takes at most a second for a path.
_MAX_DEGREE = 3
_COST_BY_DEGREE = (1, 2, 10, 600)
_MAX_COST = 10_000
# For one .gitignore.
_MAX_NOTES = 10


class _Folder(NamedTuple):
    """A folder, and the patterns that apply in it: of its .gitignore and of those above."""

    path: str
    for_files: GitIgnoreSpec = GitIgnoreSpec((), backend="simple")
    for_folders: GitIgnoreSpec = GitIgnoreSpec((), backend="simple")
    cost: int = 0

    def join(self, name: str) -> str:
        return f"{self.path}/{name}" if self.path else name

    def ignores(self, path: str, notes: list[str], *, is_folder: bool) -> bool:
        """Return whether the patterns ignore a path from the top, if they don't ignore a folder that it is in."""
        spec = self.for_folders if is_folder else self.for_files
        if len(path) <= MAX_PATH:
            return bool(spec.check_file(path).include)
        note = f"paths longer than {MAX_PATH} characters are not looked up in .gitignore"
        if note not in notes:
            notes.append(note)
        return False

    def add_patterns(self, lines: Sequence[str], name: str, notes: list[str]) -> _Folder:
        """Return the folder with the lines of its .gitignore, which is called `name` in notes."""
        files, folders = list(self.for_files.patterns), list(self.for_folders.patterns)
        cost = self.cost
        refused = 0
        for number, line in enumerate(map(_normalize, lines), 1):
            if not line or line.startswith("#"):
                continue
            try:
                cost += _find_cost(line)
                if cost > _MAX_COST:
                    notes.append(f"{name} is ignored from line {number} on: too many patterns, or wildcards")
                    break
                pattern = _compile(line, self.path)
                # Of a pattern that ends with a slash, pathspec matches what is below the folder, but not the folder itself.
                folders.append(_compile(line[:-1], self.path) if line.endswith("/") else pattern)
                files.append(pattern)
            except ValueError as error:
                refused += 1
                if refused <= _MAX_NOTES:
                    notes.append(f"{name}:{number} is ignored: {error}")
        if refused > _MAX_NOTES:
            notes.append(f"{name}: {refused - _MAX_NOTES:,} more lines are ignored")
        for_files, for_folders = (GitIgnoreSpec(patterns, backend="simple") for patterns in (files, folders))
        return _Folder(self.path, for_files, for_folders, cost)


def walk(top: str, start: str, notes: list[str], *, use_gitignore: bool = True) -> Iterator[tuple[str, bool]]:
    """Yield everything below `start`, a path from `top` ("" is `top` itself), but no `.git`, and through no link.

    Each comes as its path from `top`, and whether it is a link. What can't be listed or understood is added to `notes`.
    """
    waiting = [_Folder(start)]
    while waiting:
        folder = waiting.pop()
        try:
            with os.scandir(os.path.join(top, folder.path)) as listing:
                entries = sorted(listing, key=lambda entry: entry.name)
        except OSError as error:
            notes.append(f"{folder.path or top} can't be listed: {error.strerror}")
            continue
        if use_gitignore and any(entry.name == ".gitignore" for entry in entries):
            folder = _add_gitignore(top, folder, notes)
        for entry in entries:
            path = folder.join(entry.name)
            if entry.name.lower() == ".git":
                continue
            is_folder = entry.is_dir(follow_symlinks=False)
            if folder.ignores(path, notes, is_folder=is_folder):
                continue
            if is_folder:
                waiting.append(folder._replace(path=path))
            else:
                yield path, entry.is_symlink()


def is_ignored(top: str, path: str, notes: list[str]) -> bool:
    """Return whether a .gitignore on the way from `top` excludes the file at `path`, or a folder that it is in."""
    folder = _Folder("")
    for name in path.split("/"):
        if os.path.lexists(os.path.join(top, folder.path, ".gitignore")):
            folder = _add_gitignore(top, folder, notes)
        inner = folder.join(name)
        if folder.ignores(inner, notes, is_folder=inner != path):
            return True
        folder = folder._replace(path=inner)
    return False


def _add_gitignore(top: str, folder: _Folder, notes: list[str]) -> _Folder:
    """Return `folder` with the patterns of its own .gitignore, which come after those of the folders above it."""
    path = folder.join(".gitignore")
    try:
        # As in git, a .gitignore that is a link isn't followed: it could lead anywhere.
        data = safe_read.read_file(os.path.join(top, path), MAX_GITIGNORE)
    except safe_read.TooLarge:
        notes.append(f"{path} excludes nothing: it is larger than {MAX_GITIGNORE:,} bytes")
        return folder
    except (OSError, Unreadable) as error:
        reason = error.strerror if isinstance(error, OSError) else error.message
        notes.append(f"{path} can't be read, so nothing is ignored by it: {reason}")
        return folder
    lines = data.decode("utf-8-sig", "surrogateescape").split("\n")
    return folder.add_patterns(lines, path, notes)


def _normalize(line: str) -> str:
    """Return a line without the white space at its end (but for a space that is escaped), as git and pathspec read it."""
    line = line.removesuffix("\r")
    line = line if line.endswith("\\ ") else line.rstrip()
    # To git, `a/**/` are the folders in a, to pathspec all that is in it.
    return f"{line}*/" if line.endswith("**/") else line


def _find_cost(pattern: str) -> int:
    """Return what a pattern may cost. Raises `ValueError` for one that costs too much by itself."""
    if len(pattern) > MAX_PATTERN:
        raise ValueError(f"the pattern is {len(pattern)} characters long; the most is {MAX_PATTERN}")
    degree = _find_degree(pattern.split("/"))
    if degree > _MAX_DEGREE:
        raise ValueError("the pattern has too many wildcards")
    return _COST_BY_DEGREE[degree]


def _find_degree(names: Sequence[str]) -> int:
    """Return the power of a path's length with which the time grows that matching these names takes.

    A `**` may end at each slash, a `*` at each character of its name; but the last `*` of a name that isn't the last ends
    at its slash.
    """
    any_depth = [name for name, _ in groupby(names)].count("**")
    stars = [name.count("*") for name in names if name != "**"]
    return any_depth + sum(max(count - 1, 0) for count in stars) + (1 if any(stars) else 0)


def _compile(pattern: str, folder: str) -> GitIgnoreSpecPattern:
    """Compile a line of the .gitignore in `folder` for paths from the top."""
    if folder and pattern.strip("/"):
        negation = "!" if pattern.startswith("!") else ""
        body = pattern.removeprefix("!")
        any_depth = "" if "/" in body.removesuffix("/") else "**/"
        pattern = f"{negation}/{GitIgnoreSpecPattern.escape(folder)}/{any_depth}{body.removeprefix('/')}"
    with warnings.catch_warnings():
        # Such as for `[[:alpha:]]`, which would match something else.
        warnings.simplefilter("error", FutureWarning)
        try:
            return GitIgnoreSpecPattern(pattern)
        except (re.error, ValueError, FutureWarning):
            raise ValueError("it isn't a valid pattern") from None
