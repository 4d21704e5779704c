"""The HTML output of `list`: a page with a map of the prompts, what a session loads at its start, and a table."""

from __future__ import annotations

from itertools import compress
from pathlib import Path
from typing import TYPE_CHECKING

from prompt_lint import __version__
from prompt_lint.output import phrases
from prompt_lint.output.html_page import render_page, render_problem, render_table
from prompt_lint.output.listing.map_html import draw_map
from prompt_lint.output.listing.prompts import (
    SEVERAL_MODELS,
    describe_removed,
    describe_totals,
    import_suffix,
    list_prompts,
    sort_key,
    sort_verdicts,
)
from prompt_lint.output.listing.session_start import draw_session_start
from prompt_lint.output.phrases import format_calls_cost, percent_of_limit
from prompt_lint.output.status_words import STATUS_WORDS, shown_status
from prompt_lint.output.text.changes import render_totals
from prompt_lint.output.text.pieces import format_count, format_short_name, growth_cell
from prompt_lint.text.html_escape import escape_html, escape_markup
from prompt_lint.text.plural import pluralize

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from prompt_lint.model.values import PromptVerdicts
    from prompt_lint.output import View
    from prompt_lint.output.listing import Listing

_HEAD = ("prompt", "tokens", "growth", "limit", "full", "1,000 calls", "status", "format", "role", "model")
_STYLE = Path(__file__).with_name("listing.css")
# Rows of the table, those of them that aren't folded, and errors.
_MOST_ROWS, _OPEN_ROWS, _MOST_PROBLEMS = 500, 50, 20


def render(listing: Listing, view: View) -> str:  # noqa: ARG001  # the same signature for every format
    report = listing.report
    prompts, groups = (
        sorted(map(sort_verdicts, part), key=sort_key) for part in list_prompts(report.verdicts)
    )
    title, *others = describe_totals(prompts, report) or ["No prompts"]
    drawn_map, map_style = draw_map(prompts, report)
    drawn_start, start_style = draw_session_start(listing.session_start)
    body = [
        *_header(title, others, prompts, listing),
        *_problems(listing),
        *drawn_map,
        *drawn_start,
        *_section("Prompts", prompts, listing),
        *_section("Groups", groups, listing),
        *_footer(listing),
    ]
    style = "".join((_STYLE.read_text(encoding="utf-8"), map_style, start_style))
    return render_page(title, "\n".join(body), style)


def _header(
    title: str, others: Sequence[str], prompts: Sequence[PromptVerdicts], listing: Listing
) -> Iterator[str]:
    yield f"<header><h1>{escape_html(title)}</h1>"
    yield from (f"<p>{escape_html(total)}</p>" for total in others)
    if any(len(listed.verdicts) > 1 for listed in prompts):
        yield f"<p>{SEVERAL_MODELS}.</p>"
    if removed := describe_removed(listing.report):
        yield f"<p>{escape_markup(removed)}</p>"
    if listing.report.base:
        yield from (f"<p>{escape_markup(line)}</p>" for line in render_totals(listing.report))
    yield "</header>"


def _problems(listing: Listing) -> Iterator[str]:
    problems = listing.report.problems
    yield from map(render_problem, problems[:_MOST_PROBLEMS])
    if len(problems) > _MOST_PROBLEMS:
        more = pluralize(len(problems) - _MOST_PROBLEMS, "more error")
        yield f'<p class="alert bad">{more}, which `prompt-lint list` shows</p>'


def _cells(listed: PromptVerdicts, listing: Listing, *, with_model: bool) -> list[str]:
    """Return the cells of `_HEAD` as HTML."""
    prompt, verdict = listed.prompt, listed.first
    count, limit, label = verdict.token_count, verdict.limit, STATUS_WORDS[shown_status(verdict)].label
    name = escape_markup(format_short_name(prompt))
    return [
        f'<span class="name">{name}</span>{import_suffix(listing, verdict)}',
        escape_html(format_count(count, verdict.rule.reserve)),
        growth_cell(verdict),
        "-" if limit is None else f"{limit:,}",
        percent_of_limit(verdict),
        format_calls_cost(listing.report, count.tokens, verdict.model) if count else "",
        f'<b class="bad">{label}</b>' if label.isupper() else label,
        escape_html(prompt.format),
        escape_html(prompt.role),
        escape_html(verdict.model) if with_model else "",
    ]


def _section(title: str, rows: Sequence[PromptVerdicts], listing: Listing) -> Iterator[str]:
    """Yield a table: the largest rows, then folded more of them, then how many are left out. No column is empty."""
    if not rows:
        return
    has_several_models = len({listed.first.model for listed in rows}) > 1
    cells = [_cells(listed, listing, with_model=has_several_models) for listed in rows[:_MOST_ROWS]]
    is_filled = [any(column) for column in zip(*cells, strict=True)]
    yield f'<section class="card"><h2>{title}</h2>'
    head, *shown = (list(compress(row, is_filled)) for row in (_HEAD, *cells))
    yield from render_table(head, shown[:_OPEN_ROWS], "prompts")
    if len(shown) > _OPEN_ROWS:
        yield f"<details><summary>{len(shown) - _OPEN_ROWS:,} more</summary>"
        yield from render_table(head, shown[_OPEN_ROWS:], "prompts")
        yield "</details>"
    if len(rows) > len(shown):
        left = f"{len(rows) - len(shown):,} smaller ones are left out here"
        yield f'<p class="rest">{left}; <code>prompt-lint list --output json=FILE</code> has all.</p>'
    yield "</section>"


def _footer(listing: Listing) -> Iterator[str]:
    notes = listing.report.notes
    sentences = [
        *phrases.describe_counting(listing.report),
        *phrases.merge_notes(phrases.select_notes(notes, warnings=True)),
        *phrases.merge_notes(phrases.select_notes(notes, warnings=False)),
    ]
    yield "<footer><ul>"
    yield from (f"<li>{escape_html(sentence)}</li>" for sentence in sentences)
    yield f"</ul><p>Made by prompt-lint {escape_html(__version__)}.</p></footer>"
