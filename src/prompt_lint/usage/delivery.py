"""How a usage report is delivered: its formats, its summary of the job, and warnings on stderr."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prompt_lint.ci.workflow_commands import count_bytes, format_command, has_runner
from prompt_lint.model.errors import ExitCode
from prompt_lint.output import OUTPUTS
from prompt_lint.output.delivery import Document, deliver
from prompt_lint.output.terminal import write_stderr
from prompt_lint.text.escape import escape_line
from prompt_lint.usage.output import USAGE_OUTPUTS
from prompt_lint.usage.sentences import describe_result, explain_cut_window, write_headline

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from prompt_lint.model.values import Report
    from prompt_lint.output import View
    from prompt_lint.output.delivery import OutputOptions, Target
    from prompt_lint.usage.values import UsageReport

_NAME = "report"


def deliver_report(
    report: UsageReport, targets: Sequence[Target], options: OutputOptions, env: Mapping[str, str]
) -> ExitCode:
    def render(name: str, view: View) -> str:
        return USAGE_OUTPUTS[name].render(report, color=view.color)

    def render_summary(room: int) -> str:
        page = USAGE_OUTPUTS["markdown"].render(report)
        headline = f"**{write_headline(report.trends)}** The rest didn't fit.\n"
        return next((text for text in (page, headline) if count_bytes(text) <= room), "")

    exit_code = ExitCode.OVER_LIMIT if report.met_conditions else ExitCode.OK
    return deliver(Document(render, exit_code, _NAME, render_summary), targets, options, env)


def make_fault_document(report: Report) -> Document:
    """Return what is delivered where there is no usage report: a `report` of nothing but what has ended the run."""

    def render(name: str, view: View) -> str:
        own = USAGE_OUTPUTS.get(name)
        return own.render_faults(report.problems) if own else OUTPUTS[name].render(report, view)

    def render_summary(room: int) -> str:
        page = USAGE_OUTPUTS["markdown"].render_faults(report.problems)
        return page if count_bytes(page) <= room else ""

    return Document(render, report.exit_code, _NAME, render_summary)


def write_warnings(report: UsageReport, targets: Sequence[Target], env: Mapping[str, str]) -> None:
    """Warn of a window that was cut and of conditions that are met, on stderr, since stdout may be JSON.

    On GitHub the warnings are annotations, which the runner reads there, too. The text output has the same sentences.
    """
    results = (describe_result(result, report.trends.data.currency) for result in report.met_conditions)
    is_shown = any(target.format == "text" and not target.file for target in targets)
    for sentence in filter(None, (explain_cut_window(report.trends), *results)):
        text = escape_line(sentence)
        if has_runner(env):
            write_stderr(f"{format_command('warning', text, title='Claude usage and cost')}\n")
        elif not is_shown:
            write_stderr(f"warning: {text}\n")
