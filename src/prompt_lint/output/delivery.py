"""Where each output of a run goes, and how it gets there: stdout, files, and in CI where its people look."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from prompt_lint.ci.workflow_commands import append_summary, count_bytes, has_runner
from prompt_lint.model.errors import Fatal
from prompt_lint.output import OUTPUTS, View
from prompt_lint.output.terminal import wants_color, write_file, write_stderr, write_stdout
from prompt_lint.text.escape import escape_line

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from prompt_lint.model.values import Report


class OutputOptions(NamedTuple):
    """What the command line says of outputs. `output_format` is None where none was chosen.

    `outputs` are further formats with their files. `color` is `auto`, `always` or `never`.
    """

    output_format: str | None = None
    output_file: str | None = None
    outputs: Sequence[tuple[str, str]] = ()
    verbose: bool = False
    quiet: bool = False
    color: str = "auto"


class Target(NamedTuple):
    """An output format and its file; without a file it goes to stdout. `is_summary` marks GitHub's, which is appended to."""

    format: str
    file: str = ""
    is_summary: bool = False


def choose_targets(options: OutputOptions, env: Mapping[str, str]) -> list[Target]:
    """Return what to write, stdout last, so that the files exist if it is lost.

    Unless a format was chosen, GitHub and Azure get annotations on stdout, behind the text; GitHub's summary of the job
    gets the report as Markdown. GitLab takes files alone. Raises `Fatal` where two outputs would go to one file.
    """
    chosen = options.output_format or "text"
    files = [Target(*output) for output in options.outputs]
    files += [Target(chosen, options.output_file)] if options.output_file else []
    stdout = [] if options.output_file else [Target(chosen)]
    paths = {os.path.abspath(target.file) for target in files}
    if len(paths) < len(files) or "-" in {target.file for target in files}:
        raise Fatal("each output needs a file of its own", "stdout is where --output-format goes without -o")
    if not options.output_format and has_runner(env):
        summary = env.get("GITHUB_STEP_SUMMARY", "")
        if summary and os.path.abspath(summary) not in paths:
            files.append(Target("markdown", summary, is_summary=True))
        stdout.append(Target("github"))
    elif not options.output_format and env.get("TF_BUILD", "").lower() == "true":
        stdout.append(Target("azure"))
    return [*files, *stdout]


def deliver_report(
    report: Report,
    targets: Sequence[Target],
    options: OutputOptions,
    env: Mapping[str, str],
    render_text: Callable[[Report, View], str] | None = None,
) -> None:
    """Write the report to all targets, `render_text` instead of the usual text.

    Raises `Fatal` for the first target that couldn't be written, after all others were. Its exit code is that of the
    report, unless the report is fine. A summary that couldn't be written is only a warning: no option asked for it.
    """
    view = View(color=False, verbosity=options.verbose - options.quiet)

    def render(target: Target, view: View) -> str:
        own_text = render_text if target.format == "text" else None
        return (own_text or OUTPUTS[target.format].render)(report, view)

    failures = []
    for target in targets:
        if target.is_summary:
            _append_to_summary(report, target.file)
        elif target.file:
            try:
                write_file(target.file, render(target, view))
            except Fatal as error:
                failures.append(error)
    view = view._replace(color=wants_color(options.color, env))
    on_stdout = [render(target, view) for target in targets if not target.file]
    if on_stdout:
        write_stdout("".join(on_stdout))
    if failures:
        first = failures[0]
        raise Fatal(first.message, first.hint, report.exit_code or first.exit_code)


def _append_to_summary(report: Report, path: str) -> None:
    """Append the report, cut to the room that is left; warn where it can't be written."""
    from prompt_lint.output.markdown import render_within  # noqa: PLC0415  # on GitHub only

    try:
        is_written = append_summary(path, lambda room: render_within(report, room, count_bytes), "\n\n")
        fault = "" if is_written else "it is full"
    except OSError as error:
        fault = error.strerror or "it can't be written"
    if fault:
        write_stderr(
            f"warning: the summary of the job lacks the report: {escape_line(path)}: {escape_line(fault)}\n"
        )
