"""Where outputs go: stdout, files, and in CI where its people look."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.support import log_commands

from prompt_lint.ci.workflow_commands import MAX_SUMMARY_BYTES
from prompt_lint.model.errors import ExitCode, Fatal
from prompt_lint.output.delivery import OutputOptions, Target, choose_targets

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.program import Done
    from tests.support.repo import Repo

GITHUB = {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": "/summary"}
TEXT, NOTES, SUMMARY = Target("text"), Target("github"), Target("markdown", "/summary", is_summary=True)


@pytest.mark.parametrize(
    ("env", "options", "chosen"),
    [
        ({}, OutputOptions(), [TEXT]),
        ({"CI": "true", "GITLAB_CI": "true"}, OutputOptions(), [TEXT]),
        (GITHUB, OutputOptions(), [SUMMARY, TEXT, NOTES]),
        ({"GITHUB_ACTIONS": "true"}, OutputOptions(), [TEXT, NOTES]),
        ({"GITHUB_ACTIONS": "false", "GITHUB_STEP_SUMMARY": "/summary"}, OutputOptions(), [TEXT]),
        (GITHUB, OutputOptions("text"), [TEXT]),
        (GITHUB, OutputOptions("sarif"), [Target("sarif")]),
        (GITHUB, OutputOptions(None, "out.txt"), [Target("text", "out.txt"), SUMMARY, NOTES]),
        (GITHUB, OutputOptions(None, "", [("sarif", "a")]), [Target("sarif", "a"), SUMMARY, TEXT, NOTES]),
        (GITHUB, OutputOptions("json", "out"), [Target("json", "out")]),
        (GITHUB, OutputOptions(None, "", [("markdown", "/summary")]), [Target("markdown", "/summary"), TEXT, NOTES]),
        ({"TF_BUILD": "True"}, OutputOptions(), [TEXT, Target("azure")]),
        ({"TF_BUILD": "True"}, OutputOptions("json"), [Target("json")]),
        ({}, OutputOptions("json", "a", [("junit", "b")]), [Target("junit", "b"), Target("json", "a")]),
    ],
)  # fmt: skip
def test_outputs_go_where_they_are_looked_at(
    env: dict[str, str], options: OutputOptions, chosen: list[Target]
) -> None:
    """Files before stdout; in CI what its people look at, unless a format was chosen."""
    assert choose_targets(options, env) == chosen


@pytest.mark.parametrize(
    "options", [OutputOptions("json", "a", [("text", "./a")]), OutputOptions("json", "-")]
)
def test_two_outputs_do_not_share_a_file(options: OutputOptions) -> None:
    """One would overwrite the other."""
    with pytest.raises(Fatal):
        choose_targets(options, {})


def write_failing(repo: Repo) -> None:
    repo.write(
        ".prompt-lint.yaml", "models: [claude-sonnet-4-6]\nlimit: 20\nprompts: [{files: 'prompts/**'}]\n"
    )
    for name in ("::error::a.md", "##[add-mask]b.md", "c.md"):
        repo.write(f"prompts/{name}", "Never guess what you could look up.\n" * 3)


@pytest.fixture
def on_github(repo: Repo, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A failing repository on GitHub; the file of the summary."""
    write_failing(repo)
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary.md"))
    return tmp_path / "summary.md"


def test_a_run_on_github_is_annotated_and_summed_up(on_github: Path, lint: Callable[..., Done]) -> None:
    """Text, then an annotation for each prompt that fails; the summary keeps what was there."""
    on_github.write_text("Before.\n")

    done = lint("check", "--offline")

    text, _, _ = done.out.partition("\n::")
    assert (done.code, done.err) == (ExitCode.OVER_LIMIT, "")
    assert "c.md" in text
    assert [command.properties["file"] for command in log_commands.github(done.out)] == [
        "prompts/##[add-mask]b.md".replace("##", r"#\x23"), "prompts/::error::a.md", "prompts/c.md",
    ]  # fmt: skip
    assert on_github.read_text().startswith("Before.\n\n")
    assert "c.md" in on_github.read_text()
    assert log_commands.github(done.err) == []


def test_a_summary_that_has_no_room_left_is_left_alone(on_github: Path, lint: Callable[..., Done]) -> None:
    """GitHub would drop all of it: what is there stays, and the run says so."""
    full = "x" * (MAX_SUMMARY_BYTES - 20)
    on_github.write_text(full)

    done = lint("check", "--offline")

    assert done.code == ExitCode.OVER_LIMIT
    assert on_github.read_text() == full
    assert done.err.startswith("warning: the summary of the job lacks the report")


def test_a_summary_is_cut_to_the_room_that_is_left(on_github: Path, lint: Callable[..., Done]) -> None:
    """With little room, the verdict is there at least."""
    on_github.write_text("x" * (MAX_SUMMARY_BYTES - 300))

    done = lint("check", "--offline")

    assert done.err == ""
    assert on_github.stat().st_size < MAX_SUMMARY_BYTES
    assert "over their limits" in on_github.read_text()


@pytest.mark.parametrize(
    ("content", "code"), [("Hi.\n", ExitCode.OK), ("Never guess a number.\n" * 9, ExitCode.OVER_LIMIT)]
)
def test_a_summary_that_cannot_be_written_changes_no_verdict(
    repo: Repo, lint: Callable[..., Done], monkeypatch: pytest.MonkeyPatch, content: str, code: ExitCode
) -> None:
    """It is a warning on stderr."""
    write_failing(repo)
    for path in (repo.path / "prompts").iterdir():
        path.write_text(content)
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(repo.path))

    done = lint("check", "--offline")

    assert done.code == code
    assert "lacks the report" in done.err


def test_a_format_that_was_chosen_is_all_there_is(
    on_github: Path, lint: Callable[..., Done], monkeypatch: pytest.MonkeyPatch
) -> None:
    """By flag or by variable; and `count`, which judges nothing, annotates nothing."""
    chosen = lint("check", "--offline", "--output-format", "text")
    counted = lint("count", "prompts/c.md", "--model", "claude-sonnet-4-6", "--offline")
    monkeypatch.setenv("PROMPT_LINT_OUTPUT_FORMAT", "text")
    by_variable = lint("check", "--offline")

    for done in (chosen, counted, by_variable):
        assert log_commands.github(done.out) == []
    assert chosen.out == by_variable.out
    assert not on_github.exists()


def test_a_run_on_azure_has_its_issues(
    repo: Repo, lint: Callable[..., Done], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The text, and behind it a command for each prompt that fails."""
    write_failing(repo)
    monkeypatch.setenv("TF_BUILD", "True")

    done = lint("check", "--offline")

    assert [command.properties["type"] for command in log_commands.azure(done.out)] == ["error"] * 3
    assert log_commands.github(done.out) == []
