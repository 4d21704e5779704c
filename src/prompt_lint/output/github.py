"""`github`: annotations, as workflow commands. Facts: the documentation of workflow commands, and how the runner reads them, November 2026."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prompt_lint.output.findings import LEVELS, findings, title
from prompt_lint.text.escape import visible

if TYPE_CHECKING:
    from collections.abc import Sequence

    from prompt_lint.model.values import Report
    from prompt_lint.output import View
    from prompt_lint.output.findings import Finding, Level

# What the runner keeps of each level in a step, first come; and characters of a message.
KEPT = 10
LONGEST = 4_096


def render(report: Report, view: View) -> str:
    """At most ten of each level, the worst first; the last notice tells how many more there are. Quietly, errors only."""
    shown = [one for one in findings(report) if view.verbosity >= 0 or one.level == "error"]
    by_level = {level: [one for one in shown if one.level == level] for level in LEVELS}
    cut = any(len(found) > KEPT for found in by_level.values())
    room = {level: KEPT - (cut and level == "notice") for level in LEVELS}
    lines = [_annotation(one) for level in LEVELS for one in by_level[level][: room[level]]]
    left = {level: len(found) - room[level] for level, found in by_level.items()}
    if cut:
        lines.append(_command("notice", {"title": "prompt-lint: more"}, (_rest(left),)))
    return "".join(f"{line}\n" for line in lines)


def _rest(left: dict[Level, int]) -> str:
    told = " and ".join(f"{n:,} more {level}{'s' if n > 1 else ''}" for level, n in left.items() if n > 0)
    return f"GitHub keeps {KEPT} annotations of a level: {told} are told in the log of this step, or in the summary."


def _annotation(one: Finding) -> str:
    place = {"file": visible(one.path)} if one.path else {}
    line = {"line": str(one.line)} if one.path and one.line else {}
    return _command(one.level, place | line | {"title": f"prompt-lint: {title(one)}"}, one.lines)


def _command(level: Level, properties: dict[str, str], lines: Sequence[str]) -> str:
    told = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
    return f"::{level} {told}::{_data(_message(lines))}"


def _message(lines: Sequence[str]) -> str:
    message = "\n".join(map(visible, lines))
    # The runner looks for `::` by the rules of a language, to which a colon and an accent behind it are one letter.
    message = message if message[:1].isascii() else f" {message}"
    return message if len(message) <= LONGEST else f"{message[: LONGEST - 1]}…"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
