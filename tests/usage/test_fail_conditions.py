"""Conditions of `--fail-on`: which are met, and which are none."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.usage_values import make_period, make_trends

from prompt_lint.usage.fail_conditions import evaluate_condition, explain_missing_figure, parse_condition
from prompt_lint.usage.sentences import describe_result, write_headline
from prompt_lint.usage.tables import make_figure_rows
from prompt_lint.usage.values import ConditionResult

if TYPE_CHECKING:
    from prompt_lint.usage.values import Period, Source


@pytest.mark.parametrize(
    ("text", "is_met"),
    [
        ("cost > 9.99/day", True), ("cost > 10/day", False), ("cost > 70", False), ("cost>69.9", True),
        ("cost +99%", True), ("cost +100%", False), ("cost -1%", False), ("tokens < 8M", True), ("tokens > 30M/month", False),
        ("tokens > 29M/month", True), ("cache-hit < 1%", True), ("price > $9", True), ("forecast > 100000", False),
        ("requests > 1", None), ("saved > 1", False), ("cost >= 70", True), ("cost >= 70.01", False), ("cost <= 10 / day", True),
        ("cost > 9.99 / day", True), ("tokens >= 7,000,000", True), ("tokens > 7,000,000", False), ("forecast > 1,000,000/month", False),
        ("forecast > 1/month", True), ("cost > $1,000.50", False), ("tokens >= 7000k", True), ("tokens > 7000k", False),
        ("tokens >= 7000K", True), ("tokens > 7000K", False),
        ("tokens >= 7M", True), ("tokens > 7M", False), ("tokens < 0.007001B", True), ("tokens < 0.007B", False), ("requests +1%", None),
        ("cost < 70", False), ("cost <= 70", True), ("cost -0%", False), ("cache-hit <= 0%", True), ("cost" + " " * 93 + "> 5", True),
    ],
)  # fmt: skip
def test_a_condition_is_met_or_not(text: str, is_met: bool | None) -> None:
    """With ten dollars a day after five; one whose figure doesn't exist is neither."""
    trends = make_trends(*["5"] * 7, *["10"] * 7)

    assert evaluate_condition(parse_condition(text), trends).is_met is is_met


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("cost > 1_000", "as 1000, 1,000 or 1k"), ("cost > 1,00", "as 1000, 1,000 or 1k"), ("cost > 5/hour", "by /day, /week or /month"),
        ("forecast > 9/day", "a forecast is of the month"), ("price > 5/day", "leave out /day"), ("cost > 5%", "'cost +…%' for a change"),
        ("costs > 5", "did you mean `cost`?"), ("banana > 5", "there are cost, tokens, input, output"), ("cache-hit < 60", "add a %"),
        ("price > 5/day", "price isn't a sum over days"), ("cost" + " " * 94 + "> 5", "isn't a condition"),
    ],
)  # fmt: skip
def test_a_refusal_says_how_to_write_it(text: str, advice: str) -> None:
    """In the terms of what was written."""
    with pytest.raises(ValueError, match=re.escape(advice)):
        parse_condition(text)


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("cost >= 70", "cost $70.00 (allowed: under 70)"), ("cost > 50", "cost $70.00 (allowed: 50)"),
        ("cost <= 70", "cost $70.00 (required: above 70)"),
        ("cost +90%", "cost +100.0% (allowed: +90%)"), ("cost +99.97%", "cost +100.00% (allowed: +99.97%)"),
        ("tokens > 1M", "tokens 7.00M (allowed: 1M)"), ("tokens > 6.999M", "tokens 7,000,000 (allowed: 6.999M)"),
    ],
)  # fmt: skip
def test_a_result_says_what_is_allowed(text: str, result: str) -> None:
    """With `=`, the bound itself isn't. A figure that is close to its bound has more digits."""
    trends = make_trends(*["5"] * 7, *["10"] * 7)

    assert describe_result(evaluate_condition(parse_condition(text), trends), "USD") == result


