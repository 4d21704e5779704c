"""SARIF as GitHub's code scanning and other collectors take it."""

from __future__ import annotations

import json
import re
import subprocess
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes, urlsplit

import pytest
from hypothesis import given, settings
from tests.support import reports
from tests.support.hostile_names import NAMES
from tests.support.json_schema import validate
from tests.support.official_schemas import MULTITOOL, SCHEMAS, needs_multitool, needs_schemas
from tests.support.paths import ROOT

from prompt_lint import REPOSITORY
from prompt_lint.model.values import Problem
from prompt_lint.output import View, sarif
from prompt_lint.output.findings import KINDS, collect_findings
from prompt_lint.output.sarif import encode_uri, render

if TYPE_CHECKING:
    from pathlib import Path

    from syrupy.assertion import SnapshotAssertion

    from prompt_lint.model.values import Report


def run_of(report: Report) -> Any:
    """The only run of the log."""
    [run] = json.loads(render(report, View()))["runs"]
    return run


@pytest.mark.parametrize("name", ["empty", "failure", "comparison"])
def test_whole_outputs(name: str, snapshot: SnapshotAssertion) -> None:
    """Each report as it is written."""
    assert render(reports.REPORTS[name], View()) == snapshot


@needs_schemas
@pytest.mark.parametrize("name", sorted(reports.REPORTS))
def test_sarif_keeps_to_its_schema(name: str) -> None:
    """The schema of the standard, as Microsoft ships it."""
    validate(json.loads(render(reports.REPORTS[name], View())), SCHEMAS / "sarif-2.1.0.json")


@needs_multitool
@pytest.mark.slow
def test_the_validator_of_sarif_has_nothing_to_say(tmp_path: Path) -> None:
    """Microsoft's own, with GitHub's rules, too; its notes are advice, such as other names for rules."""
    for name, report in reports.REPORTS.items():
        (tmp_path / f"{name}.sarif").write_text(render(report, View()), encoding="utf-8")
    wrong = render(reports.REPORTS["failure"], View()).replace('"informationUri"', '"fullName"')
    (tmp_path / "wrong.sarif").write_text(wrong, encoding="utf-8")
    command = [
        str(MULTITOOL),
        "validate",
        str(tmp_path / "*.sarif"),
        "--json-schema",
        str(SCHEMAS / "sarif-2.1.0.json"),
    ]
    command += [
        "--rule-kind",
        "Sarif;Ghas",
        "--level",
        "Error;Warning",
        "--output",
        str(tmp_path / "found.json"),
    ]

    subprocess.run(
        command, env={"DOTNET_SYSTEM_GLOBALIZATION_INVARIANT": "1", "HOME": str(tmp_path)}, check=False, timeout=120,
        capture_output=True,
    )  # fmt: skip

    [run] = json.loads((tmp_path / "found.json").read_text(encoding="utf-8-sig"))["runs"]
    found = {
        (place["physicalLocation"]["artifactLocation"]["uri"].split("/")[-1], result["ruleId"])
        for result in run["results"]
        for place in result["locations"]
    }
    assert {name for name, _ in found} == {"wrong.sarif"}, found


def test_every_rule_has_help_that_leads_to_its_place_in_the_documentation() -> None:
    """What it means and what to do is said there in the same words."""
    page = (ROOT / "docs/outputs.md").read_text(encoding="utf-8")
    driver = run_of(reports.REPORTS["empty"])["tool"]["driver"]

    assert driver["informationUri"] == REPOSITORY
    for rule in driver["rules"]:
        assert rule["helpUri"] == f"{REPOSITORY}/blob/main/docs/outputs.md#{rule['id']}"
        assert f"\n### {rule['id']}\n\n{rule['fullDescription']['text']}\n" in page
        assert rule["helpUri"] in rule["help"]["markdown"]


@pytest.mark.parametrize("name", sorted(reports.REPORTS))
def test_sarif_has_what_code_scanning_asks_for(name: str) -> None:
    """GitHub's list of what is required, and no rule or text that is missing."""
    run = run_of(reports.REPORTS[name])

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


