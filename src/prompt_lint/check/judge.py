"""Count, limit and base → status. Pure: no I/O, no formatting."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prompt_lint.model.errors import ExitCode, find_worst_code
from prompt_lint.model.rules import Exemption
from prompt_lint.model.values import Note, Verdict

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from prompt_lint.model.counts import Count
    from prompt_lint.model.rules import MaxGrowth, Rule
    from prompt_lint.model.values import Problem, Prompt, Report

    # Exemptions with the paths of their prompts.
    Exemptions = Sequence[tuple[Exemption, Collection[str]]]


def judge_count(prompt: Prompt, model: str, rule: Rule, count: Count | None) -> Verdict:
    """Compare a count with its limit. It decides only where its whole interval is on one side."""
    verdict = Verdict(prompt, model, rule, rule.limits_for(prompt.name).get(model), count, "ok")
    limit, own_limit = verdict.limit, verdict.own_limit
    if count is None:
        return verdict._replace(status="uncounted")
    if limit is None or own_limit is None:
        return verdict
    if count.low > own_limit:
        return verdict._replace(status="over", over_by=count.tokens - own_limit)
    if count.high > own_limit:
        return verdict._replace(status="unsure")
    is_near = rule.warn_at < 1 and count.tokens + rule.reserve >= rule.warn_at * limit
    return verdict._replace(status="warn") if is_near else verdict


def judge_growth(verdict: Verdict) -> Verdict:
    """Return the verdict as `grew` where a prompt within its limit has grown by more than its rule allows.

    The growth is the difference of two counts of one source, whose errors are nearly the same: no interval is taken off.
    """
    base, growth = verdict.base_count, verdict.growth
    is_within_limit = verdict.status in {"ok", "warn", "unsure"}
    if base and growth and is_within_limit and exceeds_growth(verdict.rule.max_growth, base.tokens, growth):
        return verdict._replace(status="grew")
    return verdict


def exceeds_growth(allowed: MaxGrowth | None, base_tokens: int, growth: int) -> bool:
    """Return whether `growth` is more than is allowed. Where tokens and a share are given, both must be exceeded."""
    if allowed is None:
        return False
    tokens, share = allowed
    return (tokens is None or growth > tokens) and (share is None or growth * 1_000_000 > share * base_tokens)


def apply_exemption(verdict: Verdict, exemptions: Exemptions, today: str) -> Verdict:
    """Exempt a prompt over its limit by the last exemption that matches it, unless that has expired.

    With a base it is exempt as it is without one, whether or not this change made it worse.
    """
    if verdict.status not in {"over", "grew"}:
        return verdict
    exemption = _find_exemption(verdict.prompt.path, exemptions)
    if exemption is None or not _is_valid(exemption, today):
        return verdict._replace(exemption=exemption)
    return verdict._replace(exemption=exemption, status="exempt", is_preexisting=False)


def list_exempt_paths(exemptions: Exemptions, today: str) -> set[str]:
    """Return the paths whose last exemption is valid, whether or not their prompts need it."""
    by_path = {path: exemption for exemption, paths in exemptions for path in paths}
    return {path for path, exemption in by_path.items() if _is_valid(exemption, today)}


def _find_exemption(path: str, exemptions: Exemptions) -> Exemption | None:
    return next((exemption for exemption, paths in reversed(exemptions) if path in paths), None)


def _is_valid(exemption: Exemption, today: str) -> bool:
    return not exemption.until or today <= exemption.until


def apply_exemptions_to_problems(
    problems: Iterable[Problem], exemptions: Exemptions, today: str
) -> tuple[list[Problem], list[Note]]:
    """Return the problems that fail, and a note for each that is exempt: a prompt may also break a rule of its tool for a while.

    What can't be read or counted is never exempt.
    """
    failing, notes = [], []
    for problem in problems:
        exemption = _find_exemption(problem.path, exemptions)
        if problem.exit_code is ExitCode.OVER_LIMIT and exemption and _is_valid(exemption, today):
            notes.append(Note(f"exempt: {problem.message}", problem.path, problem.line))
        else:
            failing.append(problem)
    return failing, notes


def accept_by_label(verdict: Verdict, label: str) -> Verdict:
    """Exempt what fails for its size, where a label of the pull request says so; "" is no label."""
    if not label or not verdict.fails:
        return verdict
    return verdict._replace(exemption=Exemption((), "", "", 0, label), status="exempt")


def mark_preexisting(verdict: Verdict) -> Verdict:
    """Mark a verdict over its limit that this change didn't make worse. What can't be compared may have become worse."""
    is_worse = verdict.growth is None or verdict.growth > 0
    return verdict._replace(is_preexisting=verdict.status == "over" and not is_worse)


def decide_exit_code(report: Report, *, exit_zero: bool = False) -> ExitCode:
    """Return the exit code of a report. With `exit_zero`, what is over doesn't matter."""
    codes = {problem.exit_code for problem in report.problems}
    is_loosened = bool(report.loosened) and report.on_raise == "fail"
    is_over = is_loosened or any(verdict.fails for verdict in report.verdicts)
    is_uncounted = any(verdict.status == "uncounted" for verdict in report.verdicts)
    if exit_zero:
        codes.discard(ExitCode.OVER_LIMIT)
    return find_worst_code(codes, is_over=is_over and not exit_zero, is_uncounted=is_uncounted)
