"""Rows kept in a file: no fault of file, disk, clock or another process makes a wrong one."""

from __future__ import annotations

import os
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from binascii import crc32
from contextlib import closing, contextmanager
from pathlib import Path
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
from tests.support.paths import ROOT

from prompt_lint.cache import sqlite_file, store
from prompt_lint.cache.counts import FILE, open_counts
from prompt_lint.cache.folder import clear_cache

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

DAY = 86_400
NOW = 1_800_000_000.0


def test_sqlite_is_not_imported_for_an_empty_cache(folder: Path) -> None:
    """Reading where there is no file, or with the cache switched off, costs no import."""
    script = (
        "import sys; from prompt_lint.cache.counts import open_counts; from prompt_lint.model.counts import CountKey\n"
        f"for folder in ({str(folder)!r}, None):\n"
        "    cache = open_counts(folder); cache.get([CountKey('m', 'ab')], 'api'); cache.close()\n"
        "print('sqlite3' in sys.modules)"
    )

    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert done.stdout == "False\n"
    assert not folder.exists()


@pytest.mark.parametrize("wanted", [range(15), range(700), range(1_000, 2_800), range(2_900, 4_000)])
def test_only_the_wanted_counts_are_found(folder: Path, wanted: range) -> None:
    """Whether few keys are looked up or so many that the file is read through."""
    save_counts(folder, counts(range(3_000)))

    assert read_counts(folder, [key(number) for number in wanted]) == counts(n for n in wanted if n < 3_000)


def test_200_counts_are_saved_at_once(folder: Path) -> None:
    """A run that is killed loses fewer than that."""
    with closing(open_counts(str(folder))) as cache:
        cache.put(counts(range(199)))
        before = read_counts(folder, counts(range(199)))
        cache.put(counts([199]))
        after = read_counts(folder, counts(range(200)))

    assert before == {}
    assert after == counts(range(200))


