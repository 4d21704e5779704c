"""`html`: one file for browsers: charts as inline SVG, light and dark, readable on a phone; no script, nothing from elsewhere."""

from __future__ import annotations

import hashlib
import os
import re
from base64 import b64encode
from decimal import Decimal
from html import escape
from typing import TYPE_CHECKING

from prompt_lint import __version__
from prompt_lint.text.escape import visible
from prompt_lint.usage import figures as f
from prompt_lint.usage.trends import TOKEN_KINDS, share

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from prompt_lint.usage.figures import FigureRow, UsageReport
    from prompt_lint.usage.trends import Group, GroupChange, TrendPoint, Trends

_STYLE = os.path.join(os.path.dirname(__file__), "report.css")
_MOST_GROUPS, _MOST_MOVERS, _MOST_PROMPTS, _MOST_BARS = 15, 8, 50, 170
_CHART_HEIGHT = 100
# From the bottom of a bar: what is read from the cache is the most and the cheapest.
_STACK = ("read", "uncached", "write_5m", "write_1h", "output")


def render(report: UsageReport, *, color: bool = False) -> str:  # noqa: ARG001  # the same signature for every format
    trends = report.trends
    body = [*_head(report)]
    if trends.is_empty:
        body.append(f'<p class="card">{_text(f.explain_no_usage(trends))}</p>')
    else:
        body += [*_cards(trends), *_cost_chart(trends), *_token_chart(trends)]
        for dimension in trends.groups:
            body += _groups(trends, dimension)
        body += [*_movers(trends), *_totals(trends), *_prices(trends), *_check(report)]
    return _page(f.headline(trends), "\n".join([*body, *_caveats(report)]))


def _page(title: str, body: str) -> str:
    with open(_STYLE, encoding="utf-8") as file:
        style = file.read()
    digest = b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta name="color-scheme" content="light dark">
<title>{_text(title)}</title>
<style>{style}</style>
</head>
<body>
<main>
{body}
</main>
</body>
</html>
"""


def _text(text: str) -> str:
    return escape(visible(text), quote=True)


def _cut(text: str, most: int = 60) -> str:
    return _text(text if len(text) <= most else text[: most - 1] + "…")


# ---------------------------------------------------------------------------------------------------------
# What is read first


def _head(report: UsageReport) -> Iterator[str]:
    trends = report.trends
    yield "<header>"
    yield f'<p class="kind">Claude usage and cost &middot; {_text(f.format_window(trends.period.window))} &middot; UTC</p>'
    yield f"<h1>{_text(f.headline(trends))}</h1>"
    for sentence in (f.explain_cut_window(trends), f.explain_change(trends)):
        if sentence:
            yield f"<p>{_text(sentence)}</p>"
    yield "</header>"
    for one in report.condition_results:
        kind, word = (
            ("bad", "Failed")
            if one.is_met
            else ("note", "Not told")
            if one.is_met is None
            else ("good", "Passed")
        )
        yield f'<p class="alert {kind}"><b>{word}</b> {_text(f.describe_result(one, trends.data.currency))}</p>'


def _cards(trends: Trends) -> Iterator[str]:
    rows = {row.name: row for row in f.figure_rows(trends)}
    shown = (
        "Cost",
        "Input tokens",
        "Output tokens",
        "Paid per million tokens",
        "Input read from the cache",
        "Saved by the cache",
    )
    yield '<section class="cards">'
    for name in shown:
        row = rows[name]
        yield (
            f'<div class="card"><h2>{_text(row.name)}</h2><p class="figure">{_text(row.current)}</p>'
            f'<p class="change">{_change(row)}</p><p class="change">{_since(row, trends)}</p></div>'
        )
    yield "</section>"
    if trends.forecast:
        yield f'<p class="card month">{_text(f.describe_forecast(trends.forecast, trends.data.currency))}</p>'


def _since(row: FigureRow, trends: Trends) -> str:
    return f"from {_text(row.previous)}" if trends.previous_totals else "no window before"


def _change(row: FigureRow) -> str:
    if row.change == f.NO_FIGURE:
        return ""
    kind = (
        ""
        if row.is_rise_good is None or row.has_risen is None
        else "good"
        if row.is_rise_good == row.has_risen
        else "bad"
    )
    arrow = "" if row.has_risen is None else "▲ " if row.has_risen else "▼ "
    return f'<span class="{kind}">{arrow}{_text(row.change)}</span>'


# ---------------------------------------------------------------------------------------------------------
# Charts: bars and lines are SVG that stretches, words are HTML that doesn't


def _cost_chart(trends: Trends) -> Iterator[str]:
    days, currency = trends.days, trends.data.currency
    costs = [day.cost or Decimal(0) for day in days]
    before = _smooth([day.cost or Decimal(0) for day in trends.previous_days])
    today = trends.today.cost if trends.today else None
    top = _round_up(max([*costs, *before, today or Decimal(0)]))
    if not top:  # nothing was paid, or no more than was given back
        return
    count = len(costs) + (today is not None)
    bars = [
        _bar(
            place, count, [(cost, "cost")], top,
            f"{f.format_day(day.start)}: {f.format_money(cost, currency)}, {f.format_tokens(day.usage.tokens)} tokens",
        )
        for place, (day, cost) in enumerate(zip(days, costs, strict=True))
    ]  # fmt: skip
    legend = [("cost", "cost a day")]
    if before:
        length = len(trends.previous_days)
        mean = ", mean of 7 days" if length > f.MOST_ROWS else ""
        legend.append(("before", f"{f.name_previous_window(length)}{mean}"))
    if today is not None and trends.today:
        told = f"{f.format_day(trends.today.start)}, so far: {f.format_money(today, currency)}"
        bars.append(_bar(count - 1, count, [(today, "today")], top, told))
        legend.append(("today", f.name_unfinished_day(trends)))
    scale = [f.format_money(top * n / 4, currency).replace(".00", "") for n in (4, 3, 2, 1, 0)]
    yield from _chart(
        "Cost by day", [*bars, _line(before, len(days) - len(before), count, top)], scale, trends, legend
    )


def _smooth(series: Sequence[Decimal]) -> Sequence[Decimal]:
    """Over a long window weekends would draw a comb that lies across the other one's."""
    if len(series) <= f.MOST_ROWS:
        return series
    return [sum(series[n - 6 : n + 1], Decimal(0)) / 7 for n in range(6, len(series))]


