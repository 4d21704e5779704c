"""`prompt-lint report`: what the organization's prompts use and cost."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from prompt_lint.cli import options
from prompt_lint.cli.commands import Command
from prompt_lint.output.delivery import OutputOptions
from prompt_lint.usage import report
from prompt_lint.usage.output import USAGE_OUTPUTS
from prompt_lint.usage.values import DIMENSIONS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from prompt_lint.model.errors import ExitCode

_DEFAULTS = report.Options()
_DAY = click.DateTime(["%Y-%m-%d"])


@click.command("report", cls=Command)
@click.option(
    "--days", type=click.IntRange(1, 90), help="Whole days, up to yesterday (UTC) or --to. Default: 7."
)
@click.option("--from", "first", type=_DAY, help="The first day (UTC), instead of --days.")
@click.option("--to", "last", type=_DAY, help="The last day (UTC). Default: yesterday.")
@click.option(
    "--source",
    type=click.Choice(("messages", "analytics")),
    default=_DEFAULTS.source,
    show_default=True,
    help="Which reports of the API. analytics counts requests, too.",
)
@click.option(
    "--bucket",
    type=click.Choice(("1d", "1h")),
    default=_DEFAULTS.bucket,
    show_default=True,
    help="Of the trend.",
)
@click.option(
    "--group-by",
    type=click.Choice(DIMENSIONS),
    multiple=True,
    help="At most five. Default: model and workspace.",
)
@options.models("Only this model.")
@click.option(
    "--workspace",
    "workspaces",
    multiple=True,
    help="Only this one: its name, id, or `default`. May be given repeatedly.",
)
@click.option(
    "--check", type=click.Path(dir_okay=False), help="The JSON output of `check`: what these prompts cost."
)
@click.option(
    "--fail-on",
    multiple=True,
    help="Exit 1 if so: 'cost > 50/day', 'cost +30%', 'cache-hit < 60%'. Repeatable.",
)
@click.option(
    "--deadline",
    type=options.Seconds(),
    default=int(_DEFAULTS.deadline),
    show_default=True,
    help="Seconds that fetching may take.",
)
@click.option(
    "--output-format",
    type=click.Choice(tuple(USAGE_OUTPUTS)),
    default="text",
    show_default=True,
    help="What stdout (or --output-file) carries.",
)
@options.output_file
@options.output(USAGE_OUTPUTS)
@options.color
@options.group_options(output=OutputOptions)
@click.pass_obj
def command(env: Mapping[str, str], /, *, output: OutputOptions, **values: Any) -> ExitCode:
    """Tell what the organization's prompts use and cost, with an Admin API key in ANTHROPIC_ADMIN_KEY.

    On GitHub the report is in the job's summary, too. It doesn't run for pull requests: docs/report.md says why.
    """
    report_options = report.Options(**values)
    check_file = report_options.check

    def describe_input(path: str) -> str:
        from prompt_lint.cli.input_files import describe_file_here, is_among  # noqa: PLC0415  # for a file that exists

        if check_file and is_among(path, [check_file]):
            return "which --check reads"
        return describe_file_here(path, env, options.ConfigOptions(), options.DEFAULT_FILE_SIZE)

    return report.run(env, report_options, output, datetime.now(UTC), describe_input)
