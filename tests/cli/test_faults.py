"""What ends a run early is a line on stderr and an exit code; here in one process, in test_process.py in real ones."""

from __future__ import annotations

import errno
import gc
import os
import signal
import sys
from typing import TYPE_CHECKING, NoReturn

import click
import pytest

from prompt_lint import __version__
from prompt_lint.cli.faults import run_and_exit
from prompt_lint.model.errors import ExitCode, Fatal, Unreadable
from prompt_lint.output.terminal import ClosedPipe
from prompt_lint.text.plural import pluralize

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    End = Callable[[Callable[[], object]], tuple[object, str]]

SIGNALS = (signal.SIGTERM, signal.SIGHUP)


@pytest.fixture
def end(capfd: pytest.CaptureFixture[str]) -> Iterator[End]:
    """Give the exit code and the stderr of a run. What that changes in the process is restored."""
    handlers, threshold = [signal.getsignal(number) for number in SIGNALS], gc.get_threshold()

    def end_run(run: Callable[[], object]) -> tuple[object, str]:
        with pytest.raises(SystemExit) as caught:
            run_and_exit(run)  # type: ignore[arg-type]  # a lambda may return anything
        return caught.value.code, capfd.readouterr().err

    yield end_run
    gc.set_threshold(*threshold)
    for number, handler in zip(SIGNALS, handlers, strict=True):
        signal.signal(number, handler)


def throw(error: BaseException) -> Callable[[], NoReturn]:
    def run() -> NoReturn:
        raise error

    return run


def interrupt(error: BaseException, cause: BaseException | None = None) -> BaseException:
    (cause or error).add_note(", 3 files are counted")
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (Fatal("a", "b"), 2, "error: a\nb\n"),
        (Fatal("a", exit_code=ExitCode.UNCOUNTED), 3, "error: a\n"),
        (Unreadable("is empty", "write it"), 3, "error: the file is empty\nwrite it\n"),
        (click.ClickException("What?"), 2, "error: what?\n"),
        (click.exceptions.NoArgsIsHelpError(click.Context(click.Command("c"))), 2, "Usage: "),
        (interrupt(KeyboardInterrupt()), 130, "error: interrupted, 3 files are counted\n"),
        (interrupt(click.Abort(), KeyboardInterrupt()), 130, "error: interrupted, 3 files are counted\n"),
        (ClosedPipe(), 3, ""),
        (BrokenPipeError(), 3, ""),
        (OSError(errno.ENOSPC, "No space"), 3, "error: the operating system reports: No space\nfree some space on"),
        (OSError(), 3, "error: the operating system reports: OSError\nsee that the system lets"),
        (MemoryError(), 3, "error: there is not enough memory\ngive this process more"),
        (type("BrokenProcessPool", (Exception,), {})(), 3, "error: the system has ended a process that counts tokens\ngive this process more memory"),
        (RuntimeError("can't start new thread"), 3, "error: the operating system reports: can't start new thread\nallow this user more"),
        (RuntimeError("Be kind."), 3, f"error: prompt-lint {__version__} failed (RuntimeError in cli/faults.py:"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else "",
)  # fmt: skip
def test_what_ends_a_run_has_its_message_and_its_code(
    end: End, error: BaseException, code: int, message: str
) -> None:
    """Never the text of an exception that may hold a prompt."""
    ended_with, written = end(throw(error))

    assert ended_with == code
    assert written.startswith(message)
    assert bool(written) == bool(message)
    assert "Be kind" not in written


def test_a_bug_names_the_innermost_line_of_ours(end: End) -> None:
    """Neither the caller's nor that of a library."""
    code, written = end(lambda: pluralize("x", "word"))  # type: ignore[arg-type]  # that is the bug

    assert code == 3
    assert "(ValueError in text/plural.py:" in written


@pytest.mark.parametrize(("returned", "code"), [(None, 0), (1, 1)])
def test_a_run_that_ends_by_itself_has_its_own_code(end: End, returned: int | None, code: int) -> None:
    """Nothing is said."""
    assert end(lambda: returned) == (code, "")


@pytest.mark.parametrize(("returned", "code"), [(0, 3), (1, 1)])
def test_output_that_is_lost_is_no_success(
    end: End, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, returned: int, code: int
) -> None:
    """A verdict keeps its code."""
    with (tmp_path / "out").open("w") as stream:
        pass
    monkeypatch.setattr(sys, "stdout", stream)

    assert end(lambda: returned) == (code, "")


@pytest.mark.parametrize(
    ("number", "code", "message"),
    [(signal.SIGTERM, 143, "error: terminated\n"), (signal.SIGHUP, 129, "error: the terminal was closed\n")],
)
def test_a_signal_ends_a_run_once(end: End, number: int, code: int, message: str) -> None:
    """It may come a second time, while the run saves what it has. One that is ignored, as by nohup, stays ignored."""
    for each in SIGNALS:
        signal.signal(each, signal.SIG_DFL)

    assert end(lambda: os.kill(os.getpid(), number)) == (code, message)
    assert [signal.getsignal(each) for each in SIGNALS] == [signal.SIG_IGN] * 2
    assert end(lambda: os.kill(os.getpid(), number)) == (0, "")
