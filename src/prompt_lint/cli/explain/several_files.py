"""What rules make of a folder, and what a group is made of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prompt_lint.check.importers import match_below
from prompt_lint.check.pipeline import check_prompts, judge_groups
from prompt_lint.check.targets import find_targets
from prompt_lint.model.errors import ExitCode
from prompt_lint.output.text import report as text_output
from prompt_lint.text.escape import escape_line
from prompt_lint.text.plural import pluralize

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from prompt_lint.check.pipeline import Run
    from prompt_lint.check.targets import Targets
    from prompt_lint.config.rule_matching import MatchedFile
    from prompt_lint.model.rules import Group, Rule
    from prompt_lint.output import View

_MAX_FILES = 20


def explain_folder(run: Run, folder: str, view: View) -> tuple[str, ExitCode]:
    """Return which rules apply to the files below a folder, and the exit code of `check FOLDER`; 0 where none does."""
    targets = find_targets(run.tree, run.config, [folder])
    below, importers = _split_by_place(targets, folder)
    by_rule: dict[tuple[str, int], list[MatchedFile]] = {}
    for file in below:
        by_rule.setdefault(file.rule.place, []).append(file)
    owned = {file.display_path for file in below}
    rest = [
        path for path in targets.files if (not folder or path.startswith(f"{folder}/")) and path not in owned
    ]
    lines = [f"{escape_line(folder) or '.'}: {pluralize(len(owned) + len(rest), 'file')}"]
    for _, files in sorted(by_rule.items()):
        lines.append(f"  {describe_rule(files[0].rule)}: {pluralize(len(files), 'file')}")
    if rest:
        lines += [f"  no rule: {pluralize(len(rest), 'file')}", *(f"    {name}" for name in _shorten(rest))]
    if importers:
        names = (file.display_path for file in importers)
        lines += ["  checked with it, for what they import:", *(f"    {name}" for name in _shorten(names))]
    text = "".join(f"{line}\n" for line in lines)
    if not (targets.matched or targets.groups or targets.problems):
        return text, ExitCode.OK
    report = check_prompts(run, [folder])
    return f"{text}\n{text_output.render(report, view._replace(verbosity=0))}", report.exit_code


def _split_by_place(targets: Targets, folder: str) -> tuple[list[MatchedFile], list[MatchedFile]]:
    """Return the files below a folder, also by a link, and those elsewhere that import from it."""
    is_below = match_below([folder])
    is_named = match_below([folder, *(real for link, real in targets.links.items() if is_below(link))])
    below: list[MatchedFile] = []
    importers: list[MatchedFile] = []
    for file in targets.matched:
        is_inside = any(map(is_named, file.all_names))
        (below if is_inside else importers).append(file)
    return below, importers


def explain_groups(run: Run, groups: Sequence[Group], view: View) -> tuple[str, ExitCode]:
    """Return what groups of one name are made of and come to, and 1 if one is over its limit."""
    targets = find_targets(run.tree, run.config, ())
    group_files = [each for each in targets.groups if each.group in groups]
    report = judge_groups(run, group_files)
    lines = [escape_line(groups[0].name)]
    for group, files in group_files:
        kind = "a sum: each file counted by itself, once" if group.sum else "one request, made of these files"
        lines.append(f"  {describe_place(group.rule)}  {kind}")
        lines += [f"    {path}" for path in _shorten(file.display_path for file in files)]
    text = "".join(f"{line}\n" for line in lines)
    return f"{text}\n{text_output.render(report, view)}", report.exit_code


def describe_rule(rule: Rule) -> str:
    return f"{describe_place(rule)}  {escape_line(', '.join(rule.files))}"


def describe_place(rule: Rule) -> str:
    return f"{escape_line(rule.config_path)}:{rule.line}" if rule.line else "the command line"


def _shorten(paths: Iterable[str]) -> Iterator[str]:
    """Yield the first paths, and how many more there are."""
    paths = list(paths)
    yield from map(escape_line, paths[:_MAX_FILES])
    if len(paths) > _MAX_FILES:
        yield f"and {len(paths) - _MAX_FILES:,} more"
