"""The text of a comment: a hidden mark to find it by, what changed or fails, and the run that says so."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from typing import TYPE_CHECKING

from prompt_lint.comment.pull_request import RunId
from prompt_lint.output.markdown.pieces import format_name
from prompt_lint.output.markdown.report import COMMENT, render_within
from prompt_lint.output.phrases import is_accepted
from prompt_lint.output.verdict_line import describe_verdict
from prompt_lint.text.plural import pluralize

if TYPE_CHECKING:
    from collections.abc import Callable

    from prompt_lint.model.values import Prompt, Report

_MARK = re.compile(r"<!-- prompt-lint ([0-9a-f]{16}) run ([0-9]{1,18})\.([0-9]{1,9}) -->")
_NO_REPORT = "⚠️ The latest run has ended without a result: "


def has_news(report: Report, min_delta: int) -> bool:
    """Return whether something fails, is accepted by a label, has changed by `min_delta` tokens, or was counted otherwise by a gateway."""
    if report.exit_code or report.problems or report.loosened:
        return True
    if any(verdict.fails or verdict.is_disputed or is_accepted(verdict) for verdict in report.verdicts):
        return True
    return _has_changed_by(report, min_delta)


def _has_changed_by(report: Report, min_delta: int) -> bool:
    """Return whether the prompts of a model have changed by so many tokens. What grew isn't set off against what shrank.

    A change that nobody can measure is one.
    """
    deltas: Counter[tuple[str, bool]] = Counter()
    for removed in report.removed:
        deltas[removed.model, removed.prompt.is_group] += removed.base_count.tokens
    for verdict in report.verdicts:
        if verdict.has_changed:
            if verdict.growth_count is None:
                return True
            deltas[verdict.model, verdict.prompt.is_group] += abs(verdict.growth_count.tokens)
    return any(delta >= min_delta for delta in deltas.values())


def describe_no_news(report: Report, min_delta: int, format_name: Callable[[Prompt], str]) -> str:
    """Return the verdict of a report without news: nothing has changed only where something was compared."""
    verdict = describe_verdict(report, format_name).text
    if not report.verdicts:
        return verdict
    if not report.base:
        return f"{verdict}; nothing was compared with a base"
    if report.removed or any(verdict.has_changed for verdict in report.verdicts):
        return f"{verdict}; the prompts have changed by fewer than {pluralize(min_delta, 'token')}"
    return f"{verdict}; no prompt has changed"


def render_body(report: Report | None, key: str, run: RunId, run_url: str, min_delta: int = 0) -> str:
    """Return the whole comment, of no more characters than GitHub takes.

    `report` may be a stranger's: of its texts, only what `render_within` escapes is printed.
    """
    mark = f"<!-- prompt-lint {_digest(key)} run {run.number}.{run.attempt} -->\n"
    if report is None:
        return f"{mark}{_NO_REPORT}{f'[its log]({run_url})' if run_url else 'its log'} says why.\n"
    footer = f"\n<sub>prompt-lint, [from this run]({run_url})</sub>\n" if run_url else ""
    if not has_news(report, min_delta):
        sign = describe_verdict(report, format_name).mark
        return f"{mark}{sign} {describe_no_news(report, min_delta, format_name)}.\n{footer}"
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
