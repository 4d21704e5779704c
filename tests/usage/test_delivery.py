"""Where outputs go: files that are no other file, and the summary of the job."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.support.admin_reports import render_check
from tests.support.json_schema import DOCS, validate

from prompt_lint.ci.workflow_commands import MAX_SUMMARY_BYTES
from prompt_lint.model.errors import ExitCode
from prompt_lint.usage.output import USAGE_OUTPUTS

if TYPE_CHECKING:
    from syrupy.assertion import SnapshotAssertion
    from tests.support.admin_server import AdminServer
    from tests.usage.conftest import Run


def test_the_step_summary_gets_the_report(
    server: AdminServer, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After what other commands have written there."""
    summary = tmp_path / "summary.md"
    summary.write_text("before\n")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    done = run(server, "--output", f"markdown={tmp_path}/same.md")

    assert done.code == 0
    assert summary.read_text() == "before\n\n\n" + (tmp_path / "same.md").read_text()


def test_the_step_summary_stays_within_a_mebibyte(
    server: AdminServer, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """GitHub would drop it whole: what doesn't fit is left out, but for the first sentence."""
    summary = tmp_path / "summary.md"
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    summary.write_text("x" * (MAX_SUMMARY_BYTES - 1000))
    run(server)
    first = summary.stat().st_size
    summary.write_text("x" * MAX_SUMMARY_BYTES)
    run(server)

    assert MAX_SUMMARY_BYTES - 1000 < first < MAX_SUMMARY_BYTES
    assert summary.stat().st_size == MAX_SUMMARY_BYTES


@pytest.mark.parametrize("name", ["result.json", "./result.json", "link.json", "hard.json"])
@pytest.mark.parametrize("option", ["-o", "--output", "summary"])
def test_the_file_of_check_is_not_overwritten(
    server: AdminServer, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, option: str
) -> None:
    """By whatever name it is given, and before anything is sent."""
    (tmp_path / "result.json").write_text(render_check())
    (tmp_path / "link.json").symlink_to("result.json")
    (tmp_path / "hard.json").hardlink_to(tmp_path / "result.json")
    options = {
        "-o": ["--output-format=json", "-o", name],
        "--output": [f"--output=json={name}"],
        "summary": [],
    }
    if option == "summary":
        monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / name))
    done = run(server, "--check", "result.json", *options[option])

    assert done.code == ExitCode.USAGE
    output = (
        f"markdown output would overwrite {tmp_path / name}"
        if option == "summary"
        else f"json output would overwrite {name}"
    )
    assert done.err == f"error: the {output}, which --check reads\nname another file for it\n"
    assert (tmp_path / "result.json").read_text() == render_check()
    assert server.requests == []


@pytest.mark.parametrize("name", [".prompt-lint.yaml", "prompts/a.md", "link.md"])
def test_no_prompt_of_the_repository_is_overwritten(
    server: AdminServer, run: Run, tmp_path: Path, name: str
) -> None:
    """Nor the configuration, though the report reads neither; and nothing is sent."""
    config = "models: [claude-sonnet-5-5]\nlimit: 9\nprompts: [{files: prompts/*.md}]\n"
    (tmp_path / ".prompt-lint.yaml").write_text(config)
    (tmp_path / "prompts").mkdir()
    (tmp_path / "prompts/a.md").write_text("Be kind.\n")
    (tmp_path / "link.md").symlink_to("prompts/a.md")
    done = run(server, "--output", f"html={name}")

    what = "the configuration" if "yaml" in name else "a prompt by the rule at .prompt-lint.yaml:3"
    assert (done.code, done.out) == (ExitCode.USAGE, "")
    assert done.err == f"error: the html output would overwrite {name}, {what}\nname another file for it\n"
    assert (tmp_path / "prompts/a.md").read_text() == "Be kind.\n"
    assert (tmp_path / ".prompt-lint.yaml").read_text() == config
    assert server.requests == []


