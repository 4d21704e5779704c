"""Where each output of a run goes: to stdout, to files, and in CI to where its people look. And how it gets there."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from prompt_lint.ci.workflow_commands import append_summary, count_bytes, has_runner
from prompt_lint.model.errors import Fatal
from prompt_lint.output import OUTPUTS
from prompt_lint.output.terminal import wants_color, write_file, write_stderr, write_stdout
from prompt_lint.text.escape import visible

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from prompt_lint.model.values import Report
    from prompt_lint.output import View

_NOT_TWICE = "each output needs a file of its own"
_STDOUT = "stdout is where --output-format goes without -o"


class Flags(NamedTuple):
    """What the command line says of outputs. No `format` is what nobody chose; `outputs` are formats with their files."""

    format: str | None = None
    file: str | None = None
    outputs: Sequence[tuple[str, str]] = ()


class Target(NamedTuple):
    """A format and its place: a file, or stdout without one. A file that is shared with others is `added` to."""

    format: str
    file: str = ""
    added: bool = False


def targets(env: Mapping[str, str], flags: Flags) -> list[Target]:
    """Stdout last, so that the files are there if it is lost. Raises `Fatal` where two outputs would go to one file.

    Unless a format was chosen, GitHub and Azure get annotations on stdout, behind the text; GitHub's summary of the job
    gets the report as Markdown, beside what other steps have written there. GitLab takes no more than files.
    """
    chosen = flags.format or "text"
    files = [Target(*one) for one in flags.outputs]
    files += [Target(chosen, flags.file)] if flags.file else []
    stdout = [] if flags.file else [Target(chosen)]
    paths = {os.path.abspath(one.file) for one in files}
    if len(paths) < len(files) or "-" in {one.file for one in files}:
        raise Fatal(_NOT_TWICE, _STDOUT)
    if not flags.format and has_runner(env):
        summary = env.get("GITHUB_STEP_SUMMARY", "")
        files += (
            [Target("markdown", summary, added=True)]
            if summary and os.path.abspath(summary) not in paths
            else []
        )
        stdout.append(Target("github"))
    elif not flags.format and env.get("TF_BUILD", "").lower() == "true":
        stdout.append(Target("azure"))
    return [*files, *stdout]


def deliver(
    report: Report,
    chosen: Sequence[Target],
    view: View,
    color: str,
    env: Mapping[str, str],
    text: Callable[[Report, View], str] | None = None,
) -> str:
    """Writes all that was chosen, and returns what went to stdout. `text` stands in for the usual text.

    Raises `Fatal` for what could not be written, once all the rest is. What is lost of a file that nobody asked for
    is only worth a warning.
    """
    lost = []

    def rendered(name: str, how: View) -> str:
        return text(report, how) if text and name == "text" else OUTPUTS[name].render(report, how)

    for one in chosen:
        try:
            if one.added:
                _append_to_summary(one.file, report)
            elif one.file:
                write_file(one.file, rendered(one.format, view))
        except Fatal as error:
            lost.append(error)
    colored = view._replace(color=wants_color(color, env))
    told = [rendered(one.format, colored) for one in chosen if not one.file]
    if told:
        write_stdout("".join(told))
    if lost:
        # What is known outweighs that it could not be written: the exit code is that of the report.
        raise Fatal(lost[0].message, lost[0].hint, report.exit_code or lost[0].exit_code)
    return "".join(told)


def _append_to_summary(path: str, report: Report) -> None:
    """Append the report, shortened to what room is left. What can't be written is worth a warning."""
    from prompt_lint.output.markdown import render_within  # noqa: PLC0415  # on GitHub only

    try:
        is_written = append_summary(path, lambda room: render_within(report, room, count_bytes), "\n\n")
        fault = "" if is_written else "it is full"
    except OSError as error:
        fault = error.strerror or "it can't be written"
    if fault:
        write_stderr(f"warning: the summary of the job lacks the report: {visible(path)}: {visible(fault)}\n")
