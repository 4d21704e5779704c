"""Where outputs go: files that are no other file, and the summary of the job."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.support.admin_reports import render_check

from prompt_lint.ci.workflow_commands import MAX_SUMMARY_BYTES
from prompt_lint.model.errors import ExitCode

if TYPE_CHECKING:
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