def test_what_ends_a_report_is_in_every_output(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, snapshot: SnapshotAssertion
) -> None:
    """Without the Action as with it: each file, the summary of the job, and an annotation."""
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary"))
    monkeypatch.setenv("ANTHROPIC_ADMIN_KEY", "sk-ant-api03-ordinary")
    done = run(None, *(f"--output={name}={name}" for name in USAGE_OUTPUTS))

    written = {name: (tmp_path / name).read_text(encoding="utf-8") for name in ("summary", *USAGE_OUTPUTS)}
    assert done.code == ExitCode.USAGE
    validate(json.loads(written["json"]), DOCS / "usage.schema.json")
    written["html"] = written["html"].partition("<body>")[2]
    assert written.pop("summary") == written["markdown"]
    assert "\n\n".join([done.out, *(f"--- {name}\n{text}" for name, text in written.items())]) == snapshot


def test_two_outputs_are_not_one_file_by_two_names(server: AdminServer, run: Run, tmp_path: Path) -> None:
    """As a link has one."""
    (tmp_path / "link.json").symlink_to("out.json")

    assert (
        "two outputs would be written to "
        in run(server, "--output=json=out.json", "--output=csv=link.json").err
    )


def test_azure_and_buildkite_get_the_report(
    server: AdminServer, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As GitHub's summary does; where stdout is for a program, the command is a line of stderr. Never for a pull request."""
    monkeypatch.setenv("TF_BUILD", "True")
    monkeypatch.setenv("AGENT_TEMPDIRECTORY", str(tmp_path))
    done = run(server)
    [line] = [line for line in done.out.splitlines() if line.startswith("##vso[task.uploadsummary]")]
    page = Path(line.partition("]")[2])

    assert page.name == "prompt-lint report.md"
    run(server, "-o", "page.md", "--output-format=markdown")
    assert page.read_text(encoding="utf-8") == (tmp_path / "page.md").read_text(encoding="utf-8")
    assert "##vso" not in run(server, "--output-format=json").out
    monkeypatch.setenv("SYSTEM_PULLREQUEST_PULLREQUESTID", "7")
    assert run(server).code == ExitCode.USAGE


RECIPES = {
    "GitLab": (
        {"GITLAB_CI": "true", "CI_PIPELINE_SOURCE": "schedule", "CI_COMMIT_BRANCH": "main"},
        {"CI_PIPELINE_SOURCE": "merge_request_event", "CI_MERGE_REQUEST_IID": "7"},
        r"paths: \[(.*?)\]",
    ),
    "CircleCI": (
        {"CIRCLECI": "true", "CIRCLE_BRANCH": "main"},
        {"CIRCLE_PULL_REQUEST": "https://github.com/o/r/pull/7"},
        r"store_artifacts: \{path: (.*?)\}",
    ),
    "Jenkins": (
        {"JENKINS_URL": "http://j", "BRANCH_NAME": "main"},
        {"CHANGE_ID": "7"},
        r"reportFiles: '(.*?)'",
    ),
}


@pytest.mark.parametrize("name", RECIPES)
def test_the_recipe_of_a_system_publishes_the_page(
    server: AdminServer, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """As docs/report.md has it, with the variables of a schedule; with those of a pull request it says why it refuses."""
    schedule, pull_request, published = RECIPES[name]
    text = (DOCS / "report.md").read_text(encoding="utf-8")
    [recipe] = re.findall(rf"^```\w+\n((?:#|//) {name}: .*?)^```", text, re.MULTILINE | re.DOTALL)
    [command] = re.findall(r"prompt-lint report ([^'\n]*)", recipe)
    [path] = re.findall(published, recipe)
    for variable, value in schedule.items():
        monkeypatch.setenv(variable, value)
    done = run(server, *command.split())

    assert done.code == 0, done.err
    assert "Support agents" in (tmp_path / path).read_text(encoding="utf-8")
    server.requests.clear()
    (tmp_path / path).unlink()  # outside of git, any file may be a prompt, so none is replaced
    for variable, value in pull_request.items():
        monkeypatch.setenv(variable, value)
    assert run(server, *command.split()).code == ExitCode.USAGE
    assert "pull request" in (tmp_path / path).read_text(encoding="utf-8")
    assert server.requests == []
