"""What came of counting prompts → verdicts, and problems that say why one has no count."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.support import make

from prompt_lint.cache.counts import open_counts
from prompt_lint.cache.files import open_files
from prompt_lint.check import verdicts
from prompt_lint.check.read_prompts import ReadPrompt
from prompt_lint.counting import offline
from prompt_lint.counting.sources import NOT_SENT, CountSources, OfflineStandIn
from prompt_lint.model.counts import EMPTY_COUNT
from prompt_lint.model.errors import Unreadable
from prompt_lint.model.rules import Group, Reference
from prompt_lint.model.values import Part, PlannedRequest, Problem, Request, Section
from prompt_lint.output.progress import Progress

if TYPE_CHECKING:
    from collections.abc import Sequence

    from prompt_lint.counting.sources import Mode
    from prompt_lint.model.counts import Count, Outcome

DOWN = Unreadable("not counted: the API is down", "try again")
SURE, OPEN = OfflineStandIn(make.count(50, 2), DOWN), OfflineStandIn(make.count(100, 2), DOWN)


def read_prompt(
    path: str = "a.md", models: Sequence[str] = "xyz", text: str = "", **of_rule: Any
) -> ReadPrompt:
    rule = make.rule(models=tuple(models), limits=dict.fromkeys(models, 100), **of_rule)
    request = Request({"messages": [{"role": "user", "content": text}]}) if text else None
    return ReadPrompt.of(make.prompt(path, line=4, request=request), rule, 9)


@pytest.mark.parametrize(
    ("outcomes", "reserve", "statuses", "has_problem"),
    [
        ([make.count(50), make.count(101)], 0, ["ok", "over"], False),
        ([DOWN, DOWN, make.count(50)], 0, ["uncounted", "uncounted", "ok"], True),
        ([NOT_SENT], 0, ["uncounted"], False),
        ([SURE, OPEN], 0, ["ok", "uncounted"], True),
        ([SURE], 60, ["over"], False),
    ],
)
def test_an_outcome_becomes_a_verdict(
    outcomes: list[Outcome | OfflineStandIn], reserve: int, statuses: list[str], has_problem: bool
) -> None:
    """An offline count stands in for a missing one where it decides. A reason is given once for a prompt."""
    read = read_prompt(models="xyz"[: len(outcomes)], reserve=reserve)
    problems: list[Problem] = []

    found = list(verdicts.judge_outcomes([(read, outcomes)], problems))

    assert [(verdict.model, verdict.status) for verdict in found] == list(zip("xyz", statuses, strict=False))
    assert problems == [Problem("a.md", 4, DOWN.message, DOWN.hint)] * has_problem


def test_a_sum_has_one_verdict_and_its_members_none() -> None:
    """Beside those of other prompts."""
    group = Group("all", make.rule(models=("x",), limits={"x": 100}), sum=(Reference("*.md", "", 3),))
    members = [(read_prompt(path, "x")._replace(group=group), [make.count(60)]) for path in ("a.md", "b.md")]

    found = list(verdicts.judge_outcomes([(read_prompt(models="x"), [make.count(5)]), *members], []))

    assert [(verdict.prompt.name, verdict.status, verdict.over_by) for verdict in found] == [
        ("", "ok", 0),
        ("all", "over", 20),
    ]


def test_parts_are_counted_for_the_model() -> None:
    """Those of a group's request say what to cut."""
    model, text = "claude-sonnet-4-6", "Be kind."
    read = read_prompt(models=[model])._replace(parts=(Part("Title", 1, 2, text),))

    [verdict] = verdicts.judge_outcomes([(read, [make.count(50)])], [])

    counted = offline.count_text(model, text)
    assert verdict.sections == (Section("Title", 1, 2, counted.tokens, margin=counted.margin),)


def test_what_a_dry_run_leaves_out_is_planned() -> None:
    """Also where an offline count stands in for it; not what could not be counted."""
    outcomes: list[Count | Unreadable | OfflineStandIn] = [NOT_SENT, DOWN, SURE._replace(reason=NOT_SENT)]
    read = read_prompt()

    assert verdicts.plan_requests([(read, outcomes)]) == [
        PlannedRequest(read.prompt, model, read.digest, is_base=False) for model in "xz"
    ]


def test_each_file_counts_once_as_progress() -> None:
    """Whatever number of prompts it has, blank ones as well."""
    lines: list[str] = []
    progress = Progress(lines.append, first=0, interval=0)
    sources = CountSources("offline", open_counts(None), open_files(None), None, "", 1, progress, False, ())
    prompts = [read_prompt(path) for path in ("a.jsonl", "a.jsonl", "b.md", "c.md")]

    found, _ = verdicts.count_prompts(prompts, sources, 9)

    assert found == [(read, (EMPTY_COUNT,) * 3) for read in prompts]
    assert lines == ["read 1 of 9 files", "read 2 of 9 files", "read 3 of 9 files"]
    progress.add_counts(5)
    assert progress.describe_total() == "5"


@pytest.mark.parametrize(("mode", "counts"), [("exact", 1), ("auto", 4), ("offline", 3)])
def test_progress_ends_with_the_last_count(mode: Mode, counts: int) -> None:
    """Of equal prompts one is sent, and each is counted offline."""
    lines: list[str] = []
    progress = Progress(lines.append, first=0, interval=0)
    sources = CountSources(mode, open_counts(None), open_files(None), None, "", 1, progress, False, ())
    prompts = [read_prompt(path, ["claude-unknown-9"], "Be kind.") for path in ("a.md", "b.md", "c.md")]

    found, _ = verdicts.count_prompts(prompts, sources, 3)

    assert lines[-1].startswith(f"{counts} of {counts} counts, ")
    assert found[0][1] == found[1][1] == found[2][1]


def test_a_prompt_has_the_counts_of_its_request() -> None:
    """One for each model, in the order of the rule."""
    read = read_prompt(models=("claude-sonnet-4-6", "claude-haiku-5"), text="Be kind.")
    assert read.prompt.request
    sources = CountSources("offline", open_counts(None), open_files(None), None, "", 1, Progress(), False, ())

    [(_, outcomes)], _ = verdicts.count_prompts([read], sources, 1)

    assert list(outcomes) == [offline.count_request(model, read.prompt.request) for model in read.rule.models]


def test_a_prompt_that_is_counted_keeps_no_text() -> None:
    """The whole repository would be in memory."""
    counted: list[ReadPrompt] = []
    prompts = [read_prompt(text="A", reserve=10), read_prompt(text="B")]

    jobs = list(verdicts._make_jobs(prompts, counted, Progress()))

    assert [(job.request, job.limits["x"]) for job in jobs] == [
        (prompts[0].prompt.request, 90),
        (prompts[1].prompt.request, 100),
    ]
    assert [(read.digest, read.prompt.request) for read in counted] == [
        (read.digest, None) for read in prompts
    ]
