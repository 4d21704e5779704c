"""Count and limit → status. Pure: no I/O, no formatting."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prompt_lint.errors import Exit
from prompt_lint.model import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from prompt_lint.model import Count, Problem, Prompt, Rule


def judge(prompt: Prompt, model: str, rule: Rule, count: Count | None) -> Verdict:
    """A count decides only where its whole interval lies on one side of the limit."""
    limit = rule.limits_of(prompt.name).get(model)
    if count is None:
        return Verdict(prompt, model, rule, limit, None, "uncounted")
    tokens, low, high, *_ = count
    if limit is None or (high <= limit and not (rule.warn_at < 1 and tokens >= rule.warn_at * limit)):
        return Verdict(prompt, model, rule, limit, count, "ok")
    if low > limit:
        return Verdict(prompt, model, rule, limit, count, "over", tokens - limit)
    return Verdict(prompt, model, rule, limit, count, "unsure" if high > limit else "warn")


def settles(count: Count, limit: int | None) -> bool:
    """Whether a count is enough to judge by: verified, and on one side of the limit."""
    return not count.unverified and (limit is None or count.low > limit or count.high <= limit)


def exit_code(verdicts: Sequence[Verdict], problems: Iterable[Problem]) -> Exit:
    """A fault of the configuration first (it may hide anything), then what is over, then what is not known."""
    problems = list(problems)
    asked = {problem.code for problem in problems}
    if Exit.USAGE in asked:
        return Exit.USAGE
    if Exit.OVER in asked or any(verdict.failed for verdict in verdicts):
        return Exit.OVER
    if problems or any(verdict.status == "uncounted" for verdict in verdicts):
        return Exit.UNCOUNTED
    return Exit.OK
