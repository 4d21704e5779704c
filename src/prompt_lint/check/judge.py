"""Count, limit and base → status. Pure: no I/O, no formatting."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prompt_lint.model.errors import ExitCode
from prompt_lint.model.values import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from prompt_lint.model.values import ChangeKind, Count, Exemption, MaxGrowth, Prompt, Report, Rule

    # Exemptions with what tells whether they concern a path.
    Exemptions = Sequence[tuple[Exemption, Callable[[str], bool]]]


def judge_count(prompt: Prompt, model: str, rule: Rule, count: Count | None) -> Verdict:
    """A count decides only where its whole interval lies on one side of the limit."""
    limit = rule.limits_for(prompt.name).get(model)
    if count is None:
        return Verdict(prompt, model, rule, limit, None, "uncounted")
    tokens, low, high, *_ = count
    if limit is None or (high <= limit and not (rule.warn_at < 1 and tokens >= rule.warn_at * limit)):
        return Verdict(prompt, model, rule, limit, count, "ok")
    if low > limit:
        return Verdict(prompt, model, rule, limit, count, "over", tokens - limit)
    return Verdict(prompt, model, rule, limit, count, "unsure" if high > limit else "warn")


def add_base(
    verdict: Verdict, standing: ChangeKind, base: Count | None, growth: int | None, renamed_from: str = ""
) -> Verdict:
    """The verdict with the base beside it. Growth beyond what the rule allows is told under the limit, too.

    `growth` is the difference of two counts of the same means, whose errors are nearly the same: no interval is taken off.
    """
    found = verdict._replace(change=standing, base_count=base, growth=growth, renamed_from=renamed_from)
    if base and growth and found.status in {"ok", "warn", "unsure"}:
        return found._replace(
            status="grew" if exceeds_growth(found.rule.max_growth, base.tokens, growth) else found.status
        )
    return found


def exceeds_growth(allowed: MaxGrowth | None, before: int, growth: int) -> bool:
    """Whether `growth` on top of `before` tokens is more than is allowed; all that is given has to be exceeded."""
    if allowed is None or growth <= 0:
        return False
    tokens, share = allowed
    return (tokens is None or growth > tokens) and (share is None or growth * 1_000_000 > share * before)


def apply_exemption(verdict: Verdict, exemptions: Exemptions, today: str) -> Verdict:
    """An exemption that holds for the prompt takes the failure away, until its day has passed; the last one counts."""
    if verdict.status not in {"over", "grew"}:
        return verdict
    mine = [one for one, matches in exemptions if matches(verdict.prompt.path)]
    if not mine:
        return verdict
    holds = not mine[-1].until or today <= mine[-1].until
    return verdict._replace(exemption=mine[-1], status="exempt" if holds else verdict.status)


def mark_preexisting(verdict: Verdict) -> Verdict:
    """What this change didn't make worse isn't blamed on it. What can't be compared may have become worse."""
    worse = verdict.growth is None or verdict.growth > 0
    return verdict._replace(is_preexisting=verdict.status == "over" and not worse)


def decide_exit_code(report: Report, *, exit_zero: bool = False) -> ExitCode:
    """A fault of the configuration first (it may hide anything), then what is over, then what is not known.

    With `exit_zero`, what is over doesn't matter.
    """
    asked = {problem.exit_code for problem in report.problems}
    if ExitCode.USAGE in asked:
        return ExitCode.USAGE
    loosened = bool(report.loosened) and report.on_raise == "fail"
    over = loosened or ExitCode.OVER_LIMIT in asked or any(verdict.fails for verdict in report.verdicts)
    if over and not exit_zero:
        return ExitCode.OVER_LIMIT
    if ExitCode.UNCOUNTED in asked or any(verdict.status == "uncounted" for verdict in report.verdicts):
        return ExitCode.UNCOUNTED
    return ExitCode.OK
