"""The program `prompt-lint`: arguments → an exit code."""

from __future__ import annotations

import contextlib
import os
import sys
from typing import TYPE_CHECKING, Any, NoReturn, cast

import click

from prompt_lint.cli import faults
from prompt_lint.cli.commands import Group, version_option
from prompt_lint.model.errors import ExitCode, Fatal
from prompt_lint.model.lazy_table import LazyTable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class _Subcommands(LazyTable[click.Command]):
    """The subcommands: each is the `command` of its module, which is imported to run it and to list it in the help."""

    def __getitem__(self, name: str) -> click.Command:
        module: Any = super().__getitem__(name)
        command: click.Command = module.command
        return command


SUBCOMMANDS = _Subcommands(
    {
        "init": "prompt_lint.cli.init.command",
        "check": "prompt_lint.cli.check",
        "list": "prompt_lint.cli.list_",
        "explain": "prompt_lint.cli.explain.command",
        "count": "prompt_lint.cli.count",
        "history": "prompt_lint.cli.history",
        "tighten": "prompt_lint.cli.tighten",
        "models": "prompt_lint.cli.models",
        "calibrate": "prompt_lint.cli.calibrate",
        "report": "prompt_lint.cli.report",
        "comment": "prompt_lint.cli.comment",
        "cache": "prompt_lint.cli.cache_",
        "completion": "prompt_lint.cli.completion",
        "schema": "prompt_lint.cli.schema",
        "help": "prompt_lint.cli.help_",
        "version": "prompt_lint.cli.version",
    }
)


@click.group(
    cls=Group,
    commands=cast("dict[str, click.Command]", SUBCOMMANDS),  # Click only reads it
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    examples=(
        ("Find the prompts of a repository, and write a configuration", "prompt-lint init"),
        ("Check them", "prompt-lint check"),
        ("Count the tokens of a file", "prompt-lint count CLAUDE.md --model claude-sonnet-5-5"),
    ),
    exit_codes={
        ExitCode.OVER_LIMIT: "a prompt fails (check, explain), or a condition is true (report, calibrate, tighten --check)"
    },
)
@version_option()
@click.pass_context
def cli(context: click.Context) -> None:
    """Keep Claude prompts within their token limits."""
    if context.invoked_subcommand is None:
        _show_overview(context)


def _show_overview(context: click.Context) -> None:
    """Show which prompts a repository without a configuration holds; the help anywhere else."""
    # Only without a command.
    from prompt_lint.cli.init.overview import render_overview  # noqa: PLC0415  # no command needs these
    from prompt_lint.cli.options import DEFAULT_COUNTING, ConfigOptions  # noqa: PLC0415  # as above
    from prompt_lint.cli.project import needs_config  # noqa: PLC0415  # as above
    from prompt_lint.output.terminal import write_stdout  # noqa: PLC0415  # as above

    is_without_config = False
    with contextlib.suppress(Fatal):
        is_without_config = needs_config()
    if not is_without_config:
        raise click.exceptions.NoArgsIsHelpError(context)
    write_stdout(render_overview(context.obj, ConfigOptions(), DEFAULT_COUNTING))


def main() -> NoReturn:
    """Run the console script, and end the process with its exit code."""
    faults.run_and_exit(lambda: run(sys.argv[1:]))


def run(arguments: Sequence[str], env: Mapping[str, str] = os.environ) -> int:
    """Return the exit code of a run with these arguments."""
    return faults.catch_faults(lambda: _run_command(arguments, env))


def _run_command(arguments: Sequence[str], env: Mapping[str, str]) -> int | None:
    _refuse_ambiguous_options(arguments)
    code: int | None = cli.main(list(arguments), prog_name="prompt-lint", standalone_mode=False, obj=env)
    return code


def _refuse_ambiguous_options(arguments: Sequence[str]) -> None:
    """Raise `Fatal` for an option that is a file, too.

    Where a shell or a hook lists files, somebody who calls a file `--exit-zero` would choose the options.
    """
    if "--" in arguments and not os.path.lexists("--"):
        return  # who wrote it wrote the options before it
    for word in arguments:
        if word == "--":
            return
        if len(word) > 1 and word.startswith("-") and os.path.lexists(word):
            raise Fatal(
                f"`{word}` may be an option, or the file of that name here",
                "end the options with `--` (in a hook: `args: [--]`, after all other options), or rename the file",
            )
