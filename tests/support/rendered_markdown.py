"""Markdown as GitHub reads it, by its own parser: what of a page is shown, and where it looks for links and mentions."""

from __future__ import annotations

import ctypes
import re
import sys
from functools import cache
from html.parser import HTMLParser
from typing import Any, NamedTuple

from cmarkgfm import _cmark, cmark  # type: ignore[import-untyped]  # it has no types

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
    reader = _Reader()
    reader.feed(_render_html(text))
    reader.close()
    return RenderedPage(reader.tags, "".join(reader.shown), "".join(reader.linkable), reader.cells)


def _render_html(text: str) -> str:
    """Do what `cmarkgfm.markdown_to_html_with_extensions` does, but free the memory: fuzzing renders millions of pages."""
    options = cmark.Options.CMARK_OPT_UNSAFE
    cmark.core_extensions_ensure_registered()
    parser = cmark.parser_new(options)
    for name in _EXTENSIONS:
        cmark.parser_attach_syntax_extension(parser, cmark.find_syntax_extension(name))
    cmark.parser_feed(parser, text)
    root = cmark.parser_finish(parser)
    page = _cmark.lib.cmark_render_html(root, options, cmark.parser_get_syntax_extensions(parser))
    html: str = _cmark.ffi.string(page).decode()
    if sys.platform == "linux":
        _load_library(None).free(_find_address(page))
        _load_library(_cmark.__file__).cmark_node_free(_find_address(root))
    cmark.parser_free(parser)
    return html


@cache
def _load_library(path: str | None) -> ctypes.CDLL:
    return ctypes.CDLL(path)


def _find_address(pointer: Any) -> ctypes.c_void_p:
    return ctypes.c_void_p(int(_cmark.ffi.cast("uintptr_t", pointer)))
