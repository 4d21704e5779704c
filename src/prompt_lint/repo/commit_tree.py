"""The files of one commit, straight from git's objects: nothing is checked out, and nothing on disk is looked at."""

from __future__ import annotations

import errno
import os
import re
from typing import TYPE_CHECKING, NamedTuple, Self

from prompt_lint.model.errors import Fatal, MissingFile, NotInRepository, Unreadable
from prompt_lint.repo import DEFAULT_FILE_SIZE, git, links
from prompt_lint.repo.entries import parse_ls_tree
from prompt_lint.repo.lfs import refuse_pointer
from prompt_lint.repo.links import MAX_TARGET
from prompt_lint.repo.objects import ObjectLost, ObjectReader, ObjectTooLarge
from prompt_lint.repo.paths import decode, list_parents

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from prompt_lint.repo.entries import Entry

# What a folder's own list of names may take: about a million of them.
MAX_FOLDER = 64 << 20

_FOLDER, _LINK, _SUBMODULE = "40000", "120000", "160000"
_KINDS = {
    _FOLDER: "is a folder, not a file",
    _LINK: "is a symbolic link, not a file",
    _SUBMODULE: "is a submodule, a repository of its own",
}


class LostObjects(Fatal):
    """What a commit has isn't in this clone, or is damaged."""


class LostFile(Unreadable):
    """The same of a file or a link, where the run goes on without it."""


class Node(NamedTuple):
    """What a folder of a commit says of a name in it: its mode in octal, and the id of its object."""

    mode: str
    id: str

    @property
    def is_regular(self) -> bool:
        return self.mode.startswith("100")


