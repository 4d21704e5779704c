"""`azure`: issues of Azure Pipelines, as logging commands. Facts: their documentation, and how the agent reads them, November 2026."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prompt_lint.output.findings import findings, title
from prompt_lint.text.escape import visible

if TYPE_CHECKING:
    from collections.abc import Sequence

    from prompt_lint.model.values import Report
    from prompt_lint.output import View
    from prompt_lint.output.findings import Finding, Level

# What the agent keeps of each type in a task, first come.
KEPT = 10
LONGEST = 4_096


def render(report: Report, view: View) -> str:
    """At most ten errors and ten warnings, the worst first; the last one tells how many more there are. There are no notices."""
    found = findings(report)
    errors = [one for one in found if one.level == "error"]
    warnings = [one for one in found if one.level == "warning" and view.verbosity >= 0]
    cut = len(errors) > KEPT or len(warnings) > KEPT
    shown = [*errors[:KEPT], *warnings[: KEPT - cut]]
    lines = [_issue(one) for one in shown]
    if cut:
        left = len(errors) + len(warnings) - len(shown)
        told = f"Azure keeps {KEPT} issues of a type: {left:,} more are told in the log of this task."
        lines.append(_command("warning", {}, (told,)))
    return "".join(f"{line}\n" for line in lines)


def _issue(one: Finding) -> str:
    place = {"sourcepath": visible(one.path)} if one.path else {}
    line = {"linenumber": str(one.line)} if one.path and one.line else {}
    return _command(
        one.level, place | line | {"code": one.rule}, (f"{title(one)}: {one.lines[0]}", *one.lines[1:])
    )


def _command(level: Level, properties: dict[str, str], lines: Sequence[str]) -> str:
    told = ";".join(f"{name}={_escaped(value)}" for name, value in ({"type": level} | properties).items())
    message = "\n".join(map(visible, lines))
    message = message if len(message) <= LONGEST else f"{message[: LONGEST - 1]}…"
    return f"##vso[task.logissue {told}]{_escaped(message)}"


def _escaped(text: str) -> str:
    """The agent takes both properties and message apart in the same way."""
    text = text.replace("%", "%AZP25").replace(";", "%3B").replace("]", "%5D")
    return text.replace("\r", "%0D").replace("\n", "%0A")
