"""`prompt-lint check`: whether the prompts of a repository stay within their limits."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import click

from prompt_lint.cli import options
from prompt_lint.cli.commands import option
from prompt_lint.cli.count_sources import add_cache_warnings
from prompt_lint.cli.fault_report import ReportingCommand
from prompt_lint.cli.input_files import describe_input
from prompt_lint.cli.project import announce_models, load_project
from prompt_lint.cli.run import check_project, open_run
from prompt_lint.cli.value_completion import complete_base, complete_refs
from prompt_lint.model.errors import ExitCode
from prompt_lint.model.models import DEFAULT_MODEL
from prompt_lint.output import OUTPUTS
from prompt_lint.output.delivery import (
    OutputOptions,
    WrongOutputs,
    add_ci_targets,
    choose_targets,
    deliver,
    make_document,
)
from prompt_lint.output.terminal import write_stdout

if TYPE_CHECKING:
    from collections.abc import Mapping

    from prompt_lint.cli.options import ConfigOptions, CountingOptions, JudgingOptions


def _list_status_words() -> tuple[str, list[tuple[str, str]]]:
    from prompt_lint.output.status_words import list_labels  # noqa: PLC0415  # for the help alone

    return "Status words", list(list_labels())


@click.command(
    "check",
    cls=ReportingCommand,
    in_ci=True,
    legend=_list_status_words,
    examples=(
        ("Check every prompt of the repository", "prompt-lint check"),
        ("Compare with main, and fail for what this branch made worse", "prompt-lint check --base main"),
        (
            "Check one file without a configuration",
            "prompt-lint check prompts/a.md --limit 8k --model claude-sonnet-5-5",
        ),
        ("Write a report for code scanning, too", "prompt-lint check --output sarif=prompt-lint.sarif"),
    ),
    exit_codes={
        ExitCode.OK: "no prompt fails; or --exit-zero was given",
        ExitCode.OVER_LIMIT: "a prompt is over its limit, grew too much or is invalid, or `on_raise: fail` applies",
        ExitCode.USAGE: "the command line or the configuration is wrong, or a rule matches no file",
    },
    page="configuration.md",
)
@click.argument("paths", nargs=-1, type=click.Path(readable=False), help=options.PATHS_HELP)
@options.config
@options.no_git
@options.max_file_size
@option(
    "--allow-unmatched",
    group=options.INPUT,
    is_flag=True,
    help="Exit 0 if no rule matches any of PATHS, as a hook needs.",
)
@option(
    "--limit",
    group=options.LIMITS,
    metavar="LIMIT",
    show_default="the configuration's",
    help="Set the limit of every prompt: 8000, 8k, or 5% of the context window.",
)
@options.models("Count for MODEL.", default="the configuration's")
@option(
    "-e",
    "--exit-zero",
    group=options.LIMITS,
    is_flag=True,
    help="Exit 0 even if prompts fail. Errors still exit 2 or 3.",
)
@option(
    "--accept-label",
    group=options.LIMITS,
    metavar="NAME",
    envvar="PROMPT_LINT_ACCEPT_LABEL",
    show_default="none",
    help="Do not fail for the size of prompts if the pull request has the label NAME (GitHub, GitLab).",
)
@option(
    "--base",
    group=options.COMPARISON,
    metavar="REF",
    envvar="PROMPT_LINT_BASE",
    show_default="no comparison",
    shell_complete=complete_base,
    help="Compare with the merge base of REF and HEAD. auto: with what CI says, else with the default branch. hook: check what is staged, compared with HEAD, or what is pushed, compared with the remote.",
)
@option(
    "--policy",
    group=options.COMPARISON,
    type=click.Choice(("changed", "project")),
    metavar="POLICY",
    envvar="PROMPT_LINT_POLICY",
    show_default="the configuration's, else changed",
    help="With a base, fail for what the change made worse (changed) or for everything (project).",
)
@option(
    "--policy-from",
    group=options.COMPARISON,
    metavar="REF",
    envvar="PROMPT_LINT_POLICY_FROM",
    show_default="the working tree",
    shell_complete=complete_refs,
    help="Read the configuration from the merge base of REF and HEAD.",
)
@options.counting_of_check
@option(
    "--dry-run",
    group=options.COUNTING,
    is_flag=True,
    help="Show what would be sent to the API, and where. Send and judge nothing.",
)
@options.output_format(
    OUTPUTS,
    default=None,
    envvar="PROMPT_LINT_OUTPUT_FORMAT",
    show_default="text; in CI also annotations and a summary",
)
@options.output_file
@options.output(OUTPUTS)
@option("-v", "--verbose", group=options.OUTPUT, is_flag=True, help="Show prompts that pass, too.")
@option("-q", "--quiet", group=options.OUTPUT, is_flag=True, help="Show only what fails.")
@options.color
@options.group_options(
    config_options=options.ConfigOptions,
    judging_options=options.JudgingOptions,
    counting_options=options.CountingOptions,
    output_options=OutputOptions,
)
@click.pass_obj
def command(
    env: Mapping[str, str],
    paths: tuple[str, ...],
    base: str | None,
    policy: str | None,
    dry_run: bool,
    config_options: ConfigOptions,
    judging_options: JudgingOptions,
    counting_options: CountingOptions,
    output_options: OutputOptions,
) -> ExitCode:
    """Check prompts against their limits.

    The limits are in .prompt-lint.yaml, which `prompt-lint init` writes.
    """
    if dry_run and not output_options.is_plain_text:
        raise WrongOutputs(
            "--dry-run judges nothing, so it writes no report",
            "leave out --output-format, --output-file and --output, or --dry-run",
        )
    tree, config, relative = load_project(env, paths, config_options, tracked_only=base == "hook")
    if not config.list_paths() and not config_options.models:
        announce_models((DEFAULT_MODEL,), "")
    with open_run(
        env,
        tree,
        config,
        counting_options,
        judging_options,
        is_dry_run=dry_run,
        is_quiet=output_options.quiet,
    ) as run:
        report = check_project(run, relative, base, policy or "", config_options, env)
    if dry_run:
        from prompt_lint.cli.request_plan import render_plan  # noqa: PLC0415  # only with --dry-run

        write_stdout(render_plan(report, run.sources, counting_options.max_requests))
        return ExitCode.OK
    report = add_cache_warnings(report, run.sources)
    describe = partial(describe_input, tree=tree, config=config)
    targets = choose_targets(output_options, env, describe)
    targets = add_ci_targets(targets, output_options, env, describe)
    return deliver(make_document(report), targets, output_options, env)
