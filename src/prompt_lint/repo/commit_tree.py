"""The files of one commit, straight from git's objects: nothing is checked out, and nothing on disk is looked at.

Paths are as in `tree`, and so are the answers: a commit is read as a working tree is.
"""

from __future__ import annotations

import errno
import os
import re
from typing import TYPE_CHECKING, NamedTuple, Self

from prompt_lint.model.errors import Fatal, MissingFile, NotInRepository, Unreadable
from prompt_lint.repo import git
from prompt_lint.repo.objects import LostError, Objects, TooLargeError
from prompt_lint.repo.working_tree import Entry, follow, inside, is_pointer, leading, text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from prompt_lint.repo.working_tree import Kind

# What a folder's own list of names may take: about a million of them.
MAX_FOLDER = 64 << 20
# No system takes a longer path, so none is a link's target.
MAX_TARGET = 4096

_FOLDER, _LINK, _SUBMODULE = "40000", "120000", "160000"
_KINDS: dict[str, Kind] = {"100": "file", "120": "link", "160": "submodule"}


class Node(NamedTuple):
    """What a folder of a commit says of a name in it: mode in octal, and the id of the object."""

    mode: str
    id: str

    @property
    def regular(self) -> bool:
        return self.mode.startswith("100")


class Commit:
    """The commit with the full id `id`, in the repository whose working tree has its top at `top`.

    A context: one process of git serves all that is read, and ends with it. Not for several threads.
    Whatever is asked of it raises `Fatal` where its folders or contents aren't in this clone, or are damaged:
    what can't be looked at may have been anything, so nothing can be said to be no worse.
    """

    def __init__(self, top: str, id: str) -> None:  # noqa: A002  # what git calls it
        self.top = top
        self.id = id
        self.name = f"commit {id[:10]}"
        self._hint = (
            f"run `git diff --stat {id}` before, with which a partial clone fetches what it lacks, "
            "or `git fetch --refetch --no-filter`, which fetches all that it lacks; "
            "where `git fsck` tells of damage, clone anew"
        )
        self._objects = Objects(top)
        self._folders: dict[str, Mapping[str, Node]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._objects.close()

    def entries(self) -> dict[str, Entry]:
        """Every file, link and submodule, as `WorkingTree.entries` has them, all with their blobs.

        Raises:
            Fatal: git refuses.
        """
        listed = text(git.run(["ls-tree", "-r", "-z", "--full-tree", self.id], self.top)).split("\0")[:-1]
        found = {}
        for record in listed:  # `100644 blob <id><tab><path>`
            about, _, path = record.partition("\t")
            mode, _, blob = about.split(" ")
            found[path] = Entry(_KINDS[mode[:3]], blob)
        return found

    def aliases(self, entries: Mapping[str, Entry]) -> dict[str, str | Unreadable]:
        """Where links lead in this commit, as `WorkingTree.aliases` tells it."""
        return leading(entries, self.resolve, self._is_folder, lambda _: [])

    def resolve(self, path: str) -> str:
        """The real path behind `path`, as the kernel would find it where this commit is checked out at `top`.

        Raises:
            Missing: there is nothing at `path`, not even a link.
            Unreadable: it leads out of the repository, nowhere, into a submodule, or in circles.
        """
        return follow(self.top, path, self._target)

    def locate(self, path: str) -> tuple[str, Node] | None:
        """The regular file behind `path`, by its real path; None where there is none."""
        try:
            real = self.resolve(path)
            node = self.node(real)
        except Unreadable:
            return None
        return (real, node) if node and node.regular else None

    def take(self, path: str, cap: int) -> tuple[bytes, bytes]:
        """Read as a working tree does, with no stamp: what a commit has never changes."""
        return self.read(path, cap), b""

    def require_shared(self, path: str, real: str) -> None:  # noqa: ARG002  # as a working tree wants it
        """That there is a file at `real`, the real path of `path`. Everybody has it: it is committed.

        Raises:
            Missing: there is none, but a folder, or nothing.
            Elsewhere: it is another repository's.
        """
        node = self.node(real)
        if node and node.mode == _SUBMODULE:
            raise NotInRepository("is a repository of its own")
        if node is None or not node.regular:
            raise MissingFile("is a folder" if self._is_folder(real) else f"is not in {self.name}")

    def read(self, path: str, cap: int) -> bytes:
        """The content of a regular file of at most `cap` bytes, as git keeps it: before any filter.

        `path` is a real one: no link is followed.

        Raises:
            Missing: it isn't there.
            Unreadable: it isn't such a file, or too large, or a pointer of Git LFS.
            Fatal: its content isn't in this clone.
        """
        node = self.node(path)
        if node is None:
            raise MissingFile(f"is not in {self.name}")
        if not node.regular:
            what = {_LINK: "a symbolic link", _SUBMODULE: "a submodule, a repository of its own"}
            raise Unreadable(f"is {what.get(node.mode, 'a folder')} in {self.name}, not a file")
        return self.content(node.id, cap)

    def content(self, blob: str, cap: int) -> bytes:
        """The same by the id of the content."""
        try:
            data = self._objects.get(blob, cap).data
        except TooLargeError as error:
            raise Unreadable(
                f"is {error.size:,} bytes long in {self.name}, more than the {cap:,} that are read",
                "raise --max-file-size if it really is a prompt",
            ) from None
        except LostError:
            raise self.lost(f"git's object {blob[:10]}, a file of it, is") from None
        if is_pointer(data):
            raise Unreadable(
                f"is a Git LFS pointer in {self.name}, so there is no text of it to compare with",
                "keep prompts out of Git LFS: they are text, and git itself keeps them best",
            )
        return data

    def lost(self, what: str) -> Fatal:
        """That `what` can't be looked at, with a verb, and the commands that bring it."""
        return Fatal(f"{self.name} can't be read: {what} not in this clone, or damaged", self._hint)

    def node(self, path: str) -> Node | None:
        """What is at a real path; None if nothing is, or if it is the top."""
        folder, _, name = path.rpartition("/")
        return self._folder(folder).get(name)

    def _is_folder(self, path: str) -> bool:
        if not path:
            return True
        node = self.node(path)
        return node is not None and node.mode == _FOLDER

    def _folder(self, path: str) -> Mapping[str, Node]:
        """The names in a folder; none where there is no such folder."""
        if path not in self._folders:
            if not path:
                self._folders[path] = self._names(f"{self.id}^{{tree}}")
            else:
                node = self.node(path)
                self._folders[path] = self._names(node.id) if node and node.mode == _FOLDER else {}
        return self._folders[path]

    def _names(self, tree: str) -> Mapping[str, Node]:
        try:
            found = self._objects.get(tree, MAX_FOLDER)
        except TooLargeError:
            raise Unreadable(f"lies in a folder of {self.name} with too many names") from None
        except LostError:
            raise self.lost("folders of it are") from None
        records = re.finditer(rb"([0-7]{5,6}) ([^\0]+)\0(.{%d})" % (len(self.id) // 2), found.data, re.DOTALL)
        return {
            text(name): Node(mode.decode(), id_.hex()) for mode, name, id_ in (r.groups() for r in records)
        }

    def _target(self, here: str, hops: int) -> str | None:
        """What the link at `here` holds; None if it isn't a link."""
        if f"{self.top.rstrip(os.sep)}{os.sep}".startswith(f"{here.rstrip(os.sep)}{os.sep}"):
            return None  # the top, and the folders above it
        path = inside(self.top, here)
        node = self.node(path)
        if node is None:
            raise self._nothing(path, hops)
        if node.mode != _LINK:
            return None
        try:
            return os.fsdecode(self._objects.get(node.id, MAX_TARGET).data)
        except TooLargeError:
            raise _astray(f"nowhere ({os.strerror(errno.ENAMETOOLONG)})") from None
        except LostError:
            raise self.lost(f"git's object {node.id[:10]}, a link of it, is") from None

    def _nothing(self, path: str, hops: int) -> Unreadable:
        """Why the way ends at `path`, of which there is nothing."""
        above = self.node(path.rpartition("/")[0])
        if hops == 0:
            return MissingFile(f"is not in {self.name}")
        if above and above.mode == _SUBMODULE:
            return _astray("a submodule, a repository of its own")
        return _astray(
            f"nowhere ({os.strerror(errno.ENOTDIR)})" if above and above.mode != _FOLDER else "nothing"
        )


def _astray(where: str) -> Unreadable:
    return Unreadable(f"is a symbolic link that leads to {where}", "mend the link, or remove it")
