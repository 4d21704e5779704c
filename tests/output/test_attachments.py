"""The page of a run, attached to a build of Azure Pipelines or Buildkite."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.support import log_commands

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.program import Done
    from tests.support.repo import Repo

KEY = "sk-ant-admin01-test-only-canary"
AGENT = """#!/bin/sh
printf '%s\\n' "$@" > "$BUILDKITE_TEST/arguments"; env > "$BUILDKITE_TEST/env"; cat > "$BUILDKITE_TEST/page"
echo noise; exit "$BUILDKITE_TEST_CODE"
"""


@pytest.fixture
def agent(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in which `buildkite-agent` keeps what it was given."""
    folder = tmp_path_factory.mktemp("agent")
    (folder / "buildkite-agent").write_text(AGENT)
    (folder / "buildkite-agent").chmod(0o755)
    for name, value in {
        "BUILDKITE": "true", "BUILDKITE_BIN_PATH": str(folder), "BUILDKITE_STEP_ID": "7" * 101, "BUILDKITE_TEST": str(folder),
        "BUILDKITE_TEST_CODE": "0", "BUILDKITE_PULL_REQUEST": "false", "ANTHROPIC_ADMIN_KEY": KEY,
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    return folder


def write_prompt(repo: Repo) -> None:
    repo.write(".prompt-lint.yaml", "models: [claude-sonnet-5-5]\nprompts:\n  - files: a.md\n    limit: 1\n")
    repo.write("a.md", "Be kind to everybody.\n")
    repo.commit()


@pytest.mark.skipif(sys.platform == "win32", reason="the agent is a shell script")
def test_buildkite_gets_an_annotation(agent: Path, repo: Repo, lint: Callable[..., Done]) -> None:
    """In the style of the verdict, one for each step; the agent's program sees no key, and what it prints isn't shown."""
    write_prompt(repo)
    done = lint("check", "--offline")

    assert done.code == 1
    assert "noise" not in done.out
    assert (agent / "arguments").read_text().split() == [
        "annotate", "--style", "error", "--context", f"prompt-lint-check-{'7' * 100}",
    ]  # fmt: skip
    assert "a.md" in (agent / "page").read_text()
    assert KEY not in (agent / "env").read_text()
    lint("check", "--offline", "--exit-zero")
    assert "--style\ninfo\n" in (agent / "arguments").read_text()


@pytest.mark.skipif(sys.platform == "win32", reason="the agent is a shell script")
def test_what_is_not_attached_is_a_warning(
    agent: Path, repo: Repo, lint: Callable[..., Done], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The verdict is that of the prompts. No program of the checkout is taken for the agent's."""
    write_prompt(repo)
    monkeypatch.setenv("BUILDKITE_TEST_CODE", "3")
    assert "lacks the report: buildkite-agent ended with 3" in lint("check", "--offline").err

    (agent / "page").unlink()
    (agent / "buildkite-agent").write_text("#!/nowhere/sh\n")
    assert "lacks the report: buildkite-agent failed (FileNotFoundError)" in lint("check", "--offline").err

    (agent / "buildkite-agent").write_text(AGENT)
    (agent / "buildkite-agent").rename(repo.path / "buildkite-agent")
    monkeypatch.setenv("BUILDKITE_BIN_PATH", str(repo.path))
    done = lint("check", "--offline")
    assert done.code == 1
    assert "warning: the summary of the build lacks the report: buildkite-agent isn't on PATH" in done.err
    assert not (agent / "page").exists()


def test_azure_uploads_a_page(
    repo: Repo, lint: Callable[..., Done], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """By a logging command on stdout, and not where stdout was asked for in a format."""
    write_prompt(repo)
    monkeypatch.setenv("TF_BUILD", "True")
    folder = tmp_path / "100%3B"
    folder.mkdir()
    monkeypatch.setenv("AGENT_TEMPDIRECTORY", str(folder))
    done = lint("check", "--offline")
    uploads = [one for one in log_commands.azure(done.out) if one.name == "task.uploadsummary"]

    assert [Path(one.data).name for one in uploads] == ["prompt-lint check.md"]
    assert Path(uploads[0].data).is_relative_to(folder)
    assert "a.md" in Path(uploads[0].data).read_text(encoding="utf-8")
    assert "##vso" not in lint("check", "--offline", "--output-format=json").out


@pytest.mark.parametrize(
    ("folder", "reason"),
    [
        ("gone", "no folder can be made for it: No such file or directory"),
        ("a\x1b", "AGENT_TEMPDIRECTORY has a control character"),
    ],
)
def test_a_page_that_has_no_place_is_a_warning(
    repo: Repo, lint: Callable[..., Done], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, folder: str, reason: str
) -> None:  # fmt: skip
    """Nothing is uploaded then, and no command has a name that could be another one."""
    write_prompt(repo)
    (tmp_path / "a\x1b").mkdir()
    monkeypatch.setenv("TF_BUILD", "True")
    monkeypatch.setenv("AGENT_TEMPDIRECTORY", str(tmp_path / folder))
    done = lint("check", "--offline")

    assert f"the summary of the build lacks the report: {reason}\n" in done.err + done.out
    assert "task.uploadsummary" not in done.out
