"""docs/report.md shows what the program prints."""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING, Any

import pytest
from tests.support.paths import ROOT

from prompt_lint.usage.output import USAGE_OUTPUTS

if TYPE_CHECKING:
    from prompt_lint.usage.values import UsageReport


def _tool() -> Any:
    """tools/ is no package."""
    spec = importlib.util.spec_from_file_location("report_docs", ROOT / "tools" / "report_docs.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


report_docs = _tool()


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
