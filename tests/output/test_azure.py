"""Issues of Azure Pipelines: the worst ten of each type, as logging commands that its agent finds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from tests.support import log_commands, reports
from tests.support.hostile_names import NAMES

from prompt_lint.output import View
from prompt_lint.output.azure import render
from prompt_lint.output.findings import LEVELS, collect_findings
from prompt_lint.output.text import report as text_report
from prompt_lint.text.escape import escape_line

if TYPE_CHECKING:
    from syrupy.assertion import SnapshotAssertion


@pytest.mark.parametrize("name", ["empty", "passing", "failure", "comparison", "raised"])
def test_whole_outputs(name: str, snapshot: SnapshotAssertion) -> None:
    """Each report as its issues."""
    assert render(reports.REPORTS[name], View()).splitlines() == snapshot


def test_azure_keeps_all_issues() -> None:
    """No type has more than ten; the last one tells how many are left."""
    commands = log_commands.azure(render(reports.MANY, View()))

    errors = sum(one.level == "error" for one in collect_findings(reports.MANY))
    assert [command.properties["type"] for command in commands].count("error") == 10
    assert f"{errors - 10} more" in commands[-1].data


@pytest.mark.parametrize(("errors", "warnings", "left"), [(10, 11, 2), (11, 10, 2), (10, 10, 0)])
def test_ten_of_a_type_are_whole(errors: int, warnings: int, left: int) -> None:
    """Of more, the last warning is the one that says so. Quietly, it is the only one."""
    rows = [reports.row(f"{n}.md", 200, limit=100) for n in range(errors)]
    report = reports.finish(*rows, *(reports.row(f"{n}.txt", 95, limit=100) for n in range(warnings)))

    commands = log_commands.azure(render(report, View()))
    quiet = log_commands.azure(render(report, View(verbosity=-1)))

    assert [command.properties["type"] for command in commands] == ["error"] * 10 + ["warning"] * 10
    last = [f"Azure keeps 10 issues of a type: see the log of this task for {left} more."] if left else []
    assert [command.data for command in commands if "more" in command.data] == last
    assert len(quiet) == min(errors, 11)


@given(NAMES)
@settings(deadline=None)
def test_azure_finds_our_issues_and_no_others(names: list[str]) -> None:
    """Every command is one of ours; commands of Azure may stand anywhere in a line."""
    report = reports.hostile(names)
    issues = render(report, View())
    found = {level: [one for one in collect_findings(report) if one.level == level] for level in LEVELS}

    commands = log_commands.azure(text_report.render(report, View()) + issues)

    assert len(commands) == issues.count("\n")
    for level in ("error", "warning"):
        of_level = [command for command in commands if command.properties["type"] == level]
        for one, command in zip(found[level], of_level[:9], strict=False):
            place = {"sourcepath": escape_line(one.path)} if one.path else {}
            line = {"linenumber": str(one.line)} if one.path and one.line else {}
            assert command.name == "task.logissue"
            assert command.properties == {"type": level, "code": one.kind} | place | line
            first, *more = one.lines
            assert command.data == "\n".join(map(escape_line, (f"{one.title}: {first}", *more)))
    assert log_commands.github(issues) == []
