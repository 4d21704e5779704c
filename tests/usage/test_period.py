"""The days that a report compares: complete ones up to yesterday, over months and leap days, by option."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.usage_values import LAG, NOW, make_period, parse_day

from prompt_lint.model.errors import Fatal
from prompt_lint.usage.period import find_month, plan_period
from prompt_lint.usage.values import DAY, LONGEST_WINDOW, midnight


def test_the_window_ends_yesterday() -> None:
    """Today isn't over: it belongs to neither window, and is fetched all the same."""
    period = make_period(days=7)

    assert period.window == (parse_day("2026-11-15"), parse_day("2026-11-22"))
    assert period.previous_window == (parse_day("2026-11-08"), parse_day("2026-11-15"))
    assert period.fetch_end == parse_day("2026-11-23")
    assert period.cost_start == parse_day("2026-11-01")


@pytest.mark.parametrize(
    ("now", "first", "end"),
    [
        ("2026-03-01T00:30", "2026-02-22", "2026-03-01"),
        ("2028-03-01T00:30", "2028-02-23", "2028-03-01"),
        ("2028-02-29T23:59", "2028-02-22", "2028-02-29"),
        ("2027-01-01T12:00", "2026-12-25", "2027-01-01"),
        ("2026-11-22T00:04", "2026-11-14", "2026-11-21"),
        ("2026-11-22T00:05", "2026-11-15", "2026-11-22"),
    ],
)
def test_a_day_is_complete_five_minutes_after_midnight(now: str, first: str, end: str) -> None:
    """Over the ends of months and years, and on leap days; until then its figures still come in."""
    assert make_period(parse_day(now)).window == (parse_day(first), parse_day(end))


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2026-10", "2026-10-01", "2026-10-31"), ("2024-02", "2024-02-01", "2024-02-29"), ("last", "2026-10-01", "2026-10-31"),
        ("2026-11", "2026-11-01", ""), ("this", "2026-11-01", ""),
    ],
)  # fmt: skip
def test_a_month_is_whole_or_up_to_yesterday(text: str, first: str, last: str) -> None:
    """The month that isn't over ends where every window does."""
    assert find_month(text, NOW) == (parse_day(first), parse_day(last) if last else None)
    assert find_month("last", parse_day("2027-01-01")) == (parse_day("2026-12-01"), parse_day("2026-12-31"))


@pytest.mark.parametrize("text", ["2026-12", "2026-13", "2026-1", "October", "", "9999-99", "2026-10-01"])
def test_what_is_no_month_is_refused(text: str) -> None:
    """With an example, and this month where it hasn't begun."""
    with pytest.raises(Fatal, match=r"isn't a month|hasn't begun"):
        find_month(text, NOW)


def test_first_and_last_day_belong_to_the_window() -> None:
    """`--from 1 --to 30` is the whole of November, compared with the 30 days before."""
    period = make_period(parse_day("2026-12-05"), first="2026-11-01", last="2026-11-30")

    assert period.window == (parse_day("2026-11-01"), parse_day("2026-12-01"))
    assert period.previous_window == (parse_day("2026-10-02"), parse_day("2026-11-01"))
    assert not period.reaches_today
    assert period.fetch_end == parse_day("2026-12-01")


def test_a_window_that_reaches_into_today_ends_before_it() -> None:
    """What isn't over is cut off, not compared."""
    periods = [make_period(first="2026-11-20", last="2026-11-25"), make_period(days=7, last="2026-11-25")]

    assert [period.window for period in periods] == [
        (parse_day("2026-11-20"), parse_day("2026-11-22")),
        (parse_day("2026-11-19"), parse_day("2026-11-22")),
    ]
    assert [period.requested_end for period in periods] == [parse_day("2026-11-26")] * 2
    assert make_period(last="2026-11-21").requested_end is None


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"first": "2026-11-22"}, "there is no complete day in the window"),
        ({"first": "2026-11-10", "last": "2026-11-09"}, "--to is before --from"),
        ({"first": "2026-01-01", "last": "2026-04-01"}, "has 91 days"),
        (
            {"first": "2025-12-30", "last": "2026-01-05", "earliest": "2026-01-01"},
            "no data before 2026-01-01",
        ),
        ({"last": "2025-12-30", "earliest": "2026-01-01"}, "no data before 2026-01-01"),
        *(
            ({option: far}, f"{far} is outside of what a report can have")
            for option in ("first", "last")
            for far in ("0001-01-01", "2022-12-31", "2027-02-21", "9999-12-31")
        ),
    ],
)
def test_an_impossible_window_is_refused(options: dict[str, Any], message: str) -> None:
    """With what is wrong with it."""
    with pytest.raises(Fatal, match=message):
        make_period(**options)


NEAR = st.datetimes(datetime(2022, 12, 1), datetime(2027, 3, 1))  # noqa: DTZ001  # Hypothesis wants them bare
DATES = (NEAR | st.datetimes()).map(lambda at: midnight(at).replace(tzinfo=UTC))


@given(DATES | st.none(), DATES, st.integers(1, 90))
def test_every_day_of_the_calendar_is_in_a_window_or_refused(
    first: datetime | None, last: datetime, days: int
) -> None:
    """A window has complete days that were asked for."""
    try:
        window = plan_period(NOW, NOW - LAG, days, first, last, None).window
    except Fatal:
        window = None

    assert window is None or 0 < window.days <= LONGEST_WINDOW
    assert window is None or window.end == min(last + DAY, parse_day("2026-11-22"))


def test_a_source_that_begins_within_the_window_before_has_none() -> None:
    """Half a window can't be compared."""
    period = make_period(parse_day("2026-01-10T12:00"), days=7, earliest="2026-01-01")

    assert period.previous_window is None
    assert period.usage_start == parse_day("2026-01-03")
    assert period.cost_start == parse_day("2026-01-01")
