"""Shows Markdown about as GitHub does: `python tools/preview.py FILE.md PAGE.html [light|dark]`."""

from __future__ import annotations

import sys
from pathlib import Path

from markdown_it import MarkdownIt

# Colours and sizes near those of GitHub's pages; the rest is what a browser does.
_COLORS = {
    "light": {"text": "#1f2328", "back": "#ffffff", "quiet": "#59636e", "line": "#d1d9e0", "stripe": "#f6f8fa",
              "code": "#818b981f"},
    "dark": {"text": "#f0f6fc", "back": "#0d1117", "quiet": "#9198a1", "line": "#3d444d", "stripe": "#151b23",
             "code": "#656c7633"},
}  # fmt: skip
_STYLE = """
:root {{ color-scheme: {scheme} }}
body {{ margin: 0; padding: 24px; max-width: {width}px; color: {text}; background: {back};
  font: 14px/1.5 "Noto Sans", "Liberation Sans", Helvetica, Arial, sans-serif, "Noto Color Emoji"; overflow-wrap: break-word }}
h3 {{ font-size: 1.25em; margin: 0 0 16px; line-height: 1.25 }}
h4 {{ font-size: 1em; margin: 24px 0 16px; line-height: 1.25 }}
p, ul, ol, table, details {{ margin: 0 0 16px }}
ul {{ padding-left: 2em }} li > ul {{ margin: 0 }} li + li {{ margin-top: .25em }}
table {{ display: block; width: max-content; max-width: 100%; overflow: auto; border-collapse: collapse }}
th, td {{ border: 1px solid {line}; padding: 6px 13px }}
tr:nth-child(2n) td {{ background: {stripe} }}
th {{ font-weight: 600 }}
code {{ font: 85% "DejaVu Sans Mono", Menlo, Consolas, monospace; background: {code}; border-radius: 6px; padding: .2em .4em;
  white-space: break-spaces }}
summary {{ cursor: pointer }} sub {{ font-size: 75%; line-height: 0; vertical-align: baseline; bottom: -.25em; position: relative }}
"""


def render_page(markdown: str, scheme: str = "light", *, width: int = 900) -> str:
    """Return a whole HTML page."""
    style, body = render_style(scheme, width), render_body(markdown)
    return f'<!doctype html><html lang="en"><meta charset="utf-8"><style>{style}</style><body>{body}</body></html>\n'


def render_style(scheme: str, width: int, more: str = "") -> str:
    """Return the style sheet, and behind it `more` with the same colours filled in."""
    return f"{_STYLE}{more}".format(scheme=scheme, width=width, **_COLORS[scheme])


def render_body(markdown: str) -> str:
    return str(MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).render(markdown))


if __name__ == "__main__":
    source, target, *scheme = sys.argv[1:]
    page = render_page(Path(source).read_text(encoding="utf-8"), *scheme)
    Path(target).write_text(page, encoding="utf-8")
