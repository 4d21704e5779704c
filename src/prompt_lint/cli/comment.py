"""`prompt-lint comment`: the one comment on a pull request."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from prompt_lint.cli import options
from prompt_lint.cli.commands import Command, option
from prompt_lint.comment import publisher
from prompt_lint.model.errors import ExitCode, Fatal

if TYPE_CHECKING:
    from collections.abc import Mapping


@click.command(
    "comment",
    cls=Command,
    examples=(
        ("See the comment that a report makes", "prompt-lint comment --report report.json --dry-run"),
        ("Update the comment of this job's pull request", "prompt-lint comment --report report.json"),
    ),
    exit_codes={
        ExitCode.OK: "success; or GitHub can't be reached now, which is a warning",
        ExitCode.USAGE: "the command line, the token or the report is wrong",
        ExitCode.UNCOUNTED: "GitHub refuses the comment, as without permission",
    },
    page="github.md",
)
@option(
    "--report",
    "report_file",
    group=options.INPUT,
    type=click.Path(dir_okay=False),
    default="",
    show_default="none",
    help="The JSON output of `check`; required without --missing-ok.",
)
@option(
    "--missing-ok",
    group=options.INPUT,
    is_flag=True,
    help="If there is no report, replace the findings of an earlier run, and exit 0.",
)
@option(
    "--pull-request",
    "number",
    group=options.OUTPUT,
    type=click.IntRange(1, 10**9),
    metavar="N",
    show_default="of the event",
    help="The number of the pull request.",
)
@option(
    "--key",
    group=options.OUTPUT,
    metavar="NAME",
    default="",
    show_default="none",
    help="A name for this comment, if a pull request has several, as for the jobs of a matrix.",
)
@option(
    "--min-delta",
    group=options.OUTPUT,
    type=click.IntRange(0, 10**9),
    metavar="TOKENS",
    default=10,
    help="Do not comment on a change of fewer tokens if nothing fails.",
)
@option("--dry-run", group=options.OUTPUT, is_flag=True, help="Print the comment, and send nothing.")
@options.group_options(comment_options=publisher.Options)
@click.pass_obj
def command(env: Mapping[str, str], comment_options: publisher.Options) -> ExitCode:
    """Update the comment on a GitHub pull request.

    There is one comment, which each run replaces. Needs a token in GITHUB_TOKEN.
    """
    if not (comment_options.report_file or comment_options.missing_ok):
        raise Fatal("--report is missing", "write a report with `prompt-lint check --output json=FILE`")
    return publisher.run(env, comment_options)
