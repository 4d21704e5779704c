"""`azure`: issues of Azure Pipelines, as logging commands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prompt_lint.ci.logging_commands import MAX_ISSUES, format_issue
from prompt_lint.output.findings import collect_findings
from prompt_lint.text.escape import escape_line

if TYPE_CHECKING:
    from prompt_lint.model.values import Report
    from prompt_lint.output import View
    from prompt_lint.output.findings import Finding


def render(report: Report, view: View) -> str:
    """Return at most ten errors and ten warnings, the worst first; the last warning says how many are left.

    Azure has no notices.
    """
    findings = collect_findings(report)
    errors = [finding for finding in findings if finding.level == "error"]
    warnings = [finding for finding in findings if finding.level == "warning" and view.verbosity >= 0]
    is_cut = len(errors) > MAX_ISSUES or len(warnings) > MAX_ISSUES
    shown = [*errors[:MAX_ISSUES], *warnings[: MAX_ISSUES - is_cut]]
    commands = [_issue(finding) for finding in shown]
    if is_cut:
        left = len(errors) + len(warnings) - len(shown)
        message = f"Azure keeps {MAX_ISSUES} issues of a type: see the log of this task for {left:,} more."
        commands.append(format_issue("warning", message))
    return "".join(f"{command}\n" for command in commands)


def _issue(finding: Finding) -> str:
    path = {"sourcepath": escape_line(finding.path)} if finding.path else {}
    line = {"linenumber": str(finding.line)} if finding.path and finding.line else {}
    first, *others = finding.lines
    message = "\n".join(map(escape_line, (f"{finding.title}: {first}", *others)))
    return format_issue(finding.level, message, **path, **line, code=finding.kind)
