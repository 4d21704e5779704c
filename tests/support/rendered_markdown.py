"""Markdown as GitHub reads it: what of a page is shown, and where it looks for links and mentions."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from markdown_it import MarkdownIt

if TYPE_CHECKING:
    from collections.abc import Iterator

    from markdown_it.token import Token

# With tables and strikethrough, and HTML that comes through.
PARSER = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])

# What GitHub and GitLab make a link of in what is shown, outside of code.
LINKING = re.compile(
    r"://|\bwww\.|[@#!&~%$][A-Za-z0-9]|\bGH-\d|:[\w+-]+:|\b[0-9a-f]{40}\b", re.ASCII | re.IGNORECASE
)


def parse_tokens(text: str) -> Iterator[Token]:
    """Yield the blocks of a page and what is in them."""
    for token in PARSER.parse(text):
        yield token
        yield from token.children or ()


def read_shown(text: str) -> str:
    """Return what a reader sees of a line; code without its marks."""
    parts = []
    for token in parse_tokens(text):
        if token.type in {"text", "code_inline"}:
            parts.append(token.content)
        elif token.type == "softbreak":
            parts.append("\n")
    return "".join(parts)


def read_linkable(text: str) -> str:
    """Return what is outside of code, where mentions and links are looked for."""
    depth, parts = 0, []
    for token in parse_tokens(text):
        if token.type == "html_inline":
            depth += {"<code>": 1, "</code>": -1}.get(token.content, 0)
            parts.append("\0")
        elif token.type == "text" and not depth:
            parts.append(token.content)
        elif token.type != "text_special":
            parts.append("\0")
    return "".join(parts)
