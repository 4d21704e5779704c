"""`prompt-lint schema`: the JSON Schema of the configuration, for editors and other tools."""

from __future__ import annotations

from importlib.resources import files

import click

from prompt_lint.cli.commands import Command
from prompt_lint.model.errors import ExitCode
from prompt_lint.output.terminal import write_stdout


@click.command(
    "schema",
    cls=Command,
    examples=(("Keep a copy for editors", "prompt-lint schema > prompt-lint.schema.json"),),
    page="configuration.md",
)
def command() -> ExitCode:
    """Print the JSON Schema (draft-07) of .prompt-lint.yaml."""
    schema = files("prompt_lint.config").joinpath("prompt-lint.schema.json")
    write_stdout(schema.read_text(encoding="utf-8"), for_machines=True)
    return ExitCode.OK
