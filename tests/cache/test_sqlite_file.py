"""The SQLite file of a cache: how it is created, and how a foreign or damaged one is replaced."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
import time
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
from tests.support.counts import (
    counts,
    exact,
    key,
    list_copies,
    make_random,
    read_counts,
    run_with_cache,
    save_counts,
)

from prompt_lint.cache import sqlite_file
from prompt_lint.cache.counts import FILE

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

DAY = 86_400
NOW = 1_800_000_000.0


def test_folder_and_file_are_private_and_marked_as_a_cache(folder: Path) -> None:
    """Others can't read digests; backup programs and git skip the folder."""
    save_counts(folder, counts([1]))

    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / FILE).stat().st_mode) == 0o600
    assert (folder / "CACHEDIR.TAG").read_text().startswith("Signature: 8a477f597d28d172789f06886806bc55\n")
    assert (folder / ".gitignore").read_text() == "*\n"


def test_a_folder_with_other_things_in_it_is_not_marked(folder: Path) -> None:
    """`--cache-dir .` must not hide a repository from git."""
    folder.mkdir()
    (folder / "prompt.md").write_text("Hello")

    save_counts(folder, counts([1]))

    assert sorted(os.listdir(folder)) == [FILE, "prompt.md"]


def make_sqlite_file(*statements: str) -> Callable[[Path], None]:
    """Return a function that creates an SQLite file by these statements."""

    def make(path: Path) -> None:
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            for statement in statements:
                connection.execute(statement)

    return make


TABLE = sqlite_file.DDL
ENDLESS = "WITH RECURSIVE c(k) AS (SELECT 1 UNION ALL SELECT k + 1 FROM c) SELECT k, k AS v, k AS seen FROM c"


FOREIGN: dict[str, Callable[[Path], Any]] = {
    "html": lambda path: path.write_text("<!doctype html><title>Sign in to the network</title>" * 50),
    "noise": lambda path: path.write_bytes(make_random(3).randbytes(10_000)),
    "zeros": lambda path: path.write_bytes(bytes(10_000)),
    "another table": make_sqlite_file("CREATE TABLE t(x)", "PRAGMA user_version = 2"),
    "a newer version": make_sqlite_file(TABLE, "PRAGMA user_version = 3"),
    "no version": make_sqlite_file(TABLE),
    "a version only": make_sqlite_file("PRAGMA user_version = 2"),
    "more columns": make_sqlite_file(TABLE.replace(")", ", more)", 1), "PRAGMA user_version = 2"),
    "write-ahead log": make_sqlite_file("PRAGMA journal_mode = WAL", TABLE, "PRAGMA user_version = 2"),
    "a view": make_sqlite_file(f"CREATE VIEW entries AS {ENDLESS}", "PRAGMA user_version = 2"),
    "a trigger": make_sqlite_file(
        TABLE,
        f"CREATE TRIGGER t BEFORE INSERT ON entries BEGIN {ENDLESS}; END",
        "PRAGMA user_version = 2",
    ),
    "an index": make_sqlite_file(TABLE, "CREATE INDEX i ON entries(hex(v))", "PRAGMA user_version = 2"),
    "an enormous schema": make_sqlite_file(
        f"CREATE VIEW entries AS SELECT '{'x' * 200_000}' AS k", "PRAGMA user_version = 2"
    ),
}


@pytest.mark.parametrize("make", FOREIGN.values(), ids=FOREIGN)
def test_a_foreign_file_is_replaced(folder: Path, make: Callable[[Path], Any]) -> None:
    """Whatever it is, there is one warning, in bounded time, and a new file at once."""
    folder.mkdir()
    make(folder / FILE)
    started = time.monotonic()

    found, warnings = run_with_cache(folder, counts(range(600)))

    assert time.monotonic() - started < 5
    assert found == {}
    assert len(warnings) == 1
    assert "is started over" in warnings[0]
    assert len(list_copies(folder)) == 1
    assert read_counts(folder, [key(999_999)]) == {key(999_999): exact(7)}


def test_a_foreign_file_is_replaced_by_a_run_that_only_writes(folder: Path) -> None:
    """A trigger in it doesn't run."""
    folder.mkdir()
    FOREIGN["a trigger"](folder / FILE)

    warnings = save_counts(folder, counts(range(3)))

    assert len(warnings) == 1
    assert read_counts(folder, counts(range(3))) == counts(range(3))


