"""How many tokens each prompt had in the commits of a history."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal, NamedTuple

from prompt_lint.model.counts import Count, sum_counts
from prompt_lint.model.errors import Unreadable, find_worst_code

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from prompt_lint.model.counts import Outcome
    from prompt_lint.model.errors import ExitCode
    from prompt_lint.model.rules import Rule
    from prompt_lint.model.values import Note, Problem

Every = Literal["commit", "day", "week"]


class Point(NamedTuple):
    """A commit, and the time of its committer in Unix seconds."""

    commit: str
    time: int

    @property
    def day(self) -> str:
        """The date in UTC, as `YYYY-MM-DD`."""
        return f"{datetime.fromtimestamp(self.time, UTC):%Y-%m-%d}"

    @property
    def timestamp(self) -> str:
        return f"{datetime.fromtimestamp(self.time, UTC):%Y-%m-%dT%H:%M:%SZ}"


class PromptHistory(NamedTuple):
    """A prompt with its outcome at each point: None where it wasn't there, the reason where it couldn't be counted.

    `path` is today's, or the last one that it had. Without `name`, all prompts of the file are one. `rule` is the one that
    applies to it today.
    """

    path: str
    name: str
    former_paths: tuple[str, ...]
    rule: Rule
    outcomes: Sequence[Outcome | None]


class History(NamedTuple):
    """The prompts at the points of a history, the oldest first, counted for `model`.

    `commits` is the number of commits from the first point to the last one.
    """

    model: str
    every: Every
    commits: int
    points: Sequence[Point]
    prompts: Sequence[PromptHistory]
    notes: Sequence[Note]
    problems: Sequence[Problem] = ()

    @property
    def exit_code(self) -> ExitCode:
        """That of what ended the run; a gap isn't a failure."""
        return find_worst_code(problem.exit_code for problem in self.problems)

    def sum_all(self) -> list[Outcome | None]:
        """Return the sum at each point."""
        return sum_outcomes(prompt.outcomes for prompt in self.prompts) or [None] * len(self.points)

    def sum_by_rule(self) -> list[tuple[Rule, list[Outcome | None]]]:
        """Return the sums of the rules that have prompts, in the order of the configuration."""
        by_rule: dict[tuple[str, int], list[PromptHistory]] = {}
        for prompt in self.prompts:
            by_rule.setdefault(prompt.rule.place, []).append(prompt)
        return [
            (prompts[0].rule, sum_outcomes(prompt.outcomes for prompt in prompts))
            for _, prompts in sorted(by_rule.items())
        ]


def sum_outcomes(series: Iterable[Sequence[Outcome | None]]) -> list[Outcome | None]:
    """Return the sum at each point. One outcome that isn't known leaves the sum unknown; None where there is nothing."""
    return [sum_point([each for each in column if each is not None]) for column in zip(*series, strict=True)]


def sum_point(outcomes: Sequence[Outcome]) -> Outcome | None:
    """Return the sum of outcomes of one time; None without any."""
    counts = [outcome for outcome in outcomes if isinstance(outcome, Count)]
    if len(counts) < len(outcomes):
        return next(outcome for outcome in outcomes if isinstance(outcome, Unreadable))
    return sum_counts(counts) if counts else None
