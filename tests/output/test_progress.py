"""Progress: who sees it, when, and what it says; and what is said of a run that is interrupted."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import pytest
from tests.support.screens import read_screen

from prompt_lint.output import progress as module
from prompt_lint.output.progress import Progress, describe_interruption, show_progress

if TYPE_CHECKING:
    from collections.abc import Mapping


class Clock:
    """A clock that is moved by hand, in seconds."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def count(progress: Progress, clock: Clock, seconds: int, host: str = "") -> None:
    """Finish a count in each second."""
    for _ in range(seconds):
        clock.now += 1
        progress.finish_counts(1, 1, host)


def test_it_says_how_many_how_fast_and_how_long() -> None:
    """After a second, and where requests are sent as soon as one is."""
    clock, lines = Clock(), list[str]()
    progress = Progress(lines.append, clock=clock)
    progress.add_counts(600)
    clock.now = 0.5
    progress.finish_counts(1, 1)
    assert lines == []

    count(progress, clock, 2)
    clock.now += 0.05
    progress.finish_counts(57, 57, "api.anthropic.com")
    clock.now += 1
    progress.finish_counts(0, 0, "api.anthropic.com")
    progress.finish_counts(540, 540)
    clock.now += 1
    progress.finish_counts(0, 0)

    assert lines == [
        "2 of 600 counts, 1.3/s, 7 min left",
        "3 of 600 counts, 1.2/s, 8 min left",
        "60 of 600 counts, 17/s, 32 s left, sent to api.anthropic.com",
        "600 of 600 counts, 132/s",
    ]


def test_files_are_shown_until_there_are_counts() -> None:
    """Reading may take longer than counting, which begins its rate where it begins."""
    clock, lines = Clock(), list[str]()
    progress = Progress(lines.append, clock=clock)
    for _ in progress.track_files(range(1_200)):
        clock.now += 1 / 128
    assert (lines[0], lines[-1]) == ("read 128 of 1,200 files", "read 1,194 of 1,200 files")

    progress.expect_files(3)
    progress.add_counts(20)
    progress.add_file()
    clock.now += 1
    progress.finish_counts(10, 10)

    assert lines[-1] == "10 of about 20 counts, 10/s, 1 s left"


def test_how_many_there_will_be_is_estimated_until_all_files_are_read() -> None:
    """From those that have been read: 10 of 40 files had 30 counts to be made."""
    progress = Progress()
    progress.expect_files(40)
    for _ in range(10):
        progress.add_file()
    progress.add_counts(30)
    assert progress.describe_total() == "about 120"

    progress.end_files()
    assert progress.describe_total() == "30"


def test_in_ci_there_is_a_line_now_and_then(capsys: pytest.CaptureFixture[str]) -> None:
    """Every half minute, each in a line of its own."""
    with show_progress({"CI": "true"}) as progress:
        clock = Clock()
        progress._clock = clock
        progress._started = progress._next = 0.0
        progress._next = 30.0
        progress.add_counts(600)
        count(progress, clock, 61)

    assert (
        capsys.readouterr().err
        == "30 of 600 counts, 1.0/s, 10 min left\n60 of 600 counts, 1.0/s, 9 min left\n"
    )


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
@pytest.mark.parametrize(
    ("env", "is_quiet", "is_shown"),
    [({}, False, True), ({"PRE_COMMIT": "1"}, False, False), ({}, True, False)],
)
def test_progress_is_for_a_person_who_waits(
    monkeypatch: pytest.MonkeyPatch, env: Mapping[str, str], is_quiet: bool, is_shown: bool
) -> None:
    """On a terminal, a long run counts on stderr and wipes that away; in a hook and with `-q` it never does."""
    monkeypatch.setattr(module, "_FIRST", 0.0)  # any run is a long one
    screen, stderr = os.openpty()

    with open(stderr, "w", encoding="utf-8") as stream:
        monkeypatch.setattr(sys, "stderr", stream)
        with show_progress(env, is_quiet=is_quiet) as progress:
            progress.add_counts(1234)
            progress.finish_counts(1234, 1234)

    printed = read_screen(screen)
    assert printed.startswith("\r1,234 of 1,234 counts, ") is is_shown
    assert printed.endswith("\x1b[K\r\x1b[K") is is_shown
    assert bool(printed) is is_shown


def test_a_pipe_shows_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    """Nobody waits for it."""
    with show_progress({}) as progress:
        progress._started = progress._clock() - 100
        progress.finish_counts(1, 1)

    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("done", "kept", "is_cached", "sentence"),
    [
        (0, 0, True, ""),
        (67, 67, True, " after 67 of 600 counts; they are cached, run again to continue"),
        (67, 60, True, " after 60 of 600 counts; they are cached, run again to continue"),
        (67, 0, True, " after 67 of 600 counts; none is cached"),
        (67, 67, False, " after 67 of 600 counts; none is cached"),
    ],
)
def test_an_interrupted_run_says_what_is_kept(done: int, kept: int, is_cached: bool, sentence: str) -> None:
    """Nothing with `--no-cache`, nor where the cache can't be written; a gateway's number that isn't believed isn't kept."""
    progress = Progress()
    progress.add_counts(600)
    progress.finish_counts(done, kept)

    assert describe_interruption(progress, is_cached=is_cached) == sentence
