"""The text output of `count`: a line for each file and model, as `wc` has them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prompt_lint.model.counts import sum_counts
from prompt_lint.output.phrases import format_count
from prompt_lint.output.text.pieces import align_columns, format_name
from prompt_lint.output.text.remarks import render_counting, render_notes, render_problems

if TYPE_CHECKING:
    from prompt_lint.model.values import Report
    from prompt_lint.output import View


def render(report: Report, view: View) -> str:
    """Return the errors, the counts, a sum for each model that has several, and remarks."""
    counts = [(v.token_count, v.model, format_name(v.prompt)) for v in report.verdicts if v.token_count]
    rows = [(format_count(count), model, name) for count, model, name in counts]
    models = dict.fromkeys(model for _, model, _ in counts)
    if len(rows) > len(models):
        for model in models:
            total = sum_counts([count for count, counted_for, _ in counts if counted_for == model])
            rows.append((format_count(total), model, "total"))
    lines = list(align_columns(rows, left=(1, 2)))
    problems = render_problems(report.problems, view)
    lines = [*(problems if lines else problems[:-1]), *lines, *render_notes(report, view)]
    if report.requests_sent or any(count.origin == "api" for count, _, _ in counts):
        lines += render_counting(report)
    return "".join(f"{line}\n" for line in lines)
