"""`prompt-lint count`: the tokens of files, without a configuration or a repository."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Literal

import click

from prompt_lint.check.pipeline import Options, Run, judge_prompts
from prompt_lint.check.read_prompts import Diagnostics, IncludeReader, ReadPrompt, parse_file
from prompt_lint.cli import options
from prompt_lint.cli.check import today
from prompt_lint.cli.commands import Command
from prompt_lint.cli.count_sources import add_cache_warnings, open_count_sources, outage_fails
from prompt_lint.cli.show_request import render_requests
from prompt_lint.config.schema import rule_from_flags
from prompt_lint.formats import FORMATS
from prompt_lint.formats.recognition import seems_to_import
from prompt_lint.model.errors import ExitCode, Fatal, Unreadable
from prompt_lint.model.values import Problem
from prompt_lint.output import counts_table
from prompt_lint.output.delivery import OutputOptions, choose_targets, deliver_report
from prompt_lint.output.terminal import write_stdout
from prompt_lint.repo.working_tree import open_tree

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from prompt_lint.cli.options import CountingOptions
    from prompt_lint.counting.sources import CountSources
    from prompt_lint.model.values import Prompt, Report, Role, Rule

STDIN = "-"


@click.command("count", cls=Command)
@click.argument("files", nargs=-1, required=True, type=click.Path(readable=False))
@click.option("--model", "models", multiple=True, required=True, help="May be given repeatedly.")
@click.option(
    "--role", type=click.Choice(("user", "system")), help="Default: by the format; a text is the user's."
)
@click.option(
    "--format",
    "format_name",
    type=click.Choice(tuple(FORMATS)),
    metavar="NAME",
    help="Default: by name and content.",
)
@click.option("--show-request", is_flag=True, help="Print the request that is counted, and count nothing.")
@options.max_file_size
@options.counting
@options.report_outputs
@options.color
@options.group_options(counting_options=options.CountingOptions, output_options=OutputOptions)
@click.pass_obj
def command(
    env: Mapping[str, str],
    files: tuple[str, ...],
    models: tuple[str, ...],
    role: Role | None,
    format_name: str | None,
    show_request: bool,
    max_file_size: int,
    counting_options: CountingOptions,
    output_options: OutputOptions,
) -> ExitCode:
    """Count the tokens of FILES, without a configuration: a `wc` for tokens. `-` is stdin."""
    checked = rule(models, role or "", format_name or "")
    if show_request:
        said = Diagnostics([], [])
        found = [one for path in files for one in prompts(path, checked, max_file_size, said)]
        write_stdout(render_requests(found, models))
        return ExitCode.OK
    with open_count_sources(env, None, None, counting_options) as sources:
        settings = Options(
            max_file_size, exit_zero=False, outage_fails=outage_fails(env, None), today=today()
        )
        report = count(files, checked, sources, settings)
    targets = choose_targets(output_options, {})  # no annotations: nothing is judged
    deliver_report(add_cache_warnings(report, sources), targets, output_options, env, counts_table.render)
    return report.exit_code


def rule(models: Sequence[str], role: Role | Literal[""], format_name: str) -> Rule:
    """A rule that measures and limits nothing. Raises `Fatal` for what can't be a model's name."""
    checked = rule_from_flags(models, None, lambda _model: None)
    return checked._replace(format=format_name, role=role, warn_at=1.0)


def count(files: Sequence[str], one_rule: Rule, means: CountSources, settings: Options) -> Report:
    """A report whose verdicts have no limit. A file that can't be measured is a problem among them."""
    said = Diagnostics([], [])
    report = judge_prompts(Run("", means, settings, said), _prompts(files, one_rule, settings, said))
    return report._replace(file_count=len(files))


def _prompts(
    files: Sequence[str], one_rule: Rule, settings: Options, said: Diagnostics
) -> Iterator[ReadPrompt]:
    for path in files:
        try:
            for prompt in prompts(path, one_rule, settings.max_file_size, said):
                yield ReadPrompt.of(prompt, one_rule, 0)
        except Unreadable as error:
            said.problems.append(Problem(path, error.line, error.message, error.hint))


def prompts(path: str, one_rule: Rule, cap: int, said: Diagnostics) -> list[Prompt]:
    """The prompts of a file, or of stdin. Raises `Unreadable`."""
    data = _read(path, cap)
    name, companions = path, IncludeReader(None, cap)
    if path != STDIN and seems_to_import(path, data, one_rule):
        name, companions = _placed(path, cap)
    return [one._replace(path=path) for one in parse_file(name, data, one_rule, companions, said)]


def _placed(path: str, cap: int) -> tuple[str, IncludeReader]:
    """A file's name in its repository (or folder), and a way to what it takes in from there."""
    folder, name = os.path.split(os.path.abspath(path))
    tree = open_tree(folder)
    try:
        return tree.resolve_argument(name, folder), IncludeReader(tree, cap)
    except Fatal:  # a pipe, or gone by now
        return path, IncludeReader(None, cap)


def _read(path: str, cap: int) -> bytes:
    """At most `cap` bytes: files named by hand may be pipes (`<(…)`), so no size is asked for first."""
    try:
        if path == STDIN:
            data = sys.stdin.buffer.read(cap + 1)
        else:
            with open(path, "rb") as file:
                data = file.read(cap + 1)
    except OSError as error:
        raise Unreadable(f"can't be read: {error.strerror}") from None
    except (AttributeError, ValueError):
        raise Unreadable("can't be read: it is closed" if path == STDIN else "can't be read") from None
    if len(data) > cap:
        raise Unreadable(f"is larger than {cap:,} bytes", "raise --max-file-size if that is meant")
    return data
