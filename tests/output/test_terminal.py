"""The process's streams: colour and width. What a lost stream means is in tests/end_to_end/test_process.py."""

from __future__ import annotations

import os
import struct
import sys
from typing import TYPE_CHECKING

import pytest
from tests.support.screens import read_screen

from prompt_lint.model.errors import ExitCode, Fatal
from prompt_lint.output import terminal
from prompt_lint.output.delivery import Document, OutputOptions, Target, deliver
from prompt_lint.output.terminal import find_width, wants_color

if sys.platform != "win32":
    import fcntl
    import termios

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path
    from typing import TextIO


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
    [
        ({}, 132), ({"COLUMNS": "200"}, 200), ({"COLUMNS": "0"}, 132), ({"COLUMNS": "wide"}, 132), ({"COLUMNS": "1"}, 1),
        ({"COLUMNS": "²"}, 132), ({"COLUMNS": "9999"}, 9999), ({"COLUMNS": "10000"}, 132),
    ],
)  # fmt: skip
def test_the_width_is_that_of_the_terminal(
    monkeypatch: pytest.MonkeyPatch, env: Mapping[str, str], width: int
) -> None:
    """COLUMNS goes before it, as for other programs."""
    _, stdout = os.openpty()
    fcntl.ioctl(stdout, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 132, 0, 0))

    with open(stdout, "w", encoding="utf-8") as stream:
        monkeypatch.setattr(sys, "stdout", stream)

        assert find_width(env) == width
        assert wants_color("auto", {"TERM": "xterm"})
        assert not wants_color("auto", {"TERM": "dumb"})


def test_a_pipe_has_no_width() -> None:
    """Whatever COLUMNS says: what is read by programs is never wrapped."""
    assert find_width({"COLUMNS": "40"}) is None


@pytest.fixture
def streams(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Callable[[str], TextIO]]:
    """Make a stream of some kind stdout and stderr. In the end, closing it fails for none, as at the end of the process."""
    made: list[TextIO] = []

    def open_stream(kind: str) -> TextIO:
        if kind == "pipe without a reader":
            reader, end = os.pipe()
            os.close(reader)
        else:
            path = tmp_path / "stream"
            path.touch()
            end = os.open(path, os.O_RDONLY if kind == "refused" else os.O_WRONLY)
        stream = open(end, "w", encoding="ascii" if kind == "ascii" else "utf-8")  # noqa: SIM115  # closed below
        made.append(stream)
        if kind == "closed":
            stream.close()
        for name in ("stdout", "stderr"):
            monkeypatch.setattr(sys, name, None if kind == "none" else stream)
        return stream

    yield open_stream
    for stream in made:
        stream.close()


def test_a_report_follows_what_was_printed(streams: Callable[[str], TextIO], tmp_path: Path) -> None:
    """In the encoding of the stream for people, as UTF-8 for machines."""
    streams("ascii").write("a")

    terminal.write_stdout("→")
    terminal.write_stdout("→", for_machines=True)

    assert (tmp_path / "stream").read_bytes() == b"a->\xe2\x86\x92"
    status = (tmp_path / "stream").stat()
    assert terminal.identify_stdout() == (status.st_dev, status.st_ino)


@pytest.mark.parametrize(
    ("kind", "reason"),
    [("refused", "Bad file descriptor"), ("closed", "it is closed"), ("none", "it is closed")],
)
def test_a_report_that_is_lost_is_no_success(
    streams: Callable[[str], TextIO], kind: str, reason: str
) -> None:
    """A verdict keeps its exit code."""
    for code, expected in ((ExitCode.OK, ExitCode.UNCOUNTED), (ExitCode.OVER_LIMIT, ExitCode.OVER_LIMIT)):
        streams(kind)
        with pytest.raises(Fatal) as caught:
            terminal.write_result("x", code)
        assert caught.value.message == f"could not write the report to stdout: {reason}"
        assert caught.value.exit_code == expected


def test_a_report_whose_reader_has_gone_has_no_message(streams: Callable[[str], TextIO]) -> None:
    """As behind `| head -1`. A run that has written all has the code of its verdict."""
    streams("pipe without a reader")
    assert terminal.write_result("x", ExitCode.OVER_LIMIT) == ExitCode.OVER_LIMIT
    streams("pipe without a reader")
    assert terminal.write_result("x", ExitCode.OK) == ExitCode.UNCOUNTED
    streams("utf-8")
    assert terminal.write_result("x", ExitCode.OK) == ExitCode.OK


@pytest.mark.parametrize("kind", ["refused", "closed", "none", "pipe without a reader"])
def test_a_message_that_is_lost_fails_nothing(streams: Callable[[str], TextIO], kind: str) -> None:
    """Nothing is left that Python would write, and fail, at the end of the process."""
    streams(kind)

    terminal.write_stderr("x")


def test_a_message_is_legible_in_any_encoding(streams: Callable[[str], TextIO], tmp_path: Path) -> None:
    """And it is there at once."""
    streams("ascii")

    terminal.write_stderr("→\n")

    assert (tmp_path / "stream").read_bytes() == b"->\n"


@pytest.mark.parametrize(
    ("kind", "is_written"),
    [
        ("utf-8", True),
        ("none", True),
        ("closed", False),
        ("refused", False),
        ("pipe without a reader", False),
    ],
)
def test_the_end_of_stdout_says_whether_all_is_written(
    streams: Callable[[str], TextIO], tmp_path: Path, kind: str, is_written: bool
) -> None:
    """What a library has printed, too."""
    stream = streams(kind)
    if kind != "closed":
        stream.write("x")

    assert terminal.end_stdout() is is_written
    assert (tmp_path / "stream").exists() == (kind != "pipe without a reader")
    assert kind != "utf-8" or (tmp_path / "stream").read_text() == "x"


@pytest.mark.parametrize("kind", ["closed", "none", "pipe without a reader"])
def test_what_is_no_file_has_no_identity(streams: Callable[[str], TextIO], kind: str) -> None:
    """So no output is mistaken for stdout."""
    streams(kind)

    assert terminal.identify_stdout() is None


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
def test_a_report_is_wrapped_on_a_terminal_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A text, and only there: in a file it is as long as it is, and neither JSON nor a diff is wrapped."""
    screen, stdout = os.openpty()
    fcntl.ioctl(stdout, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 40, 0, 0))
    document = Document(lambda name, _: f"{name} {'word ' * 9}end\n", ExitCode.OK, "check")
    file = str(tmp_path / "a.txt")

    with open(stdout, "w", encoding="utf-8") as stream:
        monkeypatch.setattr(sys, "stdout", stream)
        deliver(document, [Target("text", file), Target("text"), Target("json")], OutputOptions(), {})
        deliver(document._replace(has_diff=True), [Target("text")], OutputOptions(), {})

    assert (tmp_path / "a.txt").read_text(encoding="utf-8") == f"text {'word ' * 9}end\n"
    assert read_screen(screen).splitlines() == [
        "text word word word word word word word",
        "  word word end",
        f"json {'word ' * 9}end",
        f"text {'word ' * 9}end",
    ]


def test_what_a_stream_cannot_encode_stays_legible() -> None:
    """Bars of sparklines become digits, the highest 8."""
    assert "▁▄█· ±3 → … é".encode("ascii", terminal._SUBSTITUTE) == rb"148. +/-3 -> ... \xe9"
    with pytest.raises(UnicodeDecodeError):
        b"\xff".decode("ascii", terminal._SUBSTITUTE)
