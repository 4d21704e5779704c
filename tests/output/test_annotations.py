"""Annotations, where outputs go in CI, and that nobody else's text is a command there."""

from __future__ import annotations

import contextlib
import io
import os
import re
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support import log_commands, make, reports
from tests.text.test_escape import SPECIAL

from prompt_lint.ci.workflow_commands import MAX_MESSAGE_LENGTH, MAX_SUMMARY_BYTES
from prompt_lint.cli import main
from prompt_lint.model.errors import ExitCode, Fatal
from prompt_lint.model.values import Note, Problem
from prompt_lint.output import OUTPUTS, View, github
from prompt_lint.output.delivery import OutputOptions, Target, choose_targets
from prompt_lint.output.findings import LEVELS, collect_findings
from prompt_lint.text.escape import visible

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from syrupy.assertion import SnapshotAssertion
    from tests.support.program import Done
    from tests.support.repo import Repo

PIECES = st.sampled_from(
    ["::", ":", "##", "#", "[", "]", "vso", "error", "add-mask", " ", "\n", "\r", ";", ",", "=", "%", "%0A", "%25", "\\",
     "](", "\u0301", "\u200d", "\x85", "|", "`", "<", "]]>", "&"]
)  # fmt: skip
NAME = st.lists(PIECES | SPECIAL | st.text(max_size=3), max_size=8).map("".join)


def is_argument(name: str) -> bool:
    """Whether a process can be given it: bytes, but no zero."""
    try:
        return b"\0" not in name.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return False


NAMES = st.lists(NAME, min_size=1, max_size=2)

# ---------------------------------------------------------------------------------------------------------
# What is annotated


@pytest.mark.parametrize("name", ["empty", "passing", "failure", "comparison", "raised"])
@pytest.mark.parametrize("output", ["github", "azure"])
def test_annotations(output: str, name: str, snapshot: SnapshotAssertion) -> None:
    """Each report as its annotations."""
    assert OUTPUTS[output].render(reports.REPORTS[name], View()).splitlines() == snapshot


def test_a_prompt_that_fails_for_several_models_is_one_annotation() -> None:
    """Every failing model has its line in it, the worst first; a model that is well has none."""
    rows = [
        reports.row("a.md", tokens, limit=100, model=model)
        for model, tokens in (("one", 110), ("two", 150), ("three", 50))
    ]

    [command] = log_commands.github(github.render(reports.finish(*rows), View()))

    first, second, *rest = command.data.split("\n")
    assert first.startswith("150 tokens for two, 50 over")
    assert second.startswith("110 tokens for one, 10 over")
    assert not any("three" in line for line in rest)


@pytest.mark.parametrize(("base", "level"), [(True, "notice"), (False, "warning")])
def test_what_a_change_does_not_touch_is_no_warning_of_it(base: bool, level: str) -> None:
    """A prompt that is near its limit as it was in the base is worth a notice only."""
    standing: Any = "unchanged" if base else ""
    report = reports.finish(reports.row("a.md", 95, limit=100, base=95, standing=standing))
    report = report._replace(base=reports.BASE if base else None)

    assert [one.level for one in collect_findings(report)] == [level]


@pytest.mark.parametrize(("on_raise", "level"), [("fail", "error"), ("warn", "warning"), ("note", "notice")])
def test_loosened_limits_are_as_loud_as_the_configuration_says(on_raise: Any, level: str) -> None:
    """`on_raise` decides on the level, and the line is that of the limit."""
    report = reports.COMPARISON._replace(on_raise=on_raise)

    found = [one for one in collect_findings(report) if one.kind == "loosened"]

    assert {one.level for one in found} == {level}
    assert [one.line for one in found] == [0, 0, 9, 14, 31]


def test_an_outage_is_told_once() -> None:
    """A prompt that wasn't counted for a reason of its own isn't told twice; one without has its own annotation."""
    report = reports.finish(
        reports.row("a.md", None),
        reports.row("b.md", None),
        problems=(Problem("", 0, "2 counts did not come"), Problem("a.md", 1, "holds an image")),
    )

    assert [(one.path, one.lines[0]) for one in collect_findings(report)] == [
        ("", "2 counts did not come"),
        ("a.md", "holds an image"),
        ("b.md", f"not counted for {make.MODEL}."),
    ]


