"""The SQLite file of a cache: how it is created, opened, checked, emptied, and what its errors mean."""

from __future__ import annotations

import os
import sys
import time
from contextlib import contextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Collection, Iterable, Iterator
    from typing import Any, BinaryIO

    # Name, value, last seen. Of any type, since anybody may have written the file.
    Row = tuple[Any, Any, Any]

VERSION = 2
DDL = "CREATE TABLE entries(k BLOB PRIMARY KEY, v BLOB NOT NULL, seen INTEGER NOT NULL) WITHOUT ROWID"
_SCHEMA = [(b"table", b"entries", b"entries", DDL.encode())]
_SELECT = "SELECT k, v, seen FROM entries"

# SQLite may leave these beside a file.
_COMPANIONS = ("-journal", "-wal", "-shm")
_NAMES_IN_A_QUERY = 500
_LARGEST_VALUE = 100_000
_LARGEST_COPY = 64 << 20
_STEPS_BETWEEN_CHECKS = 20_000
_OPENING_SECONDS = 2.0
_LOCK_TRIES, _LOCK_SECONDS = 25, 0.25

# Primary result codes: https://www.sqlite.org/rescode.html
BUSY, LOCKED, READONLY, INTERRUPT, CORRUPT, FULL, CANTOPEN, TOOBIG, NOTADB = 5, 6, 8, 9, 11, 13, 14, 18, 26
# Extended ones.
READONLY_ROLLBACK, READONLY_MOVED, DELETE_NOENT = 776, 1032, 5898
_DAMAGED = "it is damaged or not a cache of this version"
_REASONS = {
    BUSY: "another process uses it", LOCKED: "another process uses it", READONLY: "it can't be written",
    INTERRUPT: "it takes too long to answer", CORRUPT: _DAMAGED, TOOBIG: _DAMAGED, NOTADB: _DAMAGED,
    FULL: "the disk is full", CANTOPEN: "it can't be opened",
}  # fmt: skip

_CACHEDIR_TAG = """\
Signature: 8a477f597d28d172789f06886806bc55
# This folder holds a cache of prompt-lint. Backups may leave it out: https://bford.info/cachedir/
"""


class NotOurFileError(Exception):
    """The file holds something other than the table of this version."""


def connect(path: str, mode: str, patience: float, is_late: Callable[[], bool]) -> sqlite3.Connection:
    """Open the file with `mode` `ro` or `rw`. Waits up to `patience` seconds for a lock; stops once `is_late`."""
    import sqlite3  # noqa: PLC0415  # a run that looks nothing up needn't pay for it

    connection = sqlite3.connect(
        _uri(path, mode), timeout=patience, isolation_level=None, check_same_thread=False, uri=True
    )
    try:
        connection.text_factory = bytes
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _LARGEST_VALUE)
        opened = time.monotonic()
        connection.set_progress_handler(
            lambda: time.monotonic() > opened + _OPENING_SECONDS, _STEPS_BETWEEN_CHECKS
        )
        for setting in ("trusted_schema = OFF", "cell_size_check = ON", "synchronous = NORMAL"):
            connection.execute(f"PRAGMA {setting}")
        connection.set_progress_handler(is_late, _STEPS_BETWEEN_CHECKS)
    except BaseException:
        connection.close()
        raise
    return connection


def _uri(path: str, mode: str) -> str:
    """https://www.sqlite.org/uri.html"""
    for character, escape in (("%", "%25"), ("?", "%3f"), ("#", "%23")):
        path = path.replace(character, escape)
    if os.name == "nt":
        path = "/" + path.replace("\\", "/")
    return f"file://{path}?mode={mode}"


def has_table(connection: sqlite3.Connection) -> bool:
    """Return whether the table is there; False for an empty file. Raises `NotOurFileError` for anything else.

    Views, triggers and the like could compute anything: https://www.sqlite.org/security.html
    """
    ((version,),) = connection.execute("PRAGMA user_version").fetchall()
    ((journal,),) = connection.execute("PRAGMA journal_mode").fetchall()
    schema = connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_master LIMIT 2").fetchall()
    if (version, schema) not in ((0, []), (VERSION, _SCHEMA)) or journal != b"delete":
        raise NotOurFileError
    return bool(schema)


