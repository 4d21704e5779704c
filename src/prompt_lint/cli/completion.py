"""`prompt-lint completion`: the script that lets a shell complete the command line."""

from __future__ import annotations

from typing import Any

import click
from click.shell_completion import get_completion_class

from prompt_lint.cli.commands import Command
from prompt_lint.model.errors import ExitCode
from prompt_lint.output.terminal import write_stdout

# What Click's scripts lack (8.5): text → what replaces it, by shell.
REPAIRS = {
    "bash": (
        (  # Readline takes `--model=claude` for three words.
            '    response=$(env COMP_WORDS="${COMP_WORDS[*]}" COMP_CWORD=$COMP_CWORD ',
            """    local word
    local -a words=("${COMP_WORDS[0]}")
    for word in "${COMP_WORDS[@]:1:COMP_CWORD}"; do
        if [[ $word == = || ${words[-1]} == --*= ]]; then words[-1]+=$word; else words+=("$word"); fi
    done

    response=$(env COMP_WORDS="${words[*]}" COMP_CWORD=$((${#words[@]} - 1)) """,
        ),
        (  # `FORMAT=` goes on with a file, so no space follows it.
            "COMPREPLY+=($value)",
            """COMPREPLY+=("$value")
            [[ $value == *= ]] && compopt -o nospace""",
        ),
    ),
    "zsh": (
        (  # A shell whose start-up file hasn't set up completion has no `compdef`.
            "    compdef ",
            """    (( $+functions[compdef] )) || { autoload -Uz compinit && compinit }
    compdef """,
        ),
        (  # In `--model=claude` and `json=docs/a` the value is what follows the sign.
            "    for type key descr in ${response}; do",
            """    compset -P "--*="
    for type key descr in ${response}; do
        [[ "$type" != "plain" && "$PREFIX" == *="$key" ]] && compset -p $(( $#PREFIX - $#key ))""",
        ),
        (
            '            if [[ "$descr" == "_" ]]; then',
            """            if [[ "$key" == *= ]]; then
                compadd -S "" -- "$key"
            elif [[ "$descr" == "_" ]]; then""",
        ),
        ("compadd -U ", "compadd "),  # with it, the value would replace the option
    ),
    "fish": (
        (
            'string split "," $completion',
            'string split -m 1 "," $completion',
        ),  # a description may have commas
        (  # fish compares with the whole word, `--model=claude` or `--config=docs/a`
            '        if test $metadata[1] = "dir";',
            """        set -l token (commandline -t);
        set -l prefix (string match -r -- "^--[^=]+=" $token);
        if test $metadata[1] != "plain";
            set prefix (string replace -r -- (string escape --style=regex -- "$metadata[2]")'$' "" $token);
        end;
        if test $metadata[1] = "dir";""",
        ),
        (
            "__fish_complete_directories $metadata[2];",
            'for path in (__fish_complete_directories "$metadata[2]"); echo "$prefix$path"; end;',
        ),
        (
            "__fish_complete_path $metadata[2];",
            'for path in (__fish_complete_path "$metadata[2]"); echo "$prefix$path"; end;',
        ),
        ("echo $metadata[2];", 'echo "$prefix$metadata[2]";'),
    ),
    "powershell": (),
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
    for text, replacement in REPAIRS[shell]:
        script = script.replace(text, replacement)
    write_stdout(f"{script}\n")
    return ExitCode.OK
