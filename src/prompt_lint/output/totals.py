"""What a change costs: the tokens of all prompts, before and after it, and what a total leaves out."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from prompt_lint.model.counts import EMPTY_COUNT, subtract_counts, sum_counts
from prompt_lint.model.values import group_by_prompt
from prompt_lint.output import phrases
from prompt_lint.text.plural import pluralize

if TYPE_CHECKING:
    from collections.abc import Sequence

    from prompt_lint.model.counts import Count
    from prompt_lint.model.values import Report, Verdict


class Total(NamedTuple):
    """The tokens of all prompts for one model. Without a base, `before` is the same as `after`."""

    model: str
    before: Count
    after: Count
    growth: Count


def total_by_model(report: Report) -> list[Total]:
    """Return one total for each model.

    Groups are left out, which would count prompts twice; so is what can't be compared, before and after.
    """
    parts: dict[str, _Parts] = {}
    for verdict in report.verdicts:
        if verdict.token_count and not verdict.prompt.is_group:
            of_model = parts.setdefault(verdict.model, _Parts([], [], []))
            if not _is_incomparable(verdict):
                after = verdict.token_count
                # A gateway's number less the offline growth is a count that nobody has made.
                if after.is_disputed:
                    after = verdict.compared_count or after
                of_model.after.append(after)
                of_model.before.extend([verdict.base_count] if verdict.base_count else [])
                of_model.growths.extend(
                    [verdict.growth_count] if report.base and verdict.growth_count else []
                )
    for removed in report.removed:
        of_model = parts.setdefault(removed.model, _Parts([], [], []))
        of_model.before.append(removed.base_count)
        of_model.growths.append(subtract_counts(EMPTY_COUNT, removed.base_count))
    return [_sum_parts(model, of_model, report) for model, of_model in parts.items()]


class _Parts(NamedTuple):
    """The counts that a total is the sum of."""

    before: list[Count]
    after: list[Count]
    growths: list[Count]


def _sum_parts(model: str, parts: _Parts, report: Report) -> Total:
    before, after, growth = map(sum_counts, parts)
    if report.base is None:
        return Total(model, after, after, growth)
    # A prompt that the API counted may be compared by offline counts: so before, growth and after add up.
    shift = after.tokens - growth.tokens - before.tokens
    tokens, low, high = (number + shift for number in before[:3])
    return Total(model, before._replace(tokens=tokens, low=low, high=high), after, growth)


def describe_growth_cost(totals: Sequence[Total], report: Report) -> str:
    """Return what the growth costs: `+$2.40 per 1,000 calls`, of several models `+$1.00 to +$2.40 per 1,000 calls`; "" where that isn't known."""
    priced = [total for total in totals if total.growth.tokens and total.model in report.prices]
    priced.sort(key=lambda total: total.growth.tokens * report.prices[total.model])
    amounts = [
        phrases.format_calls_cost(report, total.growth.tokens, total.model, sign=True)
        for total in (priced[:1] + priced[-1:])
    ]
    return f"{' to '.join(dict.fromkeys(amounts))} per 1,000 calls" if amounts else ""


def describe_incomparable(report: Report) -> str:
    """Return what totals leave out: `without 1 prompt that can't be compared`; "" where they have all prompts."""
    number = sum(
        any(_is_incomparable(v) or (v.change == "new" and v.token_count is None) for v in verdicts)
        for prompt, verdicts in group_by_prompt(report.verdicts)
        if not prompt.is_group
    )
    left_out = [f"{pluralize(number, 'prompt')} that can't be compared"] if number else []
    if report.unread_files:
        left_out.append(f"what can't be read in {pluralize(report.unread_files, 'file')}")
    return f"without {' and '.join(left_out)}" if left_out else ""


def describe_group_growth(report: Report) -> str:
    """Return how groups changed, which no total has: `1 group grew by 293, 2 groups shrank by up to 1,200`.

    Groups that can't be compared are counted, too: `1 group can't be compared`. Of several models, the one with the
    largest change stands for its group. Returns "" where no group changed.
    """
    grew: list[Count] = []
    shrank: list[Count] = []
    incomparable = 0
    for prompt, verdicts in group_by_prompt(report.verdicts):
        if prompt.is_group:
            growths = [v.growth_count for v in verdicts if v.growth and v.growth_count and v.change != "new"]
            if growths and max(growths).tokens > 0:
                grew.append(max(growths))
            elif growths:
                shrank.append(subtract_counts(EMPTY_COUNT, min(growths)))
            incomparable += any(map(_is_incomparable, verdicts))
    parts = [
        f"{pluralize(len(sizes), 'group')} {verb} by {'up to ' if len(sizes) > 1 else ''}{phrases.format_count(max(sizes))}"
        for verb, sizes in (("grew", grew), ("shrank", shrank))
        if sizes
    ]
    if incomparable:
        parts.append(f"{pluralize(incomparable, 'group')} can't be compared")
    return ", ".join(parts)


def tokens_changed(verdict: Verdict) -> int:
    """Return by how many tokens a prompt grew or shrank; for a new one, all of its tokens."""
    return verdict.tokens if verdict.change == "new" else abs(verdict.growth or 0)


def _is_incomparable(verdict: Verdict) -> bool:
    """Return whether the prompt was in the base, but by how much it changed isn't known."""
    return verdict.change not in {"", "new"} and verdict.growth is None
