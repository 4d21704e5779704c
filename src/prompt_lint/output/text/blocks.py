"""One prompt in the text output, in full: its counts, what to do about it, and where its tokens are."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from prompt_lint.model.values import PromptVerdicts
from prompt_lint.output import phrases
from prompt_lint.output.advice import describe_remedy, describe_settlement, excess_growth
from prompt_lint.output.status_words import STATUS_WORDS, find_worst_status, shown_status
from prompt_lint.output.text.pieces import (
    BOLD,
    INDENT,
    align_columns,
    count_cells,
    format_fill,
    format_name,
    format_title,
    paint,
    status_label,
)
from prompt_lint.text.escape import escape_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from prompt_lint.model.values import Report, Section, Verdict
    from prompt_lint.output import View
    from prompt_lint.output.status_words import ShownStatus

# Parts of a prompt that are listed.
_PARTS = 10
_LOST_IMPORTS = 3


class Block(PromptVerdicts):
    """A prompt with its verdicts, and the worst status among them."""

    @cached_property
    def status(self) -> ShownStatus:
        return find_worst_status(self.verdicts)

    @property
    def worst(self) -> Verdict:
        """The verdict that has the status of the block; of several, the one that is most over its limit."""
        return max(self.with_status, key=lambda verdict: verdict.over_by)

    @property
    def with_status(self) -> list[Verdict]:
        return [verdict for verdict in self.verdicts if shown_status(verdict) == self.status]


def render_block(block: Block, report: Report, view: View, *, with_message: bool) -> Iterator[str]:
    """Yield the lines of a block, the message of its rule if `with_message`; after what fails, a blank line."""
    prompt, renamed_from = block.prompt, block.first.renamed_from
    also = f"  also {', '.join(map(escape_line, prompt.aliases))}" if prompt.aliases else ""
    renamed = f"  renamed from {escape_line(renamed_from)}" if renamed_from else ""
    yield f"{status_label(block.status, view)} {paint(format_name(prompt), BOLD, view)}{also}{renamed}"
    yield from _render_counts(block.verdicts, view)
    yield from (f"{INDENT}{line}" for line in _advice(block, report))
    if block.failing:
        yield from _render_sections(block.worst)
        message = block.worst.rule.message if with_message else ""
        yield from (f"{INDENT}{escape_line(line)}" for line in message.splitlines())
        yield ""
    elif prompt.is_group:
        yield from _render_sections(max(block.verdicts, key=lambda verdict: verdict.tokens))


def _render_counts(verdicts: Sequence[Verdict], view: View) -> Iterator[str]:
    rows = [[escape_line(verdict.model), *count_cells(verdict)] for verdict in verdicts]
    for verdict, line in zip(verdicts, align_columns(rows), strict=True):
        # What grew too much is within its limit.
        color = "" if verdict.status == "grew" else STATUS_WORDS[shown_status(verdict)].color
        fill = paint(format_fill(verdict), color, view)
        yield f"{INDENT}{line}  {fill}".rstrip()


def _advice(block: Block, report: Report) -> Iterator[str]:
    """Yield what to do next, for the model for which it is worst."""
    status, worst = block.status, block.worst
    if block.failing:
        yield describe_remedy([worst, *block.failing], report.accept_label, escape_line)
        yield from _describe_growth(worst)
    elif status == "unsure":
        yield "The limit lies inside the interval: only an exact count can tell."
        yield describe_settlement(block.with_status, report.exact_needs)
    elif status == "tighter":
        yield phrases.describe_tighter_limit(worst)
    elif status == "inherited":
        yield "It was over before this change, and isn't worse now, so it doesn't fail."
    if lost := phrases.describe_lost_imports(worst):
        yield f"It {lost}: {', '.join(map(escape_line, worst.lost_imports[:_LOST_IMPORTS]))}"
    if worst.exemption:
        yield phrases.describe_exemption(worst.exemption, has_ended=status != "exempt", escape=escape_line)


def _describe_growth(verdict: Verdict) -> Iterator[str]:
    excess = excess_growth(verdict)
    if excess and verdict.base_count and verdict.status == "grew":
        share = phrases.share_suffix(excess.growth, excess.base_tokens)
        growth = phrases.format_tokens(excess.growth, excess.margin)
        yield f"Was {phrases.format_count(verdict.base_count)}, grew by {growth}{share}: {excess.allowance}."


def _render_sections(verdict: Verdict) -> Iterator[str]:
    """Yield where the tokens of a prompt are: the sections of a file, the files of a group."""
    is_group, sections = verdict.prompt.is_group, verdict.sections
    if len(sections) > 1 or (sections and (is_group or verdict.import_shares)):
        shares = f"{phrases.describe_shares(verdict.import_shares)}. " if verdict.import_shares else ""
        yield f"{INDENT}{shares}{'Parts' if is_group else 'Largest sections'}:"
        yield from (f"{INDENT}  {line}" for line in _align_sections(sections[:_PARTS]))
    rest = sections[_PARTS:]
    if rest:
        yield f"{INDENT}  {phrases.sum_sections(rest)} in {len(rest):,} more"
    if is_group and verdict.token_count:
        added = verdict.token_count.tokens - sum(section.tokens for section in sections)
        if added > 0:
            margin = verdict.token_count.margin + sum(section.margin for section in sections)
            yield f"{INDENT}  {phrases.format_tokens(added, margin)} that the API adds around them"


def _align_sections(sections: Sequence[Section]) -> Iterator[str]:
    tokens = [phrases.format_tokens(section.tokens, section.margin) for section in sections]
    tokens_width = max(map(len, tokens))
    places = [escape_line(phrases.describe_lines(section)) for section in sections]
    place_width = max(map(len, places))
    for section, number, place in zip(sections, tokens, places, strict=True):
        title = format_title(section.title)
        yield f"{number:>{tokens_width}}  {place:<{place_width}}  {title}".rstrip()
        if len(section.import_chain) > 1:  # the prompt's own file doesn't show that it imports this one
            chain = " → ".join(map(escape_line, (*section.import_chain, section.path)))
            yield f"{'':{tokens_width}}  {chain}"
