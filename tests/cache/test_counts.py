"""Counts kept between runs: under which key, and for how long."""

from __future__ import annotations

import sqlite3
import tempfile
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.counts import (
    counts,
    exact,
    key,
    read_counts,
    save_counts,
)

from prompt_lint.cache import counts as counts_module
from prompt_lint.cache import store
from prompt_lint.cache.counts import FILE, is_moving, open_counts
from prompt_lint.model.counts import Count, CountKey

if TYPE_CHECKING:
    from pathlib import Path

DAY = 86_400
NOW = 1_800_000_000.0


sizes = st.integers(min_value=1, max_value=2**31 - 1)
digests = st.binary(min_size=32, max_size=32).map(bytes.hex)
intervals = st.tuples(st.integers(0, 2**31 - 1), sizes, sizes).map(sorted)
offline = st.builds(
    lambda ends, unverified, few: Count(ends[1], ends[0], ends[2], "offline", unverified, None, few),
    intervals,
    st.booleans(),
    st.booleans(),
)


stored = st.dictionaries(
    st.builds(CountKey, st.text(max_size=30), digests), st.one_of(sizes.map(exact), offline)
)


@given(stored)
def test_counts_come_back_as_they_were(entries: dict[CountKey, Count]) -> None:
    """Every count comes back as it was, under its own key and origin, before and after it was saved."""
    with tempfile.TemporaryDirectory() as temporary:
        with closing(open_counts(temporary)) as cache:
            cache.put(entries)
            unsaved = cache.get(entries, "api") | cache.get(entries, "offline")
        with closing(open_counts(temporary)) as cache:
            saved = cache.get(entries, "api") | cache.get(entries, "offline")

    assert unsaved == entries
    assert saved == entries


def test_counts_of_another_origin_model_engine_or_service_are_not_found(folder: Path) -> None:
    """A count depends on all of these."""
    known = key(1)
    with closing(open_counts(str(folder), tokenizer="e1", service="s1")) as cache:
        cache.put({known: exact(5)})
        cache.put({known: Count(6, 5, 8, "offline", is_unverified=True)})

    def read_tokens(
        origin: Any, wanted: CountKey = known, tokenizer: str = "", service: str = ""
    ) -> list[int]:
        with closing(open_counts(str(folder), tokenizer, service)) as cache:
            return [count.tokens for count in cache.get([wanted], origin).values()]

    assert read_tokens("api", service="s1") == [5]
    assert read_tokens("api", tokenizer="e1") == []
    assert read_tokens("offline", tokenizer="e1") == [6]
    assert read_tokens("offline", tokenizer="e2", service="s1") == []
    assert read_tokens("api", key(1, "claude-opus-5"), service="s1") == []


def test_a_newer_count_replaces_an_older_one(folder: Path) -> None:
    """The count that was saved last is read."""
    save_counts(folder, {key(1): exact(5)})
    save_counts(folder, {key(1): exact(6)})

    assert read_counts(folder, [key(1)]) == {key(1): exact(6)}


def test_without_a_folder_nothing_is_kept() -> None:
    """`--no-cache` needs no second code path."""
    with closing(open_counts(None)) as cache:
        cache.put(counts([1]))
        cached = cache.get([key(1)], "api")

    assert cached == {}
    assert cache.warnings == []
    assert tuple(cache.read_info()) == ("", 0, 0, 0, 0, None, None)
    assert not cache.is_kept


def test_counts_are_kept_where_nothing_is_wrong_with_the_file(folder: Path) -> None:
    """A progress line says that an interrupted run may go on, only if it may."""
    save_counts(folder, counts([1]))
    with closing(open_counts(str(folder))) as cache:
        cache.get([key(1)], "api")
        assert cache.is_kept
    (folder / FILE).write_bytes(b"no database" * 1_000)
    with closing(open_counts(str(folder))) as cache:
        cache.get([key(1)], "api")
        assert not cache.is_kept


