"""The cache: what it keeps and forgets, and that no fault of file, disk, clock or neighbour makes a wrong number."""

from __future__ import annotations

import os
import random
import resource
import shutil
import signal
import sqlite3
import stat
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
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.counts import counts, exact, key
from tests.support.paths import ROOT

from prompt_lint.cache import counts as counts_module
from prompt_lint.cache import sqlite_file, store
from prompt_lint.cache.counts import FILE, is_moving, open_counts
from prompt_lint.cache.folder import cache_folder, clear_cache
from prompt_lint.model.errors import Fatal
from prompt_lint.model.values import Count, CountKey

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

DAY = 86_400
NOW = 1_800_000_000.0


def put(place: Path, entries: dict[CountKey, Count], **how: Any) -> list[str]:
    """Save them in a run of their own; what it warned of."""
    with closing(open_counts(str(place), **how)) as cache:
        cache.put(entries)
    return cache.warnings


def get(place: Path, keys: Iterable[CountKey], **how: Any) -> dict[CountKey, Count]:
    """Look them up in a run of their own, which must have nothing to complain about."""
    with closing(open_counts(str(place), **how)) as cache:
        found = cache.get(list(keys), "api")
    assert cache.warnings == []
    return found


def run_through(place: Path, known: dict[CountKey, Count]) -> tuple[dict[CountKey, Count], list[str]]:
    """A whole run on a doubtful file: looks everything up, saves one count more. What was found, what was said."""
    with closing(open_counts(str(place))) as cache:
        found = cache.get(list(known), "api")
        cache.put({key(999_999): exact(7)})
    return found, cache.warnings


def seeded(seed: int) -> random.Random:
    return random.Random(seed)  # noqa: S311  # to be repeatable, not secret


def asides(place: Path) -> list[str]:
    return [name for name in os.listdir(place) if ".corrupt-" in name]


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "cache"


# Where it is


def test_the_flag_wins_over_the_variable_and_that_over_the_usual_place(tmp_path: Path) -> None:
    """A folder that somebody named is used, and made absolute."""
    env = {"PROMPT_LINT_CACHE_DIR": "/named", "XDG_CACHE_HOME": "/shared", "HOME": str(tmp_path)}

    assert cache_folder(env, "/flag") == "/flag"
    assert cache_folder(env, "here") == str(Path.cwd() / "here")
    assert cache_folder(env, None) == "/named"
    assert cache_folder(env | {"PROMPT_LINT_CACHE_DIR": ""}, None) == "/shared/prompt-lint"


@pytest.mark.parametrize(
    ("platform", "env", "expected"),
    [
        ("linux", {"HOME": "{home}"}, "{home}/.cache/prompt-lint"),
        ("linux", {"HOME": "{home}", "XDG_CACHE_HOME": "relative"}, "{home}/.cache/prompt-lint"),
        ("darwin", {"HOME": "{home}"}, "{home}/Library/Caches/prompt-lint"),
        ("win32", {"LOCALAPPDATA": "{home}"}, "{home}/prompt-lint/Cache"),
        ("linux", {}, None),
        ("linux", {"HOME": ""}, None),
        ("linux", {"HOME": "{home}/nobody"}, None),
        ("win32", {"HOME": "{home}"}, None),
    ],
)
def test_the_usual_place_is_the_platforms(
    tmp_path: Path, platform: str, env: dict[str, str], expected: str | None
) -> None:
    """Without a home that exists there is no cache, rather than one in a place nobody expects."""
    env = {name: value.format(home=tmp_path) for name, value in env.items()}

    assert cache_folder(env, None, platform=platform) == (expected and expected.format(home=tmp_path))


def test_the_usual_place_is_what_platformdirs_says() -> None:
    """The few lines of ours agree with the library that knows all platforms."""
    platformdirs = pytest.importorskip("platformdirs")

    expected = platformdirs.user_cache_dir("prompt-lint", appauthor=False)

    assert cache_folder(os.environ, None) == expected


def test_a_checkout_brings_no_cache_of_its_own(tmp_path: Path) -> None:
    """Where the home folder is the checkout, its writer could have put counts there; only a flag allows it."""
    env = {"HOME": str(tmp_path)}
    (tmp_path / "sub").mkdir()

    assert cache_folder(env, None, top=str(tmp_path)) is None
    assert cache_folder(env, None, top=str(tmp_path / "sub")) == str(tmp_path / ".cache" / "prompt-lint")
    assert cache_folder(env, str(tmp_path / "x"), top=str(tmp_path)) == str(tmp_path / "x")


def test_folder_and_file_are_private_and_marked_as_a_cache(place: Path) -> None:
    """Nobody else reads digests; backup programs and git pass by."""
    put(place, counts([1]))

    assert stat.S_IMODE(place.stat().st_mode) == 0o700
    assert stat.S_IMODE((place / FILE).stat().st_mode) == 0o600
    assert (place / "CACHEDIR.TAG").read_text().startswith("Signature: 8a477f597d28d172789f06886806bc55\n")
    assert (place / ".gitignore").read_text() == "*\n"


