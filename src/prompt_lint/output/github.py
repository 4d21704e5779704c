"""`github`: annotations, as workflow commands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prompt_lint.ci.workflow_commands import MAX_ANNOTATIONS, format_command
from prompt_lint.output.findings import LEVELS, collect_findings
from prompt_lint.text.escape import escape_line
from prompt_lint.text.plural import pluralize

if TYPE_CHECKING:
    from collections.abc import Mapping

    from prompt_lint.model.values import Report
    from prompt_lint.output import View
    from prompt_lint.output.findings import Finding, Level


def render(report: Report, view: View) -> str:
    """Return at most ten annotations of each level, the worst first; the last notice says how many are left.

    Quietly, errors only.
    """
    findings = [f for f in collect_findings(report) if view.verbosity >= 0 or f.level == "error"]
    by_level = {level: [finding for finding in findings if finding.level == level] for level in LEVELS}
    is_cut = any(len(of_level) > MAX_ANNOTATIONS for of_level in by_level.values())
    room = {level: MAX_ANNOTATIONS - (is_cut and level == "notice") for level in LEVELS}
    commands = [_annotation(finding) for level in LEVELS for finding in by_level[level][: room[level]]]
    if is_cut:
        left = {level: len(of_level) - room[level] for level, of_level in by_level.items()}
        commands.append(format_command("notice", _describe_rest(left), title="prompt-lint: more"))
    return "".join(f"{command}\n" for command in commands)


def _describe_rest(left: Mapping[Level, int]) -> str:
    rest = " and ".join(pluralize(number, f"more {level}") for level, number in left.items() if number > 0)
    return f"GitHub keeps {MAX_ANNOTATIONS} annotations of a level: see the log of this step, or the summary, for {rest}."


def _annotation(finding: Finding) -> str:
    path = {"file": escape_line(finding.path)} if finding.path else {}
    line = {"line": str(finding.line)} if finding.path and finding.line else {}
    message = "\n".join(map(escape_line, finding.lines))
    return format_command(finding.level, message, **path, **line, title=f"prompt-lint: {finding.title}")
