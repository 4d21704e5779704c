"""`prompt-lint list`: every prompt with its format, role, models, limit and tokens; as a table, sums, a map, or JSON."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from typing import TYPE_CHECKING

import click

from prompt_lint.check.breakdown import measure_imports, split_prompt
from prompt_lint.cli import options
from prompt_lint.cli.commands import option
from prompt_lint.cli.count_sources import add_cache_warnings
from prompt_lint.cli.fault_report import ReportingCommand
from prompt_lint.cli.input_files import describe_input
from prompt_lint.cli.project import load_project, needs_config
from prompt_lint.cli.run import check_project, open_run
from prompt_lint.cli.value_completion import complete_base
from prompt_lint.formats import IMPORT_SIGNS
from prompt_lint.model.errors import ExitCode, Fatal, Unreadable
from prompt_lint.model.values import MAX_ROWS_PER_FILE
from prompt_lint.output.delivery import Document, OutputOptions, choose_targets, deliver
from prompt_lint.output.listing import LISTING_OUTPUTS, Listing
from prompt_lint.output.listing.prompts import heaviest_model, list_prompts
from prompt_lint.output.terminal import write_stdout
from prompt_lint.repo.codeowners import find_owners

if TYPE_CHECKING:
    from collections.abc import Mapping

    from prompt_lint.check.pipeline import Run
    from prompt_lint.cli.options import ConfigOptions, CountingOptions
    from prompt_lint.model.values import ImportShares, Prompt, Report
    from prompt_lint.repo.working_tree import WorkingTree


def _make_document(listing: Listing) -> Document:
    return Document(
        lambda name, view: LISTING_OUTPUTS[name].render(listing, view), listing.report.exit_code, "list"
    )


@click.command(
    "list",
    cls=ReportingCommand,
    make_document=lambda report: _make_document(Listing(report)),
    examples=(
        ("List all prompts", "prompt-lint list"),
        ("Add up what each folder holds", "prompt-lint list --by folder"),
        ("Add up what each team owns", "prompt-lint list --by owner"),
        (
            "Draw a map of them, with their growth since main",
            "prompt-lint list --base main --output html=map.html",
        ),
        ("Read it with another program", "prompt-lint list prompts --output-format json"),
    ),
    page="outputs.md",
)
@click.argument("paths", nargs=-1, type=click.Path(readable=False), help=options.PATHS_HELP)
@options.config
@options.no_git
@options.max_file_size
@options.models("Count for MODEL.", group=options.COUNTING, default="the configuration's")
@option(
    "--base",
    group=options.COMPARISON,
    metavar="REF",
    show_default="no comparison",
    shell_complete=complete_base,
    help="Show the growth since the merge base of REF and HEAD. auto: since what CI names, else since the default branch. hook: list what is staged or pushed, with its growth.",
)
@options.counting
@option(
    "--by",
    group=options.OUTPUT,
    type=click.Choice(("rule", "format", "folder", "project", "owner")),
    metavar="WHAT",
    show_default="one table",
    help="Add up by rule, format, project (configuration), owner (CODEOWNERS), or as a tree of folders.",
)
@options.output_format(LISTING_OUTPUTS)
@options.output_file
@options.output(LISTING_OUTPUTS)
@option(
    "-v",
    "--verbose",
    group=options.OUTPUT,
    is_flag=True,
    help="Show every prompt of every file, every model, every folder.",
)
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
    by: str | None,
    config_options: ConfigOptions,
    counting_options: CountingOptions,
    output_options: OutputOptions,
) -> ExitCode:
    """List prompts with their tokens and limits.

    No prompt fails for its size. With `prices` in the configuration, shows what 1,000 calls cost. Without a configuration, `prompt-lint list` shows what `init` would find; paths and most options need one.
    """
    try:
        tree, config, relative = load_project(env, paths, config_options)
    except Fatal:
        is_bare = not (paths or base or by or config_options.config_path or config_options.no_git)
        if not (is_bare and output_options.is_plain_text and needs_config()):
            raise
        from prompt_lint.cli.init.overview import render_overview  # noqa: PLC0415  # only without a configuration

        write_stdout(render_overview(env, config_options, counting_options))
        return ExitCode.OK
    with open_run(env, tree, config, counting_options, options.JudgingOptions(exit_zero=True)) as run:
        report = check_project(run, relative, base, "", config_options, env)
        listing = Listing(report, _measure_imports(tree, report), by or "")
        if not relative and "html" in output_options.list_formats():
            listing = _add_session_start(listing, run)
    listing = listing._replace(report=add_cache_warnings(report, run.sources))
    if by == "owner":
        listing = add_owners(listing, tree)
    targets = choose_targets(output_options, env, lambda path: describe_input(path, tree, config))
    return deliver(_make_document(listing), targets, output_options, env)


def _measure_imports(tree: WorkingTree, report: Report) -> dict[tuple[Prompt, str], ImportShares]:
    """Return what other files add to each prompt, by prompt and model."""
    import_shares: dict[tuple[Prompt, str], ImportShares] = {}
    # For its imports a file is read again. A file of many prompts has none.
    verdicts_per_file = Counter(verdict.prompt.path for verdict in report.verdicts)
    for verdict in report.verdicts:
        prompt = verdict.prompt
        has_few_prompts = verdicts_per_file[prompt.path] <= MAX_ROWS_PER_FILE * len(verdict.rule.models)
        if has_few_prompts and verdict.token_count and prompt.format in IMPORT_SIGNS:
            with suppress(Unreadable):  # it was replaced since it was counted
                if shares := measure_imports(split_prompt(tree, verdict), verdict.model):
                    import_shares[prompt, verdict.model] = shares
    return import_shares


def _add_session_start(listing: Listing, run: Run) -> Listing:
    """Return a listing with what Claude Code loads at the start of a session, for the model with the most tokens."""
    from prompt_lint.check.session_start import measure_session_start  # noqa: PLC0415  # for the map alone

    model = heaviest_model(list_prompts(listing.report.verdicts)[0])
    start = measure_session_start(run, model) if model else None
    return listing._replace(session_start=start)


def add_owners(listing: Listing, tree: WorkingTree) -> Listing:
    """Return a listing with the owners of its files, and what is to be noted of their CODEOWNERS."""
    prompts = (verdict.prompt for verdict in listing.report.verdicts if not verdict.prompt.is_group)
    owners = find_owners(tree, {prompt.real_path or prompt.path for prompt in prompts})
    report = listing.report._replace(notes=(*listing.report.notes, *owners.notes))
    return listing._replace(report=report, owners=owners.by_path)
