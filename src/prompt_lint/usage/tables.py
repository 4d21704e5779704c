"""The rows of a report's tables, which its outputs share. Cells are plain text: each output escapes and lays them out."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

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
from prompt_lint.usage.values import TOKEN_KINDS, ZERO

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from prompt_lint.usage.values import (
        Group,
        GroupChange,
        Interval,
        ModelPrice,
        PromptCost,
        PromptTokens,
        Totals,
        TrendPoint,
        Trends,
    )

KIND_NAMES = {
    "uncached": "uncached", "write_5m": "cache written, 5 minutes", "write_1h": "cache written, 1 hour",
    "read": "cache read", "output": "output",
}  # fmt: skip
DIMENSION_NAMES = {
    "model": "model", "workspace": "workspace", "api-key": "API key", "account": "account",
    "service-account": "service account", "service-tier": "service tier",
    "context-window": "context window", "inference-geo": "inference geography", "speed": "speed",
}  # fmt: skip
PROMPT_COLUMNS = ("prompt", "model", "tokens", "1,000 calls", "grown", "a month at most")


# ---------------------------------------------------------------------------------------------------------
# Figures of the window


class FigureRow(NamedTuple):
    """One figure of both windows. `is_rise_good` is None for a figure that is neither better nor worse when it rises."""

    name: str
    current: str
    previous: str
    change: str
    is_part: bool = False
    is_rise_good: bool | None = None
    has_risen: bool | None = None


def make_figure_rows(trends: Trends) -> list[FigureRow]:
    """Make a row of each figure of the window, beside the same of the window before."""
    now, then, currency = trends.totals, trends.previous_totals, trends.data.currency
    rows = [
        _money_row("Cost", now.cost, then and then.cost, currency),
        _count_row("Input tokens", now.usage.input, then and then.usage.input),
        *(
            _count_row(KIND_NAMES[kind], getattr(now.usage, kind), then and getattr(then.usage, kind), is_part=True)
            for kind in TOKEN_KINDS[:-1]
        ),
        _count_row("Output tokens", now.usage.output, then and then.usage.output),
        _count_row("Web searches", now.usage.web_searches, then and then.usage.web_searches),
    ]  # fmt: skip
    if trends.data.has_requests:
        rows.append(_count_row("Requests", now.usage.requests, then and then.usage.requests))
    price, saving = (now.price_per_million, now.saved_by_cache)
    previous_price, previous_saving = (then and then.price_per_million, then and then.saved_by_cache)
    return [
        *rows,
        _money_row("Paid per million tokens", price, previous_price, currency, is_rise_good=False),
        _share_row(now, then),
        _money_row("Saved by the cache", saving, previous_saving, currency, is_rise_good=True),
    ]


def _has_risen(current: Decimal | int | None, previous: Decimal | int | None) -> bool | None:
    return None if current is None or previous is None or current == previous else current > previous


def _money_row(
    name: str,
    current: Decimal | None,
    previous: Decimal | None,
    currency: str,
    *,
    is_rise_good: bool | None = None,
) -> FigureRow:
    cells = (format_money(current, currency), format_money(previous, currency))
    change = format_change(current, previous)
    return FigureRow(name, *cells, change, False, is_rise_good, _has_risen(current, previous))


def _count_row(name: str, current: int, previous: int | None, *, is_part: bool = False) -> FigureRow:
    cells = (format_tokens(current), format_tokens(previous), format_change(current, previous))
    return FigureRow(name, *cells, is_part, has_risen=_has_risen(current, previous))


def _share_row(now: Totals, then: Totals | None) -> FigureRow:
    current, previous = now.cache_hit_share, then.cache_hit_share if then else None
    change = NO_FIGURE
    if current is not None and previous is not None:
        points = round_half_up(100 * (current - previous), 1)
        change = f"{format_signed(points, str(abs(points)), sign=True)} points"
    return FigureRow(
        "Input read from the cache",
        format_percent(current),
        format_percent(previous),
        change,
        is_rise_good=True,
        has_risen=_has_risen(current, previous),
    )


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


def format_trend_row(row: TrendRow, currency: str) -> tuple[str, str, str]:
    return row.name, format_tokens(row.tokens), format_money(row.cost, currency)


def _name_week(days: Sequence[TrendPoint]) -> str:
    short = f" ({pluralize(len(days), 'day')})" if len(days) < 7 else ""
    return f"{format_day(days[0].start)} to {format_day(days[-1].start)}{short}"


def _trend_row(name: str, points: Sequence[TrendPoint], parts: Sequence[Decimal] = ()) -> TrendRow:
    costs = [point.cost for point in points if point.cost is not None]
    cost = sum(costs, ZERO) if costs else None
    return TrendRow(name, sum(point.usage.tokens for point in points), cost, parts)


# ---------------------------------------------------------------------------------------------------------
# Groups, changes, prices, prompts


def name_cost(trends: Trends, dimension: str) -> str:
    """Return the head of the column of costs, which says where they are an estimate."""
    return "cost (estimate)" if dimension in trends.data.estimated_dimensions else "cost"


class GroupRow(NamedTuple):
    """A group beside the others of its dimension. `cost` is "" where there is none, `change` where nothing is compared."""

    name: str
    cost: str
    tokens: str
    share: Decimal | None
    change: str
    daily: Sequence[Decimal]


def make_group_rows(groups: Sequence[Group], trends: Trends) -> list[GroupRow]:
    return [
        GroupRow(
            group.name,
            "" if group.cost is None else format_money(group.cost, trends.data.currency),
            format_tokens(group.usage.tokens),
            compute_group_share(group, trends),
            format_change(group.amount, group.previous_amount) if trends.previous_totals else "",
            group.daily,
        )
        for group in groups
    ]


def compute_group_share(group: Group, trends: Trends) -> Decimal | None:
    """Return the group's share of all costs, or of all tokens where it has no cost."""
    return share(group.amount, trends.totals.usage.tokens if group.cost is None else trends.totals.cost)


