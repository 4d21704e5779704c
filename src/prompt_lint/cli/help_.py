"""`prompt-lint help`: what `--help` prints, and the environment variables."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from prompt_lint.cli import environment
from prompt_lint.cli.commands import Command, Context
from prompt_lint.model.errors import ExitCode
from prompt_lint.output.terminal import write_stdout

if TYPE_CHECKING:
    from collections.abc import Sequence

    from click.shell_completion import CompletionItem

_ENVIRONMENT = "environment"


def _complete_names(
    context: click.Context, _param: click.Parameter, incomplete: str
) -> list[CompletionItem[str]]:
    try:
        found = _find_command(context, context.params["names"] or ())
    except click.UsageError:
        return []
    return found.command.shell_complete(found, incomplete) if isinstance(found.command, click.Group) else []


def _find_command(context: click.Context, names: Sequence[str]) -> click.Context:
    """Return a context for the command of these names. Raises `click.UsageError`."""
    found, rest = context.find_root(), list(names)
    while rest:
        group = found.command
        if not isinstance(group, click.Group):
            raise click.UsageError(f"`{found.command_path}` has no command `{rest[0]}`", context)
        name, command, rest = group.resolve_command(found, rest)
        found = Context(command or group, parent=found, info_name=name)
    return found


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
    if names == (_ENVIRONMENT,):
        write_stdout(environment.render_text(context.find_root()))
    else:
        write_stdout(_find_command(context, names).get_help() + "\n")
    return ExitCode.OK
