"""Count, limit and base → status. Pure: no I/O, no formatting."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prompt_lint.model.errors import Exit
from prompt_lint.model.values import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from prompt_lint.model.values import Count, Exemption, Growth, Prompt, Report, Rule, Standing

    # Exemptions with what tells whether they concern a path.
    Exemptions = Sequence[tuple[Exemption, Callable[[str], bool]]]


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


def compared(
    verdict: Verdict, standing: Standing, base: Count | None, growth: int | None, renamed_from: str = ""
) -> Verdict:
    """The verdict with the base beside it. Growth beyond what the rule allows is told under the limit, too.

    `growth` is the difference of two counts of the same means, whose errors are nearly the same: no interval is taken off.
    """
    found = verdict._replace(standing=standing, base=base, growth=growth, renamed_from=renamed_from)
    if base and growth and found.status in {"ok", "warn", "unsure"}:
        return found._replace(
            status="grew" if grew(found.rule.max_growth, base.tokens, growth) else found.status
        )
    return found


def grew(allowed: Growth | None, before: int, growth: int) -> bool:
    """Whether `growth` on top of `before` tokens is more than is allowed; all that is given has to be exceeded."""
    if allowed is None or growth <= 0:
        return False
    tokens, share = allowed
    return (tokens is None or growth > tokens) and (share is None or growth * 1_000_000 > share * before)


def excused(verdict: Verdict, exemptions: Exemptions, today: str) -> Verdict:
    """An exemption that holds for the prompt takes the failure away, until its day has passed; the last one counts."""
    if verdict.status not in {"over", "grew"}:
        return verdict
    mine = [one for one, matches in exemptions if matches(verdict.prompt.path)]
    if not mine:
        return verdict
    holds = not mine[-1].until or today <= mine[-1].until
    return verdict._replace(exemption=mine[-1], status="exempt" if holds else verdict.status)


def inherited(verdict: Verdict) -> Verdict:
    """What this change didn't make worse isn't blamed on it. What can't be compared may have become worse."""
    worse = verdict.growth is None or verdict.growth > 0
    return verdict._replace(inherited=verdict.status == "over" and not worse)


def exit_code(report: Report, *, exit_zero: bool = False) -> Exit:
    """A fault of the configuration first (it may hide anything), then what is over, then what is not known.

    With `exit_zero`, what is over doesn't matter.
    """
    asked = {problem.code for problem in report.problems}
    if Exit.USAGE in asked:
        return Exit.USAGE
    loosened = bool(report.loosened) and report.on_raise == "fail"
    over = loosened or Exit.OVER in asked or any(verdict.failed for verdict in report.verdicts)
    if over and not exit_zero:
        return Exit.OVER
    if Exit.UNCOUNTED in asked or any(verdict.status == "uncounted" for verdict in report.verdicts):
        return Exit.UNCOUNTED
    return Exit.OK
