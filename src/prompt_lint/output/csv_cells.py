"""Cells of CSV that a spreadsheet takes for text, and the table of what ended a run."""

from __future__ import annotations

import csv
import io
import re
from typing import TYPE_CHECKING

from prompt_lint.text.escape import escape_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from prompt_lint.model.values import Problem

# Where a spreadsheet would see a formula: `=`, `+`, `-`, `@` and all that Unicode's compatibility forms make one of them
# (full width, small, raised, lowered), or the minus sign; at the start, or where a semicolon parts cells as in half of Europe.
# Tabs, carriage returns and newlines are escaped before.
_FORMULA = re.compile(
    r"(\A|;)(?=\s*[-=+@\u2212\u207a-\u207c\u208a-\u208c\ufb29\ufe62\ufe63\ufe66\ufe6b\uff0b\uff0d\uff1d\uff20\u2a74-\u2a76])"
)


def escape_cell(text: str) -> str:
    """Put an apostrophe in front of what looks like a formula (OWASP, "CSV Injection")."""
    return _FORMULA.sub(r"\1'", escape_line(text))


def write_table(rows: Iterable[Sequence[object]]) -> str:
    """Return rows as CSV. Texts of others must have been escaped."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    return out.getvalue()


def render_faults(problems: Sequence[Problem]) -> str:
    rows = ((escape_cell(problem.message), escape_cell(problem.hint)) for problem in problems)
    return write_table([("error", "hint"), *rows])
