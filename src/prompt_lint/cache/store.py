"""Rows kept between runs in one SQLite file, each believed only where its checksum proves it.

Whatever is wrong with the file costs time and one sentence in `warnings`: never an exception, never a wrong row.
"""

from __future__ import annotations

import os
import stat
import time
from binascii import crc32
from contextlib import contextmanager, suppress
from threading import Lock
from typing import TYPE_CHECKING

from prompt_lint.cache import sqlite_file

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

    from prompt_lint.cache.sqlite_file import Row

_SAVE = "INSERT OR REPLACE INTO entries VALUES (?, ?, ?)"
_MARK = "UPDATE entries SET seen = max(seen, ?) WHERE k = ?"
_EVICT = "DELETE FROM entries WHERE k IN (SELECT k FROM entries WHERE seen < ? ORDER BY seen LIMIT ?)"

# The CRC-32 of any data that ends in its own CRC-32 (little-endian). A row's value ends in that of its name and
# payload, which finds every change of up to three bits, and all but one in 2^32 of the others.
_RESIDUE = 0x2144DF1C
_CRC_BYTES = 4

_DAY = 86_400
_LAST_SECOND = 2**32 - 1
_READ_PATIENCE = 0.25
WRITE_PATIENCE = 2.0
# Seconds that SQLite may compute, whatever the file makes of it: 30 times what it takes on an old laptop.
_READ_SECONDS, _READ_SECONDS_EACH = 2.0, 50e-6
_READ_ALL = 200_000
_WRITE_SECONDS = 10.0
# How often one read or write is tried. Between two tries, a journal is rolled back, or a damaged file is emptied by us
# or by another process.
_TRIES = 4

_BATCH = 200
_BATCH_SECONDS = 5.0
_ROWS_KEPT = 100_000
_ROW_BYTES = 75
_SECONDS_KEPT_UNSEEN = 90 * _DAY
# A row that is read is marked as seen no more often than this, so that reading need not write.
_SECONDS_BETWEEN_MARKS = 30 * _DAY


