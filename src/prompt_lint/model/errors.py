"""What can go wrong, and the exit code that says whose business it is."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """Exit codes, as docs/usage.md documents them."""

    OK = 0
    OVER_LIMIT = 1
    USAGE = 2
    UNCOUNTED = 3
    INTERRUPTED = 130
    TERMINATED = 143


class Fatal(Exception):
    """Ends the run with one clear line (or one per mistake) and an exit code.

    `message` says what is wrong, with file and line where there is one; `hint` says what to do next.
    """

    def __init__(self, message: str, hint: str = "", exit_code: ExitCode = ExitCode.USAGE) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.exit_code = exit_code

    def messages(self) -> list[tuple[str, str]]:
        """What to print: pairs of message and hint."""
        return [(self.message, self.hint)]


class Terminated(BaseException):
    """SIGTERM. Like `KeyboardInterrupt` no `Exception`, so that nothing on its way up takes it for a fault."""


class Unreadable(Exception):
    """One file (or one prompt in it) can't be measured; the others still can.

    The pipeline turns it into a `Problem`. `line` is 1-based, 0 where no line is to blame.
    """

    def __init__(self, message: str, hint: str = "", line: int = 0) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.line = line


class MissingFile(Unreadable):
    """The file isn't there: deleted and not yet staged, gone since it was listed, or never there."""


class NotInRepository(Unreadable):
    """The file isn't one that every checkout has: git ignores it, or it lies outside of the repository."""
