"""`github`: annotations, as workflow commands.

Sources: the documentation of workflow commands, and how the runner reads them, November 2026.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from prompt_lint.output.findings import LEVELS, collect_findings
from prompt_lint.text.escape import visible
from prompt_lint.text.plural import pluralize

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from prompt_lint.model.values import Report
    from prompt_lint.output import View
    from prompt_lint.output.findings import Finding, Level

# The runner keeps the first annotations of each level in a step, and so many characters of a message.
KEPT = 10
LONGEST = 4_096


def render(report: Report, view: View) -> str:
    """Return at most ten annotations of each level, the worst first; the last notice says how many are left.

    Quietly, errors only.
    """
    findings = [f for f in collect_findings(report) if view.verbosity >= 0 or f.level == "error"]
    by_level = {level: [finding for finding in findings if finding.level == level] for level in LEVELS}
    is_cut = any(len(of_level) > KEPT for of_level in by_level.values())
    room = {level: KEPT - (is_cut and level == "notice") for level in LEVELS}
    commands = [_annotation(finding) for level in LEVELS for finding in by_level[level][: room[level]]]
    if is_cut:
        left = {level: len(of_level) - room[level] for level, of_level in by_level.items()}
        commands.append(_command("notice", {"title": "prompt-lint: more"}, [_describe_rest(left)]))
    return "".join(f"{command}\n" for command in commands)


def _describe_rest(left: Mapping[Level, int]) -> str:
    rest = " and ".join(pluralize(number, f"more {level}") for level, number in left.items() if number > 0)
    return f"GitHub keeps {KEPT} annotations of a level: {rest} are told in the log of this step, or in the summary."


def _annotation(finding: Finding) -> str:
    path = {"file": visible(finding.path)} if finding.path else {}
    line = {"line": str(finding.line)} if finding.path and finding.line else {}
    title = {"title": f"prompt-lint: {finding.title}"}
    return _command(finding.level, path | line | title, finding.lines)


def _command(level: Level, properties: dict[str, str], lines: Sequence[str]) -> str:
    pairs = ",".join(f"{name}={_escape_property(value)}" for name, value in properties.items())
    return f"::{level} {pairs}::{_escape(_join_lines(lines))}"


def _join_lines(lines: Sequence[str]) -> str:
    message = "\n".join(map(visible, lines))
    # The runner looks for `::` by the rules of a language, to which a colon and an accent behind it are one letter.
    message = message if message[:1].isascii() else f" {message}"
    return message if len(message) <= LONGEST else f"{message[: LONGEST - 1]}…"


def _escape(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _escape_property(text: str) -> str:
    return _escape(text).replace(":", "%3A").replace(",", "%2C")
