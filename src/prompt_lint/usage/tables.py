"""A report's tables, which its outputs share. Cells are plain text: each output escapes them and lays them out."""

from __future__ import annotations

from decimal import Decimal
from functools import partial
from operator import attrgetter
from typing import TYPE_CHECKING, Any, NamedTuple

from prompt_lint.output.phrases import format_count
from prompt_lint.text.money import NO_FIGURE, format_money, format_signed, round_half_up
from prompt_lint.text.plural import pluralize
from prompt_lint.usage.figures import (
    MOST_DAYS,
    format_change,
    format_day,
    format_percent,
    format_tokens,
    format_weekday,
    split_weeks,
)
from prompt_lint.usage.sums import share
from prompt_lint.usage.values import INPUT_KINDS, ZERO

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from prompt_lint.model.counts import Count
    from prompt_lint.usage.values import Group, Interval, PromptCost, TrendPoint, Trends

KIND_NAMES = {
    "uncached": "uncached", "write_5m": "cache written, 5 minutes", "write_1h": "cache written, 1 hour",
    "read": "cache read", "output": "output",
}  # fmt: skip
DIMENSION_NAMES = {
    "model": "model", "workspace": "workspace", "api-key": "API key", "account": "account",
    "service-account": "service account", "service-tier": "service tier",
    "context-window": "context window", "inference-geo": "inference geography", "speed": "speed",
}  # fmt: skip


# ---------------------------------------------------------------------------------------------------------
# Tables


class NameCell(NamedTuple):
    """A cell of names that somebody else has chosen: of groups, models, prompts."""

    names: tuple[str, ...]


class SeriesCell(NamedTuple):
    """A cell of numbers in the order of time, to be drawn."""

    numbers: Sequence[Decimal]


Cell = str | NameCell | SeriesCell


class Table(NamedTuple):
    """Rows below a head. Columns of `left` begin at the left; the others are numbers. `remaining` sums up rows left out, or is ""."""

    head: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    left: Collection[int]
    remaining: str


def _make_table(head: Sequence[str], rows: Sequence[Sequence[Cell]], remaining: str = "") -> Table:
    """Leave out the columns that have no figure in any row."""
    columns = [n for n in range(len(head)) if any(row[n] not in ("", NO_FIGURE) for row in rows)]
    left = {at for at, n in enumerate(columns) if at == 0 or not isinstance(rows[0][n], str)}
    return Table([head[n] for n in columns], [[row[n] for n in columns] for row in rows], left, remaining)


# ---------------------------------------------------------------------------------------------------------
# Figures of the window


class FigureRow(NamedTuple):
    """One figure of both windows. `is_rise_good` is None for a figure that is neither better nor worse when it rises."""

    name: str
    current: str
    previous: str
    change: str
    is_part: bool
    is_rise_good: bool | None
    has_risen: bool | None


def make_figure_rows(trends: Trends) -> list[FigureRow]:
    now, then = trends.totals, trends.previous_totals
    format_cost = partial(format_money, currency=trends.data.currency)

    def make_row(
        name: str,
        key: str,
        format_figure: Callable[[Any], str] = format_tokens,
        describe_change: Callable[[Any, Any], str] = format_change,
        *,
        is_part: bool = False,
        is_rise_good: bool | None = None,
    ) -> FigureRow:
        """`key` is where the figure is in the totals."""
        read = attrgetter(key)
        current, previous = read(now), read(then) if then else None
        is_changed = current is not None and previous is not None and current != previous
        cells = (format_figure(current), format_figure(previous), describe_change(current, previous))
        return FigureRow(name, *cells, is_part, is_rise_good, current > previous if is_changed else None)

    return [
        make_row("Cost", "cost", format_cost),
        make_row("Input tokens", "usage.input"),
        *(make_row(KIND_NAMES[kind], f"usage.{kind}", is_part=True) for kind in INPUT_KINDS),
        make_row("Output tokens", "usage.output"),
        make_row("Web searches", "usage.web_searches"),
        *([make_row("Requests", "usage.requests")] if trends.data.has_requests else []),
        make_row("Paid per million tokens", "price_per_million", format_cost, is_rise_good=False),
        make_row("Input read from the cache", "cache_hit_share", format_percent, _format_points, is_rise_good=True),
        make_row("Saved by the cache", "saved_by_cache", format_cost, is_rise_good=True),
    ]  # fmt: skip


def _format_points(current: Decimal | None, previous: Decimal | None) -> str:
    if current is None or previous is None:
        return NO_FIGURE
    points = round_half_up(100 * (current - previous), 1)
    return f"{format_signed(points, str(abs(points)), sign=True)} points"


# ---------------------------------------------------------------------------------------------------------
# Trend


class TrendRow(NamedTuple):
    """A day with the tokens of its hours as `parts`, a week with the costs of its days, or an hour or day without parts."""

    name: str
    tokens: int
    cost: Decimal | None
    parts: Sequence[Decimal]


def make_trend_rows(trends: Trends) -> tuple[str, list[TrendRow]]:
    """Return what a row is (`day`, `week` or `hour`), and the rows, oldest first."""
    days = trends.days
    if trends.bucket == "1h":
        if len(days) <= 1:
            return "hour", [_trend_row(f"{hour.start:%H:%M}", [hour]) for hour in trends.points]
        hours = [Decimal(point.usage.tokens) for point in trends.points]
        return "day", [
            _trend_row(format_weekday(day.start), [day], hours[24 * n : 24 * n + 24])
            for n, day in enumerate(days)
        ]
    if len(days) <= MOST_DAYS:
        return "day", [_trend_row(format_weekday(day.start), [day]) for day in days]
    return "week", [
        _trend_row(_name_week(week), week, [day.cost or ZERO for day in week]) for week in split_weeks(days)
    ]


