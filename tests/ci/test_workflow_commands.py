"""What GitHub's runner reads of commands, outputs and summaries is what was meant."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support import composite, log_commands

from prompt_lint.ci.workflow_commands import (
    append_summary,
    count_bytes,
    format_command,
    has_runner,
    set_outputs,
)

if TYPE_CHECKING:
    from pathlib import Path

MEBIBYTE = 1_048_576
PIECES = st.sampled_from(["::", ":", ",", "=", "%", "%0A", "%25", "\n", "\r", " ", "]", "\u0301", "a"])
TEXT = st.lists(PIECES, max_size=12).map("".join)


@given(message=TEXT, file=TEXT.map("a{}b".format), title=TEXT.map("a{}b".format))
def test_a_command_is_read_as_it_was_meant(message: str, file: str, title: str) -> None:
    """No character of a message or a property ends it, or begins another command."""
    [command] = log_commands.github(format_command("error", message, file=file, title=title))

    assert (command.name, command.properties) == ("error", {"file": file, "title": title})
    assert command.data.removeprefix(" ") == message.removeprefix(" ")


def test_a_message_starts_with_an_ascii_character() -> None:
    """To the runner, a colon and an accent behind it are one letter; further on they mean nothing."""
    assert format_command("notice", "\u0301x", title="t") == "::notice title=t:: \u0301x"
    assert format_command("notice", "x\u0301", title="t") == "::notice title=t::x\u0301"


def test_a_long_message_is_cut() -> None:
    """GitHub would cut it at the same place, without a sign."""
    [command] = log_commands.github(format_command("error", "x" * 10_000, title="t"))

    assert command.data == f"{'x' * 4_095}…"
    assert format_command("error", "x" * 4_096, title="t").endswith("::xx" + "x" * 4_094)


def test_no_value_sets_another_output(tmp_path: Path) -> None:
    """Outputs of several lines, and one that looks like the next output."""
    file = tmp_path / "output"
    outputs = {"first": "a\nsecond<<x\nb\nx", "third": "", "path": "D:\\a\\new", "odd": "\ud800"}

    set_outputs({"GITHUB_OUTPUT": str(file)}, outputs)
    set_outputs({}, outputs)

    expected = outputs | {"odd": r"\ud800"}
    assert composite.file_commands(file.read_text(encoding="utf-8")) == expected


@pytest.mark.parametrize(("before", "expected"), [("", "all"), ("x", "x\n\nall")])
def test_a_summary_is_appended(tmp_path: Path, before: str, expected: str) -> None:
    """What other steps have written stays, and is kept apart."""
    file = tmp_path / "summary.md"
    file.write_text(before)

    assert append_summary(str(file), lambda _: "all", "\n\n")
    assert file.read_text() == expected


def test_a_text_takes_the_bytes_that_are_written_of_it() -> None:
    """A lone surrogate is written as its escape."""
    assert count_bytes("é\ud800") == len(b"\xc3\xa9\\ud800")


@pytest.mark.parametrize(("value", "expected"), [("true", True), ("", False)])
def test_githubs_runner_is_known_by_its_variable(value: str, expected: bool) -> None:
    """As its documentation has it."""
    assert has_runner({"GITHUB_ACTIONS": value}) is expected


def test_a_full_summary_stays_as_it_is(tmp_path: Path) -> None:
    """Whoever writes learns how many bytes are left, and may write nothing."""
    file = tmp_path / "summary.md"
    file.write_text("x" * (MEBIBYTE - 10))

    assert not append_summary(str(file), lambda room: "x" if room > 7 else "", "\n\n")
    assert file.stat().st_size == MEBIBYTE - 10
    assert append_summary(str(file), lambda room: "x" * room, "\n\n")
    assert file.stat().st_size == MEBIBYTE - 1