class Store:
    """Payloads by name, on disk at `path`; nothing at all where `path` is empty.

    Threads may share a store, and processes may share its file. `warnings` holds at most one sentence. `close` it,
    or the last rows are lost; not from a signal handler, which may have interrupted a `put`.
    """

    def __init__(self, path: str, clock: Callable[[], float] = time.time) -> None:
        self.path = path
        self.warnings: list[str] = []
        self._clock = clock
        self._lock = Lock()
        self._reading = self._writing = bool(path)
        self._reader: sqlite3.Connection | None = None
        self._unsaved: dict[bytes, bytes] = {}
        self._unsaved_since = 0.0
        self._to_mark: set[bytes] = set()
        self._was_busy = self._was_emptied = self._has_grown = False
        self._deadline = 0.0
        self._status: os.stat_result | None = None

    def now(self) -> int:
        """Return the clock's time in whole Unix seconds, within 32 bits."""
        return min(max(int(self._clock()), 0), _LAST_SECOND)

    def read(self, names: Collection[bytes]) -> dict[bytes, bytes]:
        """Return the payloads of those of `names` that are known."""
        payloads: dict[bytes, bytes] = {}
        if not names or not (self._reading or self._unsaved):
            return payloads
        unmarked = self.now() - _SECONDS_BETWEEN_MARKS

        def take(rows: Iterable[Row]) -> None:
            for name, value, seen in rows:  # the hot loop: 30,000 times in a large repository
                if name in names and type(value) is bytes and crc32(name + value) == _RESIDUE:
                    payloads[name] = value[:-_CRC_BYTES]
                    if type(seen) is int and seen < unmarked:
                        self._to_mark.add(name)

        with self._lock:
            self._read(names, take)
            for name in self._unsaved.keys() & names:
                payloads[name] = self._unsaved[name][:-_CRC_BYTES]
        return payloads

    def put(self, payloads: Mapping[bytes, bytes]) -> None:
        """Keep rows: on disk once there are 200, or 5 seconds later, or at `close`."""
        with self._lock:
            if not self._writing:
                return
            if not self._unsaved:
                self._unsaved_since = time.monotonic()
            for name, payload in payloads.items():
                self._unsaved[name] = seal(name, payload)
            is_late = time.monotonic() - self._unsaved_since >= _BATCH_SECONDS
            if (len(self._unsaved) >= _BATCH or is_late) and not self._was_busy:
                self._save(WRITE_PATIENCE, last=False)

    def close(self, patience: float = WRITE_PATIENCE) -> None:
        """Save what is left, waiting at most `patience` seconds for other processes. Closing again does nothing."""
        with self._lock:
            self._save(patience if self._unsaved else min(patience, _READ_PATIENCE), last=True)
            if self._has_grown:
                with suppress(Exception):  # housekeeping: there is another run
                    self._evict()
            self._reading = self._writing = self._has_grown = False
            self._drop_reader()

    def read_all(self) -> tuple[int, list[tuple[bytes, bytes | None]]]:
        """Return the file's size in bytes and every row: its name and payload, None for one that isn't proved."""
        rows_read: list[tuple[bytes, bytes | None]] = []

        def take(rows: Iterable[Row]) -> None:
            for name, value, _ in rows:
                is_proved = type(name) is bytes and type(value) is bytes and crc32(name + value) == _RESIDUE
                rows_read.append((name, value[:-_CRC_BYTES]) if is_proved else (b"", None))

        with self._lock:
            self._read(None, take)
            size = self._status.st_size if self._status else 0
            self._drop_reader()
        return size, rows_read

    def _warn(self, problem: str, error: object) -> None:
        if not self.warnings:
            self.warnings.append(f"the cache {self.path} {problem}: {sqlite_file.error_reason(error)}")

    def _give_up(self, error: object) -> None:
        self._reading = self._writing = False
        self._warn("is not used", error)

    def _is_late(self) -> bool:
        return time.monotonic() > self._deadline

    # Reading

    def _read(self, names: Collection[bytes] | None, take: Callable[[Iterable[Row]], None]) -> None:
        """Hand the rows of `names` (all rows for None) to `take`, as many as can be read."""
        for tries_left in reversed(range(_TRIES)):
            if not (self._reading and self._find_file()):
                return
            try:
                self._select(names, take)
            except Exception as error:  # noqa: BLE001  # rot makes SQLite raise MemoryError, DataError and more
                self._drop_reader()
                if sqlite_file.error_code(error) in (sqlite_file.BUSY, sqlite_file.LOCKED):
                    self._reading = False
                    self._warn("is not read", error)
                elif not (tries_left and self._repair(error)):
                    self._give_up(error)
            else:
                return

    def _select(self, names: Collection[bytes] | None, take: Callable[[Iterable[Row]], None]) -> None:
        if self._reader is None:
            self._reader = sqlite_file.connect(self.path, "ro", _READ_PATIENCE, self._is_late)
        expected = _READ_ALL if names is None else len(names)
        self._deadline = time.monotonic() + _READ_SECONDS + expected * _READ_SECONDS_EACH
        with self._reader as reader:
            reader.execute("BEGIN")
            if sqlite_file.has_table(reader):
                for rows in sqlite_file.select_rows(reader, names):
                    take(rows)

    def _find_file(self) -> os.stat_result | None:
        """Return the status of a file that can be opened, or None. Anything else in its place, a link too, is left alone."""
        before, self._status = self._status, None
        try:
            status = os.lstat(self.path)
        except FileNotFoundError:
            self._drop_reader()
            return None
        except OSError as error:
            self._give_up(error)
            return None
        if not stat.S_ISREG(status.st_mode):
            self._give_up("it is not a regular file")
            return None
        if not (before and os.path.samestat(before, status)):
            self._drop_reader()
        self._status = status
        return status

    def _drop_reader(self) -> None:
        if self._reader is not None:
            self._reader.close()
            self._reader = None

    # Repairing

    def _repair(self, error: Exception) -> bool:
        """Return whether it is worth trying again."""
        damage = (sqlite_file.CORRUPT, sqlite_file.TOOBIG, sqlite_file.NOTADB)
        if isinstance(error, sqlite_file.NotOurFileError) or sqlite_file.error_code(error) in damage:
            return self._empty(error)
        code = getattr(error, "sqlite_errorcode", 0)
        if code == sqlite_file.READONLY_ROLLBACK:
            return self._roll_back()
        # Those of a file that was removed as it was opened; the last one has other causes, too.
        return code in (sqlite_file.READONLY_MOVED, sqlite_file.DELETE_NOENT, sqlite_file.CANTOPEN)

    def _roll_back(self) -> bool:
        """Undo what a killed writer left half done, which a reader that may not write can't."""
        with suppress(Exception), self._writer(_READ_PATIENCE):
            return True
        return False

    def _empty(self, error: Exception) -> bool:
        """Empty a damaged file, once in a run, and keep a copy of it."""
        if self._was_emptied or not self._status:
            return False
        self._was_emptied = True
        try:
            copy_name = sqlite_file.empty_file(self.path, self._status, self.now())
        except OSError:
            return False
        if copy_name:
            self._warn(f"is started over, and the old one kept as {copy_name}", error)
        return True

    # Writing

    def _save(self, patience: float, *, last: bool) -> None:
        for tries_left in reversed(range(_TRIES)):
            if not (self._writing and (self._unsaved or self._to_mark)):
                return
            try:
                self._write(patience)
            except Exception as error:  # noqa: BLE001  # as in `_read`
                is_busy = sqlite_file.error_code(error) in (sqlite_file.BUSY, sqlite_file.LOCKED)
                if is_busy and not last:
                    self._was_busy = True  # `close` tries once more
                    return
                if not (tries_left and self._repair(error)):
                    self._writing = False
                    if self._unsaved:
                        self._warn("can't be written, so new counts weren't saved", error)
            else:
                return

    def _write(self, patience: float) -> None:
        """Write everything in one transaction: all of it is kept or none."""
        if not self._find_file():
            if not (self._writing and self._unsaved):
                return
            sqlite_file.create_file(self.path)
            self._find_file()
        now = self.now()
        with self._writer(patience) as writer:
            if not sqlite_file.has_table(writer):
                writer.execute(sqlite_file.DDL)
                writer.execute(f"PRAGMA user_version = {sqlite_file.VERSION}")
            writer.executemany(_SAVE, ((name, value, now) for name, value in self._unsaved.items()))
            writer.executemany(_MARK, ((now, name) for name in self._to_mark))
        self._has_grown = self._has_grown or bool(self._unsaved)
        self._unsaved.clear()
        self._to_mark.clear()

    def _evict(self) -> None:
        """Drop rows that nobody has read in 90 days, and no more of them than are beyond 100,000."""
        status = self._find_file()
        if not status or status.st_size < _ROWS_KEPT * _ROW_BYTES:
            return
        with self._writer(_READ_PATIENCE) as writer:
            if sqlite_file.has_table(writer):
                (rows,) = writer.execute("SELECT count(*) FROM entries").fetchone()
                writer.execute(_EVICT, (self.now() - _SECONDS_KEPT_UNSEEN, max(rows - _ROWS_KEPT, 0)))

    @contextmanager
    def _writer(self, patience: float) -> Iterator[sqlite3.Connection]:
        """Open a connection that holds the write lock, in a transaction that is committed at the end."""
        writer = sqlite_file.connect(self.path, "rw", patience, self._is_late)
        try:
            self._deadline = time.monotonic() + _WRITE_SECONDS
            with writer:
                writer.execute("BEGIN IMMEDIATE")
                yield writer
        finally:
            writer.close()


def seal(name: bytes, payload: bytes) -> bytes:
    """Return the value of a row: the payload, and the CRC-32 of name and payload."""
    return payload + crc32(name + payload).to_bytes(_CRC_BYTES, "little")
