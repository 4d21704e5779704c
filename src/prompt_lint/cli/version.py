"""`prompt-lint version`: what `--version` prints."""

from __future__ import annotations

import click

from prompt_lint.cli.commands import Command, print_version
from prompt_lint.model.errors import ExitCode


@click.command("version", cls=Command)
def command() -> ExitCode:
    """Show the version."""
    print_version()
    return ExitCode.OK
