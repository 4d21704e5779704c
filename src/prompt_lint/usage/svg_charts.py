"""Charts of the HTML report. Bars and lines are SVG that stretches with the page; words are HTML, which doesn't."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING

from prompt_lint.text.html_escape import escape_html
from prompt_lint.text.money import format_money
from prompt_lint.usage.figures import MOST_DAYS, format_day, format_tokens, format_window
from prompt_lint.usage.sentences import describe_previous_window, name_unfinished_day
from prompt_lint.usage.tables import KIND_NAMES
from prompt_lint.usage.values import TOKEN_KINDS, ZERO

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from prompt_lint.usage.values import GroupChange, TrendPoint, Trends

_MOST_BARS = 170
_WIDTH, _HEIGHT = 1000, 100
# From the bottom of a bar: tokens read from the cache are the most and the cheapest.
_STACK = ("read", "uncached", "write_5m", "write_1h", "output")
_SCALE_STEPS = ("1", "1.2", "1.6", "2", "2.4", "3.2", "4", "6", "8", "10")


def draw_cost_chart(trends: Trends) -> Iterator[str]:
    """Draw the cost of each day, today's in another colour, and a line for the window before."""
    days, currency = trends.days, trends.data.currency
    costs = [day.cost or ZERO for day in days]
    previous = _smooth([day.cost or ZERO for day in trends.previous_days])
    today = trends.today
    today_cost = (today and today.cost) or ZERO
    top = _round_up(max([*costs, *previous, today_cost]))
    if not top:  # nothing was paid, or no more than was given back
        return
    count = len(costs) + bool(today)
    bars = [
        _draw_bar(
            index, count, [(cost, "cost")], top,
            f"{format_day(day.start)}: {format_money(cost, currency)}, {format_tokens(day.usage.tokens)} tokens",
        )
        for index, (day, cost) in enumerate(zip(days, costs, strict=True))
    ]  # fmt: skip
    legend = [("cost", "cost a day")]
    if previous:
        mean = ", mean of 7 days" if len(trends.previous_days) > MOST_DAYS else ""
        legend.append(("before", f"{describe_previous_window(len(trends.previous_days))}{mean}"))
    if today:
        hover = f"{format_day(today.start)}, so far: {format_money(today_cost, currency)}"
        bars.append(_draw_bar(count - 1, count, [(today_cost, "today")], top, hover))
        legend.append(("today", name_unfinished_day(trends)))
    scale = label_costs(top, currency)
    line = _draw_line(previous, len(days) - len(previous), count, top)
    yield from _draw_chart("Cost by day", [*bars, line], scale, trends, legend)


def draw_token_chart(trends: Trends) -> Iterator[str]:
    """Draw the tokens of each day by kind, or of each hour where those aren't too many."""
    is_hourly = trends.bucket == "1h" and len(trends.points) <= _MOST_BARS
    points = trends.points if is_hourly else trends.days
    top = _round_up(Decimal(max(point.usage.tokens for point in [*points, trends.today or points[0]])))
    if not top:
        return
    today = None if is_hourly else trends.today
    shown = [*points, today] if today else points
    bars = [
        _draw_token_bar(index, len(shown), point, top, is_hourly=is_hourly)
        for index, point in enumerate(shown)
    ]
    if today:
        bars[-1] = f'<g class="sofar">{bars[-1]}</g>'
    scale = [re.sub(r"\.0+(?=\D|\Z)", "", format_tokens(top * n / 4)) for n in (4, 3, 2, 1, 0)]
    legend = [(kind, KIND_NAMES[kind]) for kind in _STACK]
    yield from _draw_chart("Tokens by hour" if is_hourly else "Tokens by day", bars, scale, trends, legend)


def draw_sparkline(series: Sequence[Decimal]) -> str:
    top = max(series, default=ZERO)
    if top <= 0 or len(series) < 2:
        return ""
    step = Decimal(100) / (len(series) - 1)
    points = " ".join(
        f"{index * step:.1f},{22 - max(size, ZERO) * 20 / top:.1f}" for index, size in enumerate(series)
    )
    return (
        '<svg class="spark" viewBox="0 0 100 24" preserveAspectRatio="none" aria-hidden="true">'
        f'<polygon points="0,24 {points} 100,24"/><polyline points="{points}"/></svg>'
    )


def draw_share(part: Decimal | None) -> str:
    """Draw a thin bar for a share between 0 and 1."""
    width = f"{max(0, min(100, 100 * part)):.1f}" if part is not None else "0"
    return f'<svg class="share" viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true"><rect width="{width}" height="4"/></svg>'