@pytest.mark.parametrize("name", ["many", "hostile"])
@pytest.mark.parametrize("verbosity", [-1, 0])
def test_github_keeps_all_annotations(name: str, verbosity: int) -> None:
    """No level has more than ten, the worst are there, and the last notice tells how many are not."""
    report = reports.REPORTS[name]
    wanted = [one for one in collect_findings(report) if verbosity >= 0 or one.level == "error"]

    commands = log_commands.github(github.render(report, View(verbosity=verbosity)))

    *shown, rest = commands
    assert all(sum(command.name == level for command in commands) <= 10 for level in LEVELS)
    assert len(shown) + sum(map(int, re.findall(r"([0-9]+) more", rest.data.replace(",", "")))) == len(wanted)
    worst = [one for one in wanted if one.level == "error"][:10]
    assert [command.properties["file"] for command in shown[:10]] == [visible(one.path) for one in worst]


def test_azure_keeps_all_issues() -> None:
    """No type has more than ten; the last one tells how many are left."""
    commands = log_commands.azure(OUTPUTS["azure"].render(reports.MANY, View()))

    errors = sum(one.level == "error" for one in collect_findings(reports.MANY))
    assert [command.properties["type"] for command in commands].count("error") == 10
    assert f"{errors - 10} more" in commands[-1].data


def test_ten_of_a_level_need_no_notice() -> None:
    """Nothing is told of more where there is no more."""
    report = reports.finish(*(reports.row(f"{n}.md", 200, limit=100) for n in range(10)))

    assert len(log_commands.github(github.render(report, View()))) == 10


def test_a_message_is_cut_to_what_github_keeps() -> None:
    """The end of a long message goes, not all of it."""
    report = reports.finish(problems=(Problem("a.md", 1, "x" * 10_000),))

    [command] = log_commands.github(github.render(report, View()))

    assert len(command.data) == MAX_MESSAGE_LENGTH


# ---------------------------------------------------------------------------------------------------------
# Nobody else's commands


@pytest.mark.parametrize("view", [View(), View(verbosity=1), View(verbosity=-1), View(color=True)])
@pytest.mark.parametrize("output", sorted(set(OUTPUTS) - {"github", "azure"}))
def test_no_output_has_a_command(output: str, view: View) -> None:
    """Whatever is printed to a log of either system, none of the names in it is obeyed."""
    text = OUTPUTS[output].render(reports.HOSTILE, view)

    assert log_commands.github(text) == []
    assert log_commands.azure(text) == []


@given(NAMES)
@settings(max_examples=150, deadline=None)
def test_no_name_makes_a_command(names: list[str]) -> None:
    """The same for any names, titles, messages, branches and models."""
    report = reports.hostile(names)

    for output in sorted(set(OUTPUTS) - {"github", "azure"}):
        for verbosity in (0, 1):
            text = OUTPUTS[output].render(report, View(verbosity=verbosity))
            assert log_commands.github(text) == [], output
            assert log_commands.azure(text) == [], output


@given(NAMES)
@settings(deadline=None)
def test_github_finds_our_annotations_and_no_others(names: list[str]) -> None:
    """Every command is one of ours, and has the place, the title and the message that it was made from."""
    report = reports.hostile(names)
    found = [one for one in collect_findings(report) if one.level != "notice"]
    found = [one for level in LEVELS for one in [o for o in found if o.level == level][:10]]

    text = OUTPUTS["text"].render(report, View()) + github.render(report, View())
    commands = log_commands.github(text)

    assert len(commands) == github.render(report, View()).count("\n")
    for one, command in zip(found, commands, strict=False):
        place = {"file": visible(one.path)} if one.path else {}
        line = {"line": str(one.line)} if one.path and one.line else {}
        assert command.name == one.level
        assert command.properties == place | line | {"title": f"prompt-lint: {one.title}"}
        assert command.data.lstrip(" ") == "\n".join(map(visible, one.lines)).lstrip(" ")
        assert command.data[:1].isascii()
    assert log_commands.azure(text) == []


