"""Prompts → what came of counting them → verdicts."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from prompt_lint.check.breakdown import count_parts
from prompt_lint.check.judge import judge_count
from prompt_lint.counting.processes import CountJob
from prompt_lint.counting.sources import NOT_SENT, OfflineStandIn, count_all, find_reason
from prompt_lint.model.counts import EMPTY_COUNT, Count, CountKey
from prompt_lint.model.values import PlannedRequest, Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from prompt_lint.check.group_sums import PromptOutcomes
    from prompt_lint.check.read_prompts import ReadPrompt
    from prompt_lint.counting.sources import CountResults, CountSources
    from prompt_lint.model.counts import Outcome
    from prompt_lint.model.rules import Group
    from prompt_lint.model.values import Verdict
    from prompt_lint.output.progress import Progress


def count_prompts(
    prompts: Iterable[ReadPrompt], sources: CountSources, file_count: int
) -> tuple[list[PromptOutcomes], CountResults]:
    """Count what isn't counted yet. Return every prompt with what came of counting it, for each model of its rule.

    `prompts` are of `file_count` files, or of some more.
    """
    sources.progress.expect_files(file_count)
    counted: list[ReadPrompt] = []
    results = count_all(_make_jobs(prompts, counted, sources.progress), sources)
    return [(prompt, _find_outcomes(prompt, results)) for prompt in counted], results


def plan_requests(outcomes: Iterable[PromptOutcomes]) -> list[PlannedRequest]:
    """Return what a dry run would have sent, a row for each prompt and model."""
    return [
        PlannedRequest(read.prompt, model, read.digest, read.is_base)
        for read, of_models in outcomes
        for model, outcome in zip(read.rule.models, of_models, strict=True)
        if find_reason(outcome) is NOT_SENT
    ]


def _make_jobs(
    prompts: Iterable[ReadPrompt], counted: list[ReadPrompt], progress: Progress
) -> Iterator[CountJob]:
    """Yield what is still to be counted, and add every prompt to `counted`.

    The text goes with the job: prompts that kept theirs would keep the whole repository in memory.
    """
    for read in prompts:
        request = read.prompt.request
        if not counted or counted[-1].prompt.path != read.prompt.path:
            progress.add_file()
        counted.append(read._replace(prompt=read.prompt._replace(request=None)) if request else read)
        if request:
            group = read.group
            limits = read.rule.own_limits_for(group.name if group else read.prompt.name)
            sum_key = (group.rule.config_path, group.name, read.is_base) if group and group.sum else None
            yield CountJob(read.digest, request, read.rule.models, read.size, limits, sum_key)
    progress.end_files()


def _find_outcomes(read: ReadPrompt, results: CountResults) -> Sequence[Outcome | OfflineStandIn]:
    """Return what came of counting a prompt. What was known from the start may have been sent for another prompt."""
    if not read.digest:
        return (EMPTY_COUNT,) * len(read.rule.models)
    keys = [CountKey(model, read.digest) for model in read.rule.models]
    if not read.counts:
        return tuple(results.outcomes[key] for key in keys)
    if not results.sent_to:
        return read.counts
    return tuple(
        outcome if isinstance(outcome := results.outcomes.get(key), Count) and outcome.is_exact else known
        for key, known in zip(keys, read.counts, strict=True)
    )


def judge_outcomes(outcomes: Iterable[PromptOutcomes], problems: list[Problem]) -> Iterator[Verdict]:
    """Yield the verdicts of prompts and groups, in the order of `outcomes`. The members of a sum have none.

    Why a prompt couldn't be counted is added to `problems`.
    """
    for group, pairs in groupby(outcomes, lambda pair: pair[0].group):
        if group and group.sum:
            yield from _judge_sum(group, list(pairs), problems)
        else:
            for read, results in pairs:
                for verdict in _judge_prompt(read, results, problems):
                    sections = count_parts(read.parts, verdict.model) if read.parts else ()
                    yield verdict._replace(sections=sections) if sections else verdict


def _judge_sum(group: Group, members: Sequence[PromptOutcomes], problems: list[Problem]) -> Iterator[Verdict]:
    from prompt_lint.check.group_sums import make_sum_prompt, sum_members  # noqa: PLC0415  # few runs have groups

    sums = sum_members(members)
    verdicts = _judge_prompt(make_sum_prompt(group), [total for total, _ in sums], problems)
    for verdict, (_, sections) in zip(verdicts, sums, strict=True):
        yield verdict._replace(sections=sections)


def _judge_prompt(
    read: ReadPrompt, outcomes: Sequence[Outcome | OfflineStandIn], problems: list[Problem]
) -> Iterator[Verdict]:
    prompt, rule = read.prompt, read.rule
    reported = set()
    limits = rule.own_limits_for(prompt.name)
    for model, outcome in zip(rule.models, outcomes, strict=True):
        if isinstance(outcome, Count):
            yield judge_count(prompt, model, rule, outcome)
        elif isinstance(outcome, OfflineStandIn) and outcome.offline_count.decides(limits.get(model)):
            yield judge_count(prompt, model, rule, outcome.offline_count)
        else:
            reason = find_reason(outcome)
            if reason and reason is not NOT_SENT and reason.message not in reported:
                reported.add(reason.message)
                problems.append(Problem(prompt.path, prompt.line, reason.message, reason.hint))
            yield judge_count(prompt, model, rule, None)
