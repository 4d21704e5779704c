"""Pieces of the text output: painted labels, names of prompts, cells and columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prompt_lint.output import phrases
from prompt_lint.output.status_words import STATUS_WORDS
from prompt_lint.text.escape import escape_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from prompt_lint.model.counts import Count
    from prompt_lint.model.values import Prompt, Verdict
    from prompt_lint.output import View
    from prompt_lint.output.status_words import ShownStatus

# As wide as a label and a space.
INDENT = " " * 8
BOLD = "1"
_WIDTH = 80
_NARROWEST_NAME = 12
_GROUP = " (group"
_TITLE_WIDTH = 48


def paint(text: str, color: str, view: View) -> str:
    """Return `text` in a colour, given as the parameters of its escape sequence, if the view has colours."""
    return f"\x1b[{color}m{text}\x1b[0m" if view.color and color and text else text


def paint_label(label: str, color: str, view: View) -> str:
    """Return the first word of a line, as wide as the widest."""
    return paint(f"{label:<7}", color, view)


def status_label(status: ShownStatus, view: View) -> str:
    """Return the word for a status that begins a line."""
    words = STATUS_WORDS[status]
    return paint_label(words.label, words.color, view)


def format_name(prompt: Prompt) -> str:
    """Return what a prompt is called, with its place for a group."""
    if prompt.is_group:
        return f"{escape_line(prompt.name)} (group, {escape_line(prompt.path)}:{prompt.line})"
    return escape_line(prompt.path) + (f" ({escape_line(prompt.name)})" if prompt.name else "")


def format_short_name(prompt: Prompt) -> str:
    return f"{escape_line(prompt.name)} (group)" if prompt.is_group else format_name(prompt)


def format_title(title: str) -> str:
    """Return the title of a section, shortened where it is too long for a line."""
    text = escape_line(title)
    return text if len(text) <= _TITLE_WIDTH else text[: _TITLE_WIDTH - 1] + "…"


def format_count(count: Count | None) -> str:
    return phrases.format_count(count) if count else "not counted"


def count_cells(verdict: Verdict) -> list[str]:
    """Return the cells for tokens, growth and limit; the growth is empty without a base."""
    limit = "no limit" if verdict.limit is None else f"of {verdict.limit:,}"
    return [format_count(verdict.token_count), _format_growth(verdict), limit]


def _format_growth(verdict: Verdict) -> str:
    if verdict.change in {"", "new"}:
        return str(verdict.change)
    growth = verdict.growth_count
    if growth is None:
        return "?"
    return phrases.format_growth(growth) if growth.tokens or growth.margin else "same"


def format_fill(verdict: Verdict) -> str:
    """Return by how much the prompt is over its limit, and how full that is."""
    percent = phrases.percent_of_limit(verdict)
    return f"{verdict.over_by:,} over ({percent})" if verdict.status == "over" else percent


def align_columns(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Yield a line for each row: the first column from the left, the others to the right, without empty columns."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for first, *rest in rows:
        cells = [f"{cell:>{width}}" for cell, width in zip(rest, widths[1:], strict=True) if width]
        yield "  ".join([f"{first:<{widths[0]}}", *cells])


def _shorten_name(name: str, room: int) -> str:
    """Return a name of `format_name` in at most `room` characters: the end of a path, and the beginning of a group's name."""
    if len(name) <= room:
        return name
    place = name.rfind(_GROUP)
    if place < 0 or not name.endswith(")"):
        return f"…{name[1 - room :]}"
    end = f"{_GROUP})"
    return name[:place] + end if place + len(end) <= room else f"{name[: room - len(end) - 1]}…{end}"


def fit_columns(rows: Sequence[Sequence[str]], reserved: int = 0) -> Iterator[str]:
    """Yield aligned lines that fit a terminal behind a label, with `reserved` characters left at their ends.

    Names in the first column are shortened.
    """
    widths = [max(map(len, column)) for column in zip(*(cells for _, *cells in rows), strict=True)]
    room = max(_WIDTH - len(INDENT) - reserved - sum(width + 2 for width in widths if width), _NARROWEST_NAME)
    names = [_shorten_name(name, room) for name, *_ in rows]
    return align_columns([[name, *cells] for name, (_, *cells) in zip(names, rows, strict=True)])
