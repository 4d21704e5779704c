"""Follow symbolic links inside of a tree, wherever its files are: on disk or in a commit."""

from __future__ import annotations

import os
from bisect import bisect_left
from typing import TYPE_CHECKING

from prompt_lint.model.errors import BrokenLink, MissingFile, Unreadable
from prompt_lint.repo.paths import from_native, is_in_git_folder, to_native

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from prompt_lint.repo import Tree
    from prompt_lint.repo.entries import Entry

    # An absolute path, and how many links were followed before → what the link there holds; None if there is no link.
    ReadLink = Callable[[str, int], str | None]

# In bytes. No system takes a longer path, so none is the target of a link.
MAX_TARGET = 4096
# Linux gives up after as many links in a row, so a longer chain is no use to anybody.
MAX_HOPS = 40
# Paths below links to folders, in one repository. A link to the top of a large one makes as many as it has files.
MAX_ALIASES = 100_000


def follow_links(top: str, path: str, read_link: ReadLink) -> str:
    """Return the real path of `path`, with every link on the way followed as the kernel would.

    Raises `Unreadable` where it leads out of the repository, into git's own folder, or in circles; or what `read_link` raises.
    """
    done, left, hops = top, to_native(path).split("/")[::-1], 0
    while left:
        name = left.pop()
        if name in {"", "."}:
            continue
        if name == "..":
            done = os.path.dirname(done)
            continue
        here = os.path.join(done, name)
        target = read_link(here, hops)
        if target is None:
            done = here
            continue
        hops += 1
        if hops > MAX_HOPS:
            raise Unreadable("is a symbolic link that goes in circles", "correct the link, or remove it")
        if os.path.isabs(target):
            done = os.path.splitdrive(target)[0] + os.sep
        left += target.replace("/", os.sep).split(os.sep)[::-1]
    return path_inside(top, done)


def path_inside(top: str, absolute: str) -> str:
    """Return an absolute path as one of the tree. Raises `Unreadable` where a link has left it."""
    prefix = top.rstrip(os.sep) + os.sep
    inner = f"{absolute}{os.sep}".removeprefix(prefix)
    if not f"{absolute}{os.sep}".startswith(prefix) or is_in_git_folder(inner.replace(os.sep, "/")):
        raise Unreadable(
            "is a symbolic link that leaves the repository", "put the file itself into the repository"
        )
    return from_native(inner.rstrip(os.sep).replace(os.sep, "/"))


def broken_link(destination: str, end: str) -> BrokenLink:
    """Return the error for a link that leads to no file but to `end`; `destination` is the end of a sentence."""
    return BrokenLink(
        f"is a symbolic link that leads to {destination}", "correct the link, or remove it", end
    )


def explain_left_out() -> Unreadable:
    """Return the error for a file that a sparse checkout leaves out."""
    return Unreadable(
        "is left out by the sparse checkout, so it can't be measured",
        "`git sparse-checkout add` its folder, or exclude it",
    )


def find_aliases(
    entries: Mapping[str, Entry],
    resolve: Callable[[str], str],
    is_folder: Callable[[str], bool],
    list_unlisted: Callable[[str], Sequence[str]],
) -> dict[str, str | Unreadable]:
    """Return where the links among `entries` lead, as `Tree.find_aliases` describes it.

    `list_unlisted(folder)` returns what is below a folder of which `entries` have nothing.
    """
    aliases: dict[str, str | Unreadable] = {}
    folders: dict[str, str] = {}
    for path, entry in entries.items():
        if entry.kind == "sparse link":
            aliases[path] = explain_left_out()
        if entry.kind != "link":
            continue
        try:
            real = resolve(path)
        except MissingFile:
            continue  # the link itself was deleted
        except Unreadable as reason:
            aliases[path] = reason
        else:
            if is_folder(real):
                folders[path] = real
            else:
                aliases[path] = real
    if folders:
        _add_folders(aliases, folders, entries, list_unlisted)
    return aliases


def list_names(tree: Tree, path: str) -> set[str]:
    """Return a path, and where it leads if it is a link."""
    try:
        return {path, tree.resolve(path)}
    except Unreadable:
        return {path}


def select_intact(aliases: Mapping[str, str | Unreadable]) -> dict[str, str]:
    """Return the links that lead to a file, and where they lead."""
    return {link: real for link, real in aliases.items() if isinstance(real, str)}


def _add_folders(
    aliases: dict[str, str | Unreadable],
    folders: Mapping[str, str],
    entries: Mapping[str, Entry],
    list_unlisted: Callable[[str], Sequence[str]],
) -> None:
    real = {path: path for path, entry in entries.items() if entry.kind in {"file", "sparse"}}
    real |= select_intact(aliases)
    ordered = sorted(real)
    room = MAX_ALIASES
    for link, folder in folders.items():
        # Nothing may be listed there because git ignores it, but a link that isn't ignored leads there.
        below = _list_below(ordered, folder) or list_unlisted(folder)
        room -= len(below)
        if room < 0:
            aliases[link] = Unreadable(
                f"is one of so many links to folders that over {MAX_ALIASES:,} paths lie behind them",
                "exclude the link, or let it lead to a smaller folder",
            )
            continue
        cut = len(folder) + 1 if folder else 0
        for path in below:
            aliases.setdefault(f"{link}/{path[cut:]}", real.get(path, path))


def _list_below(ordered: Sequence[str], folder: str) -> Sequence[str]:
    """Return the paths inside a folder, out of sorted ones."""
    if not folder:
        return ordered
    return ordered[bisect_left(ordered, f"{folder}/") : bisect_left(ordered, f"{folder}0")]  # `0` follows `/`
