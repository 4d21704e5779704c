"""Completion in real shells, on a terminal: what is in the line after the Tab key."""

from __future__ import annotations

import os
import select
import shutil
import sys
import time
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.support.repo import Repo

SHELLS = {
    "bash": (("bash", "--norc", "-i"), 'eval "$(prompt-lint completion bash)"'),
    "zsh": (("zsh", "-f", "-i"), 'eval "$(prompt-lint completion zsh)"'),
    "fish": (("fish", "--no-config", "-i"), "prompt-lint completion fish | source"),
}
# What is typed before Tab, and the last word of the line after it.
LINES = {
    "check --model=claude-sonnet-5-": "--model=claude-sonnet-5-5",
    "check --base fea": "feature/one",
    "check --base hos": "hos",  # a branch whose name a shell would run
    "check --output sar": "sarif=",
    "check --output sarif=my": "sarif=my docs",
    "check my": "my docs",
    "help cache cl": "clear",
}


class Terminal:
    """A shell on a terminal of its own."""

    def __init__(self, arguments: Sequence[str], repo: Repo) -> None:
        import pty  # noqa: PLC0415  # Windows has none

        self.folder = repo.path.parent
        process, self.stream = pty.fork()
        if process == 0:
            path = f"{os.path.dirname(sys.executable)}:{os.environ['PATH']}"
            os.chdir(repo.path)
            env = {"PATH": path, "HOME": str(self.folder), "TERM": "xterm"}
            os.execvpe(arguments[0], list(arguments), env)  # noqa: S606  # the shell under test, with its own arguments

    def run(self, keys: str) -> str:
        """Type keys that write `[…]` into the file `done`; return what is in the last brackets, or what the terminal shows."""
        done = self.folder / "done"
        done.unlink(missing_ok=True)
        os.write(self.stream, keys.encode())
        end, shown = time.monotonic() + 30, b""
        while time.monotonic() < end:
            if select.select([self.stream], [], [], 0.05)[0]:
                shown += os.read(self.stream, 65_536)
            if done.exists() and (text := done.read_text()).endswith("]"):
                return text[:-1].split("[")[-1]
        return shown.decode(errors="replace")


@pytest.fixture(params=SHELLS)
def shell(request: pytest.FixtureRequest, repo: Repo) -> Iterator[Terminal]:
    """A shell that has loaded the script, in a repository with branches and a folder that has a blank in its name."""
    arguments, load = SHELLS[request.param]
    if not shutil.which(arguments[0]):
        pytest.skip(f"{arguments[0]} isn't installed")
    repo.write("my docs/a.md", "Be kind.\n")
    repo.commit()
    repo.git("branch", "feature/one")
    repo.git("branch", "hostile$(>hacked)")
    terminal = Terminal(arguments, repo)
    assert terminal.run(f"{load}; printf '[%s]' loaded > ../done\r") == "loaded"
    yield terminal
    os.close(terminal.stream)


def test_tab_completes(shell: Terminal, repo: Repo) -> None:
    """Commands, options, models, formats, branches and paths, also after an equals sign."""
    # Ctrl-A goes to the start of the line, where another command takes the words of the line.
    words = {typed: shell.run(f"prompt-lint {typed}\t\x01printf '[%s]' \x05 > ../done\r") for typed in LINES}

    assert {typed: word.removesuffix("/") for typed, word in words.items()} == LINES
    assert not (repo.path / "hacked").exists()
