"""The prompts of a listing: in which order they are shown, and their sums."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prompt_lint.model.counts import sum_counts
from prompt_lint.model.values import group_by_prompt
from prompt_lint.output.phrases import format_calls_cost, format_count, format_tokens
from prompt_lint.output.text.pieces import format_name
from prompt_lint.text.plural import pluralize

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from prompt_lint.model.counts import Count
    from prompt_lint.model.values import PromptVerdicts, Report, Verdict
    from prompt_lint.output.listing import Listing

SEVERAL_MODELS = "Of several models, the one nearest to the limit is shown"
_MOST_REMOVED = 10


def list_prompts(verdicts: Iterable[Verdict]) -> tuple[list[PromptVerdicts], list[PromptVerdicts]]:
    """Return the prompts and the groups, in their order."""
    prompts: list[PromptVerdicts] = []
    groups: list[PromptVerdicts] = []
    for each in group_by_prompt(verdicts):
        (groups if each.prompt.is_group else prompts).append(each)
    return prompts, groups


def sort_verdicts(listed: PromptVerdicts) -> PromptVerdicts:
    """Put the verdict first that is nearest to its limit."""
    return listed._replace(
        verdicts=sorted(listed.verdicts, key=lambda verdict: verdict.fill_percent or 0, reverse=True)
    )


def sort_key(listed: PromptVerdicts) -> tuple[int, str, int, str]:
    """Sort the largest first."""
    return -listed.tokens, listed.prompt.path, listed.prompt.line, listed.prompt.name


def import_suffix(listing: Listing, verdict: Verdict) -> str:
    """Return how much of a prompt is imported, to follow its name: ` (329 ±3 imported)`; "" for nothing."""
    shares = listing.import_shares.get((verdict.prompt, verdict.model))
    if not shares or not shares.imported_tokens:
        return ""
    return f" ({format_tokens(shares.imported_tokens, shares.imported_margin)} imported)"


def counts_by_model(prompts: Iterable[PromptVerdicts]) -> dict[str, list[Count]]:
    """Return the counts for each model, those with the most tokens first; none for a model for which nothing could be counted."""
    counts: dict[str, list[Count]] = {}
    for verdict in (verdict for prompt in prompts for verdict in prompt.verdicts):
        counts.setdefault(verdict.model, []).extend([verdict.token_count] if verdict.token_count else [])
    return dict(sorted(counts.items(), key=lambda item: -sum(count.tokens for count in item[1])))


def split_by_model(prompts: Sequence[PromptVerdicts]) -> Iterator[tuple[str, list[PromptVerdicts]]]:
    """Yield the model with the most tokens and the prompts that are counted for it; the same of the others, if there are any."""
    while prompts:
        model = heaviest_model(prompts)
        yield model, [each for each in prompts if model in each.models]
        prompts = [each for each in prompts if model not in each.models]


def describe_totals(prompts: Sequence[PromptVerdicts], report: Report) -> list[str]:
    """Return the sum for each model, with the number of prompts and files that are counted for it, and what they cost."""
    lines = []
    for model, counts in counts_by_model(prompts).items():
        files = {
            listed.prompt.path
            for listed in prompts
            for verdict in listed.verdicts
            if verdict.model == model and verdict.token_count
        }
        if counts:
            total = sum_counts(counts)
            cost = format_calls_cost(report, total.tokens, model)
            number = f"{pluralize(len(counts), 'prompt')} of {pluralize(len(files), 'file')}"
            calls = cost and f", {cost} per 1,000 calls"
            lines.append(f"{format_count(total)} tokens in {number}, counted for {model}{calls}")
    return lines


def describe_removed(report: Report) -> str:
    """Return which prompts of the base are gone: `Removed: prompts/a.md, prompts/b.md and 3 more`; "" for none."""
    names = list(dict.fromkeys(format_name(removed.prompt) for removed in report.removed))
    shown = ", ".join(names[:_MOST_REMOVED])
    more = f" and {len(names) - _MOST_REMOVED:,} more" if len(names) > _MOST_REMOVED else ""
    return f"Removed: {shown}{more}" if names else ""


def heaviest_model(prompts: Iterable[PromptVerdicts]) -> str:
    """Return the model with the most tokens; "" without prompts."""
    return next(iter(counts_by_model(prompts)), "")
