"""docs/formats.md: the table at its top has every format."""

from __future__ import annotations

import re

from tests.support.paths import ROOT

from prompt_lint.formats import TABLE


def test_the_table_has_every_format_with_a_section() -> None:
    """Once each; `text` is the whole file and needs no section."""
    page = (ROOT / "docs" / "formats.md").read_text(encoding="utf-8")
    table = page[: page.index("\n## ")]

    named = re.findall(r"^\| \[?`([a-z-]+)`", table, re.MULTILINE)

    assert sorted(named) == sorted(format_.name for format_ in TABLE)