def draw_group_change(change: GroupChange, shown: Sequence[GroupChange]) -> str:
    """Draw a bar from the middle to the left or right, or from the left where all of `shown` go the same way."""
    is_two_sided = len({other.difference > 0 for other in shown}) > 1
    full = 50 if is_two_sided else 100
    zero = Decimal(50 if is_two_sided else 0)
    width = abs(change.difference) * full / abs(shown[0].difference)
    x = zero - width if is_two_sided and change.difference < 0 else zero
    return (
        '<svg class="moved" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">'
        f'<rect class="{"up" if change.difference > 0 else "down"}" x="{x:.1f}" y="1" width="{width:.1f}" height="8"/>'
        f'<line x1="{zero}" x2="{zero}" y1="0" y2="10"/></svg>'
    )


# ---------------------------------------------------------------------------------------------------------
# Parts of a chart


def label_costs(top: Decimal, currency: str) -> list[str]:
    """Return what the five lines of the grid mean, from `top` to zero, each with the decimals that the finest needs."""
    decimals = -int((top / 4).normalize().as_tuple().exponent)
    places = max(2, decimals) if decimals > 0 else 0
    return [format_money(top * n / 4, currency, places=places) for n in (4, 3, 2, 1, 0)]


def _draw_chart(
    title: str, marks: Sequence[str], scale: Sequence[str], trends: Trends, legend: Sequence[tuple[str, str]]
) -> Iterator[str]:
    label = f"{title}, {format_window(trends.period.window)}; the figures stand in the table below"
    yield f'<section class="card"><h2>{escape_html(title)}</h2>'
    yield '<div class="chart">'
    yield f'<div class="scale">{_spans(scale)}</div>'
    yield f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" preserveAspectRatio="none" role="img" aria-label="{escape_html(label)}">'
    yield "".join(f'<line class="grid" x1="0" x2="1000" y1="{y}" y2="{y}"/>' for y in (0, 25, 50, 75, 100))
    yield from marks
    yield "</svg>"
    yield f'<div class="days">{_spans(_list_ticks(trends))}</div>'
    yield "</div>"
    keys = "".join(
        f'<span><svg viewBox="0 0 10 10"><rect class="{kind}" width="10" height="10"/></svg>{escape_html(name)}</span>'
        for kind, name in legend
    )
    yield f'<p class="legend">{keys}</p></section>'


def _spans(texts: Sequence[str]) -> str:
    return "".join(f"<span>{escape_html(text)}</span>" for text in texts)


def _draw_token_bar(index: int, count: int, point: TrendPoint, top: Decimal, *, is_hourly: bool) -> str:
    parts = [(Decimal(getattr(point.usage, kind)), kind) for kind in _STACK]
    when = f"{format_day(point.start)} {point.start:%H:%M}" if is_hourly else format_day(point.start)
    kinds = ", ".join(
        f"{format_tokens(getattr(point.usage, kind))} {KIND_NAMES[kind]}" for kind in TOKEN_KINDS
    )
    return _draw_bar(index, count, parts, top, f"{when}: {kinds}")


def _draw_bar(index: int, count: int, parts: Sequence[tuple[Decimal, str]], top: Decimal, hover: str) -> str:
    """One of `count` bars, its parts from the bottom up. A browser shows `hover` under the pointer."""
    width = Decimal(_WIDTH) / count
    x, gap = index * width, min(width / 5, Decimal(6))
    rectangles, bottom = [], Decimal(_HEIGHT)
    for size, kind in parts:
        height = size * _HEIGHT / top
        bottom -= height
        if height > 0:
            rectangles.append(
                f'<rect class="{kind}" x="{x + gap / 2:.2f}" y="{bottom:.2f}" width="{width - gap:.2f}" height="{height:.2f}"/>'
            )
    return f"<g><title>{escape_html(hover)}</title>{''.join(rectangles)}</g>"


def _draw_line(series: Sequence[Decimal], start: int, count: int, top: Decimal) -> str:
    """A line through the middles of the bars from number `start` on."""
    if not any(series):
        return ""
    width = Decimal(_WIDTH) / count
    points = " ".join(
        f"{(index + Decimal('0.5')) * width:.2f},{_HEIGHT - max(cost, ZERO) * _HEIGHT / top:.2f}"
        for index, cost in enumerate(series, start)
    )
    return f'<polyline class="before" points="{points}"/>'


def _smooth(series: Sequence[Decimal]) -> Sequence[Decimal]:
    """The mean of seven days each, over a long window: its weekends would make a comb of the line."""
    if len(series) <= MOST_DAYS:
        return series
    return [sum(series[n - 6 : n + 1], ZERO) / 7 for n in range(6, len(series))]


def _round_up(highest: Decimal) -> Decimal:
    """The end of a scale whose quarters are round."""
    if highest <= 0:
        return ZERO
    unit = Decimal(1).scaleb(highest.adjusted())
    return next(step * unit for step in map(Decimal, _SCALE_STEPS) if step * unit >= highest)


def _list_ticks(trends: Trends) -> list[str]:
    """The first day, the last one, and two that divide the time between them evenly."""
    days = [day.start for day in trends.days] + ([trends.today.start] if trends.today else [])
    last = len(days) - 1
    return [format_day(days[index]) for index in sorted({0, last // 3, last * 2 // 3, last})]