@given(NAMES)
@settings(deadline=None)
def test_azure_finds_our_issues_and_no_others(names: list[str]) -> None:
    """The same for Azure, whose commands may stand anywhere in a line."""
    report = reports.hostile(names)
    text = OUTPUTS["azure"].render(report, View())
    found = {level: [one for one in collect_findings(report) if one.level == level] for level in LEVELS}

    commands = log_commands.azure(OUTPUTS["text"].render(report, View()) + text)

    assert len(commands) == text.count("\n")
    for level in ("error", "warning"):
        ours = [command for command in commands if command.properties["type"] == level]
        for one, command in zip(found[level], ours[:9], strict=False):
            place = {"sourcepath": visible(one.path)} if one.path else {}
            line = {"linenumber": str(one.line)} if one.path and one.line else {}
            assert command.name == "task.logissue"
            assert command.properties == {"type": level, "code": one.kind} | place | line
            first, *more = one.lines
            assert command.data == "\n".join(map(visible, (f"{one.title}: {first}", *more)))
    assert log_commands.github(text) == []


@given(NAME.filter(is_argument))
@settings(deadline=None)
def test_no_error_is_a_command(name: str) -> None:
    """What is said on stderr of a command line is no command, either."""
    told = io.StringIO()
    with contextlib.redirect_stderr(told), contextlib.redirect_stdout(told):
        for arguments in (
            [name], ["check", name, "--limit", "1", "--model", "m"], ["check", "--config", name], ["check", "--limit", name],
            ["check", "--output", name], ["count", name, "--model", name], [f"--{name}"], ["check", "--base", name, "--model", name],
        ):  # fmt: skip
            main.run(arguments)

    assert log_commands.github(told.getvalue()) == []
    assert log_commands.azure(told.getvalue()) == []


# ---------------------------------------------------------------------------------------------------------
# Where outputs go

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


def failing(repo: Repo) -> None:
    repo.write(
        ".prompt-lint.yaml", "models: [claude-sonnet-4-6]\nlimit: 20\nprompts: [{files: 'prompts/**'}]\n"
    )
    for name in ("::error::a.md", "##[add-mask]b.md", "c.md"):
        repo.write(f"prompts/{name}", "Never guess what you could look up.\n" * 3)


@pytest.fixture
def on_github(repo: Repo, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A failing repository on GitHub; the file of the summary."""
    failing(repo)
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
    """With little room, the verdict is told at least."""
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
    failing(repo)
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
    """The text, and behind it a command for each prompt that fails; also after a run that was recorded elsewhere."""
    failing(repo)
    monkeypatch.setenv("TF_BUILD", "True")

    done = lint("check", "--offline")

    assert [command.properties["type"] for command in log_commands.azure(done.out)] == ["error"] * 3
    assert log_commands.github(done.out) == []


def test_a_note_of_a_place_is_a_notice() -> None:
    """What concerns no file is told in the text alone."""
    report = reports.finish(notes=(Note("one", "a.md", 3), Note("two")))

    [command] = log_commands.github(github.render(report, View()))

    assert (command.name, command.data, command.properties["line"]) == ("notice", "one", "3")


def test_a_prompt_itself_is_printed_without_a_command(repo: Repo, lint: Callable[..., Done]) -> None:
    """`--show-request` prints what a stranger may have written: the same request, with nothing to obey."""
    repo.write("a.md", "##[add-mask]x ##vso[task.complete]y")

    done = lint("count", "a.md", "--model", "claude-sonnet-4-6", "--show-request")

    assert log_commands.github(done.out) == []
    assert log_commands.azure(done.out) == []
    assert os.linesep not in done.out.strip()


def test_what_is_over_in_the_first_change_was_not_over_before() -> None:
    """A base without a configuration has no prompts: a notice says that nothing fails yet, not that it was over."""
    row = reports.row("a.md", 4001, standing="new")._replace(is_preexisting=True)

    [one] = collect_findings(reports.finish(row, base=reports.BASE))

    assert (one.level, one.title) == ("notice", "over its limit, but new")
    assert one.lines[1:] == ("The base has no configuration: nothing fails yet.",)