@given(
    form=st.sampled_from(["cost > {}", "cost +{}%", "cost -{}%", "tokens >= {}", "saved < {}/day"]),
    bound=st.decimals(0, 10**9, places=6),
    distance=st.decimals(-(10**3), 10**3, places=6) | st.decimals("-0.1", "0.1", places=6),
)
def test_a_shown_figure_is_on_its_side_of_the_bound(form: str, bound: Decimal, distance: Decimal) -> None:
    """A figure that is rounded meets the condition where the exact one does."""
    condition = parse_condition(form.format(f"{bound:f}"))
    actual = (-bound if condition.operator == "-" else bound) + distance
    result = ConditionResult(condition, actual)

    shown = re.match(r"[a-z]+ ([-+]?)<?\$?([\d,.]+)([kMBT]?)", describe_result(result, "USD"))
    assert shown
    number = Decimal(shown[1] + shown[2].replace(",", "")).scaleb(
        " kMBT".index(shown[3]) * 3 if shown[3] else 0
    )
    assert ConditionResult(condition, number).is_met is result.is_met


@pytest.mark.parametrize(
    ("text", "source", "period", "missing"),
    [
        ("requests > 1", "messages", make_period(), "counts no requests"),
        ("requests > 1", "analytics", make_period(), None),
        ("tokens > 1", "messages", make_period(), None),
        ("forecast > 1", "messages", make_period(), None),
        (
            "forecast > 1",
            "messages",
            make_period(last="2026-11-20"),
            "or name the last whole day (2026-11-21)",
        ),
        ("cost > 1", "messages", make_period(last="2026-11-20"), None),
        ("cost +1%", "analytics", make_period(), None),
        ("cost +1%", "analytics", make_period(earliest="2026-11-10"), "no data of the window before"),
        ("cost > 1", "analytics", make_period(earliest="2026-11-10"), None),
    ],
)
def test_a_figure_that_no_report_of_the_period_has_is_missing(
    text: str, source: Source, period: Period, missing: str | None
) -> None:
    """A condition that can't be decided is refused before anything is fetched, with what to do."""
    reason = explain_missing_figure(parse_condition(text), source, period)

    assert reason is None if missing is None else missing in "; ".join(reason or ())


def test_growth_needs_a_window_before() -> None:
    """A new organization fails no comparison."""
    result = evaluate_condition(parse_condition("cost +1%"), make_trends(*["10"] * 7))

    assert result.is_met is None
    assert "can't be decided" in describe_result(result, "USD")


@pytest.mark.parametrize(
    "text",
    ["", "cost", "cost = 5", "cost > ", "costs > 5", "cost + 5", "cost > 5%", "cache-hit < 60", "cache-hit +5%", "forecast +5%",
     "price > 5/day", "cost > 5/hour", "cost > 1e9", "cost > NaN", "cost > 5/day; rm", "x" * 200, "cost > ٣", "cost > 5\n"],
)  # fmt: skip
def test_a_text_that_is_no_condition_is_refused(text: str) -> None:
    """With what is wrong with it; white space at its end is ignored."""
    if text.endswith("\n"):
        assert parse_condition(text).value == 5
        return
    with pytest.raises(
        ValueError, match=r"isn't a condition|names no|needs a percentage|isn't possible|compare"
    ):
        parse_condition(text)


@pytest.mark.parametrize(
    "text", ["cache-hit > 100%", "cache-hit >= 100.1%", "tokens < 0", "output -100%", "requests < 0/day"]
)
def test_a_condition_that_no_figure_could_meet_is_refused(text: str) -> None:
    """It would pass for one that is watched; what could be met by one token more is taken."""
    with pytest.raises(ValueError, match="can never be met"):
        parse_condition(text)
    for possible in (
        "cache-hit > 99.9%", "cache-hit >= 100%", "tokens < 1", "tokens <= 0", "output -99.9%", "output +100%", "saved < 0", "cost -100%",
    ):  # fmt: skip
        assert parse_condition(possible).text == possible


def test_a_change_against_a_negative_figure_is_none() -> None:
    """Credits in the window before: whatever was spent since would be a fall of several hundred percent."""
    trends = make_trends(*["-5"] * 7, *["10"] * 7)

    assert evaluate_condition(parse_condition("cost -50%"), trends).is_met is None
    assert make_figure_rows(trends)[0].change == "-"
    assert write_headline(trends).endswith("; the 7 days before cost -$35.00.")
