"""`html`: one file for browsers: charts as inline SVG, light and dark, readable on a phone; no script, nothing from elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from prompt_lint import __version__
from prompt_lint.output.html_page import render_page, render_problem, render_table
from prompt_lint.text.cutting import cut_text
from prompt_lint.text.html_escape import escape_html
from prompt_lint.text.money import NO_FIGURE
from prompt_lint.text.plural import pluralize
from prompt_lint.usage import figures, sentences, svg_charts, tables

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from prompt_lint.model.values import Problem
    from prompt_lint.usage.tables import FigureRow, GroupRow
    from prompt_lint.usage.values import GroupChange, Trends, UsageReport

_STYLE = Path(__file__).with_name("report.css")
_MOST_GROUPS, _MOST_CHANGES, _MOST_PROMPTS = 15, 8, 50
_CARDS = (
    "Cost", "Input tokens", "Output tokens", "Paid per million tokens", "Input read from the cache", "Saved by the cache",
)  # fmt: skip


def render(report: UsageReport, *, color: bool = False) -> str:  # noqa: ARG001  # the same signature for every output
    trends = report.trends
    body = [*_header(report)]
    if trends.is_empty:
        body.append(f'<p class="card">{escape_html(sentences.NO_USAGE)}</p>')
    else:
        body += [*_cards(trends), *svg_charts.draw_cost_chart(trends), *svg_charts.draw_token_chart(trends)]
        for dimension in trends.groups:
            body += _groups(trends, dimension)
        body += [*_changes(trends), *_figures(trends), *_prices(trends), *_prompts(report)]
    return render_page(sentences.write_headline(trends), "\n".join([*body, *_caveats(report)]), _read_style())


def render_faults(problems: Sequence[Problem]) -> str:
    body = [f"<header><h1>{sentences.NO_REPORT}</h1></header>"]
    body += map(render_problem, problems)
    return render_page(sentences.NO_REPORT, "\n".join(body), _read_style())


def _read_style() -> str:
    return _STYLE.read_text(encoding="utf-8")


def _name(text: str, longest: int = 60) -> str:
    return escape_html(cut_text(text, longest))


# ---------------------------------------------------------------------------------------------------------
# What is read first


def _header(report: UsageReport) -> Iterator[str]:
    trends = report.trends
    yield "<header>"
    yield f'<p class="kind">Claude usage and cost &middot; {escape_html(figures.format_window(trends.period.window))} &middot; UTC</p>'
    yield f"<h1>{escape_html(sentences.write_headline(trends))}</h1>"
    for sentence in sentences.list_remarks(trends):
        yield f"<p>{escape_html(sentence)}</p>"
    yield "</header>"
    marks = {True: ("bad", "Failed"), None: ("note", "Not told"), False: ("good", "Passed")}
    for result in report.condition_results:
        kind, word = marks[result.is_met]
        sentence = sentences.describe_result(result, trends.data.currency)
        yield f'<p class="alert {kind}"><b>{word}</b> {escape_html(sentence)}</p>'


def _cards(trends: Trends) -> Iterator[str]:
    rows = {row.name: row for row in tables.make_figure_rows(trends)}
    yield '<section class="cards">'
    for row in map(rows.__getitem__, _CARDS):
        previous = f"from {escape_html(row.previous)}" if trends.previous_totals else "no window before"
        yield (
            f'<div class="card"><h2>{escape_html(row.name)}</h2><p class="figure">{escape_html(row.current)}</p>'
            f'<p class="change">{_change(row)}</p><p class="change">{previous}</p></div>'
        )
    yield "</section>"
    if trends.forecast:
        sentence = sentences.describe_forecast(trends.forecast, trends.data.currency)
        yield f'<p class="card month">{escape_html(sentence)}</p>'


def _change(row: FigureRow) -> str:
    """The change with an arrow, in the colour of good or bad news where it is either."""
    if row.change == NO_FIGURE:
        return ""
    kind = arrow = ""
    if row.has_risen is not None:
        arrow = "▲ " if row.has_risen else "▼ "
        if row.is_rise_good is not None:
            kind = "good" if row.is_rise_good == row.has_risen else "bad"
    return f'<span class="{kind}">{arrow}{escape_html(row.change)}</span>'


# ---------------------------------------------------------------------------------------------------------
# Tables


def _groups(trends: Trends, dimension: str) -> Iterator[str]:
    groups, title = trends.groups[dimension], tables.DIMENSION_NAMES[dimension]
    if not groups:
        return
    has_cost = groups[0].cost is not None
    yield f'<section class="card"><h2>By {escape_html(title)}</h2>'
    head = [
        title,
        tables.name_cost(trends, dimension) if has_cost else "tokens",
        "share",
        "change",
        "trend",
        *(["tokens"] if has_cost else []),
    ]
    rows = tables.make_group_rows(groups[:_MOST_GROUPS], trends)
    yield from render_table(head, map(_group, rows), "groups")
    remaining = tables.sum_remaining_groups(groups[_MOST_GROUPS:], trends.data.currency)
    if remaining:
        yield f'<p class="rest">{escape_html(remaining)}</p>'
    yield "</section>"


def _group(row: GroupRow) -> list[str]:
    amount, *tokens = filter(None, (row.cost, row.tokens))
    return [
        f'<span class="name" title="{escape_html(row.name)}">{_name(row.name)}</span>{svg_charts.draw_share(row.share)}',
        escape_html(amount),
        escape_html(figures.format_percent(row.share)),
        escape_html(row.change),
        svg_charts.draw_sparkline(figures.sum_weeks(row.daily)),
        *map(escape_html, tokens),
    ]


def _changes(trends: Trends) -> Iterator[str]:
    if not trends.group_changes:
        return
    shown = trends.group_changes[:_MOST_CHANGES]
    yield '<section class="card"><h2>What changed most</h2>'
    head = [
        " in ".join(tables.DIMENSION_NAMES[name] for name in trends.groups),
        "change",
        "",
        "before",
        "now",
    ]
    rows = [_group_change(change, shown, trends.data.currency) for change in shown]
    yield from render_table(head, rows, "movers")
    yield "</section>"


def _group_change(change: GroupChange, shown: Sequence[GroupChange], currency: str) -> list[str]:
    difference, previous, current = map(escape_html, tables.format_group_change(change, currency))
    name = " · ".join(_name(name, 40) for name in change.group_names)
    return [
        f'<span class="name">{name}</span>',
        difference,
        svg_charts.draw_group_change(change, shown),
        previous,
        current,
    ]


def _figures(trends: Trends) -> Iterator[str]:
    days = pluralize(trends.period.window.days, "day")
    yield '<section class="card"><h2>All figures</h2>'
    rows = [
        [
            f'<span class="{"part" if row.is_part else ""}">{escape_html(row.name)}</span>',
            escape_html(row.current),
            escape_html(row.previous),
            _change(row),
        ]
        for row in tables.make_figure_rows(trends)
    ]
    head = ["", days, f"{days} before", "change"]
    if trends.previous_totals:
        yield from render_table(head, rows, "totals")
    else:
        yield from render_table(head[:2], [row[:2] for row in rows])
    if trends.today:
        yield f'<p class="rest">{escape_html(sentences.describe_today(trends))}</p>'
    unit, trend_rows = tables.make_trend_rows(trends)
    yield f"<details><summary>By {unit}</summary>"
    cells = (tables.format_trend_row(row, trends.data.currency) for row in trend_rows)
    yield from render_table([unit, "tokens", "cost"], [[*map(escape_html, row)] for row in cells])
    yield "</details></section>"


def _prices(trends: Trends) -> Iterator[str]:
    if not any(price.by_kind for price in trends.prices):
        return
    yield '<section class="card"><h2>What a million tokens really cost</h2>'
    rows = [
        [
            f'<span class="name">{_name(price.model)}</span>',
            *map(escape_html, tables.format_prices(price, trends.data.currency)),
        ]
        for price in trends.prices[:_MOST_GROUPS]
    ]
    yield from render_table(["model", *tables.KIND_NAMES.values(), "all together"], rows, "prices")
    yield "</section>"


def _prompts(report: UsageReport) -> Iterator[str]:
    if not report.checked:
        return
    yield f'<section class="card"><h2>What the prompts of {_name(report.checked.file)} cost</h2>'
    rows = []
    for cost in report.prompt_costs[:_MOST_PROMPTS]:
        name, model, *numbers = tables.format_prompt_cost(cost, report.trends.data.currency)
        rows.append([f'<span class="name">{_name(name)}</span>', _name(model), *map(escape_html, numbers)])
    yield from render_table(tables.PROMPT_COLUMNS, rows, "check")
    yield "".join(
        f'<p class="rest">{escape_html(line)}</p>' for line in sentences.explain_prompt_costs(report)
    )
    yield "</section>"


def _caveats(report: UsageReport) -> Iterator[str]:
    yield "<footer><h2>What these figures don&#39;t say</h2><ul>"
    yield from (f"<li>{escape_html(caveat)}</li>" for caveat in sentences.list_caveats(report))
    yield f"</ul><p>Made by prompt-lint {escape_html(__version__)} from the organization&#39;s usage and cost reports.</p></footer>"