def test_a_slow_run_saves_every_few_seconds(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Counts that have waited long enough go with the next one."""
    monkeypatch.setattr(store, "_BATCH_SECONDS", 0.0)
    with closing(open_counts(str(folder))) as cache:
        cache.put(counts([1]))
        found = read_counts(folder, [key(1)])

    assert found == counts([1])


def test_a_closed_cache_finds_nothing_and_warns_of_nothing(folder: Path) -> None:
    """A thread that comes late does no harm."""
    cache = open_counts(str(folder))
    cache.put(counts([1]))
    cache.close()
    cache.put(counts([2]))
    found = cache.get([key(1)], "api")
    cache.close()

    assert found == {}
    assert cache.warnings == []
    assert read_counts(folder, [key(1), key(2)]) == counts([1])


@pytest.fixture
def small_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    """A cache that is large at 50 rows already."""
    monkeypatch.setattr(store, "_ROWS_KEPT", 50)


@pytest.mark.usefixtures("small_cache")
def test_a_large_cache_evicts_rows_that_nobody_read(folder: Path) -> None:
    """Only beyond the size, only after 90 days, the longest unseen first."""
    save_counts(folder, counts(range(10)), clock=lambda: NOW - 200 * DAY)
    save_counts(folder, counts(range(10, 40)), clock=lambda: NOW - 100 * DAY)
    save_counts(folder, counts(range(40, 55)), clock=lambda: NOW - 80 * DAY)
    save_counts(folder, counts(range(55, 60)), clock=lambda: NOW)

    assert set(read_counts(folder, counts(range(60)))) == set(counts(range(10, 60)))


@pytest.mark.usefixtures("small_cache")
def test_nothing_younger_than_90_days_is_evicted(folder: Path) -> None:
    """However large the cache has become."""
    save_counts(folder, counts(range(100)), clock=lambda: NOW - 80 * DAY)
    save_counts(folder, counts(range(100, 200)), clock=lambda: NOW)

    assert len(read_counts(folder, counts(range(200)))) == 200


@pytest.mark.usefixtures("small_cache")
def test_a_large_file_of_few_rows_evicts_none(folder: Path) -> None:
    """What was evicted once leaves room in it."""
    save_counts(folder, counts(range(30)), clock=lambda: NOW - 200 * DAY)
    save_counts(folder, counts(range(30, 35)), clock=lambda: NOW)

    assert (folder / FILE).stat().st_size > 50 * store._ROW_BYTES
    assert set(read_counts(folder, counts(range(35)))) == set(counts(range(35)))


@pytest.mark.usefixtures("small_cache")
def test_rows_that_are_read_are_not_evicted(folder: Path) -> None:
    """Also by runs that find everything and save nothing."""
    save_counts(folder, counts(range(60)), clock=lambda: NOW - 100 * DAY)
    read_counts(folder, counts(range(20)), clock=lambda: NOW - 50 * DAY)
    save_counts(folder, counts(range(100, 130)), clock=lambda: NOW)

    assert set(read_counts(folder, counts(range(130)))) == set(counts([*range(20), *range(100, 130)]))


@pytest.mark.usefixtures("small_cache")
def test_rows_from_the_future_are_not_evicted(folder: Path) -> None:
    """A clock that was wrong, or is wrong now, loses nothing that is in use."""
    save_counts(folder, counts(range(60)), clock=lambda: NOW + 1_000 * DAY)
    read_counts(folder, counts(range(60)), clock=lambda: NOW)
    save_counts(folder, counts(range(60, 65)), clock=lambda: NOW)
    save_counts(folder, counts(range(65, 70)), clock=lambda: NOW + 1_050 * DAY)

    assert set(counts(range(60))) < set(read_counts(folder, counts(range(70)), clock=lambda: NOW))


def test_every_flipped_bit_of_a_row_is_noticed() -> None:
    """All bits of name and value, one at a time."""
    row = b"name" + store.seal(b"name", b"payload")

    assert crc32(row) == store._RESIDUE
    assert [bit for bit in range(len(row) * 8) if crc32(flip_bit(row, bit)) == store._RESIDUE] == []


@pytest.mark.parametrize("step", [300, pytest.param(1, marks=pytest.mark.slow)])
def test_flipped_bits_anywhere_never_make_a_wrong_count(folder: Path, step: int) -> None:
    """One in each byte, one at a time: a count is right or missing, nothing is raised, and there is one warning at most."""
    known = counts(range(150))
    save_counts(folder, known)
    whole = (folder / FILE).read_bytes()
    chance = make_random(1)
    header = range(0, 100, max(1, step // 10))
    flips = [byte * 8 + chance.randrange(8) for byte in {*header, *range(0, len(whole), step)}]

    wrong, repeated, complete = [], [], 0
    for bit in flips:
        (folder / FILE).write_bytes(flip_bit(whole, bit))
        with closing(open_counts(str(folder))) as cache:
            found = cache.get(list(known), "api")
        wrong += [bit for count_key, count in found.items() if known[count_key] != count]
        repeated += [bit for _ in cache.warnings[1:]]
        complete += found == known

    assert wrong == []
    assert repeated == []
    assert len(flips) // 4 < complete < len(flips)


def flip_bit(data: bytes, bit: int) -> bytes:
    return data[: bit // 8] + bytes([data[bit // 8] ^ 1 << bit % 8]) + data[bit // 8 + 1 :]


@pytest.mark.parametrize("files", [10, pytest.param(2_000, marks=pytest.mark.slow)])
def test_writing_into_a_damaged_file_never_makes_a_wrong_count(folder: Path, files: int) -> None:
    """Of files with many bits flipped, later runs find what was saved, or nothing."""
    known = counts(range(300))
    save_counts(folder, known)
    whole = (folder / FILE).read_bytes()
    chance = make_random(2)

    truth = known | {key(999_999): exact(7)}
    for _ in range(files):
        damaged = whole
        for _ in range(chance.choice([1, 5, 50])):
            damaged = flip_bit(damaged, chance.randrange(len(damaged) * 8))
        (folder / FILE).write_bytes(damaged)
        run_with_cache(folder, known)
        found, warnings = run_with_cache(folder, truth)

        assert found.items() <= truth.items()
        assert len(warnings) <= 1


@pytest.mark.parametrize("left", [0, 1, 15, 16, 50, 99, 100, 512, 4_095, 4_096, 4_097, 8_192, 12_000, -1])
def test_a_truncated_file_loses_counts_only(folder: Path, left: int) -> None:
    """What is found is right, and the next run has no warnings."""
    known = counts(range(300))
    save_counts(folder, known)
    whole = (folder / FILE).read_bytes()
    (folder / FILE).write_bytes(whole[:left])

    found, warnings = run_with_cache(folder, known)

    assert found.items() <= known.items()
    assert len(warnings) <= 1
    assert read_counts(folder, [key(999_999)]) == {key(999_999): exact(7)}


def test_a_file_that_is_removed_as_it_is_opened_is_none(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As by `prompt-lint cache clear`, between two looks at it: no reason for a warning."""
    save_counts(folder, counts([1]))
    connect = sqlite_file.connect

    def connect_late(*given: Any) -> sqlite3.Connection:
        (folder / FILE).unlink(missing_ok=True)
        return connect(*given)

    monkeypatch.setattr(sqlite_file, "connect", connect_late)

    assert read_counts(folder, [key(1)]) == {}


def test_a_file_that_is_removed_each_time_is_tried_four_times(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Then it is left alone: neither read nor written any more."""
    save_counts(folder, counts([1]))
    tries = []

    def connect(*given: Any) -> sqlite3.Connection:
        tries.append(given)
        error = sqlite3.OperationalError()
        error.sqlite_errorcode = sqlite_file.READONLY_MOVED
        raise error

    monkeypatch.setattr(sqlite_file, "connect", connect)

    read = run_with_cache(folder, counts([1]))
    tried_to_read = len(tries)
    written = save_counts(folder, counts(range(600)))

    assert read == ({}, [f"the cache {folder / FILE} is not used: it can't be written"])
    assert written == [
        f"the cache {folder / FILE} can't be written, so new counts weren't saved: it can't be written"
    ]
    assert (tried_to_read, len(tries)) == (4, 8)


def test_a_damaged_file_that_is_only_written_to_is_replaced(folder: Path) -> None:
    """What is new is in the next one."""
    folder.mkdir()
    (folder / FILE).write_bytes(b"rot" * 1_000)

    save_counts(folder, counts([1]))

    assert read_counts(folder, [key(1)]) == counts([1])


def test_a_damaged_file_is_replaced_once_in_a_run(folder: Path) -> None:
    """On a disk that damages everything there is one attempt."""
    folder.mkdir()
    with closing(open_counts(str(folder))) as cache:
        for _ in range(3):
            (folder / FILE).write_bytes(b"rot" * 1_000)
            found = cache.get([key(1)], "api")
            cache.put(counts(range(200)))

    assert found == {}
    assert len(cache.warnings) == 1
    assert (folder / FILE).read_bytes() == b"rot" * 1_000


@pytest.mark.parametrize(
    "make",
    [
        Path.mkdir,
        lambda path: path.symlink_to(path.parent / "elsewhere"),
        lambda path: path.symlink_to(path.parent / "nowhere"),
        os.mkfifo,
    ],
    ids=["folder", "link", "dangling link", "pipe"],
)
def test_what_is_no_regular_file_is_left_alone(folder: Path, make: Callable[[Path], Any]) -> None:
    """A link's target is neither read nor written, and nothing is moved."""
    save_counts(folder, counts([1]))
    (folder / FILE).rename(folder / "elsewhere")
    before = (folder / "elsewhere").read_bytes()
    make(folder / FILE)

    found, warnings = run_with_cache(folder, counts([1]))

    assert found == {}
    assert warnings == [f"the cache {folder / FILE} is not used: it is not a regular file"]
    assert (folder / "elsewhere").read_bytes() == before
    assert sorted(os.listdir(folder)) == [".gitignore", "CACHEDIR.TAG", FILE, "elsewhere"]


def test_a_file_that_is_cleared_during_a_run_is_created_again(folder: Path) -> None:
    """A run isn't harmed by `prompt-lint cache clear`."""
    save_counts(folder, counts([1]))
    with closing(open_counts(str(folder))) as cache:
        before = cache.get([key(1)], "api")
        clear_cache(str(folder))
        after = cache.get([key(1)], "api")
        cache.put(counts(range(300)))
        saved_again = cache.get([key(1)], "api")

    assert (before, after, saved_again) == (counts([1]), {}, counts([1]))
    assert cache.warnings == []
    assert read_counts(folder, counts(range(300))) == counts(range(300))


def test_a_file_that_is_cleared_before_its_rows_are_marked_stays_away(folder: Path) -> None:
    """Nothing is new that would have to be kept."""
    save_counts(folder, counts([1]), clock=lambda: NOW)
    with closing(open_counts(str(folder), clock=lambda: NOW + 60 * DAY)) as cache:
        cache.get([key(1)], "api")
        clear_cache(str(folder))

    assert not (folder / FILE).exists()
    assert cache.warnings == []


def test_a_file_that_another_run_creates_again_is_read(folder: Path) -> None:
    """Not the old one, which this run still has open."""
    save_counts(folder, counts([1]))
    with closing(open_counts(str(folder))) as cache:
        before = cache.get([key(1)], "api")
        clear_cache(str(folder))
        save_counts(folder, counts([2]))
        after = cache.get([key(1), key(2)], "api")

    assert (before, after) == (counts([1]), counts([2]))


def test_a_file_that_takes_too_long_to_answer_is_not_used(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file may be made so that SQLite never ends. What it has said before the end of its time is used."""
    known = counts(range(3_000))
    save_counts(folder, known)
    monkeypatch.setattr(store, "_READ_SECONDS", -1)

    found, warnings = run_with_cache(folder, known)

    assert found.items() < known.items()
    assert warnings == [f"the cache {folder / FILE} is not used: it takes too long to answer"]


@pytest.mark.parametrize("value", [None, 5, 5.5, "text", b"", b"x" * 20, b"x" * 90_000, b"x" * 200_000])
def test_a_row_of_another_type_is_not_found(folder: Path, value: object) -> None:
    """SQLite lets any value into any column."""
    save_counts(folder, counts(range(3)))
    with closing(sqlite3.connect(folder / FILE, isolation_level=None)) as connection:
        connection.execute(
            "UPDATE entries SET v = coalesce(?, 5), seen = coalesce(?, 'text')", (value, value)
        )

    found, warnings = run_with_cache(folder, counts(range(600)))

    assert found == {}
    assert len(warnings) <= 1


def test_a_row_of_another_type_loses_no_other(folder: Path) -> None:
    """Only what is in the row is lost; one that was seen at no time is still a count."""
    save_counts(folder, counts(range(3)))
    with closing(sqlite3.connect(folder / FILE, isolation_level=None)) as connection:
        connection.execute("UPDATE entries SET v = 5 WHERE k = (SELECT min(k) FROM entries)")
        connection.execute("UPDATE entries SET seen = 'text' WHERE k = (SELECT max(k) FROM entries)")

    assert len(read_counts(folder, counts(range(3)))) == 2


def test_a_row_that_is_read_is_marked_as_seen_once_in_30_days(folder: Path) -> None:
    """So that a run that finds everything need not write."""
    save_counts(folder, counts([1]), clock=lambda: NOW)

    def read_and_look(days: int) -> int:
        read_counts(folder, [key(1)], clock=lambda: NOW + days * DAY)
        with closing(sqlite3.connect(folder / FILE)) as connection:
            (seen,) = connection.execute("SELECT seen FROM entries").fetchone()
        return int(seen - NOW) // DAY

    assert [read_and_look(days) for days in (29, 30, 31, 60, 62)] == [0, 0, 31, 31, 62]


def test_rows_are_marked_with_the_first_rows_that_are_saved(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`close` has nothing left to write then."""
    save_counts(folder, counts([1]), clock=lambda: NOW)
    modes, connect = [], sqlite_file.connect

    def connect_and_note(path: str, mode: str, *given: Any) -> sqlite3.Connection:
        modes.append(mode)
        return connect(path, mode, *given)

    monkeypatch.setattr(sqlite_file, "connect", connect_and_note)
    with closing(open_counts(str(folder), clock=lambda: NOW + 60 * DAY)) as cache:
        cache.get([key(1)], "api")
        cache.put(counts(range(200)))

    assert modes == ["ro", "rw"]


def test_a_transaction_that_was_cut_off_is_rolled_back_by_a_reader(folder: Path, tmp_path: Path) -> None:
    """The journal of a killed writer holds what was there before it."""
    known = counts(range(2_000))
    save_counts(folder, known)
    copy_cut_off(folder, tmp_path / "killed")

    assert read_counts(tmp_path / "killed", known) == known


def copy_cut_off(folder: Path, killed: Path) -> None:
    """Make `killed` what `folder` would be if its writer were killed half-way through a transaction."""
    killed.mkdir()
    with closing(sqlite3.connect(folder / FILE, isolation_level=None)) as writer:
        writer.execute("PRAGMA cache_size = 2")
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("UPDATE entries SET v = zeroblob(21)")
        for name in (FILE, f"{FILE}-journal"):
            shutil.copy(folder / name, killed / name)
    assert (killed / FILE).read_bytes() != (folder / FILE).read_bytes()


WRITER = f"""
import sys; sys.path.insert(0, {str(ROOT)!r})
from prompt_lint.cache.counts import open_counts
from tests.support.counts import counts
folder, first, batches, size = sys.argv[1], *map(int, sys.argv[2:])
cache = open_counts(folder)
for start in range(first, first + batches * size, size):
    cache.put(counts(range(start, start + size)))
    print(start, flush=True)
cache.close()
print(*cache.warnings, flush=True)
"""


def start_writer(folder: Path, first: int, batches: int, size: int) -> subprocess.Popen[str]:
    arguments = [sys.executable, "-c", WRITER, str(folder), *map(str, (first, batches, size))]
    return subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True)


@pytest.mark.parametrize("kills", [4, pytest.param(300, marks=pytest.mark.slow)])
def test_a_killed_writer_loses_nothing_that_was_saved(folder: Path, kills: int) -> None:
    """Writers are killed at any moment: whole batches, all that were reported, and nothing wrong."""
    chance = make_random(4)
    for attempt in range(kills):
        first, reported = attempt * 1_000_000, 0
        with start_writer(folder, first, 1_000, 200) as process:
            assert process.stdout
            for _ in range(chance.randrange(6)):
                process.stdout.readline()
                reported += 200
            time.sleep(chance.random() / 100)
            process.kill()
            reported = max(
                [reported, *(int(line) - first + 200 for line in process.stdout if line.endswith("\n"))]
            )
        wanted = counts(range(first, first + reported + 400))

        found = read_counts(folder, wanted)

        assert found.items() <= wanted.items()
        assert found.keys() >= counts(range(first, first + reported)).keys()
        assert len(found) in (reported, reported + 200)
        assert process.returncode == -signal.SIGKILL


@pytest.mark.parametrize("start", [pytest.param("nothing", marks=pytest.mark.slow), "a damaged file"])
def test_eight_processes_lose_nothing(folder: Path, start: str) -> None:
    """500 counts each, at once: 4,000 are there. Also when all of them come upon a file that must be begun anew."""
    folder.mkdir()
    if start == "a damaged file":
        (folder / FILE).write_bytes(b"rot" * 1_000)
    writers = [start_writer(folder, first, 5, 100) for first in range(0, 4_000, 500)]
    warnings = [process.communicate()[0].splitlines()[-1] for process in writers]

    assert [process.returncode for process in writers] == [0] * 8
    assert [warning for warning in warnings if "started over" not in warning and warning] == []
    assert read_counts(folder, counts(range(4_000))) == counts(range(4_000))
    assert len(list_copies(folder)) == (start == "a damaged file")


def test_threads_share_a_cache(folder: Path) -> None:
    """Eight of them put and look up at once."""
    wrong: list[int] = []
    with closing(open_counts(str(folder))) as cache:

        def work(first: int) -> None:
            for number in range(first, first + 100):
                cache.put(counts([number]))
                wrong.extend([number] if cache.get([key(number)], "api") != counts([number]) else [])

        threads = [threading.Thread(target=work, args=(first,)) for first in range(0, 800, 100)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert wrong == []
    assert cache.warnings == []
    assert read_counts(folder, counts(range(800))) == counts(range(800))


@contextmanager
def hold_lock(folder: Path) -> Iterator[None]:
    """Lock the file exclusively, as another process would: to SQLite another connection is one."""
    with closing(sqlite3.connect(folder / FILE, isolation_level=None)) as holder:
        holder.execute("BEGIN EXCLUSIVE")
        yield
        holder.execute("ROLLBACK")


def test_a_reader_does_not_wait_for_a_stuck_process(folder: Path) -> None:
    """It waits a quarter of a second, once, and goes on without the cache."""
    save_counts(folder, counts([1]))
    with hold_lock(folder), closing(open_counts(str(folder))) as cache:
        started = time.monotonic()
        found = [cache.get([key(1)], "api") for _ in range(10)]
        took = time.monotonic() - started

    assert found == [{}] * 10
    assert 0.2 < took < 1.2
    assert cache.warnings == [f"the cache {folder / FILE} is not read: another process uses it"]


def test_a_writer_gives_up_on_a_stuck_process(folder: Path) -> None:
    """It waits as long as its patience, which is shorter for an interrupted run, and warns."""
    save_counts(folder, counts([1]))
    with hold_lock(folder):
        cache = open_counts(str(folder))
        cache.put(counts([2]))
        started = time.monotonic()
        cache.close(patience=0.3)
        took = time.monotonic() - started

    assert 0.25 < took < 1.5
    assert cache.warnings == [
        f"the cache {folder / FILE} can't be written, so new counts weren't saved: another process uses it"
    ]


def test_counts_that_a_locked_file_did_not_take_are_saved_at_the_end(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A batch that finds the file held waits for `close`, which has another try, and nothing was lost."""
    monkeypatch.setattr(store, "WRITE_PATIENCE", 0.1)
    save_counts(folder, counts([1]))
    tries, connect = [], sqlite_file.connect

    def connect_and_note(*given: Any) -> sqlite3.Connection:
        tries.append(given)
        return connect(*given)

    monkeypatch.setattr(sqlite_file, "connect", connect_and_note)
    cache = open_counts(str(folder))
    with hold_lock(folder):
        cache.put(counts(range(300)))
        cache.put(counts(range(300, 600)))
    assert len(tries) == 1
    cache.close()

    assert cache.warnings == []
    assert read_counts(folder, counts(range(600))) == counts(range(600))


def test_a_run_that_only_reads_does_not_wait_to_mark_rows(folder: Path) -> None:
    """Marking rows as seen is housekeeping: it waits a quarter of a second and says nothing when it fails."""
    save_counts(folder, counts([1]), clock=lambda: NOW)
    cache = open_counts(str(folder), clock=lambda: NOW + 60 * DAY)
    found = cache.get([key(1)], "api")
    with hold_lock(folder):
        started = time.monotonic()
        cache.close()
        took = time.monotonic() - started

    assert found == counts([1])
    assert took < 1.5
    assert cache.warnings == []


LIMITED = f"""
import resource, sys; sys.path.insert(0, {str(ROOT)!r})
from prompt_lint.cache.counts import open_counts
from tests.support.counts import counts
resource.setrlimit(resource.RLIMIT_FSIZE, (65_536, 65_536))
cache = open_counts(sys.argv[1])
for start in range(0, 6_000, 200):
    cache.put(counts(range(start, start + 200)))
cache.close()
print(len(cache.warnings), *cache.warnings)
"""


def test_a_file_that_may_not_grow_keeps_what_it_has(folder: Path) -> None:
    """A limit on the size of files is a full disk to SQLite, with another error."""
    known = counts(range(6_000))

    done = subprocess.run(
        [sys.executable, "-c", LIMITED, str(folder)], capture_output=True, text=True, check=True
    )
    found = read_counts(folder, known)

    assert done.stdout.startswith("1 the cache ")
    assert done.stderr == ""
    assert found.items() <= known.items()
    assert 200 <= len(found) < 1_000


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 96 KiB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=96k", "none", str(disk)]
    if (
        sys.platform != "linux"
        or os.geteuid()
        or subprocess.run(command, capture_output=True, check=False).returncode
    ):
        pytest.skip("only root on Linux may mount a file system, where that is allowed at all")
    yield disk
    if subprocess.run(["umount", str(disk)], capture_output=True, check=False).returncode:
        subprocess.run(["umount", "--lazy", str(disk)], check=True)
        pytest.fail("a file there is still open")


def test_a_full_disk_keeps_what_it_has(tiny_disk: Path) -> None:
    """One warning, whole batches, nothing wrong; and it works again once there is room."""
    known = counts(range(6_000))
    with closing(open_counts(str(tiny_disk / "cache"))) as cache:
        for start in range(0, 6_000, 200):
            cache.put(counts(range(start, start + 200)))
    found = read_counts(tiny_disk / "cache", known)
    (tiny_disk / "cache" / FILE).unlink()
    save_counts(tiny_disk / "cache", counts(range(100)))

    assert cache.warnings == [
        f"the cache {tiny_disk / 'cache' / FILE} can't be written, so new counts weren't saved: the disk is full"
    ]
    assert found.items() <= known.items()
    assert len(found) >= 200
    assert len(found) % 200 == 0
    assert read_counts(tiny_disk / "cache", counts(range(100))) == counts(range(100))


@pytest.fixture
def folder_of_others() -> Iterator[Path]:
    """A folder that anybody can enter, and a process without root's rights."""
    with tempfile.TemporaryDirectory() as temporary:
        Path(temporary).chmod(0o755)
        yield Path(temporary)


@contextmanager
def without_root() -> Iterator[None]:
    root = os.geteuid() == 0
    if root:
        os.seteuid(65_534)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)


def test_a_folder_that_cannot_be_written_is_read(folder_of_others: Path) -> None:
    """A shared or restored cache serves; what is new is counted again next time, and the run says so once."""
    folder = folder_of_others / "cache"
    save_counts(folder, counts(range(5)))
    (folder / FILE).chmod(0o444)
    folder.chmod(0o555)
    with without_root():
        found, warnings = run_with_cache(folder, counts(range(5)))
    folder.chmod(0o755)

    assert found == counts(range(5))
    assert warnings == [
        f"the cache {folder / FILE} can't be written, so new counts weren't saved: it can't be written"
    ]


def test_a_cut_off_transaction_that_cannot_be_rolled_back_is_no_cache(
    folder: Path, folder_of_others: Path
) -> None:
    """In a folder that can't be written, half a transaction must not be read."""
    save_counts(folder, counts(range(2_000)))
    killed = folder_of_others / "killed"
    copy_cut_off(folder, killed)
    for name in os.listdir(killed):
        (killed / name).chmod(0o444)
    killed.chmod(0o555)
    with without_root():
        found, warnings = run_with_cache(killed, counts(range(2_000)))
    killed.chmod(0o755)

    assert found == {}
    assert warnings == [f"the cache {killed / FILE} is not used: it can't be written"]


@pytest.mark.parametrize("mode", [0o000, 0o555], ids=["closed", "read-only"])
def test_a_folder_that_cannot_be_created_is_no_cache(folder_of_others: Path, mode: int) -> None:
    """A home folder that isn't one's own, say."""
    (folder_of_others / "home").mkdir(mode=mode)
    with without_root():
        found, warnings = run_with_cache(folder_of_others / "home" / "prompt-lint", counts(range(5)))

    assert found == {}
    assert len(warnings) == 1
    assert warnings[0].endswith(": Permission denied")
    assert os.listdir(folder_of_others / "home") == []


def test_a_file_that_cannot_be_read_is_no_cache(folder_of_others: Path) -> None:
    """Somebody else's, in a folder one may enter."""
    save_counts(folder_of_others, counts(range(5)))
    with without_root():
        found, warnings = run_with_cache(folder_of_others, counts(range(5)))

    assert found == {}
    assert warnings == [f"the cache {folder_of_others / FILE} is not used: it can't be opened"]


def test_a_folder_below_a_file_is_no_cache(tmp_path: Path) -> None:
    """`--cache-dir` may name anything."""
    (tmp_path / "file").touch()

    found, warnings = run_with_cache(tmp_path / "file" / "cache", counts([1]))

    assert found == {}
    assert len(warnings) == 1
    assert warnings[0].endswith(": Not a directory")


def test_too_few_descriptors_are_no_cache(folder: Path) -> None:
    """A process that has run out of files goes on counting."""
    save_counts(folder, counts([1]))
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, limits[1]))
    try:
        found, warnings = run_with_cache(folder, counts([1]))
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)

    assert found == {}
    assert len(warnings) == 1