@pytest.mark.parametrize("name", sorted(reports.REPORTS))
def test_sarif_names_files_by_relative_addresses(name: str) -> None:
    """The bytes of a name, percent-encoded; nothing that a browser would take for a place elsewhere."""
    for result in run_of(reports.REPORTS[name])["results"]:
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
    assert encode_uri(path) == uri
    assert unquote_to_bytes(uri) == path.encode(
        "utf-8", "surrogatepass" if "\ud83d" in path else "surrogateescape"
    )


def test_brackets_in_a_message_are_no_link() -> None:
    """A viewer makes `[x](y)` a link: of a stranger's text it doesn't."""
    run = run_of(reports.finish(problems=(Problem("a.md", 1, "see [this](https://x.example)", ""),)))

    assert run["results"][0]["message"]["text"] == r"see \[this\](https://x.example)"


def test_an_exempt_prompt_is_suppressed_with_its_reason() -> None:
    """It keeps its rule, so that it is the same result when the exemption ends."""
    [exempt] = [one for one in run_of(reports.COMPARISON)["results"] if "suppressions" in one]

    assert (exempt["ruleId"], exempt["level"]) == ("over-limit", "warning")
    assert exempt["suppressions"][0]["justification"] == reports.SPLIT.reason


def test_results_know_the_base() -> None:
    """New where it wasn't over, updated where it was and changed, unchanged where nothing did."""
    states = {
        one["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]: one.get("baselineState")
        for one in run_of(reports.COMPARISON)["results"]
    }

    assert states["prompts/new-over.md"] == states["prompts/support.md"] == states["prompts/grew.md"] == "new"
    assert states["prompts/inherited.md"] == "unchanged"
    assert states["prompts/inherited-smaller.md"] == "updated"
    assert states["skills/pdf/SKILL.md"] is None
    assert all("baselineState" not in one for one in run_of(reports.FAILURE)["results"])
    at_limit, over = (
        reports.row(f"{base}.md", 102, limit=100, base=base, change="changed") for base in (100, 101)
    )
    found = run_of(reports.finish(at_limit, over, base=reports.BASE))["results"]
    assert [one["baselineState"] for one in found] == ["new", "updated"]


def test_what_has_no_place_is_a_notification_of_the_run() -> None:
    """Problems of the run and notes are no results, and aren't lost."""
    report = reports.COMPARISON._replace(problems=(Problem("", 0, "2 counts did not come", "see the log"),))

    [invocation] = run_of(report)["invocations"]

    messages = [one["message"]["text"] for one in invocation["toolExecutionNotifications"]]
    assert messages[0] == "2 counts did not come\nsee the log"
    assert "can't be compared with origin/main: prompts/picture.json" in messages
    assert (invocation["executionSuccessful"], invocation["exitCode"]) == (True, 1)


def test_more_results_than_github_takes_are_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    """The worst are there, 25,000 at most, and how many aren't."""
    assert sarif.MOST_RESULTS == 25_000
    monkeypatch.setattr(sarif, "MOST_RESULTS", 250)
    rows = [reports.row(f"{n:05}.md", 101 + n, limit=100) for n in range(260)]

    run = run_of(reports.finish(*rows))

    assert len(run["results"]) == 250
    assert run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "00259.md"
    assert [one["message"]["text"] for one in run["invocations"][0]["toolExecutionNotifications"]] == [
        "10 results more did not fit: the worst are here"
    ]


def test_a_file_that_is_too_large_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever names there are, the compressed file stays below what GitHub takes."""
    assert sarif.LARGEST == 10_000_000
    monkeypatch.setattr(sarif, "LARGEST", 20_000)

    run = run_of(reports.HOSTILE)

    [left] = [one for one in run["invocations"][0]["toolExecutionNotifications"] if one["level"] == "warning"]
    assert 0 < len(run["results"]) < 200
    assert "more did not fit" in left["message"]["text"]


@given(NAMES)
@settings(deadline=None)
def test_no_name_breaks_the_log(names: list[str]) -> None:
    """It is UTF-8, and has a result for each finding that has a place."""
    report = reports.hostile(names)

    run = run_of(report)

    findings = collect_findings(report, each_model=True)
    assert len(run["results"]) == sum(bool(one.path) and one.kind != "note" for one in findings)
    json.dumps(run, ensure_ascii=False).encode("utf-8")
