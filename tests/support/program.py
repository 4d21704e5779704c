"""Runs of prompt-lint: in this process, or as a process of its own."""

from __future__ import annotations

import gc
import json
import os
import signal
import subprocess
import sys
import tempfile
from contextlib import chdir, contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from unittest.mock import patch

import pytest
from tests.support.json_schema import DOCS, validate

from prompt_lint.cli import main

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from typing import BinaryIO

    from tests.support.repo import Repo

SCHEMA = DOCS / "report.schema.json"
# The console script of the environment that runs the tests.
PROGRAM = Path(sys.executable).parent / "prompt-lint"


class Done(NamedTuple):
    """How a run ended."""

    code: int
    out: str
    err: str

    @property
    def report(self) -> Any:
        """The JSON report, validated by its schema."""
        assert self.out, self.err
        _validate_report(self.out)
        return json.loads(self.out)

    @property
    def verdicts(self) -> dict[tuple[str, str], tuple[int | None, str | None, str]]:
        """(path, model) → tokens, origin, status."""
        return {
            (v["path"], v["model"]): (v["tokens"], v["origin"], v["status"]) for v in self.report["verdicts"]
        }


@cache  # a test looks at its report several times
def _validate_report(text: str) -> None:
    validate(json.loads(text), SCHEMA)


@pytest.fixture
def lint(
    repo: Repo, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Callable[..., Done]:
    """Run prompt-lint at the top of the repository, in this process: `lint("check", "--offline")`."""
    monkeypatch.chdir(repo.path)

    def run(*arguments: str) -> Done:
        code = main.run(arguments)
        return Done(int(code), *capfd.readouterr())

    return run


@contextmanager
def started(repo: Repo, *command: str | Path, **options: Any) -> Iterator[subprocess.Popen[bytes]]:
    """Start a command at the top of the repository, as a process that doesn't outlive the test.

    `options` are those of `Popen`; without them all streams are pipes.
    """
    pipes: dict[str, Any] = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    with subprocess.Popen(command, cwd=repo.path, **(pipes | options)) as process:
        try:
            yield process
        finally:
            process.kill()


def finished(process: subprocess.Popen[bytes], data: bytes = b"") -> Done:
    """Give `data` to the stdin of a process and wait for its end, at most a minute."""
    out, err = process.communicate(data, timeout=60)
    return Done(process.returncode, (out or b"").decode(), (err or b"").decode())


def run(repo: Repo, *command: str | Path, data: bytes = b"", **options: Any) -> Done:
    """Run a command to its end, at the top of the repository: `run(repo, PROGRAM, "check")`."""
    with started(repo, *command, **options) as process:
        return finished(process, data)


def call_main(
    main: Callable[[], None], arguments: Sequence[str], env: Mapping[str, str], folder: Path
) -> tuple[int, str]:
    """Call the `main` of a program as if it had a process of its own; return its exit code and what it printed.

    Both streams come in one text, what child processes print included. `env` is all of the environment.
    """
    limits = gc.get_threshold()
    handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)}
    with (
        tempfile.TemporaryFile() as log,
        patch.dict(os.environ, env, clear=True),
        patch.object(sys, "argv", ["prompt-lint", *arguments]),
        chdir(folder),
        _redirected(log),
    ):
        try:
            main()
            code = 0
        except SystemExit as end:
            code = int(end.code or 0)
        finally:
            gc.set_threshold(*limits)
            for number, handler in handlers.items():
                signal.signal(number, handler)
            sys.stdout.flush()
        log.seek(0)
        return code, log.read().decode("utf-8", "replace")


@contextmanager
def _redirected(log: BinaryIO) -> Iterator[None]:
    """Let stdout and stderr write to `log`, also those of child processes."""
    kept = os.dup(1), os.dup(2)
    try:
        for number in (1, 2):
            os.dup2(log.fileno(), number)
        with (
            open(1, "w", encoding="utf-8", errors="surrogateescape", closefd=False) as out,
            open(2, "w", encoding="utf-8", errors="backslashreplace", closefd=False, buffering=1) as err,
            patch.object(sys, "stdout", out),
            patch.object(sys, "stderr", err),
        ):
            yield
    finally:
        for number, original in enumerate(kept, 1):
            os.dup2(original, number)
            os.close(original)
