"""What usage and cost come to: windows, sums, prices, the month's forecast, thresholds. Without a network."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prompt_lint.model.errors import Fatal
from prompt_lint.usage import fail_conditions, figures, trends
from prompt_lint.usage.trends import (
    DAY,
    DIMENSIONS,
    CostRow,
    Period,
    PromptTokens,
    Trends,
    Usage,
    UsageData,
    UsageRow,
    compute_trends,
    plan_period,
)

NOW = datetime(2026, 11, 22, 14, 35, tzinfo=UTC)
LAG = timedelta(minutes=5)
BY = ("model", "workspace", "service-tier")


def day(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def planned(now: datetime = NOW, days: int = 7, first: str = "", last: str = "", since: str = "") -> Period:
    dates = [day(text) if text else None for text in (first, last, since)]
    return plan_period(now, now - LAG, days, dates[0], dates[1], dates[2])


def data(used: list[UsageRow], paid: list[CostRow], **given: Any) -> UsageData:
    prices = [row._replace(group=(row.group[0], row.group[2])) for row in used]
    charged = [row._replace(group=(row.group[0], row.group[2])) for row in paid]
    defaults: dict[str, Any] = {"names": {}, "complete_until": NOW - LAG, "has_requests": False}
    return UsageData("messages", used, BY, prices, paid, BY, charged, **(defaults | given))


def spending(*dollars: str, now: datetime = NOW, days: int = 7) -> Trends:
    """One model that cost so much, day by day, up to yesterday."""
    when = planned(now, days)
    starts = [when.complete_end - (len(dollars) - n) * DAY for n in range(len(dollars))]
    used = [UsageRow(at, ("m", "w", "standard"), Usage(uncached=1_000_000)) for at in starts]
    paid = [
        CostRow(at, ("m", "w", "standard"), "uncached", Decimal(d))
        for at, d in zip(starts, dollars, strict=True)
    ]
    return compute_trends(data(used, paid), when, "1d", ("model", "workspace"))


# ---------------------------------------------------------------------------------------------------------
# Windows


def test_the_window_is_whole_days_up_to_yesterday() -> None:
    """Today isn't over: it belongs to neither window, and is fetched all the same."""
    when = planned(days=7)

    assert when.window == (day("2026-11-15"), day("2026-11-22"))
    assert when.previous_window == (day("2026-11-08"), day("2026-11-15"))
    assert when.fetch_end == day("2026-11-23")
    assert when.cost_start == day("2026-11-01")


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
def test_months_leap_days_and_the_minutes_after_midnight(now: str, first: str, end: str) -> None:
    """A day is whole five minutes after it has ended: until then its figures still come in."""
    assert planned(day(now)).window == (day(first), day(end))


def test_days_given_by_hand_are_inclusive() -> None:
    """`--from 1 --to 30` is the whole of November, compared with the 30 days before."""
    when = planned(day("2026-12-05"), first="2026-11-01", last="2026-11-30")

    assert when.window == (day("2026-11-01"), day("2026-12-01"))
    assert when.previous_window == (day("2026-10-02"), day("2026-11-01"))
    assert not when.reaches_today
    assert when.fetch_end == day("2026-12-01")


def test_a_window_that_reaches_into_today_ends_before_it() -> None:
    """What isn't over is cut off, not compared."""
    found = [planned(first="2026-11-20", last="2026-11-25"), planned(days=7, last="2026-11-25")]

    assert [one.window for one in found] == [
        (day("2026-11-20"), day("2026-11-22")),
        (day("2026-11-19"), day("2026-11-22")),
    ]
    assert [one.requested_end for one in found] == [day("2026-11-26")] * 2
    assert planned(last="2026-11-21").requested_end is None


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"first": "2026-11-22"}, "holds no day that is over"),
        ({"first": "2026-11-10", "last": "2026-11-09"}, "--to lies before --from"),
        ({"first": "2026-01-01", "last": "2026-04-01"}, "has 91 days"),
        ({"first": "2025-12-30", "last": "2026-01-05", "since": "2026-01-01"}, "nothing before 2026-01-01"),
        ({"last": "2025-12-30", "since": "2026-01-01"}, "nothing before 2026-01-01"),
        *(
            ({option: far}, f"{far} is no day of a report")
            for option in ("first", "last")
            for far in ("0001-01-01", "2022-12-31", "2027-02-21", "9999-12-31")
        ),
    ],
)
def test_windows_that_cannot_be(given: dict[str, Any], message: str) -> None:
    """Each is refused with what is wrong."""
    with pytest.raises(Fatal, match=message):
        planned(**given)


