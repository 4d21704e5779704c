"""The program: its help, its version, and what is wrong with a command line."""

from __future__ import annotations

import contextlib
import io
import sys
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from tests.support import log_commands
from tests.support.hostile_names import NAME
from tests.support.program import run

from prompt_lint import __version__
from prompt_lint.cli import main

if TYPE_CHECKING:
    from collections.abc import Callable

    from syrupy.assertion import SnapshotAssertion
    from tests.support.program import Done
    from tests.support.repo import Repo


def test_a_bare_command_shows_its_help(repo: Repo, lint: Callable[..., Done]) -> None:
    """Where there is a configuration. Without one it shows what `init` would find."""
    repo.write(".prompt-lint.yaml", "prompts: []\n")
    done = lint()

    assert done.code == 2
    assert done.err.startswith("Usage: prompt-lint [OPTIONS] [COMMAND] [ARGS]...\n\n  Keep Claude prompts")


def test_version_and_help(repo: Repo, lint: Callable[..., Done], snapshot: SnapshotAssertion) -> None:
    """The help of each command is part of the product."""
    assert lint("--version").out == f"prompt-lint {__version__}\n"
    assert [
        lint(*command, "--help").out
        for command in ((), ("check",), ("count",), ("explain",), ("init",), ("list",))
    ] == snapshot


@pytest.mark.parametrize(
    "arguments", [["chekc"], ["check", "--limt", "3"], ["count"], ["completion", "tcsh"]]
)
def test_a_wrong_command_line_is_exit_2(repo: Repo, lint: Callable[..., Done], arguments: list[str]) -> None:
    """Usage errors have a code of their own, not that of findings."""
    done = lint(*arguments)

    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("error: ")


def is_argument(name: str) -> bool:
    """Whether a process can be given it: bytes, but no zero."""
    try:
        return b"\0" not in name.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return False


@given(NAME.filter(is_argument))
@settings(deadline=None)
def test_no_error_is_a_command(name: str) -> None:
    """What is said on stderr of a command line is no command, either."""
    told = io.StringIO()
    with contextlib.redirect_stderr(told), contextlib.redirect_stdout(told):
        for arguments in (
            [name], ["check", name, "--limit", "1", "--model", "m"], ["check", "--config", name], ["check", "--limit", name],
            ["check", "--output", name], ["count", name, "--model", name], [f"--{name}"], ["check", "--base", name, "--model", name],
        ):  # fmt: skip
            main.run(arguments)

    assert log_commands.github(told.getvalue()) == []
    assert log_commands.azure(told.getvalue()) == []


def test_a_command_imports_no_other(repo: Repo) -> None:
    """A hook on every commit doesn't pay for what a report or a first configuration needs."""
    repo.write("a.md", "Be kind.\n")
    program = (
        "import sys; from prompt_lint.cli import main\n"
        "main.run(['check', '-q', 'a.md', '--limit', '99', '--model', 'claude-opus-5'])\n"
        "print(sorted(name for name in sys.modules if name.startswith('prompt_lint.')))"
    )

    done = run(repo, sys.executable, "-c", program)

    assert "'prompt_lint.cli.check'" in done.out
    for others in ("usage", "comment", "cli.count", "cli.explain", "cli.init", "cli.list_", "cli.report"):
        assert f"'prompt_lint.{others}" not in done.out.replace("cli.count_sources", "")
