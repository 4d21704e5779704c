"""Counts kept between runs: one SQLite file that is believed only as far as each row proves itself.

Whatever is wrong with the file costs time and one sentence in `warnings`: never an exception, never a wrong number.
`docs/cache.md` says what is stored and what is safe. SQLite is imported when something is looked up or saved.
"""

from __future__ import annotations

import gc
import os
import stat
import struct
import sys
import time
from binascii import crc32
from contextlib import contextmanager, suppress
from functools import lru_cache
from hashlib import sha256
from threading import Lock
from typing import TYPE_CHECKING, NamedTuple

from prompt_lint.model.errors import Fatal
from prompt_lint.model.values import Count, CountKey

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
    from typing import Any, BinaryIO

    from prompt_lint.model.values import Origin

    # Key, value, last seen; of any type, as the file is anybody's.
    Row = tuple[Any, Any, Any]

# The number is the version of everything below that decides what a row means: raise it when any of that changes.
FILE = "counts-v1.db"
_VERSION = 1
_DDL = "CREATE TABLE counts(k BLOB PRIMARY KEY, v BLOB NOT NULL, seen INTEGER NOT NULL) WITHOUT ROWID"
_SCHEMA = [(b"table", b"counts", b"counts", _DDL.encode())]
_LOOK_UP = "SELECT k, v, seen FROM counts"
_HOW_MANY = "SELECT count(*) FROM (SELECT 1 FROM counts WHERE k BETWEEN ? AND ? LIMIT ?)"
_SAVE = "INSERT OR REPLACE INTO counts VALUES (?, ?, ?)"
_MARK = "UPDATE counts SET seen = max(seen, ?) WHERE k = ?"
_EVICT = "DELETE FROM counts WHERE k IN (SELECT k FROM counts WHERE seen < ? ORDER BY seen LIMIT ?)"
_ASIDE = f"{FILE}.corrupt-"
# What SQLite may leave beside a file.
_COMPANIONS = ("-journal", "-wal", "-shm")

# A row's value: tokens, low, high, when it was counted (Unix seconds), whether it is unverified; then the CRC-32 of key
# and value. It finds every change of up to three bits, and all but one in 2^32 of the others.
_VALUE = struct.Struct("<IIIIB")
_SEALED = struct.Struct("<IIIIBI")
# The value of a row that has the counts of a file: what tells whether it has changed, when the oldest was counted; for each model
# tokens, low, high, and whether it is unverified (1) or the API's (2); then the CRC-32.
_FILE_COUNT = struct.Struct("<IIIB")
_STATE_BYTES = 24
# What a CRC-32 comes to over any data that ends in its own CRC-32.
_RESIDUE = 0x2144DF1C
# Of a row's key: whose count it is. The request's digest follows.
_SCOPE_BYTES = 12
_TOO_MANY = 2**31
_LAST_SECOND = 2**32 - 1

_DAY = 86_400
_ASKED_AT_ONCE = 500
# Reading all rows from the first key to the last is cheaper than looking each up, up to so many rows for each key.
_SCANNED = 2

_READ_PATIENCE = 0.25
_WRITE_PATIENCE = 2.0
# How long SQLite may compute, whatever the file makes of it: 30 times what it takes on an old laptop.
_READ_DEADLINE = 2.0
_READ_DEADLINE_EACH = 50e-6
_READ_ALL = 200_000
_WRITE_DEADLINE = 10.0
_STEPS = 20_000
_LARGEST_VALUE = 100_000
# Of one read or write: a journal rolled back, a damaged file begun anew, by us or by another process.
_MENDS = 3
_TRIES = 25
_LARGEST_ASIDE = 64 << 20

_BATCH = 200
# Rows of files only save reading, so they can wait for more of their kind.
_FILES_TOGETHER = 5_000
_BATCH_SECONDS = 5.0
_ROWS_KEPT = 100_000
_ROW_BYTES = 75
_KEPT_UNSEEN = 90 * _DAY
# A row that is found is marked as seen no more often than this, so that looking up need not write.
_MARKED_EVERY = 30 * _DAY