def select_rows(connection: sqlite3.Connection, names: Collection[bytes] | None) -> Iterator[Iterable[Row]]:
    """Yield batches with the rows of `names`; None for all rows."""
    if names is None:
        yield connection.execute(_SELECT)
        return
    ordered = sorted(names)  # in the order of the file
    for start in range(0, len(ordered), _NAMES_IN_A_QUERY):
        batch = ordered[start : start + _NAMES_IN_A_QUERY]
        marks = ",".join("?" * len(batch))
        yield connection.execute(f"{_SELECT} WHERE k IN ({marks})", batch)


def create_file(path: str) -> None:
    """Create the folder and an empty file, for their owner alone. Mark a folder that was empty as a cache."""
    folder = os.path.dirname(path)
    os.makedirs(os.path.dirname(folder), exist_ok=True)
    with suppress(FileExistsError):
        os.mkdir(folder, 0o700)
    if not os.listdir(folder):
        for name, text in ((".gitignore", "*\n"), ("CACHEDIR.TAG", _CACHEDIR_TAG)):
            with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
                file.write(text)
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))


def empty_file(path: str, seen: os.stat_result, now: int) -> str:
    """Empty the file that had the status `seen`; return the name of its copy, "" where another process was faster.

    It is emptied rather than renamed because SQLite finds a journal by its name alone: a process that still had the
    renamed file open would roll the new one's journal back into it. Raises `OSError` where it can't be done.
    """
    folder, name = os.path.split(path)
    prefix = f"{name}.corrupt-"
    copy_name = f"{prefix}{now}"
    try:
        with _open_exclusively(path) as file:
            status = os.fstat(file.fileno())
            if not os.path.samestat(status, seen) or status.st_mtime_ns != seen.st_mtime_ns:
                return ""
            if status.st_nlink > 1:  # it may be somebody's under another name
                raise PermissionError
            for other in os.listdir(folder):
                if other.startswith(prefix) or other in [name + companion for companion in _COMPANIONS]:
                    os.unlink(os.path.join(folder, other))
            private = partial(os.open, mode=0o600)
            with open(os.path.join(folder, copy_name), "xb", opener=private) as copy:
                copy.write(file.read(_LARGEST_COPY))
            file.truncate(0)
    except FileNotFoundError:
        return ""
    return copy_name


@contextmanager
def _open_exclusively(path: str) -> Iterator[BinaryIO]:
    """Open the file with SQLite's own exclusive lock, which SQLite can't take itself on what is no database.

    Raises `OSError` where others don't release it.
    """
    with open(path, "r+b") as file:
        for tries_left in reversed(range(_LOCK_TRIES)):
            try:
                _lock(file)
                break
            except OSError:
                if not tries_left:
                    raise
                time.sleep(_LOCK_SECONDS / _LOCK_TRIES)
        yield file


def _lock(file: BinaryIO) -> None:
    """Lock the bytes that SQLite locks, until the file is closed: https://www.sqlite.org/fileformat2.html#the_lock_byte_page

    Raises `OSError` where another process has a lock there.
    """
    first, length = 0x40000000, 512
    if sys.platform == "win32":
        import msvcrt  # noqa: PLC0415  # only on Windows

        file.seek(first)
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, length)
        file.seek(0)
    else:
        import fcntl  # noqa: PLC0415  # not on Windows

        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, length, first)


def error_code(error: object) -> int:
    """Return the primary result code of an SQLite error, 0 for other errors."""
    return int(getattr(error, "sqlite_errorcode", 0)) & 0xFF


def error_reason(error: object) -> str:
    """Return why, in our words: SQLite's may quote the file."""
    if isinstance(error, str):
        return error
    if isinstance(error, NotOurFileError):
        return _DAMAGED
    if isinstance(error, ImportError):
        return "this Python was built without SQLite"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return _REASONS.get(error_code(error), getattr(error, "sqlite_errorname", type(error).__name__))
