"""`prompt-lint report`: what the organization's prompts use and cost."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import chain
from typing import TYPE_CHECKING, Any

import click
from click.shell_completion import CompletionItem

from prompt_lint.cli import options
from prompt_lint.cli.commands import option
from prompt_lint.cli.fault_report import ReportingCommand
from prompt_lint.model.errors import ExitCode
from prompt_lint.model.nearest import find_nearest
from prompt_lint.output.delivery import OutputOptions
from prompt_lint.usage import report
from prompt_lint.usage.delivery import make_fault_document
from prompt_lint.usage.output import USAGE_OUTPUTS
from prompt_lint.usage.values import DIMENSIONS

if TYPE_CHECKING:
    from collections.abc import Mapping


_DEFAULTS = report.Options()


class Dimensions(click.ParamType[tuple[str, ...]]):
    """Dimensions with commas between them, as the documentation spells them or as the API does."""

    name = "what"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, ...]:
        if isinstance(value, tuple):
            return value
        return tuple(self._find(text.strip(), param, ctx) for text in value.split(","))

    def _find(self, text: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        name = text.lower().replace("_", "-").removesuffix("-id")
        if name not in DIMENSIONS:
            near = find_nearest(name, DIMENSIONS)
            near = near and f"; did you mean `{near}`?"
            self.fail(f"`{text}` isn't one of {', '.join(DIMENSIONS)}{near}", param, ctx)
        return name

    def shell_complete(
        self, _context: click.Context, _param: click.Parameter, incomplete: str
    ) -> list[CompletionItem[str]]:
        return [CompletionItem(name) for name in DIMENSIONS if name.startswith(incomplete)]


_DAY = click.DateTime(["%Y-%m-%d"])
_PERIOD, _USAGE = "Period", "Usage"


@click.command(
    "report",
    cls=ReportingCommand,
    in_ci=True,
    make_document=make_fault_document,
    examples=(
        ("Show the last seven days", "prompt-lint report"),
        (
            "Write a page about a month, by model and API key",
            "prompt-lint report --days 30 --group-by model,api-key --output html=usage.html",
        ),
        ("Report on October, compared with the 31 days before", "prompt-lint report --month 2026-10"),
        ("Fail if the costs rose by a third", "prompt-lint report --fail-on 'cost +33%'"),
    ),
    exit_codes={ExitCode.OVER_LIMIT: "a condition of --fail-on is true"},
    page="report.md",
)
@option(
    "--days",
    group=_PERIOD,
    type=click.IntRange(1, 90),
    metavar="N",
    show_default="7",
    help="Report on N whole days, up to yesterday (UTC) or --to.",
)
@option(
    "--month",
    group=_PERIOD,
    metavar="YYYY-MM",
    help="Report on this month, instead of --days; also `this`, up to yesterday, and `last`.",
)
@option(
    "--from",
    "first",
    group=_PERIOD,
    type=_DAY,
    metavar="YYYY-MM-DD",
    help="The first day (UTC), instead of --days.",
)
@option(
    "--to",
    "last",
    group=_PERIOD,
    type=_DAY,
    metavar="YYYY-MM-DD",
    show_default="yesterday",
    help="The last day (UTC).",
)
@option(
    "--bucket",
    group=_PERIOD,
    type=click.Choice(("1d", "1h")),
    metavar="LENGTH",
    default=_DEFAULTS.bucket,
    help="Show the trend by days or by hours.",
)
@option(
    "--source",
    group=_USAGE,
    type=click.Choice(("messages", "analytics")),
    metavar="NAME",
    default=_DEFAULTS.source,
    help="Read these reports of the API. analytics counts requests, too.",
)
@option(
    "--group-by",
    group=_USAGE,
    type=Dimensions(),
    metavar="WHAT",
    multiple=True,
    callback=lambda _context, _param, value: tuple(chain.from_iterable(value)),
    show_default="model and workspace",
    help=f"Add up by this; at most five, with commas or one each time. Values: {', '.join(DIMENSIONS)}.",
)
@options.models("Report on MODEL alone.", group=_USAGE, default="all")
@option(
    "--workspace",
    "workspaces",
    group=_USAGE,
    metavar="NAME",
    multiple=True,
    show_default="all",
    help="Report on this workspace alone: its name, its id, or `default`.",
)
@option(
    "--check",
    group=_USAGE,
    type=click.Path(dir_okay=False),
    help="Show what the prompts cost that are in FILE, the JSON output of `check`.",
)
@option(
    "--fail-on",
    group=options.LIMITS,
    metavar="CONDITION",
    multiple=True,
    help="Exit 1 if CONDITION is true, such as 'cost > 50/day', 'cost +30%' or 'cache-hit < 60%'.",
)
@option(
    "--deadline",
    group=options.LIMITS,
    type=options.Seconds(),
    metavar="SECONDS",
    default=int(_DEFAULTS.deadline),
    help="Give up after so many seconds.",
)
@options.output_format(USAGE_OUTPUTS, default=None, show_default="text; in CI also a summary")
@options.output_file
@options.output(USAGE_OUTPUTS)
@options.color
@options.group_options(report_options=report.Options, output_options=OutputOptions)
@click.pass_obj
def command(
    env: Mapping[str, str], report_options: report.Options, output_options: OutputOptions
) -> ExitCode:
    """Report the usage and cost of an organization.

    Needs an Admin API key in ANTHROPIC_ADMIN_KEY. On GitHub the report is in the job's summary, too. It doesn't run for
    pull requests, whose authors could read the key.
    """
    check_file = report_options.check

    def describe_input(path: str) -> str:
        from prompt_lint.cli.input_files import describe_file_here, is_among  # noqa: PLC0415  # for a file that exists

        if check_file and is_among(path, [check_file]):
            return "which --check reads"
        return describe_file_here(path, env, options.ConfigOptions())

    return report.run(env, report_options, output_options, datetime.now(UTC), describe_input)
