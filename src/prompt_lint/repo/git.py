"""Calls to git that read, run nothing that a repository asks for, and inherit no surprises.

`hardened.py` says how, and why.
"""

from __future__ import annotations

import os
import subprocess
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING

from prompt_lint.model.errors import Fatal
from prompt_lint.repo import hardened

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence
    from typing import IO

HARDENED, environment, executable = hardened.HARDENED, hardened.environment, hardened.executable


class NotARepositoryError(Exception):
    """Neither the folder nor any above it belongs to a git repository."""


def run(args: Sequence[str], top: str) -> bytes:
    """What `git -C top …args` prints.

    Raises:
        Fatal: git is missing or refuses; the message is git's own, on one line, not yet escaped.
        NotARepositoryError: `top` is in no repository.
    """
    [output] = together([args], top, [])
    return output


def ask(args: Sequence[str], top: str) -> bytes | None:
    """What `git -C top …args` prints; None where git says no (exit code 1).

    Raises:
        Fatal, NotARepositoryError: as `run` does.
    """
    process = start(args, top)
    with process:
        try:
            output, said = process.communicate()
            return _finished(process.returncode, output, said, [])
        except Fatal:
            if process.returncode == 1:
                return None
            raise
        finally:
            process.kill()


def unfiltered(top: str) -> list[str] | None:
    """Options before a command that would compare contents: no filter that is configured gets to run.

    None where that can't be said on a command line: a filter may have any name.
    """
    found = ask(["config", "-z", "--name-only", "--get-regexp", r"^filter\..*\.(clean|process)$"], top)
    names = {key.split(".", 1)[1].rpartition(".")[0] for key in os.fsdecode(found or b"").split("\0")[:-1]}
    if any("=" in name or "\n" in name for name in names):
        return None
    keys = [
        f"filter.{name}.{key}" for name in sorted(names) for key in ("clean=", "process=", "required=false")
    ]
    return [word for key in keys for word in ("-c", key)]


def together(
    commands: Sequence[Sequence[str]], top: str, warnings: list[str]
) -> Generator[bytes, None, None]:
    """The outputs of several git commands that run side by side, in the order of the commands.

    Each writes into a file without a name, so that none waits for what is
    done with the others' outputs. What git could not do without failing (a folder that it can't open) is added to
    `warnings`.

    Raises:
        Fatal, NotARepositoryError: as `run` does, when the output of the command that failed is due.
    """
    processes: list[subprocess.Popen[bytes]] = []
    with ExitStack() as files:
        try:
            outputs = [[files.enter_context(_unnamed()) for _ in range(2)] for _ in commands]
            for args, (output, errors) in zip(commands, outputs, strict=True):
                processes.append(start(args, top, output, errors))
            for process, (output, errors) in zip(processes, outputs, strict=True):
                process.wait()
                yield _finished(process.returncode, _taken(output), _taken(errors), warnings)
        finally:
            for process in processes:
                process.kill()
                process.wait()


def _unnamed() -> IO[bytes]:
    """A file that is gone when it is closed."""
    if hasattr(os, "memfd_create"):
        with suppress(OSError):
            return open(os.memfd_create("git"), "w+b", buffering=0)
    from tempfile import TemporaryFile  # noqa: PLC0415  # imports much, and few systems need it

    return TemporaryFile(buffering=0)


def _taken(file: IO[bytes]) -> bytes:
    """All that was written to a file, which is empty then."""
    file.seek(0)
    data = file.read()
    file.truncate(0)
    return data


def start(
    args: Sequence[str],
    top: str,
    output: IO[bytes] | None = None,
    errors: IO[bytes] | None = None,
    *,
    talking: bool = False,
) -> subprocess.Popen[bytes]:
    """`git -C top …args`, running; `talking` to one that answers on stdout what it is asked on stdin."""
    program = executable()
    if program is None:
        raise Fatal("git is not installed, or not on the PATH", "install git, or run with --no-git")
    return subprocess.Popen(
        [program, *HARDENED, "-C", top, *args],
        stdin=subprocess.PIPE if talking else subprocess.DEVNULL,
        stdout=output or subprocess.PIPE,
        # Nobody would read what is said by one that is talked to, until the pipe is full.
        stderr=subprocess.DEVNULL if talking else errors or subprocess.PIPE,
        env=environment(),
    )


def _finished(code: int, output: bytes, said: bytes, warnings: list[str]) -> bytes:
    errors = said.decode("utf-8", "surrogateescape")
    if code == 0:
        warnings += [line.strip() for line in errors.split("\n") if line.startswith("warning: ")]
        return output
    raise _failure(errors, code)


def _failure(errors: str, code: int) -> Exception:
    lines = [line.strip() for line in errors.split("\n") if line.strip()]
    message = next((line for line in lines if line.startswith("fatal: ")), " ".join(lines))
    message = message.removeprefix("fatal: ") or f"git ended with exit code {code} and said nothing"
    if message.startswith("not a git repository (or any"):
        return NotARepositoryError(message)
    if "must be run in a work tree" in message or "cannot use bare repository" in message:
        return Fatal(
            f"this is a git repository without a working tree, so there are no files to read ({message})",
            "run in a clone or a worktree of it, or with --no-git to look at the files as they are",
        )
    advice = next((line for line in lines if line.startswith("git config ")), "")
    return Fatal(f"git: {message}", f"if you trust this repository: {advice}" if advice else "")
