"""What ends a run early: an exception → one line on stderr, and an exit code."""

from __future__ import annotations

import errno
import gc
import os
import signal
import sys
from typing import TYPE_CHECKING, NoReturn

import click

from prompt_lint import __version__
from prompt_lint.cli.usage_errors import describe_usage_error
from prompt_lint.model.errors import SYSTEM_HINTS, ExitCode, Fatal, Fault, Terminated, Unreadable
from prompt_lint.output.announcements import format_message
from prompt_lint.output.terminal import ClosedPipe, end_stdout, write_stderr

if TYPE_CHECKING:
    from collections.abc import Callable


# The signals that end a run as Ctrl-C does: what is said of them, and the exit code.
_ENDINGS: dict[int, tuple[str, ExitCode]] = {signal.SIGTERM: ("terminated", ExitCode.TERMINATED)}
if sys.platform != "win32":  # which has no SIGHUP
    _ENDINGS[signal.SIGHUP] = ("the terminal was closed", ExitCode.HUNG_UP)
_PACKAGE = os.path.join(os.path.dirname(os.path.dirname(__file__)), "")


def catch_faults(run: Callable[[], int | None]) -> int:
    """Return the exit code of a run. What ends it early is written to stderr."""
    try:
        return int(run() or ExitCode.OK)
    except click.exceptions.NoArgsIsHelpError as error:
        write_stderr(f"{error.format_message()}\n")
        return ExitCode.USAGE
    except (Fatal, Unreadable, click.ClickException) as error:
        return _write_error(*explain_failure(error))
    except (KeyboardInterrupt, click.Abort) as error:
        return _write_error(Fault(f"interrupted{_read_notes(error)}"), ExitCode.INTERRUPTED)
    except ClosedPipe:
        return ExitCode.UNCOUNTED


def _read_notes(error: BaseException) -> str:
    """Return what was noted of an interruption: how far the run had come. Click wraps Ctrl-C in an error of its own."""
    return "".join(getattr(error.__cause__ or error, "__notes__", ()))


def run_and_exit(run: Callable[[], int | None]) -> NoReturn:
    """End the process with the exit code of a run, also for SIGTERM, for SIGHUP and for a bug."""
    _unwind_on_signals()
    # What a run makes, it keeps to its end: looking for cycles among it is a sixth of the CPU of a large run.
    gc.set_threshold(100_000)
    try:
        code = catch_faults(run)
    except Terminated as error:
        message, exit_code = _ENDINGS[error.signal_number]
        code = _write_error(Fault(message + _read_notes(error)), exit_code)
    except BrokenPipeError:  # Click printed something by itself
        code = ExitCode.UNCOUNTED
    except Exception as error:  # noqa: BLE001  # Python's own exit code for it would mean "over the limit"
        code = _write_error(*explain_failure(error))
    if not end_stdout():
        code = code or ExitCode.UNCOUNTED
    sys.exit(code)


def _write_error(fault: Fault, code: ExitCode) -> ExitCode:
    write_stderr(format_message("error", fault.message, fault.hint))
    return code


def explain_failure(error: Exception) -> tuple[Fault, ExitCode]:
    """Return what is wrong where an exception has ended a run, and the exit code that it means."""
    if isinstance(error, Fatal):
        return Fault(error.message, error.hint), error.exit_code
    if isinstance(error, Unreadable):
        return Fault(f"the file {error.message}", error.hint), ExitCode.UNCOUNTED
    if isinstance(error, click.ClickException):
        return Fault(*describe_usage_error(error)), ExitCode.USAGE
    return Fault(*describe_exception(error)), ExitCode.UNCOUNTED


def describe_exception(error: Exception) -> tuple[str, str]:
    """Return what the system refused and what to do; or, for a bug, where it is.

    Not the exception's own text, which may hold a prompt or a key.
    """
    if isinstance(error, OSError):
        hint = SYSTEM_HINTS.get(error.errno, "see that the system lets prompt-lint do it, and run again")
        return f"the operating system reports: {error.strerror or type(error).__name__}", hint
    if isinstance(error, MemoryError):
        return "there is not enough memory", "give this process more, or check fewer prompts at a time"
    if type(error).__name__ == "BrokenProcessPool":  # its module is imported only where there are workers
        return "the system has ended a process that counts tokens", SYSTEM_HINTS[errno.ENOMEM]
    if isinstance(error, RuntimeError) and str(error) == "can't start new thread":
        return f"the operating system reports: {error}", SYSTEM_HINTS[errno.EAGAIN]
    return _describe_bug(error)


def _describe_bug(error: Exception) -> tuple[str, str]:
    place, trace = "", error.__traceback__
    while trace:
        code = trace.tb_frame.f_code
        if code.co_filename.startswith(_PACKAGE):
            place = f"{code.co_filename.removeprefix(_PACKAGE)}:{trace.tb_lineno}"
        trace = trace.tb_next
    message = f"prompt-lint {__version__} failed ({type(error).__name__} in {place})"
    return message, "this is a bug: please report it with this line and the command"


def _unwind_on_signals() -> None:
    """Let these signals end a run as Ctrl-C does, so that what has been counted is saved; unless they are ignored."""

    def end(number: int, _: object) -> NoReturn:
        for each in _ENDINGS:  # it may come twice: to the process, and to its group
            signal.signal(each, signal.SIG_IGN)
        raise Terminated(number)

    for number in _ENDINGS:
        if signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, end)