def _token_chart(trends: Trends) -> Iterator[str]:
    hours = trends.bucket == "1h" and len(trends.points) <= _MOST_BARS
    points = trends.points if hours else trends.days
    top = _round_up(Decimal(max(point.usage.tokens for point in [*points, trends.today or points[0]])))
    if not top:
        return
    count = len(points) + (0 if hours or trends.today is None else 1)
    shown = [*points, trends.today] if count > len(points) and trends.today else points
    bars = [_token_bar(place, count, point, top, hours=hours) for place, point in enumerate(shown)]
    if len(shown) > len(points):
        bars[-1] = f'<g class="sofar">{bars[-1]}</g>'
    legend = [(kind, f.KIND_NAMES[kind]) for kind in _STACK]
    title = "Tokens by hour" if hours else "Tokens by day"
    yield from _chart(title, bars, [_short(top * n / 4) for n in (4, 3, 2, 1, 0)], trends, legend)


def _short(number: Decimal) -> str:
    return re.sub(r"\.0+(?=\D|\Z)", "", f.format_tokens(number))


def _token_bar(place: int, count: int, point: TrendPoint, top: Decimal, *, hours: bool) -> str:
    parts = [(Decimal(getattr(point.usage, kind)), kind) for kind in _STACK]
    when = f"{f.format_day(point.start)} {point.start:%H:%M}" if hours else f.format_day(point.start)
    told = ", ".join(
        f"{f.format_tokens(getattr(point.usage, kind))} {f.KIND_NAMES[kind]}" for kind in TOKEN_KINDS
    )
    return _bar(place, count, parts, top, f"{when}: {told}")


def _bar(place: int, count: int, parts: Sequence[tuple[Decimal, str]], top: Decimal, told: str) -> str:
    """A column of the chart, its parts from the bottom up. The title is what a browser shows on hovering."""
    width = Decimal(1000) / count
    x, gap = place * width, min(width / 5, Decimal(6))
    found, bottom = [], Decimal(_CHART_HEIGHT)
    for size, kind in parts:
        height = size * _CHART_HEIGHT / top
        bottom -= height
        if height > 0:
            found.append(
                f'<rect class="{kind}" x="{x + gap / 2:.2f}" y="{bottom:.2f}" width="{width - gap:.2f}" height="{height:.2f}"/>'
            )
    return f"<g><title>{_text(told)}</title>{''.join(found)}</g>"


def _line(series: Sequence[Decimal], start: int, count: int, top: Decimal) -> str:
    if not any(series):
        return ""
    width = Decimal(1000) / count
    points = " ".join(
        f"{(place + Decimal('0.5')) * width:.2f},{_CHART_HEIGHT - max(cost, Decimal(0)) * _CHART_HEIGHT / top:.2f}"
        for place, cost in enumerate(series, start)
    )
    return f'<polyline class="before" points="{points}"/>'


