"""Conditions of `--fail-on`: text → condition, whether it could ever be met, and whether the figures of a report meet it."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING

from prompt_lint.model.nearest import find_nearest
from prompt_lint.usage.sums import relative_change
from prompt_lint.usage.values import DAY, DAYS_PER_MONTH, ConditionResult, FailCondition

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from prompt_lint.usage.values import Period, Source, Totals, Trends

_CONDITION = re.compile(
    r"(?P<metric>[a-z-]+)\s*(?P<operator>[<>]=?|\+|-)\s*\$?(?P<number>\d{1,3}(?:,\d{3}){1,4}(?:\.\d{1,9})?|\d{1,15}(?:\.\d{1,9})?)"
    r"(?P<scale>[kKMB]?)\s*(?P<unit>%|/\s*(?:day|week|month)|)",
    re.ASCII,
)
_SCALES: Mapping[str, int] = {"": 1, "k": 10**3, "K": 10**3, "M": 10**6, "B": 10**9}
_DAYS: Mapping[str, int] = {"/day": 1, "/week": 7, "/month": DAYS_PER_MONTH}

# Figures that grow with the days of the window, so that they can be given by the day.
_SUMS: Mapping[str, Callable[[Totals], Decimal | int | None]] = {
    "cost": lambda t: t.cost,
    "tokens": lambda t: t.usage.tokens,
    "input": lambda t: t.usage.input,
    "output": lambda t: t.usage.output,
    "requests": lambda t: t.usage.requests,
    "web-searches": lambda t: t.usage.web_searches,
    "saved": lambda t: t.saved_by_cache,
}
_RATES: Mapping[str, Callable[[Totals], Decimal | int | None]] = {
    "price": lambda t: t.price_per_million,
    "cache-hit": lambda t: None if t.cache_hit_share is None else 100 * t.cache_hit_share,
}
METRICS = (*_SUMS, *_RATES, "forecast")
MONEY_METRICS = ("cost", "saved", "price", "forecast")
# Never below 0. Money may be: credits are negative costs, and what the cache saved is negative where writing cost more.
_COUNTS = ("tokens", "input", "output", "requests", "web-searches", "cache-hit")

_EXAMPLES = "examples: 'cost > 50/day', 'cost +30%', 'cache-hit < 60%', 'forecast > 2000'"


def parse_condition(text: str) -> FailCondition:
    """Raises `ValueError`, whose text says what is wrong as the end of a sentence about the condition."""
    match = _CONDITION.fullmatch(text.strip()) if len(text) <= 100 else None
    if match is None:
        raise ValueError(f"isn't a condition{_explain_syntax(text)}; {_EXAMPLES}")
    metric, operator, unit = match["metric"], match["operator"], "".join(match["unit"].split())
    if metric == "forecast" and unit == "/month":  # which is what a forecast is of
        unit = ""
    value = Decimal(match["number"].replace(",", "")) * _SCALES[match["scale"]]
    if metric not in METRICS:
        near = find_nearest(metric, METRICS)
        advice = f"did you mean `{near}`?" if near else f"there are {', '.join(METRICS)}"
        raise ValueError(f"names no known figure; {advice}")
    if fault := _find_mismatch(metric, operator, unit) or _find_impossibility(metric, operator, value):
        raise ValueError(fault)
    return FailCondition(" ".join(text.split()), metric, operator, value, unit)


def _explain_syntax(text: str) -> str:
    """Return what of a text keeps it from being a condition, after a colon; "" where that isn't known."""
    if re.search(r"\d[,_']\d", text):
        return ": write the number as 1000, 1,000 or 1k, and its decimals behind a point"
    if re.search(r"/\s*[a-z]", text):
        return ": a sum may be by /day, /week or /month"
    return ""


def _find_mismatch(metric: str, operator: str, unit: str) -> str:
    """Return what of a condition doesn't fit together; "" where all does."""
    if operator in "+-" and unit != "%":
        return f"needs a percentage of the window before; {_EXAMPLES}"
    if operator in "+-" and metric in {"cache-hit", "forecast"}:
        return f"isn't possible: {metric} takes < and > only"
    if operator not in "+-" and metric == "cache-hit" and unit != "%":
        return "compares a share: add a %"
    if operator not in "+-" and metric != "cache-hit" and unit == "%":
        return f"doesn't compare a share: leave out the %, or write '{metric} +…%' for a change"
    if unit in _DAYS and metric not in _SUMS:
        reason = "a forecast is of the month" if metric == "forecast" else f"{metric} isn't a sum over days"
        return f"isn't possible: {reason}; leave out {unit}"
    return ""


def _find_impossibility(metric: str, operator: str, value: Decimal) -> str:
    """Return why no figure could meet a condition; "" where one could."""
    if metric == "cache-hit" and (value > 100 if operator == ">=" else operator == ">" and value >= 100):
        return "can never be met: no share is above 100%"
    if metric in _COUNTS and operator == "<" and value == 0:
        return f"can never be met: {metric} is never below 0"
    if metric in _COUNTS and operator == "-" and value >= 100:
        return f"can never be met: {metric} can't fall by more than 100%"
    return ""


def explain_missing_figure(
    condition: FailCondition, source: Source, period: Period
) -> tuple[str, str] | None:
    """Return why no report of the period has the figure, and what to do; None where one may have it."""
    if condition.metric == "requests" and source == "messages":
        return "--source messages counts no requests", "add --source analytics, which does"
    if condition.metric == "forecast" and not period.reaches_today:
        last = f"{period.complete_end - DAY:%Y-%m-%d}"
        return (
            "a window of the past has no forecast",
            f"leave out --to, or name the last whole day ({last}) or a later one",
        )
    if condition.operator in "+-" and period.previous_window is None:
        return (
            "--source analytics has no data of the window before",
            "begin later, take fewer --days, or take --source messages",
        )
    return None


def evaluate_condition(condition: FailCondition, trends: Trends) -> ConditionResult:
    return ConditionResult(condition, _compute_figure(condition, trends))


def _compute_figure(condition: FailCondition, trends: Trends) -> Decimal | None:
    """The figure in the unit of the condition: by the day, or as the change in percent; None where there is none."""
    metric = condition.metric
    if metric == "requests" and not trends.data.has_requests:
        return None
    if metric == "forecast":
        return trends.forecast.total if trends.forecast else None
    read = _SUMS.get(metric) or _RATES[metric]
    current = read(trends.totals)
    if current is None:
        return None
    if condition.operator in "+-":
        previous = read(trends.previous_totals) if trends.previous_totals else None
        relative = None if previous is None else relative_change(current, previous)
        return None if relative is None else 100 * relative
    if condition.unit in _DAYS:
        return Decimal(current) * _DAYS[condition.unit] / trends.period.window.days
    return Decimal(current)
