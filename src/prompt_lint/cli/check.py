"""`prompt-lint check`: whether the prompts of a repository stay within their limits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from prompt_lint.check.pipeline import check_prompts
from prompt_lint.cli import options
from prompt_lint.cli.commands import Command
from prompt_lint.cli.count_sources import add_cache_warnings, open_count_sources
from prompt_lint.cli.input_files import describe_input
from prompt_lint.cli.project import load_project, open_base
from prompt_lint.cli.settings import make_settings
from prompt_lint.model.errors import ExitCode, Fatal
from prompt_lint.output.delivery import OutputOptions, add_ci_targets, choose_targets, deliver_report
from prompt_lint.output.terminal import write_stdout

if TYPE_CHECKING:
    from collections.abc import Mapping

    from prompt_lint.cli.options import ConfigOptions, CountingOptions


@click.command("check", cls=Command)
@click.argument("paths", nargs=-1, type=click.Path(readable=False))
@options.config
@click.option("--limit", help="A limit for every prompt: 8000, 8k, or 5% of the context window.")
@options.models("Count for this model.")
@click.option(
    "--base",
    metavar="REF",
    envvar="PROMPT_LINT_BASE",
    help="Compare with where the change left REF, or with what CI or the default branch says (auto).",
)
@click.option(
    "--policy",
    type=click.Choice(("changed", "project")),
    envvar="PROMPT_LINT_POLICY",
    help="With a base: fail for what this change made worse, or for everything. Default: changed.",
)
@click.option(
    "--policy-from",
    metavar="REF",
    envvar="PROMPT_LINT_POLICY_FROM",
    help="Take the configuration from where the change left REF.",
)
@options.no_git
@options.max_file_size
@options.counting
@options.report_outputs(more_help="; in CI, annotations and a summary, too")
@click.option(
    "-e",
    "--exit-zero",
    is_flag=True,
    help="Exit 0 whatever is found in prompts: over a limit, grown, INVALID. Errors still exit 2 or 3.",
)
@click.option(
    "--allow-unmatched", is_flag=True, help="Exit 0 where no rule matches any of PATHS, as in a hook."
)
@click.option(
    "--dry-run", is_flag=True, help="Show what would be sent to the API, and where; send and judge nothing."
)
@click.option("-v", "--verbose", is_flag=True, help="Show what passes, too.")
@click.option("-q", "--quiet", is_flag=True, help="Show only what fails.")
@options.color
@options.group_options(
    config_options=options.ConfigOptions,
    counting_options=options.CountingOptions,
    output_options=OutputOptions,
)
@click.pass_obj
def command(
    env: Mapping[str, str],
    paths: tuple[str, ...],
    base: str | None,
    policy: str | None,
    max_file_size: int,
    exit_zero: bool,
    allow_unmatched: bool,
    dry_run: bool,
    config_options: ConfigOptions,
    counting_options: CountingOptions,
    output_options: OutputOptions,
) -> ExitCode:
    """Check the prompts of the repository, or those below PATHS, against their limits."""
    if dry_run and not output_options.is_plain_text:
        raise Fatal(
            "--dry-run judges nothing, so it writes no report",
            "leave out --output-format, --output-file and --output, or --dry-run",
        )
    tree, config, relative = load_project(env, paths, config_options)
    settings = make_settings(env, config, max_file_size, exit_zero=exit_zero, allow_unmatched=allow_unmatched)
    with (
        open_count_sources(
            env, config, tree.top, counting_options, is_dry_run=dry_run, is_quiet=output_options.quiet
        ) as sources,
        open_base(env, tree, config, config_options, base, policy or "") as comparison,
    ):
        report = check_prompts(tree, config, relative, sources, settings, comparison)
    if dry_run:
        from prompt_lint.cli.request_plan import render_plan  # noqa: PLC0415  # only with --dry-run

        write_stdout(render_plan(report, sources, counting_options.max_requests))
        return ExitCode.OK
    report = add_cache_warnings(report, sources)

    def describe(path: str) -> str:
        return describe_input(path, tree, config, max_file_size)

    targets = choose_targets(output_options, env, describe)
    targets = add_ci_targets(targets, output_options, env, describe)
    deliver_report(report, targets, output_options, env)
    return report.exit_code
