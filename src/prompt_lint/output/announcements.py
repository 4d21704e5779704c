"""What a run says of itself beside its report, such as an output that can't be written: lines on stderr; on GitHub and Azure, annotations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prompt_lint.ci.logging_commands import format_issue, has_agent
from prompt_lint.ci.workflow_commands import format_command, has_runner
from prompt_lint.output.terminal import write_stderr
from prompt_lint.text.escape import escape_line

if TYPE_CHECKING:
    from collections.abc import Mapping

    from prompt_lint.output.findings import Level


def announce(env: Mapping[str, str], level: Level, message: str, hint: str = "") -> None:
    """Write a message, and what to do next, to stderr. GitHub's runner and Azure's agent read commands there as on stdout."""
    text = "\n".join(map(escape_line, (message, *filter(None, hint.split("\n")))))
    if has_runner(env):
        write_stderr(f"{format_command(level, text, title='prompt-lint')}\n")
    elif has_agent(env):
        write_stderr(f"{format_issue(level, text)}\n")
    else:
        write_stderr(format_message(level, message, hint))


def format_message(level: Level, message: str, hint: str = "") -> str:
    """Return a message with its hint below it, each line of it escaped."""
    lines = [f"{level}: {escape_line(message)}", *(escape_line(line) for line in hint.split("\n") if hint)]
    return "".join(f"{line}\n" for line in lines)
