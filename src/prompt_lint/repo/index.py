"""What git's index says of what is on disk: which files are links, and which are left out on purpose.

Where `core.symlinks` is false, as on Windows without the developer mode, git checks links out as regular files that hold
the path to which they lead. Such a file is a link as long as its bytes are those of the link in the index; once somebody has
edited it, it is what they wrote.
"""

from __future__ import annotations

import os
from functools import cached_property
from typing import TYPE_CHECKING

from prompt_lint.model.errors import Unreadable
from prompt_lint.repo import git, safe_read
from prompt_lint.repo.entries import hash_blob, parse_ls_files
from prompt_lint.repo.links import MAX_TARGET
from prompt_lint.repo.paths import decode, list_parents, split_native, to_native

if TYPE_CHECKING:
    from collections.abc import Mapping

    from prompt_lint.repo.entries import Entry


class Index:
    """The index of the repository whose working tree has its top at `top`. Without git it is empty.

    It is listed once, for the first path that needs it. `has_git` says whether there is one.
    """

    def __init__(self, top: str, *, has_git: bool) -> None:
        self._top = top
        self._has_git = has_git
        self._listed: dict[str, str] = {}

    def add_links(self, entries: Mapping[str, Entry]) -> None:
        """Add links that were listed anyway."""
        self._listed.update((path, entry.blob) for path, entry in entries.items() if entry.blob)

    def read_link(self, path: str) -> str | None:
        """Return where the regular file at `path` leads; None if it isn't a link to git."""
        try:
            data, _ = safe_read.read_beneath(self._top, split_native(path), MAX_TARGET)
        except (OSError, Unreadable):
            return None
        if not can_be_link(data):
            return None
        blob = self._listed.get(path) or self._links.get(path)
        return to_native(decode(data)) if blob and hash_blob(data, len(blob)) == blob else None

    def find_left_out(self, path: str) -> str:
        """Return the file or link that a sparse checkout leaves out at `path`, or the link above it; "" for none."""
        names = (path, *list_parents(path)) if self._left_out else ()
        return next((name for name in names if name in self._left_out), "")

    def find_blob(self, path: str) -> str:
        """Return the id of the content of a file or link; "" where the index has none."""
        return self._entries[path].blob if path in self._entries else ""

    def has_left_out(self, folder: str) -> bool:
        """Return whether a sparse checkout leaves out something in `folder`."""
        return folder in self._folders_left_out

    @cached_property
    def _left_out(self) -> frozenset[str]:
        if not self._has_git or not _has_sparse_checkout(self._top):
            return frozenset()
        kinds = {"sparse", "sparse link"}
        return frozenset(path for path, entry in self._entries.items() if entry.kind in kinds)

    @cached_property
    def _folders_left_out(self) -> frozenset[str]:
        return frozenset(parent for path in self._left_out for parent in list_parents(path))

    @cached_property
    def _entries(self) -> Mapping[str, Entry]:
        if not self._has_git:
            return {}
        return parse_ls_files(decode(git.run(["ls-files", "-v", "-s", "-z"], self._top)), [""])

    @cached_property
    def _links(self) -> Mapping[str, str]:
        """The ids of the links, by path."""
        links = {"link", "sparse link"}
        return {path: entry.blob for path, entry in self._entries.items() if entry.kind in links}


def can_be_link(data: bytes) -> bool:
    """Return whether the contents of a file may be the target of a link, which is never empty and has no line end."""
    return 0 < len(data) <= MAX_TARGET and b"\n" not in data and b"\0" not in data


def _has_sparse_checkout(top: str) -> bool:
    """Return whether git has a list of what a sparse checkout has, which is cheaper to ask for than the index."""
    folder = os.path.join(top, ".git")
    try:
        if os.path.isfile(folder):  # of a linked worktree, or of a submodule
            text = os.fsdecode(safe_read.read_file(folder, MAX_TARGET + 10))
            folder = os.path.join(top, text.removeprefix("gitdir: ").removesuffix("\n"))
        return os.path.exists(os.path.join(folder, "info", "sparse-checkout"))
    except (OSError, ValueError, Unreadable):
        return False
