"""Small files of the cache folder: believed only if they are our own and whole, written whole or not at all."""

from __future__ import annotations

import os
import stat
import time
from binascii import crc32
from struct import Struct

TYPE_CHECKING = False  # as in `quick.py`, which imports this
if TYPE_CHECKING:
    from collections.abc import Iterable

_CHECKED = Struct("<I")
_LENGTH = Struct("<Q")
# Temporary files that a killed process has left, in seconds.
_STALE = 3_600


def read(path: str, magic: bytes, largest: int) -> list[bytes] | None:
    """The sections of a file of at most `largest` bytes; None if there is none, or it isn't to be believed.

    It is where it is a regular file of one's own that nobody else may write, and its checksum fits. Raises `OSError`,
    `struct.error` and `ValueError` for some of what is none.
    """
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        descriptor = os.open(path, flags)
    except FileNotFoundError:
        return None
    with open(descriptor, "rb") as file:
        found = os.fstat(descriptor)
        others = found.st_uid != os.geteuid() or found.st_mode & 0o022
        if others or not stat.S_ISREG(found.st_mode) or found.st_size > largest:
            return None
        data = file.read()
    start = len(magic) + _CHECKED.size
    if not data.startswith(magic) or _CHECKED.unpack(data[len(magic) : start]) != (crc32(data[start:]),):
        return None
    return _sections(data, start)


def _sections(data: bytes, at: int) -> list[bytes]:
    found = []
    while at < len(data):
        (length,) = _LENGTH.unpack_from(data, at)
        at += _LENGTH.size
        found.append(data[at : at + length])
        at += length
    return found


def sealed(magic: bytes, body: bytes) -> bytes:
    """The contents of a file whose sections are `body`."""
    return magic + _CHECKED.pack(crc32(body)) + body


def write(path: str, magic: bytes, sections: Iterable[bytes]) -> None:
    """What `read` reads: the old file, the new one, or none, never half of one. Raises `OSError`."""
    body = b"".join(_LENGTH.pack(len(section)) + section for section in sections)
    temporary = f"{path}.{os.getpid()}.tmp"
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    try:
        with open(os.open(temporary, flags, 0o600), "wb") as file:
            file.write(sealed(magic, body))
        os.replace(temporary, path)
    except BaseException:
        _remove(temporary)
        raise


def make_room(folder: str, prefix: str, most: int, room: int) -> None:
    """For one more file of a kind: the oldest go, and what killed processes have left. Raises `OSError`."""
    found = []
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith(prefix) and entry.is_file(follow_symlinks=False):
                status = entry.stat(follow_symlinks=False)
                found.append((status.st_mtime, status.st_size, entry.path))
    now = time.time()
    for number, (written, size, path) in enumerate(sorted(found, reverse=True), 1):
        room -= size
        left = path.endswith(".tmp") and abs(now - written) > _STALE
        if left or number >= most or room < 0:
            _remove(path)


def _remove(path: str) -> None:
    try:  # noqa: SIM105  # contextlib takes longer to import than this to run
        os.unlink(path)
    except OSError:
        pass
