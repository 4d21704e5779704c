"""Where outputs go: stdout, files, and in CI where its people look."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import pytest
from tests.support import log_commands
from tests.support.program import PROGRAM, run

from prompt_lint.ci.workflow_commands import MAX_SUMMARY_BYTES
from prompt_lint.model.errors import ExitCode, Fatal
from prompt_lint.output.delivery import (
    Document,
    OutputOptions,
    Target,
    add_ci_targets,
    choose_targets,
    deliver,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.program import Done
    from tests.support.repo import Repo

GITHUB = {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": "/summary"}
PAGE = Target("markdown", is_optional=True, is_attached=True)
TEXT, NOTES, SUMMARY = (
    Target("text"),
    Target("github"),
    Target("markdown", "/summary", is_summary=True, is_optional=True),
)


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
        (GITHUB, OutputOptions(None, None, [("sarif", "a")]), [Target("sarif", "a"), SUMMARY, TEXT, NOTES]),
        (GITHUB, OutputOptions("json", "out"), [Target("json", "out")]),
        (GITHUB, OutputOptions(None, None, [("markdown", "/summary")]), [SUMMARY._replace(is_optional=False), TEXT, NOTES]),
        ({"TF_BUILD": "True"}, OutputOptions(), [TEXT, PAGE, Target("azure")]),
        ({"BUILDKITE": "true"}, OutputOptions(), [TEXT, PAGE]),
        ({"TF_BUILD": "True"}, OutputOptions("json"), [Target("json")]),
        ({}, OutputOptions("json", "a", [("junit", "b")]), [Target("junit", "b"), Target("json", "a")]),
    ],
)  # fmt: skip
def test_outputs_go_where_they_are_looked_at(
    env: dict[str, str], options: OutputOptions, chosen: list[Target]
) -> None:
    """Files before stdout; in CI what its people look at, unless a format was chosen."""
    targets = choose_targets(options, env, lambda _: "")

    assert add_ci_targets(targets, options, env, lambda _: "") == chosen


@pytest.mark.parametrize(
    "options", [OutputOptions("json", "a", [("text", "./a")]), OutputOptions("json", "-")]
)
def test_two_outputs_do_not_share_a_file(options: OutputOptions) -> None:
    """One would overwrite the other."""
    with pytest.raises(Fatal):
        choose_targets(options, {}, lambda _: "")


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
    assert done.err.startswith("::warning title=prompt-lint::the summary of the job lacks the report")


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

    commands = [one for one in log_commands.azure(done.out) if one.name == "task.logissue"]
    assert [command.properties["type"] for command in commands] == ["error"] * 3
    assert log_commands.github(done.out) == []


@pytest.mark.parametrize("code", [ExitCode.OK, ExitCode.OVER_LIMIT])
def test_a_page_for_a_log_that_nobody_reads_keeps_the_exit_code(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, code: ExitCode
) -> None:
    """No option asks for it, so the verdict is that of the run."""
    reader, end = os.pipe()
    os.close(reader)
    document = Document(lambda *_: "", code, "check", lambda _room: "page")

    with open(end, "w", encoding="utf-8") as stream:
        monkeypatch.setattr(sys, "stdout", stream)
        env = {"TF_BUILD": "True", "AGENT_TEMPDIRECTORY": str(tmp_path)}
        assert deliver(document, [PAGE], OutputOptions(), env) == code


# ---------------------------------------------------------------------------------------------------------
# What an output must not overwrite


@pytest.fixture
def memory(repo: Repo) -> Repo:
    """A prompt that imports a file, with a configuration; each has more names than one."""
    repo.write(
        ".prompt-lint.yaml", "models: [claude-sonnet-5-5]\nlimit: 100\nprompts: [{files: CLAUDE.md}]\n"
    )
    repo.write("CLAUDE.md", "Be kind.\n\n@docs/style.md\n")
    repo.write("docs/style.md", "Be brief.\n")
    repo.commit()
    for name, target in (
        ("config", ".prompt-lint.yaml"),
        ("prompt", "CLAUDE.md"),
        ("import", "docs/style.md"),
    ):
        repo.link(f"soft-{name}", target)
        (repo.path / f"hard-{name}").hardlink_to(repo.path / target)
    return repo


@pytest.mark.parametrize(
    ("path", "what"),
    [
        (".prompt-lint.yaml", "the configuration"),
        ("./CLAUDE.md", "a prompt by the rule at .prompt-lint.yaml:3"),
        ("docs/../docs/style.md", "which this run reads"),
        ("soft-config", "the configuration"),
        ("soft-prompt", "a prompt by the rule at .prompt-lint.yaml:3"),
        ("soft-import", "which this run reads"),
        ("hard-config", "the configuration"),
        ("hard-prompt", "which this run reads"),
        ("hard-import", "which this run reads"),
    ],
)
@pytest.mark.parametrize(
    "command",
    ["check -o {}", "check --output json={}", "list -o {}", "count CLAUDE.md --model claude-opus-5 -o {}"],
)
def test_no_output_overwrites_what_the_run_reads(
    memory: Repo, lint: Callable[..., Done], command: str, path: str, what: str
) -> None:
    """By whatever name; with a warm cache, too, which opens no prompt. Nothing else is written either."""
    before = {
        name: (memory.path / name).read_text() for name in (".prompt-lint.yaml", "CLAUDE.md", "docs/style.md")
    }
    lint("check", "--offline")

    done = lint(*command.format(path).split(), "--offline")

    name = "json" if "json=" in command else "text"
    if command.startswith("count") and path.endswith(("style.md", "soft-import")):
        what = "a part of the prompt CLAUDE.md"
    assert (done.code, done.out) == (ExitCode.USAGE, "")
    assert done.err == f"error: the {name} output would overwrite {path}, {what}\nname another file for it\n"
    assert {name: (memory.path / name).read_text() for name in before} == before


def test_a_prompt_that_this_run_does_not_check_is_not_overwritten(
    repo: Repo, lint: Callable[..., Done]
) -> None:
    """Whichever files are named, it is somebody's work."""
    repo.write(
        ".prompt-lint.yaml", "models: [claude-sonnet-5-5]\nlimit: 100\nprompts: [{files: prompts/*.md}]\n"
    )
    repo.write("prompts/a.md", "Be kind.\n")
    repo.write("prompts/b.md", "Be brief.\n")

    done = lint("check", "prompts/a.md", "-o", "prompts/b.md")

    assert (done.code, (repo.path / "prompts/b.md").read_text()) == (ExitCode.USAGE, "Be brief.\n")