def test_info_has_the_number_of_valid_and_damaged_rows(folder: Path) -> None:
    """Rows are counted by origin, with the times of the oldest and the newest; damaged ones by themselves."""
    save_counts(folder, counts(range(3)), clock=lambda: NOW)
    save_counts(folder, {key(9): Count(5, 4, 6, "offline")}, clock=lambda: NOW + 60)
    save_counts(folder, {key(8): Count(5, 4, 6, "offline")}, clock=lambda: NOW + 30)
    with closing(sqlite3.connect(folder / FILE, isolation_level=None)) as connection:
        connection.execute("UPDATE entries SET v = zeroblob(21) WHERE k = (SELECT min(k) FROM entries)")
        for name, payload in ((b"a" * 44, b"short"), (b"x" * 44, bytes(17)), (b"o" * 44, bytes(18))):
            connection.execute(store._SAVE, (name, store.seal(name, payload), 1))
    with closing(open_counts(str(folder))) as cache:
        info = cache.read_info()

    assert info[1:] == ((folder / FILE).stat().st_size, 2, 2, 4, NOW, NOW + 60)
    assert info.path == str(folder / FILE)


@pytest.mark.parametrize(
    "model",
    [
        "claude-opus-4-6", "claude-sonnet-4-6", "claude-opus-4-7", "claude-opus-4-10", "claude-opus-5", "claude-sonnet-5-5",
        "claude-fable-5-2", "claude-haiku-5-5", "claude-opus-10", "anthropic/claude-opus-5-5", "us.anthropic.claude-opus-4-6-v1:0",
        "claude-sonnet-5[1m]", "claude-sonnet-4-5-20250929", "claude-3-5-haiku-20241022", "claude-sonnet-4-5@20250929",
        "us.anthropic.claude-3-5-sonnet-20241022-v2:0", "publishers/anthropic/models/claude-opus-4-1@20250805",
    ],
)  # fmt: skip
def test_pinned_ids_do_not_move(model: str) -> None:
    """These are dated ids, and dateless ones from generation 4.6 on."""
    assert is_moving(model) is False


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
    """These are dateless ids up to 4.5, `latest`, and any name that may be an alias."""
    assert is_moving(model)


@pytest.mark.parametrize(
    ("model", "seconds_later", "is_kept"),
    [
        ("claude-sonnet-4-5", DAY - 1, True),
        ("claude-sonnet-4-5", DAY, False),
        ("claude-sonnet-4-5", -1, False),
        ("claude-sonnet-4-5-20250929", 5_000 * DAY, True),
        ("claude-sonnet-5-5", -5_000 * DAY, True),
    ],
)
def test_exact_counts_of_moving_aliases_are_kept_for_a_day(
    folder: Path, model: str, seconds_later: int, is_kept: bool
) -> None:
    """They are stale too where the clock was set back, since their age is unknown; other counts never grow stale."""
    save_counts(folder, {key(1, model): exact(5)}, clock=lambda: NOW)

    cached = read_counts(folder, [key(1, model)], clock=lambda: NOW + seconds_later)

    assert bool(cached) == is_kept


def test_offline_counts_of_moving_aliases_are_kept(folder: Path) -> None:
    """They depend on the tokenizer alone."""
    alias, count = key(1, "claude-sonnet-4-5"), Count(5, 4, 6, "offline")
    save_counts(folder, {alias: count}, clock=lambda: NOW)
    with closing(open_counts(str(folder), clock=lambda: NOW + 50 * DAY)) as cache:
        assert cache.get([alias], "offline") == {alias: count}


def test_a_valid_row_with_an_impossible_count_is_not_found(folder: Path) -> None:
    """Anybody can compute the checksum of a row, so its payload must be a possible count, too."""
    forged = [
        (0, 0, 0, 1, 0), (2**31, 2**31, 2**31, 1, 0), (5, 6, 7, 1, 0), (7, 5, 6, 1, 0), (5, 4, 6, 1, 0), (5, 5, 5, 1, 2),
        (5, 4, 6, 1, 4),
    ]  # fmt: skip
    keys = [key(number) for number in range(len(forged))]
    save_counts(folder, counts([100]))
    cache = open_counts(str(folder))
    with closing(sqlite3.connect(folder / FILE, isolation_level=None)) as connection:
        for forged_key, fields in zip(keys, forged, strict=True):
            name = cache._name(forged_key, "offline" if fields[-1] > 3 else "api")
            sealed = store.seal(name, counts_module._PAYLOAD.pack(*fields))
            connection.execute(store._SAVE, (name, sealed, 1))

    assert read_counts(folder, [*keys, key(100)]) == counts([100])
    with closing(open_counts(str(folder))) as cache:
        assert cache.get(keys, "offline") == {}
