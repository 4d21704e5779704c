"""How a run ends: every fault becomes one clear line on stderr, and an exit code."""

from __future__ import annotations

import gc
import os
import sys
from typing import TYPE_CHECKING, NoReturn

from prompt_lint import __version__
from prompt_lint.model.errors import ExitCode, Fatal, Terminated, Unreadable
from prompt_lint.output.terminal import ClosedPipe, write_stderr
from prompt_lint.text.escape import escape_line

if TYPE_CHECKING:
    from collections.abc import Callable


_PACKAGE = os.path.join(os.path.dirname(os.path.dirname(__file__)), "")


def code_of(run: Callable[[], int | None]) -> int:
    """The exit code of a run. Whatever ends it early is told here."""
    try:
        return int(run() or ExitCode.OK)
    except Fatal as error:
        complain(*error.messages())
        return error.exit_code
    except Unreadable as error:
        complain((f"the file {error.message}", error.hint))
        return ExitCode.UNCOUNTED
    except KeyboardInterrupt:
        return ExitCode.INTERRUPTED
    except ClosedPipe:
        return ExitCode.UNCOUNTED


def end(run: Callable[[], int | None]) -> NoReturn:
    """Ends the process with the exit code of a run, also where the fault is ours."""
    _unwind_on_sigterm()
    # What a run makes, it keeps to its end: looking for cycles among it is a sixth of the CPU of a large run.
    gc.set_threshold(100_000)
    try:
        code = code_of(run)
    except Terminated:
        complain(("terminated", ""))
        code = ExitCode.TERMINATED
    except Exception as error:  # noqa: BLE001  # a fault of ours: Python's own exit code for it would mean "over"
        complain(_bug(error))
        code = ExitCode.UNCOUNTED
    sys.exit(code)


def complain(*complaints: tuple[str, str]) -> None:
    """Each message on a line of its own on stderr, with what to do below it."""
    for message, hint in complaints:
        lines = [f"error: {escape_line(message)}", *(escape_line(line) for line in hint.split("\n") if hint)]
        write_stderr("".join(f"{line}\n" for line in lines))


def _bug(error: Exception) -> tuple[str, str]:
    """Where it happened, in our code. Not what: an exception's text may hold a prompt or a key."""
    where, trace = "", error.__traceback__
    while trace:
        code = trace.tb_frame.f_code
        if code.co_filename.startswith(_PACKAGE):
            where = f"{code.co_filename.removeprefix(_PACKAGE)}:{trace.tb_lineno}"
        trace = trace.tb_next
    told = f"prompt-lint {__version__} failed ({type(error).__name__} in {where})"
    return told, "this is a bug: please report it with this line and the command"


def _unwind_on_sigterm() -> None:
    """SIGTERM ends a run as Ctrl-C does: what has been counted is saved. One that is ignored stays so."""
    import signal  # with subprocess, later

    def terminate(*_: object) -> NoReturn:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)  # sent to the group and to us: once is enough
        raise Terminated

    if signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
        signal.signal(signal.SIGTERM, terminate)
