"""What Claude Code loads at the start of a session as HTML: a bar of its parts, and a table of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from prompt_lint.model.models import find_model
from prompt_lint.output.html_page import render_table
from prompt_lint.output.phrases import format_count, format_tokens
from prompt_lint.output.text.pieces import format_share
from prompt_lint.text.html_escape import escape_html
from prompt_lint.text.plural import pluralize

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from prompt_lint.model.values import Section, Verdict

_COLORS = 4


class _Part(NamedTuple):
    """A file, or the files of a folder in .claude."""

    name: str
    sections: list[Section]

    @property
    def tokens(self) -> int:
        return sum(section.tokens for section in self.sections)

    @property
    def margin(self) -> int:
        return sum(section.margin for section in self.sections)


def draw_session_start(verdict: Verdict | None) -> tuple[list[str], str]:
    """Return the lines of HTML and their style sheet, for the sum of what is loaded; nothing for None."""
    if verdict is None:
        return [], ""
    parts = _list_parts(verdict.sections)
    style = "".join(f"#p{number}{{flex-grow:{part.tokens}}}\n" for number, part in enumerate(parts))
    return list(_render(verdict, parts)), style


def _list_parts(sections: Iterable[Section]) -> list[_Part]:
    parts: dict[str, _Part] = {}
    for section in sections:
        folders = section.path.split("/")
        is_in_folder = folders[0] == ".claude" and len(folders) > 2
        name = f".claude/{folders[1]}/" if is_in_folder else section.path
        parts.setdefault(name, _Part(name, [])).sections.append(section)
    return sorted(parts.values(), key=lambda part: -part.tokens)


def _render(verdict: Verdict, parts: Sequence[_Part]) -> Iterator[str]:
    yield '<section class="card"><h2>What Claude Code loads at the start of a session</h2>'
    yield f"<p>{escape_html(_describe_sum(verdict))}</p>"
    segments = "".join(
        f'<i class="part{number % _COLORS}" id="p{number}">{number + 1}</i>' for number in range(len(parts))
    )
    yield f'<div class="stack" aria-hidden="true">{segments}</div>'
    total = sum(part.tokens for part in parts)
    rows = [
        [
            f'<i class="key part{number % _COLORS}">{number + 1}</i>{escape_html(_describe_part(part))}',
            format_tokens(part.tokens, part.margin),
            format_share(part.tokens, total),
        ]
        for number, part in enumerate(parts)
    ]
    yield from render_table(["part", "tokens", "share"], rows, "parts")
    yield "</section>"


def _describe_sum(verdict: Verdict) -> str:
    count = f"{format_count(verdict.token_count)} tokens" if verdict.token_count else ""
    known = find_model(verdict.model)
    if not known or not verdict.token_count:
        return f"{count} for {verdict.model}."
    share = f"{100 * verdict.token_count.tokens / known.context_window:.2g}%"
    return f"{count}: {share} of the context window of {verdict.model}, which has {known.context_window:,}."


def _describe_part(part: _Part) -> str:
    first = part.sections[0]
    if part.name == first.path:
        return part.name + (f" ({first.title})" if first.title else "")
    title = f"{first.title} of " if first.title == "metadata" else ""
    return f"{part.name} ({title}{pluralize(len(part.sections), 'file')})"
