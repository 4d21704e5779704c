"""`prompt-lint completion`: the script that lets a shell complete the command line."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from prompt_lint.cli.commands import Command
from prompt_lint.model.errors import ExitCode, Fatal
from prompt_lint.output.terminal import write_stdout


@click.command("completion", cls=Command)
@click.argument("shell", type=click.Choice(("bash", "zsh", "fish", "powershell")))
@click.pass_context
def command(context: click.Context, shell: str) -> ExitCode:
    """Print the completion script for SHELL; load it from the shell's start-up file."""
    completion = get_completion_class(shell)
    if completion is None:
        raise Fatal(f"this version of Click can't complete for {shell}", "bash, zsh and fish always work")
    program = context.find_root().command
    write_stdout(completion(program, {}, "prompt-lint", "_PROMPT_LINT_COMPLETE").source() + "\n")
    return ExitCode.OK
