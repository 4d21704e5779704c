"""`markdown`: the report for a reviewer, as a comment or a job's summary: the verdict, what changed, what to do.

Markdown of GitHub and GitLab. No line begins with untrusted text: GitLab would obey `/close` there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeVar

from prompt_lint.output import phrases
from prompt_lint.output.markdown import rows
from prompt_lint.output.markdown.headline import render_context, render_headline
from prompt_lint.output.markdown.page import build_page, count_subjects
from prompt_lint.output.markdown.pieces import format_name, format_text
from prompt_lint.output.markdown.tasks import render_problem, render_task, render_warning
from prompt_lint.output.projects import describe_projects, describe_rest
from prompt_lint.output.status_words import loosening_words
from prompt_lint.output.totals import total_by_model
from prompt_lint.text.markdown_escape import escape_as_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from prompt_lint.model.values import PromptVerdicts, RemovedPrompt, Report
    from prompt_lint.output import View
    from prompt_lint.output.markdown.page import Page

_T = TypeVar("_T")

# GitHub takes no comment of more characters.
COMMENT = 65_536

# What a reviewer sees without unfolding anything.
_OPEN_ROWS, _OPEN_ITEMS = 25, 10
# Of more verdicts than this only those that fail are shown, and of each other prompt the worst.
_ALL_MODELS = 40


class _Section(NamedTuple):
    """A stretch of the page: `number` rows below a heading, or folded below a summary.

    Rows are made as long as there is room; the section of the lowest `rank` gets it first.
    """

    rank: int
    number: int
    rows: Iterable[str]
    heading: str = ""
    header: str = ""
    summary: str = ""

    def frame(self) -> str:
        """Return all but the rows, as long as it can get."""
        return f"\n{self._start()}{self.header}{_describe_rest(self.number)}{self._end()}"

    def render(self, rows: Sequence[str]) -> str:
        """Return the section with its first `rows`, and how many are left."""
        if self.summary and not rows:  # there would be nothing to unfold
            return f"\nDidn't fit here: {self.summary} (`prompt-lint check -v` shows all).\n"
        header = self.header if rows else ""
        rest = _describe_rest(self.number - len(rows))
        return f"\n{self._start()}{header}{''.join(rows)}{rest}{self._end()}"

    def _start(self) -> str:
        if self.summary:
            return f"<details><summary>{self.summary}</summary>\n\n"
        return f"#### {self.heading}\n\n" if self.heading else ""

    def _end(self) -> str:
        return "\n</details>\n" if self.summary else ""


def _describe_rest(number: int) -> str:
    return f"\n{number:,} more didn't fit here: `prompt-lint check -v` shows all.\n" if number else ""


def render(report: Report, view: View) -> str:  # noqa: ARG001  # the same signature for every format
    return render_within(report, COMMENT)


def render_within(report: Report, most: int, size: Callable[[str], int] = len) -> str:
    """Return the page, cut between rows so that its `size` is at most `most`; "" if not even its first line fits."""
    page = build_page(report)
    first = f"### {render_headline(page)}\n"
    rest = _fit([section for section in _sections(page) if section.number], most - size(first), size)
    if rest is not None:
        return first + rest
    cut = "\nThe rest didn't fit here: `prompt-lint check -v` shows it.\n"
    return next((text for text in (first + cut, first) if size(text) <= most), "")


def _fit(sections: Sequence[_Section], room: int, size: Callable[[str], int]) -> str | None:
    """Return the sections with as many rows as there is room for; None if there is none for the bare sections."""
    room -= sum(size(section.frame()) for section in sections)
    if room < 0:
        return None
    kept: dict[int, list[str]] = {}
    for index, section in sorted(enumerate(sections), key=lambda pair: pair[1].rank):
        kept[index] = []
        for row in section.rows:
            if size(row) > room:
                break
            room -= size(row)
            kept[index].append(row)
    return "".join(section.render(kept[index]) for index, section in enumerate(sections))


# ---------------------------------------------------------------------------------------------------------
# The sections of the page, in their order


def _sections(page: Page) -> Iterator[_Section]:
    if page.models or not page.report.problems:  # what ended early has nothing to count
        yield _Section(0, 1, [render_context(page)])
    yield from _projects(page)
    warnings = phrases.select_notes(page.report.notes, warnings=True)
    of_run = [warning for warning in warnings if not warning.path]
    yield _Section(0, len(of_run), map(render_warning, of_run))
    yield from _split(0, page.report.problems, _OPEN_ITEMS, render_problem, "more errors", heading="Errors")
    yield from _changes(page)
    tasks = [each for each in page.shown if each.first.fails or each.first.status == "unsure"]
    yield from _split(
        0, tasks, _OPEN_ITEMS, lambda task: render_task(task, page), "more to do", heading="What to do"
    )
    yield _loosened(page)
    yield _exempt(page)
    tighter, before = page.split_preexisting()
    yield _folded(
        6, tighter, page, f"{count_subjects(tighter)} over a new or lower limit, and not made larger"
    )
    yield _folded(6, before, page, f"{count_subjects(before)} over before this change, and not made worse")
    yield _folded(7, page.quiet, page, f"{count_subjects(page.quiet)} {_describe_quiet(page)}")
    yield _totals(page)
    of_files = [warning for warning in warnings if warning.path]
    yield from _split(3, of_files, _OPEN_ITEMS, render_warning, "more warnings", heading="Warnings")
    notes = phrases.merge_notes(phrases.select_notes(page.report.notes, warnings=False))
    yield _Section(4, len(notes), (f"- {format_text(note)}\n" for note in notes), heading="Notes")
    counting = phrases.describe_counting(page.report)
    yield _Section(1, len(counting), (f"<sub>{escape_as_text(sentence)}</sub>\n" for sentence in counting))


def _describe_quiet(page: Page) -> str:
    if page.has_base:
        return "unchanged"
    if not page.has_limits:
        return "counted"
    return "within its limit" if len(page.quiet) == 1 else "within their limits"


def _split(
    rank: int, items: Sequence[_T], number: int, render_item: Callable[[_T], str], rest: str, *, heading: str = "",
    header: str = "",
) -> Iterator[_Section]:  # fmt: skip
    """Yield the first items in the open, the others folded."""
    shown, left = items[:number], items[number:]
    yield _Section(rank, len(shown), map(render_item, shown), heading, header)
    yield _Section(5, len(left), map(render_item, left), "", header, f"{len(left):,} {rest}")


def _projects(page: Page) -> Iterator[_Section]:
    projects = describe_projects(page.report, format_name)
    shown, left = projects[:_OPEN_ITEMS], projects[_OPEN_ITEMS:]
    yield _Section(1, len(shown), map(rows.project_row, shown), header=rows.PROJECT_HEADER)
    yield _Section(5, len(left), map(rows.project_row, left), "", rows.PROJECT_HEADER, describe_rest(left))


def _changes(page: Page) -> Iterator[_Section]:
    """Yield the table of what changed; without a base, of what needs a look."""
    items: list[PromptVerdicts | RemovedPrompt] = [*page.shown, *page.report.removed]
    all_models = _has_room_for_all_models(page.shown)
    rest = "more that changed" if page.has_base else "more that need a look"
    yield from _split(
        2, items, _OPEN_ROWS, lambda item: rows.prompt_rows(item, page, all_models=all_models), rest,
        header=rows.prompt_header(page),
    )  # fmt: skip


def _folded(rank: int, subjects: Sequence[PromptVerdicts], page: Page, summary: str) -> _Section:
    all_models = _has_room_for_all_models(subjects)
    lines = (rows.prompt_rows(subject, page, all_models=all_models) for subject in subjects)
    return _Section(rank, len(subjects), lines, header=rows.prompt_header(page), summary=summary)


def _has_room_for_all_models(subjects: Sequence[PromptVerdicts]) -> bool:
    return sum(len(subject.verdicts) for subject in subjects) <= _ALL_MODELS


def _loosened(page: Page) -> _Section:
    report = page.report
    merged = phrases.merge_loosenings(report)
    mark = loosening_words(merged[0][0], report.on_raise).mark if merged else ""
    fails = " (`on_raise: fail`)" if report.on_raise == "fail" and not report.raise_label else ""
    heading = f"{mark and f'{mark} '}What this change loosens{fails}"
    lines = (rows.loosening_row(loosening, models) for loosening, models in merged)
    reason = phrases.describe_on_raise(report, format_text) if report.raise_label else ""
    header = f"{reason}\n\n{rows.LOOSENING_HEADER}" if reason else rows.LOOSENING_HEADER
    return _Section(2, len(merged), lines, heading, header)


def _exempt(page: Page) -> _Section:
    exempt = [
        (verdict, verdict.exemption)
        for subject in page.subjects
        for verdict in subject.verdicts
        if verdict.status == "exempt" and verdict.exemption
    ]
    lines = (rows.exemption_row(verdict, exemption, page) for verdict, exemption in exempt)
    return _Section(3, len(exempt), lines, "Exempt", rows.exemption_header(page))


def _totals(page: Page) -> _Section:
    totals = total_by_model(page.report) if page.has_several_models else []
    lines = (rows.total_row(total, page) for total in totals)
    return _Section(3, len(totals), lines, header=rows.total_header(page), summary="Totals by model")
