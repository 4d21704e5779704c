"""How far reading and counting have come: shown while they run, and said where they are interrupted."""

from __future__ import annotations

import contextlib
import sys
import time
from typing import TYPE_CHECKING, TypeVar

from prompt_lint.ci import is_set
from prompt_lint.output.terminal import write_stderr
from prompt_lint.text.escape import escape_line

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping

_T = TypeVar("_T")

# Seconds until progress is first shown and between two updates, on a terminal and in CI.
_FIRST, _INTERVAL = 1.0, 0.1
_CI_INTERVAL = 30.0


class Progress:
    """Files that are read and counts that are made, and how many there will be; shown by `show`, not before `first` seconds.

    How many counts there will be is known once all files are read. Until then it is estimated from those that have been read.
    """

    def __init__(
        self,
        show: Callable[[str], None] | None = None,
        first: float | None = None,
        interval: float = _INTERVAL,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._show, self._interval, self._clock = show, interval, clock
        self._started = clock()  # until the first count; then when counting began
        self._next = self._started + (_FIRST if first is None else first)
        self._files = self._files_read = 0
        self._unit = "files"
        self.total = self.done = self.kept = 0
        self.is_shown = False

    def expect_files(self, number: int, unit: str = "files") -> None:
        """Say how many more files, or what else the `unit` is, will be read, as far as that is known."""
        self._files = self._files_read + number
        self._unit = unit

    def add_file(self) -> None:
        """Say that one more has been read. That is shown until there are counts."""
        self._files_read += 1
        if not self.total:
            self._show_now_and_then(lambda _now: self._describe_files())

    def end_files(self) -> None:
        """Say that there are no more to be read."""
        self._files = self._files_read

    def track_files(self, files: Collection[_T]) -> Iterator[_T]:
        """Yield files that are read one by one, each before it is read."""
        self.expect_files(len(files))
        for file in files:
            yield file
            self.add_file()

    def add_counts(self, number: int) -> None:
        """Say that so many more counts are to be made."""
        if not self.total:
            self._started = self._clock()
        self.total += number

    def finish_counts(self, done: int, kept: int, host: str = "") -> None:
        """Say that so many are done, and how many of these go to the cache; `host` is where requests are sent."""
        self.done += done
        self.kept += kept
        self._show_now_and_then(lambda now: self._describe_counts(now, host))

    def describe_total(self) -> str:
        """Return how many counts there will be: `600`, or `about 600` as long as files are still to be read."""
        left = self._files - self._files_read
        if left <= 0 or not self._files_read:
            return f"{self.total:,}"
        return f"about {self.total + round(self.total * left / self._files_read):,}"

    def _show_now_and_then(self, describe: Callable[[float], str]) -> None:
        """Show the line that `describe` makes of the time, if it is time for one."""
        if self._show and (now := self._clock()) >= self._next:
            self._next = now + self._interval
            self.is_shown = True
            self._show(describe(now))

    def _describe_files(self) -> str:
        """Return `read 1,200 of 2,800 files`."""
        return f"read {self._files_read:,} of {max(self._files, self._files_read):,} {self._unit}"

    def _describe_counts(self, now: float, host: str) -> str:
        """Return `67 of 600 counts, 12/s, 44 s left, sent to api.anthropic.com`."""
        total = self.describe_total()
        rate = self.done / max(now - self._started, 0.001)
        parts = [f"{self.done:,} of {total} counts", f"{rate:,.0f}/s" if rate >= 10 else f"{rate:.1f}/s"]
        left = int(total.removeprefix("about ").replace(",", "")) - self.done
        if left > 0:
            parts.append(f"{_describe_seconds(left / rate)} left")
        return ", ".join([*parts, *([f"sent to {escape_line(host)}"] if host else [])])


def _describe_seconds(seconds: float) -> str:
    """Return `45 s`, `12 min`, `3 h 5 min`."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"


def describe_interruption(progress: Progress, *, is_cached: bool) -> str:
    """Return what came of a run that ends early, to follow `interrupted`; "" where nothing had been counted."""
    if not progress.done:
        return ""
    if not is_cached or not progress.kept:
        return f" after {progress.done:,} of {progress.describe_total()} counts; none is cached"
    number = f" after {progress.kept:,} of {progress.describe_total()} counts"
    return f"{number}; they are cached, run again to continue"


@contextlib.contextmanager
def show_progress(env: Mapping[str, str], *, is_quiet: bool = False) -> Iterator[Progress]:
    """Yield what shows the progress of a run on stderr.

    On a terminal that is a line, which is wiped away at the end; in CI, a line now and then. In a pipe, in a hook and
    where the run is to be quiet, nobody waits for it.
    """
    if not sys.stderr or is_quiet or env.get("PRE_COMMIT"):
        yield Progress()
    elif is_set(env, "CI"):
        yield Progress(lambda line: write_stderr(f"{line}\n"), _CI_INTERVAL, _CI_INTERVAL)
    elif sys.stderr.isatty():
        progress = Progress(lambda line: write_stderr(f"\r{line}\x1b[K"))
        try:
            yield progress
        finally:
            if progress.is_shown:
                write_stderr("\r\x1b[K")
    else:
        yield Progress()
