"""The CSV output of `history`: a line for each point, a column for each prompt or rule."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prompt_lint.model.counts import Count
from prompt_lint.model.errors import Unreadable
from prompt_lint.output.csv_cells import escape_cell, render_faults, write_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from prompt_lint.model.counts import Outcome
    from prompt_lint.model.history import History


def render(history: History, by: str) -> str:
    """Return the table. A cell is empty where a prompt wasn't there, and `?` where it couldn't be counted."""
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
    rows = ((point.timestamp, point.commit, *map(_cell, outcomes)) for point, outcomes in lines)
    return write_table([("time_utc", "commit", "total", *map(escape_cell, names)), *rows])


def _cell(outcome: Outcome | None) -> int | str:
    if isinstance(outcome, Count):
        return outcome.tokens
    return "?" if isinstance(outcome, Unreadable) else ""