# Result codes, https://www.sqlite.org/rescode.html
_BUSY, _LOCKED, _READONLY, _INTERRUPT, _CORRUPT, _FULL, _CANTOPEN, _TOOBIG, _NOTADB = (
    5,
    6,
    8,
    9,
    11,
    13,
    14,
    18,
    26,
)
_READONLY_ROLLBACK, _READONLY_MOVED, _DELETE_NOENT = 776, 1032, 5898
_DAMAGED = "it is damaged or not a cache of this version"
_REASONS = {
    _BUSY: "another process holds it", _LOCKED: "another process holds it", _READONLY: "it can't be written",
    _INTERRUPT: "it takes too long to answer", _CORRUPT: _DAMAGED, _TOOBIG: _DAMAGED, _NOTADB: _DAMAGED,
    _FULL: "the disk is full", _CANTOPEN: "it can't be opened",
}  # fmt: skip

_TAG = """\
Signature: 8a477f597d28d172789f06886806bc55
# This folder holds a cache of prompt-lint. Backups may leave it out: https://bford.info/cachedir/
"""


class Info(NamedTuple):
    """What a cache holds. `size` is in bytes, `oldest` and `newest` in Unix seconds (None where there is nothing)."""

    path: str
    size: int
    api: int
    offline: int
    damaged: int
    oldest: int | None
    newest: int | None


@lru_cache(1_000)  # asked for every file of a kind of its own
def moves(model: str) -> bool:
    """Whether a model id may come to mean another model, so that its exact counts grow stale.

    Ids with a date are pinned, and so are dateless ones from generation 4.6 on; earlier dateless ids, `…-latest`
    and names that follow no known pattern may move. Source: the API's documentation of model ids, November 2026.
    """
    import re  # noqa: PLC0415  # only exact counts ask

    if re.search(r"[-@](?:latest|default)\b", model):
        return True
    if re.search(r"claude-.*[-@]20[0-9]{6}(?![0-9])", model):
        return False
    name = r"(?:.*[/.])?claude-[a-z]+-([0-9]+)(?:-([0-9]{1,2}))?(?:-v[0-9]+(?::[0-9]+)?)?(?:\[1m\])?"
    known = re.fullmatch(name, model)
    return not known or (int(known[1]), int(known[2] or 0)) < (4, 6)


def open_cache(
    folder: str | None, engine: str = "", service: str = "", clock: Callable[[], float] = time.time
) -> Cache:
    """The cache in `folder`, or one that knows nothing where `folder` is None. Touches no file yet.

    `engine` is the version of what counts offline, `service` the place that counts exactly: what another one
    counted isn't found. `clock` gives Unix seconds.
    """
    return Cache(folder, {"offline": engine, "api": service}, clock)


def clear(folder: str) -> int:
    """Remove what caches of any version left in `folder`; the number of bytes freed.

    Raises `Fatal` where a file can't be removed.
    """
    freed = 0
    try:
        for entry in list(os.scandir(folder)):
            if entry.name.startswith(("counts-v", "run-v", "config-v")) and entry.is_file(
                follow_symlinks=False
            ):
                freed += entry.stat(follow_symlinks=False).st_size
                os.unlink(entry.path)
    except FileNotFoundError:
        pass
    except OSError as error:
        raise Fatal(f"could not clear the cache in {folder}: {error.strerror}") from None
    return freed


