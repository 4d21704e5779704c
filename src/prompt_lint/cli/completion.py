"""`prompt-lint completion`: the script that lets a shell complete the command line."""

from __future__ import annotations

from typing import Any

import click
from click.shell_completion import get_completion_class

from prompt_lint.cli.commands import Command
from prompt_lint.model.errors import ExitCode
from prompt_lint.output.terminal import write_stdout

# What Click's scripts lack (8.5): text → what replaces it, by shell.
_REPAIRS = {
    # `FORMAT=` goes on with a file, so no space follows it.
    "bash": (
        "COMPREPLY+=($value)",
        'COMPREPLY+=("$value")\n            [[ $value == *= ]] && compopt -o nospace',
    ),
    # A shell whose start-up file hasn't set up completion has no `compdef`.
    "zsh": (
        "    compdef ",
        "    (( $+functions[compdef] )) || { autoload -Uz compinit && compinit }\n    compdef ",
    ),
    # A description may have commas.
    "fish": ('string split ","', 'string split -m 1 ","'),
}


@click.command(
    "completion",
    cls=Command,
    examples=(
        ("bash: add this line to ~/.bashrc", 'eval "$(prompt-lint completion bash)"'),
        ("zsh: add this line to ~/.zshrc", 'eval "$(prompt-lint completion zsh)"'),
        ("fish: run this once", "prompt-lint completion fish > ~/.config/fish/completions/prompt-lint.fish"),
        (
            "PowerShell: add this line to $PROFILE",
            "prompt-lint completion powershell | Out-String | Invoke-Expression",
        ),
    ),
)
@click.argument(
    "shell",
    type=click.Choice(("bash", "zsh", "fish", "powershell")),
    metavar="SHELL",
    help="bash (4.4 or newer), zsh, fish or powershell.",
)
@click.pass_context
def command(context: click.Context, shell: str) -> ExitCode:
    """Print a completion script for a shell.

    It completes commands, options, formats, models, branches and tags, and paths.
    """
    completion: Any = get_completion_class(shell)
    script = completion(context.find_root().command, {}, "prompt-lint", "_PROMPT_LINT_COMPLETE").source()
    write_stdout(script.replace(*_REPAIRS.get(shell, ("", ""))) + "\n")
    return ExitCode.OK