def _chart(
    title: str, marks: Sequence[str], scale: Sequence[str], trends: Trends, legend: Sequence[tuple[str, str]]
) -> Iterator[str]:
    grid = "".join(f'<line class="grid" x1="0" x2="1000" y1="{y}" y2="{y}"/>' for y in (0, 25, 50, 75, 100))
    yield f'<section class="card"><h2>{_text(title)}</h2>'
    yield '<div class="chart">'
    yield f'<div class="scale">{"".join(f"<span>{_text(one)}</span>" for one in scale)}</div>'
    label = _text(f"{title}, {f.format_window(trends.period.window)}; the figures stand in the table below")
    yield f'<svg viewBox="0 0 1000 {_CHART_HEIGHT}" preserveAspectRatio="none" role="img" aria-label="{label}">'
    yield grid
    yield from marks
    yield "</svg>"
    yield f'<div class="days">{"".join(f"<span>{_text(one)}</span>" for one in _ticks(trends))}</div>'
    yield "</div>"
    keys = "".join(
        f'<span><svg viewBox="0 0 10 10"><rect class="{kind}" width="10" height="10"/></svg>{_text(name)}</span>'
        for kind, name in legend
    )
    yield f'<p class="legend">{keys}</p></section>'


def _ticks(trends: Trends) -> list[str]:
    """The first day, the last one, and what lies evenly between them."""
    days = [day.start for day in trends.days] + ([trends.today.start] if trends.today else [])
    if len(days) <= 2:
        return [f.format_day(at) for at in days]
    places = sorted({0, (len(days) - 1) // 3, (len(days) - 1) * 2 // 3, len(days) - 1})
    return [f.format_day(days[place]) for place in places]


def _round_up(most: Decimal) -> Decimal:
    """The end of a scale whose quarters are round."""
    if most <= 0:
        return Decimal(0)
    unit = Decimal(1).scaleb(most.adjusted())
    return next(
        step * unit
        for step in map(Decimal, ("1", "1.2", "1.6", "2", "2.4", "3.2", "4", "6", "8", "10"))
        if step * unit >= most
    )


def _spark(series: Sequence[Decimal]) -> str:
    top = max(series, default=Decimal(0))
    if top <= 0 or len(series) < 2:
        return ""
    step = Decimal(100) / (len(series) - 1)
    points = " ".join(
        f"{place * step:.1f},{22 - max(size, Decimal(0)) * 20 / top:.1f}" for place, size in enumerate(series)
    )
    area = f"0,24 {points} 100,24"
    return (
        '<svg class="spark" viewBox="0 0 100 24" preserveAspectRatio="none" aria-hidden="true">'
        f'<polygon points="{area}"/><polyline points="{points}"/></svg>'
    )


# ---------------------------------------------------------------------------------------------------------
# Tables


def _table(head: Sequence[str], rows: Sequence[Sequence[str]], kind: str = "") -> Iterator[str]:
    """`rows` are HTML already."""
    yield f'<div class="wide"><table class="{kind}"><thead><tr>{"".join(f"<th>{_text(one)}</th>" for one in head)}</tr></thead><tbody>'
    yield from (f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    yield "</tbody></table></div>"


def _groups(trends: Trends, dimension: str) -> Iterator[str]:
    groups = trends.groups[dimension]
    if not groups:
        return
    split = groups[0].cost is not None
    yield f'<section class="card"><h2>By {_text(f.DIMENSION_NAMES[dimension])}</h2>'
    head = [
        f.DIMENSION_NAMES[dimension],
        "cost" if split else "tokens",
        "share",
        "change",
        "trend",
        *(["tokens"] if split else []),
    ]
    yield from _table(head, [_group(one, trends, split=split) for one in groups[:_MOST_GROUPS]], "groups")
    rest = f.sum_remaining_groups(groups[_MOST_GROUPS:], trends.data.currency)
    if rest:
        yield f'<p class="rest">{_text(rest)}</p>'
    yield "</section>"


def _group(one: Group, trends: Trends, *, split: bool) -> list[str]:
    now, before = (one.cost, one.previous_cost) if split else (one.usage.tokens, one.previous_usage.tokens)
    part = share(now or 0, trends.totals.cost if split else trends.totals.usage.tokens)
    width = f"{max(0, min(100, 100 * part)):.1f}" if part is not None else "0"
    bar = f'<svg class="share" viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true"><rect width="{width}" height="4"/></svg>'
    return [
        f'<span class="name" title="{_text(one.name)}">{_cut(one.name)}</span>{bar}',
        _text(f.format_money(one.cost, trends.data.currency) if split else f.format_tokens(one.usage.tokens)),
        _text(f.format_percent(part)),
        _text(f.format_change(now, before) if trends.previous_totals else ""),
        _spark(f.sum_weeks(one.daily)),
        *([_text(f.format_tokens(one.usage.tokens))] if split else []),
    ]


def _movers(trends: Trends) -> Iterator[str]:
    if not trends.group_changes:
        return
    shown = trends.group_changes[:_MOST_MOVERS]
    yield '<section class="card"><h2>What changed most</h2>'
    head = [" in ".join(f.DIMENSION_NAMES[name] for name in trends.groups), "change", "", "before", "now"]
    yield from _table(head, [_mover(one, shown, trends.data.currency) for one in shown], "movers")
    yield "</section>"


def _mover(one: GroupChange, shown: Sequence[GroupChange], currency: str) -> list[str]:
    told = (
        [
            f.format_money(one.difference, currency, sign=True),
            f.format_money(one.previous, currency),
            f.format_money(one.current, currency),
        ]
        if one.is_cost
        else [
            f.format_tokens(one.difference, sign=True),
            f.format_tokens(one.previous),
            f.format_tokens(one.current),
        ]
    )
    both = len({other.difference > 0 for other in shown}) > 1
    zero = Decimal(50 if both else 0)
    width = abs(one.difference) * (50 if both else 100) / abs(shown[0].difference)
    x = zero - width if both and one.difference < 0 else zero
    bar = (
        '<svg class="moved" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">'
        f'<rect class="{"up" if one.difference > 0 else "down"}" x="{x:.1f}" y="1" width="{width:.1f}" height="8"/>'
        f'<line x1="{zero}" x2="{zero}" y1="0" y2="10"/></svg>'
    )
    name = " · ".join(_cut(name, 40) for name in one.group_names)
    return [f'<span class="name">{name}</span>', _text(told[0]), bar, _text(told[1]), _text(told[2])]


def _totals(trends: Trends) -> Iterator[str]:
    days = f.format_count(trends.period.window.days, "day")
    yield '<section class="card"><h2>All figures</h2>'
    rows = [
        [
            f'<span class="{"part" if row.is_part else ""}">{_text(row.name)}</span>',
            _text(row.current),
            _text(row.previous),
            _change(row),
        ]
        for row in f.figure_rows(trends)
    ]
    head = ["", days, f"{days} before", "change"]
    if trends.previous_totals:
        yield from _table(head, rows, "totals")
    else:
        yield from _table(head[:2], [row[:2] for row in rows])
    if trends.today:
        yield f'<p class="rest">{_text(f.describe_today(trends))}</p>'
    unit, stretches = f.trend_rows(trends)
    yield f"<details><summary>By {unit}</summary>"
    lines = [
        [_text(s.name), _text(f.format_tokens(s.tokens)), _text(f.format_money(s.cost, trends.data.currency))]
        for s in stretches
    ]
    yield from _table([unit, "tokens", "cost"], lines)
    yield "</details></section>"


def _prices(trends: Trends) -> Iterator[str]:
    if not any(price.by_kind for price in trends.prices):
        return
    currency = trends.data.currency
    yield '<section class="card"><h2>What a million tokens really cost</h2>'
    rows = [
        [
            f'<span class="name">{_cut(p.model)}</span>', *(_text(f.format_money(p.by_kind.get(kind), currency)) for kind in f.KIND_NAMES),
            _text(f.format_money(p.overall, currency)),
        ]
        for p in trends.prices[:_MOST_GROUPS]
    ]  # fmt: skip
    yield from _table(["model", *f.KIND_NAMES.values(), "all together"], rows, "prices")
    yield "</section>"


def _check(report: UsageReport) -> Iterator[str]:
    if not report.check_file:
        return
    currency = report.trends.data.currency
    yield f'<section class="card"><h2>What the prompts of {_cut(report.check_file)} cost</h2>'
    rows = [
        [
            f'<span class="name">{_cut(cost.prompt.path + (f" ({cost.prompt.name})" if cost.prompt.name else ""))}</span>',
            _cut(cost.prompt.model), f"{cost.prompt.tokens:,}", _text(f.format_money(cost.per_thousand_calls, currency)),
            "" if cost.prompt.growth is None else f"{cost.prompt.growth:+,}",
            _text(f.format_money(cost.monthly_growth, currency, sign=True)),
        ]
        for cost in report.prompt_costs[:_MOST_PROMPTS]
    ]  # fmt: skip
    yield from _table(["prompt", "model", "tokens", "1,000 calls", "grown", "growth a month"], rows, "check")
    yield "".join(f'<p class="rest">{_text(line)}</p>' for line in f.explain_prompt_costs(report))
    yield "</section>"


def _caveats(report: UsageReport) -> Iterator[str]:
    yield "<footer><h2>What these figures don&#39;t say</h2><ul>"
    yield from (f"<li>{_text(caveat)}</li>" for caveat in f.list_caveats(report))
    yield f"</ul><p>Made by prompt-lint {_text(__version__)} from the organization&#39;s usage and cost reports.</p></footer>"
