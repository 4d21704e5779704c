"""How counts add up: an interval holds every number that the API may give."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support import make

from prompt_lint.model.counts import EMPTY_COUNT, Count, subtract_counts, sum_counts

INTERVALS = st.tuples(st.integers(0, 9_999), st.integers(0, 99), st.integers(0, 99), st.integers(0, 198))


def make_count(low: int, below: int, above: int, at: int) -> tuple[Count, int]:
    """A count, and a number in its interval."""
    count = Count(low + below, low, low + below + above, "offline" if below + above else "api")
    return count, low + min(at, below + above)


@given(st.lists(INTERVALS))
def test_a_sum_holds_the_sum_of_the_true_numbers(rows: list[tuple[int, int, int, int]]) -> None:
    """It is exact only if all of its counts are."""
    pairs = [make_count(*row) for row in rows]
    total, truth = sum_counts([count for count, _ in pairs]), sum(number for _, number in pairs)

    assert total.low <= truth <= total.high
    assert abs(total.tokens - truth) <= total.margin
    assert total.is_exact == all(count.is_exact for count, _ in pairs)


@given(INTERVALS, INTERVALS)
def test_a_difference_holds_the_difference_of_the_true_numbers(
    row: tuple[int, int, int, int], other_row: tuple[int, int, int, int]
) -> None:
    """Also of two counts whose errors are as far apart as they can be."""
    (count, number), (other, other_number) = make_count(*row), make_count(*other_row)
    difference = subtract_counts(count, other)

    assert difference.low <= number - other_number <= difference.high
    assert abs(difference.tokens - (number - other_number)) <= difference.margin


@given(INTERVALS, INTERVALS, INTERVALS)
def test_what_both_sides_have_widens_no_difference(
    row: tuple[int, int, int, int],
    other_row: tuple[int, int, int, int],
    common_row: tuple[int, int, int, int],
) -> None:
    """Sums that differ in one part are as far apart as the parts are, whatever else is in them."""
    count, other, common = (make_count(*one)[0] for one in (row, other_row, common_row))
    difference = subtract_counts(sum_counts([count, common]), sum_counts([other, common]), common)

    assert difference[:3] == subtract_counts(count, other)[:3]


def test_what_nobody_has_measured_stays_unverified_in_a_sum() -> None:
    """A guess among measured counts makes the sum one."""
    guess = Count(5, 4, 6, "offline", is_unverified=True)

    assert sum_counts([make.count(3), guess]).is_unverified
    assert subtract_counts(make.count(3), guess).is_unverified
    assert sum_counts([]) == sum_counts([EMPTY_COUNT, EMPTY_COUNT]) == EMPTY_COUNT


@pytest.mark.parametrize(
    ("count", "decides"),
    [
        (make.count(98, 2), True), (make.count(99, 2), False), (make.count(102, 2), False), (make.count(103, 2), True),
        (make.count(50, 2, is_unverified=True), False),
    ],
)  # fmt: skip
def test_a_count_decides_if_all_of_its_interval_is_on_one_side_of_the_limit(
    count: Count, *, decides: bool
) -> None:
    """Of 100 tokens, which are within it. Else `auto` asks the API. Of no limit, any number is enough."""
    assert count.decides(100) is decides
    assert count.decides(None) is not count.is_unverified


def test_a_growth_has_the_interval_of_both_counts() -> None:
    """All of a new prompt grew; what didn't change didn't grow, and that is certain; exact counts leave nothing open."""
    verdict = make.verdict("a.md", 300, "ok", spread=3)._replace(base_count=make.count(200, 2), growth=100)

    assert verdict._replace(change="changed").growth_count == Count(100, 95, 105, "offline")
    assert verdict._replace(change="new").growth_count == verdict.token_count
    same = verdict._replace(change="unchanged", base_count=verdict.token_count, growth=0)
    assert same.growth_count == Count(0, 0, 0, "offline")
    exact = make.verdict("a.md", 300, "ok", spread=0)._replace(
        base_count=make.count(200), growth=100, change="changed"
    )
    assert exact.growth_count == Count(100, 100, 100, "api")
    assert verdict._replace(change="changed", base_count=None, growth=None).growth_count is None


def test_a_growth_that_was_counted_again_offline_is_not_exact() -> None:
    """The API counted the prompt, but not the base: both sides were counted offline, with the margins of both."""
    verdict = make.verdict("a.md", 4_100, "ok", spread=0)._replace(
        change="changed", base_count=make.count(2_000, 20), growth=2_000
    )

    assert verdict.growth_count == Count(2_000, 1_940, 2_060, "offline")


@pytest.mark.parametrize(
    ("low", "high", "limit", "decides"),
    [
        (90, 100, 100, True),
        (101, 110, 100, True),
        (95, 101, 100, False),
        (100, 101, 100, False),
        (95, 101, None, True),
    ],
)
def test_a_count_decides_where_its_whole_interval_is_on_one_side_of_the_limit(
    low: int, high: int, limit: int | None, decides: bool
) -> None:
    """A limit itself may be reached."""
    assert Count((low + high) // 2, low, high, "offline").decides(limit) is decides


@pytest.mark.parametrize("limit", [None, 1, 1000])
def test_a_count_by_a_tokenizer_that_was_not_measured_decides_nothing(limit: int | None) -> None:
    """Its interval may be wrong."""
    assert not Count(100, 90, 110, "offline", is_unverified=True).decides(limit)
