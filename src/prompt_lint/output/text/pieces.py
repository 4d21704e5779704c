"""Pieces of the text output: painted labels, names of prompts, cells and columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prompt_lint.output import phrases
from prompt_lint.output.status_words import STATUS_WORDS
from prompt_lint.text.cutting import cut_text
from prompt_lint.text.escape import escape_line

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from prompt_lint.model.counts import Count
    from prompt_lint.model.values import Prompt, Verdict
    from prompt_lint.output import View
    from prompt_lint.output.status_words import ShownStatus

# As wide as a label and a space.
INDENT = " " * 10
BOLD = "1"
_TITLE_WIDTH = 48


def paint(text: str, color: str, view: View) -> str:
    """Return `text` in a colour, given as the parameters of its escape sequence, if the view has colours."""
    return f"\x1b[{color}m{text}\x1b[0m" if view.color and color and text else text


def paint_label(label: str, color: str, view: View) -> str:
    """Return the first word of a line, as wide as the widest."""
    return paint(f"{label:<{len(INDENT) - 1}}", color, view)


def status_label(status: ShownStatus, view: View) -> str:
    """Return the word for a status that begins a line."""
    words = STATUS_WORDS[status]
    return paint_label(words.label, words.color, view)


def format_name(prompt: Prompt) -> str:
    """Return what a prompt is called, with its place for a group."""
    if prompt.is_group:
        return f"{escape_line(prompt.name)} (group, {escape_line(prompt.path)}:{prompt.line})"
    return join_name(prompt.path, prompt.name)


def join_name(path: str, name: str) -> str:
    """Return the path of a file, and which of its prompts is meant; `name` is empty for a file with one prompt."""
    return escape_line(path) + (f" ({escape_line(name)})" if name else "")


def format_short_name(prompt: Prompt) -> str:
    return f"{escape_line(prompt.name)} (group)" if prompt.is_group else format_name(prompt)


def format_title(title: str) -> str:
    """Return the title of a section, shortened where it is too long for a line."""
    return cut_text(escape_line(title), _TITLE_WIDTH)


def format_count(count: Count | None, reserve: int = 0) -> str:
    return phrases.format_count(count, reserve) if count else "not counted"


def count_cells(verdict: Verdict) -> list[str]:
    """Return the cells for tokens, growth and limit; the growth is empty without a base."""
    limit = "no limit" if verdict.limit is None else f"of {verdict.limit:,}"
    return [format_count(verdict.token_count, verdict.rule.reserve), growth_cell(verdict), limit]


def format_share(tokens: int, total: int) -> str:
    """Return `12%`; "" where the total is 0."""
    return f"{100 * tokens / total:.0f}%" if total else ""


def growth_cell(verdict: Verdict) -> str:
    """Return by how much a prompt grew; `new`, `same`, `?` where that isn't known, and "" without a base."""
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


def align_columns(rows: Sequence[Sequence[str]], left: Collection[int] = (0,)) -> Iterator[str]:
    """Yield a line for each row: columns of `left` from the left, the others to the right.

    A column without cells is left out, and a last one of `left` isn't filled up.
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    columns = [
        (number, "<" if number in left else ">", 0 if number in left and number == len(widths) - 1 else width)
        for number, width in enumerate(widths)
        if width
    ]
    for row in rows:
        yield "  ".join(f"{row[number]:{side}{width}}" for number, side, width in columns)


def fit_columns(rows: Sequence[Sequence[str]], view: View, reserved: int = 0) -> Iterator[str]:
    """Yield aligned lines to follow a label, with `reserved` columns left at their ends.

    Nothing is cut: where a name in the first column leaves no room for the others in the width of the view, they are on
    a line below it.
    """
    cells = [f"  {line}" for line in align_columns([cells for _, *cells in rows], ())]
    taken = len(INDENT) + reserved + max(map(len, cells), default=0)
    room = None if view.width is None else view.width - taken
    fitting = [len(name) for name, *_ in rows if room is None or len(name) <= room]
    width = max(fitting, default=0)
    for (name, *_), cell in zip(rows, cells, strict=True):
        break_line = "" if room is None or len(name) <= room else f"\n{INDENT}{'':<{width}}"
        yield f"{name}{break_line}{cell}" if break_line else f"{name:<{width}}{cell}"
