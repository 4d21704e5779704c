"""`prompt-lint init`: a first configuration for a repository."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from prompt_lint.cli import options
from prompt_lint.cli.commands import Command, option
from prompt_lint.cli.count_sources import open_count_sources
from prompt_lint.cli.init.config_file import choose_name, write_config
from prompt_lint.cli.init.draft import DEFAULT_MODEL
from prompt_lint.cli.init.proposal import propose_config
from prompt_lint.cli.project import working_directory
from prompt_lint.cli.settings import make_settings
from prompt_lint.model.errors import ExitCode
from prompt_lint.output.phrases import format_count
from prompt_lint.output.terminal import write_stderr, write_stdout
from prompt_lint.repo.working_tree import open_tree
from prompt_lint.text.escape import escape_line

if TYPE_CHECKING:
    from collections.abc import Mapping

    from prompt_lint.cli.init.proposal import Proposal
    from prompt_lint.cli.options import CountingOptions

_MAX_LEFT_OUT = 10


@click.command(
    "init",
    cls=Command,
    examples=(
        ("Show what would be written", "prompt-lint init --dry-run"),
        ("Choose the limits for another model", "prompt-lint init --model claude-opus-5-5"),
    ),
    page="configuration.md",
)
@options.no_git
@options.max_file_size
@options.models("Count for MODEL.", default=DEFAULT_MODEL)
@options.cache
@option("--dry-run", group=options.OUTPUT, is_flag=True, help="Print the configuration, and write nothing.")
@option("--force", group=options.OUTPUT, is_flag=True, help="Replace an existing configuration.")
@options.group_options(counting_options=options.CountingOptions)
@click.pass_obj
def command(
    env: Mapping[str, str],
    models: tuple[str, ...],
    dry_run: bool,
    force: bool,
    no_git: bool,
    max_file_size: int,
    counting_options: CountingOptions,
) -> ExitCode:
    """Write a starter configuration.

    Looks for prompts, and writes a .prompt-lint.yaml with limits that leave them room to grow. Nothing is sent anywhere.
    """
    tree = open_tree(working_directory(), use_git=not no_git)
    name = choose_name(tree.top, replaces=force or dry_run)
    settings = make_settings(env, None, max_file_size)
    with open_count_sources(env, None, tree.top, counting_options._replace(offline=True)) as sources:
        proposal = propose_config(tree, name, models, sources, settings)
    summary = _render_summary(proposal)
    if dry_run:
        write_stderr(summary)
        write_stdout(proposal.text, for_machines=True)
        return ExitCode.OK
    write_config(tree.top, name, proposal.text, replaces=force)
    next_step = f"Wrote {escape_line(name)}. Look through it, then run: prompt-lint check\n"
    write_stdout(summary + next_step)
    return ExitCode.OK


def _render_summary(proposal: Proposal) -> str:
    """Return what was found, as a table, and what was left out."""
    rows = [("kind", "format", "files", "largest prompt")]
    for kind in proposal.kinds:
        largest = format_count(kind.largest) if kind.largest else ""
        rows.append((kind.title, ", ".join(kind.formats), f"{kind.files:,}", largest))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        f"{title:<{widths[0]}}  {formats:<{widths[1]}}  {files:>{widths[2]}}  {tokens:>{widths[3]}}".rstrip()
        for title, formats, files, tokens in rows
    ]
    left_out = list(proposal.left_out.items())
    lines += [
        f"left out: {escape_line(path)}: {escape_line(reason)}" for path, reason in left_out[:_MAX_LEFT_OUT]
    ]
    if len(left_out) > _MAX_LEFT_OUT:
        lines.append(f"left out: {len(left_out) - _MAX_LEFT_OUT:,} more, as the configuration says")
    return "".join(f"{line}\n" for line in lines)
