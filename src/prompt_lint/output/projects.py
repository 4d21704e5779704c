"""What came of each project of a run: a project is a configuration and the folder that it governs."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, NamedTuple

from prompt_lint.output.verdict_line import describe_verdict
from prompt_lint.repo.paths import find_nearest_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from prompt_lint.model.rules import Loosening
    from prompt_lint.model.values import Problem, Prompt, Report, Verdict
    from prompt_lint.output.verdict_line import VerdictLine

_LEVELS = ("fail", "doubt", "pass")


class Project(NamedTuple):
    """The verdict on one project. `folder` is `.` for the top of the repository."""

    folder: str
    verdict: VerdictLine


class _Parts(NamedTuple):
    """What a report says of one project."""

    verdicts: list[Verdict]
    problems: list[Problem]
    loosened: list[Loosening]


def describe_projects(report: Report, format_name: Callable[[Prompt], str]) -> list[Project]:
    """Return a verdict for each project that the run has looked at, those that fail first; none for a single one.

    A problem belongs to the project whose folder is the nearest above its path, one without a path to the outermost
    project. Verdicts print names by `format_name`.
    """
    if not report.nested_configs:
        return []
    by_folder: dict[str, _Parts] = {}
    folders, outermost = (
        set(map(posixpath.dirname, report.nested_configs)),
        posixpath.dirname(report.config_path),
    )

    def select(path: str) -> _Parts:
        return by_folder.setdefault(find_nearest_folder(path, folders) or outermost, _Parts([], [], []))

    for verdict in report.verdicts:
        select(verdict.rule.config_path or verdict.prompt.path).verdicts.append(verdict)
    for problem in report.problems:
        select(problem.path).problems.append(problem)
    for loosening in report.loosened:
        select(loosening.config_path).loosened.append(loosening)
    projects = [
        Project(folder or ".", describe_verdict(report._replace(**parts._asdict()), format_name))
        for folder, parts in sorted(by_folder.items())
    ]
    projects.sort(key=lambda project: _LEVELS.index(project.verdict.level))
    return projects if len(projects) > 1 else []


def describe_rest(projects: Sequence[Project]) -> str:
    """Return how many projects aren't shown: `3 more failing, 280 more passing`."""
    failing = sum(project.verdict.level == "fail" for project in projects)
    numbers = ((failing, "failing"), (len(projects) - failing, "passing"))
    return ", ".join(f"{number:,} more {state}" for number, state in numbers if number)
