"""Start git: the only module that does, with everything switched off by which a repository could run a program.

A repository may come from a stranger, and its configuration can name programs: `core.fsmonitor`, hooks, filters, diff
drivers, pagers, transports. So only plumbing commands that read are used, always from the top of the working tree, and what
starts a program is turned off on the command line, where nothing overrides it.

All `GIT_*` variables are dropped, those of a hook as well. During `git commit -a` or `git commit FILE`, `GIT_INDEX_FILE`
names a temporary index. Dropping it loses nothing: files are read from the working tree, and the list of them is *tracked or
untracked, unless ignored*, so a file moves from one half of the list to the other, never out of it. Only what is staged is asked
of that index (`run`). `GIT_DIR` of a linked worktree or a submodule is found again through `.git`.
"""

from __future__ import annotations

import os
import signal
import subprocess
from contextlib import ExitStack, contextmanager, suppress
from typing import TYPE_CHECKING

from prompt_lint.model.errors import ExitCode, Fatal

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence
    from typing import IO

HARDENED_OPTIONS = (
    "--no-pager",
    "--no-optional-locks",
    "--literal-pathspecs",
    "-c", "safe.bareRepository=explicit",  # a folder that looks like a bare repository isn't entered
    "-c", "core.fsmonitor=false",
    "-c", "core.hooksPath=/dev/null",
)  # fmt: skip

_ENVIRONMENT = {
    "GIT_ALLOW_PROTOCOL": "none",  # a partial clone would fetch a missing object
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",  # objects are what their ids say, histories what was committed
    "GIT_GRAFT_FILE": os.devnull,
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "LC_ALL": "C",  # messages are recognised by their English text
}

# Words of git about an index that it can't read, and what to do then.
_DAMAGED_INDEX = (
    "index file corrupt",
    "index file smaller than expected",
    "in the index, near path",
    "stage entries",
    "unknown index entry format",
)
_INDEX_HINT = 'the index may be damaged: remove it and write it again, with `rm "$(git rev-parse --git-path index)" && git reset`'

# Bytes of a long output that are read at a time.
_PIECE = 1 << 16

# What a hook or a CI job has set for git or for prompt-lint, credentials included, isn't passed on.
_WITHHELD_PREFIXES = ("GIT_", "ANTHROPIC_", "PROMPT_LINT_")


class NotARepositoryError(Fatal):
    """Neither the folder nor any above it belongs to a git repository; in mid-run, that it was taken away."""

    def __init__(self, folder: str) -> None:
        hint = "was it moved, or deleted, since the run began? run prompt-lint again"
        super().__init__(f"{folder} is in no git repository any more", hint, ExitCode.UNCOUNTED)


def run(args: Sequence[str], top: str, index_file: str = "") -> bytes:
    """Return what `git -C top …args` prints. `index_file` stands for the index of the repository.

    Raises `Fatal` where git is missing or refuses, with git's own message, on one line, not yet escaped; `NotARepositoryError`
    where `top` is in no repository.
    """
    return _check_exit(top, *_finish(args, top, index_file), [])


def run_or_none(args: Sequence[str], top: str) -> bytes | None:
    """Return what `git -C top …args` prints; None where git answers no (exit code 1). Raises `Fatal` as `run` does."""
    code, output, errors = _finish(args, top)
    return None if code == 1 else _check_exit(top, code, output, errors, [])


def find_commit(top: str, rev: str) -> str | None:
    """Return the full id of the commit that `rev` names; None if this clone has no such commit."""
    command = ["rev-parse", "--verify", "--quiet", "--end-of-options", f"{rev}^{{commit}}"]
    output = run_or_none(command, top)
    return os.fsdecode(output).strip() if output else None


def _finish(args: Sequence[str], top: str, index_file: str = "") -> tuple[int, bytes, bytes]:
    """Return the exit code of a command, and what it has printed and complained of."""
    with start(args, top, index_file=index_file) as process:
        try:
            output, errors = process.communicate()
        finally:
            process.kill()
        return process.returncode, output, errors


