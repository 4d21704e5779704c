"""Rows of the tables of the Markdown output: projects, prompts, exemptions, loosened limits, totals."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prompt_lint.model.counts import EMPTY_COUNT, subtract_counts
from prompt_lint.model.values import RemovedPrompt
from prompt_lint.output import phrases
from prompt_lint.output.markdown.pieces import (
    NBSP,
    format_code,
    format_count,
    format_growth,
    format_limit,
    format_model,
    format_name,
    format_place,
    format_text,
    table_header,
    table_row,
)
from prompt_lint.output.status_words import STATUS_WORDS, shown_status
from prompt_lint.text.markdown_escape import escape_as_code, escape_as_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from prompt_lint.model.rules import Exemption, Loosening
    from prompt_lint.model.values import PromptVerdicts, Verdict
    from prompt_lint.output.markdown.page import Page
    from prompt_lint.output.projects import Project
    from prompt_lint.output.totals import Total

_BAR = 10

LOOSENING_HEADER = table_header("", "What", "Before|", "After|", "Where")
PROJECT_HEADER = table_header("", "Project", "Verdict")


def project_row(project: Project) -> str:
    return table_row(project.verdict.mark, format_code(project.folder), project.verdict.text)


def prompt_header(page: Page) -> str:
    counts = ("Before|", "After|", "Δ|") if page.has_base else ("Tokens|",)
    return table_header("", "Prompt", *_if_several_models(page, "Model"), *counts, "Limit|", "Full")


def prompt_rows(item: PromptVerdicts | RemovedPrompt, page: Page, *, all_models: bool) -> str:
    """Return a row for each model, the name in the first; else only for models that fail, or for the worst."""
    if isinstance(item, RemovedPrompt):
        return _removed_row(item, page)
    worst, *others = item.verdicts
    verdicts = [worst, *(verdict for verdict in others if all_models or verdict.fails)]
    left = len(item.verdicts) - len(verdicts)
    also = f"<br><sub>and{NBSP}{left:,}{NBSP}more</sub>" if left else ""
    renamed = f"<br><sub>was {format_code(worst.renamed_from)}</sub>" if worst.renamed_from else ""
    lost = phrases.describe_lost_imports(worst)
    notes = renamed + (f"<br><sub>{lost.replace(' ', NBSP)}</sub>" if lost else "")
    names = [format_name(item.prompt) + notes, *("" for _ in verdicts[1:])]
    return "".join(
        table_row(
            STATUS_WORDS[shown_status(verdict)].mark,
            name,
            *_if_several_models(page, format_model(verdict.model) + also),
            *_count_cells(verdict, page),
            format_limit(verdict.limit),
            _fill_bar(verdict),
        )
        for verdict, name in zip(verdicts, names, strict=True)
    )


def _count_cells(verdict: Verdict, page: Page) -> Sequence[str]:
    after, growth = format_count(verdict.token_count, verdict.rule.reserve), verdict.growth_count
    if not page.has_base:
        return [after]
    before = "*new*" if verdict.change == "new" else format_count(verdict.base_count, verdict.base_reserve)
    return [before, after, "" if growth is None else format_growth(growth)]


def _fill_bar(verdict: Verdict) -> str:
    percent = verdict.fill_percent
    if percent is None:
        return ""
    filled = min(_BAR, int(_BAR * percent // 100) or bool(percent))
    return f"`{'━' * filled}{'─' * (_BAR - filled)}`{NBSP}{phrases.percent_of_limit(verdict)}"


def _removed_row(removed: RemovedPrompt, page: Page) -> str:
    return table_row(
        "", format_name(removed.prompt), *_if_several_models(page, format_model(removed.model)),
        format_count(removed.base_count), "*removed*", format_growth(subtract_counts(EMPTY_COUNT, removed.base_count)), "", "",
    )  # fmt: skip


def exemption_header(page: Page) -> str:
    return table_header("Prompt", *_if_several_models(page, "Model"), "Tokens|", "Limit|", "Until", "Reason")


def exemption_row(verdict: Verdict, exemption: Exemption, page: Page) -> str:
    return table_row(
        format_name(verdict.prompt), *_if_several_models(page, format_model(verdict.model)),
        format_count(verdict.token_count, verdict.rule.reserve), format_limit(verdict.limit), escape_as_text(exemption.until) or ("" if exemption.label else "no end"),
        phrases.describe_exemption(exemption, escape=format_text)
        if exemption.label
        else format_text(exemption.reason),
    )  # fmt: skip


def loosening_row(loosening: Loosening, models: Sequence[str]) -> str:
    for_models = f" for {', '.join(map(escape_as_code, models))}" if models else ""
    old, new = ("" if limit is None else f"{limit:,}" for limit in (loosening.old_limit, loosening.new_limit))
    description = format_text(loosening.description) + for_models
    place = format_place(loosening.config_path, loosening.line)
    return table_row(format_code(loosening.subject), description, old, new, place)


def total_header(page: Page) -> str:
    counts = ("Before|", "After|", "Δ|") if page.has_base else ("Tokens|",)
    return table_header("Model", *counts, *(("per 1,000 calls|",) if page.report.prices else ()))


def total_row(total: Total, page: Page) -> str:
    after = format_count(total.after)
    cells = (format_count(total.before), after, format_growth(total.growth)) if page.has_base else (after,)
    grown = total.growth.tokens if page.has_base else total.after.tokens
    cost = phrases.format_calls_cost(page.report, grown, total.model, sign=page.has_base)
    return table_row(escape_as_code(total.model), *cells, *((cost,) if page.report.prices else ()))


def _if_several_models(page: Page, cell: str) -> tuple[str, ...]:
    """Return the cell of a column that is left out where there is one model."""
    return (cell,) if page.has_several_models else ()
