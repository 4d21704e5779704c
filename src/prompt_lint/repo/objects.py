"""The contents of git's objects, by their ids, from one process of git that answers as long as it is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Self

from prompt_lint.repo import git

if TYPE_CHECKING:
    import subprocess


class Object(NamedTuple):
    """An object of git: "blob", "tree" or "commit"."""

    id: str
    kind: str
    data: bytes


class TooLargeError(Exception):
    """An object is larger than the caller will have; nothing of it was read."""

    def __init__(self, size: int) -> None:
        super().__init__(size)
        self.size = size


class LostError(Exception):
    """An object isn't in this clone, or is damaged."""


class Objects:
    """A context. The process starts with the first question, and ends with the context, whatever happens in it."""

    def __init__(self, top: str) -> None:
        self.top = top
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the process; a further question would start another."""
        process, self._process = self._process, None
        if process:
            process.kill()
            try:
                process.__exit__(None, None, None)  # closes the pipes and waits
            except BrokenPipeError:  # a question that was never sent
                process.wait()

    def get(self, name: str, cap: int) -> Object:
        """An object of at most `cap` bytes. `name` is an id, or something that git derives from one: `ID^{tree}`.

        Raises:
            TooLargeError: it has more bytes.
            LostError: git hasn't got it, or can't read it.
        """
        try:
            found = self._ask(name, cap)
        except BaseException:
            self.close()  # half an answer may be left in the pipe
            raise
        if found is None:
            self.close()  # older gits give up at an object that a partial clone lacks
            raise LostError(name)
        return found

    def _ask(self, name: str, cap: int) -> Object | None:
        if self._process is None:
            self._process = git.start(["cat-file", "--batch"], self.top, interactive=True)
        asked, answers = self._process.stdin, self._process.stdout
        assert asked  # noqa: S101  # for the type checker: both are pipes
        assert answers  # noqa: S101
        try:
            asked.write(name.encode() + b"\n")
            asked.flush()
        except BrokenPipeError:
            return None
        header = answers.readline().split()
        if len(header) != 3:  # `ID missing`; nothing at all where git has given up
            return None
        size = int(header[2])
        if size > cap:
            raise TooLargeError(size)
        data = answers.read(size + 1)[:-1]
        if len(data) != size:
            return None
        return Object(header[0].decode(), header[1].decode(), data)
