"""Markdown as GitHub reads it, by its own parser: what of a page is shown, and where it looks for links and mentions."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import NamedTuple

import cmarkgfm  # type: ignore[import-untyped]  # it has no types
from cmarkgfm.cmark import Options  # type: ignore[import-untyped]  # it has no types

# What GitHub and GitLab make a link of in what is shown, outside of code.
LINKING = re.compile(
    r"://|\bwww\.|[@#!&~%$][A-Za-z0-9]|\bGH-\d|:[\w+-]+:|\b[0-9a-f]{40}\b", re.ASCII | re.IGNORECASE
)
# The elements that pages of ours are made of; a fence of Mermaid is `code class`.
ELEMENTS = frozenset(
    ("h2", "h3", "h4", "p", "br", "sub", "details", "summary", "table", "thead", "tbody", "tr", "th", "td", "ul", "li",
     "code", "strong", "em", "pre", "code class")
)  # fmt: skip
_EXTENSIONS = ["table", "autolink", "strikethrough", "tasklist"]


class RenderedPage(NamedTuple):
    """A page as a browser gets it, before GitHub removes HTML that it doesn't allow.

    `tags` are the names of all elements in their order, `shown` is what a reader sees, `linkable` what of it is outside of
    code, with NUL for what isn't and for elements. `cells` are the texts of a table's cells, row by row.
    """

    tags: list[str]
    shown: str
    linkable: str
    cells: list[list[str]]


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.shown: list[str] = []
        self.linkable: list[str] = []
        self.cells: list[list[str]] = []
        self.depth = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs if name not in {"align", "start"}]
        self.tags.append(f"{tag} {' '.join(names)}".strip())
        self.depth += tag == "code"
        self.linkable.append("\0")
        if tag == "tr":
            self.cells.append([])
        elif tag in {"td", "th"} and self.cells:
            self.cells[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        self.depth -= tag == "code"

    def handle_data(self, data: str) -> None:
        self.shown.append(data)
        self.linkable.append("\0" if self.depth else data)
        if self.cells and self.cells[-1]:
            self.cells[-1][-1] += data


def render_page(text: str) -> RenderedPage:
    """Return what cmark-gfm makes of a page."""
    html = cmarkgfm.markdown_to_html_with_extensions(text, Options.CMARK_OPT_UNSAFE, _EXTENSIONS)
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return RenderedPage(reader.tags, "".join(reader.shown), "".join(reader.linkable), reader.cells)