def test_a_folder_with_other_things_in_it_is_not_marked(place: Path) -> None:
    """`--cache-dir .` must not hide a repository from git."""
    place.mkdir()
    (place / "prompt.md").write_text("Hello")

    put(place, counts([1]))

    assert sorted(os.listdir(place)) == [FILE, "prompt.md"]


def test_sqlite_is_not_imported_for_an_empty_cache(place: Path) -> None:
    """A look-up where no file is, and a cache that is switched off, cost no import."""
    script = (
        "import sys; from prompt_lint.cache.counts import open_counts; from prompt_lint.model.values import CountKey\n"
        f"for place in ({str(place)!r}, None):\n"
        "    cache = open_counts(place); cache.get([CountKey('m', 'ab')], 'api'); cache.close()\n"
        "print('sqlite3' in sys.modules)"
    )

    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert done.stdout == "False\n"
    assert not place.exists()


# What it keeps


sizes = st.integers(min_value=1, max_value=2**31 - 1)
digests = st.binary(min_size=32, max_size=32).map(bytes.hex)
intervals = st.tuples(sizes, sizes, sizes).map(sorted)
offline = st.builds(
    lambda ends, unverified: Count(ends[1], ends[0], ends[2], "offline", unverified), intervals, st.booleans()
)
stored = st.dictionaries(
    st.builds(CountKey, st.text(max_size=30), digests), st.one_of(sizes.map(exact), offline)
)


@given(stored)
@settings(max_examples=25, deadline=None)
def test_what_was_put_is_what_is_found(entries: dict[CountKey, Count]) -> None:
    """Every count comes back as it was, under its own key and origin, before and after it was saved."""
    with tempfile.TemporaryDirectory() as temporary:
        with closing(open_counts(temporary)) as cache:
            cache.put(entries)
            unsaved = cache.get(entries, "api") | cache.get(entries, "offline")
        with closing(open_counts(temporary)) as cache:
            saved = cache.get(entries, "api") | cache.get(entries, "offline")

    assert unsaved == entries
    assert saved == entries


@pytest.mark.parametrize("asked", [range(15), range(700), range(1_000, 2_800), range(2_900, 4_000)])
def test_only_what_was_asked_for_is_found(place: Path, asked: range) -> None:
    """Whether few keys are looked up or so many that the file is read through."""
    put(place, counts(range(3_000)))

    assert get(place, [key(number) for number in asked]) == counts(n for n in asked if n < 3_000)


def test_counts_of_another_origin_model_engine_or_service_are_not_found(place: Path) -> None:
    """A count belongs to all of these."""
    one = key(1)
    with closing(open_counts(str(place), tokenizer="e1", service="s1")) as cache:
        cache.put({one: exact(5)})
        cache.put({one: Count(6, 5, 8, "offline", is_unverified=True)})

    def found(origin: Any, asked: CountKey = one, tokenizer: str = "", service: str = "") -> list[int]:
        with closing(open_counts(str(place), tokenizer, service)) as cache:
            return [count.tokens for count in cache.get([asked], origin).values()]

    assert found("api", service="s1") == [5]
    assert found("api", tokenizer="e1") == []
    assert found("offline", tokenizer="e1") == [6]
    assert found("offline", tokenizer="e2", service="s1") == []
    assert found("api", key(1, "claude-opus-5"), service="s1") == []


@pytest.mark.parametrize(
    "count",
    [
        exact(0), exact(-5), exact(2**31), exact(True), Count(5, 6, 7, "offline"), Count(5, 4, 2**31, "offline"),
        Count(5, -1, 7, "offline"), Count(5, 4, 6, "api"),
        *(Count(odd, odd, odd, "api") for odd in (float("nan"), 5.0, "5", None)),  # type: ignore[arg-type]
    ],
)  # fmt: skip
def test_what_cannot_be_a_count_is_not_kept(place: Path, count: Count) -> None:
    """Neither a number out of range, nor something that isn't one, nor an exact count with an interval."""
    assert put(place, {key(1): count}) == []
    assert get(place, [key(1)]) == {}


def test_a_newer_count_replaces_an_older_one(place: Path) -> None:
    """The last one put is the one found."""
    put(place, {key(1): exact(5)})
    put(place, {key(1): exact(6)})

    assert get(place, [key(1)]) == {key(1): exact(6)}


def test_200_counts_are_saved_at_once(place: Path) -> None:
    """A run that is killed loses fewer than that."""
    with closing(open_counts(str(place))) as cache:
        cache.put(counts(range(199)))
        before = get(place, counts(range(199)))
        cache.put(counts([199]))
        after = get(place, counts(range(200)))

    assert before == {}
    assert after == counts(range(200))


