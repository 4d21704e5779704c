"""`markdown`: the report for GitHub's job summary: a sentence, a chart by Mermaid, and always the numbers as tables."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING

from prompt_lint.text.cutting import cut_text
from prompt_lint.text.markdown_escape import escape_as_code, escape_as_text
from prompt_lint.text.money import format_money, round_half_up
from prompt_lint.text.plural import pluralize
from prompt_lint.usage import figures, sentences, tables

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from prompt_lint.model.values import Problem
    from prompt_lint.usage.tables import FigureRow
    from prompt_lint.usage.values import Trends, UsageReport

_MOST_GROUPS, _MOST_CHANGES, _MOST_PROMPTS, _MOST_DAYS = 20, 8, 50, 100
_LONGEST_NAME = 120
# Of Mermaid's charts: pixels, and how many dates fit below them.
_CHART_WIDTH, _MOST_LABELS = 900, 16
# An amount among words is safe as it is, while `$1` alone would be taken for a reference.
_AMOUNT = re.compile(r"(?<!\S)([+-]?<?\$[0-9][0-9,.]*(?:/[a-z]+)?[,.;:]?)(?!\S)", re.ASCII)


def render(report: UsageReport, *, color: bool = False) -> str:  # noqa: ARG001  # the same signature for every output
    trends = report.trends
    lines = ["## Claude usage and cost", "", *_sentences(report), ""]
    if trends.is_empty:
        lines += [_escape(sentences.NO_USAGE), ""]
    else:
        lines += [*_figures(trends), *_chart(trends), *_trend(trends)]
        for dimension in trends.groups:
            lines += _groups(trends, dimension)
        lines += [*_changes(trends), *_prices(trends), *_prompts(report)]
    lines += _details(
        "What these figures don't say", [f"- {_escape(text)}" for text in sentences.list_caveats(report)]
    )
    return "".join(f"{line}\n" for line in lines)


def render_faults(problems: Sequence[Problem]) -> str:
    lines = [f"### ❌ {sentences.NO_REPORT}", ""]
    for problem in problems:
        lines += [
            f"- {_escape(problem.message)}",
            *([f"  - {_escape(problem.hint)}"] if problem.hint else []),
        ]
    return "".join(f"{line}\n" for line in lines)


def _code(name: str) -> str:
    return escape_as_code(cut_text(name, _LONGEST_NAME))


def _escape(sentence: str) -> str:
    """Escape a sentence, but for its amounts."""
    first, *rest = _AMOUNT.split(sentence)
    # What follows an amount doesn't begin a line: so a letter is put before it, and taken away again.
    rest[1::2] = [escape_as_text(f"x{part}").replace("x", "", 1) for part in rest[1::2]]
    return escape_as_text(first) + "".join(rest)


def _letters(text: str) -> str:
    """What of a currency's name Mermaid and HTML can't take for anything else."""
    return "".join(char for char in text if char.isascii() and char.isalnum())


def _table(head: Sequence[str], rows: Iterable[Sequence[str]], left: Sequence[int] = (0,)) -> Iterator[str]:
    """The lines of a table, whose columns are aligned to the right but for those of `left`, and an empty line."""
    yield f"| {' | '.join(head)} |"
    yield f"|{'|'.join('---' if column in left else '--:' for column in range(len(head)))}|"
    for row in rows:
        yield f"| {' | '.join(row)} |"
    yield ""


def _details(summary: str, lines: Iterable[str]) -> Iterator[str]:
    yield f"<details><summary>{summary}</summary>"
    yield ""
    yield from lines
    yield ""
    yield "</details>"


# ---------------------------------------------------------------------------------------------------------
# Sections


def _sentences(report: UsageReport) -> Iterator[str]:
    trends, currency = report.trends, report.trends.data.currency
    yield f"**{_escape(sentences.write_headline(trends))}**"
    yield from map(_escape, sentences.list_remarks(trends))
    if trends.forecast:
        yield _escape(sentences.describe_forecast(trends.forecast, currency))
    if report.condition_results:
        yield ""
    marks = {True: ":warning: **failed**", None: ":grey_question:", False: ":white_check_mark:"}
    for result in report.condition_results:
        yield f"- {marks[result.is_met]} {_escape(sentences.describe_result(result, currency))}"


def _figures(trends: Trends) -> Iterator[str]:
    rows = tables.make_figure_rows(trends)
    days = pluralize(trends.period.window.days, "day")
    if trends.previous_totals is None:
        yield from _table(["", days], [(_title(row), row.current) for row in rows])
    else:
        head = ["", days, f"{days} before", "change"]
        yield from _table(head, [(_title(row), row.current, row.previous, row.change) for row in rows])


def _title(row: FigureRow) -> str:
    return f"&nbsp;&nbsp;{row.name}" if row.is_part else f"**{row.name}**" if row.name == "Cost" else row.name


def _trend(trends: Trends) -> Iterator[str]:
    unit, trend_rows = tables.make_trend_rows(trends)
    currency = trends.data.currency
    has_parts = any(row.parts for row in trend_rows)
    head = [unit, "tokens", "cost", *(["by day" if unit == "week" else "by hour"] if has_parts else [])]
    rows = [
        [*tables.format_trend_row(row, currency), *([figures.draw_sparkline(row.parts)] if has_parts else [])]
        for row in trend_rows
    ]  # fmt: skip
    lines = [*_table(head, rows, left=(0, 3))]
    if unit == "week":
        days = [
            (
                figures.format_weekday(day.start),
                figures.format_tokens(day.usage.tokens),
                format_money(day.cost, currency),
            )
            for day in trends.days[:_MOST_DAYS]
        ]
        lines += _table(["day", "tokens", "cost"], days)
    yield from _details("The numbers", lines[:-1])
    yield ""
    if trends.today:
        yield _escape(sentences.describe_today(trends))
        yield ""


def _groups(trends: Trends, dimension: str) -> Iterator[str]:
    groups, title = trends.groups[dimension], tables.DIMENSION_NAMES[dimension]
    if not groups:
        return
    costs = [] if groups[0].cost is None else [tables.name_cost(trends, dimension)]
    changes = ["change"] if trends.previous_totals else []
    yield f"### By {title}"
    yield ""
    head = [title, *costs, "tokens", "share", *changes, "trend"]
    rows = [
        [_code(row.name), *([row.cost] if costs else []), row.tokens, figures.format_percent(row.share),
         *([row.change] if changes else []), figures.draw_trend(row.daily)]
        for row in tables.make_group_rows(groups[:_MOST_GROUPS], trends)
    ]  # fmt: skip
    yield from _table(head, rows, left=(0, len(head) - 1))
    remaining = tables.sum_remaining_groups(groups[_MOST_GROUPS:], trends.data.currency)
    if remaining:
        yield remaining
        yield ""


def _changes(trends: Trends) -> Iterator[str]:
    if not trends.group_changes:
        return
    yield "### What changed most"
    yield ""
    names = [tables.DIMENSION_NAMES[name] for name in trends.groups]
    rows = [
        [*map(_code, change.group_names), *tables.format_group_change(change, trends.data.currency)]
        for change in trends.group_changes[:_MOST_CHANGES]
    ]
    yield from _table([*names, "change", "before", "now"], rows, left=range(len(names)))


def _prices(trends: Trends) -> Iterator[str]:
    if not any(price.by_kind for price in trends.prices):
        return
    currency = trends.data.currency
    head = ["model", *tables.KIND_NAMES.values(), "all together"]
    rows = [
        [_code(price.model), *tables.format_prices(price, currency)] for price in trends.prices[:_MOST_GROUPS]
    ]
    lines = [*_table(head, rows)]
    yield from _details(f"What a million tokens really cost, in {_letters(currency)}", lines[:-1])
    yield ""


def _prompts(report: UsageReport) -> Iterator[str]:
    if not report.checked:
        return
    yield f"### What the prompts of {_code(report.checked.file)} cost"
    yield ""
    rows = []
    for cost in report.prompt_costs[:_MOST_PROMPTS]:
        name, model, *numbers = tables.format_prompt_cost(cost, report.trends.data.currency)
        rows.append([_code(name), _code(model), *numbers])
    yield from _table(tables.PROMPT_COLUMNS, rows, left=(0, 1))
    yield _escape(" ".join(sentences.explain_prompt_costs(report)))
    yield ""


# ---------------------------------------------------------------------------------------------------------
# The chart


def _chart(trends: Trends) -> Iterator[str]:
    """A bar chart for Mermaid; nothing where there is nothing to draw, since Mermaid refuses an empty series."""
    unit, rows = tables.make_trend_rows(trends)
    currency = _letters(trends.data.currency)
    is_cost, amounts = tables.measure_trend_rows(rows)
    sizes = [round_half_up(amount, 4) for amount in amounts]
    if not any(sizes) or len(sizes) < 2:
        return
    labels = ", ".join(f'"{label}"' for label in _list_labels([row.name for row in rows]))
    title = f"Cost by {unit} in {currency}" if is_cost else f"Tokens by {unit}"
    yield "```mermaid"
    yield f'%%{{init: {{"xyChart": {{"width": {_CHART_WIDTH}}}}}}}%%'
    yield "xychart-beta"
    yield f'    title "{title}, {figures.format_window(trends.period.window)}"'
    yield f"    x-axis [{labels}]"
    yield f'    y-axis "{currency if is_cost else "tokens"}" 0 --> {_round_up(max(sizes))}'
    yield f"    bar [{', '.join(map(_number, sizes))}]"
    yield "```"
    yield ""


def _list_labels(names: Sequence[str]) -> list[str]:
    """Return the first day of each week, or each day without its weekday: `15 Nov`; of many days their numbers alone.

    Mermaid draws bars of the same label on top of each other. So a number that comes again, of the days after a February, has
    a zero before it.
    """
    labels = [" ".join(name.split(" to ", maxsplit=1)[0].split()[-2:]) for name in names]
    if len(labels) <= _MOST_LABELS:
        return labels
    numbers = [label.split()[0].partition(":")[0] for label in labels]
    return [f"0{number}" if number in numbers[:index] else number for index, number in enumerate(numbers)]


def _round_up(highest: Decimal) -> str:
    """The next half of the power of ten below: 12 → 15, 17 → 20."""
    unit = Decimal(10) ** highest.adjusted() / 2
    return _number((highest / unit).to_integral_value("ROUND_CEILING") * unit)


def _number(size: Decimal) -> str:
    return format(size.normalize(), "f")
