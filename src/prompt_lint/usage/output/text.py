"""`text`: the report on a terminal, with bars and sparklines."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from prompt_lint.text.escape import visible
from prompt_lint.usage import figures as f
from prompt_lint.usage.trends import share

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from prompt_lint.usage.figures import UsageReport
    from prompt_lint.usage.trends import Group, Trends

_BAR = 24
_NAME = 36
_MOST_GROUPS, _MOST_MOVERS, _MOST_PROMPTS = 10, 5, 10
_EIGHTHS = " ▏▎▍▌▋▊▉"


def render(report: UsageReport, *, color: bool = False) -> str:
    trends = report.trends
    lines = [_bold(visible(f.headline(trends)), color=color)]
    lines += [visible(line) for line in (f.explain_cut_window(trends), f.explain_change(trends)) if line]
    lines += _thresholds(report, color=color)
    if trends.is_empty:
        lines += [f.explain_no_usage(trends)]
    else:
        lines += ["", *_totals(trends, color=color), "", *_trend(trends, color=color)]
        for dimension in trends.groups:
            lines += ["", *_groups(trends, dimension, color=color)]
        lines += [*_movers(trends, color=color), *_month(trends, color=color), *_check(report, color=color)]
    lines += ["", _bold("What these figures don't say", color=color)]
    lines += [f"- {visible(caveat)}" for caveat in f.list_caveats(report)]
    return "".join(f"{line}\n" for line in lines)


def _bold(text: str, *, color: bool) -> str:
    return f"\x1b[1m{text}\x1b[0m" if color else text


def _thresholds(report: UsageReport, *, color: bool) -> Iterator[str]:
    for one in report.condition_results:
        mark = "FAILED" if one.is_met else "note:" if one.is_met is None else "ok"
        if color and one.is_met:
            mark = f"\x1b[1;31m{mark}\x1b[0m"
        yield f"{mark} {visible(f.describe_result(one, report.trends.data.currency))}"


def _aligned(rows: Sequence[Sequence[str]], left: Iterable[int] = (0,)) -> list[str]:
    """Columns, to the right but for those of `left`."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return [
        "  ".join(
            f"{cell:<{width}}" if column in left else f"{cell:>{width}}"
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


def _totals(trends: Trends, *, color: bool) -> Iterator[str]:
    days = f.format_count(trends.period.window.days, "day")
    rows = [("", f"these {days}" if days != "1 day" else "this day", "before", "change")]
    rows += [
        (f"{'  ' if row.is_part else ''}{row.name}", row.current, row.previous, row.change)
        for row in f.figure_rows(trends)
    ]
    if trends.previous_totals is None:
        rows = [(row[0], row[1], "", "") for row in rows]
    head, *rest = _aligned(rows)
    yield _bold(head, color=color)
    yield from rest


def _trend(trends: Trends, *, color: bool) -> Iterator[str]:
    unit, stretches = f.trend_rows(trends)
    by_cost = any(s.cost for s in stretches)
    sizes = [(s.cost or Decimal(0)) if by_cost else Decimal(s.tokens) for s in stretches]
    top = max(sizes, default=Decimal(0))
    marks = any(s.parts for s in stretches)
    parts = {"week": "by day", "day": "by hour"}.get(unit, "")
    rows = [(f"By {unit}", "tokens", "cost", parts if marks else "", "")]
    rows += [
        (
            s.name,
            f.format_tokens(s.tokens),
            f.format_money(s.cost, trends.data.currency),
            f.draw_sparkline(s.parts),
            _bar(size, top),
        )
        for s, size in zip(stretches, sizes, strict=True)
    ]
    if not marks:
        rows = [(*row[:3], row[4], "") for row in rows]
    head, *rest = _aligned(rows, left=(0, 3, 4))
    yield _bold(head, color=color)
    yield from rest
    if trends.today:
        yield f.describe_today(trends)


def _bar(size: Decimal, top: Decimal) -> str:
    eighths = int(size * _BAR * 8 / top) if top > 0 and size > 0 else 0
    return ("█" * (eighths // 8) + _EIGHTHS[eighths % 8]).rstrip()


def _groups(trends: Trends, dimension: str, *, color: bool) -> Iterator[str]:
    groups, currency = trends.groups[dimension], trends.data.currency
    split = bool(groups) and groups[0].cost is not None
    yield _bold(f"By {f.DIMENSION_NAMES[dimension]}", color=color)
    if groups:
        yield from _aligned([_group(one, trends, split=split) for one in groups[:_MOST_GROUPS]], left=(0, 5))
    rest = f.sum_remaining_groups(groups[_MOST_GROUPS:], currency)
    if rest:
        yield rest


def _group(one: Group, trends: Trends, *, split: bool) -> tuple[str, ...]:
    if split:
        part, moved = share(one.cost or 0, trends.totals.cost), f.format_change(one.cost, one.previous_cost)
    else:
        part, moved = (
            share(one.usage.tokens, trends.totals.usage.tokens),
            f.format_change(one.usage.tokens, one.previous_usage.tokens),
        )
    return (
        _cut(one.name), f.format_tokens(one.usage.tokens), f.format_money(one.cost, trends.data.currency) if split else "",
        f.format_percent(part), moved if trends.previous_totals else "", f.draw_trend(one.daily),
    )  # fmt: skip


def _cut(name: str) -> str:
    told = visible(name)
    return told if len(told) <= _NAME else told[: _NAME - 1] + "…"


def _movers(trends: Trends, *, color: bool) -> Iterator[str]:
    if not trends.group_changes:
        return
    yield ""
    yield _bold("What changed most", color=color)
    number = (
        (lambda n, sign=False: f.format_money(n, trends.data.currency, sign=sign))
        if trends.group_changes[0].is_cost
        else f.format_tokens
    )
    rows = [
        (
            number(m.difference, sign=True),
            " · ".join(_cut(name) for name in m.group_names),
            number(m.previous),
            "to",
            number(m.current),
        )
        for m in trends.group_changes[:_MOST_MOVERS]
    ]
    yield from _aligned(rows, left=(1, 3))


def _month(trends: Trends, *, color: bool) -> Iterator[str]:
    if trends.forecast:
        yield ""
        yield _bold("The month", color=color)
        yield f.describe_forecast(trends.forecast, trends.data.currency)


def _check(report: UsageReport, *, color: bool) -> Iterator[str]:
    if not report.check_file:
        return
    currency = report.trends.data.currency
    grows = any(cost.monthly_growth is not None for cost in report.prompt_costs)
    yield ""
    yield _bold(f"What the prompts of {visible(report.check_file)} cost", color=color)
    rows = [("prompt", "model", "tokens", "1,000 calls", "grown", "a month")]
    rows += [
        (
            _cut(cost.prompt.path + (f" ({cost.prompt.name})" if cost.prompt.name else "")), visible(cost.prompt.model),
            f"{cost.prompt.tokens:,}", f.format_money(cost.per_thousand_calls, currency),
            "" if cost.prompt.growth is None else f"{cost.prompt.growth:+,}", f.format_money(cost.monthly_growth, currency, sign=True),
        )
        for cost in report.prompt_costs[:_MOST_PROMPTS]
    ]  # fmt: skip
    yield from _aligned(rows if grows else [row[:4] for row in rows], left=(0, 1))
    if len(report.prompt_costs) > _MOST_PROMPTS:
        yield f"and {len(report.prompt_costs) - _MOST_PROMPTS:,} more in the JSON output"
    yield from map(visible, f.explain_prompt_costs(report))
