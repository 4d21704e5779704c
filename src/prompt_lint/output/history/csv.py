"""The CSV output of `history`: a line for each point, a column for each prompt or rule."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prompt_lint.model.counts import Count
from prompt_lint.model.errors import Unreadable
from prompt_lint.output.csv_cells import escape_cell, render_faults, write_table

if TYPE_CHECKING:
    from prompt_lint.model.counts import Outcome
    from prompt_lint.model.history import History, PromptHistory
    from prompt_lint.model.rules import Rule


def render(history: History, by: str) -> str:
    """Return the table. A cell is empty where a prompt wasn't there, and `?` where it couldn't be counted."""
    if history.problems:
        return render_faults(history.problems)
    if by == "rule":
        series = [(_name_rule(rule), outcomes) for rule, outcomes in history.sum_by_rule()]
    else:
        series = [(_name_prompt(prompt), list(prompt.outcomes)) for prompt in history.prompts]
    columns = [history.sum_all(), *(outcomes for _, outcomes in series)]
    lines = zip(history.points, zip(*columns, strict=True), strict=True)
    rows = ((point.timestamp, point.commit, *map(_cell, outcomes)) for point, outcomes in lines)
    return write_table([("time_utc", "commit", "total", *(name for name, _ in series)), *rows])


def _name_prompt(prompt: PromptHistory) -> str:
    return escape_cell(f"{prompt.path}#{prompt.name}" if prompt.name else prompt.path)


def _name_rule(rule: Rule) -> str:
    return escape_cell(f"{rule.config_path}:{rule.line} {', '.join(rule.files)}")


def _cell(outcome: Outcome | None) -> int | str:
    if isinstance(outcome, Count):
        return outcome.tokens
    return "?" if isinstance(outcome, Unreadable) else ""
