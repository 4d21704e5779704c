"""What `history` prints: a table with sparklines, the largest first; JSON by docs/history.schema.json; CSV."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

from prompt_lint.model.counts import Count
from prompt_lint.model.errors import Unreadable
from prompt_lint.model.models import find_model
from prompt_lint.output.csv_cells import escape_cell, render_faults, write_table
from prompt_lint.output.json import note_texts, problem_objects, rule_object
from prompt_lint.output.listing.table import name_rule
from prompt_lint.output.phrases import describe_basis, format_count, merge_notes, share_suffix
from prompt_lint.output.text.pieces import BOLD, align_columns, join_name, paint
from prompt_lint.output.text.remarks import render_problems
from prompt_lint.text.escape import dump_json, escape_line
from prompt_lint.text.plural import pluralize
from prompt_lint.text.sparkline import draw_bar

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from prompt_lint.model.counts import Outcome
    from prompt_lint.model.history import History
    from prompt_lint.output import View

SCHEMA_VERSION = 1
# Columns of a sparkline at the most; fewer in a narrow terminal.
_WIDE, _NARROW, _WIDE_TERMINAL = 40, 20, 120
# Notes that are shown: each may be of a file.
_NOTES = 10
_POINTS = {
    "commit": "each commit that changed a prompt and the last one",
    "day": "the end of each day",
    "week": "the end of each week",
}


def render_text(history: History, by: str, view: View) -> str:
    """Return a row for each prompt, or for each rule; then the total, notes, and how it was counted."""
    if history.problems:
        return "".join(f"{line}\n" for line in render_problems(history.problems, view)[:-1])
    blocks = [[_describe_points(history)], _render_table(history, by, view), list(_render_remarks(history))]
    return "\n".join("".join(f"{line}\n" for line in block) for block in blocks if block)


def _describe_points(history: History) -> str:
    first, last = history.points[0], history.points[-1]
    if not history.prompts:
        return f"No prompt to count in {pluralize(history.commits, 'commit')}."
    period = f"from {first.day} to {last.day}" if first.day != last.day else f"on {last.day}"
    when = f", at {_POINTS[history.every]}" if len(history.points) > 1 else ""
    commits = pluralize(history.commits, "commit")
    if history.every == "commit" and len(history.points) < history.commits:
        commits = f"{len(history.points):,} of {commits}"
    return f"Tokens for {history.model} {period}{when} ({commits})"


def _render_table(history: History, by: str, view: View) -> list[str]:
    """Return the lines of the table, today's largest first, then what is gone; none without prompts."""
    if not history.prompts:
        return []
    series: list[tuple[str, Sequence[Outcome | None]]]
    if by == "rule":
        series = [(name_rule(rule), outcomes) for rule, outcomes in history.sum_by_rule()]
    else:
        series = [(join_name(prompt.path, prompt.name), prompt.outcomes) for prompt in history.prompts]
    width = _WIDE if view.width is None or view.width >= _WIDE_TERMINAL else _NARROW
    columns = _split_points(len(history.points), width)
    rows = [_make_row(name, outcomes, columns) for name, outcomes in sorted(series, key=_sort_key)]
    total = _make_row(f"total of {pluralize(len(history.prompts), 'prompt')}", history.sum_all(), columns)
    header = ("first", "now", "change", _name_period(history, len(columns)), by)
    first_line, *lines = align_columns([header, *rows, total], left=(3, 4))
    return [paint(first_line, BOLD, view), *lines]


def _name_period(history: History, width: int) -> str:
    """Return the first and the last day, if there is room for both above a sparkline of so many columns."""
    first, last = history.points[0].day, history.points[-1].day
    room = width - len(first) - len(last)
    return f"{first}{'…':^{room}}{last}" if room >= len(" … ") else "trend"


def _sort_key(series: tuple[str, Sequence[Outcome | None]]) -> tuple[bool, int, str]:
    name, outcomes = series
    last = next((each for each in reversed(outcomes) if isinstance(each, Count)), None)
    return outcomes[-1] is None, -last.tokens if last else 0, name