class Cache:
    """Counts by key, on disk. Threads may share one, and processes may share a folder.

    `warnings` holds at most one sentence. `close` it, or the last counts are lost; not from a signal handler, which
    may have interrupted a `put`.
    """

    def __init__(self, folder: str | None, sources: Mapping[Origin, str], clock: Callable[[], float]) -> None:
        self.path = os.path.join(folder, FILE) if folder else ""
        self.warnings: list[str] = []
        self._sources = sources
        self._clock = clock
        self._lock = Lock()
        self._reading = self._writing = bool(folder)
        self._reader: sqlite3.Connection | None = None
        self._scopes: dict[tuple[str, Origin], bytes] = {}
        self._files: dict[bytes, _Scope] = {}
        self._same = _Same()
        self._oldest = _LAST_SECOND
        self._unsaved: dict[bytes, bytes] = {}
        self._unsaved_since = 0.0
        self._to_mark: set[bytes] = set()
        self._crowded = self._renewed = self._grown = False
        self._deadline = 0.0
        self._found: os.stat_result | None = None

    def get(self, keys: Collection[CountKey], origin: Origin) -> dict[CountKey, Count]:
        """The counts of `origin` that are known, by those of `keys` that have one. Digests are hex."""
        found: dict[CountKey, Count] = {}
        if not keys or not (self._reading or self._unsaved):
            return found
        with self._lock, _no_collection():
            moving = {model for model in {key.model for key in keys} if origin == "api" and moves(model)}
            asked = _Asked(self._names(keys, origin), origin, moving, self._now())
            self._read(asked.names, lambda rows: self._take_oldest(_prove(rows, asked, found, self._to_mark)))
            unsaved = [name for name in asked.names if name in self._unsaved]
            _prove(((name, self._unsaved[name], asked.now) for name in unsaved), asked, found, set())
        return found

    def put(self, counts: Mapping[CountKey, Count]) -> None:
        """Keep `counts`: on disk once there are 200, or 5 seconds on, or at `close`. What can't be a count is dropped."""
        with self._lock:
            if not self._writing:
                return
            if not self._unsaved:
                self._unsaved_since = time.monotonic()
            now = self._now()
            for key, count in counts.items():
                if _sound(count):
                    name = self._scope(key.model, count.origin) + bytes.fromhex(key.digest)
                    self._unsaved[name] = _seal(name, count, now)
            late = time.monotonic() - self._unsaved_since >= _BATCH_SECONDS
            if (len(self._unsaved) >= _BATCH or late) and not self._crowded:
                self._save(_WRITE_PATIENCE, last=False)

    def scope_of_files(self, meaning: str, models: Sequence[str], *, exact: bool) -> bytes:
        """The first part of a key of counts of a file: `f`, a hash of what they are counts of, and of what counted."""
        # The version counts for exact counts as well: another one may read a file in another way.
        text = "\0".join((*self._sources.values(), "exact" if exact else "any", meaning, *models))
        scope = b"f" + sha256(text.encode("utf-8", "surrogatepass")).digest()[: _SCOPE_BYTES - 1]
        self._files[scope] = _Scope(len(models), any(map(moves, models)))
        return scope

    def unchanged(self, scope: bytes, files: Mapping[bytes, bytes]) -> dict[bytes, tuple[Count, ...]]:
        """The counts of those of `files` that are kept in `scope` with this very state.

        `files` are 16 bytes, which tell files from each other, with the 24 bytes that tell whether one has changed.
        """
        found: dict[bytes, tuple[Count, ...]] = {}
        if not files or not self._reading:
            return found
        with self._lock, _no_collection():
            asked = _AskedFiles(files, *self._files[scope], self._same, self._now())
            names = [scope + name for name in files]
            self._read(names, lambda rows: self._take_oldest(_prove_files(rows, asked, found, self._to_mark)))
        return found

    def put_unchanged(self, scope: bytes, name: bytes, state: bytes, counts: Sequence[Count]) -> None:
        """Keep the counts of a file in this state; on disk once there are 5,000, or at `close`."""
        with self._lock:
            if self._writing and all(map(_sound, counts)):
                name = scope + name
                value = state + min(self._now(), self._oldest).to_bytes(4, "little")
                for tokens, low, high, origin, unverified in counts:
                    value += _FILE_COUNT.pack(tokens, low, high, unverified + 2 * (origin == "api"))
                self._unsaved[name] = value + crc32(name + value).to_bytes(4, "little")
                if len(self._unsaved) >= _FILES_TOGETHER and not self._crowded:
                    self._save(_WRITE_PATIENCE, last=False)

    def close(self, patience: float = _WRITE_PATIENCE) -> None:
        """Save what is left, waiting at most `patience` seconds for other processes. Closing again does nothing."""
        with self._lock:
            self._save(patience if self._unsaved else min(patience, _READ_PATIENCE), last=True)
            if self._grown:
                with suppress(Exception):  # housekeeping: there is another run
                    self._evict()
            self._reading = self._writing = self._grown = False
            self._unsaved.clear()
            self._to_mark.clear()
            self._same.clear()
            self._drop_reader()

    def info(self) -> Info:
        """What the file holds, every row of it read and proved."""
        tally = {b"a": 0, b"o": 0, b"f": 0, b"": 0}
        times: list[int] = []

        def take(rows: Iterable[Row]) -> None:
            for name, value, _ in rows:
                proved = _proved(name, value)
                tally[name[:1] if proved else b""] += 1
                times.extend([_SEALED.unpack(value)[3]] if proved and name[:1] != b"f" else [])

        with self._lock:
            self._read(None, take)
            size = self._found.st_size if self._found else 0
            self._drop_reader()
        oldest, newest = min(times, default=None), max(times, default=None)
        return Info(self.path, size, tally[b"a"], tally[b"o"], tally[b""], oldest, newest)

    @property
    def good_until(self) -> int:
        """When the first of the counts that were found is too old, in Unix seconds: those of models that move are."""
        return self._oldest + _DAY

    def _take_oldest(self, counted: int) -> None:
        """Counts of models that move are good for a day, also those that are kept once more by file."""
        self._oldest = min(self._oldest, counted)

    def _now(self) -> int:
        return min(max(int(self._clock()), 0), _LAST_SECOND)

    def _scope(self, model: str, origin: Origin) -> bytes:
        """The first part of a key: `a`pi or `o`ffline, and a hash of the model and of what counted."""
        scope = self._scopes.get((model, origin))
        if scope is None:
            text = f"{origin}\0{self._sources[origin]}\0{model}".encode("utf-8", "surrogatepass")
            scope = origin[:1].encode() + sha256(text).digest()[: _SCOPE_BYTES - 1]
            self._scopes[model, origin] = scope
        return scope

    def _names(self, keys: Collection[CountKey], origin: Origin) -> dict[bytes, CountKey]:
        scopes = {model: self._scope(model, origin) for model in {key.model for key in keys}}
        names = [scopes[model] + bytes.fromhex(digest) for model, digest in keys]
        return dict(zip(names, keys, strict=True))

    def _warn(self, what: str, error: object) -> None:
        if not self.warnings:
            self.warnings.append(f"The cache {self.path} {what}: {_reason(error)}.")

    def _give_up(self, error: object) -> None:
        self._reading = self._writing = False
        self._warn("is not used", error)

    # Reading

    def _read(self, names: Collection[bytes] | None, take: Callable[[Iterable[Row]], None]) -> None:
        """Hand the rows of `names` (all of them for None) to `take`, as many as can be read."""
        for mends in range(_MENDS + 1):
            if not (self._reading and self._present()):
                return
            try:
                self._select(names, take)
            except Exception as error:  # noqa: BLE001  # rot makes SQLite raise MemoryError, DataError and more
                self._drop_reader()
                if _code(error) in (_BUSY, _LOCKED):
                    self._reading = False
                    self._warn("is not read", error)
                elif mends == _MENDS or not self._mend(error):
                    self._give_up(error)
            else:
                return

    def _select(self, names: Collection[bytes] | None, take: Callable[[Iterable[Row]], None]) -> None:
        if self._reader is None:
            self._reader = self._connect("ro", _READ_PATIENCE)
        asked = _READ_ALL if names is None else len(names)
        self._deadline = time.monotonic() + _READ_DEADLINE + asked * _READ_DEADLINE_EACH
        with self._reader as reader:
            reader.execute("BEGIN")
            if _has_table(reader):
                for rows in _rows(reader, names):
                    take(rows)

    def _present(self) -> bool:
        """Whether a file is there to be opened. Anything else in its place, a link too, is let alone."""
        before, self._found = self._found, None
        try:
            found = os.lstat(self.path)
        except FileNotFoundError:
            self._drop_reader()
            return False
        except OSError as error:
            self._give_up(error)
            return False
        if not stat.S_ISREG(found.st_mode):
            self._give_up("it is not a regular file")
            return False
        if not (before and os.path.samestat(before, found)):
            self._drop_reader()
        self._found = found
        return True

    def _connect(self, mode: str, patience: float) -> sqlite3.Connection:
        import sqlite3  # noqa: PLC0415  # a run that looks nothing up needn't pay for it

        connection = sqlite3.connect(
            _uri(self.path, mode), timeout=patience, isolation_level=None, check_same_thread=False, uri=True
        )
        try:
            connection.text_factory = bytes
            connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _LARGEST_VALUE)
            connection.set_progress_handler(lambda: time.monotonic() > self._deadline, _STEPS)
            self._deadline = time.monotonic() + _READ_DEADLINE
            for setting in ("trusted_schema = OFF", "cell_size_check = ON", "synchronous = NORMAL"):
                connection.execute(f"PRAGMA {setting}")
        except BaseException:
            connection.close()
            raise
        return connection

    def _drop_reader(self) -> None:
        if self._reader is not None:
            self._reader.close()
            self._reader = None

    # Mending

    def _mend(self, error: Exception) -> bool:
        """Whether it is worth trying again."""
        if isinstance(error, _NotOurs) or _code(error) in (_CORRUPT, _TOOBIG, _NOTADB):
            return self._renew(error)
        code = getattr(error, "sqlite_errorcode", 0)
        if code == _READONLY_ROLLBACK:
            return self._roll_back()
        # The file was removed from under us.
        return code in (_READONLY_MOVED, _DELETE_NOENT) or (
            code == _CANTOPEN and not os.path.lexists(self.path)
        )

    def _roll_back(self) -> bool:
        """Undo what a killed writer left half done, which a reader that may not write can't."""
        try:
            writer = self._connect("rw", _READ_PATIENCE)
        except Exception:  # noqa: BLE001  # as in `_read`
            return False
        try:
            writer.execute("BEGIN IMMEDIATE")
            writer.execute("PRAGMA user_version").fetchall()
            writer.execute("ROLLBACK")
        except Exception:  # noqa: BLE001  # as in `_read`
            return False
        finally:
            writer.close()
        return True

    def _renew(self, error: Exception) -> bool:
        """Begin a damaged file anew, once in a run, and keep a copy of it."""
        if self._renewed or not self._found:
            return False
        self._renewed = True
        self._drop_reader()
        try:
            aside = _empty(self.path, self._found, self._now())
        except OSError:
            return False
        if aside:
            self._warn(f"is begun anew and the old one kept as {aside}", error)
        return True

    # Writing

    def _save(self, patience: float, *, last: bool) -> None:
        for mends in range(_MENDS + 1):
            if not (self._writing and (self._unsaved or self._to_mark)):
                return
            try:
                self._write(patience)
            except Exception as error:  # noqa: BLE001  # as in `_read`
                if _code(error) in (_BUSY, _LOCKED) and not last:
                    self._crowded = True  # `close` tries once more
                    return
                if mends == _MENDS or not self._mend(error):
                    self._writing = False
                    if self._unsaved:
                        self._warn("could not take new counts", error)
            else:
                return

    def _write(self, patience: float) -> None:
        """One transaction: all of it is kept or none."""
        if not self._present():
            if not (self._writing and self._unsaved):
                return
            _create(self.path)
            self._present()
        writer = self._connect("rw", patience)
        now = self._now()
        try:
            self._deadline = time.monotonic() + _WRITE_DEADLINE
            with writer:
                writer.execute("BEGIN IMMEDIATE")
                if not _has_table(writer):
                    writer.execute(_DDL)
                    writer.execute(f"PRAGMA user_version = {_VERSION}")
                writer.executemany(_SAVE, ((name, value, now) for name, value in self._unsaved.items()))
                writer.executemany(_MARK, ((now, name) for name in self._to_mark))
        finally:
            writer.close()
        self._grown = self._grown or bool(self._unsaved)
        self._unsaved.clear()
        self._to_mark.clear()

    def _evict(self) -> None:
        """Drop what nobody has asked for in 90 days, and no more of it than is beyond 100,000 rows."""
        if not self._present() or not self._found or self._found.st_size < _ROWS_KEPT * _ROW_BYTES:
            return
        writer = self._connect("rw", _READ_PATIENCE)
        try:
            self._deadline = time.monotonic() + _WRITE_DEADLINE
            with writer:
                writer.execute("BEGIN IMMEDIATE")
                if _has_table(writer):
                    (rows,) = writer.execute("SELECT count(*) FROM counts").fetchone()
                    writer.execute(_EVICT, (self._now() - _KEPT_UNSEEN, max(rows - _ROWS_KEPT, 0)))
        finally:
            writer.close()


