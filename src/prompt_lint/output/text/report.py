"""`text`: the report for a person: what fails first, why, and what to do about it."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

from prompt_lint.model.values import group_by_prompt
from prompt_lint.output.advice import excess_growth
from prompt_lint.output.phrases import format_tokens
from prompt_lint.output.projects import describe_projects, describe_rest
from prompt_lint.output.status_words import STATUS_WORDS
from prompt_lint.output.text.blocks import Block, render_block
from prompt_lint.output.text.changes import render_changed, render_loosened, render_totals, render_untouched
from prompt_lint.output.text.pieces import (
    INDENT,
    count_cells,
    fit_columns,
    format_fill,
    format_short_name,
    paint,
    status_label,
)
from prompt_lint.output.text.remarks import render_counting, render_notes, render_problems
from prompt_lint.output.totals import tokens_changed
from prompt_lint.output.verdict_line import describe_verdict
from prompt_lint.text.escape import escape_line
from prompt_lint.text.plural import pluralize

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from prompt_lint.model.values import Report, Verdict
    from prompt_lint.output import View
    from prompt_lint.output.status_words import ShownStatus
    from prompt_lint.output.verdict_line import Level

# A screenful: lines for what fails, for each other status, then prompts in a line each. With -v there is no bound.
_LINES_FAILING, _LINES_OTHER, _SHORT_LINES = 30, 9, 10
_PROBLEMS, _BLOCKS_PER_FILE = 8, 3
_PROJECTS, _FOLDER_WIDTH = 10, 40

_COLORS: Mapping[Level, str] = {
    "fail": STATUS_WORDS["over"].color, "doubt": STATUS_WORDS["warn"].color, "pass": STATUS_WORDS["ok"].color,
}  # fmt: skip

# With a base, prompts of these statuses get a line each.
_BRIEF: frozenset[ShownStatus] = frozenset({"warn", "tighter", "inherited", "ok"})


def render(report: Report, view: View) -> str:
    blocks = _collect_blocks(report, view)
    is_brief = report.base is not None and view.verbosity == 0
    brief = [block for block in blocks if is_brief and block.status in _BRIEF]
    full = [block for block in blocks if not is_brief or block.status not in _BRIEF]
    lines = render_problems(report.problems, view, _PROBLEMS)
    for _, entries in groupby(_limit_by_file(full, view), lambda entry: entry.group):
        lines += _render_entries(list(entries), report, view)
    lines += render_loosened(report, view)
    if view.verbosity >= 0:
        lines += render_changed(report, [block for block in brief if block.has_changed], view)
        lines += render_untouched([block for block in brief if not block.has_changed], view)
    if (
        view.verbosity >= 0
        or report.requests_failed
        or any(verdict.is_disputed for verdict in report.verdicts)
    ):
        lines += render_notes(report, view)
    lines += _render_end(report, view)
    return "".join(f"{line}\n" for line in lines)


# ---------------------------------------------------------------------------------------------------------
# Which prompts are shown


def _collect_blocks(report: Report, view: View) -> list[Block]:
    """Return the prompts to show, the worst first."""
    shown: dict[ShownStatus, list[Block]] = {status: [] for status in STATUS_WORDS}
    for block in map(Block._make, group_by_prompt(report.verdicts)):
        if _is_shown(block, report, view):
            shown[block.status].append(block)
    return [block for blocks in shown.values() for block in sorted(blocks, key=_sort_key)]


def _sort_key(block: Block) -> tuple[int, bool, int, str]:
    """Sort what is most over its limit first, then what changed most."""
    over_by = max(verdict.over_by for verdict in block.verdicts)
    return -over_by, not block.has_changed, -max(map(tokens_changed, block.verdicts)), block.prompt.path


def _is_shown(block: Block, report: Report, view: View) -> bool:
    if block.status == "uncounted":  # its problem is shown, with the reason
        return view.verbosity > 0 and any(verdict.token_count for verdict in block.verdicts)
    if block.failing or view.verbosity > 0:
        return True
    if view.verbosity < 0:
        return False
    if report.base and block.status in {"ok", "warn"}:
        return block.has_changed
    return block.status != "ok"


class _Entry(NamedTuple):
    """A block that is shown, and the rest of its file and status, which is only counted."""

    block: Block
    rest: Sequence[Block]

    @property
    def group(self) -> ShownStatus:
        """The status with which it is listed: what grew too much is listed with what is over."""
        return "over" if self.block.failing else self.block.status


def _limit_by_file(blocks: Sequence[Block], view: View) -> Iterator[_Entry]:
    """Yield the worst blocks of each status in each file, the last of them with the rest: a batch may have 100,000."""
    by_file: dict[tuple[str, ...], list[Block]] = {}
    for block in blocks:
        by_file.setdefault(_file_key(block, view), []).append(block)
    positions = dict.fromkeys(by_file, 0)
    for block in blocks:
        key = _file_key(block, view)
        positions[key] += 1
        if positions[key] <= _BLOCKS_PER_FILE:
            is_last = positions[key] == _BLOCKS_PER_FILE
            yield _Entry(block, by_file[key][_BLOCKS_PER_FILE:] if is_last else [])


def _file_key(block: Block, view: View) -> tuple[str, ...]:
    prompt = block.prompt
    # Groups have the configuration for their path, and not much else in common.
    is_alone = view.verbosity > 0 or prompt.is_group
    return (block.status, prompt.path, *([prompt.name] if is_alone else []))


# ---------------------------------------------------------------------------------------------------------
# How they are shown


def _render_entries(entries: Sequence[_Entry], report: Report, view: View) -> list[str]:
    """Return the first entries in full, as many as there is room for; the others in a line each."""
    room = _LINES_FAILING if entries[0].block.failing else _LINES_OTHER
    lines: list[str] = []
    messages: set[str] = set()  # of rules: each is shown once
    for number, (block, rest) in enumerate(entries):
        message = block.worst.rule.message
        entry = list(render_block(block, report, view, with_message=message not in messages))
        entry += _render_rest(rest, view)
        if number and len(lines) + len(entry) > room and view.verbosity <= 0:
            return [*lines, *_render_briefly(entries[number:], view)]
        messages.add(message)
        lines += entry
    return lines


def _render_rest(rest: Sequence[Block], view: View) -> Iterator[str]:
    if not rest:
        return
    status, prompts = rest[0].status, pluralize(len(rest), "more prompt")
    worst = max(verdict.over_by for verdict in rest[0].verdicts)
    over = f", {'up to ' if len(rest) > 1 else ''}{worst:,} over" if status == "over" else ""
    yield f"{status_label(status, view)} {escape_line(rest[0].prompt.path)}: {prompts}{over} (all with -v)"
    if status == "over":
        yield ""


def _render_briefly(entries: Sequence[_Entry], view: View) -> Iterator[str]:
    """Yield a line each for the first entries, about the model for which it is worst; and how many are left."""
    blocks = [entry.block for entry in entries[:_SHORT_LINES]]
    has_several_models = any(len(block.verdicts) > 1 for block in blocks)
    rows = [
        [
            format_short_name(block.prompt),
            *([escape_line(block.worst.model)] if has_several_models else []),
            *count_cells(block.worst),
            _describe_excess(block.worst),
        ]
        for block in blocks
    ]
    for block, line in zip(blocks, fit_columns(rows, view), strict=True):
        yield f"{status_label(block.status, view)} {line}".rstrip()
    left = sum(1 + len(entry.rest) for entry in entries) - len(blocks)
    yield f"{INDENT}and {left:,} more (all with -v)" if left else f"{INDENT}(in full with -v)"
    if any(block.failing for block in blocks):
        yield ""


def _describe_excess(verdict: Verdict) -> str:
    """Return by how much a prompt grew too much, or else is over its limit."""
    excess = excess_growth(verdict) if verdict.status == "grew" else None
    return f"{format_tokens(excess.tokens, excess.margin)} too much" if excess else format_fill(verdict)


def _render_end(report: Report, view: View) -> Iterator[str]:
    """Yield what the change costs, who counted, and the verdict, also by project; quietly, only verdicts that fail."""
    verdict = describe_verdict(report, format_short_name)
    if view.verbosity >= 0:
        if report.base and (report.verdicts or report.problems or report.removed):
            yield from render_totals(report)
        yield from render_counting(report)
    yield from _render_projects(report, view)
    if view.verbosity >= 0 or verdict.level == "fail":
        yield paint(verdict.text, _COLORS[verdict.level], view)


def _render_projects(report: Report, view: View) -> Iterator[str]:
    """Yield a line for each of several projects, and how many are left; quietly, only those that fail."""
    projects = describe_projects(report, format_short_name)
    if view.verbosity < 0:
        projects = [project for project in projects if project.verdict.level == "fail"]
    if not projects:
        return
    shown = projects if view.verbosity > 0 else projects[:_PROJECTS]
    folders = [escape_line(project.folder) for project in shown]
    width = min(_FOLDER_WIDTH, max(map(len, folders)))
    yield "By project:"
    for folder, (_, verdict) in zip(folders, shown, strict=True):
        yield f"{INDENT}{folder:<{width}}  {paint(verdict.text, _COLORS[verdict.level], view)}"
    if len(projects) > len(shown):
        yield f"{INDENT}and {describe_rest(projects[len(shown) :])} (all with -v)"
