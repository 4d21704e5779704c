"""Write the table of CI systems into docs/ci.md: `.venv/bin/python tools/ci_docs.py`."""

from __future__ import annotations

import re
from pathlib import Path

from prompt_lint.ci.systems import SYSTEMS

PAGE = Path(__file__).resolve().parent.parent / "docs" / "ci.md"
_TABLE = re.compile(r"(?<=<!-- history -->\n).*?(?=<!-- end of history -->)", re.DOTALL)


def replace_table(text: str) -> str:
    """Return the page with a row for each system that says how to fetch the whole history."""
    rows = (f"| {system.name} | {system.fetch_hint} |\n" for system in SYSTEMS if system.fetch_hint)
    table = "".join(("| CI | so that the base is there |\n|---|---|\n", *rows))
    return _TABLE.sub(lambda _: table, text)


if __name__ == "__main__":
    PAGE.write_text(replace_table(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
