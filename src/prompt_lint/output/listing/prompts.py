"""The prompts of a listing: in which order they are shown, and their sums."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prompt_lint.model.counts import sum_counts
from prompt_lint.model.values import group_by_prompt
from prompt_lint.output.phrases import format_count, format_tokens
from prompt_lint.text.plural import pluralize

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from prompt_lint.model.counts import Count
    from prompt_lint.model.values import PromptVerdicts, Verdict
    from prompt_lint.output.listing import Listing

SEVERAL_MODELS = "Of several models, the one nearest to the limit is shown"


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
    """Return the counts for each model; none for a model for which nothing could be counted."""
    counts: dict[str, list[Count]] = {}
    for verdict in (verdict for prompt in prompts for verdict in prompt.verdicts):
        counts.setdefault(verdict.model, []).extend([verdict.token_count] if verdict.token_count else [])
    return counts


def split_by_model(prompts: Sequence[PromptVerdicts]) -> Iterator[tuple[str, list[PromptVerdicts]]]:
    """Yield the model with the most tokens and the prompts that are counted for it; the same of the others, if there are any."""
    while prompts:
        model = heaviest_model(prompts)
        yield model, [each for each in prompts if model in each.models]
        prompts = [each for each in prompts if model not in each.models]


def describe_totals(prompts: Iterable[PromptVerdicts]) -> list[str]:
    """Return the sum of the prompts for each model, with the number of prompts; of files, those of all models."""
    prompts = list(prompts)
    files = pluralize(len({listed.prompt.path for listed in prompts}), "file")
    by_model = counts_by_model(
        listed._replace(verdicts=[verdict for verdict in listed.verdicts if verdict.token_count])
        for listed in prompts
    )
    return [
        f"{format_count(sum_counts(counts))} tokens in {pluralize(len(counts), 'prompt')} of {files}, counted for {model}"
        for model, counts in by_model.items()
    ]


def heaviest_model(prompts: Iterable[PromptVerdicts]) -> str:
    """Return the model with the most tokens; "" without prompts."""
    sums = {model: sum(c.tokens for c in counts) for model, counts in counts_by_model(prompts).items()}
    return max(sums, key=lambda model: sums[model], default="")
