"""What `init` says about files that no rule takes: those that look like prompts, and source code with prompts in it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from prompt_lint.cli.init.config_text import Remark, render_scalar
from prompt_lint.cli.init.file_patterns import escape_path, write_path_pattern
from prompt_lint.cli.init.kinds import find_doubtful_folder
from prompt_lint.repo import git
from prompt_lint.repo.paths import decode, to_native
from prompt_lint.text.escape import escape_line
from prompt_lint.text.plural import pluralize

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from prompt_lint.cli.init.survey import Finding, Survey
    from prompt_lint.config.rule_matching import RuleMatcher
    from prompt_lint.repo.working_tree import WorkingTree

_MAX_LINES = 10
# A text of more than a few words that is assigned to such a name. Reading the file says more; this only finds it.
_CONSTANT = r"""^ *[A-Za-z_]*(PROMPT|INSTRUCTION|SYSTEM_MESSAGE)[A-Z_]*( *:[^=]*)? *= *(\(|[rfRF]*["']|dedent|textwrap)"""
_MARKER = r"prompt-lint: begin"
_SEARCH = ("--no-literal-pathspecs", "grep", "-lzIE", "--untracked", "--no-recurse-submodules", "-e")
_ADVICE = "Remove the `#` to count these"
_MAX_FILES = 10
# In bytes. A command line takes no more than a few times as many.
_MAX_EXCLUDED = 100_000


def write_remarks(
    survey: Survey, dropped: Sequence[tuple[Finding, str]], matcher: RuleMatcher
) -> Iterator[Remark]:
    """Yield remarks about files that no rule takes, by pattern with their number, and about those that can't be measured."""
    gone = {path for finding, _ in dropped for path in finding.paths}
    doubtful = [path for path in survey.doubtful if path not in gone and not _is_taken(path, matcher)]
    faults = {path: fault for path, fault in survey.faults.items() if not _is_taken(path, matcher)}
    if doubtful:
        title = "files that look like prompts, but may be documentation, tests or somebody else's"
        yield Remark(title, "Remove the `#` from those that are yours.", tuple(_group(doubtful)))
    if faults:
        shown = list(faults.items())[:_MAX_LINES]
        lines = [f"  {escape_line(path)}: {escape_line(fault)}" for path, fault in shown]
        lines += [f"  and {len(faults) - _MAX_LINES:,} more"] if len(faults) > _MAX_LINES else []
        yield Remark("data that looks like requests or tools, and can't be measured", "", tuple(lines))


def _is_taken(path: str, matcher: RuleMatcher) -> bool:
    return matcher.find_rule(path) is not None or matcher.excludes(path)


def _group(paths: Sequence[str]) -> Iterator[str]:
    """Yield the files by their folder (a doubtful one as a whole) and name or extension, the largest groups first."""
    groups: dict[tuple[str, str], list[str]] = {}
    for path in paths:
        folder, _, name = path.rpartition("/")
        ending = name if name in {"SKILL.md", "CLAUDE.md", "AGENTS.md"} else f"*.{name.rpartition('.')[2]}"
        groups.setdefault((find_doubtful_folder(path) or folder, ending), []).append(path)
    ordered = sorted(groups.items(), key=lambda item: (-len(item[1]), item[0]))
    for (folder, ending), members in ordered[:_MAX_LINES]:
        if len(members) == 1:
            yield f"- files: {render_scalar(write_path_pattern(members[0]) or '?')}"
            continue
        start = f"/{escape_path(folder)}" if folder else ""
        pattern = f"{start}/**/{ending}" if find_doubtful_folder(members[0]) else f"{start}/{ending}"
        yield f"- files: {render_scalar(pattern)}  # {pluralize(len(members), 'file')}"
    if len(ordered) > _MAX_LINES:
        rest = sum(len(members) for _, members in ordered[_MAX_LINES:])
        yield f"and {pluralize(rest, 'more file')}"


# ---------------------------------------------------------------------------------------------------------
# Source code, by a search of git


def describe_source_files(
    tree: WorkingTree, governed: Collection[str], too_large: Collection[str]
) -> Iterator[Remark]:
    """Yield a remark with a rule for each format of source code that has prompts. Raises `Fatal`.

    Git reads a file as a whole, however large it is, so those that are `too_large` are left out of the search; where they are
    so many that no command line holds their names, nothing is searched.
    """
    excluded = [f":(exclude,literal){path}" for path in sorted(too_large)]
    if sum(map(len, excluded)) > _MAX_EXCLUDED:
        return
    python = _search(tree, governed, _CONSTANT, ":(glob)**/*.py", *excluded)
    if python:
        title = f"{pluralize(len(python), 'Python file')} with prompts in constants"
        advice = f"{_ADVICE}; docs/formats.md says which names."
        yield Remark(title, advice, tuple(_render_rule(python, "python")))
    marked = _search(tree, governed, _MARKER, ".", *excluded)
    if marked:
        title = f"{pluralize(len(marked), 'file')} with prompts between markers"
        yield Remark(title, f"{_ADVICE}.", tuple(_render_rule(marked, "marked")))


def _search(tree: WorkingTree, governed: Collection[str], expression: str, *pathspecs: str) -> list[str]:
    """Return the files that have a match, less tests and those of other configurations; none outside of git."""
    if not tree.has_git:
        return []
    output = git.run_or_none([*_SEARCH, expression, "--", *map(to_native, pathspecs)], tree.top) or b""
    return [
        path
        for path in sorted(decode(output).split("\0")[:-1])
        if write_path_pattern(path)
        and not re.search(r"(^|/)(test_|conftest)|_test\.", path)
        and not find_doubtful_folder(path)
        and not any(path.startswith(f"{folder}/") for folder in governed)
    ]


def _render_rule(paths: Sequence[str], format_name: str) -> Iterator[str]:
    shown = ", ".join(render_scalar(write_path_pattern(path)) for path in paths[:_MAX_FILES])
    more = len(paths) - _MAX_FILES
    note = f"  # and {more:,} more: a pattern may be shorter" if more > 0 else ""
    yield f"- files: [{shown}]{note}"
    yield f"  format: {format_name}"
