"""Code Quality reports as GitLab takes them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
from hypothesis import given, settings
from tests.support import reports
from tests.support.hostile_names import NAMES

from prompt_lint.model.values import Problem
from prompt_lint.output import View
from prompt_lint.output.findings import collect_findings
from prompt_lint.output.gitlab import render

if TYPE_CHECKING:
    from syrupy.assertion import SnapshotAssertion

    from prompt_lint.model.values import Report

# By GitLab's documentation of the format. Only what it knows, all of what it needs.
CODE_QUALITY = jsonschema.Draft202012Validator({
    "type": "array",
    "items": {
        "type": "object",
        "additionalProperties": False,
        "required": ["description", "check_name", "fingerprint", "severity", "location"],
        "properties": {
            "description": {"type": "string", "minLength": 1},
            "check_name": {"type": "string", "minLength": 1},
            "fingerprint": {"type": "string", "pattern": "^[0-9a-f]{32}$"},
            "severity": {"enum": ["info", "minor", "major", "critical", "blocker"]},
            "location": {
                "type": "object",
                "additionalProperties": False,
                "required": ["path", "lines"],
                "properties": {
                    "path": {"type": "string", "not": {"pattern": r"^\./"}},
                    "lines": {
                        "type": "object",
                        "additionalProperties": False,
                        "required": ["begin"],
                        "properties": {"begin": {"type": "integer", "minimum": 1}},
                    },
                },
            },
        },
    },
})  # fmt: skip


def code_quality(report: Report) -> Any:
    return json.loads(render(report, View()))


@pytest.mark.parametrize("name", ["empty", "failure", "comparison"])
def test_whole_outputs(name: str, snapshot: SnapshotAssertion) -> None:
    """Each report as it is written."""
    assert render(reports.REPORTS[name], View()) == snapshot


@pytest.mark.parametrize("name", sorted(reports.REPORTS))
def test_code_quality_keeps_to_its_documented_shape(name: str) -> None:
    """What GitLab asks for and nothing else, and each fingerprint once."""
    found = code_quality(reports.REPORTS[name])

    CODE_QUALITY.validate(found)
    assert len({one["fingerprint"] for one in found}) == len(found)


def test_severities() -> None:
    """What is unknown is worse than what is known to be over; what doesn't fail is minor, or information."""
    found = {one["location"]["path"]: one["severity"] for one in code_quality(reports.COMPARISON)}

    assert found["prompts/picture.json"] == "critical"
    assert found["prompts/support.md"] == found["skills/pdf/SKILL.md"] == "major"
    assert found["prompts/near.md"] == found["prompts/legacy/giant.md"] == "minor"
    assert found["prompts/inherited.md"] == "info"


@given(NAMES)
@settings(deadline=None)
def test_no_name_breaks_the_report(names: list[str]) -> None:
    """It is UTF-8 of the documented shape, and has an issue for each finding but notes."""
    report = reports.hostile(names)

    issues = code_quality(report)

    CODE_QUALITY.validate(issues)
    assert len(issues) == sum(one.kind != "note" for one in collect_findings(report, each_model=True))
    json.dumps(issues, ensure_ascii=False).encode("utf-8")


@pytest.mark.parametrize(("config_path", "path"), [("a/.prompt-lint.yaml", "a/.prompt-lint.yaml"), ("", ".")])
def test_an_issue_of_no_file_is_at_the_configuration(config_path: str, path: str) -> None:
    """GitLab needs a path; without a configuration it is the top."""
    report = reports.finish(problems=(Problem("", 0, "no", ""),))._replace(config_path=config_path)

    [issue] = code_quality(report)

    assert issue["location"]["path"] == path
