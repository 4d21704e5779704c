"""The tasks of the Markdown output: a list item for each error, and for each prompt that fails or could fail."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prompt_lint.output import phrases
from prompt_lint.output.advice import describe_remedy, describe_settlement, excess_growth
from prompt_lint.output.markdown.pieces import format_code, format_name, format_place, format_text
from prompt_lint.text.markdown_escape import escape_as_code, escape_as_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from prompt_lint.model.needs import ExactNeed
    from prompt_lint.model.values import Note, Problem, PromptVerdicts, Section, Verdict
    from prompt_lint.output.markdown.page import Page

_MAX_SECTIONS = 10


def render_problem(problem: Problem) -> str:
    location = f"{format_place(problem.path, problem.line)}: " if problem.path or problem.line else ""
    hint = f"<br>{format_text(problem.hint)}" if problem.hint else ""
    return f"- ❌ {location}{format_text(problem.message)}{hint}\n"


def render_warning(warning: Note) -> str:
    location = f"{format_place(warning.path, warning.line)}: " if warning.path else ""
    return f"- ⚠️ {location}{format_text(warning.message)}\n"


def render_task(subject: PromptVerdicts, page: Page) -> str:
    worst = subject.first
    for_model = f" for {escape_as_code(worst.model)}" if page.has_several_models else ""
    if worst.status == "unsure":
        return f"- ❓ {format_name(subject.prompt)} {_render_unsure_advice(worst, for_model, page.report.exact_needs)}\n"
    if worst.status == "grew":
        advice = _render_growth_advice(subject, page, for_model)
    else:
        advice = _render_limit_advice(subject, page, for_model)
    details = "".join(f"  - {line}\n" for line in _render_details(worst))
    return f"- ❌ {format_name(subject.prompt)} {advice}\n{details}"


def _render_unsure_advice(verdict: Verdict, for_model: str, exact_needs: Sequence[ExactNeed]) -> str:
    count, reserve = verdict.token_count, verdict.rule.reserve
    low, high = (count.low + reserve, count.high + reserve) if count else (0, 0)
    reserved = f" ({reserve:,} of them reserved)" if reserve else ""
    return (
        f"has {low:,} to {high:,} tokens{reserved}{for_model}, and its limit of {verdict.limit:,} lies between: only an exact count can tell. "
        f"{describe_settlement([verdict], exact_needs)}"
    )


def _render_limit_advice(subject: PromptVerdicts, page: Page, for_model: str) -> str:
    worst = subject.first
    excesses = [
        f"{_format_excess(verdict)} for {escape_as_code(verdict.model)}"
        for verdict in subject.failing
        if verdict is not worst and verdict.over_by
    ]
    for_other_models = f" (and {', '.join(excesses)})" if excesses else ""
    return (
        f"is **{_format_excess(worst)} over** its limit of {worst.limit:,}{for_model}{for_other_models}. "
        f"{_render_remedy(subject, page)}"
    )


def _render_remedy(subject: PromptVerdicts, page: Page) -> str:
    return describe_remedy(subject.failing, page.report.accept_label, format_code)


def _format_excess(verdict: Verdict) -> str:
    return phrases.format_tokens(verdict.over_by, verdict.token_count.margin if verdict.token_count else 0)


def _render_growth_advice(subject: PromptVerdicts, page: Page, for_model: str) -> str:
    excess = excess_growth(subject.first)
    if excess is None:
        return "grew more than allowed"
    share = phrases.share_suffix(excess.growth, excess.base_tokens)
    growth = phrases.describe_tokens(excess.growth, excess.margin)
    remedy = _render_remedy(subject, page)
    return f"grew by **{growth}**{for_model}{share}; {excess.allowance}. {remedy}"


def _render_details(verdict: Verdict) -> Iterator[str]:
    """Yield the exemption that has ended, the tokens by import and by section, and the message of the rule."""
    sections, shares = verdict.sections, verdict.import_shares
    if verdict.exemption:
        yield phrases.describe_exemption(verdict.exemption, has_ended=True, escape=format_text)
    if shares:
        yield escape_as_text(phrases.describe_shares(shares))
    if len(sections) > 1 or verdict.prompt.is_group or shares:
        yield from map(_render_section, sections[:_MAX_SECTIONS])
    further = sections[_MAX_SECTIONS:]
    if further:
        yield f"{phrases.sum_sections(further)} tokens in {len(further):,} more"
    for line in verdict.rule.message.splitlines():
        if line.strip():
            yield f"*{format_text(line.strip())}*"


def _render_section(section: Section) -> str:
    lines, chain = phrases.describe_lines(section), section.import_chain
    title = f"{format_code(section.title)}, " if section.title else ""
    location = format_code(lines) if section.path else lines
    by_way_of = f", by way of {' → '.join(map(format_code, chain))}" if len(chain) > 1 else ""
    return f"{phrases.format_tokens(section.tokens, section.margin)} tokens: {title}{location}{by_way_of}"