def _split_points(points: int, width: int) -> list[slice]:
    """Return the points of each column of a sparkline: one, or as many for each as makes `width` columns."""
    width = min(points, width)
    ends = [column * points // width for column in range(width + 1)]
    return [slice(start, end) for start, end in pairwise(ends)]


def _make_row(name: str, outcomes: Sequence[Outcome | None], columns: Sequence[slice]) -> tuple[str, ...]:
    counts = [outcome for outcome in outcomes if isinstance(outcome, Count)]
    top = max((count.tokens for count in counts), default=0)
    trend = "".join(_draw(outcomes[column], top) for column in columns)
    first, last = next(iter(counts), None), outcomes[-1]
    change = _describe_change(first, last, is_new=outcomes[0] is None)
    return _cell(first), _cell(last), change, trend, name


def _draw(outcomes: Sequence[Outcome | None], top: int) -> str:
    """Return a bar for the last outcome that is there."""
    last = next((each for each in reversed(outcomes) if each is not None), None)
    if last is None:
        return " "
    return draw_bar(last.tokens, top) if isinstance(last, Count) else "?"


def _cell(outcome: Outcome | None) -> str:
    if outcome is None:
        return ""
    return format_count(outcome) if isinstance(outcome, Count) else "?"


def _describe_change(first: Outcome | None, last: Outcome | None, *, is_new: bool) -> str:
    """Return `+392 (+48%)`, `same`, `new`, `gone`; the two are counted by the same means, so their difference has no margin."""
    if last is None:
        return "gone"
    if not (isinstance(first, Count) and isinstance(last, Count)):
        return "?"
    growth = last.tokens - first.tokens
    change = f"{growth:+,}{share_suffix(growth, first.tokens)}" if growth else ""
    return " ".join(filter(None, ("new" if is_new else "", change))) or "same"


def _render_remarks(history: History) -> Iterator[str]:
    notes = merge_notes(history.notes)
    yield from (f"note: {escape_line(note)}" for note in notes[:_NOTES])
    if len(notes) > _NOTES:
        yield f"note: {pluralize(len(notes) - _NOTES, 'more note')} (all in JSON)"
    counts = [each for prompt in history.prompts for each in prompt.outcomes if isinstance(each, Count)]
    if any(not count.is_exact for count in counts):
        yield f"Counted offline (± is the interval, {describe_basis(find_model(history.model))} for {history.model})."
    if any(count.is_unverified for count in counts):
        yield f"Unverified: nobody has measured the tokenizer of {history.model}."


def render_json(history: History) -> str:
    """Return all points, prompts and sums on one line: a history may have a million numbers."""
    total = history.sum_all()
    return dump_json(
        {
            "schema_version": SCHEMA_VERSION,
            "model": history.model,
            "every": history.every,
            "commits": history.commits,
            "points": [{"commit": point.commit, "time": point.timestamp} for point in history.points],
            "total": {
                **_series(total),
                "low": [each.low if isinstance(each, Count) else None for each in total],
                "high": [each.high if isinstance(each, Count) else None for each in total],
            },
            "rules": [{**rule_object(rule), **_series(outcomes)} for rule, outcomes in history.sum_by_rule()],
            "prompts": [
                {
                    "path": prompt.path,
                    "name": prompt.name,
                    "former_paths": prompt.former_paths,
                    "rule": rule_object(prompt.rule),
                    **_series(prompt.outcomes),
                }
                for prompt in history.prompts
            ],
            "problems": problem_objects(history.problems),
            "notes": note_texts(history.notes),
            "exit_code": int(history.exit_code),
        },
        indent=None,
    )


def _series(outcomes: Sequence[Outcome | None]) -> dict[str, Any]:
    return {
        "tokens": [each.tokens if isinstance(each, Count) else None for each in outcomes],
        "uncounted": [number for number, each in enumerate(outcomes) if isinstance(each, Unreadable)],
    }


def render_csv(history: History, by: str) -> str:
    """Return a line for each point, with a column for each prompt or rule. A cell is empty where a prompt wasn't there, and `?` where it couldn't be counted."""
    if history.problems:
        return render_faults(history.problems)
    series: list[Sequence[Outcome | None]]
    if by == "rule":
        sums = history.sum_by_rule()
        names = [f"{rule.config_path}:{rule.line} {', '.join(rule.files)}" for rule, _ in sums]
        series = [outcomes for _, outcomes in sums]
    else:
        prompts = history.prompts
        names = [f"{prompt.path}#{prompt.name}" if prompt.name else prompt.path for prompt in prompts]
        series = [prompt.outcomes for prompt in prompts]
    lines = zip(history.points, zip(history.sum_all(), *series, strict=True), strict=True)
    rows = ((point.timestamp, point.commit, *map(_csv_cell, outcomes)) for point, outcomes in lines)
    return write_table([("time_utc", "commit", "total", *map(escape_cell, names)), *rows])


def _csv_cell(outcome: Outcome | None) -> int | str:
    if isinstance(outcome, Count):
        return outcome.tokens
    return "?" if isinstance(outcome, Unreadable) else ""
