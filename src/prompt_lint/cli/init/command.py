"""`prompt-lint init`: a first configuration for a repository."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from prompt_lint.check.pipeline import Options
from prompt_lint.cli import options
from prompt_lint.cli.check import today
from prompt_lint.cli.commands import Command
from prompt_lint.cli.count_sources import open_count_sources
from prompt_lint.cli.init import draft
from prompt_lint.cli.project import working_directory
from prompt_lint.model.errors import ExitCode
from prompt_lint.output.terminal import write_stderr, write_stdout
from prompt_lint.repo.working_tree import open_tree

if TYPE_CHECKING:
    from prompt_lint.cli.options import CountingOptions


@click.command("init", cls=Command)
@click.option("--model", "models", multiple=True, help="Count for this model. May be given repeatedly.")
@click.option("--dry-run", is_flag=True, help="Print the configuration, and write nothing.")
@click.option("--force", is_flag=True, help="Replace a configuration that is there.")
@options.no_git
@options.max_file_size
@options.counting
@options.group_options(counting_options=options.CountingOptions)
@click.pass_context
def command(
    context: click.Context,
    models: tuple[str, ...],
    dry_run: bool,
    force: bool,
    no_git: bool,
    max_file_size: int,
    counting_options: CountingOptions,
) -> ExitCode:
    """Look for prompts, and write a .prompt-lint.yaml with limits that leave room to grow.

    Nothing is sent anywhere unless --counting says so on the command line.
    """
    tree = open_tree(working_directory(), use_git=not no_git)
    name = draft.place(tree.top, force=force or dry_run)
    if context.get_parameter_source("counting") is not click.core.ParameterSource.COMMANDLINE:
        counting_options = counting_options._replace(offline=True)
    settings = Options(max_file_size, exit_zero=False, outage_fails=True, today=today())
    with open_count_sources(context.obj, None, tree.top, counting_options) as sources:
        proposal = draft.propose(tree, name, models, sources, settings)
    if dry_run:
        write_stderr(draft.told(proposal))
        write_stdout(proposal.text)
        return ExitCode.OK
    draft.write(tree.top, name, proposal.text, force=force)
    write_stdout(draft.told(proposal) + draft.done(name))
    return ExitCode.OK
