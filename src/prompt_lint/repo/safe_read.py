"""Reading a file that somebody else named: below a folder, through no link, only if it really is a file, with a cap."""

from __future__ import annotations

import errno
import os
import stat
import struct
import time
from hashlib import sha256
from typing import TYPE_CHECKING

from prompt_lint.model.errors import Unreadable

if TYPE_CHECKING:
    from collections.abc import Sequence


# What the file system says of a file: device and inode in the first 16 bytes; then size, when the contents and when the
# inode were last changed, in nanoseconds. Whatever changes the contents changes the last, which nobody can set, unless
# that comes within a tick of its clock.
_STAMP = struct.Struct("<QQQqq")


def stamp(status: os.stat_result) -> bytes:
    """40 bytes; none for a file of an odd time, centuries from now."""
    inode = status.st_dev, status.st_ino
    try:
        return _STAMP.pack(*inode, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
    except struct.error:
        return b""


def mark(data: bytes) -> bytes:
    """What contents are known by, in the place of a file's stamp and as long as one: SHA-256, and the size in bytes."""
    return sha256(data).digest() + len(data).to_bytes(8, "little")


class NotRegular(Unreadable):
    """It is a folder, a FIFO, a device: no regular file."""


class TooLarge(Unreadable):
    """The file is larger than the cap."""


def read_file(path: str, cap: int, *, follow_links: bool = False) -> bytes:
    """Return the bytes of the regular file of at most `cap` bytes at any path.

    The path to it may lead through links; the file itself may be one with `follow_links`.

    Raises:
        OSError: it can't be opened or read; ELOOP for a link.
        NotRegular, TooLarge
    """
    flags = _FILE_FLAGS & ~_NO_FOLLOW if follow_links else _FILE_FLAGS
    if not _NO_FOLLOW and not follow_links and is_link(os.lstat(path)):
        raise OSError(errno.ELOOP, "is a link")
    return _read_descriptor(os.open(path, flags), cap)[0]


def contents(top: str, parts: Sequence[str], cap: int) -> tuple[bytes, bytes]:
    """The bytes of a file, and the checks on them, all by one descriptor; and its stamp, if it tells of changes.

    Raises:
        OSError, Unreadable
    """
    latest = time.time_ns() - _UNSURE
    descriptor = _open_beneath(top, parts) if _BY_DESCRIPTOR else _open_checked(top, parts)
    data, status, after = _read_descriptor(descriptor, cap)
    old = max(status.st_mtime_ns, status.st_ctime_ns) <= latest
    seen = stamp(status)
    return data, seen if STAMPS_TELL and old and seen == stamp(after) else b""


def _read_descriptor(descriptor: int, cap: int) -> tuple[bytes, os.stat_result, os.stat_result]:
    """Read an open file to its end, and close it. Return its bytes, and its status before and after."""
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise _irregular(status.st_mode)
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


# Read-only, and never waiting: a FIFO without a writer would block. Windows has neither, but must be told
# that the bytes count.
_NO_FOLLOW = getattr(os, "O_NOFOLLOW", 0)
_FILE_FLAGS = os.O_RDONLY | _NO_FOLLOW
for _name in ("O_NONBLOCK", "O_CLOEXEC", "O_NOCTTY", "O_BINARY", "O_NOINHERIT"):
    _FILE_FLAGS |= getattr(os, _name, 0)
# O_PATH asks for no more rights on a folder than an ordinary path through it does.
_FOLDER_FLAGS = os.O_RDONLY
for _name in ("O_NOFOLLOW", "O_DIRECTORY", "O_CLOEXEC", "O_PATH"):
    _FOLDER_FLAGS |= getattr(os, _name, 0)
# A file that was changed so recently (in nanoseconds) may change again without a new stamp: file systems' clocks
# tick every few milliseconds, the worst every two seconds.
_UNSURE = 2_000_000_000
# On Windows the last time of a `Stamp` is that of the creation, so nothing there tells what has changed.
STAMPS_TELL = os.name != "nt"
_BY_DESCRIPTOR = os.open in os.supports_dir_fd and hasattr(os, "O_NOFOLLOW")


def _open_beneath(top: str, parts: Sequence[str]) -> int:
    """Opens folder after folder, each by its name in the one before: no swap can put a link in between."""
    folder = os.open(top, _FOLDER_FLAGS & ~_NO_FOLLOW)
    try:
        for name in parts[:-1]:
            inner = os.open(name, _FOLDER_FLAGS, dir_fd=folder)
            os.close(folder)
            folder = inner
        return os.open(parts[-1], _FILE_FLAGS, dir_fd=folder)
    finally:
        os.close(folder)


def _open_checked(top: str, parts: Sequence[str]) -> int:
    """The same for systems without descriptors of folders: looks first, opens, and looks again."""
    path = os.path.join(top, *parts)
    _refuse_links(top, parts)
    descriptor = os.open(path, _FILE_FLAGS)
    try:
        _refuse_links(top, parts, os.fstat(descriptor))
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def _refuse_links(top: str, parts: Sequence[str], opened: os.stat_result | None = None) -> None:
    path = top
    for name in parts:
        path = os.path.join(path, name)
        status = os.lstat(path)
        if is_link(status):
            raise OSError(errno.ELOOP, "is a link")
    if opened and not os.path.samestat(opened, status):
        raise OSError(errno.ELOOP, "was swapped while it was opened")


def is_link(status: os.stat_result) -> bool:
    # On Windows a junction leads elsewhere as a link does.
    tag = getattr(status, "st_reparse_tag", 0)
    return stat.S_ISLNK(status.st_mode) or tag == getattr(stat, "IO_REPARSE_TAG_MOUNT_POINT", None)


def _irregular(mode: int) -> NotRegular:
    if stat.S_ISDIR(mode):
        return NotRegular("is a folder, not a file", "name the files in it, or exclude it")
    kinds = {
        stat.S_IFIFO: "a FIFO",
        stat.S_IFCHR: "a device",
        stat.S_IFBLK: "a device",
        stat.S_IFSOCK: "a socket",
    }
    what = kinds.get(stat.S_IFMT(mode), "something else")
    return NotRegular(f"is {what}, not a regular file", "exclude it")


def _too_large(what: str, cap: int) -> TooLarge:
    hint = "raise --max-file-size if it really is a prompt, or exclude it"
    return TooLarge(f"{what}, more than the {cap:,} that are read", hint)


def refusal(error: OSError) -> Unreadable:
    """Why a file could not be opened or read."""
    if error.errno in {errno.ELOOP, errno.EMLINK, errno.ENOTDIR}:
        return Unreadable(
            "is a symbolic link, or lies behind one, where git has a file or folder",
            "`git add` the link, or put the file back",
        )
    if isinstance(error, PermissionError):
        return Unreadable(
            "can't be read: permission denied", "give yourself the right to read it, or exclude it"
        )
    if error.errno == errno.ENXIO:
        return _irregular(stat.S_IFSOCK)
    return Unreadable(f"can't be read: {error.strerror}")
