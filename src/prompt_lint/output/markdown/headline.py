"""The first lines of the Markdown output: the verdict in a sentence, and what was compared with what."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prompt_lint.output import phrases
from prompt_lint.output.markdown.page import count_subjects
from prompt_lint.output.markdown.pieces import format_code, format_name, format_text
from prompt_lint.output.totals import (
    describe_group_growth,
    describe_growth_cost,
    describe_incomparable,
    total_by_model,
)
from prompt_lint.output.verdict_line import describe_verdict
from prompt_lint.text.markdown_escape import escape_as_code

if TYPE_CHECKING:
    from collections.abc import Sequence

    from prompt_lint.output.markdown.page import Page
    from prompt_lint.output.totals import Total

_SAME_TOTAL = "the total is what it was"


def render_headline(page: Page) -> str:
    """Return the verdict and the total growth, in a sentence; where nothing has a limit, the tokens."""
    if page.report.verdicts and not page.has_limits and not page.report.problems:
        return _describe_counts(page)
    verdict = describe_verdict(page.report, format_name)
    return f"{verdict.mark} {verdict.text}" + (_describe_change(page) if page.has_base else "")


def _describe_counts(page: Page) -> str:
    """Return the tokens for each model: `22 ±3 tokens for claude-sonnet-5-5`."""
    totals = total_by_model(page.report)
    return ", ".join(f"{phrases.format_count(t.after)} tokens for {escape_as_code(t.model)}" for t in totals)


def _describe_change(page: Page) -> str:
    """Return the total growth and what it leaves out, as the end of a sentence."""
    totals = total_by_model(page.report)
    incomparable, groups = describe_incomparable(page.report), describe_group_growth(page.report)
    growth = _describe_growth(totals, incomparable) if totals else ""
    if groups and growth == _SAME_TOTAL:
        changed = [subject for subject in page.shown if subject.has_changed and not subject.prompt.is_group]
        is_touched = changed or page.report.removed
        growth = "the total of the prompts is what it was" if is_touched else "no prompt changed"
    total = ", ".join(filter(None, [growth, describe_growth_cost(totals, page.report), incomparable]))
    return "".join(f"; {part}" for part in (total, groups) if part)


def _describe_growth(totals: Sequence[Total], incomparable: str) -> str:
    """Return the growth of all models in one phrase; if something is left out, it isn't called the same."""
    growths = [total.growth for total in totals]
    least, most = min(growths), max(growths)
    if least.tokens < 0 < most.tokens:
        both = f"{phrases.format_growth(least)} to {phrases.format_growth(most)}"
        return f"this change makes it {both} tokens, by model"
    largest = least if least.tokens < 0 else most
    tokens = phrases.describe_tokens(abs(largest.tokens), largest.margin)
    if least.tokens != most.tokens:
        tokens = f"up to {tokens}, by model"
    if not incomparable and not any(total.before.tokens for total in totals):
        return f"all is new: {tokens}"
    if not largest.tokens and not incomparable:
        margin = max(growth.margin for growth in growths)
        return f"the total is what it was, ±{margin:,} tokens" if margin else _SAME_TOTAL
    share = phrases.share_suffix(most.tokens, totals[0].before.tokens)
    share = share if len(totals) == 1 and least.tokens else ""
    return f"this change {'removes' if least.tokens < 0 else 'adds'} {tokens}{share}"


def render_context(page: Page) -> str:
    """Return how many prompts, for which models, compared with what."""
    report = page.report
    parts = [count_subjects(page.subjects)]
    if len(page.models) == 1:
        parts[0] += f" for {escape_as_code(page.models[0])}"
        for total in total_by_model(report):
            before = f"{phrases.format_count(total.before)} → " if page.has_base else ""
            parts.append(f"{before}**{phrases.format_count(total.after)} tokens**")
    elif page.models:
        parts[0] += f" for {len(page.models)} models"
    if report.base:
        parts += filter(None, [describe_incomparable(report)])
        # The name is a part of the description, and nearly always its end.
        description = report.base.description.removesuffix(report.base.name)
        name = format_code(report.base.name) if description != report.base.description else ""
        words = filter(None, (format_text(description).rstrip(), name))
        parts.append(f"compared with {' '.join(words)} ({escape_as_code(report.base.commit[:10])})")
    return f"{', '.join(parts)}.\n"
