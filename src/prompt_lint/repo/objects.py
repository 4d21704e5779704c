"""Read the contents of git's objects by their ids, from one process of git."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Self

from prompt_lint.repo import git

if TYPE_CHECKING:
    import subprocess

# What git says before an object. Anything else means that it hasn't got it: `ID missing`, or nothing at all.
_HEADER = re.compile(rb"[0-9a-f]+ [a-z]+ ([0-9]{1,18})\n")


class ObjectTooLarge(Exception):
    """An object is larger than the cap; nothing of it was read. `size` is in bytes."""

    def __init__(self, size: int) -> None:
        super().__init__(size)
        self.size = size


class ObjectLost(Exception):
    """An object isn't in this clone, or is damaged."""


class ObjectReader:
    """A context manager. Its process starts with the first object that is read, and ends with the context."""

    def __init__(self, top: str) -> None:
        self.top = top
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the process; reading another object would start a new one."""
        process, self._process = self._process, None
        if process:
            process.kill()
            try:
                process.__exit__(None, None, None)  # closes the pipes and waits
            except BrokenPipeError:  # a question that was never sent
                process.wait()

    def read(self, name: str, cap: int) -> bytes:
        """Return the content of an object, at most `cap` bytes. `name` is an id, or what git derives from one: `ID^{tree}`.

        Raises `ObjectTooLarge` for one with more bytes, `ObjectLost` for one that git hasn't got or can't read.
        """
        try:
            result = self._request(name, cap)
        except BaseException:
            self.close()  # half an answer may be left in the pipe
            raise
        if result is None:
            self.close()  # older gits give up at an object that a partial clone lacks
            raise ObjectLost(name)
        return result

    def _request(self, name: str, cap: int) -> bytes | None:
        if self._process is None:
            self._process = git.start(["cat-file", "--batch"], self.top, interactive=True)
        questions, answers = self._process.stdin, self._process.stdout
        assert questions  # noqa: S101  # for the type checker: both are pipes
        assert answers  # noqa: S101  # the same
        try:
            questions.write(name.encode() + b"\n")
            questions.flush()
        except BrokenPipeError:
            return None
        header = _HEADER.fullmatch(answers.readline())
        if not header:
            return None
        size = int(header[1])
        if size > cap:
            raise ObjectTooLarge(size)
        data = answers.read(size + 1)[:-1]
        return data if len(data) == size else None
