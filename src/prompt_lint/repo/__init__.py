"""The files of a working tree or a commit, read safely, and who owns them; git; which commit is the base; what changed since."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from prompt_lint.model.errors import Unreadable
    from prompt_lint.repo.entries import Entry


# In bytes: of a larger file nothing is read, unless an option allows more.
DEFAULT_FILE_SIZE = 1 << 20


class Tree(Protocol):
    """The files of a repository, in its working tree or in one commit.

    Paths are relative to the top, `/`-separated, and stand for the bytes that git knows: UTF-8, with other bytes as
    surrogate escapes. A real path is one behind which there is no link.
    """

    @property
    def top(self) -> str:
        """The absolute path of the top of the repository."""

    @property
    def max_file_size(self) -> int:
        """The size of the largest file that is read, in bytes."""

    def list_entries(self) -> dict[str, Entry]:
        """Return all files, links and submodules by their paths. Raises `Fatal` where git refuses."""

    def find_named(
        self, names: Collection[str], start: str, paths: Sequence[str], *, tracked_only: bool
    ) -> Iterable[str]:
        """Return the paths of the files, in any folder, that are called one of `names`.

        In `start`, above it and above `paths`, also ignored ones; below `paths` untracked ones; without paths these
        everywhere, unless `tracked_only`. Raises `Fatal` where git refuses.
        """

    def find_aliases(self, entries: Mapping[str, Entry]) -> dict[str, str | Unreadable]:
        """Return where the links among `entries` lead, and the paths below links to folders.

        Maps the path of a link, or a path below a link to a folder, to the real path, or to the reason why there is none:
        it leaves the repository, leads nowhere, goes in circles. A link to a folder isn't a key itself. Links inside of
        such a folder are followed to files, not to further folders.
        """

    def resolve(self, path: str) -> str:
        """Return the real path of `path`, with every link on the way followed as the kernel would.

        Raises `MissingFile` where there is nothing at `path`, not even a link, `Unreadable` where it leads out of the repository,
        into git's own folder, nowhere, or in circles.
        """

    def read(self, path: str, cap: int | None = None) -> bytes:
        """Return the bytes of a regular file by its real path: at most `cap`, or as many as the tree allows.

        Raises `MissingFile`, or `Unreadable` where it isn't such a file: the message says what it is, the hint what to do.
        """

    def read_stamped(self, path: str, cap: int | None = None) -> tuple[bytes, bytes]:
        """Return what `read` does, and a stamp that is another one when the file has changed; b"" where that isn't certain."""

    def require_shared(self, path: str, real: str) -> None:
        """Check that whoever checks the repository out has the same file at `path`; `real` is its real path.

        What is on this machine alone would make every machine count another number, and may be secret. Raises `MissingFile` where
        there is a folder, or nothing, and `NotInRepository` for what git ignores or can't keep, and another repository's.
        """
