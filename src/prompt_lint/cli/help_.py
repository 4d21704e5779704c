"""`prompt-lint help`: what `--help` prints, and the environment variables."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from prompt_lint.cli import environment
from prompt_lint.cli.commands import Command, Context
from prompt_lint.model.errors import ExitCode
from prompt_lint.output.terminal import write_stdout

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

_ENVIRONMENT = "environment"


def _complete_names(
    context: click.Context, _param: click.Parameter, incomplete: str
) -> list[CompletionItem[str]]:
    return context.find_root().command.shell_complete(context.find_root(), incomplete)


@click.command(
    "help",
    cls=Command,
    examples=(
        ("Show what `check` can do", "prompt-lint help check"),
        ("List the environment variables", "prompt-lint help environment"),
    ),
)
@click.argument(
    "names",
    nargs=-1,
    metavar="[COMMAND]...",
    shell_complete=_complete_names,
    help=f"A command, or `{_ENVIRONMENT}`. [default: all commands]",
)
@click.pass_context
def command(context: click.Context, names: tuple[str, ...]) -> ExitCode:
    """Show the help of a command."""
    root = context.find_root()
    if names == (_ENVIRONMENT,):
        write_stdout(environment.render_text(root))
        return ExitCode.OK
    shown, rest = root, list(names)
    while rest:
        group = shown.command
        if not isinstance(group, click.Group):
            raise click.UsageError(f"`{shown.command_path}` has no command `{rest[0]}`", context)
        name, found, rest = group.resolve_command(shown, rest)
        shown = Context(found or group, parent=shown, info_name=name)
    write_stdout(shown.get_help() + "\n")
    return ExitCode.OK
