"""Paths as git prints them, and as Python's file functions want them.

Python decodes names by the locale; git means bytes, and nearly always UTF-8. Where the two agree, the translations do nothing.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from prompt_lint.model.errors import Unreadable

if TYPE_CHECKING:
    from collections.abc import Container

_NAMES_ARE_UTF_8 = os.name == "nt" or sys.getfilesystemencoding() == "utf-8"


def decode(output: bytes) -> str:
    """Return what git prints as text, with its paths as those of a tree."""
    return output.decode("utf-8", "surrogateescape")


def to_native(path: str) -> str:
    """Return a path of a tree as Python's file functions want it."""
    return path if _NAMES_ARE_UTF_8 else os.fsdecode(path.encode("utf-8", "surrogateescape"))


def from_native(path: str) -> str:
    """Return a path from Python's file functions as one of a tree."""
    path = path.replace(os.sep, "/") if os.sep != "/" else path
    return path if _NAMES_ARE_UTF_8 else os.fsencode(path).decode("utf-8", "surrogateescape")


def is_in_git_folder(path: str) -> bool:
    """Return whether a path is in a folder named `.git`, which is git's own and may have credentials in it."""
    return ".git" in path.lower().split("/")


def belongs_to_git(path: str) -> bool:
    """Return whether a native path is git's own, through links, too: in a `.git`, or in a folder that git keeps elsewhere."""
    real = os.path.realpath(path)
    if is_in_git_folder(real.replace(os.sep, "/")):
        return True
    folder, name = os.path.split(real)
    while name:
        if all(os.path.exists(os.path.join(folder, part)) for part in ("HEAD", "objects", "refs")):
            return True
        folder, name = os.path.split(folder)
    return False


def split_native(path: str) -> list[str]:
    """Return the native names of a path. Raises `Unreadable` for one that climbs out of the tree, or into `.git`."""
    names = to_native(path).split("/")
    if is_in_git_folder(path) or not {"", ".", ".."}.isdisjoint(names):
        raise Unreadable("is not a path inside the repository")
    return names


def find_nearest_folder(path: str, folders: Container[str]) -> str | None:
    """Return which of `folders` a path is, or is in: the nearest one, "" for the top; None where it is in none."""
    while path not in folders:
        if not path:
            return None
        path = path.rpartition("/")[0]
    return path


def list_parents(path: str) -> list[str]:
    """Return the paths of the folders that a path is in, the outermost first, without the top."""
    names = path.split("/")
    return ["/".join(names[:depth]) for depth in range(1, len(names))]