@contextmanager
def _no_collection() -> Iterator[None]:
    """Without the garbage collector, which would look for cycles among the thousands of new tuples: a third of the time."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


class _NotOurs(Exception):
    """The file holds something else than the table of this version."""


class _Asked(NamedTuple):
    names: Mapping[bytes, CountKey]
    origin: Origin
    moving: Collection[str]
    now: int


def _sound(count: Count) -> bool:
    """Whether it can be a count at all: of ints, positive, inside its own interval; of a single value from the API."""
    tokens, low, high, origin, _ = count
    if any(type(number) is not int for number in (tokens, low, high)):
        return False
    inside = 0 <= low <= tokens <= high < _TOO_MANY and tokens > 0
    return inside and (origin == "offline" or low == high)


def _seal(name: bytes, count: Count, now: int) -> bytes:
    value = _VALUE.pack(count.tokens, count.low, count.high, now, bool(count.is_unverified))
    return value + crc32(name + value).to_bytes(4, "little")


def _proved(name: Any, value: Any) -> bool:
    return (
        type(name) is bytes
        and type(value) is bytes
        and crc32(name + value) == _RESIDUE
        and (name[:1] == b"f" or (name[:1] in (b"a", b"o") and len(value) == _SEALED.size))
    )


def _prove(rows: Iterable[Row], asked: _Asked, found: dict[CountKey, Count], to_mark: set[bytes]) -> int:
    """Add to `found` what the rows hold; one that isn't what was saved is a miss.

    Returns when the oldest count was made of a model that moves.
    """
    oldest = _LAST_SECOND
    names, origin, moving, now = asked
    size, unpack, unmarked = _SEALED.size, _SEALED.unpack, now - _MARKED_EVERY
    for name, value, seen in rows:  # the hot loop: 30,000 times in a large repository
        key = names.get(name)
        if key is None or type(value) is not bytes or len(value) != size or crc32(name + value) != _RESIDUE:
            continue
        tokens, low, high, counted, unverified, _ = unpack(value)
        if not low <= tokens <= high < _TOO_MANY or not tokens or unverified > 1:
            continue
        if moving and key.model in moving:
            if not 0 <= now - counted < _DAY:
                continue
            oldest = min(oldest, counted)
        if low != high and origin == "api":
            continue
        found[key] = Count(tokens, low, high, origin, unverified == 1)
        if type(seen) is int and seen < unmarked:
            to_mark.add(name)
    return oldest


class _Scope(NamedTuple):
    """What the rows of one scope look like: how many counts, and whether exact ones grow stale."""

    models: int
    moves: bool


class _AskedFiles(NamedTuple):
    files: Mapping[bytes, bytes]
    models: int
    moves: bool
    same: _Same
    now: int


def _prove_files(
    rows: Iterable[Row], asked: _AskedFiles, found: dict[bytes, tuple[Count, ...]], to_mark: set[bytes]
) -> int:
    """Add to `found` the counts in rows that bear the state of today; any other row is a miss.

    Returns when the oldest count was made of a model that moves.
    """
    oldest = _LAST_SECOND
    files, models, moves, same, now = asked
    head, each, unmarked = _STATE_BYTES + 4, _FILE_COUNT.size, now - _MARKED_EVERY
    pieces = [slice(head + number * each, head + (number + 1) * each) for number in range(models)]
    length = head + models * each + 4
    for key, value, seen in rows:  # the hot loop of a run that knows everything
        if type(key) is not bytes or type(value) is not bytes:
            continue
        name = key[_SCOPE_BYTES:]
        state = files.get(name)
        if not (
            state and value.startswith(state) and len(value) == length and crc32(key + value) == _RESIDUE
        ):
            continue
        counts = tuple([same[value[piece]] for piece in pieces])
        if None in counts:
            continue
        if moves and any(count and count.origin == "api" for count in counts):
            counted = int.from_bytes(value[_STATE_BYTES:head], "little")
            if not 0 <= now - counted < _DAY:
                continue
            oldest = min(oldest, counted)
        found[name] = counts  # type: ignore[assignment]  # none of them is None
        if type(seen) is int and seen < unmarked:
            to_mark.add(key)
    return oldest


class _Same(dict[bytes, "Count | None"]):
    """Counts by what packs them; None for what can't be one. There may be a million of them, but not of so many sizes."""

    def __missing__(self, packed: bytes) -> Count | None:
        tokens, low, high, kind = _FILE_COUNT.unpack(packed)
        possible = 0 < tokens < _TOO_MANY and low <= tokens <= high < _TOO_MANY and (kind < 2 or low == high)
        origin: Origin = "api" if kind & 2 else "offline"
        count = self[packed] = Count(tokens, low, high, origin, kind & 1 == 1) if possible else None
        return count


