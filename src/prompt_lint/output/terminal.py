"""The streams and files that a run writes to: reports, complaints, colour and progress."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from typing import TYPE_CHECKING

from prompt_lint.model.errors import ExitCode, Fatal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import TextIO

# Seconds between two updates of the progress.
_INTERVAL = 0.1


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


def write_stdout(text: str) -> None:
    """Write all of `text`, with escapes for what the stream's encoding lacks.

    Raises `ClosedPipe` where the reader has gone, and `Fatal` where it can't be written: a lost report is no success.
    """
    try:
        data = text.encode(sys.stdout.encoding or "utf-8", "backslashreplace")
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


def write_stderr(text: str) -> None:
    """Write a message to stderr. A run doesn't fail where that is lost."""
    try:
        sys.stderr.write(text)
        sys.stderr.flush()
    except (OSError, ValueError, AttributeError):
        _discard_buffer(sys.stderr)


def _discard_buffer(stream: TextIO) -> None:
    """Discard what is left in the buffer of a stream that can't be written to.

    Python would flush it at the end of the process, fail, complain by itself, and exit with 120.
    """
    with contextlib.suppress(OSError, ValueError, AttributeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def write_file(path: str, text: str) -> None:
    """Write a file as UTF-8. Raises `Fatal` where that can't be done."""
    try:
        with open(path, "w", encoding="utf-8", errors="backslashreplace", newline="") as file:
            file.write(text)
    except OSError as error:
        raise Fatal(f"could not write {path}: {error.strerror}", exit_code=ExitCode.UNCOUNTED) from None


@contextlib.contextmanager
def show_progress(env: Mapping[str, str]) -> Iterator[Callable[[int], None]]:
    """Yield a function that shows a number of counts on stderr, and takes it away at the end.

    It shows nothing in CI, in a hook and in a pipe, where nobody waits for it.
    """
    if not sys.stderr or not sys.stderr.isatty() or env.get("CI") or env.get("PRE_COMMIT"):
        yield lambda _number: None
        return
    started = shown = time.monotonic()

    def show(number: int) -> None:
        nonlocal shown
        now = time.monotonic()
        if now - shown >= _INTERVAL and now - started > 2 * _INTERVAL:
            shown = now
            write_stderr(f"\r{number:,} counts\x1b[K")

    try:
        yield show
    finally:
        if shown > started:
            write_stderr("\r\x1b[K")
