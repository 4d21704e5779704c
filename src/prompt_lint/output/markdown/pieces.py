"""Pieces of the Markdown output: tables, names and numbers in their cells. Whatever is untrusted is escaped here."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from prompt_lint.output import phrases
from prompt_lint.text.cutting import cut_text
from prompt_lint.text.markdown_escape import escape_as_code, escape_as_text

if TYPE_CHECKING:
    from prompt_lint.model.counts import Count
    from prompt_lint.model.values import Prompt

NBSP = "\u00a0"
_CLAUDE_MODEL = re.compile(r"claude-([a-z0-9.-]{1,40})")
_LONGEST_NAME, _LONGEST_TEXT = 120, 600


def table_header(*columns: str) -> str:
    """Return the head of a table. A column that ends with `|` holds numbers."""
    names = " | ".join(column.removesuffix("|") for column in columns)
    return f"| {names} |\n|{'|'.join('--:' if column.endswith('|') else ':--' for column in columns)}|\n"


def table_row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |\n"


def format_name(prompt: Prompt) -> str:
    if prompt.is_group:
        return f"group {format_code(prompt.name)}"
    return format_code(prompt.path) + (f" {format_code(prompt.name)}" if prompt.name else "")


def format_model(name: str) -> str:
    """Return the name of a model for a cell: not broken at its hyphens, and without the prefix of all models."""
    match = _CLAUDE_MODEL.fullmatch(name)
    return match[1].replace("-", "\u2011") if match else format_code(name)


def format_count(count: Count | None, reserve: int = 0) -> str:
    return phrases.format_count(count, reserve).replace(" ", NBSP) if count else ""


def format_limit(limit: int | None) -> str:
    return f"{limit:,}" if limit else ""


def format_growth(growth: Count) -> str:
    text = phrases.format_growth(growth).replace(" ", NBSP)
    return f"**{text}**" if growth.tokens else text


def format_code(name: str) -> str:
    """Return a name as code, shortened where it is too long."""
    return escape_as_code(_shorten(name))


def format_place(path: str, line: int) -> str:
    """Return a path with its line, 0 for none, as code."""
    return escape_as_code(_shorten(path) + (f":{line}" if line else ""))


def _shorten(name: str) -> str:
    """Return a name without its middle: the end of a path says most."""
    if len(name) <= _LONGEST_NAME:
        return name
    return f"{name[: _LONGEST_NAME // 3]}…{name[-2 * _LONGEST_NAME // 3 :]}"


def format_text(text: str) -> str:
    """Return untrusted text as words, without its end where it is too long."""
    return escape_as_text(cut_text(text, _LONGEST_TEXT))