def _has_table(connection: sqlite3.Connection) -> bool:
    """Whether the table is there, rather than an empty file. Raises `_NotOurs` where there is anything else.

    Views, triggers and the like could compute what they please: https://www.sqlite.org/security.html
    """
    ((version,),) = connection.execute("PRAGMA user_version").fetchall()
    ((journal,),) = connection.execute("PRAGMA journal_mode").fetchall()
    schema = connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_master LIMIT 2").fetchall()
    if (version, schema) not in ((0, []), (_VERSION, _SCHEMA)) or journal != b"delete":
        raise _NotOurs
    return bool(schema)


def _rows(reader: sqlite3.Connection, names: Collection[bytes] | None) -> Iterator[Iterable[Row]]:
    """The rows of `names`, and others where that is cheaper."""
    if names is None:
        yield reader.execute(_LOOK_UP)
        return
    if len(names) > _ASKED_AT_ONCE:
        span, most = (min(names), max(names)), _SCANNED * len(names)
        [(between,)] = reader.execute(_HOW_MANY, (*span, most + 1)).fetchall()
        if between <= most:
            yield reader.execute(f"{_LOOK_UP} WHERE k BETWEEN ? AND ?", span)
            return
    ordered = sorted(names)  # as they stand in the file
    for start in range(0, len(ordered), _ASKED_AT_ONCE):
        batch = ordered[start : start + _ASKED_AT_ONCE]
        marks = ",".join("?" * len(batch))
        yield reader.execute(f"{_LOOK_UP} WHERE k IN ({marks})", batch)


