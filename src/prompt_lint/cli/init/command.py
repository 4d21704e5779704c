"""`prompt-lint init`: a first configuration for a repository."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from prompt_lint.cli import options
from prompt_lint.cli.commands import Command, option
from prompt_lint.cli.init.files import EXTRAS, choose_name, write_extra, write_file
from prompt_lint.cli.init.overview import render_summary
from prompt_lint.cli.init.proposal import propose_config
from prompt_lint.cli.project import working_directory
from prompt_lint.cli.run import open_run
from prompt_lint.config.configuration import Config
from prompt_lint.config.load import find_config
from prompt_lint.model.errors import ExitCode, Fatal
from prompt_lint.model.models import DEFAULT_MODEL
from prompt_lint.output.terminal import write_stderr, write_stdout
from prompt_lint.repo.working_tree import open_tree
from prompt_lint.text.escape import escape_line

if TYPE_CHECKING:
    from collections.abc import Mapping

    from prompt_lint.cli.options import CountingOptions


@click.command(
    "init",
    cls=Command,
    examples=(
        ("Show what would be written", "prompt-lint init --dry-run"),
        ("Choose the limits for another model", "prompt-lint init --model claude-opus-5-5"),
        ("Write the pre-commit hook and the workflow, too", "prompt-lint init --with hook,github"),
    ),
    page="configuration.md",
)
@options.no_git
@options.max_file_size
@options.models("Count for MODEL.", default=DEFAULT_MODEL)
@options.cache
@option(
    "--with",
    "extras",
    group=options.OUTPUT,
    metavar="hook,github",
    help="Write a pre-commit hook or a GitHub workflow, too; existing files stay.",
)
@option("--dry-run", group=options.OUTPUT, is_flag=True, help="Print the configuration, and write nothing.")
@option("--force", group=options.OUTPUT, is_flag=True, help="Replace an existing configuration.")
@options.group_options(counting_options=options.CountingOptions)
@click.pass_obj
def command(
    env: Mapping[str, str],
    models: tuple[str, ...],
    extras: str | None,
    dry_run: bool,
    force: bool,
    no_git: bool,
    max_file_size: int,
    counting_options: CountingOptions,
) -> ExitCode:
    """Write a starter configuration.

    Looks for prompts, and writes a .prompt-lint.yaml with limits that leave them room to grow. Nothing is sent anywhere.
    """
    wanted = _split_extras(extras or "")
    tree = open_tree(working_directory(), use_git=not no_git, max_file_size=max_file_size)
    if wanted and not force and not dry_run and (existing := find_config(tree.top)):
        written = "".join(write_extra(tree, name) for name in wanted)
        write_stdout(f"{existing} exists and stays as it is.\n{written}")
        return ExitCode.OK
    name = choose_name(tree.top, replaces=force or dry_run)
    with open_run(env, tree, Config(), counting_options._replace(offline=True)) as run:
        proposal = propose_config(run, name, models)
    summary = "".join(render_summary(proposal, models))
    if dry_run:
        write_stderr(summary)
        write_stdout(proposal.text, for_machines=True)
        return ExitCode.OK
    write_file(tree.top, name, proposal.text, replaces=force)
    place = escape_line(os.path.relpath(os.path.join(tree.top, name)))
    written = "".join(write_extra(tree, name) for name in wanted)
    write_stdout(f"{summary}\n{written}Wrote {place}. Look through it, then run: prompt-lint check\n")
    return ExitCode.OK


def _split_extras(extras: str) -> list[str]:
    """Return the names that `--with` lists, each once. Raises `Fatal` for one that isn't known."""
    names = list(dict.fromkeys(name.strip() for name in extras.split(",") if name.strip()))
    if unknown := next((name for name in names if name not in EXTRAS), ""):
        message = f"--with: `{escape_line(unknown)}` isn't one of {', '.join(EXTRAS)}"
        raise Fatal(message, "example: --with hook,github")
    return names
