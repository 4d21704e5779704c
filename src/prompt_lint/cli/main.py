"""The program `prompt-lint`: arguments → an exit code."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any, NoReturn, cast

import click

from prompt_lint.cli import exit_status
from prompt_lint.cli.commands import Group, version_option
from prompt_lint.model.errors import ExitCode, Fatal
from prompt_lint.model.lazy_table import LazyTable
from prompt_lint.output.terminal import write_stderr

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
        "cache": "prompt_lint.cli.cache_",
        "check": "prompt_lint.cli.check",
        "comment": "prompt_lint.cli.comment",
        "completion": "prompt_lint.cli.completion",
        "count": "prompt_lint.cli.count",
        "explain": "prompt_lint.cli.explain.command",
        "init": "prompt_lint.cli.init.command",
        "list": "prompt_lint.cli.list_",
        "report": "prompt_lint.cli.report",
    }
)


@click.group(
    cls=Group,
    commands=cast("dict[str, click.Command]", SUBCOMMANDS),  # Click only reads it
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit codes: 0 within limits, 1 over a limit, 2 usage or configuration, 3 something could not be "
    "counted, 130 interrupted, 143 terminated.",
)
@version_option()
def cli() -> None:
    """Keep Claude prompts within their token limits.

    Start with `prompt-lint init`, which looks for prompts and writes a .prompt-lint.yaml; then run `prompt-lint check`.
    """


def main() -> NoReturn:
    """Run the console script; ends the process with the exit code of the run."""
    exit_status.end(lambda: run(sys.argv[1:]))


def run(arguments: Sequence[str], env: Mapping[str, str] = os.environ) -> int:
    """Return the exit code of a run. Everything that ends a run early ends here."""
    return exit_status.code_of(lambda: _run(arguments, env))


def _run(arguments: Sequence[str], env: Mapping[str, str]) -> int:
    try:
        _refuse_ambiguous(arguments)
        code = cli.main(list(arguments), prog_name="prompt-lint", standalone_mode=False, obj=env)
        return int(code or 0)
    except click.exceptions.NoArgsIsHelpError as error:
        write_stderr(f"{error.format_message()}\n")
        return ExitCode.USAGE
    except click.ClickException as error:
        context = getattr(error, "ctx", None)
        hint = f"see `{context.command_path} --help`" if context else ""
        exit_status.complain((error.format_message(), hint))
        return ExitCode.USAGE
    except click.Abort:
        return ExitCode.INTERRUPTED


def _refuse_ambiguous(arguments: Sequence[str]) -> None:
    """A file may be called `--exit-zero`, and where a shell or a hook lists files, whoever named it chooses the options."""
    if "--" in arguments and not os.path.lexists("--"):
        return  # whoever wrote that wrote what stands before it
    for word in arguments:
        if word == "--":
            return
        if len(word) > 1 and word.startswith("-") and os.path.lexists(word):
            raise Fatal(
                f"`{word}` may be an option, or the file of that name here",
                "end the options with `--` (in a hook: `args: [--]`, behind all others), or rename the file",
            )