def run_parallel(
    commands: Sequence[Sequence[str]], top: str, warnings: list[str]
) -> Generator[bytes, None, None]:
    """Run several git commands at the same time, and yield their outputs in the order of the commands.

    Each writes into a file without a name, so that none waits until the output of another one was used. The warnings of
    commands that succeed, such as of a folder that can't be opened, are added to `warnings`. Raises `Fatal` as `run` does,
    in the place of the output of the command that failed.
    """
    processes: list[subprocess.Popen[bytes]] = []
    with ExitStack() as files:
        try:
            outputs = [[files.enter_context(_open_unnamed()) for _ in range(2)] for _ in commands]
            for args, (output, errors) in zip(commands, outputs, strict=True):
                processes.append(start(args, top, output, errors))
            for process, (output, errors) in zip(processes, outputs, strict=True):
                process.wait()
                yield _check_exit(top, process.returncode, _take(output), _take(errors), warnings)
        finally:
            for process in processes:
                process.kill()
                process.wait()


def stream_fields(args: Sequence[str], top: str, questions: bytes) -> Generator[bytes, None, None]:
    """Yield what `git -C top …args` prints while it reads `questions` from stdin, field by field; each ends with NUL.

    Raises `Fatal` as `run` does, behind the last field.
    """
    with ExitStack() as files:
        asked, errors = (files.enter_context(_open_unnamed()) for _ in range(2))
        asked.write(questions)
        asked.seek(0)
        process = files.enter_context(start(args, top, errors=errors, questions=asked))
        files.callback(process.kill)
        assert process.stdout  # noqa: S101  # for the type checker: it is a pipe
        rest = b""
        while piece := process.stdout.read(_PIECE):
            *fields, rest = (rest + piece).split(b"\0")
            yield from fields
        process.wait()
        _check_exit(top, process.returncode, b"", _take(errors), [])


def start(
    args: Sequence[str],
    top: str,
    output: IO[bytes] | None = None,
    errors: IO[bytes] | None = None,
    *,
    interactive: bool = False,
    index_file: str = "",
    questions: IO[bytes] | None = None,
) -> subprocess.Popen[bytes]:
    """Start `git -C top …args`. Without `output` and `errors` these are pipes. `index_file` stands for the index.

    An `interactive` command reads questions from stdin and answers on stdout; `questions` are all that another one reads.
    """
    program = find_executable()
    if program is None:
        raise Fatal("git is not installed, or not on the PATH", "install git, or run with --no-git")
    return subprocess.Popen(
        [program, *HARDENED_OPTIONS, "-C", top, *args],
        stdin=subprocess.PIPE if interactive else questions or subprocess.DEVNULL,
        stdout=output or subprocess.PIPE,
        # Nobody reads the errors of an interactive command: a pipe would fill up, and block it.
        stderr=subprocess.DEVNULL if interactive else errors or subprocess.PIPE,
        env=child_environment() | ({"GIT_INDEX_FILE": index_file} if index_file else {}),
    )


def find_executable() -> str | None:
    """Return the absolute path of git, or None.

    Relative entries of PATH are passed over, and on Windows so is the current folder, which the system
    itself would search first: both may be the repository, and it could bring a program called git.
    """
    name = "git.exe" if os.name == "nt" else "git"
    for folder in os.get_exec_path():
        candidate = os.path.join(folder, name)
        if os.path.isabs(folder) and os.path.isfile(candidate) and os.access(candidate, os.X_OK):
            return candidate
    return None


def child_environment() -> dict[str, str]:
    kept = {
        name: value for name, value in os.environ.items() if not name.upper().startswith(_WITHHELD_PREFIXES)
    }
    return kept | _ENVIRONMENT


