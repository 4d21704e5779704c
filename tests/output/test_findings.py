"""Findings: what is said at which place, how loud, and how a service knows it again."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from tests.support import make, reports

from prompt_lint.model.rules import MaxGrowth
from prompt_lint.model.values import Problem
from prompt_lint.output import View, gitlab, sarif
from prompt_lint.output.findings import collect_findings

if TYPE_CHECKING:
    from prompt_lint.model.values import Report


@pytest.mark.parametrize(("base", "level"), [(True, "notice"), (False, "warning")])
def test_what_a_change_does_not_touch_is_no_warning_of_it(base: bool, level: str) -> None:
    """A prompt that is near its limit as it was in the base is worth a notice only."""
    standing: Any = "unchanged" if base else ""
    report = reports.finish(reports.row("a.md", 95, limit=100, base=95, change=standing))
    report = report._replace(base=reports.BASE if base else None)

    assert [one.level for one in collect_findings(report)] == [level]


@pytest.mark.parametrize(("on_raise", "level"), [("fail", "error"), ("warn", "warning"), ("note", "notice")])
def test_loosened_limits_are_as_loud_as_the_configuration_says(on_raise: Any, level: str) -> None:
    """`on_raise` decides on the level, and the line is that of the limit."""
    report = reports.COMPARISON._replace(on_raise=on_raise)

    found = [one for one in collect_findings(report) if one.kind == "loosened"]

    assert {one.level for one in found} == {level}
    assert [one.line for one in found] == [0, 0, 9, 14, 31]


def test_an_outage_is_one_finding() -> None:
    """A prompt that wasn't counted for a reason of its own isn't reported twice; one without has its own annotation."""
    report = reports.finish(
        reports.row("a.md", None),
        reports.row("b.md", None),
        problems=(Problem("", 0, "2 counts did not come", ""), Problem("a.md", 1, "holds an image", "")),
    )

    assert [(one.path, one.lines[0]) for one in collect_findings(report)] == [
        ("", "2 counts did not come"),
        ("a.md", "holds an image"),
        ("b.md", f"not counted for {make.MODEL}."),
    ]


def test_what_is_over_a_new_or_lower_limit_was_not_over_before() -> None:
    """A notice says what the limit was, not that the prompt was over it."""
    new = reports.row("a.md", 4001, change="new")._replace(is_preexisting=True)
    lowered = reports.row("b.md", 4001, base=4001, change="unchanged", base_limit=5000)

    first, second = collect_findings(reports.finish(new, lowered, base=reports.BASE))

    assert {(one.level, one.title) for one in (first, second)} == {
        ("notice", "over its limit, which is new or was lowered")
    }
    assert first.lines[1:] == ("No limit applied to it before this change, so it doesn't fail yet.",)
    assert second.lines[1:] == (
        "Its limit was 5,000 before this change; it isn't larger now, so it doesn't fail.",
    )


def test_what_is_over_and_has_grown_too_much_is_told_the_larger_cut() -> None:
    """After the smaller one it would be red again."""
    row = reports.row(
        "a.md", 4012, base=3627, change="changed", max_growth=MaxGrowth(10, None), max_growth_line=5
    )

    [one] = collect_findings(reports.finish(row, base=reports.BASE))

    assert one.lines[-1] == (
        "Cut 375 tokens, or raise the limit: .prompt-lint.yaml:9, and allow more growth: .prompt-lint.yaml:5."
    )


def fingerprints(report: Report) -> list[list[str]]:
    """Of SARIF and of GitLab."""
    [run] = json.loads(sarif.render(report, View()))["runs"]
    return [
        [one["partialFingerprints"]["primaryLocationLineHash"] for one in run["results"]],
        [one["fingerprint"] for one in json.loads(gitlab.render(report, View()))],
    ]


@pytest.mark.parametrize(
    "after",
    [
        reports.row("a.md", 150, limit=100),
        reports.row("a.md", 110, limit=100, sections=reports.SECTIONS),
        reports.row("a.md", 5000, base=4000, change="changed", message="Cut it."),
        reports.row("a.md", 5000, base=5000, change="unchanged"),
        reports.row("a.md", 5000, exemption=reports.SPLIT),
    ],
)
def test_a_fingerprint_does_not_move_with_a_count(after: Any) -> None:
    """A prompt that is over stays one finding, whatever its count, its limit, its line and the base."""
    before = reports.finish(reports.row("a.md", 110, limit=100))

    assert fingerprints(before) == fingerprints(reports.finish(after)._replace(base=reports.BASE))


def test_findings_that_differ_have_other_fingerprints() -> None:
    """By kind, path, name and model; those that don't differ in these are numbered."""
    rows = [
        reports.row("a.md", 110, limit=100),
        reports.row("b.md", 110, limit=100),
        reports.row("a.md", 95, limit=100),
        reports.row("a.md", 110, limit=100, of_prompt={"name": "line 2"}),
        reports.row("a.md", 110, limit=100, model="claude-opus-5-5"),
    ]
    problems = tuple(Problem("c.md", line, "is not JSON", "") for line in (1, 2))

    for found in fingerprints(reports.finish(*rows, problems=problems)):
        assert len(set(found)) == len(found) == 7
