"""`prompt-lint tighten`: lower the limits of the configuration to today's prompts and some headroom."""

from __future__ import annotations

import os
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import click

from prompt_lint.check.judge import decide_exit_code
from prompt_lint.check.limit_sizes import WrittenConfig, collect_sizes, find_high
from prompt_lint.check.pipeline import check_prompts
from prompt_lint.cli import options
from prompt_lint.cli.commands import option
from prompt_lint.cli.fault_report import ReportingCommand
from prompt_lint.cli.headroom import choose_limit, find_smallest_limit
from prompt_lint.cli.input_files import describe_input
from prompt_lint.cli.project import load_project, working_directory
from prompt_lint.cli.run import open_run
from prompt_lint.config.load import read_outside_config
from prompt_lint.config.mistakes import ConfigErrors
from prompt_lint.config.schema import parse_config
from prompt_lint.config.values import parse_limit
from prompt_lint.config.written_limits import is_only_tighter, replace_spans, write_like
from prompt_lint.formats import RULE_KEYS
from prompt_lint.model.errors import ExitCode, Fatal, find_worst_code
from prompt_lint.model.tightening import LOW_ENOUGH, TightenedFile, TightenedLimit, Tightening
from prompt_lint.model.values import Problem
from prompt_lint.output.delivery import Document, OutputOptions, choose_targets, deliver
from prompt_lint.output.file_writing import write_file
from prompt_lint.output.tightening import render_json, render_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from prompt_lint.cli.options import ConfigOptions, CountingOptions
    from prompt_lint.config.configuration import Config
    from prompt_lint.model.values import Report
    from prompt_lint.output import View
    from prompt_lint.repo.working_tree import WorkingTree
    from prompt_lint.text.location import KeyPath

_DIGITS = 3


class _Headroom(click.ParamType[Fraction]):
    """A share such as `10%`."""

    name = "percent"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Fraction:
        if isinstance(value, Fraction):
            return value
        try:
            share = parse_limit(value).share
        except ValueError:
            share = 0
        if not share:  # also without the sign, since `0.5` may mean 0.5% or 50%
            self.fail(f"`{value}` isn't a share above 0% and up to 100%, such as 10%", param, ctx)
        return Fraction(share, 1_000_000)


def _make_document(tightening: Tightening) -> Document:
    def render(name: str, view: View) -> str:
        return render_json(tightening) if name == "json" else render_text(tightening, view)

    return Document(render, tightening.exit_code, "tighten", has_diff=True)


@click.command(
    "tighten",
    cls=ReportingCommand,
    make_document=lambda report: _make_document(Tightening((), report.problems, report.exit_code)),
    examples=(
        ("Show which limits can be lowered, and to what", "prompt-lint tighten --dry-run"),
        ("Lower them to a fourth above today's sizes", "prompt-lint tighten --headroom 25%"),
        ("Fail in a weekly job once limits are far above the prompts", "prompt-lint tighten --check"),
        ("Read it with another program", "prompt-lint tighten --dry-run --output-format json"),
    ),
    exit_codes={
        ExitCode.OVER_LIMIT: "with --check, a limit can be lowered by more than the headroom",
        ExitCode.USAGE: "the command line or the configuration is wrong, or a rule matches no file; nothing is written",
    },
    page="limits.md",
)
@click.argument("paths", nargs=-1, type=click.Path(readable=False), help="Lower only limits of prompts in these files and folders. [default: all limits]")  # fmt: skip
@options.config
@options.no_git
@options.max_file_size
@option(
    "--headroom",
    group=options.LIMITS,
    type=_Headroom(),
    metavar="PERCENT",
    default="10%",
    help="Leave the largest prompt of each limit so much room.",
)
@options.counting
@option("--dry-run", group=options.OUTPUT, is_flag=True, help="Show the changes, and write nothing.")
@option(
    "--check",
    group=options.OUTPUT,
    is_flag=True,
    help="Write nothing, and exit 1 if a limit can be lowered by more than the headroom.",
)
@options.output_format()
@options.output_file
@options.output(("text", "json"))
@options.group_options(
    config_options=options.ConfigOptions,
    counting_options=options.CountingOptions,
    output_options=OutputOptions,
)
@click.pass_obj
def command(
    env: Mapping[str, str],
    paths: tuple[str, ...],
    headroom: Fraction,
    dry_run: bool,
    check: bool,
    config_options: ConfigOptions,
    counting_options: CountingOptions,
    output_options: OutputOptions,
) -> ExitCode:
    """Lower limits to today's sizes.

    Replaces numbers in .prompt-lint.yaml, and nothing else. No limit is raised.
    """
    tree, config, relative = load_project(env, paths, config_options)
    with open_run(env, tree, config, counting_options, options.JudgingOptions(exit_zero=True)) as run:
        report = check_prompts(run, ())
        chosen = check_prompts(run, relative) if relative else None
    targets = choose_targets(output_options, env, lambda path: describe_input(path, tree, config))
    problems = _select_problems(report, chosen)
    files: list[TightenedFile] = []
    if all(problem.exit_code is not ExitCode.USAGE for problem in problems):
        written = _read_files(tree, config, config_options.config_path)
        collect_sizes(written, config, report, chosen)
        files = [_tighten_file(each, headroom, is_check=check) for each in written]
        if not (dry_run or check):
            files = [
                _write_config(each.path, file, problems) for each, file in zip(written, files, strict=True)
            ]
    found = decide_exit_code(report._replace(problems=problems), exit_zero=True)
    exit_code = find_worst_code([found], is_over=check and any(file.lowered for file in files))
    tightening = Tightening(files, problems, exit_code, is_check=check)
    return deliver(_make_document(tightening), targets, output_options, env)