def disable_filters(top: str) -> list[str] | None:
    """Return options for a command that compares contents, with which no filter that is configured runs.

    None where a command line can't say that: a filter may have any name.
    """
    query = ["config", "-z", "--name-only", "--get-regexp", r"^filter\..*\.(clean|process)$"]
    keys = os.fsdecode(run_or_none(query, top) or b"").split("\0")[:-1]
    names = {key.split(".", 1)[1].rpartition(".")[0] for key in keys}
    if any("=" in name or "\n" in name for name in names):
        return None
    settings = ("clean=", "process=", "required=false")
    return [
        word for name in sorted(names) for setting in settings for word in ("-c", f"filter.{name}.{setting}")
    ]


@contextmanager
def expect_format(command: str) -> Iterator[None]:
    """Raise `Fatal` where what `git command` has printed can't be parsed: another program may be called git."""
    try:
        yield
    except (ValueError, IndexError, StopIteration):
        raise Fatal(
            f"`git {command}` printed something else than a list of files",
            "is the git on the PATH a script that prints lines of its own?",
            ExitCode.UNCOUNTED,
        ) from None


def _open_unnamed() -> IO[bytes]:
    """Open a file that is gone when it is closed."""
    if hasattr(os, "memfd_create"):
        with suppress(OSError):
            return open(os.memfd_create("git"), "w+b", buffering=0)
    from tempfile import TemporaryFile  # noqa: PLC0415  # takes 10 ms, and few systems need it

    return TemporaryFile(buffering=0)


def _take(file: IO[bytes]) -> bytes:
    """Return all that was written to a file, and empty it."""
    file.seek(0)
    data = file.read()
    file.truncate(0)
    return data


def _check_exit(top: str, code: int, output: bytes, errors: bytes, warnings: list[str]) -> bytes:
    """Return the output of a command that succeeded, and add its warnings. Raises what `_explain_failure` returns."""
    lines = [line.strip() for line in errors.decode("utf-8", "surrogateescape").split("\n")]
    if code:
        raise _explain_failure([line for line in lines if line], code, top)
    warnings += [line for line in lines if line.startswith("warning: ")]
    return output


def _explain_failure(lines: Sequence[str], code: int, top: str) -> Fatal:
    if code < 0 and not lines:  # ended by a signal, which git says nothing about
        return _explain_signal(-code)
    message = next((line for line in lines if line.startswith("fatal: ")), " ".join(lines))
    message = message.removeprefix("fatal: ") or f"git ended with exit code {code} and said nothing"
    if message.startswith("not a git repository (or any"):
        return NotARepositoryError(top)
    # Git's own word for what it can't explain, such as modes in the index that no git writes.
    if message.startswith("BUG: "):
        return Fatal(
            f"git gave up on {top}, and calls that a bug of its own ({message.removeprefix('BUG: ')})",
            _INDEX_HINT,
            ExitCode.UNCOUNTED,
        )
    if any(sign in line for line in lines for sign in _DAMAGED_INDEX):
        return Fatal(f"git can't read its index ({message})", _INDEX_HINT, ExitCode.UNCOUNTED)
    if "must be run in a work tree" in message or "cannot use bare repository" in message:
        return Fatal(
            f"this is a git repository without a working tree, so there are no files to read ({message})",
            "run in a clone or a worktree of it",
        )
    advice = next((line for line in lines if line.startswith("git config ")), "")
    return Fatal(f"git: {message}", f"if you trust this repository: {advice}" if advice else "")


def _explain_signal(number: int) -> Fatal:
    if number == getattr(signal, "SIGXFSZ", None):
        return Fatal(
            "the operating system allows only small files, too small to list the repository",
            "allow this process larger files: `ulimit -f`",
            ExitCode.UNCOUNTED,
        )
    names = {member.value: member.name for member in signal.Signals}
    return Fatal(
        f"the operating system ended git ({names.get(number, f'signal {number}')})",
        "run again; SIGKILL often means that there is too little memory",
        ExitCode.UNCOUNTED,
    )