@pytest.mark.parametrize(
    "command", ["check prompts/a.md", "list prompts/a.md", "count prompts/a.md --model claude-opus-5"]
)
@pytest.mark.parametrize(
    ("path", "what"),
    [
        ("docs/system.md", "a part of the group at .prompt-lint.yaml:5"),
        ("docs/member.md", "a part of the group at .prompt-lint.yaml:6"),
        ("soft-member", "a part of the group at .prompt-lint.yaml:6"),
        ("docs/real.md", "a part of the group at .prompt-lint.yaml:7"),
        ("docs/linked.md", "a prompt by the rule at .prompt-lint.yaml:3"),
        ("docs/style.md", ("a part of the prompt CLAUDE.md", "which this run reads")),
    ],
)
def test_no_output_overwrites_a_part_of_a_prompt_that_is_not_checked(
    repo: Repo, lint: Callable[..., Done], command: str, path: str, what: str | tuple[str, ...]
) -> None:
    """Files of groups and imports are somebody's work as well; a file beside them is not."""
    repo.write(
        ".prompt-lint.yaml",
        "models: [claude-sonnet-5-5]\nlimit: 100\nprompts: [{files: [CLAUDE.md, prompts/*.md]}]\n"
        "groups:\n- {name: a, system: docs/system.md, limit: 100}\n- {name: b, sum: [docs/member.md], limit: 100}\n"
        "- {name: c, system: docs/link.md, limit: 100}\n",
    )
    repo.write("CLAUDE.md", "@docs/style.md\n")
    for name in (
        "docs/system.md",
        "docs/member.md",
        "docs/style.md",
        "docs/other.md",
        "docs/real.md",
        "docs/linked.md",
        "prompts/a.md",
    ):
        repo.write(name, "Be kind.\n")
    repo.link("soft-member", "docs/member.md")
    repo.link("docs/link.md", "real.md")
    repo.link("prompts/link.md", "../docs/linked.md")

    done = lint(*command.split(), "--offline", "-o", path)
    other = lint(*command.split(), "--offline", "-o", "docs/other.md")

    reasons = [what] if isinstance(what, str) else what
    assert done.code == ExitCode.USAGE
    assert any(f"would overwrite {path}, {reason}\n" in done.err for reason in reasons)
    assert (repo.path / path).read_text() == "Be kind.\n"
    assert (other.code, other.err) == (ExitCode.OK, "")


