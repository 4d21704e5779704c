"""The streams that a run writes to: reports, complaints, colour and width."""

from __future__ import annotations

import codecs
import contextlib
import os
import stat
import sys
from typing import TYPE_CHECKING

from prompt_lint.model.errors import ExitCode, Fatal
from prompt_lint.text.sparkline import BARS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import TextIO

# More columns than any terminal has.
_MAX_WIDTH = 10_000
# For streams that don't take what the text output is drawn with.
_SUBSTITUTES = {"±": "+/-", "→": "->", "…": "...", "·": "."} | dict(zip(BARS, "12345678", strict=True))
_SUBSTITUTE = "prompt-lint"


class ClosedPipe(Exception):
    """The reader of stdout has gone, as in `prompt-lint check | head -1`. It ends the run without a message."""


def wants_color(choice: str, env: Mapping[str, str]) -> bool:
    """Return whether stdout gets colour: by the flag, then NO_COLOR, FORCE_COLOR and the terminal.

    Sources: no-color.org and force-color.org, November 2026.
    """
    if choice != "auto":
        return choice == "always"
    if env.get("NO_COLOR"):
        return False
    if env.get("FORCE_COLOR"):
        return True
    return sys.stdout is not None and sys.stdout.isatty() and env.get("TERM") != "dumb"


def find_width(env: Mapping[str, str]) -> int | None:
    """Return the columns of the terminal that stdout is, COLUMNS before the terminal's own; None where it is none."""
    if not sys.stdout or not sys.stdout.isatty():
        return None
    columns = env.get("COLUMNS", "")
    if columns.isascii() and columns.isdigit() and 0 < int(columns) < _MAX_WIDTH:
        return int(columns)
    try:
        return os.get_terminal_size(sys.stdout.fileno()).columns or None
    except (OSError, ValueError):
        return None


def identify_stdout() -> tuple[int, int] | None:
    """Return device and inode of the regular file that stdout is; None where it is none."""
    try:
        status = os.fstat(sys.stdout.fileno())
    except (OSError, ValueError, AttributeError):  # closed, or not a stream of the system
        return None
    return (status.st_dev, status.st_ino) if stat.S_ISREG(status.st_mode) else None


def write_stdout(text: str, *, for_machines: bool = False) -> None:
    """Write all of `text`: in the stream's encoding for people, as UTF-8 for machines.

    Raises `ClosedPipe` where the reader has gone, and `Fatal` where it can't be written: a lost report is no success.
    """
    try:
        data = _encode(text, "utf-8" if for_machines else sys.stdout.encoding)
        sys.stdout.flush()
        sys.stdout.buffer.write(data)
        sys.stdout.flush()
    except BrokenPipeError:
        _discard_buffer(sys.stdout)
        raise ClosedPipe from None
    except (OSError, ValueError, AttributeError) as error:  # full, closed, or started without one
        _discard_buffer(sys.stdout)
        reason = error.strerror if isinstance(error, OSError) else "it is closed"
        raise Fatal(f"could not write the report to stdout: {reason}", exit_code=ExitCode.UNCOUNTED) from None


def write_result(text: str, exit_code: ExitCode) -> ExitCode:
    """Write what a run found to stdout, and return the exit code of the run.

    That is the one of the verdict, unless that is 0 and the text can't be written. Where the reader has gone, as behind
    `| head`, there is no message. Raises `Fatal` as `write_stdout` does, with that exit code.
    """
    try:
        write_stdout(text)
    except ClosedPipe:
        return exit_code or ExitCode.UNCOUNTED
    except Fatal as error:
        raise Fatal(error.message, error.hint, exit_code or error.exit_code) from None
    return exit_code


def write_stderr(text: str) -> None:
    """Write a message to stderr. A run doesn't fail where that is lost."""
    try:
        encoding = sys.stderr.encoding or "utf-8"
        sys.stderr.write(_encode(text, encoding).decode(encoding))
        sys.stderr.flush()
    except (OSError, ValueError, AttributeError):
        _discard_buffer(sys.stderr)


def end_stdout() -> bool:
    """Flush stdout at the end of a run. Return False where that fails, as it would once more when Python itself ends."""
    try:
        sys.stdout.flush()
    except (OSError, ValueError):
        _discard_buffer(sys.stdout)
        return False
    except AttributeError:  # started without one
        pass
    return True


def _encode(text: str, encoding: str | None) -> bytes:
    """Return `text` in an encoding. What that lacks becomes a substitute of ASCII, or an escape."""
    return text.encode(encoding or "utf-8", _SUBSTITUTE)


def _substitute(error: UnicodeError) -> tuple[str, int]:
    """Handle an error of encoding: what outputs are drawn with is legible without an escape."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    char = error.object[error.start]
    substitute = _SUBSTITUTES.get(char) or char.encode("ascii", "backslashreplace").decode()
    return substitute, error.start + 1


codecs.register_error(_SUBSTITUTE, _substitute)


def _discard_buffer(stream: TextIO) -> None:
    """Discard what is left in the buffer of a stream that can't be written to.

    Python would flush it at the end of the process, fail, complain by itself, and exit with 120.
    """
    with contextlib.suppress(OSError, ValueError, AttributeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
