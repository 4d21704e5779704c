"""The text output of `list`: a table of prompts, in sections or as a tree of folders, with sums and remarks."""

from __future__ import annotations

import math
from itertools import groupby
from typing import TYPE_CHECKING

from prompt_lint.model.counts import sum_counts
from prompt_lint.output.listing import (
    MAX_ROWS_PER_FILE,
    ListedPrompt,
    count_tokens,
    counts_by_model,
    heaviest_model,
    list_prompts,
)
from prompt_lint.output.listing_folders import render_folders
from prompt_lint.output.phrases import format_tokens
from prompt_lint.output.status_words import STATUS_WORDS
from prompt_lint.output.text_pieces import BOLD, format_count, paint
from prompt_lint.output.text_remarks import render_remarks
from prompt_lint.text.escape import escape_line
from prompt_lint.text.plural import pluralize

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from prompt_lint.model.values import Rule, Status, Verdict
    from prompt_lint.output import View
    from prompt_lint.output.listing import Listing

# Tokens, limit, format, role, prompt; and the status that gives the row its colour.
_Row = tuple[str, str, str, str, str, "Status"]


def render(listing: Listing, by: str, view: View) -> str:
    """Return the prompts `by` rule, format or folder, or in one table; then groups, sums and remarks."""
    prompts, groups = (list(map(_sort_verdicts, part)) for part in list_prompts(listing.report.verdicts))
    if by == "folder":
        blocks = [render_folders(prompts, view)]
    elif by:
        sections = _by_rule(prompts, listing) if by == "rule" else _by_format(prompts)
        blocks = [_render_section(title, section, listing, view) for title, section in sections]
    else:
        blocks = [_render_table(sorted(prompts, key=_sort_key), listing, view)]
    if groups:
        blocks.append([paint("Groups", BOLD, view), *_render_table(groups, listing, view)])
    blocks.append([*_render_sums(prompts, view), *render_remarks(listing.report, view)])
    return "\n".join("".join(f"{line}\n" for line in block) for block in blocks if block)


def _sort_verdicts(listed: ListedPrompt) -> ListedPrompt:
    """Put the verdict first that is nearest to its limit."""
    return listed._replace(verdicts=sorted(listed.verdicts, key=_fill, reverse=True))


def _fill(verdict: Verdict) -> float:
    return count_tokens(verdict) / verdict.limit if verdict.limit else 0


def _sort_key(listed: ListedPrompt) -> tuple[str, int, str]:
    return listed.prompt.path, listed.prompt.line, listed.prompt.name


def _by_rule(prompts: Iterable[ListedPrompt], listing: Listing) -> Iterable[tuple[str, list[ListedPrompt]]]:
    """Return the prompts of each rule, in the order of the configuration."""
    sections: dict[str, list[ListedPrompt]] = {}
    for listed in sorted(prompts, key=lambda listed: listed.verdicts[0].rule.line):
        sections.setdefault(_rule_title(listed.verdicts[0].rule, listing), []).append(listed)
    return sections.items()


def _rule_title(rule: Rule, listing: Listing) -> str:
    patterns = escape_line(", ".join(rule.files))
    return (
        f"{escape_line(listing.report.config_path)}:{rule.line}  {patterns}"
        if rule.line
        else "--limit and --model"
    )


def _by_format(prompts: Iterable[ListedPrompt]) -> Iterable[tuple[str, list[ListedPrompt]]]:
    """Return the prompts of each format, the largest first."""
    sections: dict[str, list[ListedPrompt]] = {}
    for listed in prompts:
        sections.setdefault(listed.prompt.format, []).append(listed)
    return sorted(sections.items(), key=lambda item: -sum(listed.tokens for listed in item[1]))


def _render_section(title: str, prompts: list[ListedPrompt], listing: Listing, view: View) -> list[str]:
    counts = counts_by_model(prompts)[heaviest_model(prompts)]
    tokens = f", {format_count(sum_counts(counts))} tokens" if counts else ""
    heading = f"{paint(title, BOLD, view)}: {pluralize(len(prompts), 'prompt')}{tokens}"
    largest_first = sorted(prompts, key=lambda listed: (-listed.tokens, *_sort_key(listed)))
    return [heading, *_render_table(largest_first, listing, view)]


