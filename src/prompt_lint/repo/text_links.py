"""Links that git checked out as text: regular files that hold the path to which the link in git leads.

Git does this where `core.symlinks` is false, as on Windows without the developer mode. Such a file is a link as long as its
bytes are those of the link in git's index; once somebody has edited it, it is what they wrote.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from prompt_lint.model.errors import Unreadable
from prompt_lint.repo import git, safe_read
from prompt_lint.repo.links import MAX_TARGET
from prompt_lint.repo.objects import hash_blob
from prompt_lint.repo.paths import decode, split_native, to_native

if TYPE_CHECKING:
    from collections.abc import Mapping

    from prompt_lint.repo.entries import Entry


class TextLinks:
    """The links of git's index that may be text on disk. Without git there are none."""

    def __init__(self, top: str, *, has_git: bool) -> None:
        self._top = top
        self._blobs: dict[str, str] = {}  # of the links, by path
        self._is_complete = not has_git

    def add(self, entries: Mapping[str, Entry]) -> None:
        """Add the links among the entries of the index, which then needn't be asked for them."""
        self._blobs.update((path, entry.blob) for path, entry in entries.items() if entry.blob)

    def read_target(self, path: str) -> str | None:
        """Return where the regular file at `path` leads; None if it isn't a link to git."""
        try:
            data, _ = safe_read.read_beneath(self._top, split_native(path), MAX_TARGET)
        except (OSError, Unreadable):
            return None
        if not can_be_link(data):
            return None
        blob = self._find_blob(path)
        is_link = bool(blob) and hash_blob(data, len(blob)) == blob
        return to_native(decode(data)) if is_link else None

    def _find_blob(self, path: str) -> str:
        """Return the id of the link at `path` in git's index; "" if there is none."""
        if path not in self._blobs and not self._is_complete:
            output = decode(git.run(["ls-files", "-s", "-z"], self._top))
            for record in output.split("\0"):
                if record.startswith("120000 "):
                    about, _, name = record.partition("\t")
                    self._blobs.setdefault(name, about.split(" ")[1])
            self._is_complete = True
        return self._blobs.get(path, "")


def can_be_link(data: bytes) -> bool:
    """Return whether the contents of a file may be the target of a link, which is never empty and has no line end."""
    return 0 < len(data) <= MAX_TARGET and b"\n" not in data and b"\0" not in data
