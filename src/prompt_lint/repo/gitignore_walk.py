"""The files below a folder that belongs to no git repository, without those that a .gitignore excludes."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, NamedTuple

from prompt_lint.text import patterns as globs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

MAX_GITIGNORE = 256 * 1024

# A pattern of `globs` matches what lies below a folder, too; git asks about each path for itself. So both
# sides get one more segment, which no name can be: it tells files from folders as well.
_FILE, _FOLDER = "\ud800", "\ud801"
_EITHER = f"[{_FILE}{_FOLDER}]"

_TRAILING_SPACES = re.compile(r"(?<!\\) +\Z")
# What `globs` reads in another way: braces, and a backslash before a letter.
_MAGIC = re.compile(r"[][*?{}!#,\\]")
_FOREIGN = re.compile(r"\\[A-Za-z0-9]|\\.|\[[!^]?\]?[^\]]*\]|[{}]")


class Found(NamedTuple):
    """A name on disk, by its path from the top. What is neither link nor folder counts as a file."""

    path: str
    link: bool


class _Folder(NamedTuple):
    """A folder still to be looked into, with the patterns that hold there."""

    path: str
    patterns: tuple[str, ...]
    ignored: Callable[[str], bool]


def walk(top: str, start: str, notes: list[str], *, ignoring: bool = True) -> Iterator[Found]:
    """Everything below `start`, a path from `top` ("" is `top` itself), but no `.git` and through no link.

    What can't be listed or understood is added to `notes`.
    """
    waiting = [_Folder(start, (), lambda _: False)]
    while waiting:
        folder = waiting.pop()
        try:
            with os.scandir(os.path.join(top, folder.path)) as listing:
                names = sorted(listing, key=lambda one: one.name)
        except OSError as error:
            notes.append(f"{folder.path or top} can't be listed: {error.strerror}")
            continue
        if ignoring and any(one.name == ".gitignore" for one in names):
            folder = _with_gitignore(top, folder, notes)
        for one in names:
            path = f"{folder.path}/{one.name}" if folder.path else one.name
            if one.name.lower() == ".git":
                continue
            if one.is_dir(follow_symlinks=False):
                if not folder.ignored(f"{path}/{_FOLDER}"):
                    waiting.append(folder._replace(path=path))
            elif not folder.ignored(f"{path}/{_FILE}"):
                yield Found(path, one.is_symlink())


def ignores(top: str, path: str, notes: list[str]) -> bool:
    """Whether a .gitignore on the way from `top` excludes the file at `path`, or a folder that it is in."""
    folder = _Folder("", (), lambda _: False)
    names = path.split("/")
    for depth, name in enumerate(names, 1):
        if os.path.lexists(os.path.join(top, folder.path, ".gitignore")):
            folder = _with_gitignore(top, folder, notes)
        place = f"{folder.path}/{name}" if folder.path else name
        if folder.ignored(f"{place}/{_FILE if depth == len(names) else _FOLDER}"):
            return True
        folder = folder._replace(path=place)
    return False


def _with_gitignore(top: str, folder: _Folder, notes: list[str]) -> _Folder:
    """`folder` with the patterns of its own .gitignore after those of the folders above it."""
    name = f"{folder.path}/.gitignore" if folder.path else ".gitignore"
    try:
        patterns = (*folder.patterns, *_patterns(_lines(os.path.join(top, name)), folder.path, name, notes))
        return folder._replace(patterns=patterns, ignored=globs.compile_patterns(patterns))
    except OSError as error:
        notes.append(f"{name} can't be read, so it excludes nothing: {error.strerror}")
    except ValueError as error:
        notes.append(f"{name} excludes nothing: {error}")
    return folder


def _lines(path: str) -> list[str]:
    # As in git, a .gitignore that is a link is none: it could lead anywhere.
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    with open(os.open(path, flags), "rb") as file:
        data = file.read(MAX_GITIGNORE + 1)
    if len(data) > MAX_GITIGNORE:
        raise ValueError(f"it is larger than {MAX_GITIGNORE:,} bytes")
    return data.decode("utf-8-sig", "surrogateescape").split("\n")


def _patterns(lines: Sequence[str], folder: str, name: str, notes: list[str]) -> Iterator[str]:
    for number, line in enumerate(lines, 1):
        text = _TRAILING_SPACES.sub("", line.removesuffix("\r"))
        if not text or text.startswith("#"):
            continue
        pattern = _pattern(text, folder)
        try:
            globs.compile_patterns([pattern])
        except ValueError as error:
            notes.append(f"{name}:{number} is passed over: {error}")
        else:
            yield pattern


def _pattern(text: str, folder: str) -> str:
    """A line of the .gitignore in `folder` as a pattern of `globs`, from the top, for paths with a mark."""
    negated = "!" if text.startswith("!") else ""
    text = text.removeprefix("!")
    mark = _FOLDER if text.endswith("/") else _EITHER
    text = _FOREIGN.sub(_own, text.removesuffix("/"))
    anywhere = "" if "/" in text else "**/"
    text = text.removeprefix("/")
    if text.endswith("/**"):  # all that is inside, but not the folder itself
        text += "/*"
    above = _MAGIC.sub(r"\\\g<0>", f"{folder}/") if folder else ""
    return f"{negated}/{above}{anywhere}{text}/{mark}"


def _own(match: re.Match[str]) -> str:
    found = match[0]
    if found in {"{", "}"}:
        return f"\\{found}"
    return found[1] if found[0] == "\\" and found[1].isalnum() else found
