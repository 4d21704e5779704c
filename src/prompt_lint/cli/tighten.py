"""`prompt-lint tighten`: lower the limits of the configuration to today's prompts and some headroom."""

from __future__ import annotations

import difflib
import os
from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from prompt_lint.check.judge import decide_exit_code
from prompt_lint.check.limit_sizes import WrittenConfig, collect_sizes, find_high
from prompt_lint.check.pipeline import check_prompts
from prompt_lint.cli import options
from prompt_lint.cli.commands import Command, option
from prompt_lint.cli.count_sources import open_count_sources
from prompt_lint.cli.init.limits import limit_for
from prompt_lint.cli.project import load_project, working_directory
from prompt_lint.cli.settings import make_settings
from prompt_lint.config.load import read_outside_config
from prompt_lint.config.schema import parse_config
from prompt_lint.config.values import parse_limit
from prompt_lint.config.written_limits import is_only_tighter, replace_spans, write_like
from prompt_lint.formats import RULE_KEYS
from prompt_lint.model.errors import ExitCode, Fatal
from prompt_lint.output import View
from prompt_lint.output.file_writing import write_file
from prompt_lint.output.phrases import reserve_suffix
from prompt_lint.output.terminal import write_result, write_stderr
from prompt_lint.output.text_pieces import format_short_name
from prompt_lint.output.text_remarks import render_problems
from prompt_lint.text.escape import escape_line
from prompt_lint.text.plural import pluralize

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from prompt_lint.cli.options import ConfigOptions, CountingOptions
    from prompt_lint.config.configuration import Config
    from prompt_lint.config.written_limits import WrittenLimit
    from prompt_lint.model.values import Report, Verdict
    from prompt_lint.repo.working_tree import WorkingTree

_DIGITS = 3


class _Headroom(click.ParamType[Fraction]):
    """A share such as `10%`."""

    name = "percent"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Fraction:
        if isinstance(value, Fraction):
            return value
        try:
            return Fraction(parse_limit(f"{value.removesuffix('%')}%").share, 1_000_000)
        except ValueError:
            self.fail(f"`{value}` isn't a share above 0% and up to 100%, such as 10%", param, ctx)


class _Lowering(NamedTuple):
    written: WrittenLimit
    tokens: int
    verdict: Verdict

    @property
    def new_text(self) -> str:
        return write_like(self.tokens, self.written.text)

    def exceeds(self, headroom: Fraction) -> bool:
        """Return whether the limit goes down by more than the headroom."""
        return self.written.limit.tokens - self.tokens > find_high(self.verdict) * headroom