NEAR = st.datetimes(datetime(2022, 12, 1), datetime(2027, 3, 1))  # noqa: DTZ001  # Hypothesis wants them bare
DATES = (NEAR | st.datetimes()).map(lambda at: trends.midnight(at).replace(tzinfo=UTC))


@given(DATES | st.none(), DATES, st.integers(1, 90))
def test_every_day_of_the_calendar_is_planned_or_refused(
    first: datetime | None, last: datetime, days: int
) -> None:
    """A window holds whole days that were asked for; whatever can't be is a sentence."""
    try:
        found = plan_period(NOW, NOW - LAG, days, first, last, None).window
    except Fatal:
        found = None

    assert found is None or 0 < found.days <= trends.LONGEST_WINDOW
    assert found is None or found.end == min(last + DAY, day("2026-11-22"))


def test_a_source_that_begins_too_late_has_no_window_before() -> None:
    """Half a window would be no equal."""
    when = planned(day("2026-01-10T12:00"), days=7, since="2026-01-01")

    assert when.previous_window is None
    assert when.usage_start == day("2026-01-03")
    assert when.cost_start == day("2026-01-01")


# ---------------------------------------------------------------------------------------------------------
# Sums

AMOUNTS = st.decimals(min_value=0, max_value=10_000, places=6)
GROUPS = st.tuples(
    st.sampled_from(["a", "b", ""]),
    st.sampled_from(["x", "y", ""]),
    st.sampled_from(["standard", "batch", "priority"]),
)
TIMES = st.integers(0, 16 * 24).map(lambda n: day("2026-11-07") + n * timedelta(hours=1))
COUNTS = st.integers(0, 10**12)
USED = st.lists(st.builds(UsageRow, TIMES, GROUPS, st.builds(Usage, *[COUNTS] * 6)), max_size=40)
PAID = st.lists(
    st.builds(
        CostRow,
        TIMES.map(trends.midnight),
        GROUPS,
        st.sampled_from([*trends.TOKEN_KINDS, "web_search"]),
        AMOUNTS,
    ),
    max_size=40,
)


@given(USED, PAID)
def test_totals_are_the_sums_of_the_groups(used: list[UsageRow], paid: list[CostRow]) -> None:
    """For each dimension and for the days: to the token and to the last digit of the money."""
    found = compute_trends(data(used, paid), planned(), "1d", BY)

    for groups in found.groups.values():
        assert trends.sum_usage(group.usage for group in groups) == found.totals.usage
        assert sum((group.cost or Decimal(0) for group in groups), Decimal(0)) == found.totals.cost
        assert sum(sum(group.daily) for group in groups) == found.totals.cost
    assert trends.sum_usage(point.usage for point in found.days) == found.totals.usage
    assert sum((point.cost or Decimal(0) for point in found.days), Decimal(0)) == found.totals.cost


@given(USED, PAID)
def test_what_moved_adds_up_to_the_whole_change(used: list[UsageRow], paid: list[CostRow]) -> None:
    """No part of a change is lost between the combinations."""
    found = compute_trends(data(used, paid), planned(), "1d", BY)

    if found.previous_totals:
        assert (
            sum(mover.difference for mover in found.group_changes)
            == found.totals.cost - found.previous_totals.cost
        )


@given(USED, PAID)
def test_hours_add_up_to_days(used: list[UsageRow], paid: list[CostRow]) -> None:
    """The finer trend has the same sums; costs are by the day only."""
    found = compute_trends(data(used, paid), planned(), "1h", BY)

    assert len(found.points) == 7 * 24
    assert trends.sum_usage(point.usage for point in found.points) == found.totals.usage
    assert all(point.cost is None for point in found.points)


def test_today_is_in_no_total() -> None:
    """It is told by itself."""
    when = planned()
    used = [UsageRow(when.complete_end, ("m", "w", "standard"), Usage(output=5))]
    paid = [CostRow(when.complete_end, ("m", "w", "standard"), "output", Decimal(7))]
    found = compute_trends(data(used, paid), when, "1d", BY)

    assert found.is_empty
    assert found.today == (when.complete_end, Usage(output=5), Decimal(7))