def sum_remaining_groups(groups: Sequence[Group], currency: str) -> str:
    """Sum up the groups that a table leaves out; "" where it leaves out none."""
    if not groups:
        return ""
    costs = [group.cost for group in groups if group.cost is not None]
    cost = f"{format_money(sum(costs, ZERO), currency)}, " if costs else ""
    tokens = format_tokens(sum(group.usage.tokens for group in groups))
    return f"and {len(groups):,} more: {cost}{tokens} tokens"


def format_group_change(change: GroupChange, currency: str) -> tuple[str, str, str]:
    """Return the difference, the previous and the current amount: money, or tokens."""
    if change.is_cost:
        amounts = (format_money(change.previous, currency), format_money(change.current, currency))
        return (format_money(change.difference, currency, sign=True), *amounts)
    amounts = (format_tokens(change.previous), format_tokens(change.current))
    return (format_tokens(change.difference, sign=True), *amounts)


def format_prices(price: ModelPrice, currency: str) -> list[str]:
    """Return what a million tokens of each kind, in the order of `KIND_NAMES`, and of all together cost."""
    prices = [*(price.by_kind.get(kind) for kind in KIND_NAMES), price.overall]
    return [format_money(amount, currency) for amount in prices]


def format_prompt_cost(cost: PromptCost, currency: str) -> list[str]:
    """Return the cells of `PROMPT_COLUMNS`."""
    prompt = cost.prompt
    return [
        prompt.path + (f" ({prompt.name})" if prompt.name else ""),
        prompt.model,
        _format_tokens(prompt),
        _format_interval(cost.per_thousand_calls, lambda amount: format_money(Decimal(amount), currency)),
        _format_interval(prompt.growth, "{:+,}".format, "{:,}".format) if prompt.growth else "",
        _format_interval(
            cost.monthly_growth,
            lambda amount: format_money(Decimal(amount), currency, sign=True),
            lambda amount: format_money(Decimal(amount), currency),
        ),
    ]


def _format_tokens(prompt: PromptTokens) -> str:
    disputed = prompt.disputed_tokens
    return (
        _format_interval(prompt.tokens, "{:,}".format)
        + (" unverified" if prompt.is_unverified else "")
        + (f" (disputed: {_format_interval(disputed, '{:,}'.format)})" if disputed else "")
    )


def _format_interval(
    interval: Interval | None,
    format_value: Callable[[Decimal | int], str],
    format_spread: Callable[[Decimal | int], str] | None = None,
) -> str:
    """Return the number, and behind a `±` what it leaves open; no `±` for an exact one."""
    if interval is None:
        return NO_FIGURE
    value, low, high = interval
    spread = max(value - low, high - value)
    return format_value(value) + (f" ±{(format_spread or format_value)(spread)}" if spread else "")
