"""The process's own streams: writing a report, colour, progress, and what a lost output means."""

from __future__ import annotations

import contextlib
import os
import sys
from typing import TYPE_CHECKING

from prompt_lint.model.errors import ExitCode, Fatal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

_INTERVAL = 0.1


class ClosedPipe(Exception):
    """Whoever read our stdout has gone, as in `prompt-lint check | head -1`. Nothing is to be said."""


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
    """All of `text`, as UTF-8 where the stream takes it, with escapes where it doesn't.

    Raises `ClosedPipe` where nobody reads any more, and `Fatal` where the text couldn't be written: a report
    that was lost is no success.
    """
    try:
        data = text.encode(sys.stdout.encoding or "utf-8", "backslashreplace")
        sys.stdout.flush()
        sys.stdout.buffer.write(data)
        sys.stdout.flush()
    except BrokenPipeError:
        _silence_stdout()
        raise ClosedPipe from None
    except (OSError, ValueError, AttributeError) as error:  # full, closed, or started without one
        _silence_stdout()
        why = error.strerror if isinstance(error, OSError) else "it is closed"
        raise Fatal(f"could not write the report to stdout: {why}", exit_code=ExitCode.UNCOUNTED) from None


def write_stderr(text: str) -> None:
    """What is told beside a report. Nobody needs to read it, so nothing fails for it."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        print(text, end="", file=sys.stderr)


def _silence_stdout() -> None:
    """Keep the interpreter from flushing what is left at exit, and complaining about it."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def write_file(path: str, text: str) -> None:
    """Raises `Fatal` where the file can't be written."""
    try:
        with open(path, "w", encoding="utf-8", errors="backslashreplace", newline="") as file:
            file.write(text)
    except OSError as error:
        raise Fatal(f"could not write {path}: {error.strerror}", exit_code=ExitCode.UNCOUNTED) from None


@contextlib.contextmanager
def progress(env: Mapping[str, str]) -> Iterator[Callable[[int], None]]:
    """A number on stderr that rewrites itself, where a person waits: never in CI, a hook or a pipe."""
    if not sys.stderr or not sys.stderr.isatty() or env.get("CI") or env.get("PRE_COMMIT"):
        yield lambda _done: None
        return
    import time  # noqa: PLC0415

    started = last = time.monotonic()

    def show(done: int) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last >= _INTERVAL and now - started > 2 * _INTERVAL:
            last = now
            sys.stderr.write(f"\r{done:,} counts\x1b[K")
            sys.stderr.flush()

    try:
        yield show
    finally:
        if last > started:
            sys.stderr.write("\r\x1b[K")
