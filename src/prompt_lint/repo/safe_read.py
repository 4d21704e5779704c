"""Read a file that somebody else named: through no link, only if it is a regular file, and at most a given size."""

from __future__ import annotations

import errno
import os
import stat
import struct
import time
from typing import TYPE_CHECKING

from prompt_lint.model.errors import Unreadable
from prompt_lint.repo.paths import to_native

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

# Read-only, and never waiting: a FIFO without a writer would block. Windows has neither, but must be told
# that the bytes count.
_NO_FOLLOW = getattr(os, "O_NOFOLLOW", 0)
_FILE_FLAGS = os.O_RDONLY | _NO_FOLLOW
for _name in ("O_NONBLOCK", "O_CLOEXEC", "O_NOCTTY", "O_BINARY", "O_NOINHERIT"):
    _FILE_FLAGS |= getattr(os, _name, 0)
# O_PATH asks for no more rights on a folder than an ordinary path through it does.
_FOLDER_FLAGS = os.O_RDONLY | _NO_FOLLOW
for _name in ("O_DIRECTORY", "O_CLOEXEC", "O_PATH"):
    _FOLDER_FLAGS |= getattr(os, _name, 0)
_OPENS_BY_DESCRIPTOR = os.open in os.supports_dir_fd and hasattr(os, "O_NOFOLLOW")

# Device, inode and size; when the contents and when the inode were last changed, in nanoseconds. Whatever changes the
# contents changes the last time, which nobody can set, unless that comes within a tick of the file system's clock.
_STAMP = struct.Struct("<QQQqq")
# On Windows the last time is that of the creation.
STAMPS_SHOW_CHANGES = os.name != "nt"
# A file that was changed so recently (in nanoseconds) may change again without a new stamp: file systems' clocks
# tick every few milliseconds, the worst every two seconds.
_CLOCK_TICK = 2_000_000_000


class NotRegular(Unreadable):
    """It is a folder, a FIFO, a device: no regular file."""


class TooLarge(Unreadable):
    """The file is larger than the cap."""


def read_file(path: str, cap: int, *, follow_links: bool = False) -> bytes:
    """Return the bytes of the regular file of at most `cap` bytes at any path.

    The path to it may lead through links; the file itself may be one with `follow_links`. Raises `NotRegular`, `TooLarge`, or
    `OSError` where it can't be opened or read (ELOOP for a link).
    """
    flags = _FILE_FLAGS & ~_NO_FOLLOW if follow_links else _FILE_FLAGS
    if not _NO_FOLLOW and not follow_links and is_link(os.lstat(path)):
        raise OSError(errno.ELOOP, "is a link")
    return _read_descriptor(os.open(path, flags), cap)[0]


def read_beneath(top: str, names: Sequence[str], cap: int) -> tuple[bytes, bytes]:
    """Return the bytes and the stamp of the regular file of at most `cap` bytes that `names` lead to from the folder `top`.

    The stamp is b"" where a change might not change it. Raises what `read_file` does.
    """
    latest = time.time_ns() - _CLOCK_TICK
    descriptor = _open_beneath(top, names) if _OPENS_BY_DESCRIPTOR else _open_checked(top, names)
    data, before, after = _read_descriptor(descriptor, cap)
    is_old = max(before.st_mtime_ns, before.st_ctime_ns) <= latest
    stamp = make_stamp(before)
    return data, stamp if STAMPS_SHOW_CHANGES and is_old and stamp == make_stamp(after) else b""


def find_larger(top: str, paths: Iterable[str], cap: int) -> list[str]:
    """Return those of the paths of the tree at `top` whose files have more than `cap` bytes. None is opened."""
    larger = []
    for path in paths:
        try:
            status = os.lstat(os.path.join(top, to_native(path)))
        except OSError:
            continue
        if status.st_size > cap:
            larger.append(path)
    return larger