class CommitTree:
    """The `Tree` of the commit with the full id `id`, in the repository whose working tree has its top at `top`.

    What is wrong with a file is worded as the working tree words it, so that the same problem of both sides is known by
    its message. For the same reason the files and links of `left_out`, by path and blob, can't be read here either.

    A context manager: one process of git serves all that is read, and ends with it. Not for several threads.
    Every method raises `Fatal` where folders or contents of the commit aren't in this clone, or are damaged: what can't
    be looked at may have been anything, so nothing can be compared with it.
    """

    def __init__(
        self,
        top: str,
        id: str,  # noqa: A002  # what git calls it
        left_out: Mapping[str, str] = {},
        objects: ObjectReader | None = None,
        max_file_size: int = DEFAULT_FILE_SIZE,
    ) -> None:
        """`objects` is the process to read with, where several trees share one; else the tree starts its own."""
        self.top = top
        self.id = id
        self.max_file_size = max_file_size
        self.name = f"commit {id[:10]}"
        self._objects = objects or ObjectReader(top)
        self._left_out = left_out
        self._folders: dict[str, Mapping[str, Node]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._objects.close()

    def list_entries(self) -> dict[str, Entry]:
        return parse_ls_tree(decode(git.run(["ls-tree", "-r", "-z", "--full-tree", self.id], self.top)))

    def find_named(
        self,
        names: Collection[str],
        start: str,  # noqa: ARG002  # as a working tree wants it
        paths: Sequence[str],  # noqa: ARG002  # as above
        *,
        tracked_only: bool,  # noqa: ARG002  # a commit has nothing else
    ) -> Iterable[str]:
        return [path for path in self.list_entries() if path.rpartition("/")[2] in names]

    def find_aliases(self, entries: Mapping[str, Entry]) -> dict[str, str | Unreadable]:
        return links.find_aliases(entries, self.follow, self._is_folder, lambda _: [])

    def resolve(self, path: str) -> str:
        """Return the real path of `path`, as it were if this commit was checked out at `top`."""
        return path if self._find_left_out(path) else self.follow(path)

    def follow(self, path: str) -> str:
        """Return the same, also through links that the working tree lacks."""
        return links.follow_links(self.top, path, self._read_link)

    def find_file(self, path: str) -> tuple[str, Node] | None:
        """Return the regular file that a path leads to, by its real path; None where there is none."""
        try:
            real = self.resolve(path)
            node = self.find_node(real)
        except Unreadable:
            return None
        return (real, node) if node and node.is_regular else None

    def require_shared(self, path: str, real: str) -> None:  # noqa: ARG002  # as a working tree wants it
        """Check that there is a file at `real`; everybody has it, since it is committed."""
        if self._find_left_out(real):
            return
        node = self.find_node(real)
        if node and node.mode == _SUBMODULE:
            raise NotInRepository("is a repository of its own")
        if node is None or not node.is_regular:
            raise MissingFile("is a folder" if self._is_folder(real) else f"is not in {self.name}")

    def read(self, path: str, cap: int | None = None) -> bytes:
        """Return the content of a regular file by its real path, as git keeps it: before any filter."""
        if self._find_left_out(path):
            raise links.explain_left_out()
        node = self.find_node(path)
        if node is None:
            raise MissingFile(f"is not in {self.name}")
        if not node.is_regular:
            raise Unreadable(_KINDS.get(node.mode, "is something else, not a file"))
        return self.read_blob(node.id, cap)

    def read_stamped(self, path: str, cap: int | None = None) -> tuple[bytes, bytes]:
        """Return what `read` does, and no stamp: what a commit has never changes."""
        return self.read(path, cap), b""

    def read_blob(self, blob: str, cap: int | None = None) -> bytes:
        """Return the content that has the id `blob`, within the cap of `read`. Raises `Unreadable`."""
        cap = self.max_file_size if cap is None else cap
        try:
            return refuse_pointer(self._objects.read(blob, cap))
        except ObjectTooLarge as error:
            raise Unreadable(
                f"is {error.size:,} bytes long, more than the {cap:,} that are read",
                "raise --max-file-size if it really is a prompt",
            ) from None
        except ObjectLost:
            raise self.explain_loss(f"git's object {blob[:10]}, a file of it, is") from None

    def explain_loss(self, subject: str) -> LostObjects | LostFile:
        """Return the error for objects that aren't there, with the commands that bring them. `subject` ends with a verb."""
        return LostObjects(
            f"{self.name} can't be read: {subject} not in this clone, or damaged",
            f"if this is a partial clone, run `git diff --stat {self.id}` before, which fetches what that needs, "
            "or `git fetch --refetch --no-filter`, which fetches everything; "
            "if `git fsck` reports damage, clone again",
        )

    def find_node(self, path: str) -> Node | None:
        """Return what is at a real path; None if nothing is, or if it is the top."""
        folder, _, name = path.rpartition("/")
        return self._list_folder(folder).get(name)

    def _find_left_out(self, path: str) -> str:
        """Return the file or link of `left_out` that is at a path, or the link above it; "" for none."""
        names = (path, *list_parents(path)) if self._left_out else ()
        nodes = ((name, self.find_node(name)) for name in names if name in self._left_out)
        return next((name for name, node in nodes if node and node.id == self._left_out[name]), "")

    def _is_folder(self, path: str) -> bool:
        if not path:
            return True
        node = self.find_node(path)
        return node is not None and node.mode == _FOLDER

    def _list_folder(self, path: str) -> Mapping[str, Node]:
        """Return the names in a folder; none where there is no such folder."""
        if path not in self._folders:
            if not path:
                self._folders[path] = self._read_folder(f"{self.id}^{{tree}}")
            else:
                node = self.find_node(path)
                self._folders[path] = self._read_folder(node.id) if node and node.mode == _FOLDER else {}
        return self._folders[path]

    def _read_folder(self, tree: str) -> Mapping[str, Node]:
        try:
            data = self._objects.read(tree, MAX_FOLDER)
        except ObjectTooLarge:
            raise Unreadable(f"is in a folder of {self.name} with too many names") from None
        except ObjectLost:
            raise self.explain_loss("folders of it are") from None
        record = re.compile(rb"([0-7]{1,6}) ([^\0]+)\0(.{%d})" % (len(self.id) // 2), re.DOTALL)
        nodes, offset = {}, 0
        # Each record is looked for where the one before it ends: a search would take quadratic time where there is none.
        while match := record.match(data, offset):
            mode, name, id_ = match.groups()
            nodes[decode(name)] = Node(mode.decode(), id_.hex())
            offset = match.end()
        if offset < len(data):
            raise self.explain_loss("folders of it are")
        return nodes

    def _read_link(self, here: str, hops: int) -> str | None:
        """Return what the link at an absolute path holds; None if it isn't a link."""
        if f"{self.top.rstrip(os.sep)}{os.sep}".startswith(f"{here.rstrip(os.sep)}{os.sep}"):
            return None  # the top, and the folders above it
        path = links.path_inside(self.top, here)
        node = self.find_node(path)
        if node is None:
            raise self._explain_absence(path, hops)
        if node.mode != _LINK:
            return None
        try:
            return os.fsdecode(self._objects.read(node.id, MAX_TARGET))
        except ObjectTooLarge:
            raise links.broken_link(f"nowhere ({os.strerror(errno.ENAMETOOLONG)})", path) from None
        except ObjectLost:
            raise self.explain_loss(f"git's object {node.id[:10]}, a link of it, is") from None

    def _explain_absence(self, path: str, hops: int) -> Unreadable:
        """Return why following links ends at `path`, where there is nothing."""
        above = self.find_node(path.rpartition("/")[0])
        if hops == 0:
            return MissingFile(f"is not in {self.name}")
        if above and above.mode == _SUBMODULE:
            return links.broken_link("a submodule, a repository of its own", path)
        is_file = above and above.mode != _FOLDER
        destination = f"nowhere ({os.strerror(errno.ENOTDIR)})" if is_file else "nothing"
        return links.broken_link(destination, path)


class PartialCommitTree(CommitTree):
    """A commit of which this clone may lack something: what it lacks is `LostFile`, and ends nothing."""

    def explain_loss(self, subject: str) -> LostFile:
        loss = super().explain_loss(subject)
        return LostFile(loss.message, loss.hint)
