"""docs/report.md shows what the program prints."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.support.paths import ROOT, load_tool

from prompt_lint.usage.output import USAGE_OUTPUTS

if TYPE_CHECKING:
    from prompt_lint.usage.values import UsageReport


report_docs = load_tool("report_docs")


@pytest.fixture
def report(loopback: None) -> UsageReport:
    example: UsageReport = report_docs.make_example()
    return example


def test_the_examples_are_current(report: UsageReport) -> None:
    """`python tools/report_docs.py` updates them."""
    text = report_docs.PAGE.read_text(encoding="utf-8")

    assert report_docs.replace_examples(text, report) == text
    assert report_docs.EXAMPLE.read_text(encoding="utf-8") == USAGE_OUTPUTS["html"].render(report)


def test_the_pictures_are_there_and_small() -> None:
    """So that the page loads in a moment."""
    for name in report_docs.PICTURES:
        assert 0 < (ROOT / "docs" / name).stat().st_size < 100_000