def make_stamp(status: os.stat_result) -> bytes:
    """Return 40 bytes that change when the contents of a file do; b"" for a file of an odd time, centuries from now."""
    inode = status.st_dev, status.st_ino
    try:
        return _STAMP.pack(*inode, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
    except struct.error:
        return b""


def is_link(status: os.stat_result) -> bool:
    """Return whether this is the status of a symbolic link, or on Windows of a junction, which leads elsewhere, too."""
    tag = getattr(status, "st_reparse_tag", 0)
    return stat.S_ISLNK(status.st_mode) or tag == getattr(stat, "IO_REPARSE_TAG_MOUNT_POINT", None)


def explain_error(error: OSError) -> Unreadable:
    """Return why a file of a tree could not be opened or read, and what to do."""
    if error.errno in {errno.ELOOP, errno.EMLINK, errno.ENOTDIR}:
        hint = "`git add` the link, or put the file back"
        return Unreadable("is a symbolic link, or is below one, where git has a file or folder", hint)
    if isinstance(error, PermissionError):
        return Unreadable(
            "can't be read: permission denied", "allow yourself to read it (`chmod u+r`), or exclude it"
        )
    if error.errno == errno.ENXIO:
        return _explain_mode(stat.S_IFSOCK)
    return Unreadable(f"can't be read: {error.strerror}")


def _read_descriptor(descriptor: int, cap: int) -> tuple[bytes, os.stat_result, os.stat_result]:
    """Read an open file to its end, and close it. Return its bytes, and its status before and after."""
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise _explain_mode(status.st_mode)
        if status.st_size > cap:
            raise _too_large(f"is {status.st_size:,} bytes long", cap)
        pieces, left = [], cap + 1
        while left and (piece := os.read(descriptor, min(left, max(status.st_size + 1, 4096)))):
            pieces.append(piece)
            left -= len(piece)
        after = os.fstat(descriptor)
    finally:
        os.close(descriptor)
    if not left:
        raise _too_large("is growing", cap)
    if pieces and not status.st_size:  # how /proc shows what isn't a file on any disk
        raise NotRegular("is not an ordinary file: its size is 0, and yet it has contents", "exclude it")
    return b"".join(pieces), status, after


def _open_beneath(top: str, names: Sequence[str]) -> int:
    """Open folder after folder, each by its name in the one before, so that no link can be put in between."""
    folder = os.open(top, _FOLDER_FLAGS & ~_NO_FOLLOW)
    try:
        for name in names[:-1]:
            inner = os.open(name, _FOLDER_FLAGS, dir_fd=folder)
            os.close(folder)
            folder = inner
        return os.open(names[-1], _FILE_FLAGS, dir_fd=folder)
    finally:
        os.close(folder)


def _open_checked(top: str, names: Sequence[str]) -> int:
    """Do the same on systems without descriptors of folders: look, open, and look again."""
    _refuse_links(top, names)
    descriptor = os.open(os.path.join(top, *names), _FILE_FLAGS)
    try:
        _refuse_links(top, names, os.fstat(descriptor))
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def _refuse_links(top: str, names: Sequence[str], opened: os.stat_result | None = None) -> None:
    path = top
    for name in names:
        path = os.path.join(path, name)
        status = os.lstat(path)
        if is_link(status):
            raise OSError(errno.ELOOP, "is a link")
    if opened and not os.path.samestat(opened, status):
        raise OSError(errno.ELOOP, "was swapped while it was opened")


def _explain_mode(mode: int) -> NotRegular:
    if stat.S_ISDIR(mode):
        return NotRegular("is a folder, not a file", "name the files in it, or exclude it")
    kinds = {
        stat.S_IFIFO: "a FIFO",
        stat.S_IFCHR: "a device",
        stat.S_IFBLK: "a device",
        stat.S_IFSOCK: "a socket",
    }
    kind = kinds.get(stat.S_IFMT(mode), "something else")
    return NotRegular(f"is {kind}, not a regular file", "exclude it")


def _too_large(size: str, cap: int) -> TooLarge:
    hint = "raise --max-file-size if it is a prompt, or exclude it"
    return TooLarge(f"{size}, more than the {cap:,} that are read", hint)