def _create(path: str) -> None:
    """The folder and an empty file, for their owner alone. A folder that was empty is marked as a cache."""
    place = os.path.dirname(path)
    os.makedirs(os.path.dirname(place), exist_ok=True)
    with suppress(FileExistsError):
        os.mkdir(place, 0o700)
    if not os.listdir(place):
        for name, text in ((".gitignore", "*\n"), ("CACHEDIR.TAG", _TAG)):
            with open(os.path.join(place, name), "w", encoding="utf-8") as file:
                file.write(text)
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))


def _empty(path: str, found: os.stat_result, now: int) -> str:
    """Empty the file that was `found` at `path`; the name of its copy, or nothing where another process was faster.

    It is emptied rather than renamed because SQLite knows a journal by name alone: a process that still had the
    renamed file open would roll the new one's journal back into it. Raises `OSError` where it can't be done.
    """
    place, aside = os.path.dirname(path), f"{_ASIDE}{now}"
    try:
        with _alone(path) as file:
            still = os.fstat(file.fileno())
            if not os.path.samestat(still, found) or still.st_mtime_ns != found.st_mtime_ns:
                return ""
            if still.st_nlink > 1:  # it may be somebody's under another name
                raise PermissionError
            for name in os.listdir(place):
                if name.startswith(_ASIDE) or name in [FILE + companion for companion in _COMPANIONS]:
                    os.unlink(os.path.join(place, name))
            with open(os.path.join(place, aside), "xb", opener=_private) as copy:
                copy.write(file.read(_LARGEST_ASIDE))
            file.truncate(0)
    except FileNotFoundError:
        return ""
    return aside


