"""`text`: the report on a terminal, with bars and sparklines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prompt_lint.output.announcements import format_message
from prompt_lint.output.text.pieces import align_columns
from prompt_lint.text.cutting import cut_text
from prompt_lint.text.escape import escape_line
from prompt_lint.text.plural import pluralize
from prompt_lint.usage import figures, sentences, tables
from prompt_lint.usage.values import ZERO

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from decimal import Decimal

    from prompt_lint.model.values import Problem
    from prompt_lint.usage.tables import Cell
    from prompt_lint.usage.values import Trends, UsageReport

_BAR_WIDTH = 24
_LONGEST_NAME = 36
_MOST_GROUPS, _MOST_CHANGES, _MOST_PROMPTS = 10, 5, 10
_EIGHTHS = " ▏▎▍▌▋▊▉"


def render(report: UsageReport, *, color: bool = False) -> str:
    trends = report.trends
    lines = [_bold(escape_line(sentences.write_headline(trends)), color=color)]
    lines += map(escape_line, sentences.list_remarks(trends))
    lines += _conditions(report, color=color)
    if trends.is_empty:
        lines += [sentences.NO_USAGE]
    else:
        lines += ["", *_figures(trends, color=color), "", *_trend(trends, color=color)]
        for dimension in filter(trends.groups.get, trends.groups):
            lines += ["", *_groups(trends, dimension, color=color)]
        lines += _changes(trends, color=color)
        if trends.forecast:
            month = sentences.describe_forecast(trends.forecast, trends.data.currency)
            lines += ["", _bold("The month", color=color), month]
        lines += _prompts(report, color=color)
    lines += ["", _bold("What these figures don't say", color=color)]
    lines += [f"- {escape_line(caveat)}" for caveat in sentences.list_caveats(report)]
    return "".join(f"{line}\n" for line in lines)


def render_faults(problems: Sequence[Problem]) -> str:
    return "".join(format_message("error", problem.message, problem.hint) for problem in problems)


def _bold(text: str, *, color: bool) -> str:
    return f"\x1b[1m{text}\x1b[0m" if color else text


def _table(
    head: Sequence[str], rows: Sequence[Sequence[Cell]], left: Collection[int] = (0,), *, color: bool
) -> Iterator[str]:
    """Yield the lines of rows and of their head. A column without cells is left out."""
    cells = [head, *([_cell(cell) for cell in row] for row in rows)]
    title, *lines = (line.rstrip() for line in align_columns(cells, left))
    yield _bold(title, color=color)
    yield from lines


def _cell(cell: Cell) -> str:
    if isinstance(cell, tables.NameCell):
        return " · ".join(cut_text(escape_line(name), _LONGEST_NAME) for name in cell.names)
    return figures.draw_trend(cell.numbers) if isinstance(cell, tables.SeriesCell) else cell


def _conditions(report: UsageReport, *, color: bool) -> Iterator[str]:
    for result in report.condition_results:
        mark = "FAILED" if result.is_met else "note:" if result.is_met is None else "ok"
        if color and result.is_met:
            mark = f"\x1b[1;31m{mark}\x1b[0m"
        yield f"{mark} {escape_line(sentences.describe_result(result, report.trends.data.currency))}"


def _figures(trends: Trends, *, color: bool) -> Iterator[str]:
    days = pluralize(trends.period.window.days, "day")
    head = ("", f"these {days}" if days != "1 day" else "this day", "before", "change")
    rows = [
        (f"{'  ' if row.is_part else ''}{row.name}", row.current, row.previous, row.change)
        for row in tables.make_figure_rows(trends)
    ]
    columns = 4 if trends.previous_totals else 2
    yield from _table(head[:columns], [row[:columns] for row in rows], color=color)


def _trend(trends: Trends, *, color: bool) -> Iterator[str]:
    (unit, *head), rows, left, _ = tables.make_trend_table(trends)
    _, sizes = tables.measure_trend_rows(tables.make_trend_rows(trends)[1])
    top = max(sizes, default=ZERO)
    barred = [(*row, _draw_bar(size, top)) for row, size in zip(rows, sizes, strict=True)]
    yield from _table([f"By {unit}", *head, ""], barred, {*left, len(head) + 1}, color=color)
    if trends.today:
        yield sentences.describe_today(trends)


def _draw_bar(size: Decimal, top: Decimal) -> str:
    eighths = int(size * _BAR_WIDTH * 8 / top) if top > 0 and size > 0 else 0
    return ("█" * (eighths // 8) + _EIGHTHS[eighths % 8]).rstrip()


def _groups(trends: Trends, dimension: str, *, color: bool) -> Iterator[str]:
    (name, *head), rows, left, remaining = tables.make_group_table(trends, dimension, _MOST_GROUPS)
    yield from _table([f"By {name}", *head], rows, left, color=color)
    if remaining:
        yield remaining


def _changes(trends: Trends, *, color: bool) -> Iterator[str]:
    if trends.group_changes:
        (_, *head), rows, left, _ = tables.make_change_table(trends, _MOST_CHANGES)
        yield ""
        yield from _table(["What changed most", *head], rows, left, color=color)


def _prompts(report: UsageReport, *, color: bool) -> Iterator[str]:
    if not report.checked:
        return
    costs = report.prompt_costs
    yield ""
    yield _bold(f"What the prompts of {escape_line(report.checked.file)} cost", color=color)
    head, rows, left, _ = tables.make_prompt_table(costs, report.trends.data.currency, _MOST_PROMPTS)
    if rows:
        yield from _table(head, rows, left, color=False)
    if len(costs) > _MOST_PROMPTS:
        yield f"and {len(costs) - _MOST_PROMPTS:,} more in the JSON output"
    yield from map(escape_line, sentences.explain_prompt_costs(report))
