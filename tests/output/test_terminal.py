"""The process's streams: colour and width. What a lost stream means is in tests/end_to_end/test_process.py."""

from __future__ import annotations

import os
import struct
import sys
from typing import TYPE_CHECKING

import pytest

from prompt_lint.model.errors import ExitCode
from prompt_lint.output import terminal
from prompt_lint.output.delivery import Document, OutputOptions, Target, deliver
from prompt_lint.output.terminal import find_width, wants_color

if sys.platform != "win32":
    import fcntl
    import termios

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


@pytest.mark.parametrize(
    ("choice", "env", "is_colored"),
    [
        ("auto", {}, False),
        ("auto", {"FORCE_COLOR": "1"}, True),
        ("auto", {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
        ("always", {"NO_COLOR": "1"}, True),
        ("never", {"FORCE_COLOR": "1"}, False),
    ],
)
def test_colour_follows_flag_then_environment_then_terminal(
    choice: str, env: Mapping[str, str], is_colored: bool
) -> None:
    """The flag wins over NO_COLOR, which wins over FORCE_COLOR; a pipe is plain."""
    assert wants_color(choice, env) == is_colored


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
@pytest.mark.parametrize(
    ("env", "width"),
    [({}, 132), ({"COLUMNS": "200"}, 200), ({"COLUMNS": "0"}, 132), ({"COLUMNS": "wide"}, 132)],
)
def test_the_width_is_that_of_the_terminal(
    monkeypatch: pytest.MonkeyPatch, env: Mapping[str, str], width: int
) -> None:
    """COLUMNS goes before it, as for other programs."""
    _, stdout = os.openpty()
    fcntl.ioctl(stdout, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 132, 0, 0))

    with open(stdout, "w", encoding="utf-8") as stream:
        monkeypatch.setattr(sys, "stdout", stream)

        assert find_width(env) == width


def test_a_pipe_has_no_width() -> None:
    """Whatever COLUMNS says: what is read by programs is never wrapped."""
    assert find_width({"COLUMNS": "40"}) is None


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
def test_a_report_is_wrapped_on_a_terminal_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A text, and only there: in a file it is as long as it is, and JSON is never wrapped."""
    screen, stdout = os.openpty()
    fcntl.ioctl(stdout, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 40, 0, 0))
    document = Document(lambda name, _: f"{name} {'word ' * 9}end\n", lambda _: "", ExitCode.OK)
    file = str(tmp_path / "a.txt")

    with open(stdout, "w", encoding="utf-8") as stream:
        monkeypatch.setattr(sys, "stdout", stream)
        deliver(document, [Target("text", file), Target("text"), Target("json")], OutputOptions(), {})

    assert (tmp_path / "a.txt").read_text(encoding="utf-8") == f"text {'word ' * 9}end\n"
    assert os.read(screen, 1_000).decode().splitlines() == [
        "text word word word word word word word",
        "  word word end",
        f"json {'word ' * 9}end",
    ]


def test_what_a_stream_cannot_encode_stays_legible() -> None:
    """Bars of sparklines become digits, the highest 8."""
    assert "▁▄█· ±3 → …".encode("ascii", terminal._SUBSTITUTE) == b"148. +/-3 -> ..."
