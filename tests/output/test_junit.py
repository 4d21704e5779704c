"""JUnit XML as Jenkins and others take it."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from tests.support import reports
from tests.support.hostile_names import NAMES
from tests.support.official_schemas import SCHEMAS, needs_schemas

from prompt_lint.model.values import Problem
from prompt_lint.output import View
from prompt_lint.output.junit import render

if TYPE_CHECKING:
    from syrupy.assertion import SnapshotAssertion

    from prompt_lint.model.values import Report


def junit(report: Report) -> ET.Element:
    return ET.fromstring(render(report, View()).encode())  # noqa: S314  # it is our own


@pytest.mark.parametrize("name", ["empty", "failure", "comparison"])
def test_whole_outputs(name: str, snapshot: SnapshotAssertion) -> None:
    """Each report as it is written."""
    assert render(reports.REPORTS[name], View()) == snapshot


@needs_schemas
@pytest.mark.parametrize("name", sorted(reports.REPORTS))
def test_junit_keeps_to_its_schema(name: str) -> None:
    """The schema by which Jenkins' xUnit plugin refuses files."""
    import xmlschema  # noqa: PLC0415  # takes long, and every worker collects all tests

    xmlschema.XMLSchema(str(SCHEMAS / "junit-10.xsd")).validate(render(reports.REPORTS[name], View()))


@pytest.mark.parametrize("name", sorted(reports.REPORTS))
def test_junit_counts_its_tests(name: str) -> None:
    """The numbers of each element are those of what is in it, and a run that fails has a test that did."""
    report = reports.REPORTS[name]
    top = junit(report)

    for suite in [top, *top]:
        found = [len(list(suite.iter(tag))) for tag in ("testcase", "failure", "error")]
        assert found == [int(suite.attrib[key]) for key in ("tests", "failures", "errors")]
    assert len(list(top.iter("testcase"))) >= len(report.verdicts)
    assert bool(report.exit_code) is bool(int(top.attrib["failures"]) + int(top.attrib["errors"]))


def test_what_failed_and_what_is_exempt() -> None:
    """Failures for what is over, errors for what is unknown, skipped what is exempt or was over before."""
    cases = {
        (case.attrib["classname"], case.attrib["name"]): [
            (one.tag, one.attrib.get("type", "")) for one in case
        ]
        for case in junit(reports.RAISED).iter("testcase")
    }

    model = reports.SONNET
    assert cases["prompts/support.md", model] == [("failure", "over-limit")]
    assert cases["prompts/support.md", reports.OPUS] == []
    assert cases["prompts/grew.md", model] == [("failure", "grew")]
    assert cases["prompts/picture.json", model] == [("error", "uncounted")]
    assert (
        cases["prompts/legacy/giant.md", model]
        == cases["prompts/inherited.md", model]
        == [("skipped", "over-limit")]
    )
    assert cases["prompts/near.md", model] == [("system-out", "")]
    assert cases["skills/pdf/SKILL.md", "line 3"] == [("failure", "broken-limit")]
    assert cases[reports.CONFIG, "prompts/**/*.md: limits"] == [("failure", "loosened")]
    assert cases[reports.CONFIG, f"the support agent: {model}"] == [("failure", "over-limit")]


def test_a_file_that_can_not_be_read_is_an_error() -> None:
    """It has no verdict that the reason could be a part of."""
    [case] = junit(reports.finish(problems=(Problem("a.md", 3, "can't be read", ""),))).iter("testcase")

    assert (case.attrib["name"], [(one.tag, one.attrib["message"]) for one in case]) == (
        "line 3",
        [("error", "can't be read")],
    )


@given(NAMES)
@settings(deadline=None)
def test_no_name_breaks_the_document(names: list[str]) -> None:
    """It is well-formed, and has a test for each verdict."""
    report = reports.hostile(names)

    assert len(list(junit(report).iter("testcase"))) >= len(report.verdicts)
