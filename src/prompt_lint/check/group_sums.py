"""Sums: the counts of a group's members, added up with their intervals."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prompt_lint.check.read_prompts import ReadPrompt
from prompt_lint.counting.sources import OfflineStandIn, find_count
from prompt_lint.model.counts import sum_counts
from prompt_lint.model.errors import Unreadable
from prompt_lint.model.values import GROUP_FORMAT, Prompt, Section
from prompt_lint.text.plural import pluralize

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from prompt_lint.model.counts import Outcome
    from prompt_lint.model.rules import Group

    # A prompt, and what came of counting it, for each model of its rule.
    PromptOutcomes = tuple[ReadPrompt, Sequence[Outcome | OfflineStandIn]]


def make_sum_prompt(group: Group) -> ReadPrompt:
    """Return the prompt that stands for a sum."""
    prompt = Prompt(group.rule.config_path, group.name, group.rule.line, None, format=GROUP_FORMAT)
    return ReadPrompt(prompt, group.rule, group=group)


def sum_members(
    members: Sequence[PromptOutcomes],
) -> list[tuple[Outcome | OfflineStandIn, tuple[Section, ...]]]:
    """Return for each model the sum, and the members with their tokens, the largest first."""
    prompts = [read.prompt for read, _ in members]
    by_model = zip(*(outcomes for _, outcomes in members), strict=True)
    return [(_sum_outcomes(outcomes), _list_sections(prompts, outcomes)) for outcomes in by_model]


def _sum_outcomes(outcomes: Sequence[Outcome | OfflineStandIn]) -> Outcome | OfflineStandIn:
    """Return the sum with the interval that holds it. A member that can't be counted leaves the sum uncounted."""
    failure = next((outcome for outcome in outcomes if isinstance(outcome, Unreadable)), None)
    if failure:
        return failure
    total = sum_counts([count for outcome in outcomes if (count := find_count(outcome))])
    stand_in = next((outcome for outcome in outcomes if isinstance(outcome, OfflineStandIn)), None)
    return OfflineStandIn(total, stand_in.reason) if stand_in else total


def _describe_member(prompt: Prompt) -> str:
    """Return its name in the file, and that its tokens have those of other files."""
    imports = f"with {pluralize(len(prompt.imports), 'import')}" if prompt.imports else ""
    return ", ".join(filter(None, (prompt.name, imports)))


def _list_sections(
    prompts: Iterable[Prompt], outcomes: Iterable[Outcome | OfflineStandIn]
) -> tuple[Section, ...]:
    sections = [
        Section(
            _describe_member(prompt), prompt.line, prompt.line, count.tokens, prompt.path, margin=count.margin
        )
        for prompt, outcome in zip(prompts, outcomes, strict=True)
        if (count := find_count(outcome))
    ]
    return tuple(sorted(sections, key=lambda section: (-section.tokens, section.path, section.first_line)))
