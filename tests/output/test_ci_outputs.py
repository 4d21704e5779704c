"""SARIF, GitLab's Code Quality and JUnit: what their readers take, from the same reports, and for any names."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes, urlsplit
from xml.etree import ElementTree as ET

import jsonschema
import pytest
import xmlschema
from hypothesis import given, settings
from tests.output.test_annotations import NAMES
from tests.support import reports
from tests.support.paths import ROOT

from prompt_lint.model.values import Problem
from prompt_lint.output import OUTPUTS, View
from prompt_lint.output import sarif as as_sarif
from prompt_lint.output.findings import KINDS, collect_findings

if TYPE_CHECKING:
    from syrupy.assertion import SnapshotAssertion

    from prompt_lint.model.values import Report

# Fetched by tools/schemas.py: they are other people's, so they aren't in the repository.
SCHEMAS = ROOT / ".venv" / "schemas"
fetched = pytest.mark.skipif(
    not SCHEMAS.is_dir(), reason="python3 tools/schemas.py fetches the official schemas"
)
ALL = pytest.mark.parametrize("name", sorted(reports.REPORTS))
SMALL = pytest.mark.parametrize("name", ["empty", "failure", "comparison"])

# By GitLab's documentation of the format. Only what it knows, all of what it needs.
CODE_QUALITY = {
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
}  # fmt: skip


def rendered(output: str, report: Report) -> str:
    return OUTPUTS[output].render(report, View())


def sarif(report: Report) -> Any:
    [run] = json.loads(rendered("sarif", report))["runs"]
    return run


def junit(report: Report) -> ET.Element:
    return ET.fromstring(rendered("junit", report).encode())  # noqa: S314  # it is our own


def code_quality(report: Report) -> Any:
    return json.loads(rendered("gitlab", report))


@SMALL
@pytest.mark.parametrize("output", ["sarif", "gitlab", "junit"])
def test_whole_outputs(output: str, name: str, snapshot: SnapshotAssertion) -> None:
    """Each report in each format."""
    assert rendered(output, reports.REPORTS[name]) == snapshot


# ---------------------------------------------------------------------------------------------------------
# SARIF


@fetched
@ALL
def test_sarif_keeps_to_its_schema(name: str) -> None:
    """The schema of the standard, as Microsoft ships it."""
    schema = json.loads((SCHEMAS / "sarif-2.1.0.json").read_text(encoding="utf-8"))

    jsonschema.validate(json.loads(rendered("sarif", reports.REPORTS[name])), schema)


@ALL
def test_sarif_has_what_code_scanning_asks_for(name: str) -> None:
    """GitHub's list of what is required, and no rule or text that is missing."""
    run = sarif(reports.REPORTS[name])

    driver = run["tool"]["driver"]
    assert driver["name"] == "prompt-lint"
    assert re.fullmatch(r"[0-9]+\.[0-9]+\.[0-9]+", driver["semanticVersion"])
    for rule in driver["rules"]:
        assert all(rule[text]["text"] for text in ("shortDescription", "fullDescription", "help"))
        assert rule["id"] in KINDS
    for result in run["results"]:
        assert driver["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["message"]["text"].strip()
        [location] = result["locations"]
        region = location["physicalLocation"]["region"]
        assert region["startLine"] == region["endLine"] >= 1
        assert 1 <= region["startColumn"] < region["endColumn"]
        assert result["partialFingerprints"]["primaryLocationLineHash"]


@ALL
def test_sarif_names_files_by_relative_addresses(name: str) -> None:
    """The bytes of a name, percent-encoded; nothing that a browser would take for a place elsewhere."""
    for result in sarif(reports.REPORTS[name])["results"]:
        artifact = result["locations"][0]["physicalLocation"]["artifactLocation"]
        parts = urlsplit(artifact["uri"])
        assert parts[0] == parts[1] == parts[3] == parts[4] == ""
        assert re.fullmatch(r"(?!/)(?:[A-Za-z0-9._~/-]|%[0-9A-F]{2})+", artifact["uri"])
        assert artifact["uriBaseId"] == "%SRCROOT%"


@pytest.mark.parametrize(
    ("path", "uri"),
    [
        ("prompts/a-b_c.md", "prompts/a-b_c.md"),
        ("prompts/été 1.md", "prompts/%C3%A9t%C3%A9%201.md"),
        ("caf\udce9.md", "caf%E9.md"),
        ("a:b?c#d%", "a%3Ab%3Fc%23d%25"),
        ("/etc/passwd", "%2Fetc/passwd"),
        ("half\ud83d", "half%ED%A0%BD"),
    ],
)
def test_a_path_as_an_address(path: str, uri: str) -> None:
    """What has no place in an address stands by its bytes."""
    assert as_sarif.encode_uri(path) == uri
    assert unquote_to_bytes(uri) == path.encode(
        "utf-8", "surrogatepass" if "\ud83d" in path else "surrogateescape"
    )


def test_brackets_in_a_message_are_no_link() -> None:
    """A viewer makes `[x](y)` a link: of a stranger's text it doesn't."""
    run = sarif(reports.finish(problems=(Problem("a.md", 1, "see [this](https://x.example)"),)))

    assert run["results"][0]["message"]["text"] == r"see \[this\](https://x.example)"


def test_an_exempt_prompt_is_suppressed_with_its_reason() -> None:
    """It keeps its rule, so that it is the same result when the exemption ends."""
    [exempt] = [one for one in sarif(reports.COMPARISON)["results"] if "suppressions" in one]

    assert (exempt["ruleId"], exempt["level"]) == ("over-limit", "warning")
    assert exempt["suppressions"][0]["justification"] == reports.SPLIT.reason


def test_results_know_the_base() -> None:
    """New where it wasn't over, updated where it was and changed, unchanged where nothing did."""
    states = {
        one["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]: one.get("baselineState")
        for one in sarif(reports.COMPARISON)["results"]
    }

    assert states["prompts/new-over.md"] == states["prompts/support.md"] == states["prompts/grew.md"] == "new"
    assert states["prompts/inherited.md"] == "unchanged"
    assert states["prompts/inherited-smaller.md"] == "updated"
    assert states["skills/pdf/SKILL.md"] is None
    assert all("baselineState" not in one for one in sarif(reports.FAILURE)["results"])


def test_what_has_no_place_is_told_of_the_run() -> None:
    """Problems of the run and notes are no results, and aren't lost."""
    report = reports.COMPARISON._replace(problems=(Problem("", 0, "2 counts did not come", "see the log"),))

    [invocation] = sarif(report)["invocations"]

    told = [one["message"]["text"] for one in invocation["toolExecutionNotifications"]]
    assert told[0] == "2 counts did not come\nsee the log"
    assert "can't be compared with origin/main: prompts/picture.json" in told
    assert (invocation["executionSuccessful"], invocation["exitCode"]) == (True, 1)


def test_more_results_than_github_takes_are_cut() -> None:
    """The worst 25,000 are there, and how many aren't."""
    rows = [reports.row(f"{n:05}.md", 101 + n, limit=100) for n in range(25_010)]

    run = sarif(reports.finish(*rows))

    assert len(run["results"]) == 25_000
    assert run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "25009.md"
    assert [one["message"]["text"] for one in run["invocations"][0]["toolExecutionNotifications"]] == [
        "10 results more did not fit: the worst are here"
    ]


def test_a_file_that_is_too_large_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever names there are, the compressed file stays below what GitHub takes."""
    monkeypatch.setattr(as_sarif, "LARGEST", 20_000)

    run = sarif(reports.HOSTILE)

    [left] = [one for one in run["invocations"][0]["toolExecutionNotifications"] if one["level"] == "warning"]
    assert 0 < len(run["results"]) < 200
    assert "more did not fit" in left["message"]["text"]


# ---------------------------------------------------------------------------------------------------------
# GitLab


@ALL
def test_code_quality_keeps_to_its_documented_shape(name: str) -> None:
    """What GitLab asks for and nothing else, and each fingerprint once."""
    found = code_quality(reports.REPORTS[name])

    jsonschema.validate(found, CODE_QUALITY)
    assert len({one["fingerprint"] for one in found}) == len(found)


def test_severities() -> None:
    """What is unknown is worse than what is known to be over; what doesn't fail is minor, or information."""
    found = {one["location"]["path"]: one["severity"] for one in code_quality(reports.COMPARISON)}

    assert found["prompts/picture.json"] == "critical"
    assert found["prompts/support.md"] == found["skills/pdf/SKILL.md"] == "major"
    assert found["prompts/near.md"] == found["prompts/legacy/giant.md"] == "minor"
    assert found["prompts/inherited.md"] == "info"


# ---------------------------------------------------------------------------------------------------------
# Fingerprints


def fingerprints(report: Report) -> list[list[str]]:
    """Of SARIF and of GitLab."""
    return [
        [one["partialFingerprints"]["primaryLocationLineHash"] for one in sarif(report)["results"]],
        [one["fingerprint"] for one in code_quality(report)],
    ]


@pytest.mark.parametrize(
    "after",
    [
        reports.row("a.md", 150, limit=100),
        reports.row("a.md", 110, limit=100, sections=reports.SECTIONS),
        reports.row("a.md", 5000, base=4000, standing="changed", message="Cut it."),
        reports.row("a.md", 5000, base=5000, standing="unchanged"),
        reports.row("a.md", 5000, exemption=reports.SPLIT),
    ],
)
def test_a_fingerprint_does_not_move_with_a_count(after: Any) -> None:
    """A prompt that is over stays one finding, whatever its count, its limit, its line and the base."""
    before = reports.finish(reports.row("a.md", 110, limit=100))

    assert fingerprints(before) == fingerprints(reports.finish(after)._replace(base=reports.BASE))


def test_findings_that_differ_have_other_fingerprints() -> None:
    """By rule, path, name and model; those that don't differ in these are numbered."""
    rows = [
        reports.row("a.md", 110, limit=100),
        reports.row("b.md", 110, limit=100),
        reports.row("a.md", 95, limit=100),
        reports.row("a.md", 110, limit=100, of_prompt={"name": "line 2"}),
        reports.row("a.md", 110, limit=100, model="claude-opus-5-5"),
    ]
    problems = tuple(Problem("c.md", line, "is not JSON") for line in (1, 2))

    for found in fingerprints(reports.finish(*rows, problems=problems)):
        assert len(set(found)) == len(found) == 7


# ---------------------------------------------------------------------------------------------------------
# JUnit


@fetched
@ALL
def test_junit_keeps_to_its_schema(name: str) -> None:
    """The schema by which Jenkins' xUnit plugin refuses files."""
    xmlschema.XMLSchema(str(SCHEMAS / "junit-10.xsd")).validate(rendered("junit", reports.REPORTS[name]))


@ALL
def test_junit_counts_its_tests(name: str) -> None:
    """The numbers of each element are those of what is in it, and a run that fails has a test that did."""
    report = reports.REPORTS[name]
    top = junit(report)

    for suite in [top, *top]:
        found = [len(list(suite.iter(tag))) for tag in ("testcase", "failure", "error")]
        assert found == [int(suite.attrib[key]) for key in ("tests", "failures", "errors")]
    assert len(list(top.iter("testcase"))) >= len(report.verdicts)
    assert bool(report.exit_code) is bool(int(top.attrib["failures"]) + int(top.attrib["errors"]))


def test_junit_tells_what_failed_and_what_is_excused() -> None:
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


# ---------------------------------------------------------------------------------------------------------
# Any names


@given(NAMES)
@settings(deadline=None)
def test_no_name_breaks_a_format(names: list[str]) -> None:
    """JSON and XML stay well-formed and of their shape, in UTF-8, with as many entries as findings that have a place."""
    report = reports.hostile(names)
    found = collect_findings(report, each_model=True)

    run, issues = sarif(report), code_quality(report)
    tree = junit(report)

    assert len(run["results"]) == sum(bool(one.path) and one.kind != "note" for one in found)
    jsonschema.validate(issues, CODE_QUALITY)
    assert len(issues) == sum(one.kind != "note" for one in found)
    assert len(list(tree.iter("testcase"))) >= len(report.verdicts)
    for document in (run, issues):
        json.dumps(document, ensure_ascii=False).encode("utf-8")
