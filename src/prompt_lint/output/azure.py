"""`azure`: issues of Azure Pipelines, as logging commands.

Sources: their documentation, and how the agent reads them, November 2026.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from prompt_lint.output.findings import collect_findings
from prompt_lint.text.escape import escape_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from prompt_lint.model.values import Report
    from prompt_lint.output import View
    from prompt_lint.output.findings import Finding, Level

# The agent keeps so many issues of a type in a task, the first ones.
MAX_ISSUES = 10
MAX_MESSAGE_LENGTH = 4_096


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
        message = f"Azure keeps {MAX_ISSUES} issues of a type: {left:,} more are in the log of this task."
        commands.append(_command("warning", {}, [message]))
    return "".join(f"{command}\n" for command in commands)


def _issue(finding: Finding) -> str:
    path = {"sourcepath": escape_line(finding.path)} if finding.path else {}
    line = {"linenumber": str(finding.line)} if finding.path and finding.line else {}
    first, *others = finding.lines
    lines = [f"{finding.title}: {first}", *others]
    return _command(finding.level, path | line | {"code": finding.kind}, lines)


def _command(level: Level, properties: dict[str, str], lines: Sequence[str]) -> str:
    pairs = ";".join(f"{name}={_escape(value)}" for name, value in ({"type": level} | properties).items())
    message = "\n".join(map(escape_line, lines))
    message = message if len(message) <= MAX_MESSAGE_LENGTH else f"{message[: MAX_MESSAGE_LENGTH - 1]}…"
    return f"##vso[task.logissue {pairs}]{_escape(message)}"


def _escape(text: str) -> str:
    """Escape a property or a message: the agent reads both in the same way."""
    text = text.replace("%", "%AZP25").replace(";", "%3B").replace("]", "%5D")
    return text.replace("\r", "%0D").replace("\n", "%0A")