def test_one_copy_of_a_damaged_file_is_kept(folder: Path) -> None:
    """It is that of the last one; the journal of the damaged file is removed."""
    save_counts(folder, counts([1]))
    for now in (NOW, NOW + 1):
        (folder / FILE).write_bytes(b"rot" * 1_000)
        (folder / f"{FILE}-journal").write_bytes(b"rot")
        save_counts(folder, counts([1]), clock=lambda now=now: now)

    assert list_copies(folder) == [f"{FILE}.corrupt-{NOW + 1:.0f}"]
    assert not (folder / f"{FILE}-journal").exists()


class LockingOfWindows:
    """`msvcrt`, with the locks of this system: https://docs.python.org/3/library/msvcrt.html#msvcrt.locking."""

    LK_NBLCK = 2

    @staticmethod
    def locking(descriptor: int, mode: int, length: int) -> None:
        assert mode == LockingOfWindows.LK_NBLCK
        import fcntl  # noqa: PLC0415  # not on Windows, where the real module is used

        start = os.lseek(descriptor, 0, os.SEEK_CUR)
        fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB, length, start)


@pytest.mark.parametrize("platform", sorted({sys.platform, "win32"}))
def test_a_file_that_another_process_reads_is_not_emptied(
    folder: Path, platform: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The lock is SQLite's own, on Windows, too, which has another function for it."""
    save_counts(folder, counts([1]))
    path = folder / FILE
    read = (
        "import sqlite3, sys; db = sqlite3.connect(sys.argv[1], isolation_level=None); db.execute('BEGIN');"
        "print(db.execute('SELECT count(*) FROM entries').fetchall(), flush=True); input()"
    )
    if platform != sys.platform:
        monkeypatch.setitem(sys.modules, "msvcrt", LockingOfWindows)
        monkeypatch.setattr(sys, "platform", platform)
    with subprocess.Popen(
        [sys.executable, "-c", read, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as reader:
        assert reader.stdout
        assert reader.stdout.readline()
        with pytest.raises(OSError, match=r"unavailable|denied"):
            sqlite_file.empty_file(str(path), path.stat(), 1)
        before = path.read_bytes()
        reader.communicate(b"\n")
    name = sqlite_file.empty_file(str(path), path.stat(), 1)

    assert (folder / name).read_bytes() == before
    assert path.read_bytes() == b""


def test_a_damaged_file_with_a_second_name_is_left_alone(folder: Path) -> None:
    """Emptying it would empty somebody's file."""
    folder.mkdir()
    (folder / FILE).write_bytes(b"mine" * 1_000)
    os.link(folder / FILE, folder / "mine")

    found, warnings = run_with_cache(folder, counts([1]))

    assert found == {}
    assert warnings == [
        f"the cache {folder / FILE} is not used: it is damaged or not a cache of this version"
    ]
    assert (folder / "mine").read_bytes() == b"mine" * 1_000


@pytest.mark.parametrize("name", ["a?b", "a#b", "a%20b", "ä b", os.fsdecode(b"\xff"), "a&mode=memory"])
def test_any_name_of_a_folder_works(tmp_path: Path, name: str) -> None:
    """SQLite is given a URI, in which some characters have a meaning."""
    folder = tmp_path / name

    save_counts(folder, counts([1]))

    assert read_counts(folder, [key(1)]) == counts([1])
    assert os.listdir(tmp_path) == [name]


def test_the_journal_is_a_rollback_journal(folder: Path) -> None:
    """A write-ahead log fails on network file systems and in read-only folders."""
    save_counts(folder, counts([1]))

    with closing(sqlite3.connect(folder / FILE)) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("delete",)
    assert sorted(os.listdir(folder)) == [".gitignore", "CACHEDIR.TAG", FILE]


def test_a_python_without_sqlite_counts_without_a_cache(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some are built that way."""
    save_counts(folder, counts([1]))
    monkeypatch.setitem(sys.modules, "sqlite3", None)

    found, warnings = run_with_cache(folder, counts([1]))

    assert found == {}
    assert warnings == [f"the cache {folder / FILE} is not used: this Python was built without SQLite"]
