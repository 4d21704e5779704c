"""`csv`: a line for each bucket and combination of groups, for spreadsheets. Sums of its columns are the report's totals."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prompt_lint.output.csv_cells import escape_cell, render_faults, write_table
from prompt_lint.usage.figures import format_timestamp
from prompt_lint.usage.groups import group_selector, name_group
from prompt_lint.usage.sums import sum_amounts_by, sum_usage_by
from prompt_lint.usage.values import BUCKET_WIDTHS, DAY

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from decimal import Decimal

    from prompt_lint.usage.values import Trends, Usage, UsageReport

    # The start of a bucket, whether it is a whole day, and the values of the group.
    _Key = tuple[datetime, bool, tuple[str, ...]]

__all__ = ("render", "render_faults")

_COLUMNS = (
    "uncached_input_tokens", "cache_write_5m_tokens", "cache_write_1h_tokens", "cache_read_tokens", "output_tokens",
    "web_searches",
)  # fmt: skip


def render(report: UsageReport, *, color: bool = False) -> str:  # noqa: ARG001  # the same signature for every output
    trends = report.trends
    names = [name.replace("-", "_") for name in trends.groups]
    requests = ["requests"] if trends.data.has_requests else []
    cost = f"cost_{trends.data.currency.lower()}"
    header = ["window", "start_utc", "end_utc", *names, *_COLUMNS, *requests, escape_cell(cost)]
    return write_table([header, *_lines(trends)])


def _lines(trends: Trends) -> list[list[str]]:
    """Usage and cost share a line where the API splits both by the same groups; else each has its own."""
    usage, costs = _sum_usage(trends), _sum_costs(trends)
    lines = []
    for key in sorted({*usage, *costs}, key=lambda key: (key[0], not key[1], key[2])):
        start, is_day, group = key
        end = start + (DAY if is_day else BUCKET_WIDTHS[trends.bucket])
        times = [_name_window(trends, start), format_timestamp(start), format_timestamp(end)]
        pairs = zip(trends.groups, group, strict=True)
        names = [escape_cell(name_group(name, value, trends.data.names)) for name, value in pairs]
        figures = usage[key][: None if trends.data.has_requests else len(_COLUMNS)]
        cost = format(costs[key], "f") if key in costs else ""
        lines.append([*times, *names, *map(str, figures), cost])
    return lines


def _name_window(trends: Trends, start: datetime) -> str:
    """The window of a bucket; "" for what was fetched for the forecast alone."""
    period = trends.period
    if period.window.contains(start):
        return "current"
    if period.previous_window and period.previous_window.contains(start):
        return "previous"
    if period.reaches_today and start >= period.complete_end:
        return "unfinished" if period.has_unfinished_day else "today"
    return ""


def _sum_usage(trends: Trends) -> Mapping[_Key, Usage]:
    data, is_day = trends.data, trends.bucket == "1d"
    select = group_selector(data.usage_dimensions, tuple(trends.groups))
    return sum_usage_by(
        ((row.start, is_day, select(row.group)), row.usage)
        for row in data.usage_rows
        if _name_window(trends, row.start)
    )


def _sum_costs(trends: Trends) -> Mapping[_Key, Decimal]:
    """A dimension by which the API doesn't split costs is empty: estimates are no lines of a table that is summed up."""
    data = trends.data
    known = [name for name in data.cost_dimensions if name not in data.estimated_dimensions]
    indices = [known.index(name) if name in known else None for name in trends.groups]
    return sum_amounts_by(
        ((row.start, True, tuple("" if i is None else row.group[i] for i in indices)), row.amount)
        for row in data.cost_rows
        if _name_window(trends, row.start)
    )
