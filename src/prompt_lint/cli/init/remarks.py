"""What `init` says about files that look like prompts and that no rule takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prompt_lint.cli.init.config_text import render_scalar
from prompt_lint.cli.init.draft import Remark
from prompt_lint.cli.init.file_patterns import escape_path, write_path_pattern
from prompt_lint.cli.init.folders import find_doubtful_folder
from prompt_lint.text.escape import escape_line
from prompt_lint.text.plural import pluralize

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from prompt_lint.cli.init.survey import Finding, Survey
    from prompt_lint.config.rule_matching import RuleMatcher

_MAX_LINES = 10


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
