"""A page in one file: a style sheet, tables and alerts. No script runs in it, and it loads nothing; a policy says so to the browser."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from pathlib import Path
from typing import TYPE_CHECKING

from prompt_lint.text.html_escape import escape_html

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from prompt_lint.model.values import Problem

_STYLE = Path(__file__).with_name("page.css")


def render_page(title: str, body: str, own_style: str) -> str:
    """Return the page. `body` is HTML already; `own_style` comes behind the style sheet of all pages."""
    style = _STYLE.read_text(encoding="utf-8") + own_style
    digest = b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta name="color-scheme" content="light dark">
<title>{escape_html(title)}</title>
<style>{style}</style>
</head>
<body>
<main>
{body}
</main>
</body>
</html>
"""


def render_table(head: Sequence[str], rows: Iterable[Sequence[str]], kind: str = "") -> Iterator[str]:
    """Yield the lines of a table. `rows` are HTML already."""
    columns = "".join(f"<th>{escape_html(column)}</th>" for column in head)
    yield f'<div class="wide"><table class="{kind}"><thead><tr>{columns}</tr></thead><tbody>'
    yield from (f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    yield "</tbody></table></div>"


def render_problem(problem: Problem) -> str:
    line = f":{problem.line}" if problem.line else ""
    place = f"{escape_html(problem.path)}{line}: " if problem.path else ""
    hint = f"<br>{escape_html(problem.hint)}" if problem.hint else ""
    return f'<p class="alert bad"><b>Error</b> {place}{escape_html(problem.message)}{hint}</p>'
