"""The text output of `list`: a table of prompts, or sums by rule, owner, folder …; then remarks and the total."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from prompt_lint.model.counts import sum_counts
from prompt_lint.model.values import MAX_ROWS_PER_FILE
from prompt_lint.output.listing.folders import render_folders
from prompt_lint.output.listing.prompts import (
    SEVERAL_MODELS,
    counts_by_model,
    describe_removed,
    describe_totals,
    import_suffix,
    list_prompts,
    sort_key,
    sort_verdicts,
    split_by_model,
)
from prompt_lint.output.phrases import format_calls_cost, percent_of_limit
from prompt_lint.output.status_words import STATUS_WORDS, find_worst_status, shown_status
from prompt_lint.output.text.changes import render_totals
from prompt_lint.output.text.pieces import (
    BOLD,
    align_columns,
    format_count,
    format_name,
    format_share,
    growth_cell,
    paint,
)
from prompt_lint.output.text.remarks import render_counting, render_notes, render_problems
from prompt_lint.text.escape import escape_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from prompt_lint.model.rules import Rule
    from prompt_lint.model.values import Prompt, PromptVerdicts, Report, Verdict
    from prompt_lint.output import View
    from prompt_lint.output.listing import Listing
    from prompt_lint.output.status_words import ShownStatus


class _Row(NamedTuple):
    """The cells of a row of the table; `status` gives the row its colour."""

    status: ShownStatus | None
    tokens: str
    growth: str
    limit: str
    full: str
    cost: str
    format: str
    role: str
    name: str


# What stands for a rule of the command line.
_FLAGS = "--limit and --model"
_HEADER = _Row(
    None, "tokens", "growth", "limit", "full", "1,000 calls", "format", "role", "prompt"
)  # fmt: skip


def render(listing: Listing, view: View) -> str:
    """Return the prompts in one table, or sums, by a word of `--by`; then groups, errors, remarks and the total."""
    report, by = listing.report, listing.by
    prompts, groups = (list(map(sort_verdicts, part)) for part in list_prompts(report.verdicts))
    if by == "folder":
        blocks = [render_folders(counted, model, report, view) for model, counted in split_by_model(prompts)]
    elif by:
        blocks = [
            _render_section_sums(by, _make_sections(by, counted, listing), model, report)
            for model, counted in split_by_model(prompts)
        ]
        if view.verbosity > 0:
            for title, section in _make_sections(by, prompts, listing):
                blocks.append([paint(title, BOLD, view), *_render_table(section, listing, view)])
    else:
        blocks = [_render_table(prompts, listing, view)]
    if groups:
        blocks.append([paint("Groups", BOLD, view), *_render_table(groups, listing, view)])
    remarks = [*render_notes(report, view), *render_counting(report)]
    blocks.append(render_problems(report.problems, view)[:-1])
    blocks.append([*remarks, *_render_totals(prompts, groups, listing, view)])
    return "\n".join("".join(f"{line}\n" for line in block) for block in blocks if block)


def name_rule(rule: Rule) -> str:
    patterns = escape_line(", ".join(rule.files))
    return f"{escape_line(rule.config_path)}:{rule.line}  {patterns}" if rule.line else _FLAGS


def _name_section(by: str, listed: PromptVerdicts, listing: Listing) -> str:
    """Return the title of the section that a prompt is in, by a word of `--by`."""
    if by == "rule":
        return name_rule(listed.first.rule)
    if by == "format":
        return listed.prompt.format
    if by == "project":
        return escape_line(listed.first.rule.config_path) or _FLAGS
    owners = listing.owners.get(listed.prompt.real_path or listed.prompt.path, ())
    return escape_line(" ".join(owners)) or "no owner"


def _make_sections(
    by: str, prompts: Iterable[PromptVerdicts], listing: Listing
) -> list[tuple[str, list[PromptVerdicts]]]:
    """Return the prompts by title: of rules in the order of the configuration, of anything else the largest first."""
    sections: dict[str, list[PromptVerdicts]] = {}
    for listed in prompts:
        sections.setdefault(_name_section(by, listed, listing), []).append(listed)
    if by == "rule":
        return sorted(sections.items(), key=lambda item: item[1][0].first.rule.place)
    return sorted(sections.items(), key=lambda item: -sum(listed.tokens for listed in item[1]))


def _render_section_sums(
    by: str, sections: Iterable[tuple[str, list[PromptVerdicts]]], model: str, report: Report
) -> list[str]:
    """Return a table with the sum of each section, whose prompts are all counted for one model."""
    sums = [(title, len(section), sum_counts(counts_by_model(section)[model])) for title, section in sections]
    everything = sum(total.tokens for _, _, total in sums)
    calls = "1,000 calls" if model in report.prices else ""
    rows = [("tokens", "share", calls, "prompts", f"{by} [{model}]")]
    for title, number, total in sums:
        cost = format_calls_cost(report, total.tokens, model)
        share = format_share(total.tokens, everything)
        rows.append((format_count(total), share, cost, f"{number:,}", title))
    return list(align_columns(rows, left=(4,)))


def _render_totals(
    prompts: Sequence[PromptVerdicts], groups: Sequence[PromptVerdicts], listing: Listing, view: View
) -> Iterator[str]:
    shown = groups if listing.by else [*prompts, *groups]
    if view.verbosity <= 0 and any(len(listed.verdicts) > 1 for listed in shown):
        yield SEVERAL_MODELS + "; with -v, each."
    yield from describe_totals(prompts, listing.report)
    if removed := describe_removed(listing.report):
        yield removed
    if listing.report.base:
        yield from render_totals(listing.report)


# ---------------------------------------------------------------------------------------------------------
# The table


def _render_table(prompts: Sequence[PromptVerdicts], listing: Listing, view: View) -> list[str]:
    """Return the lines of a table, the largest prompt first; none without prompts."""
    by_file: dict[str, list[PromptVerdicts]] = {}
    for listed in sorted(prompts, key=sort_key):
        by_file.setdefault(listed.prompt.path, []).append(listed)
    entries: list[tuple[PromptVerdicts, list[_Row]]] = []
    for of_file in by_file.values():
        if len(of_file) > MAX_ROWS_PER_FILE and view.verbosity <= 0:
            entries.append((of_file[0], [_merge_rows(of_file, listing.report)]))
        else:
            entries += [(listed, list(_prompt_rows(listed, listing, view))) for listed in of_file]
    rows = [row for _, rows in sorted(entries, key=lambda entry: sort_key(entry[0])) for row in rows]
    header = _HEADER if listing.report.prices else _HEADER._replace(cost="")
    return list(_align_rows([header, *rows], view)) if rows else []


def _align_rows(rows: Sequence[_Row], view: View) -> Iterator[str]:
    """Yield the lines of rows: words from the left, numbers to the right, the name last and as long as it is."""
    labels = [STATUS_WORDS[row.status].label if row.status else "status" for row in rows]
    if not any(row.growth for row in rows[1:]):  # without a base
        rows = [row._replace(growth="") for row in rows]
    numbers = align_columns([(label, *row[1:6]) for row, label in zip(rows, labels, strict=True)])
    words = align_columns([row[6:] for row in rows], left=(0, 1, 2))
    for row, first, last in zip(rows, numbers, words, strict=True):
        color = STATUS_WORDS[row.status].color if row.status not in {None, "ok"} else ""
        yield f"{paint(first, color, view)}  {last}"


def _prompt_rows(listed: PromptVerdicts, listing: Listing, view: View) -> Iterator[_Row]:
    """Yield a row for the verdict nearest to its limit; verbosely, one for each."""
    prompt, is_verbose = listed.prompt, view.verbosity > 0
    for number, verdict in enumerate(listed.verdicts if is_verbose else listed.verdicts[:1]):
        name = " " * 4 if number else _format_name(prompt)
        name += f" [{verdict.model}]" if is_verbose and len(listed.verdicts) > 1 else ""
        name += import_suffix(listing, verdict)
        yield _make_row(verdict, name, shown_status(verdict), listing.report)


def _format_name(prompt: Prompt) -> str:
    if prompt.is_group:
        return f"{escape_line(prompt.path)}:{prompt.line}  {escape_line(prompt.name)}"
    return format_name(prompt)


def _make_row(verdict: Verdict, name: str, status: ShownStatus, report: Report) -> _Row:
    limit = f"{verdict.limit:,}" if verdict.limit is not None else "-"
    tokens, prompt = format_count(verdict.token_count, verdict.rule.reserve), verdict.prompt
    cost = verdict.token_count and format_calls_cost(report, verdict.token_count.tokens, verdict.model)
    calls = (cost or "-") if report.prices else ""
    numbers = (tokens, growth_cell(verdict), limit, percent_of_limit(verdict), calls)
    return _Row(status, *numbers, prompt.format, prompt.role, name)


def _merge_rows(prompts: Sequence[PromptVerdicts], report: Report) -> _Row:
    """Return one row for the many prompts of a file: the largest, the 95th percentile, and the worst status."""
    verdicts = [listed.first for listed in prompts]
    ordered = sorted(verdicts, key=lambda verdict: verdict.tokens)
    largest, p95 = ordered[-1], ordered[math.ceil(0.95 * len(verdicts)) - 1]
    numbers = f"largest of {len(prompts):,}, p95 {format_count(p95.token_count)}"
    name = f"{escape_line(largest.prompt.path)} ({numbers})"
    return _make_row(largest, name, find_worst_status(verdicts), report)
