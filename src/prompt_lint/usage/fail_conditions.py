"""What `--fail-on` asks for: a condition on a figure of the report. Pure."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from prompt_lint.usage.trends import DAYS_PER_MONTH, relative_change

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from prompt_lint.usage.trends import Totals, Trends

_FORM = re.compile(
    r"(?P<metric>[a-z-]+)\s*(?P<sign><|>|\+|-)\s*\$?(?P<number>\d{1,15}(?:\.\d{1,9})?)(?P<scale>[kKMB]?)\s*(?P<unit>%|/day|/week|/month|)",
    re.ASCII,
)
_SCALES: Mapping[str, int] = {"": 1, "k": 10**3, "K": 10**3, "M": 10**6, "B": 10**9}
_DAYS: Mapping[str, int] = {"/day": 1, "/week": 7, "/month": DAYS_PER_MONTH}

# Figures that grow with the days of the window, so that they can be told by the day.
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
DOLLARS = ("cost", "saved", "price", "forecast")

EXAMPLES = "right are 'cost > 50/day', 'cost +30%', 'cache-hit < 60%' and 'forecast > 2000'"


class FailCondition(NamedTuple):
    """A condition that fails the run. `value` is in dollars, tokens or percent; `text` is what was asked for."""

    text: str
    metric: str
    operator: str
    value: Decimal
    unit: str


class ConditionResult(NamedTuple):
    """A threshold beside its figure. `crossed` is None where there is no figure."""

    condition: FailCondition
    actual: Decimal | None

    @property
    def is_met(self) -> bool | None:
        if self.actual is None:
            return None
        if self.condition.operator in "+>":
            return self.actual > self.condition.value
        if self.condition.operator == "-":
            return -self.actual > self.condition.value
        return self.actual < self.condition.value


def parse_condition(text: str) -> FailCondition:
    """Raises `ValueError`, whose text says what is wrong."""
    match = _FORM.fullmatch(text.strip()) if len(text) <= 100 else None
    if match is None:
        raise ValueError(f"is no condition; {EXAMPLES}")
    metric, sign, unit = match["metric"], match["sign"], match["unit"]
    if metric not in METRICS:
        raise ValueError(f"names no figure; there are {', '.join(METRICS)}")
    if sign in "+-" and (unit != "%" or metric in {"cache-hit", "forecast"}):
        raise ValueError(
            f"doesn't say by how many percent of the window before; {EXAMPLES}"
            if unit != "%"
            else f"can't be: {metric} takes < and > only"
        )
    if sign in "<>" and (unit == "%") != (metric == "cache-hit"):
        raise ValueError(
            "is a share: say how many percent" if metric == "cache-hit" else "is no share: leave out the %"
        )
    if unit in _DAYS and metric not in _SUMS:
        raise ValueError(f"can't be: {metric} isn't a sum over days")
    return FailCondition(
        " ".join(text.split()), metric, sign, Decimal(match["number"]) * _SCALES[match["scale"]], unit
    )


def evaluate_condition(condition: FailCondition, trends: Trends) -> ConditionResult:
    """The figure in the unit of the threshold: by the day, or as the change in percent."""
    metric = condition.metric
    if metric == "requests" and not trends.data.has_requests:
        return ConditionResult(condition, None)
    if metric == "forecast":
        return ConditionResult(condition, trends.forecast.total if trends.forecast else None)
    read = _SUMS.get(metric) or _RATES[metric]
    now = read(trends.totals)
    if now is None:
        return ConditionResult(condition, None)
    if condition.operator in "+-":
        before = read(trends.previous_totals) if trends.previous_totals else None
        moved = None if before is None else relative_change(now, before)
        return ConditionResult(condition, None if moved is None else 100 * moved)
    if condition.unit in _DAYS:
        return ConditionResult(condition, Decimal(now) * _DAYS[condition.unit] / trends.period.window.days)
    return ConditionResult(condition, Decimal(now))