def test_a_group_without_cost_in_the_api_has_none() -> None:
    """By API key there are tokens only, and what moves are tokens."""
    when = planned()
    used = [
        UsageRow(when.window.start, ("m", "k", "standard"), Usage(output=5)),
        UsageRow(
            when.previous_window.start if when.previous_window else NOW,
            ("m", "k", "standard"),
            Usage(output=2),
        ),
    ]
    made = data(used, [])._replace(usage_dimensions=("model", "api-key", "service-tier"))
    found = compute_trends(made, when, "1d", ("api-key",))

    assert found.groups["api-key"][0].cost is None
    assert found.group_changes[0] == (("k",), Decimal(5), Decimal(2), False)


# ---------------------------------------------------------------------------------------------------------
# Prices


def test_prices_are_what_was_paid() -> None:
    """Dollars a million, by kind and together; what the cache saved is reckoned at the price of uncached tokens."""
    when = planned()
    at, group = when.window.start, ("m", "w", "standard")
    usage = Usage(uncached=1_000_000, write_5m=200_000, write_1h=100_000, read=4_000_000, output=500_000)
    costs = {
        "uncached": "2",
        "write_5m": "0.5",
        "write_1h": "0.4",
        "read": "0.8",
        "output": "5",
        "web_search": "1",
    }
    paid = [CostRow(at, group, kind, Decimal(amount)) for kind, amount in costs.items()]
    found = compute_trends(data([UsageRow(at, group, usage)], paid), when, "1d", BY)

    assert found.totals.cost == Decimal("9.7")
    assert found.totals.price_per_million == Decimal("8.7") / Decimal("5.8")
    assert found.totals.cache_hit_share == Decimal(4_000_000) / 5_300_000
    assert found.totals.saved_by_cache == Decimal("4.3") * 2 - Decimal("1.7")
    assert found.prices[0].by_kind["read"] == Decimal("0.2")
    assert found.prices[0].input == Decimal("3.7") / Decimal("5.3")


def test_priority_tier_makes_no_price_cheaper() -> None:
    """Its tokens have no cost in the API, so they are left out of the price, and told."""
    when = planned()
    at = when.window.start
    used = [UsageRow(at, ("m", "w", tier), Usage(uncached=1_000_000)) for tier in ("standard", "priority")]
    found = compute_trends(
        data(used, [CostRow(at, ("m", "w", "standard"), "uncached", Decimal(2))]), when, "1d", BY
    )
    told = figures.list_caveats(figures.UsageReport(found))

    assert found.totals.price_per_million == 2
    assert any("1.00M tokens of this window, 50.0%" in line for line in told)


def test_nothing_is_divided_by_nothing() -> None:
    """Without tokens and cost there is no price, no share, no saving."""
    found = compute_trends(data([], []), planned(), "1d", BY)

    assert (found.totals.price_per_million, found.totals.cache_hit_share, found.totals.saved_by_cache) == (
        None,
        None,
        None,
    )
    assert found.previous_totals is None
    assert found.forecast is None


def test_a_prompt_costs_its_tokens_at_the_price_of_its_models_input() -> None:
    """Also where the report calls the model by its date; growth is multiplied by the month's requests."""
    when = planned(days=3)
    at, group = when.window.start, ("claude-haiku-4-5-20251001", "w", "standard")
    used = [UsageRow(at, group, Usage(uncached=1_000_000, requests=300))]
    made = data(used, [CostRow(at, group, "uncached", Decimal(2))], has_requests=True)
    prompt = PromptTokens("a.md", "", "claude-haiku-4-5", 5_000, 100)
    [cost] = trends.compute_prompt_costs(
        [prompt], compute_trends(made, when, "1d", BY), {prompt.model: group[0]}
    )

    assert cost.per_thousand_calls == 10
    assert cost.monthly_growth == Decimal("0.6")


# ---------------------------------------------------------------------------------------------------------
# The month


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
    found = spending(*["2"] * 40, now=day(now)).forecast

    assert found is not None
    assert (found.past_days, found.remaining_days, found.averaged_days) == (past, left, 7)
    assert found.total == 2 * (past + left)


def test_a_new_organization_is_not_averaged_with_the_days_before_it() -> None:
    """Three days of use make a mean of three days."""
    found = spending("3", "3", "6").forecast

    assert found is not None
    assert found.averaged_days == 3
    assert found.daily_cost == 4


def test_a_past_window_has_no_forecast() -> None:
    """The month's rest is no business of a report on last spring."""
    when = planned(first="2026-04-01", last="2026-04-30")

    assert (
        compute_trends(
            data([], [CostRow(day("2026-04-30"), ("m", "w", "s"), "output", Decimal(1))]), when, "1d", BY
        ).forecast
        is None
    )


