"""`prompt-lint comment`: the one comment on a pull request."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from prompt_lint.cli.commands import Command
from prompt_lint.comment import publisher

if TYPE_CHECKING:
    from collections.abc import Mapping

    from prompt_lint.model.errors import ExitCode


@click.command("comment", cls=Command)
@click.option(
    "--report",
    "report_file",
    type=click.Path(dir_okay=False),
    required=True,
    help="The JSON output of `check`.",
)
@click.option(
    "--key", default="", help="Tells apart several comments on one pull request, as matrix jobs have them."
)
@click.option(
    "--pull-request", "number", type=click.IntRange(1, 10**9), help="Its number. Default: the event's."
)
@click.option(
    "--missing-ok", is_flag=True, help="Without a report, only take back what an earlier run has told."
)
@click.option("--dry-run", is_flag=True, help="Print the comment, and send nothing.")
@click.pass_obj
def command(
    env: Mapping[str, str],
    report_file: str,
    key: str,
    number: int | None,
    missing_ok: bool,
    dry_run: bool,
) -> ExitCode:
    """Keep one comment on the pull request at GitHub up to date, with the token in GITHUB_TOKEN."""
    return publisher.run(env, publisher.Options(report_file, key, number or 0, missing_ok, dry_run))