def _render_sums(prompts: Sequence[ListedPrompt], view: View) -> Iterator[str]:
    files = pluralize(len({listed.prompt.path for listed in prompts}), "file")
    by_model = counts_by_model(
        listed._replace(verdicts=[verdict for verdict in listed.verdicts if verdict.token_count])
        for listed in prompts
    )
    for model, counts in by_model.items():
        number = pluralize(len(counts), "prompt")
        yield f"{format_count(sum_counts(counts))} tokens in {number} of {files}, counted for {model}"
    if len(by_model) > 1 and view.verbosity <= 0:
        yield "Of several models, the one nearest to the limit is shown; with -v, each."


# ---------------------------------------------------------------------------------------------------------
# The table


def _render_table(prompts: Sequence[ListedPrompt], listing: Listing, view: View) -> list[str]:
    """Return the lines of a table; none without prompts."""
    rows: list[_Row] = [("tokens", "limit", "format", "role", "prompt", "ok")]
    for _, group in groupby(prompts, lambda listed: listed.prompt.path):
        of_file = list(group)
        if len(of_file) > MAX_ROWS_PER_FILE and view.verbosity <= 0:
            rows.append(_merge_rows(of_file))
        else:
            rows += [row for listed in of_file for row in _prompt_rows(listed, listing, view)]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    lines = []
    for tokens, limit, format_name, role, name, status in rows:
        words = STATUS_WORDS[status]
        label, color = (f"  {words.label}", words.color) if status != "ok" else ("", "")
        numbers = paint(f"{tokens:>{widths[0]}}  {limit:>{widths[1]}}", color, view)
        kind = f"{format_name:<{widths[2]}}  {role:<{widths[3]}}"
        lines.append(f"{numbers}  {kind}  {name}{paint(label, color, view)}")
    return lines if len(lines) > 1 else []


def _prompt_rows(listed: ListedPrompt, listing: Listing, view: View) -> Iterator[_Row]:
    """Yield a row for the verdict nearest to its limit; verbosely, one for each."""
    prompt, is_verbose = listed.prompt, view.verbosity > 0
    for number, verdict in enumerate(listed.verdicts if is_verbose else listed.verdicts[:1]):
        name = " " * 4 if number else _format_name(listed)
        name += f" [{verdict.model}]" if is_verbose and len(listed.verdicts) > 1 else ""
        shares = listing.import_shares.get((prompt, verdict.model))
        if shares and shares.imported_tokens:
            name += f" ({format_tokens(shares.imported_tokens, shares.imported_margin)} imported)"
        yield (*_number_cells(verdict), prompt.format, prompt.role, name, verdict.status)


def _format_name(listed: ListedPrompt) -> str:
    prompt = listed.prompt
    if prompt.is_group:
        return escape_line(prompt.name)
    return escape_line(prompt.path) + (f" ({escape_line(prompt.name)})" if prompt.name else "")


def _number_cells(verdict: Verdict) -> tuple[str, str]:
    limit = f"{verdict.limit:,}" if verdict.limit is not None else "-"
    return format_count(verdict.token_count), limit


def _merge_rows(prompts: Sequence[ListedPrompt]) -> _Row:
    """Return one row for the many prompts of a file: the largest, the 95th percentile, and the worst status."""
    verdicts = [listed.verdicts[0] for listed in prompts]
    largest = max(verdicts, key=count_tokens)
    p95 = sorted(verdicts, key=count_tokens)[math.ceil(0.95 * len(verdicts)) - 1]
    numbers = f"largest of {len(prompts):,}, p95 {format_count(p95.token_count)}"
    name = f"{escape_line(largest.prompt.path)} ({numbers})"
    worst = min((verdict.status for verdict in verdicts), key=list(STATUS_WORDS).index)
    return (*_number_cells(largest), largest.prompt.format, largest.prompt.role, name, worst)
