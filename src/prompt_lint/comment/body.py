"""The text of a comment: a hidden mark to find it by, what changed or fails, and the run that says so."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

from prompt_lint.comment.target import RunId
from prompt_lint.output.markdown import COMMENT, render_within
from prompt_lint.output.markdown_pieces import format_name
from prompt_lint.output.phrases import has_disputed_count
from prompt_lint.output.verdict_line import describe_verdict

if TYPE_CHECKING:
    from collections.abc import Callable

    from prompt_lint.model.values import Prompt, Report

_MARK = re.compile(r"<!-- prompt-lint ([0-9a-f]{16}) run ([0-9]{1,18})\.([0-9]{1,9}) -->")
_NO_REPORT = "⚠️ The latest run has ended without a result: "


def has_news(report: Report | None) -> bool:
    """Return whether something fails, has changed, or was counted otherwise by a gateway."""
    if report is None:
        return False
    if report.exit_code or report.problems or report.loosened or report.removed or has_disputed_count(report):
        return True
    return any(verdict.fails or verdict.has_changed for verdict in report.verdicts)


def describe_no_news(report: Report, format_name: Callable[[Prompt], str]) -> str:
    """Return the verdict of a report without news: nothing has changed only where something was compared."""
    verdict = describe_verdict(report, format_name).text
    if not report.verdicts:
        return verdict
    return f"{verdict}; {'no prompt has changed' if report.base else 'nothing was compared with a base'}"


def render_body(report: Report | None, key: str, run: RunId, run_url: str) -> str:
    """Return the whole comment, of no more characters than GitHub takes.

    `report` may be a stranger's: of its texts, only what `render_within` escapes is printed.
    """
    mark = f"<!-- prompt-lint {_digest(key)} run {run.number}.{run.attempt} -->\n"
    if report is None:
        return f"{mark}{_NO_REPORT}{f'[its log]({run_url})' if run_url else 'its log'} says why.\n"
    footer = f"\n<sub>prompt-lint, [from this run]({run_url})</sub>\n" if run_url else ""
    if not has_news(report):
        sign = describe_verdict(report, format_name).mark
        return f"{mark}{sign} {describe_no_news(report, format_name)}.\n{footer}"
    return f"{mark}{render_within(report, COMMENT - _size(mark + footer), _size)}{footer}"


def parse_mark(body: str, key: str) -> RunId | None:
    """Return the run that wrote a comment, None where its mark is missing or has another key."""
    match = _MARK.match(body)
    return RunId(int(match[2]), int(match[3])) if match and match[1] == _digest(key) else None


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode("utf-8", "surrogateescape")).hexdigest()[:16]


def _size(text: str) -> int:
    """Return the size in characters, as GitHub counts them: in UTF-16, where some are two."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
