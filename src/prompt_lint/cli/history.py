"""`prompt-lint history`: the tokens of prompts, of rules and of all of them, over the commits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from prompt_lint.check.history import read_history
from prompt_lint.cli import options
from prompt_lint.cli.commands import option
from prompt_lint.cli.count_sources import open_count_sources
from prompt_lint.cli.fault_report import ReportingCommand
from prompt_lint.cli.input_files import describe_input
from prompt_lint.cli.project import load_rules, make_search, working_directory
from prompt_lint.cli.value_completion import complete_models, complete_refs
from prompt_lint.config.load import settle_run
from prompt_lint.config.mistakes import ConfigErrors
from prompt_lint.model.history import History
from prompt_lint.model.models import DEFAULT_MODEL
from prompt_lint.model.values import Note
from prompt_lint.output.delivery import Document, OutputOptions, choose_targets, deliver
from prompt_lint.output.history import render_csv, render_json, render_text
from prompt_lint.repo.arguments import resolve_past_argument
from prompt_lint.repo.history import list_commits
from prompt_lint.repo.working_tree import open_tree

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from prompt_lint.cli.options import CountingOptions
    from prompt_lint.model.errors import ExitCode
    from prompt_lint.model.history import Every
    from prompt_lint.output import View


def _make_document(history: History, by: str) -> Document:
    def render(name: str, view: View) -> str:
        if name == "json":
            return render_json(history)
        return render_csv(history, by) if name == "csv" else render_text(history, by, view)

    return Document(render, history.exit_code, "history")


@click.command(
    "history",
    cls=ReportingCommand,
    make_document=lambda report: _make_document(History("", "week", 0, [], [], [], report.problems), ""),
    examples=(
        ("Show how the prompts have grown, week by week", "prompt-lint history"),
        ("Show each change of one prompt", "prompt-lint history CLAUDE.md --every commit"),
        ("Show what each rule has gained since a release", "prompt-lint history --since v2.0 --by rule"),
        ("Draw a chart of it in a spreadsheet", "prompt-lint history --output-format csv -o history.csv"),
    ),
    page="history.md",
)
@click.argument("paths", nargs=-1, type=click.Path(readable=False), help="Files, folders and patterns, of today or of an old commit. [default: the whole repository]")  # fmt: skip
@options.config
@options.max_file_size
@option(
    "--since",
    group=options.COMPARISON,
    metavar="DATE|REF",
    show_default="the first prompt",
    shell_complete=complete_refs,
    help="Begin with the last commit before this day (YYYY-MM-DD, UTC), or with this branch, tag or commit.",
)
@option(
    "--every",
    group=options.COMPARISON,
    type=click.Choice(("commit", "day", "week")),
    metavar="PERIOD",
    default="week",
    help="Show the last commit of each day or week, or each commit that changed a prompt and the last one.",
)
@option(
    "--model",
    group=options.COUNTING,
    metavar="MODEL",
    shell_complete=complete_models,
    show_default="the first of the configuration",
    help="Count for MODEL; if given twice, for the last. `prompt-lint models` lists the known ones.",
)
@options.cache
@option(
    "--by",
    group=options.OUTPUT,
    type=click.Choice(("prompt", "rule")),
    metavar="WHAT",
    default="prompt",
    help="Show each prompt, or the sum of each rule. JSON has both.",
)
@options.output_format(("text", "json", "csv"))
@options.output_file
@options.color
@options.group_options(counting_options=options.CountingOptions, output_options=OutputOptions)
@click.pass_obj
def command(
    env: Mapping[str, str],
    paths: Sequence[str],
    config_path: str | None,
    max_file_size: int,
    since: str | None,
    every: Every,
    model: str | None,
    by: str,
    counting_options: CountingOptions,
    output_options: OutputOptions,
) -> ExitCode:
    """Show how prompts grew, commit by commit.

    Reads git's objects, by today's configuration, and counts offline. Changes that aren't committed aren't in it.
    """
    start = working_directory()
    tree = open_tree(start, max_file_size=max_file_size)
    commits, clone_notes = list_commits(tree, since or "", env)
    past_paths = [resolve_past_argument(tree, path, start) for path in paths]
    config_options = options.ConfigOptions(config_path, models=(model,) if model else ())
    search = make_search(tree, [path for _, path, _ in past_paths], config_options)
    config = settle_run(load_rules(env, tree, config_options, search))
    if mistakes := config.list_mistakes([path for _, path, _ in past_paths]):
        raise ConfigErrors(mistakes)
    model = model or next((name for rule in config.list_rules() for name in rule.models), DEFAULT_MODEL)
    with open_count_sources(env, config, tree.top, counting_options._replace(offline=True)) as sources:
        history = read_history(tree, config, past_paths, commits, every, model, sources)
    warnings = sources.count_cache.warnings
    history = history._replace(notes=[*map(Note, clone_notes), *history.notes, *map(Note, warnings)])
    targets = choose_targets(output_options, env, lambda path: describe_input(path, tree, config))
    return deliver(_make_document(history, by), targets, output_options, env)
