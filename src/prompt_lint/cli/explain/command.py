"""`prompt-lint explain`: which rule applies to a file, a folder or a group, why, and what comes of it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from prompt_lint.check.pipeline import check_prompts
from prompt_lint.check.read_prompts import IncludeReader, parse_prompts
from prompt_lint.check.targets import find_targets
from prompt_lint.cli import options
from prompt_lint.cli.commands import Command, option
from prompt_lint.cli.explain.contents import (
    FileToExplain,
    describe_contents,
    describe_place,
    describe_rule,
    explain_folder,
    explain_groups,
)
from prompt_lint.cli.project import load_project
from prompt_lint.cli.request_plan import render_requests
from prompt_lint.cli.run import open_run
from prompt_lint.config.mistakes import ConfigErrors
from prompt_lint.config.rule_matching import compile_config
from prompt_lint.formats.recognition import recognise
from prompt_lint.model.errors import ExitCode, Fatal, Unreadable
from prompt_lint.model.nearest import find_nearest
from prompt_lint.output import View
from prompt_lint.output.terminal import find_width, wants_color, write_result, write_stdout
from prompt_lint.output.text import report as text_output
from prompt_lint.output.text.pieces import INDENT
from prompt_lint.text.escape import escape_line
from prompt_lint.text.plural import pluralize
from prompt_lint.text.wrapping import wrap_lines

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from prompt_lint.check.pipeline import Run
    from prompt_lint.check.targets import Targets
    from prompt_lint.cli.options import ConfigOptions, CountingOptions
    from prompt_lint.config.configuration import Config
    from prompt_lint.config.rule_matching import MatchedFile, RuleMatcher
    from prompt_lint.model.rules import Group, Rule
    from prompt_lint.model.values import Prompt
    from prompt_lint.repo.working_tree import WorkingTree

_MAX_IMPORTERS = 10
# With more verdicts than this only what needs attention is shown, with a summary of the rest.
_MAX_VERDICTS = 30


@click.command(
    "explain",
    cls=Command,
    examples=(
        ("Show the rule of a file, its format, and where its tokens are", "prompt-lint explain CLAUDE.md"),
        ("Print the request that is counted", "prompt-lint explain --show-request CLAUDE.md"),
    ),
    exit_codes={ExitCode.OVER_LIMIT: "the prompt is over its limit, or is invalid"},
    page="configuration.md",
)
@click.argument("path", type=click.Path(readable=False), help="The file to explain.")
@options.config
@options.no_git
@options.max_file_size
@options.counting
@option(
    "--show-request",
    group=options.OUTPUT,
    is_flag=True,
    help="Print only the request that is counted for PATH.",
)
@options.color
@options.group_options(config_options=options.ConfigOptions, counting_options=options.CountingOptions)
@click.pass_obj
def command(
    env: Mapping[str, str],
    path: str,
    show_request: bool,
    color: str,
    config_options: ConfigOptions,
    counting_options: CountingOptions,
) -> ExitCode:
    """Explain which rule applies to a path, and why.

    The path is a file or a folder; the name of a group says what that is made of.
    """
    tree, config, relative, groups = _find_subject(env, path, config_options)
    is_folder = not groups and os.path.isdir(os.path.join(tree.top, relative))
    if show_request:
        if groups or is_folder:
            raise Fatal(f"{path} is a {'folder' if is_folder else 'group'}", "--show-request needs a file")
        prompts, rule = _read_requests(tree, config, relative)
        write_stdout(render_requests(prompts, rule.models))
        return ExitCode.OK
    view = View(color=wants_color(color, env), verbosity=1, width=find_width(env))
    with open_run(env, tree, config, counting_options) as run:
        if groups:
            text, code = explain_groups(run, groups, view)
        elif is_folder:
            text, code = explain_folder(run, relative, view)
        else:
            text, code = explain_path(run, relative, view)
    return write_result(wrap_lines(text, view.width, len(INDENT)), code)


def _find_subject(
    env: Mapping[str, str], path: str, config_options: ConfigOptions
) -> tuple[WorkingTree, Config, str, Sequence[Group]]:
    """Return the tree, its configuration, and a path in it, or the groups of that name where there is no such file. Raises `Fatal`."""
    if not os.path.lexists(path):
        tree, config, _ = load_project(env, (), config_options)
        groups = config.list_groups()
        if named := [group for group in groups if group.name == path]:
            return tree, config, "", named
        if near := find_nearest(path, [group.name for group in groups]):
            raise Fatal(f"there is no file, folder or group `{path}`", f"did you mean the group `{near}`?")
    tree, config, [relative] = load_project(env, (path,), config_options)
    if mistakes := config.find_governing(relative).mistakes:
        raise ConfigErrors(mistakes)
    return tree, config, relative, ()


def explain_path(run: Run, path: str, view: View) -> tuple[str, ExitCode]:
    """Return a text for a person, and the exit code of `check PATH`, or 0 where no rule matches."""
    tree, config, _, _ = run
    matcher = compile_config(config)
    file, targets = _find_file(tree, config, matcher, path)
    named, path = path, file.display_path if file else _choose_name(tree, matcher, path)
    lines = [escape_line(path), *([f"  {escape_line(named)} is a link to it"] if named != path else ())]
    lines += _describe_config(config, path)
    lines += _describe_rules(matcher.find_governing(path), path, file and file.rule)
    if matcher.find_governing(path).excludes(path):
        lines.append("  left out by the `exclude` at the top of the file")
    if not file and not targets.groups and not targets.matched:
        lines.append("  no rule matches it, so `check` doesn't count it")
        return _join_lines(lines), ExitCode.OK
    groups = (group for group, _ in targets.groups)
    users = [
        f"  matched by the group `{escape_line(group.name)}` ({describe_place(group.rule)})"
        for group in groups
    ]
    users += _describe_importers(path, targets)
    if file:
        source = FileToExplain(tree, file, file.rule.models[0])
        lines += [*_describe_reading(source), *users, "", *describe_contents(source)]
        lines += [f"  The request itself: prompt-lint explain --show-request {escape_line(path)}", ""]
    else:
        lines += ["  no rule matches it, but", *users, ""]
    report = check_prompts(run, [path])
    if len(report.verdicts) + len(report.problems) > _MAX_VERDICTS:
        view = view._replace(verbosity=0)
        lines += [f"Of each prompt by itself: prompt-lint check -v {escape_line(path)}", ""]
    return _join_lines(lines) + text_output.render(report, view), report.exit_code


def _join_lines(lines: Iterable[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


def _read_requests(tree: WorkingTree, config: Config, path: str) -> tuple[list[Prompt], Rule]:
    """Return the prompts of a file, with their requests, and its rule. Raises `Fatal`, `Unreadable`."""
    matcher = compile_config(config)
    file, _ = _find_file(tree, config, matcher, path)
    if not file:
        raise Fatal(f"no rule matches `{path}`", f"see `prompt-lint explain {path}`")
    data, reader = tree.read(file.path), IncludeReader(tree)
    return list(parse_prompts(file.display_path, data, file.rule, reader)), file.rule


def _find_file(
    tree: WorkingTree, config: Config, matcher: RuleMatcher, path: str
) -> tuple[MatchedFile | None, Targets]:
    """Return the file of a path to which a rule applies, if there is one, and the targets of a check of that path.

    A link is that file itself, where the file is read by the link's name.
    """
    targets = find_targets(tree, config, [path])
    names = {path, _choose_name(tree, matcher, path)}
    read_as = (file for file in targets.matched if file.read_as == path)
    matched = (file for file in targets.matched if not names.isdisjoint({file.path, *file.aliases}))
    return next(read_as, None) or next(matched, None), targets


def _choose_name(tree: WorkingTree, matcher: RuleMatcher, path: str) -> str:
    """Return the file's own name if a rule applies to it, else the link's, as in `check`."""
    real = tree.resolve(path)
    return real if matcher.find_rule(real) else path


def _describe_config(config: Config, path: str) -> Iterator[str]:
    """Yield which of several configurations governs a path, and why."""
    nearest = config.find_governing(path)
    if config.nested and nearest.path:
        yield f"  governed by {escape_line(nearest.path)}: the nearest configuration above it"
    elif config.nested:
        yield "  governed by no configuration: there is none in a folder above it"


def _describe_rules(matcher: RuleMatcher, path: str, applied: Rule | None) -> Iterator[str]:
    for compiled in matcher.rules:
        rule = compiled.rule
        if not compiled.includes(path):
            continue
        if compiled.excludes(path):
            result = "matches, but its `exclude` leaves this file out"
        elif rule is applied:
            result = "applies: the last rule that matches"
        else:
            result = "matches, but a later rule does too" if applied else "matches"
        yield f"  {describe_rule(rule)}: {result}"


def _describe_reading(source: FileToExplain) -> Iterator[str]:
    file, rule = source.file, source.file.rule
    try:
        recognised = recognise(file.display_path, source.tree.read(file.path), rule)
        yield f"  format {recognised.name}: {recognised.why}"
    except Unreadable as error:
        yield f"  format unknown: the file {escape_line(error.message)}"
    if file.read_as:
        yield f"  read as {escape_line(file.read_as)}, a link to {escape_line(file.path)}"
    reserved = f", {rule.reserve:,} of it reserved" if rule.reserve else ""
    yield f"  role {rule.role or 'as the format says'}, warns at {rule.warn_at:.0%} of the limit{reserved}"


def _describe_importers(path: str, targets: Targets) -> Iterator[str]:
    importers = [file.display_path for file in targets.matched if path not in file.all_names]
    yield from (f"  taken in by the prompt of {escape_line(name)}" for name in importers[:_MAX_IMPORTERS])
    if len(importers) > _MAX_IMPORTERS:
        yield f"  and by {pluralize(len(importers) - _MAX_IMPORTERS, 'more file')}"
