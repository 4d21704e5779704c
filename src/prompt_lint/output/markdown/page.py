"""What the parts of the Markdown output have to know: the prompts, worst first, by where they are shown."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

from prompt_lint.model.values import group_by_prompt
from prompt_lint.output.phrases import describe_prompts
from prompt_lint.output.status_words import STATUS_RANKS
from prompt_lint.output.totals import tokens_changed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from prompt_lint.model.values import PromptVerdicts, Report, Verdict


class Page(NamedTuple):
    """The report, its prompts by where they are shown, each with its worst verdict first, and its models.

    `shown` are those that fail or changed (without a base, those that need a look), `preexisting` are over a limit, but
    not by this change; `quiet` are all others.
    """

    report: Report
    shown: Sequence[PromptVerdicts]
    preexisting: Sequence[PromptVerdicts]
    quiet: Sequence[PromptVerdicts]
    models: Sequence[str]

    @property
    def has_base(self) -> bool:
        return self.report.base is not None

    @property
    def has_limits(self) -> bool:
        """Whether prompts were judged; `count` has no limits."""
        return any(verdict.limit is not None for verdict in self.report.verdicts)

    @property
    def has_several_models(self) -> bool:
        return len(self.models) > 1

    def split_preexisting(self) -> tuple[list[PromptVerdicts], list[PromptVerdicts]]:
        """Return those over a limit that is new or was lowered, and those that were over before."""
        tighter: list[PromptVerdicts] = []
        before: list[PromptVerdicts] = []
        for subject in self.preexisting:
            was_over = all(verdict.was_over for verdict in subject.verdicts if verdict.is_preexisting)
            (before if was_over else tighter).append(subject)
        return tighter, before

    @property
    def subjects(self) -> Iterator[PromptVerdicts]:
        return chain(self.shown, self.preexisting, self.quiet)


def build_page(report: Report) -> Page:
    """Sort the prompts of a report by how bad they are and by where they are shown."""
    subjects = [
        each._replace(verdicts=sorted(each.verdicts, key=_badness))
        for each in group_by_prompt(report.verdicts)
    ]
    subjects.sort(key=lambda subject: (_badness(subject.first), subject.prompt.path, subject.prompt.line))
    shown: list[PromptVerdicts] = []
    preexisting: list[PromptVerdicts] = []
    quiet: list[PromptVerdicts] = []
    for subject in subjects:
        is_shown = subject.has_changed if report.base else subject.first.status != "ok"
        if is_shown or subject.failing:
            shown.append(subject)
        else:
            (preexisting if subject.is_preexisting else quiet).append(subject)
    models = [verdict.model for verdict in report.verdicts] + [removed.model for removed in report.removed]
    return Page(report, shown, preexisting, quiet, list(dict.fromkeys(models)))


def _badness(verdict: Verdict) -> tuple[int, int, int, float]:
    """Sort what fails first, then what grew or shrank most, then what is fullest."""
    status = "ok" if verdict.is_preexisting else verdict.status
    return STATUS_RANKS[status], -verdict.over_by, -tokens_changed(verdict), -(verdict.fill_percent or 0)


def count_subjects(subjects: Iterable[PromptVerdicts]) -> str:
    return describe_prompts(subject.prompt for subject in subjects)
