"""What `init` found, for a person: a table of kinds, what Claude Code loads at its start, and what is left out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prompt_lint.output.phrases import format_count
from prompt_lint.output.text.pieces import align_columns
from prompt_lint.text.cutting import cut_path
from prompt_lint.text.escape import escape_line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from prompt_lint.cli.init.proposal import KindSummary, Proposal

_MAX_LEFT_OUT = 10
_MAX_PARTS = 5
_PATH_WIDTH = 60


def render_kinds(proposal: Proposal, model: str) -> str:
    """Return a table of the kinds, with the tokens of all their prompts, and the largest of each."""
    rows = [("kind", "files", "tokens", "largest prompt", ""), *map(_make_row, proposal.kinds)]
    lines = [line.rstrip() for line in align_columns(rows, left=(0, 4))]
    lines.append(f"Tokens are those of {escape_line(model)}, counted offline; ~ is an estimate.")
    return "".join(f"{line}\n" for line in lines)


def render_loaded(proposal: Proposal) -> str:
    """Return what Claude Code loads at the start of a session, and what that comes to; "" for nothing."""
    return "".join(f"{line}\n" for line in _describe_loaded(proposal))


def render_left_out(proposal: Proposal) -> str:
    """Return the files and rules that are left out, the first of them."""
    remarks = list(proposal.remarks)
    lines = remarks[:_MAX_LEFT_OUT]
    if len(remarks) > _MAX_LEFT_OUT:
        lines.append(f"left out: {len(remarks) - _MAX_LEFT_OUT:,} more, as the configuration says")
    return "".join(f"{line}\n" for line in lines)


def _make_row(kind: KindSummary) -> tuple[str, str, str, str, str]:
    tokens = f"~{kind.tokens:,}"
    prompt, count = kind.largest.prompt, kind.largest.token_count
    path = cut_path(escape_line(prompt.path), _PATH_WIDTH)
    name = f" ({escape_line(prompt.name)})" if prompt.name else ""
    return kind.title, f"{kind.files:,}", tokens, format_count(count) if count else "", f"{path}{name}"


def _describe_loaded(proposal: Proposal) -> Iterator[str]:
    if not proposal.loaded:
        return
    yield f"Claude Code loads {format_count(proposal.loaded)} tokens at the start of each session here:"
    parts = sorted(proposal.loaded_parts, key=lambda part: -part.tokens)
    rest = parts[_MAX_PARTS:]
    rows = [(f"~{part.tokens:,}", escape_line(part.path or part.title)) for part in parts[:_MAX_PARTS]]
    if rest:
        rows.append((f"~{sum(part.tokens for part in rest):,}", f"in {len(rest):,} more"))
    yield from (f"  {line}" for line in align_columns(rows, left=(1,)))
