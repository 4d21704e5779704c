"""Exceptions, and the exit codes that they end a run with."""

from __future__ import annotations

import errno
from enum import IntEnum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

# What to do about what the system refused, by the number of the error.
SYSTEM_HINTS: dict[int | None, str] = {
    errno.EMFILE: "allow this process more open files: `ulimit -n`",
    errno.ENFILE: "the system has too many open files: end other programs, or raise its limit",
    errno.EAGAIN: "allow this user more processes and threads: `ulimit -u`",
    errno.ENOMEM: "give this process more memory, or check fewer prompts at a time",
    errno.EFBIG: "allow this process larger files: `ulimit -f`",
    errno.ENOSPC: "free some space on the disk",
}


class ExitCode(IntEnum):
    """Exit codes, as docs/exit-codes.md documents them."""

    OK = 0
    OVER_LIMIT = 1
    USAGE = 2
    UNCOUNTED = 3
    HUNG_UP = 129
    INTERRUPTED = 130
    TERMINATED = 143


# What a run may find, the first thing to mend first; docs/design.md says why.
_WORST_FIRST = (ExitCode.USAGE, ExitCode.OVER_LIMIT, ExitCode.UNCOUNTED)


def find_worst_code(
    codes: Iterable[ExitCode], *, is_over: bool = False, is_uncounted: bool = False
) -> ExitCode:
    """Return the exit code of a run with problems of these codes, and what else it found."""
    found = {*codes}
    if is_over:
        found.add(ExitCode.OVER_LIMIT)
    if is_uncounted:
        found.add(ExitCode.UNCOUNTED)
    return next((code for code in _WORST_FIRST if code in found), ExitCode.OK)


class Fault(NamedTuple):
    """What is wrong, and what to do next. `path` is empty, and `line` 0, where no file or no line is to blame."""

    message: str
    hint: str = ""
    path: str = ""
    line: int = 0


class Fatal(Exception):
    """Ends the run with one line (or one for each mistake) on stderr, and an exit code.

    `message` says what is wrong, with file and line where there is one; `hint` says what to do next. `path` is the file
    that is to blame, below the top of the repository, where there is one.
    """

    def __init__(
        self, message: str, hint: str = "", exit_code: ExitCode = ExitCode.USAGE, *, path: str = ""
    ) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.exit_code = exit_code
        self.path = path

    def faults(self) -> Sequence[Fault]:
        """Return what reports say of it: one fault for each place."""
        return [Fault(self.message, self.hint, self.path)]


class Terminated(BaseException):
    """SIGTERM or SIGHUP. Like `KeyboardInterrupt`, it isn't an `Exception`, so that no handler of faults catches it."""

    def __init__(self, signal_number: int) -> None:
        super().__init__(signal_number)
        self.signal_number = signal_number


class Unreadable(Exception):
    """A file, or a prompt in it, can't be read or counted; the others still can.

    The pipeline turns it into a `Problem`. `line` is 1-based, 0 where no line is to blame.
    """

    def __init__(self, message: str, hint: str = "", line: int = 0) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.line = line


class MissingFile(Unreadable):
    """There is no such file: it was deleted and that isn't staged yet, or after it was listed, or never existed."""


class BrokenLink(Unreadable):
    """A symbolic link leads to no file. `end` is the path in the tree where following it ended, for there is nothing there."""

    def __init__(self, message: str, hint: str, end: str) -> None:
        super().__init__(message, hint)
        self.end = end


class NotInRepository(Unreadable):
    """Other checkouts don't have the file: git ignores it, or it lies outside of the repository."""
