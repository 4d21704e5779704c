"""Updates docs/cli.md and docs/environment.md from the program's own tables: `.venv/bin/python tools/cli_docs.py`."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import TYPE_CHECKING, cast

from prompt_lint.cli.commands import Command, Option
from prompt_lint.cli.environment import list_ci_systems, list_commands, list_sections
from prompt_lint.cli.main import cli

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    import click

DOCS = Path(__file__).resolve().parent.parent / "docs"
_MADE_BY = "<!-- Made by tools/cli_docs.py from the program itself: change it there. -->"
_CLI = f"""{_MADE_BY}

# Command line

What `prompt-lint COMMAND --help` shows, or `prompt-lint help COMMAND`. An option wins over its environment variable, that over the
[configuration](configuration.md), and that over the default. [All environment variables](environment.md) are on a page of their own.

`prompt-lint completion SHELL` prints a script that completes commands, options, models, formats, branches and paths:
[how to load it](#prompt-lint-completion).
"""
_ENVIRONMENT = f"""{_MADE_BY}

# Environment variables

All variables that prompt-lint reads; `prompt-lint help environment` prints the same. An option on the command line wins over its variable,
and the variable over the [configuration](configuration.md). An empty variable counts as unset. Of several variables in one line the
first that is set wins. No `.env` file is read. Keys are taken from the environment alone: neither an option nor the configuration takes one.
"""


def render_cli() -> str:
    """Return docs/cli.md."""
    root = make_root()
    contexts = list(list_commands(root))
    rows = [
        (
            f"[{context.command_path}](#{context.command_path.replace(' ', '-')})",
            context.command.get_short_help_str(80),
        )
        for context in contexts
    ]
    return "\n".join(
        [
            _CLI,
            *make_table(("command", "purpose"), rows),
            *(line for context in contexts for line in describe(context)),
        ]
    )


def render_environment() -> str:
    """Return docs/environment.md."""
    lines = [_ENVIRONMENT]
    for title, variables in list_sections(make_root()).items():
        rows = [
            (
                ", ".join(f"`{name}`" for name in row.names),
                row.meaning,
                row.default,
                row.commands or "all commands",
            )
            for row in variables
        ]
        lines += [f"## {title}", "", *make_table(("variable", "meaning", "default", "used by"), rows)]
    systems = [
        (
            f"[{name}]({source})" if source.startswith("https:") else name,
            ", ".join(f"`{name}`" for name in names),
        )
        for name, source, names in list_ci_systems()
    ]
    about = "`check --base auto` reads them to find the commit to compare with, `report` to refuse a pull request."
    return "\n".join([*lines, "## CI systems", "", about, "", *make_table(("system", "variables"), systems)])


def make_root() -> click.Context:
    return cli.make_context("prompt-lint", [], resilient_parsing=True)


def describe(context: click.Context) -> Iterator[str]:
    """Yield the section of a command."""
    command = cast("Command", context.command)
    yield from (f"## {context.command_path}", "", inspect.cleandoc(command.help or ""), "")
    yield from (
        f"```console\n$ {context.command_path} {' '.join(command.collect_usage_pieces(context))}\n```",
        "",
    )
    if arguments := command.list_arguments(context):
        yield from make_table(("argument", "meaning"), [(f"`{name}`", text) for name, text in arguments])
    for group, options in command.list_groups(context).items():
        rows = [
            row
            for option in options
            if isinstance(option, Option)
            for row in describe_option(option, context)
        ]
        if rows:
            yield from make_table((group, "", "default", "variable"), rows)
    if command.legend:
        title, words = command.legend()
        yield from make_table((title, "meaning"), [(f"`{word}`", meaning) for word, meaning in words])
    if command.examples:
        lines = [f"# {comment}\n$ {line}" for comment, line in command.examples]
        yield from ("```console", *lines, "```", "")
    yield from make_table(
        ("exit code", "meaning"), [(f"{code:d}", text) for code, text in command.exit_codes.items()]
    )


def describe_option(option: Option, context: click.Context) -> Iterator[tuple[str, ...]]:
    record = option.get_help_record(context)
    facts = {fact.label: fact.text for fact in option.list_facts(context)}
    values = f" Values: {facts['values']}." if "values" in facts else ""
    marks = "".join(f" {label.capitalize()}." for label in ("required", "repeatable") if label in facts)
    variable = f"`{facts['env']}`" if "env" in facts else ""
    yield (
        f"`{record[0] if record else ''}`",
        f"{option.help}{values}{marks}",
        facts.get("default", ""),
        variable,
    )


def make_table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    cells = [head, ["---"] * len(head), *rows]
    return [*(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |" for row in cells), ""]


if __name__ == "__main__":
    (DOCS / "cli.md").write_text(render_cli(), encoding="utf-8")
    (DOCS / "environment.md").write_text(render_environment(), encoding="utf-8")
