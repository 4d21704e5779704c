"""Untrusted text in HTML: in an element or a quoted attribute."""

from __future__ import annotations

from html import escape

from prompt_lint.text.escape import escape_line


def escape_html(text: str) -> str:
    """Return `text` as one printable line in which a browser finds no markup."""
    return escape_markup(escape_line(text))


def escape_markup(line: str) -> str:
    """Return a line that is printable already, without what a browser takes for markup."""
    return escape(line, quote=True)
