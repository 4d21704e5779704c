"""Annotations of GitHub: the worst ten of each level, as workflow commands that its runner finds."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from tests.support import log_commands, reports
from tests.support.hostile_names import NAMES

from prompt_lint.ci.workflow_commands import MAX_MESSAGE_LENGTH
from prompt_lint.model.values import Note, Problem
from prompt_lint.output import View
from prompt_lint.output.findings import LEVELS, collect_findings
from prompt_lint.output.github import render
from prompt_lint.output.text import report as text_report
from prompt_lint.text.escape import escape_line

if TYPE_CHECKING:
    from syrupy.assertion import SnapshotAssertion


@pytest.mark.parametrize("name", ["empty", "passing", "failure", "comparison", "raised"])
def test_whole_outputs(name: str, snapshot: SnapshotAssertion) -> None:
    """Each report as its annotations."""
    assert render(reports.REPORTS[name], View()).splitlines() == snapshot


def test_a_prompt_that_fails_for_several_models_is_one_annotation() -> None:
    """Every failing model has its line in it, the worst first; a model that is well has none."""
    rows = [
        reports.row("a.md", tokens, limit=100, model=model)
        for model, tokens in (("one", 110), ("two", 150), ("three", 50))
    ]

    [command] = log_commands.github(render(reports.finish(*rows), View()))

    first, second, *rest = command.data.split("\n")
    assert first.startswith("150 tokens for two, 50 over")
    assert second.startswith("110 tokens for one, 10 over")
    assert not any("three" in line for line in rest)


def test_a_note_of_a_place_is_a_notice() -> None:
    """What concerns no file is in the text alone."""
    report = reports.finish(notes=(Note("one", "a.md", 3), Note("two")))

    [command] = log_commands.github(render(report, View()))

    assert (command.name, command.data, command.properties["line"]) == ("notice", "one", "3")


@pytest.mark.parametrize("name", ["many", "hostile"])
@pytest.mark.parametrize("verbosity", [-1, 0])
def test_github_keeps_all_annotations(name: str, verbosity: int) -> None:
    """No level has more than ten, the worst are there, and the last notice tells how many are not."""
    report = reports.REPORTS[name]
    wanted = [one for one in collect_findings(report) if verbosity >= 0 or one.level == "error"]

    commands = log_commands.github(render(report, View(verbosity=verbosity)))

    *shown, rest = commands
    assert all(sum(command.name == level for command in commands) <= 10 for level in LEVELS)
    assert len(shown) + sum(map(int, re.findall(r"([0-9]+) more", rest.data.replace(",", "")))) == len(wanted)
    worst = [one for one in wanted if one.level == "error"][:10]
    assert [command.properties["file"] for command in shown[:10]] == [escape_line(one.path) for one in worst]


def test_ten_of_a_level_need_no_notice() -> None:
    """It would say that there is nothing more. Of a level without more, no notice says so either."""
    rows = [reports.row(f"{n}.md", 200, limit=100) for n in range(11)]
    warnings = [reports.row(f"{n}.txt", 95, limit=100) for n in range(10)]

    ten, more = (log_commands.github(render(reports.finish(*rows[:n], *warnings), View())) for n in (10, 11))

    assert (len(ten), len(more)) == (20, 21)
    assert more[-1].data.endswith(": see the log of this step, or the summary, for 1 more error.")


def test_a_message_is_cut_to_what_github_keeps() -> None:
    """The end of a long message goes, not all of it."""
    report = reports.finish(problems=(Problem("a.md", 1, "x" * 10_000, ""),))

    [command] = log_commands.github(render(report, View()))

    assert len(command.data) == MAX_MESSAGE_LENGTH


@given(NAMES)
@settings(deadline=None)
def test_github_finds_our_annotations_and_no_others(names: list[str]) -> None:
    """Every command is one of ours, and has the place, the title and the message that it was made from."""
    report = reports.hostile(names)
    found = [one for one in collect_findings(report) if one.level != "notice"]
    found = [one for level in LEVELS for one in [o for o in found if o.level == level][:10]]

    log = text_report.render(report, View()) + render(report, View())
    commands = log_commands.github(log)

    assert len(commands) == render(report, View()).count("\n")
    for one, command in zip(found, commands, strict=False):
        place = {"file": escape_line(one.path)} if one.path else {}
        line = {"line": str(one.line)} if one.path and one.line else {}
        assert command.name == one.level
        assert command.properties == place | line | {"title": f"prompt-lint: {one.title}"}
        assert command.data.lstrip(" ") == "\n".join(map(escape_line, one.lines)).lstrip(" ")
        assert command.data[:1].isascii()
    assert log_commands.azure(log) == []
