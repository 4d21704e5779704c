"""What git's index says of paths, but for the contents of ordinary files: all of it that decides a plain run.

For `quick.py`, so next to nothing is imported.
"""

from __future__ import annotations

import os

from prompt_lint.repo import hardened

TYPE_CHECKING = False  # as in `quick.py`
if TYPE_CHECKING:
    from collections.abc import Sequence

# As `WorkingTree` asks for it: `H 100644 <blob> 0<tab><path>` for what is ordinary. All of these are alike up to the tab.
_LISTING = ("ls-files", "-v", "-s", "-z", "--")
_ORDINARY = b"H 100"


class Listing:
    """Git at work on a list. `process` is 0 when it has ended; the descriptors are of files without a name."""

    __slots__ = ("complaints", "output", "process")

    def __init__(self, process: int, output: int, complaints: int) -> None:
        self.process = process
        self.output = output
        self.complaints = complaints


def start(top: str, paths: Sequence[str], spare: str) -> Listing:
    """Let git list what is at and below `paths` (everything, if there are none). To be stopped in any case.

    It needs nobody to read meanwhile. `spare` is a path for a file where the system has none in memory. Raises `OSError`.
    """
    program = hardened.executable() or ""
    command = [program, *hardened.HARDENED, "-C", top, *_LISTING, *paths]
    listing = Listing(0, _nameless(spare), -1)
    try:
        listing.complaints = _nameless(spare)
        files = [
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_DUP2, listing.output, 1),
            (os.POSIX_SPAWN_DUP2, listing.complaints, 2),
        ]
        listing.process = os.posix_spawn(program, command, hardened.environment(), file_actions=files)
    except BaseException:
        stop(listing)
        raise
    return listing


def _nameless(spare: str) -> int:
    if hasattr(os, "memfd_create"):
        return os.memfd_create("listing")
    found = os.open(spare, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    os.unlink(spare)
    return found


def digest(listing: Listing) -> bytes:
    """The SHA-256 of the list, once it is complete.

    Raises `OSError` where git fails, or says more than the list; and where a sparse checkout leaves out a `.gitignore`,
    which git then reads from what is staged.
    """
    from hashlib import sha256  # noqa: PLC0415  # `quick.py` asks only where the index has changed

    _, status = os.waitpid(listing.process, 0)
    listing.process = 0
    if status or os.fstat(listing.complaints).st_size:
        raise OSError
    os.lseek(listing.output, 0, os.SEEK_SET)
    with open(listing.output, "rb", closefd=False) as file:
        records = file.read().split(b"\0")
    tab = records[0].find(b"\t")
    ordinary = [record[tab:] for record in records if record.startswith(_ORDINARY)]
    found = sha256(b"\0".join(ordinary))
    if len(ordinary) + 1 < len(records):
        others = [record for record in records if not record.startswith(_ORDINARY)]
        if any(record[:1] in b"Ss" and record.lower().endswith(b".gitignore") for record in others):
            raise OSError
        found.update(b"\0\0" + b"\0".join(others))
    return found.digest()


def stop(listing: Listing) -> None:
    """End git, if it hasn't, and close the files."""
    if listing.process:
        os.kill(listing.process, 9)
        os.waitpid(listing.process, 0)
    for descriptor in (listing.output, listing.complaints):
        if descriptor >= 0:
            os.close(descriptor)
