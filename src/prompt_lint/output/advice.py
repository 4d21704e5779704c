"""What to do about a prompt that fails, or that may: how much to cut, or which line of the configuration to change.

The only place that words it. Nothing is escaped here, but by the functions that callers hand in.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from prompt_lint.model.needs import describe_needs
from prompt_lint.text.plural import pluralize

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from prompt_lint.model.needs import ExactNeed
    from prompt_lint.model.rules import MaxGrowth
    from prompt_lint.model.values import Verdict

    # Text of the configuration, or its path with a line → the same, safe to print.
    Escape = Callable[[str], str]


class ExcessGrowth(NamedTuple):
    """A prompt that grew, by `growth` tokens with their `margin`, more than the `allowed` ones of its `max_growth`."""

    base_tokens: int
    growth: int
    allowed: int
    allowance: str
    margin: int

    @property
    def tokens(self) -> int:
        return self.growth - self.allowed


def excess_growth(verdict: Verdict) -> ExcessGrowth | None:
    """Return by how much the prompt grew beyond its `max_growth`; None where it didn't."""
    if verdict.growth is None or verdict.base_count is None or verdict.rule.max_growth is None:
        return None
    base_tokens, max_growth = verdict.base_count.tokens, verdict.rule.max_growth
    # Where two bounds are given, both have to be exceeded.
    allowed = max(max_growth.tokens or 0, base_tokens * (max_growth.millionths or 0) // 1_000_000)
    if verdict.growth <= allowed:
        return None
    allowance = f"`max_growth` of {_describe_max_growth(max_growth)} allows {allowed:,}"
    margin = verdict.growth_count.margin if verdict.growth_count else 0
    return ExcessGrowth(base_tokens, verdict.growth, allowed, allowance, margin)


def _describe_max_growth(max_growth: MaxGrowth) -> str:
    bounds = [] if max_growth.tokens is None else [f"{max_growth.tokens:,} tokens"]
    if max_growth.millionths is not None:
        bounds.append(f"{max_growth.millionths / 10_000:g}%")
    return " or ".join(bounds)


def describe_remedy(verdicts: Sequence[Verdict], accept_label: str, escape: Escape) -> str:
    """Return how one prompt passes, without a full stop: `Cut 52 tokens, or raise the limit: .prompt-lint.yaml:9`.

    `verdicts` are those that fail, the worst first: the cut is enough for all of them, and the lines are those of the
    first. With `accept_label` on the pull request the prompt passes, too. Where an interval makes the cut larger than what is over, it is the one "to be sure".
    """
    worst = verdicts[0]
    rule, changes = worst.rule, []
    if worst.status == "over":
        line = rule.limit_line(worst.prompt.name, worst.model)
        reserve = " (or lower its reserve)" if rule.reserve else ""
        place = _format_place(rule.config_path, line, "--limit", escape)
        changes.append(f"raise the limit{reserve}: {place}")
    if excess_growth(worst):
        line = rule.max_growth_line
        changes.append(f"allow more growth: {_format_place(rule.config_path, line, '`max_growth`', escape)}")
    sure = " to be sure" if _tokens_to_cut(verdicts) > max(map(_excess, verdicts)) else ""
    quoted = escape(f'"{accept_label}"')
    label = f", or add the label {quoted} to the pull request" if accept_label else ""
    remedy = f"{', and '.join(changes)}{label}"
    smallest = min(verdict.token_count.tokens for verdict in verdicts if verdict.token_count)
    # Where the reserve leaves nearly nothing to the prompt, no cut is enough.
    if rule.reserve and _tokens_to_cut(verdicts) >= smallest:
        return f"{remedy[0].upper()}{remedy[1:]}"
    return f"Cut {describe_cut(verdicts)}{sure}, or {remedy}"


def describe_settlement(verdicts: Sequence[Verdict], exact_needs: Sequence[ExactNeed]) -> str:
    """Return what settles whether a prompt is over a limit inside of its interval."""
    if any(verdict.is_disputed for verdict in verdicts):
        count = "count with Claude's own API, not with the gateway that ANTHROPIC_BASE_URL names"
    else:
        count = f"count with the API{': ' if exact_needs else ''}{describe_needs(exact_needs)}"
    return f"To be sure, cut {describe_cut(verdicts)}, or {count}."


def describe_cut(verdicts: Sequence[Verdict]) -> str:
    """Return how much to cut so that every interval ends within its limit, and nothing has grown too much: `52 tokens`."""
    return pluralize(_tokens_to_cut(verdicts), "token")


def _tokens_to_cut(verdicts: Sequence[Verdict]) -> int:
    over = (v.token_count.high - v.own_limit for v in verdicts if v.token_count and v.own_limit is not None)
    return max([*over, *map(_excess, verdicts)])


def _excess(verdict: Verdict) -> int:
    """Return by how many tokens a verdict is over its limit or grew too much, without its interval."""
    excess = excess_growth(verdict)
    return max(verdict.over_by, excess.tokens if excess else 0)


def _format_place(config_path: str, line: int, option: str, escape: Escape) -> str:
    """Return the place in the configuration, or the option where no line of it is meant."""
    return escape(f"{config_path}:{line}") if config_path and line else option
