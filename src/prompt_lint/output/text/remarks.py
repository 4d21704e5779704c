"""Remarks of the text outputs: problems, notes, and who counted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prompt_lint.model.errors import ExitCode
from prompt_lint.output import phrases
from prompt_lint.output.status_words import INVALID_WORDS, STATUS_WORDS
from prompt_lint.output.text.pieces import BOLD, INDENT, paint, paint_label, status_label
from prompt_lint.text.escape import escape_line
from prompt_lint.text.plural import pluralize

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from prompt_lint.model.values import Note, Problem, Report
    from prompt_lint.output import View

_PROBLEMS_PER_FILE = 5
_WARNINGS = 10


def render_notes(report: Report, view: View) -> list[str]:
    """Return lines with the first warnings (all with `-v`), then all notes."""
    warnings = phrases.select_notes(report.notes, warnings=True)
    shown = warnings if view.verbosity > 0 else warnings[:_WARNINGS]
    label = paint_label("warning", STATUS_WORDS["warn"].color, view)
    lines = [f"{label} {_place(warning, view)}{escape_line(warning.message)}" for warning in shown]
    if len(warnings) > len(shown):
        lines.append(f"{label} {pluralize(len(warnings) - len(shown), 'more warning')} (all with -v)")
    notes = phrases.merge_notes(phrases.select_notes(report.notes, warnings=False))
    return [*lines, *(f"note: {escape_line(note)}" for note in notes)]


def render_counting(report: Report) -> list[str]:
    return [escape_line(sentence) for sentence in phrases.describe_counting(report)]


def render_problems(problems: Sequence[Problem], view: View, most: int = 0) -> list[str]:
    """Return lines with the first problems of each file, `most` of all files (0 for all), how many are left, and a blank line."""
    if not problems:
        return []
    if view.verbosity > 0:
        return [*(line for problem in problems for line in _render_problem(problem, view)), ""]
    lines: list[str] = []
    by_file: dict[str, list[Problem]] = {}
    for problem in problems:
        by_file.setdefault(problem.path, []).append(problem)
    room, omitted = most or len(problems), 0
    for path, of_file in by_file.items():
        shown = of_file[: min(_PROBLEMS_PER_FILE, room)] if path else of_file
        lines += (line for problem in shown for line in _render_problem(problem, view))
        room -= len(shown) if path else 0
        left = len(of_file) - len(shown)
        if left and shown:
            lines.append(f"{status_label('uncounted', view)} {escape_line(path)}: {_more_errors(left)}")
        else:
            omitted += left
    if omitted:
        lines.append(f"{status_label('uncounted', view)} {_more_errors(omitted)}")
    return [*lines, ""]


def _render_problem(problem: Problem, view: View) -> Iterator[str]:
    place = _place(problem, view)
    words = INVALID_WORDS if problem.exit_code == ExitCode.OVER_LIMIT else STATUS_WORDS["uncounted"]
    label = paint_label(words.label, words.color, view)
    yield f"{label} {place}{escape_line(problem.message)}"
    if problem.hint:
        yield f"{INDENT}{escape_line(problem.hint)}"


def _place(remark: Problem | Note, view: View) -> str:
    """Return the file and the line, to precede the message; "" for the whole run."""
    place = escape_line(remark.path) + (f":{remark.line}" if remark.line else "")
    return f"{paint(place, BOLD, view)}: " if place else ""


def _more_errors(number: int) -> str:
    return f"{pluralize(number, 'more error')} (all with -v)"