@contextmanager
def _alone(path: str) -> Iterator[BinaryIO]:
    """The file, with SQLite's own exclusive lock, which it can't take itself on what is no database.

    Raises `OSError` where others don't let go of it. The bytes: https://www.sqlite.org/fileformat2.html#the_lock_byte_page
    """
    with open(path, "r+b") as file:
        if sys.platform != "win32":  # nobody can empty a file there that another process has locked
            import fcntl  # noqa: PLC0415  # for damaged files only

            for tries_left in reversed(range(_TRIES)):
                try:
                    fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, 512, 0x40000000)
                    break
                except OSError:
                    if not tries_left:
                        raise
                    time.sleep(_READ_PATIENCE / _TRIES)
        yield file


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _uri(path: str, mode: str) -> str:
    """https://www.sqlite.org/uri.html"""
    for character, escape in (("%", "%25"), ("?", "%3f"), ("#", "%23")):
        path = path.replace(character, escape)
    if os.name == "nt":
        path = "/" + path.replace("\\", "/")
    return f"file://{path}?mode={mode}"


def _code(error: object) -> int:
    """The primary result code of an SQLite error, 0 for other errors."""
    return int(getattr(error, "sqlite_errorcode", 0)) & 0xFF


def _reason(error: object) -> str:
    """Why, in words of ours: SQLite's may quote the file."""
    if isinstance(error, str):
        return error
    if isinstance(error, _NotOurs):
        return _DAMAGED
    if isinstance(error, ImportError):
        return "this Python was built without SQLite"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return _REASONS.get(_code(error), getattr(error, "sqlite_errorname", type(error).__name__))
