"""Fetched rows → totals of both windows, their trend, groups, changes, prices and the month's forecast."""

from __future__ import annotations

from calendar import monthrange
from typing import TYPE_CHECKING, TypeVar

from prompt_lint.usage.billed_prices import compute_prices
from prompt_lint.usage.cost_estimates import estimate_costs
from prompt_lint.usage.groups import compute_group_changes, compute_groups
from prompt_lint.usage.savings import compute_saving, select_billed
from prompt_lint.usage.sums import share, sum_amounts_by, sum_usage, sum_usage_by
from prompt_lint.usage.values import (
    BUCKET_WIDTHS,
    DAY,
    FORECAST_DAYS,
    MILLION,
    TOKEN_KINDS,
    ZERO,
    CostRow,
    Forecast,
    Totals,
    TrendPoint,
    Trends,
    UsageRow,
    Window,
    midnight,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import timedelta

    from prompt_lint.usage.values import Bucket, Period, UsageData


_Row = TypeVar("_Row", UsageRow, CostRow)


def compute_trends(data: UsageData, period: Period, bucket: Bucket, dimensions: Sequence[str]) -> Trends:
    """Compute everything at once. Totals are the sums of the groups, to the token and to the last fraction of a cent."""
    data = estimate_costs(data, dimensions)
    current = _select_window(data, period.window)
    previous = _select_window(data, period.previous_window)
    today = Window(period.complete_end, period.complete_end + DAY)
    previous_totals = _compute_totals(previous)
    is_compared = bool(any(previous_totals.usage) or previous_totals.cost)
    return Trends(
        period,
        data,
        bucket,
        _compute_totals(current),
        previous_totals if is_compared else None,
        _compute_points(current, period.window, BUCKET_WIDTHS[bucket]),
        _compute_points(current, period.window, DAY),
        _compute_points(previous, period.previous_window, DAY)
        if is_compared and period.previous_window
        else (),
        _compute_points(_select_window(data, today), today, DAY)[0] if period.reaches_today else None,
        {name: compute_groups(current, previous, period.window, name) for name in dimensions},
        compute_group_changes(current, previous, dimensions) if is_compared else (),
        compute_prices(current),
        _compute_forecast(data, period),
    )


def _select_window(data: UsageData, window: Window | None) -> UsageData:
    """The rows of a window; none where there is no window."""

    def select(rows: Sequence[_Row]) -> list[_Row]:
        return [row for row in rows if window and window.contains(row.start)]

    return data._replace(
        usage_rows=select(data.usage_rows),
        price_usage_rows=select(data.price_usage_rows),
        cost_rows=select(data.cost_rows),
        price_cost_rows=select(data.price_cost_rows),
        speed_rows=None if data.speed_rows is None else select(data.speed_rows),
    )


def _compute_totals(data: UsageData) -> Totals:
    usage = sum_usage(row.usage for row in data.usage_rows)
    billed_tokens = sum(row.usage.tokens for row in select_billed(data))
    token_cost = sum((row.amount for row in data.price_cost_rows if row.kind in TOKEN_KINDS), ZERO)
    return Totals(
        usage,
        sum((row.amount for row in data.cost_rows), ZERO),
        token_cost * MILLION / billed_tokens if billed_tokens and token_cost else None,
        share(usage.read, usage.input),
        *compute_saving(data),
    )


def _compute_points(data: UsageData, window: Window, width: timedelta) -> list[TrendPoint]:
    """The buckets of a window, for rows that lie within it."""
    is_hourly = width < DAY
    usage = sum_usage_by(
        (row.start if is_hourly else midnight(row.start), row.usage) for row in data.usage_rows
    )
    costs = sum_amounts_by((midnight(row.start), row.amount) for row in data.cost_rows)
    starts = [window.start + n * width for n in range((window.end - window.start) // width)]
    return [TrendPoint(start, usage[start], None if is_hourly else costs[start]) for start in starts]


def _compute_forecast(data: UsageData, period: Period) -> Forecast | None:
    """None for a window of the past, and where nothing was paid in the days that would be averaged.

    Days before the first cost don't count, so that an organization that is new isn't averaged with the days before it.
    """
    if not period.reaches_today:
        return None
    end = period.complete_end
    month = end.replace(day=1)
    first = max(end - FORECAST_DAYS * DAY, period.cost_start)
    daily_costs = sum_amounts_by((midnight(row.start), row.amount) for row in data.cost_rows)
    paid_days = [day for day, amount in daily_costs.items() if first <= day < end and amount]
    if not paid_days:
        return None
    averaged_days = (end - min(paid_days)).days
    recent_cost = sum((daily_costs[end - n * DAY] for n in range(1, averaged_days + 1)), ZERO)
    past_days = (end - month).days
    remaining_days = monthrange(month.year, month.month)[1] - past_days
    so_far = sum((amount for day, amount in daily_costs.items() if month <= day < end), ZERO)
    return Forecast(month, so_far, past_days, remaining_days, averaged_days, recent_cost / averaged_days)
