"""Totals, the trend, today and the month's forecast, without a network."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.usage_values import DIMENSIONS, GROUP, make_data, make_period, make_trends, parse_day

from prompt_lint.usage.sums import sum_usage
from prompt_lint.usage.trends import compute_trends
from prompt_lint.usage.values import TOKEN_KINDS, CostRow, Usage, UsageRow, midnight

AMOUNTS = st.decimals(min_value=0, max_value=10_000, places=6)
GROUPS = st.tuples(
    st.sampled_from(["a", "b", ""]),
    st.sampled_from(["x", "y", ""]),
    st.sampled_from(["standard", "batch", "priority"]),
)
TIMES = st.integers(0, 16 * 24).map(lambda n: parse_day("2026-11-07") + n * timedelta(hours=1))
COUNTS = st.integers(0, 10**12)
USAGE = st.lists(st.builds(UsageRow, TIMES, GROUPS, st.builds(Usage, *[COUNTS] * 6)), max_size=40)
COSTS = st.lists(
    st.builds(
        CostRow,
        TIMES.map(midnight),
        GROUPS,
        st.sampled_from([*TOKEN_KINDS, "web_search"]),
        AMOUNTS,
    ),
    max_size=40,
)


@given(USAGE, COSTS)
def test_totals_are_the_sums_of_the_groups(usage: list[UsageRow], costs: list[CostRow]) -> None:
    """For each dimension and for the days: to the token and to the last digit of the money."""
    trends = compute_trends(make_data(usage, costs), make_period(), "1d", DIMENSIONS)

    for groups in trends.groups.values():
        assert sum_usage(group.usage for group in groups) == trends.totals.usage
        assert sum((group.cost or Decimal(0) for group in groups), Decimal(0)) == trends.totals.cost
        assert sum(sum(group.daily) for group in groups) == trends.totals.cost
    assert sum_usage(point.usage for point in trends.days) == trends.totals.usage
    assert sum((point.cost or Decimal(0) for point in trends.days), Decimal(0)) == trends.totals.cost


@given(USAGE, COSTS)
def test_hours_add_up_to_days(usage: list[UsageRow], costs: list[CostRow]) -> None:
    """The finer trend has the same sums; costs are by the day only."""
    trends = compute_trends(make_data(usage, costs), make_period(), "1h", DIMENSIONS)

    assert len(trends.points) == 7 * 24
    assert sum_usage(point.usage for point in trends.points) == trends.totals.usage
    assert all(point.cost is None for point in trends.points)


def test_today_is_in_no_total() -> None:
    """It is in the report by itself."""
    period = make_period()
    usage = [UsageRow(period.complete_end, GROUP, Usage(output=5))]
    costs = [CostRow(period.complete_end, GROUP, "output", Decimal(7))]
    trends = compute_trends(make_data(usage, costs), period, "1d", DIMENSIONS)

    assert trends.is_idle
    assert trends.today == (period.complete_end, Usage(output=5), Decimal(7))


def test_without_usage_there_is_no_price_share_or_saving() -> None:
    """Nor a window before, or a forecast."""
    trends = compute_trends(make_data([], []), make_period(), "1d", DIMENSIONS)

    assert trends.totals[2:] == (None, None, None, "")
    assert trends.previous_totals is None
    assert trends.forecast is None


@pytest.mark.parametrize(
    ("now", "past", "left"),
    [
        ("2026-11-22T14:35", 21, 9),
        ("2026-11-01T14:35", 0, 30),
        ("2026-11-30T14:35", 29, 1),
        ("2028-02-29T14:35", 28, 1),
        ("2027-02-01T14:35", 0, 28),
    ],
)
def test_the_forecast_fills_the_month(now: str, past: int, left: int) -> None:
    """What whole days cost so far, and the rest, today included, at the mean of the last seven."""
    forecast = make_trends(*["2"] * 40, now=parse_day(now)).forecast

    assert forecast is not None
    assert (forecast.past_days, forecast.remaining_days, forecast.averaged_days) == (past, left, 7)
    assert forecast.total == 2 * (past + left)


def test_a_new_organization_is_not_averaged_with_the_days_before_it() -> None:
    """Three days of use make a mean of three days."""
    forecast = make_trends("3", "3", "6").forecast

    assert forecast is not None
    assert forecast.averaged_days == 3
    assert forecast.daily_cost == 4


def test_a_past_window_has_no_forecast() -> None:
    """The rest of this month has nothing to do with last spring."""
    period = make_period(first="2026-04-01", last="2026-04-30")

    costs = [CostRow(parse_day("2026-04-30"), GROUP, "output", Decimal(1))]

    assert compute_trends(make_data([], costs), period, "1d", DIMENSIONS).forecast is None