@pytest.mark.parametrize("path", [".git/index", ".git/config", ".git/hooks/new", "link", "inner/.GIT/x"])
def test_no_output_goes_to_a_folder_of_git(repo: Repo, lint: Callable[..., Done], path: str) -> None:
    """Whether the file exists or not, by whatever name."""
    write_failing(repo)
    repo.commit()
    repo.link("link", ".git/config")
    (repo.path / "inner/.GIT").mkdir(parents=True)
    before = {name: (repo.path / ".git" / name).read_bytes() for name in ("index", "config")}

    done = lint("check", "--offline", "--output", f"json={path}")

    assert done.code == ExitCode.USAGE
    assert done.err.startswith(f"error: the json output would go to {path}, which belongs to git itself\n")
    assert {name: (repo.path / ".git" / name).read_bytes() for name in before} == before
    assert not (repo.path / ".git/hooks/new").exists()


def test_no_output_goes_to_a_folder_of_git_that_is_elsewhere(
    repo: Repo, tmp_path: Path, lint: Callable[..., Done]
) -> None:
    """As `git init --separate-git-dir` makes one, and as bare repositories are."""
    write_failing(repo)
    repo.git("init", "--quiet", "--separate-git-dir", str(tmp_path / "elsewhere"))

    for path in (tmp_path / "elsewhere/config", tmp_path / "elsewhere/info/new", repo.path / ".git"):
        assert lint("check", "--offline", "-o", str(path)).code == ExitCode.USAGE


def test_an_output_without_a_name_is_a_mistake(repo: Repo, lint: Callable[..., Done]) -> None:
    """A variable was empty; the report isn't where somebody will look for it."""
    write_failing(repo)

    done = lint("check", "--offline", "-o", "")

    assert (done.code, done.out) == (ExitCode.USAGE, "")
    assert done.err.startswith("error: --output-file is empty\n")


def test_a_summary_that_is_asked_for_is_appended_to(on_github: Path, lint: Callable[..., Done]) -> None:
    """By option or not, what other steps wrote there stays; one that can't take it is an error then."""
    on_github.write_text("Before.\n")
    done = lint("check", "--offline", "--output", f"markdown={on_github}")
    page = on_github.read_text()
    on_github.write_text("x" * MAX_SUMMARY_BYTES)
    full = lint("list", "--offline", "-o", str(on_github))

    assert (done.code, page.count("### ❌"), page[:10]) == (ExitCode.OVER_LIMIT, 1, "Before.\n\n\n")
    assert full.code == ExitCode.UNCOUNTED
    assert full.err.startswith("::error title=prompt-lint::the summary of the job lacks the report")


def test_stdout_and_an_output_are_not_one_file(repo: Repo) -> None:
    """The file would be replaced, and what stdout carries would be lost with it."""
    write_failing(repo)
    with open(repo.path / "out.txt", "wb") as out:
        done = run(repo, PROGRAM, "check", "--output", "json=out.txt", stdout=out)

    assert done.code == ExitCode.USAGE
    assert "two outputs would be written to out.txt" in done.err


@pytest.mark.parametrize(
    ("link", "target"),
    [("out.md", "../outside/mine.md"), ("out", "../outside"), ("later.md", "../outside/new")],
)
def test_no_link_of_the_repository_leads_an_output_out_of_it(
    repo: Repo, lint: Callable[..., Done], tmp_path: Path, link: str, target: str
) -> None:
    """A stranger's branch could replace a file of whoever checks it. A link inside the repository is followed."""
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/mine.md").write_text("Mine.", encoding="utf-8")
    repo.write(".prompt-lint.yaml", "models: [claude-opus-5]\nlimit: 100\nprompts: [{files: prompts/*}]\n")
    repo.write("prompts/a.md")
    repo.write("reports/x.md")
    repo.link(link, target)
    repo.link("inside", "reports")
    output = link if link.endswith(".md") else f"{link}/mine.md"

    done = [
        lint(*command, f"--output=markdown={output}") for command in (("check",), ("count", "prompts/a.md"))
    ]
    followed = lint("check", "--output=markdown=inside/x.md")

    error = f"error: the markdown output would go to {output}, which a symbolic link leads out of the repository\n"
    assert {(one.code, one.out) for one in done} == {(ExitCode.USAGE, "")}
    assert all(error in one.err for one in done)
    assert [path.read_text(encoding="utf-8") for path in (tmp_path / "outside").iterdir()] == ["Mine."]
    assert followed.code == 0
    assert (repo.path / "reports/x.md").read_text(encoding="utf-8").startswith("### ")
