"""What a change did, in the text output: limits that it loosened, prompts that changed, and the sums."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from prompt_lint.model.counts import EMPTY_COUNT, subtract_counts
from prompt_lint.output import phrases
from prompt_lint.output.phrases import format_count, percent_of_limit
from prompt_lint.output.status_words import STATUS_WORDS, loosening_words, shown_status
from prompt_lint.output.text.pieces import (
    BOLD,
    INDENT,
    align_columns,
    count_cells,
    fit_columns,
    format_name,
    paint,
    paint_label,
    status_label,
)
from prompt_lint.output.totals import (
    describe_group_growth,
    describe_growth_cost,
    describe_incomparable,
    total_by_model,
)
from prompt_lint.text.escape import escape_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from prompt_lint.model.values import Report, Verdict
    from prompt_lint.output import View
    from prompt_lint.output.status_words import ShownStatus
    from prompt_lint.output.text.blocks import Block
    from prompt_lint.output.totals import Total

# Lines of what changed and doesn't fail, and prompts that were over before.
_ROWS = 20


def render_loosened(report: Report, view: View) -> Iterator[str]:
    """Yield what this change allows and the base didn't; quietly, only where that fails."""
    fails = report.on_raise == "fail"
    if not report.loosened or (view.verbosity < 0 and not fails):
        return
    for loosening, models in phrases.merge_loosenings(report):
        words = loosening_words(loosening, report.on_raise)
        subject = paint(escape_line(loosening.subject), BOLD, view)
        line = f":{loosening.line}" if loosening.line else ""
        place = f"{escape_line(loosening.config_path)}{line}"
        yield f"{paint_label(words.label, words.color, view)} {subject}  {place}"
        for_models = f" for {', '.join(map(escape_line, models))}" if models else ""
        yield f"{INDENT}{escape_line(phrases.describe_loosening(loosening))}{for_models}"
    if reason := phrases.describe_on_raise(report, escape_line):
        yield f"{INDENT}{reason}"
    if fails:
        yield ""


class _Row(NamedTuple):
    """A prompt that changed and doesn't fail, for one model."""

    label: str
    color: str
    name: str
    model: str
    cells: Sequence[str]
    remark: str = ""


def render_changed(report: Report, blocks: Sequence[Block], view: View) -> Iterator[str]:
    """Yield a line for each prompt that changed or is gone; where there are several models, a line for each."""
    rows = [_changed_row(block, verdict) for block in blocks for verdict in block.verdicts]
    for removed in report.removed:
        name, growth = format_name(removed.prompt), subtract_counts(EMPTY_COUNT, removed.base_count)
        cells = [format_count(removed.base_count), phrases.format_growth(growth), "", ""]
        rows.append(_Row("removed", "", name, escape_line(removed.model), cells))
    shown = rows if view.verbosity > 0 else rows[:_ROWS]
    if len({row.model for row in rows}) > 1:
        yield from _render_by_model(shown, view)
    else:
        reserved = max((len(row.remark) for row in shown), default=0)
        lines = fit_columns([[row.name, *row.cells] for row in shown], view, reserved)
        for row, line in zip(shown, lines, strict=True):
            yield f"{paint_label(row.label, row.color, view)} {line}{row.remark}".rstrip()
    if len(rows) > len(shown):
        yield f"{INDENT}and {len(rows) - len(shown):,} more that changed (all with -v)"


def _changed_row(block: Block, verdict: Verdict) -> _Row:
    label = str(verdict.change)
    if verdict.change == "changed" and verdict.growth:
        label = "shrank" if verdict.growth < 0 else "larger"
    cells = [*count_cells(verdict), percent_of_limit(verdict)]
    color, remark = STATUS_WORDS[block.status].color, STATUS_WORDS[shown_status(verdict)].remark
    if lost := phrases.describe_lost_imports(verdict):
        remark += f", {lost}"
    return _Row(label, color, format_name(verdict.prompt), escape_line(verdict.model), cells, remark)


def _render_by_model(rows: Sequence[_Row], view: View) -> Iterator[str]:
    last = ""
    for row, line in zip(rows, align_columns([[row.model, *row.cells] for row in rows]), strict=True):
        if row.name != last:
            yield f"{paint_label(row.label, row.color, view)} {row.name}"
        last = row.name
        yield f"{INDENT}{line}{row.remark}".rstrip()


def render_untouched(blocks: Sequence[Block], view: View) -> Iterator[str]:
    """Yield a block of the prompts over a new or lower limit, and one of those that were over before.

    This change touched none of them.
    """
    sentences: Mapping[ShownStatus, str] = {
        "tighter": "over a limit that this change added or lowered; they haven't changed, so they don't fail:",
        "inherited": "over their limits before this change, too, and not larger now, so they don't fail:",
    }
    for status, sentence in sentences.items():
        of_status = [block for block in blocks if block.status == status]
        if of_status:
            yield f"{status_label(status, view)} {sentence}"
            yield from _render_rows(of_status, view)


def _render_rows(blocks: Sequence[Block], view: View) -> Iterator[str]:
    """Yield a line for each prompt and model that is over its limit; the model is named where there are several."""
    has_several_models = any(len(block.verdicts) > 1 for block in blocks)
    rows = []
    for verdict in (verdict for block in blocks[:_ROWS] for verdict in block.verdicts):
        if verdict.is_preexisting:
            count, _, limit = count_cells(verdict)
            model = [escape_line(verdict.model)] if has_several_models else []
            rows.append([format_name(verdict.prompt), *model, count, limit, percent_of_limit(verdict)])
    yield from (f"{INDENT}{line}" for line in fit_columns(rows, view))
    if len(blocks) > _ROWS:
        yield f"{INDENT}and {len(blocks) - _ROWS:,} more (all with -v)"


def render_totals(report: Report) -> Iterator[str]:
    """Yield what the change costs: in a line, or with one for each of several models; and how groups changed."""
    totals, incomparable = total_by_model(report), describe_incomparable(report)
    compared = f"Compared with {escape_line(report.base.description)}" if report.base else ""
    suffix = incomparable and f", {incomparable}"
    if incomparable and not any(total.before.tokens or total.after.tokens for total in totals):
        yield f"{compared}: nothing to add up{suffix}."
    elif len(totals) == 1:
        growth = _describe_growth(totals[0], incomparable)
        parts = filter(None, [growth, describe_growth_cost(totals, report), _format_both(totals[0])])
        yield f"{compared}: {', '.join(parts)}{suffix}."
    elif totals:
        yield f"{compared}{suffix}:"
        rows = [
            [
                escape_line(total.model), _format_both(total), _describe_growth(total, incomparable),
                describe_growth_cost([total], report),
            ]
            for total in totals
        ]  # fmt: skip
        yield from (f"{INDENT}{line}".rstrip() for line in align_columns(rows))
    if groups := describe_group_growth(report):
        yield f"{groups} (groups aren't added to the total)."


def _format_both(total: Total) -> str:
    return f"{format_count(total.before)} → {format_count(total.after)}"


def _describe_growth(total: Total, incomparable: str) -> str:
    """Return the growth of a total; with something left out, which may have changed, it isn't called the same."""
    growth = total.growth
    if not growth.tokens and not growth.margin and not incomparable:
        return "the same total"
    share = phrases.share_suffix(growth.tokens, total.before.tokens) if growth.tokens else ""
    return f"{phrases.format_growth(growth)} tokens{share}"
