"""Files that a run writes: a regular file is replaced whole or not at all; devices, pipes and logs are added to."""

from __future__ import annotations

import os
import re
import stat
import sys
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from prompt_lint.model.errors import SYSTEM_HINTS, ExitCode, Fatal

if TYPE_CHECKING:
    from collections.abc import Iterator

# Names of what a process has open already, as `/dev/stdout`. Behind it may be a regular file, which others write to, too.
_OPEN_FILE = r"/dev/(?:fd/|std(?:in|out|err)$)|/proc/"


def write_file(path: str, text: str) -> None:
    """Write a file as UTF-8, through links; folders that are missing are made.

    Raises `Fatal` where that can't be done; a regular file is as it was then.
    """
    data = text.encode("utf-8", "backslashreplace")
    try:
        if _is_replaceable(path):
            target = os.path.realpath(path)
            with suppress(FileExistsError):  # of a file in its way, the system says more below
                os.makedirs(os.path.dirname(target), exist_ok=True)
            with write_temporary_file(os.path.dirname(target), data, like=target) as temporary:
                os.replace(temporary, target)
        else:
            with open(path, "ab") as file:
                file.write(data)
    except OSError as error:
        hint = SYSTEM_HINTS.get(error.errno, "")
        raise Fatal(f"could not write {path}: {error.strerror}", hint, ExitCode.UNCOUNTED) from None


def _is_replaceable(path: str) -> bool:
    """Return whether `path` is a regular file, or nothing yet."""
    try:
        mode = os.stat(path).st_mode
    except FileNotFoundError:
        return True
    return stat.S_ISREG(mode) and not re.match(_OPEN_FILE, os.path.abspath(path))


@contextmanager
def write_temporary_file(folder: str, data: bytes, *, like: str) -> Iterator[str]:
    """Yield the path of a new file in `folder` with this data, and with mode and owner of the file `like`, if it exists.

    It is removed at the end, unless it was moved. Raises `OSError`.
    """
    path = os.path.join(folder, f".prompt-lint.{os.getpid()}-{os.urandom(4).hex()}.tmp")
    try:
        with open(path, "xb") as file:
            _copy_mode(like, file.fileno())
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        yield path
    finally:
        with suppress(OSError):
            os.unlink(path)


def _copy_mode(path: str, descriptor: int) -> None:
    """Give an open file the mode and the owner of the regular file at `path`, if there is one."""
    if sys.platform == "win32":  # which has neither
        return
    with suppress(FileNotFoundError):
        status = os.stat(path, follow_symlinks=False)
        if stat.S_ISREG(status.st_mode):
            with suppress(PermissionError):  # only root may give files away
                os.chown(descriptor, status.st_uid, status.st_gid)
            os.chmod(descriptor, stat.S_IMODE(status.st_mode))
