"""Values of usage for tests without a network."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from prompt_lint.usage.period import plan_period
from prompt_lint.usage.trends import compute_trends
from prompt_lint.usage.values import DAY, CostRow, Period, Trends, Usage, UsageData, UsageReport, UsageRow

NOW = datetime(2026, 11, 22, 14, 35, tzinfo=UTC)
LAG = timedelta(minutes=5)
DIMENSIONS = ("model", "workspace", "service-tier")
GROUP = ("m", "w", "standard")


def parse_day(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def make_period(
    now: datetime = NOW, days: int = 7, first: str = "", last: str = "", earliest: str = ""
) -> Period:
    dates = [parse_day(text) if text else None for text in (first, last, earliest)]
    return plan_period(now, now - LAG, days, dates[0], dates[1], dates[2])


def make_data(usage_rows: list[UsageRow], cost_rows: list[CostRow], **given: Any) -> UsageData:
    """Rows by model, workspace and service tier, as a source that tells all of them."""
    price_usage = [row._replace(group=(row.group[0], row.group[2], "0-200k", "global")) for row in usage_rows]
    price_costs = [row._replace(group=(row.group[0], row.group[2], "0-200k", "global")) for row in cost_rows]
    defaults: dict[str, Any] = {
        "names": {},
        "complete_until": NOW - LAG,
        "has_requests": False,
        "currency": "USD",
        "notes": (),
    }
    return UsageData(
        "messages", usage_rows, DIMENSIONS, price_usage, cost_rows, DIMENSIONS, price_costs, **(defaults | given)
    )  # fmt: skip


def make_trends(*dollars: str, now: datetime = NOW, days: int = 7) -> Trends:
    """One model that costs so much, day by day, up to yesterday."""
    period = make_period(now, days)
    starts = [period.complete_end - (len(dollars) - n) * DAY for n in range(len(dollars))]
    usage = [UsageRow(start, GROUP, Usage(uncached=1_000_000)) for start in starts]
    costs = [
        CostRow(start, GROUP, "uncached", Decimal(amount))
        for start, amount in zip(starts, dollars, strict=True)
    ]
    return compute_trends(make_data(usage, costs), period, "1d", ("model", "workspace"))


def make_report(trends: Trends) -> UsageReport:
    """The report of trends alone: no conditions, no prompts, no filters."""
    return UsageReport(trends, (), None, (), (), (), "", ())
