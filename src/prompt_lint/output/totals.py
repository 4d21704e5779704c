"""What a change costs: the tokens of all prompts, before and after it, and what a total leaves out."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from prompt_lint.model.values import group_by_prompt
from prompt_lint.text.plural import pluralize

if TYPE_CHECKING:
    from prompt_lint.model.values import Report, Verdict


class Total(NamedTuple):
    """The tokens of all prompts for one model. Without a base, `before` is the same as `after`."""

    model: str
    before: int
    after: int

    @property
    def growth(self) -> int:
        return self.after - self.before


def total_by_model(report: Report) -> list[Total]:
    """Return one total for each model.

    Groups are left out, which would count prompts twice; so is what can't be compared, before and after.
    """
    sums: dict[str, list[int]] = {}  # by model: tokens after the change, and growth
    for verdict in report.verdicts:
        if verdict.token_count and not verdict.prompt.is_group:
            tokens, total = verdict.token_count.tokens, sums.setdefault(verdict.model, [0, 0])
            if not _is_incomparable(verdict):
                total[0] += tokens
                total[1] += tokens if verdict.change == "new" else verdict.growth or 0
    for removed in report.removed:
        sums.setdefault(removed.model, [0, 0])[1] -= removed.base_count.tokens
    return [Total(model, after - growth, after) for model, (after, growth) in sums.items()]


def describe_incomparable(report: Report) -> str:
    """Return what totals leave out: `without 1 prompt that can't be compared`; "" where they have all prompts."""
    number = sum(
        any(map(_is_incomparable, verdicts))
        for prompt, verdicts in group_by_prompt(report.verdicts)
        if not prompt.is_group
    )
    return f"without {pluralize(number, 'prompt')} that can't be compared" if number else ""


def describe_group_growth(report: Report) -> str:
    """Return how groups changed, which no total has: `1 group grew by 293, 2 groups shrank by up to 1,200`.

    Groups that can't be compared are counted, too: `1 group can't be compared`. Of several models, the one with the
    largest change stands for its group. Returns "" where no group changed.
    """
    grew, shrank, incomparable = [], [], 0
    for prompt, verdicts in group_by_prompt(report.verdicts):
        if prompt.is_group:
            growths = [v.growth for v in verdicts if v.growth and v.change != "new"]
            if growths and max(growths) > 0:
                grew.append(max(growths))
            elif growths:
                shrank.append(-min(growths))
            incomparable += any(map(_is_incomparable, verdicts))
    parts = [
        f"{pluralize(len(sizes), 'group')} {verb} by {'up to ' if len(sizes) > 1 else ''}{max(sizes):,}"
        for verb, sizes in (("grew", grew), ("shrank", shrank))
        if sizes
    ]
    if incomparable:
        parts.append(f"{pluralize(incomparable, 'group')} can't be compared")
    return ", ".join(parts)


def tokens_changed(verdict: Verdict) -> int:
    """Return by how many tokens a prompt grew or shrank; for a new one, all of its tokens."""
    if verdict.change == "new":
        return verdict.token_count.tokens if verdict.token_count else 0
    return abs(verdict.growth or 0)


def _is_incomparable(verdict: Verdict) -> bool:
    """Return whether the prompt was in the base, but by how much it changed isn't known."""
    return verdict.change not in {"", "new"} and verdict.growth is None