def test_a_slow_run_saves_every_few_seconds(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Counts that have waited long enough go with the next one."""
    monkeypatch.setattr(store, "_BATCH_SECONDS", 0.0)
    with closing(open_counts(str(place))) as cache:
        cache.put(counts([1]))
        found = get(place, [key(1)])

    assert found == counts([1])


def test_a_closed_cache_knows_nothing_and_says_nothing(place: Path) -> None:
    """A thread that comes late does no harm."""
    cache = open_counts(str(place))
    cache.put(counts([1]))
    cache.close()
    cache.put(counts([2]))
    found = cache.get([key(1)], "api")
    cache.close()

    assert found == {}
    assert cache.warnings == []
    assert get(place, [key(1), key(2)]) == counts([1])


def test_no_folder_is_a_cache_that_knows_nothing() -> None:
    """`--no-cache` needs no second code path."""
    with closing(open_counts(None)) as cache:
        cache.put(counts([1]))
        found = cache.get([key(1)], "api")

    assert found == {}
    assert cache.warnings == []
    assert cache.read_info().api == 0


def test_info_counts_rows_and_proves_them(place: Path) -> None:
    """By origin, with the time of the oldest and the newest; a rotten row is counted as such."""
    put(place, counts(range(3)), clock=lambda: NOW)
    put(place, {key(9): Count(5, 4, 6, "offline")}, clock=lambda: NOW + 60)
    put(place, {key(8): Count(5, 4, 6, "offline")}, clock=lambda: NOW + 30)
    with closing(sqlite3.connect(place / FILE, isolation_level=None)) as other:
        other.execute("UPDATE entries SET v = zeroblob(21) WHERE k = (SELECT min(k) FROM entries)")
    with closing(open_counts(str(place))) as cache:
        info = cache.read_info()

    assert info[1:] == ((place / FILE).stat().st_size, 2, 2, 1, NOW, NOW + 60)
    assert info.path == str(place / FILE)


def test_clear_removes_what_is_the_caches_and_nothing_else(place: Path) -> None:
    """Files of any version, and those set aside; a folder that isn't there is clear."""
    put(place, counts([1]))
    (place / "counts-v7.db").write_bytes(b"12345")
    (place / f"{FILE}.corrupt-17").write_bytes(b"12345")
    (place / "mine.db").write_bytes(b"12345")
    size = (place / FILE).stat().st_size

    assert clear_cache(str(place)) == size + 10
    assert sorted(os.listdir(place)) == [".gitignore", "CACHEDIR.TAG", "mine.db"]
    assert clear_cache(str(place / "nowhere")) == 0


def test_clear_says_why_it_could_not(tmp_path: Path) -> None:
    """A file given for a folder is a mistake with a name."""
    (tmp_path / "file").touch()

    with pytest.raises(Fatal, match="could not clear the cache"):
        clear_cache(str(tmp_path / "file"))


# What it forgets


@pytest.mark.parametrize(
    "model",
    [
        "claude-opus-4-6", "claude-sonnet-4-6", "claude-opus-4-7", "claude-opus-4-10", "claude-opus-5", "claude-sonnet-5-5",
        "claude-fable-5-2", "claude-haiku-5-5", "claude-opus-10", "anthropic/claude-opus-5-5", "us.anthropic.claude-opus-4-6-v1:0",
        "claude-sonnet-5[1m]", "claude-sonnet-4-5-20250929", "claude-3-5-haiku-20241022", "claude-sonnet-4-5@20250929",
        "us.anthropic.claude-3-5-sonnet-20241022-v2:0", "publishers/anthropic/models/claude-opus-4-1@20250805",
    ],
)  # fmt: skip
def test_pinned_ids_stay(model: str) -> None:
    """Dated ids, and dateless ones from generation 4.6 on."""
    assert not is_moving(model)


@pytest.mark.parametrize(
    "model",
    [
        "claude-sonnet-4-5", "claude-opus-4-5", "claude-opus-4-1", "claude-haiku-4-5", "claude-opus-4", "claude-sonnet-4-0",
        "claude-3-5-haiku", "claude-3-opus", "claude-3-5-sonnet-latest", "claude-opus-5-latest", "claude-opus-4-6@default",
        "claude-2.1", "anthropic.claude-opus-4-5-v1:0", "my-model", "sonnet", "", "claude-opus-4-6\n", "claude-opus-5-preview",
        "other-20250929",
    ],
)  # fmt: skip
def test_aliases_move(model: str) -> None:
    """Dateless ids up to 4.5, `latest`, and any name that might be somebody's alias."""
    assert is_moving(model)


@pytest.mark.parametrize(
    ("model", "later", "known"),
    [
        ("claude-sonnet-4-5", DAY - 1, True),
        ("claude-sonnet-4-5", DAY, False),
        ("claude-sonnet-4-5", -1, False),
        ("claude-sonnet-4-5-20250929", 5_000 * DAY, True),
        ("claude-sonnet-5-5", -5_000 * DAY, True),
    ],
)
def test_exact_counts_of_moving_aliases_last_a_day(place: Path, model: str, later: int, known: bool) -> None:
    """By a clock that may have been set back, in which case nobody can tell; other counts are kept for ever."""
    put(place, {key(1, model): exact(5)}, clock=lambda: NOW)

    found = get(place, [key(1, model)], clock=lambda: NOW + later)

    assert bool(found) == known


def test_offline_counts_of_moving_aliases_stay(place: Path) -> None:
    """They change with the engine only."""
    one, count = key(1, "claude-sonnet-4-5"), Count(5, 4, 6, "offline")
    put(place, {one: count}, clock=lambda: NOW)
    with closing(open_counts(str(place), clock=lambda: NOW + 50 * DAY)) as cache:
        assert cache.get([one], "offline") == {one: count}


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """A cache that is large at 50 rows already."""
    monkeypatch.setattr(store, "_ROWS_KEPT", 50)


@pytest.mark.usefixtures("small")
def test_what_nobody_asked_for_goes_when_the_cache_is_large(place: Path) -> None:
    """Only beyond the size, only after 90 days, the longest unseen first."""
    put(place, counts(range(10)), clock=lambda: NOW - 200 * DAY)
    put(place, counts(range(10, 40)), clock=lambda: NOW - 100 * DAY)
    put(place, counts(range(40, 55)), clock=lambda: NOW - 80 * DAY)
    put(place, counts(range(55, 60)), clock=lambda: NOW)

    assert set(get(place, counts(range(60)))) == set(counts(range(10, 60)))


@pytest.mark.usefixtures("small")
def test_nothing_younger_than_90_days_is_evicted(place: Path) -> None:
    """However large the cache has become."""
    put(place, counts(range(100)), clock=lambda: NOW - 80 * DAY)
    put(place, counts(range(100, 200)), clock=lambda: NOW)

    assert len(get(place, counts(range(200)))) == 200


@pytest.mark.usefixtures("small")
def test_what_is_looked_up_is_not_evicted(place: Path) -> None:
    """Also by runs that find everything and save nothing."""
    put(place, counts(range(60)), clock=lambda: NOW - 100 * DAY)
    get(place, counts(range(20)), clock=lambda: NOW - 50 * DAY)
    put(place, counts(range(100, 130)), clock=lambda: NOW)

    assert set(get(place, counts(range(130)))) == set(counts([*range(20), *range(100, 130)]))


@pytest.mark.usefixtures("small")
def test_rows_from_the_future_are_not_evicted(place: Path) -> None:
    """A clock that was wrong, or is wrong now, loses nothing that is in use."""
    put(place, counts(range(60)), clock=lambda: NOW + 1_000 * DAY)
    get(place, counts(range(60)), clock=lambda: NOW)
    put(place, counts(range(60, 65)), clock=lambda: NOW)
    put(place, counts(range(65, 70)), clock=lambda: NOW + 1_050 * DAY)

    assert set(counts(range(60))) < set(get(place, counts(range(70)), clock=lambda: NOW))


# What is wrong with the file


def test_every_flipped_bit_of_a_row_is_noticed() -> None:
    """All bits of name and value, one at a time."""
    row = b"name" + store.seal(b"name", b"payload")

    assert crc32(row) == store._RESIDUE
    assert [bit for bit in range(len(row) * 8) if crc32(flip(row, bit)) == store._RESIDUE] == []


@pytest.mark.parametrize("flips", [100, pytest.param(20_000, marks=pytest.mark.slow)])
def test_flipped_bits_anywhere_never_make_a_wrong_count(place: Path, flips: int) -> None:
    """One at a time: a count is right or missing, nothing is raised, and there is one warning at most."""
    known = counts(range(150))
    put(place, known)
    whole = (place / FILE).read_bytes()
    chance = seeded(1)
    header = [chance.randrange(100 * 8) for _ in range(flips // 4)]
    anywhere = [chance.randrange(len(whole) * 8) for _ in range(flips * 3 // 4)]

    wrong, loud, complete = [], [], 0
    for bit in header + anywhere:
        (place / FILE).write_bytes(flip(whole, bit))
        with closing(open_counts(str(place))) as cache:
            found = cache.get(list(known), "api")
        wrong += [bit for one, count in found.items() if known[one] != count]
        loud += [bit for _ in cache.warnings[1:]]
        complete += found == known

    assert wrong == []
    assert loud == []
    assert flips // 4 < complete < flips


def flip(data: bytes, bit: int) -> bytes:
    return data[: bit // 8] + bytes([data[bit // 8] ^ 1 << bit % 8]) + data[bit // 8 + 1 :]


@pytest.mark.parametrize("files", [10, pytest.param(2_000, marks=pytest.mark.slow)])
def test_writing_into_a_rotten_file_never_makes_a_wrong_count(place: Path, files: int) -> None:
    """Of files with many bits flipped, later runs find what was saved, or nothing."""
    known = counts(range(300))
    put(place, known)
    whole = (place / FILE).read_bytes()
    chance = seeded(2)

    truth = known | {key(999_999): exact(7)}
    for _ in range(files):
        rotten = whole
        for _ in range(chance.choice([1, 5, 50])):
            rotten = flip(rotten, chance.randrange(len(rotten) * 8))
        (place / FILE).write_bytes(rotten)
        run_through(place, known)
        found, warnings = run_through(place, truth)

        assert found.items() <= truth.items()
        assert len(warnings) <= 1


@pytest.mark.parametrize("left", [0, 1, 15, 16, 50, 99, 100, 512, 4_095, 4_096, 4_097, 8_192, 12_000, -1])
def test_a_truncated_file_costs_counts_only(place: Path, left: int) -> None:
    """What is found is right, and the next run is content again."""
    known = counts(range(300))
    put(place, known)
    whole = (place / FILE).read_bytes()
    (place / FILE).write_bytes(whole[:left])

    found, warnings = run_through(place, known)

    assert found.items() <= known.items()
    assert len(warnings) <= 1
    assert get(place, [key(999_999)]) == {key(999_999): exact(7)}


def foreign(*statements: str) -> Callable[[Path], None]:
    """A maker of an SQLite file of somebody else's."""

    def make(path: Path) -> None:
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            for statement in statements:
                connection.execute(statement)

    return make


TABLE = sqlite_file.DDL
ENDLESS = "WITH RECURSIVE c(k) AS (SELECT 1 UNION ALL SELECT k + 1 FROM c) SELECT k, k AS v, k AS seen FROM c"
FOREIGN: dict[str, Callable[[Path], Any]] = {
    "html": lambda path: path.write_text("<!doctype html><title>Sign in to the network</title>" * 50),
    "noise": lambda path: path.write_bytes(seeded(3).randbytes(10_000)),
    "zeros": lambda path: path.write_bytes(bytes(10_000)),
    "another table": foreign("CREATE TABLE t(x)", "PRAGMA user_version = 2"),
    "a newer version": foreign(TABLE, "PRAGMA user_version = 3"),
    "no version": foreign(TABLE),
    "a version only": foreign("PRAGMA user_version = 2"),
    "more columns": foreign(TABLE.replace(")", ", more)", 1), "PRAGMA user_version = 2"),
    "write-ahead log": foreign("PRAGMA journal_mode = WAL", TABLE, "PRAGMA user_version = 2"),
    "a view": foreign(f"CREATE VIEW entries AS {ENDLESS}", "PRAGMA user_version = 2"),
    "a trigger": foreign(
        TABLE,
        f"CREATE TRIGGER t BEFORE INSERT ON entries BEGIN {ENDLESS}; END",
        "PRAGMA user_version = 2",
    ),
    "an index": foreign(TABLE, "CREATE INDEX i ON entries(hex(v))", "PRAGMA user_version = 2"),
    "an enormous schema": foreign(
        f"CREATE VIEW entries AS SELECT '{'x' * 200_000}' AS k", "PRAGMA user_version = 2"
    ),
}


@pytest.mark.parametrize("make", FOREIGN.values(), ids=FOREIGN)
def test_what_is_not_ours_is_begun_anew(place: Path, make: Callable[[Path], Any]) -> None:
    """With one warning, in bounded time, whoever made it and why; a new file takes its place at once."""
    place.mkdir()
    make(place / FILE)
    started = time.monotonic()

    found, warnings = run_through(place, counts(range(600)))

    assert time.monotonic() - started < 5
    assert found == {}
    assert len(warnings) == 1
    assert "is begun anew" in warnings[0]
    assert len(asides(place)) == 1
    assert get(place, [key(999_999)]) == {key(999_999): exact(7)}


def test_what_is_not_ours_is_noticed_by_a_run_that_only_writes(place: Path) -> None:
    """No trigger of a stranger runs."""
    place.mkdir()
    FOREIGN["a trigger"](place / FILE)

    warnings = put(place, counts(range(3)))

    assert len(warnings) == 1
    assert get(place, counts(range(3))) == counts(range(3))


def test_one_file_is_kept_aside(place: Path) -> None:
    """The last one, and without the journal that belonged to it."""
    put(place, counts([1]))
    for moment in (NOW, NOW + 1):
        (place / FILE).write_bytes(b"rot" * 1_000)
        (place / f"{FILE}-journal").write_bytes(b"rot")
        put(place, counts([1]), clock=lambda moment=moment: moment)

    assert asides(place) == [f"{FILE}.corrupt-{NOW + 1:.0f}"]
    assert not (place / f"{FILE}-journal").exists()


def test_a_file_is_begun_anew_once_in_a_run(place: Path) -> None:
    """A disk that damages everything costs one attempt."""
    place.mkdir()
    with closing(open_counts(str(place))) as cache:
        for _ in range(3):
            (place / FILE).write_bytes(b"rot" * 1_000)
            found = cache.get([key(1)], "api")
            cache.put(counts(range(200)))

    assert found == {}
    assert len(cache.warnings) == 1
    assert (place / FILE).read_bytes() == b"rot" * 1_000


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
def test_what_is_no_file_is_let_alone(place: Path, make: Callable[[Path], Any]) -> None:
    """A link's target is neither read nor written, and nothing is moved."""
    put(place, counts([1]))
    (place / FILE).rename(place / "elsewhere")
    before = (place / "elsewhere").read_bytes()
    make(place / FILE)

    found, warnings = run_through(place, counts([1]))

    assert found == {}
    assert warnings == [f"The cache {place / FILE} is not used: it is not a regular file."]
    assert (place / "elsewhere").read_bytes() == before
    assert sorted(os.listdir(place)) == [".gitignore", "CACHEDIR.TAG", FILE, "elsewhere"]


def test_a_damaged_file_with_a_second_name_is_let_alone(place: Path) -> None:
    """Emptying it would empty somebody's file."""
    place.mkdir()
    (place / FILE).write_bytes(b"mine" * 1_000)
    os.link(place / FILE, place / "mine")

    found, warnings = run_through(place, counts([1]))

    assert found == {}
    assert warnings == [
        f"The cache {place / FILE} is not used: it is damaged or not a cache of this version."
    ]
    assert (place / "mine").read_bytes() == b"mine" * 1_000


def test_a_file_that_is_cleared_in_mid_run_is_begun_again(place: Path) -> None:
    """`prompt-lint cache clear` harms nobody."""
    put(place, counts([1]))
    with closing(open_counts(str(place))) as cache:
        before = cache.get([key(1)], "api")
        clear_cache(str(place))
        after = cache.get([key(1)], "api")
        cache.put(counts(range(300)))
        anew = cache.get([key(1)], "api")

    assert (before, after, anew) == (counts([1]), {}, counts([1]))
    assert cache.warnings == []
    assert get(place, counts(range(300))) == counts(range(300))


def test_a_row_that_is_sealed_but_no_count_is_not_found(place: Path) -> None:
    """The seal is a checksum, which anybody can make: what is under it must still be a count."""
    forged = [
        (0, 0, 0, 1, 0), (2**31, 2**31, 2**31, 1, 0), (5, 6, 7, 1, 0), (7, 5, 6, 1, 0), (5, 4, 6, 1, 0), (5, 5, 5, 1, 2),
    ]  # fmt: skip
    keys = [key(number) for number in range(len(forged))]
    put(place, counts([100]))
    cache = open_counts(str(place))
    with closing(sqlite3.connect(place / FILE, isolation_level=None)) as other:
        for one, fields in zip(keys, forged, strict=True):
            name = cache._name(one, "api")
            sealed = store.seal(name, counts_module._PAYLOAD.pack(*fields))
            other.execute(store._SAVE, (name, sealed, 1))

    assert get(place, [*keys, key(100)]) == counts([100])


@pytest.mark.parametrize("value", [None, 5, 5.5, "text", b"", b"x" * 20, b"x" * 90_000, b"x" * 200_000])
def test_a_row_of_another_type_is_not_found(place: Path, value: object) -> None:
    """SQLite lets any value into any column."""
    put(place, counts(range(3)))
    with closing(sqlite3.connect(place / FILE, isolation_level=None)) as other:
        other.execute("UPDATE entries SET v = coalesce(?, 5), seen = coalesce(?, 'text')", (value, value))

    found, warnings = run_through(place, counts(range(600)))

    assert found == {}
    assert len(warnings) <= 1


@pytest.mark.parametrize("name", ["a?b", "a#b", "a%20b", "ä b", os.fsdecode(b"\xff"), "a&mode=memory"])
def test_any_name_of_a_folder_works(tmp_path: Path, name: str) -> None:
    """SQLite is given a URI, in which some characters have a meaning."""
    place = tmp_path / name

    put(place, counts([1]))

    assert get(place, [key(1)]) == counts([1])
    assert os.listdir(tmp_path) == [name]


# What is wrong with the machine


def test_a_transaction_that_was_cut_off_is_rolled_back_by_a_reader(place: Path, tmp_path: Path) -> None:
    """The journal of a killed writer holds what was there before it."""
    known = counts(range(2_000))
    put(place, known)
    cut_off(place, tmp_path / "killed")

    assert get(tmp_path / "killed", known) == known


def cut_off(place: Path, killed: Path) -> None:
    """Make `killed` what `place` would be if its writer were killed half-way through a transaction."""
    killed.mkdir()
    with closing(sqlite3.connect(place / FILE, isolation_level=None)) as writer:
        writer.execute("PRAGMA cache_size = 2")
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("UPDATE entries SET v = zeroblob(21)")
        for name in (FILE, f"{FILE}-journal"):
            shutil.copy(place / name, killed / name)
    assert (killed / FILE).read_bytes() != (place / FILE).read_bytes()


WRITER = f"""
import sys; sys.path.insert(0, {str(ROOT)!r})
from prompt_lint.cache.counts import open_counts
from tests.support.counts import counts
place, first, batches, size = sys.argv[1], *map(int, sys.argv[2:])
cache = open_counts(place)
for start in range(first, first + batches * size, size):
    cache.put(counts(range(start, start + size)))
    print(start, flush=True)
cache.close()
print(*cache.warnings, flush=True)
"""


def writer(place: Path, first: int, batches: int, size: int) -> subprocess.Popen[str]:
    arguments = [sys.executable, "-c", WRITER, str(place), *map(str, (first, batches, size))]
    return subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True)


@pytest.mark.parametrize("kills", [4, pytest.param(300, marks=pytest.mark.slow)])
def test_kill_9_loses_nothing_that_was_saved(place: Path, kills: int) -> None:
    """Writers are killed at any moment: whole batches, all that were reported, and nothing wrong."""
    chance = seeded(4)
    for attempt in range(kills):
        first, reported = attempt * 1_000_000, 0
        with writer(place, first, 1_000, 200) as process:
            assert process.stdout
            for _ in range(chance.randrange(6)):
                process.stdout.readline()
                reported += 200
            time.sleep(chance.random() / 100)
            process.kill()
            reported = max(
                [reported, *(int(line) - first + 200 for line in process.stdout if line.endswith("\n"))]
            )
        asked = counts(range(first, first + reported + 400))

        found = get(place, asked)

        assert found.items() <= asked.items()
        assert found.keys() >= counts(range(first, first + reported)).keys()
        assert len(found) in (reported, reported + 200)
        assert process.returncode == -signal.SIGKILL


@pytest.mark.parametrize("start", [pytest.param("nothing", marks=pytest.mark.slow), "a rotten file"])
def test_eight_processes_lose_nothing(place: Path, start: str) -> None:
    """500 counts each, at once: 4,000 are there. Also when all of them come upon a file that must be begun anew."""
    place.mkdir()
    if start == "a rotten file":
        (place / FILE).write_bytes(b"rot" * 1_000)
    writers = [writer(place, first, 5, 100) for first in range(0, 4_000, 500)]
    said = [process.communicate()[0].splitlines()[-1] for process in writers]

    assert [process.returncode for process in writers] == [0] * 8
    assert [one for one in said if "begun anew" not in one and one] == []
    assert get(place, counts(range(4_000))) == counts(range(4_000))
    assert len(asides(place)) == (start == "a rotten file")


def test_threads_share_a_cache(place: Path) -> None:
    """Eight of them put and look up at once."""
    wrong: list[int] = []
    with closing(open_counts(str(place))) as cache:

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
    assert get(place, counts(range(800))) == counts(range(800))


@contextmanager
def held(place: Path) -> Iterator[None]:
    """Another process, or as good as one for SQLite, keeps the file to itself."""
    with closing(sqlite3.connect(place / FILE, isolation_level=None)) as holder:
        holder.execute("BEGIN EXCLUSIVE")
        yield
        holder.execute("ROLLBACK")


def test_a_reader_does_not_wait_for_a_stuck_process(place: Path) -> None:
    """A quarter of a second, once; then it goes on without."""
    put(place, counts([1]))
    with held(place), closing(open_counts(str(place))) as cache:
        started = time.monotonic()
        found = [cache.get([key(1)], "api") for _ in range(10)]
        took = time.monotonic() - started

    assert found == [{}] * 10
    assert 0.2 < took < 1.5
    assert cache.warnings == [f"The cache {place / FILE} is not read: another process holds it."]


def test_a_writer_gives_up_on_a_stuck_process(place: Path) -> None:
    """After the patience it was given, with a warning; a shorter one for a run that is interrupted."""
    put(place, counts([1]))
    with held(place):
        cache = open_counts(str(place))
        cache.put(counts([2]))
        started = time.monotonic()
        cache.close(patience=0.3)
        took = time.monotonic() - started

    assert 0.25 < took < 1.5
    assert cache.warnings == [
        f"The cache {place / FILE} could not take new counts: another process holds it."
    ]


def test_what_a_held_file_did_not_take_is_saved_at_the_end(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A batch that finds the file held waits for `close`, which has another try, and nothing was lost."""
    monkeypatch.setattr(store, "_WRITE_PATIENCE", 0.1)
    put(place, counts([1]))
    cache = open_counts(str(place))
    with held(place):
        cache.put(counts(range(300)))
        cache.put(counts(range(300, 600)))
    cache.close()

    assert cache.warnings == []
    assert get(place, counts(range(600))) == counts(range(600))


def test_a_run_that_only_reads_does_not_wait_to_mark_rows(place: Path) -> None:
    """Marking rows as seen is housekeeping: it waits a quarter of a second and says nothing when it fails."""
    put(place, counts([1]), clock=lambda: NOW)
    cache = open_counts(str(place), clock=lambda: NOW + 60 * DAY)
    found = cache.get([key(1)], "api")
    with held(place):
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


def test_a_file_that_may_not_grow_keeps_what_it_has(place: Path) -> None:
    """A limit on the size of files is a full disk to SQLite, with another error."""
    known = counts(range(6_000))

    done = subprocess.run(
        [sys.executable, "-c", LIMITED, str(place)], capture_output=True, text=True, check=True
    )
    found = get(place, known)

    assert done.stdout.startswith("1 The cache ")
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
    subprocess.run(["umount", str(disk)], check=True)


def test_a_full_disk_keeps_what_it_has(tiny_disk: Path) -> None:
    """One warning, whole batches, nothing wrong; and it works again once there is room."""
    known = counts(range(6_000))
    with closing(open_counts(str(tiny_disk / "cache"))) as cache:
        for start in range(0, 6_000, 200):
            cache.put(counts(range(start, start + 200)))
    found = get(tiny_disk / "cache", known)
    (tiny_disk / "cache" / FILE).unlink()
    put(tiny_disk / "cache", counts(range(100)))

    assert cache.warnings == [
        f"The cache {tiny_disk / 'cache' / FILE} could not take new counts: the disk is full."
    ]
    assert found.items() <= known.items()
    assert len(found) >= 200
    assert len(found) % 200 == 0
    assert get(tiny_disk / "cache", counts(range(100))) == counts(range(100))


@pytest.fixture
def mere_user() -> Iterator[Path]:
    """A folder that anybody can enter, and a process without root's rights."""
    with tempfile.TemporaryDirectory() as temporary:
        Path(temporary).chmod(0o755)
        yield Path(temporary)


@contextmanager
def no_root() -> Iterator[None]:
    root = os.geteuid() == 0
    if root:
        os.seteuid(65_534)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)


def test_a_folder_that_cannot_be_written_is_read(mere_user: Path) -> None:
    """A shared or restored cache serves; what is new is counted again next time, and the run says so once."""
    place = mere_user / "cache"
    put(place, counts(range(5)))
    (place / FILE).chmod(0o444)
    place.chmod(0o555)
    with no_root():
        found, warnings = run_through(place, counts(range(5)))
    place.chmod(0o755)

    assert found == counts(range(5))
    assert warnings == [f"The cache {place / FILE} could not take new counts: it can't be written."]


def test_a_cut_off_transaction_that_cannot_be_rolled_back_is_no_cache(place: Path, mere_user: Path) -> None:
    """In a folder that can't be written, half a transaction must not be read."""
    put(place, counts(range(2_000)))
    killed = mere_user / "killed"
    cut_off(place, killed)
    for name in os.listdir(killed):
        (killed / name).chmod(0o444)
    killed.chmod(0o555)
    with no_root():
        found, warnings = run_through(killed, counts(range(2_000)))
    killed.chmod(0o755)

    assert found == {}
    assert warnings == [f"The cache {killed / FILE} is not used: it can't be written."]


@pytest.mark.parametrize("mode", [0o000, 0o555], ids=["closed", "read-only"])
def test_a_place_where_nothing_can_be_made_is_no_cache(mere_user: Path, mode: int) -> None:
    """A home folder that isn't one's own, say."""
    (mere_user / "home").mkdir(mode=mode)
    with no_root():
        found, warnings = run_through(mere_user / "home" / "prompt-lint", counts(range(5)))

    assert found == {}
    assert len(warnings) == 1
    assert warnings[0].endswith(": Permission denied.")
    assert os.listdir(mere_user / "home") == []


def test_a_file_that_cannot_be_read_is_no_cache(mere_user: Path) -> None:
    """Somebody else's, in a folder one may enter."""
    put(mere_user, counts(range(5)))
    with no_root():
        found, warnings = run_through(mere_user, counts(range(5)))

    assert found == {}
    assert warnings == [f"The cache {mere_user / FILE} is not used: it can't be opened."]


def test_a_folder_below_a_file_is_no_cache(tmp_path: Path) -> None:
    """`--cache-dir` may name anything."""
    (tmp_path / "file").touch()

    found, warnings = run_through(tmp_path / "file" / "cache", counts([1]))

    assert found == {}
    assert len(warnings) == 1
    assert warnings[0].endswith(": Not a directory.")


def test_too_few_descriptors_are_no_cache(place: Path) -> None:
    """A process that has run out of files goes on counting."""
    put(place, counts([1]))
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, limits[1]))
    try:
        found, warnings = run_through(place, counts([1]))
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)

    assert found == {}
    assert len(warnings) == 1


def test_the_journal_is_a_rollback_journal(place: Path) -> None:
    """A write-ahead log fails on network file systems and in read-only folders."""
    put(place, counts([1]))

    with closing(sqlite3.connect(place / FILE)) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("delete",)
    assert sorted(os.listdir(place)) == [".gitignore", "CACHEDIR.TAG", FILE]


def test_a_python_without_sqlite_counts_without_a_cache(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Some are built that way."""
    put(place, counts([1]))
    monkeypatch.setitem(sys.modules, "sqlite3", None)

    found, warnings = run_through(place, counts([1]))

    assert found == {}
    assert warnings == [f"The cache {place / FILE} is not used: this Python was built without SQLite."]
