"""What holds for every output: it is in the table, no name breaks it, and none of its lines is a command of a CI system."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support import log_commands, make, reports
from tests.support.hostile_names import NAMES

from prompt_lint.model.values import Problem
from prompt_lint.output import OUTPUTS, View, azure, github, gitlab, junit, sarif
from prompt_lint.output import json as json_output
from prompt_lint.output.markdown import report as markdown_report
from prompt_lint.output.text import report as text_output

if TYPE_CHECKING:
    from collections.abc import Mapping

    from prompt_lint.output import Output


def every_output() -> Mapping[str, Output]:
    """The type checker holds every module to the protocol here; the table imports them by name."""
    return {
        "text": text_output, "json": json_output, "markdown": markdown_report, "github": github, "azure": azure,
        "sarif": sarif, "gitlab": gitlab, "junit": junit,
    }  # fmt: skip


def test_the_table_has_every_output() -> None:
    """Each under its name."""
    assert list(every_output().items()) == list(OUTPUTS.items())


@given(st.text() | st.binary().map(lambda b: b.decode("utf-8", "surrogateescape")))
def test_no_name_breaks_an_output(name: str) -> None:
    """Any file name leaves the text one line for each line, and the JSON valid UTF-8."""
    report = make.report(make.verdict(name, 110, "over"), problems=(Problem(name, 0, name, name),))
    plain = make.report(make.verdict("name", 110, "over"), problems=(Problem("name", 0, "name", "name"),))

    text, document = (OUTPUTS[output].render(report, View()) for output in ("text", "json"))

    if name:
        assert text.count("\n") == OUTPUTS["text"].render(plain, View()).count("\n")
    assert text.isprintable() or {c for c in text if not c.isprintable()} == {"\n"}
    assert json.loads(document.encode())["verdicts"][0]["status"] == "over"


@pytest.mark.parametrize("view", [View(), View(verbosity=1), View(verbosity=-1), View(color=True)])
@pytest.mark.parametrize("output", sorted(set(OUTPUTS) - {"github", "azure"}))
def test_no_output_has_a_command(output: str, view: View) -> None:
    """Whatever is printed to a log of either system, none of the names in it is obeyed."""
    text = OUTPUTS[output].render(reports.HOSTILE, view)

    assert log_commands.github(text) == []
    assert log_commands.azure(text) == []


@given(NAMES)
def test_no_name_makes_a_command(names: list[str]) -> None:
    """The same for any names, titles, messages, branches and models."""
    report = reports.hostile(names)

    for output in sorted(set(OUTPUTS) - {"github", "azure"}):
        for verbosity in (0, 1):
            text = OUTPUTS[output].render(report, View(verbosity=verbosity))
            assert log_commands.github(text) == [], output
            assert log_commands.azure(text) == [], output