# ---------------------------------------------------------------------------------------------------------
# Thresholds


@pytest.mark.parametrize(
    ("text", "crossed"),
    [
        ("cost > 9.99/day", True), ("cost > 10/day", False), ("cost > 70", False), ("cost>69.9", True),
        ("cost +99%", True), ("cost +100%", False), ("cost -1%", False), ("tokens < 8M", True), ("tokens > 30M/month", False),
        ("tokens > 29M/month", True), ("cache-hit < 1%", True), ("price > $9", True), ("forecast > 100000", False),
        ("requests > 1", None), ("saved > 1", False),
    ],
)  # fmt: skip
def test_thresholds_are_judged(text: str, crossed: bool | None) -> None:
    """Ten dollars a day after five; a figure that isn't there can't be crossed, and says so."""
    found = spending(*["5"] * 7, *["10"] * 7)

    assert fail_conditions.evaluate_condition(fail_conditions.parse_condition(text), found).is_met is crossed


def test_growth_without_a_window_before_is_not_judged() -> None:
    """A new organization fails no comparison."""
    judged = fail_conditions.evaluate_condition(
        fail_conditions.parse_condition("cost +1%"), spending(*["10"] * 7)
    )

    assert judged.is_met is None
    assert "can't be told" in figures.describe_result(judged, "USD")


@pytest.mark.parametrize(
    "text",
    ["", "cost", "cost = 5", "cost > ", "costs > 5", "cost + 5", "cost > 5%", "cache-hit < 60", "cache-hit +5%", "forecast +5%",
     "price > 5/day", "cost > 5/hour", "cost > 1e9", "cost > NaN", "cost > 5/day; rm", "x" * 200, "cost > ٣", "cost > 5\n"],
)  # fmt: skip
def test_what_is_no_condition_is_refused(text: str) -> None:
    """With a sentence, whatever it is; but white space at its end is nobody's fault."""
    if text.endswith("\n"):
        assert fail_conditions.parse_condition(text).value == 5
        return
    with pytest.raises(ValueError, match=r"is no|names no|doesn't say|can't be|is a share"):
        fail_conditions.parse_condition(text)


# ---------------------------------------------------------------------------------------------------------
# Figures


@pytest.mark.parametrize(
    ("amount", "told"),
    [("0", "$0.00"), ("1234.5", "$1,234.50"), ("0.5", "$0.50"), ("0.0042", "$0.0042"), ("0.00000012", "<$0.000001"), ("-3", "-$3.00"), ("0.999", "$1.00")],
)  # fmt: skip
def test_money_is_written_with_the_digits_that_tell_something(amount: str, told: str) -> None:
    """Two behind the point, more where there is nothing before them."""
    assert figures.format_money(Decimal(amount)) == told


@pytest.mark.parametrize(
    ("number", "told"),
    [(0, "0"), (9_999, "9,999"), (10_000, "10.0k"), (123_456, "123k"), (1_234_567, "1.23M"), (8_530_000_000, "8.53B"), (-25_000, "-25.0k")],
)  # fmt: skip
def test_tokens_are_written_short(number: int, told: str) -> None:
    """Three digits, but every one below ten thousand."""
    assert figures.format_tokens(number) == told


@given(st.lists(st.decimals(min_value=0, max_value=10**6, places=2), max_size=100))
def test_a_sparkline_has_a_mark_for_each_number(series: list[Decimal]) -> None:
    """The highest is full, nothing is a dot."""
    marks = figures.draw_sparkline(series)

    assert len(marks) == len(series)
    assert all((mark == "·") == (not number) for mark, number in zip(marks, series, strict=True))
    assert not any(series) or "█" in marks


@given(st.lists(st.decimals(min_value=0, max_value=10**6, places=2), max_size=100))
def test_weeks_add_up_to_the_days(series: list[Decimal]) -> None:
    """Nothing is lost where many days are drawn as weeks."""
    assert sum(figures.sum_weeks(series)) == sum(series)


def test_dimensions_are_the_same_everywhere() -> None:
    """The wire and the titles know the same ones."""
    from prompt_lint.usage import admin_api as usage  # noqa: PLC0415  # only here

    assert set(DIMENSIONS) == set(usage.API_DIMENSIONS) == set(figures.DIMENSION_NAMES)
