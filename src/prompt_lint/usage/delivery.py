"""Where the outputs of a report go: files, GitHub's summary of the job, stdout, and warnings on stderr."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from prompt_lint.ci.workflow_commands import append_summary, count_bytes, format_command, has_runner
from prompt_lint.model.errors import ExitCode, Fatal
from prompt_lint.output.terminal import wants_color, write_file, write_stderr, write_stdout
from prompt_lint.text.escape import escape_line
from prompt_lint.usage.output import USAGE_OUTPUTS
from prompt_lint.usage.sentences import describe_result, explain_cut_window, write_headline

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from prompt_lint.output.delivery import OutputOptions
    from prompt_lint.usage.values import UsageReport


class Targets(NamedTuple):
    """Files with their formats, the format of stdout ("" for none), and GitHub's summary ("" elsewhere)."""

    files: Sequence[tuple[str, str]]
    stdout: str
    summary: str


def choose_targets(env: Mapping[str, str], output: OutputOptions, check_file: str | None) -> Targets:
    """Raises `Fatal` where two outputs would be one file, or one would overwrite `check_file`."""
    output_format = output.output_format or "text"
    files = [*output.outputs, *([(output_format, output.output_file)] if output.output_file else [])]
    paths = [os.path.realpath(path) for _, path in files]
    if len(set(paths)) < len(paths) or "-" in [path for _, path in files]:
        raise Fatal("each output needs a file of its own", "stdout is where --output-format goes without -o")
    summary = env.get("GITHUB_STEP_SUMMARY", "")
    if summary and os.path.realpath(summary) in paths:
        raise Fatal("the step summary gets the report by itself", "leave out that --output")
    if check_file and any(_is_same_file(check_file, path) for path in filter(None, (*paths, summary))):
        raise Fatal(
            f"the report would overwrite {check_file}, which --check reads", "name another file for it"
        )
    return Targets(files, "" if output.output_file else output_format, summary)


def _is_same_file(path: str, other: str) -> bool:
    """Also by another name: a link, or other letters where their case doesn't matter."""
    try:
        return os.path.samefile(path, other)
    except OSError:  # a file that doesn't exist is no other file
        return False


def deliver_report(report: UsageReport, targets: Targets, env: Mapping[str, str], color: str) -> None:
    """Write all outputs, stdout last, so that the files exist if it fails.

    Raises `Fatal` for the first that couldn't be written, once all others are.
    """
    failures = []
    for name, path in targets.files:
        try:
            write_file(path, USAGE_OUTPUTS[name].render(report))
        except Fatal as error:
            failures.append(error)
    try:
        _append_summary(report, targets.summary)
    except Fatal as error:
        failures.append(error)
    if targets.stdout:
        write_stdout(USAGE_OUTPUTS[targets.stdout].render(report, color=wants_color(color, env)))
    if failures:
        first = failures[0]
        raise Fatal(
            first.message, first.hint, ExitCode.OVER_LIMIT if report.met_conditions else first.exit_code
        )


def _append_summary(report: UsageReport, path: str) -> None:
    """Append the report to what other steps have written there; what doesn't fit is left out."""
    if not path:
        return
    page = USAGE_OUTPUTS["markdown"].render(report)
    headline = f"**{write_headline(report.trends)}** The rest didn't fit.\n"
    try:
        append_summary(
            path, lambda room: next((text for text in (page, headline) if count_bytes(text) <= room), "")
        )
    except OSError as error:
        raise Fatal(
            f"could not write the step summary: {error.strerror}", exit_code=ExitCode.UNCOUNTED
        ) from None


def write_warnings(report: UsageReport, targets: Targets, env: Mapping[str, str]) -> None:
    """Warn of a window that was cut and of conditions that are met, on stderr, since stdout may be JSON.

    On GitHub the warnings are annotations, which the runner reads there, too. The text output has the same sentences.
    """
    results = (describe_result(result, report.trends.data.currency) for result in report.met_conditions)
    for sentence in filter(None, (explain_cut_window(report.trends), *results)):
        text = escape_line(sentence)
        if has_runner(env):
            write_stderr(f"{format_command('warning', text, title='Claude usage and cost')}\n")
        elif targets.stdout != "text":
            write_stderr(f"warning: {text}\n")
