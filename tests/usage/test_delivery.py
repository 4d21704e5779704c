"""Where outputs go: files that are no other file, and the summary of the job."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.support.admin_reports import render_check

from prompt_lint.ci.workflow_commands import MAX_SUMMARY_BYTES
from prompt_lint.model.errors import ExitCode

if TYPE_CHECKING:
    from pathlib import Path

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
    assert summary.read_text() == "before\n" + (tmp_path / "same.md").read_text()


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
    assert done.err == (
        "error: the report would overwrite result.json, which --check reads\nname another file for it\n"
    )
    assert (tmp_path / "result.json").read_text() == render_check()
    assert server.requests == []


def test_two_outputs_are_not_one_file_by_two_names(server: AdminServer, run: Run, tmp_path: Path) -> None:
    """As a link has one."""
    (tmp_path / "link.json").symlink_to("out.json")

    assert (
        "each output needs a file of its own"
        in run(server, "--output=json=out.json", "--output=csv=link.json").err
    )