@click.command(
    "tighten",
    cls=Command,
    examples=(
        ("Show which limits can be lowered, and to what", "prompt-lint tighten --dry-run"),
        ("Lower them to a fourth above today's sizes", "prompt-lint tighten --headroom 25%"),
        ("Fail in a weekly job once limits are far above the prompts", "prompt-lint tighten --check"),
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
@options.group_options(config_options=options.ConfigOptions, counting_options=options.CountingOptions)
@click.pass_obj
def command(
    env: Mapping[str, str],
    paths: tuple[str, ...],
    headroom: Fraction,
    dry_run: bool,
    check: bool,
    config_options: ConfigOptions,
    counting_options: CountingOptions,
) -> ExitCode:
    """Lower limits to today's sizes.

    Replaces numbers in .prompt-lint.yaml, and nothing else. No limit is raised.
    """
    tree, config, relative = load_project(env, paths, config_options)
    settings = make_settings(env, config, options.JudgingOptions(exit_zero=True))
    with open_count_sources(env, config, tree.top, counting_options) as sources:
        report = check_prompts(tree, config, (), sources, settings)
        chosen = check_prompts(tree, config, relative, sources, settings) if relative else None
    exit_code = _write_problems(report, chosen)
    if exit_code is ExitCode.USAGE:
        return exit_code
    files = _read_files(tree, config, config_options.config_path)
    collect_sizes(files, config, report, chosen)
    lines: list[str] = []
    texts: dict[str, str] = {}
    number = 0
    for file in files:
        possible = _find_lowerings(file, headroom, lines)
        lowerings = [each for each in possible if not check or each.exceeds(headroom)]
        if lowerings:
            texts[file.path] = _lower(file, lowerings)
            lines += _describe(file, lowerings, texts[file.path])
            number += len(lowerings)
    is_written = not (dry_run or check)
    for path, text in texts.items() if is_written else ():
        write_file(path, text)
    verb, end = (
        ("Lowered" if is_written else "Can lower"),
        "; run it without `--check` to do so" if check else "",
    )
    lines.append(f"{verb} {pluralize(number, 'limit')}{end}." if number else "No limit to lower.")
    exit_code = ExitCode.OVER_LIMIT if check and number else exit_code
    return write_result("".join(f"{line}\n" for line in lines), exit_code)


def _write_problems(report: Report, chosen: Report | None) -> ExitCode:
    """Write the problems to stderr and return their exit code. Mistakes of rules count if they are about `chosen` files."""
    problems = list(report.problems)
    if chosen:
        problems = [each for each in problems if each.exit_code is not ExitCode.USAGE]
        problems = list(dict.fromkeys((*problems, *chosen.problems)))
    write_stderr("".join(f"{line}\n" for line in render_problems(problems, View(), len(problems))))
    return decide_exit_code(report._replace(problems=problems), exit_zero=True)


def _read_files(tree: WorkingTree, config: Config, config_path: str | None) -> list[WrittenConfig]:
    """Read the files of the configurations once more. Raises `Fatal` for one that has changed since."""
    files: dict[str, WrittenConfig] = {}
    for each in config.list_all():
        if not each.path or each.mistakes:
            continue
        path = os.path.join(
            *((working_directory(), config_path) if config_path else (tree.top, tree.resolve(each.path)))
        )
        file = files.get(path) or files.setdefault(
            path, WrittenConfig(path, read_outside_config(path).decode())
        )
        file.configs.append(each)
        now = _parse(file.text, each)
        if (now.rules, now.groups) != (each.rules, each.groups):
            raise Fatal(f"{each.path} has changed during the run", "run `prompt-lint tighten` again")
    return list(files.values())


def _parse(text: str, config: Config) -> Config:
    return parse_config(text.encode(), config.path, RULE_KEYS, folder=config.folder)


def _find_lowerings(file: WrittenConfig, headroom: Fraction, left: list[str]) -> Iterator[_Lowering]:
    """Yield the limits that can be lowered, and add to `left` why others can't."""
    for key_path, written in file.limits.items():
        if key_path not in file.selected:
            continue
        verdict = file.largest.get(key_path)
        reason = file.unknown.get(key_path, "")
        if written.limit.share:
            reason = "it is a share of the context window"
        elif written.span is None:
            reason = "write it as a plain number"
        elif not reason and (verdict is None or not find_high(verdict)):
            reason = "it judges no prompt"
        if reason or verdict is None:
            left.append(f"{_name_limit(file, written)} stays: {escape_line(reason)}")
            continue
        factor = 1 + headroom
        tokens = limit_for(find_high(verdict), 1, factor=factor, least=factor, digits=_DIGITS)
        if tokens < written.limit.tokens:
            yield _Lowering(written, tokens, verdict)


def _name_limit(file: WrittenConfig, written: WrittenLimit) -> str:
    return f"{escape_line(file.configs[0].path)}:{written.line}: limit {escape_line(written.text)}"


def _lower(file: WrittenConfig, lowerings: Iterable[_Lowering]) -> str:
    """Return the text of the file with lower limits. Raises `Fatal` unless that is all that changes in what it says."""
    spans = {each.written.span: each.new_text for each in lowerings if each.written.span}
    text = replace_spans(file.text, spans)
    for config in file.configs:
        if not is_only_tighter(_parse(file.text, config), _parse(text, config)):
            raise Fatal(
                f"{config.path} can't be edited safely, so nothing is written", "lower its limits by hand"
            )
    return text


def _describe(file: WrittenConfig, lowerings: Iterable[_Lowering], new_text: str) -> Iterator[str]:
    """Yield a line for each lower limit, and the diff."""
    for lowering in lowerings:
        prompt, reserve = lowering.verdict.prompt, lowering.verdict.rule.reserve
        largest = f"{format_short_name(prompt)}, {find_high(lowering.verdict) - reserve:,} tokens{reserve_suffix(reserve)}"
        yield f"{_name_limit(file, lowering.written)} → {lowering.new_text} (largest: {largest})"
    name = escape_line(file.configs[0].path)
    diff = difflib.unified_diff(file.text.splitlines(), new_text.splitlines(), name, name, n=1, lineterm="")
    yield from map(escape_line, diff)
