"""What `--fail-on` asks for: a condition on a figure of the report. Pure."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from prompt_lint.usage.trends import MONTH, change

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from prompt_lint.usage.trends import Totals, Trends

_FORM = re.compile(
    r"(?P<metric>[a-z-]+)\s*(?P<sign><|>|\+|-)\s*\$?(?P<number>\d{1,15}(?:\.\d{1,9})?)(?P<scale>[kKMB]?)\s*(?P<unit>%|/day|/week|/month|)",
    re.ASCII,
)
_SCALES: Mapping[str, int] = {"": 1, "k": 10**3, "K": 10**3, "M": 10**6, "B": 10**9}
_DAYS: Mapping[str, int] = {"/day": 1, "/week": 7, "/month": MONTH}

# Figures that grow with the days of the window, so that they can be told by the day.
_SUMS: Mapping[str, Callable[[Totals], Decimal | int | None]] = {
    "cost": lambda t: t.cost,
    "tokens": lambda t: t.usage.tokens,
    "input": lambda t: t.usage.input,
    "output": lambda t: t.usage.output,
    "requests": lambda t: t.usage.requests,
    "web-searches": lambda t: t.usage.searches,
    "saved": lambda t: t.saved,
}
_RATES: Mapping[str, Callable[[Totals], Decimal | int | None]] = {
    "price": lambda t: t.price,
    "cache-hit": lambda t: None if t.hit is None else 100 * t.hit,
}
METRICS = (*_SUMS, *_RATES, "forecast")
DOLLARS = ("cost", "saved", "price", "forecast")

EXAMPLES = "right are 'cost > 50/day', 'cost +30%', 'cache-hit < 60%' and 'forecast > 2000'"


class Threshold(NamedTuple):
    """A condition that fails the run. `value` is in dollars, tokens or percent; `text` is what was asked for."""

    text: str
    metric: str
    sign: str
    value: Decimal
    unit: str


class Judged(NamedTuple):
    """A threshold beside its figure. `crossed` is None where there is no figure."""

    threshold: Threshold
    actual: Decimal | None

    @property
    def crossed(self) -> bool | None:
        if self.actual is None:
            return None
        if self.threshold.sign in "+>":
            return self.actual > self.threshold.value
        if self.threshold.sign == "-":
            return -self.actual > self.threshold.value
        return self.actual < self.threshold.value


def parse(text: str) -> Threshold:
    """Raises `ValueError`, whose text says what is wrong."""
    found = _FORM.fullmatch(text.strip()) if len(text) <= 100 else None
    if found is None:
        raise ValueError(f"is no condition; {EXAMPLES}")
    metric, sign, unit = found["metric"], found["sign"], found["unit"]
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
    return Threshold(
        " ".join(text.split()), metric, sign, Decimal(found["number"]) * _SCALES[found["scale"]], unit
    )


def judge(threshold: Threshold, trends: Trends) -> Judged:
    """The figure in the unit of the threshold: by the day, or as the change in percent."""
    metric = threshold.metric
    if metric == "requests" and not trends.data.requests:
        return Judged(threshold, None)
    if metric == "forecast":
        return Judged(threshold, trends.forecast.total if trends.forecast else None)
    read = _SUMS.get(metric) or _RATES[metric]
    now = read(trends.total)
    if now is None:
        return Judged(threshold, None)
    if threshold.sign in "+-":
        before = read(trends.previous) if trends.previous else None
        moved = None if before is None else change(now, before)
        return Judged(threshold, None if moved is None else 100 * moved)
    if threshold.unit in _DAYS:
        return Judged(threshold, Decimal(now) * _DAYS[threshold.unit] / trends.plan.window.days)
    return Judged(threshold, Decimal(now))