def _select_problems(report: Report, chosen: Report | None) -> list[Problem]:
    """Return the problems. Mistakes of rules count if they are about `chosen` files."""
    if chosen is None:
        return list(report.problems)
    of_files = (each for each in report.problems if each.exit_code is not ExitCode.USAGE)
    return list(dict.fromkeys((*of_files, *chosen.problems)))


def _read_files(tree: WorkingTree, config: Config, config_path: str | None) -> list[WrittenConfig]:
    """Read the files of the configurations once more. Raises `Fatal` for one that has changed since."""
    files: dict[str, WrittenConfig] = {}
    for each in config.list_all():
        if not each.path or each.mistakes:
            continue
        path = os.path.join(
            *((working_directory(), config_path) if config_path else (tree.top, tree.resolve(each.path)))
        )
        data = read_outside_config(path)
        if _has_changed(data, each):
            raise Fatal(f"{each.path} has changed during the run", "run `prompt-lint tighten` again")
        file = files.get(path) or files.setdefault(path, WrittenConfig(path, data.decode()))
        file.configs.append(each)
    return list(files.values())


def _has_changed(data: bytes, config: Config) -> bool:
    try:
        now = _parse(data, config)
    except ConfigErrors:
        return True
    return (now.rules, now.groups) != (config.rules, config.groups)


def _parse(data: bytes, config: Config) -> Config:
    return parse_config(data, config.path, RULE_KEYS, folder=config.folder)


def _tighten_file(file: WrittenConfig, headroom: Fraction, *, is_check: bool) -> TightenedFile:
    """Return what becomes of the limits of a file. For a check, only those are lowered that exceed the headroom."""
    limits = [
        _tighten_limit(file, key_path, headroom) for key_path in file.limits if key_path in file.selected
    ]
    if is_check:
        limits = [
            each if each.reason or _exceeds_headroom(each, headroom) else _keep(each) for each in limits
        ]
    lowered = [each for each in limits if not each.reason]
    kept = [each for each in limits if each.reason]
    return TightenedFile(file.configs[0].path, file.text, _lower(file, lowered), lowered, kept)


def _keep(limit: TightenedLimit) -> TightenedLimit:
    return limit._replace(new_text="", new_tokens=None, reason=LOW_ENOUGH)


def _tighten_limit(file: WrittenConfig, key_path: KeyPath, headroom: Fraction) -> TightenedLimit:
    """Return the limit with what it can be lowered to, or with the reason why it stays."""
    written, largest = file.limits[key_path], file.largest.get(key_path)
    rule, group = file.find_rule(key_path)
    limit = TightenedLimit(
        key_path, written.line, written.text, written.limit.tokens or None, rule, group, largest
    )
    if reason := _find_obstacle(file, key_path):
        return limit._replace(reason=reason)
    high = find_high(largest) if largest else 0
    if largest and high > written.limit.tokens:
        verb = "is" if largest.status == "over" else "may be"
        name = largest.prompt.name if largest.prompt.is_group else largest.prompt.path
        return limit._replace(reason=f"{name} {verb} over it")
    factor, smallest = 1 + headroom, find_smallest_limit(str(key_path[-1]))
    tokens = choose_limit(high, smallest, factor=factor, least=factor, digits=_DIGITS)
    if tokens >= written.limit.tokens:
        return _keep(limit)
    return limit._replace(new_tokens=tokens, new_text=write_like(tokens, written.text))


def _find_obstacle(file: WrittenConfig, key_path: KeyPath) -> str:
    """Return why a limit can't be lowered, whatever its prompts have; "" if it can."""
    written, largest = file.limits[key_path], file.largest.get(key_path)
    if written.limit.share:
        return "it is a share of the context window"
    if written.span is None:
        return f"write it as a plain number, {written.limit.tokens}"
    if reason := file.unknown.get(key_path):
        return reason
    if largest is None or not find_high(largest):
        return "its prompts are empty or exempt" if key_path in file.judging else "it judges no prompt"
    return ""


def _exceeds_headroom(limit: TightenedLimit, headroom: Fraction) -> bool:
    size = find_high(limit.largest) if limit.largest else 0
    return (limit.tokens or 0) - (limit.new_tokens or 0) > size * headroom


def _lower(file: WrittenConfig, lowered: Sequence[TightenedLimit]) -> str:
    """Return the text of the file with lower limits. Raises `Fatal` unless that is all that changes in what it says."""
    spans = {span: each.new_text for each in lowered if (span := file.limits[each.key_path].span)}
    text = replace_spans(file.text, spans)
    for config in file.configs if lowered else ():
        if not is_only_tighter(_parse(file.text.encode(), config), _parse(text.encode(), config)):
            raise Fatal(
                f"{config.path} can't be edited safely, so nothing is written", "lower its limits by hand"
            )
    return text


def _write_config(path: str, file: TightenedFile, problems: list[Problem]) -> TightenedFile:
    """Write the text of a file with lower limits. One that can't be written is added to the problems, and stays as it was."""
    if not file.lowered:
        return file
    try:
        write_file(path, file.new_text)
    except Fatal as error:
        problems.append(Problem(file.config_path, 0, error.message, error.hint, error.exit_code))
        return file
    return file._replace(is_written=True)