def measure_trend_rows(rows: Sequence[TrendRow]) -> tuple[bool, list[Decimal]]:
    """Return whether a chart shows costs, and a number for each row: its cost, or its tokens where nothing was paid."""
    is_cost = any(row.cost for row in rows)
    return is_cost, [(row.cost or ZERO) if is_cost else Decimal(row.tokens) for row in rows]


def make_trend_table(trends: Trends) -> Table:
    unit, rows = make_trend_rows(trends)
    cells = [
        (
            row.name,
            format_tokens(row.tokens),
            format_money(row.cost, trends.data.currency),
            SeriesCell(row.parts) if row.parts else "",
        )
        for row in rows
    ]
    return _make_table((unit, "tokens", "cost", "by day" if unit == "week" else "by hour"), cells)


def _name_week(days: Sequence[TrendPoint]) -> str:
    short = f" ({pluralize(len(days), 'day')})" if len(days) < 7 else ""
    return f"{format_day(days[0].start)} to {format_day(days[-1].start)}{short}"


def _trend_row(name: str, points: Sequence[TrendPoint], parts: Sequence[Decimal] = ()) -> TrendRow:
    costs = [point.cost for point in points if point.cost is not None]
    cost = sum(costs, ZERO) if costs else None
    return TrendRow(name, sum(point.usage.tokens for point in points), cost, parts)


# ---------------------------------------------------------------------------------------------------------
# Groups, changes, prices, prompts


def make_group_table(trends: Trends, dimension: str, most: int) -> Table:
    groups, currency = trends.groups[dimension], trends.data.currency
    head = [
        DIMENSION_NAMES[dimension],
        "cost (estimate)" if dimension in trends.data.estimated_dimensions else "cost",
        "tokens",
        "share",
        "change",
        "by week" if trends.period.window.days > MOST_DAYS else "by day",
    ]
    rows = [
        (
            NameCell((group.name,)),
            "" if group.cost is None else format_money(group.cost, currency),
            format_tokens(group.usage.tokens),
            format_percent(compute_group_share(group, trends)),
            format_change(group.amount, group.previous_amount) if trends.previous_totals else "",
            SeriesCell(group.daily) if len(group.daily) > 1 else "",
        )
        for group in groups[:most]
    ]
    return _make_table(head, rows, _sum_remaining_groups(groups[most:], currency))


def compute_group_share(group: Group, trends: Trends) -> Decimal | None:
    """Return the group's share of all costs, or of all tokens where it has no cost."""
    return share(group.amount, trends.totals.usage.tokens if group.cost is None else trends.totals.cost)


def _sum_remaining_groups(groups: Sequence[Group], currency: str) -> str:
    """Sum up the groups that a table leaves out; "" where it leaves out none."""
    if not groups:
        return ""
    costs = [group.cost for group in groups if group.cost is not None]
    cost = f"{format_money(sum(costs, ZERO), currency)}, " if costs else ""
    tokens = format_tokens(sum(group.usage.tokens for group in groups))
    return f"and {len(groups):,} more: {cost}{tokens} tokens"


def make_change_table(trends: Trends, most: int) -> Table:
    """Make a row of each group whose amount has changed most: money, or tokens."""
    rows = []
    for change in trends.group_changes[:most]:
        format_amount = (
            partial(format_money, currency=trends.data.currency) if change.is_cost else format_tokens
        )
        before, now = format_amount(change.previous), format_amount(change.current)
        rows.append((NameCell(change.group_names), format_amount(change.difference, sign=True), before, now))
    dimensions = " · ".join(DIMENSION_NAMES[name] for name in trends.groups)
    return _make_table((dimensions, "change", "before", "now"), rows)


def make_price_table(trends: Trends, most: int) -> Table:
    """Make a row of each model: what a million tokens of each kind, and of all together, cost. No rows without a price."""
    rows: list[Sequence[Cell]] = [
        (
            NameCell((price.model,)),
            *(format_money(price.by_kind.get(kind), trends.data.currency) for kind in KIND_NAMES),
            format_money(price.overall, trends.data.currency),
        )
        for price in trends.prices[:most]
        if any(price.by_kind for price in trends.prices)
    ]
    return _make_table(("model", *KIND_NAMES.values(), "all together"), rows)


def make_prompt_table(costs: Sequence[PromptCost], currency: str, most: int) -> Table:
    def format_amount(amount: Decimal | int, *, sign: bool = False) -> str:
        return format_money(Decimal(amount), currency, sign=sign)

    head = ("prompt", "model", "tokens", "1,000 calls", "grown", "a month at most")
    rows = [
        (
            NameCell((cost.prompt.path + (f" ({cost.prompt.name})" if cost.prompt.name else ""),)),
            NameCell((cost.prompt.model,)),
            format_count(cost.prompt.tokens),
            _format_interval(cost.per_thousand_calls, format_amount),
            _format_interval(cost.prompt.growth, "{:+,}".format, "{:,}".format) if cost.prompt.growth else "",
            _format_interval(cost.monthly_growth, partial(format_amount, sign=True), format_amount),
        )
        for cost in costs[:most]
    ]
    return _make_table(head, rows)


def _format_interval(
    interval: Interval | Count | None,
    format_value: Callable[[Decimal | int], str],
    format_spread: Callable[[Decimal | int], str] | None = None,
) -> str:
    """Return the number, and behind a `±` what it leaves open; no `±` for an exact one."""
    if interval is None:
        return NO_FIGURE
    value, low, high = interval[:3]
    spread = max(value - low, high - value)
    return format_value(value) + (f" ±{(format_spread or format_value)(spread)}" if spread else "")
