"""What a report has to say of places in files, worst first: what annotations, SARIF and GitLab's reports are made of.

Nothing is escaped here: each output escapes what it prints.
"""

from __future__ import annotations

from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING, Literal, NamedTuple

from prompt_lint.model.errors import ExitCode
from prompt_lint.output import phrases

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from prompt_lint.model.values import Problem, Report, Verdict

Level = Literal["error", "warning", "notice"]

LEVELS: Sequence[Level] = ("error", "warning", "notice")
# What can be found, the worst first. These names are kept: services remember findings by them.
RULES = {
    "configuration": "a fault of the configuration",
    "over-limit": "over its limit",
    "grew": "grew more than allowed",
    "loosened": "limits are loosened",
    "broken-limit": "more than its tool takes",
    "uncounted": "not counted",
    "unsure": "unsure, only an exact count can tell",
    "near-limit": "near its limit",
    "note": "a note",
}
_PLACES = {rule: place for place, rule in enumerate(RULES)}
_OF_CODE = {ExitCode.USAGE: "configuration", ExitCode.OVER_LIMIT: "broken-limit"}
_OF_LOOSENED: dict[str, Level] = {"fail": "error", "warn": "warning", "note": "notice"}
_OF_STATUS = {"over": "over-limit", "grew": "grew", "unsure": "unsure", "warn": "near-limit", "uncounted": "uncounted"}  # fmt: skip


class Finding(NamedTuple):
    """One thing, at one place. `path` is empty for what concerns the run, `line` 0 where none is meant.

    The first of `lines` says it all, the others say more; all may hold what others wrote. `name` tells prompts of a file apart; `verdicts` are those that
    it is about. `weight` says how bad it is beside others of its rule.
    """

    rule: str
    level: Level
    path: str
    line: int
    lines: tuple[str, ...]
    name: str = ""
    verdicts: tuple[Verdict, ...] = ()
    weight: int = 0


def findings(report: Report, *, each_model: bool = False) -> list[Finding]:
    """One for a prompt, about the models for which it is worst; or one for each model."""
    found = [_problem(problem) for problem in report.problems]
    found += _of_prompts(report, each_model=each_model)
    found += _loosened(report)
    found += [
        Finding("note", "notice", note.path, note.line, (note.message,)) for note in report.notes if note.path
    ]
    found = [one for one in found if one.lines]
    return sorted(
        found, key=lambda f: (LEVELS.index(f.level), _PLACES[f.rule], -f.weight, f.path, f.line, f.name)
    )


def _of_prompts(report: Report, *, each_model: bool) -> Iterator[Finding]:
    told = {problem.path for problem in report.problems}
    for _, group in groupby(report.verdicts, attrgetter("prompt")):
        ours = list(group)
        for verdicts in [[one] for one in ours] if each_model else [_worst(ours)]:
            # Why it wasn't counted is told already, where it is a matter of the file.
            if verdicts and (verdicts[0].status != "uncounted" or verdicts[0].prompt.path not in told):
                yield of_verdicts(report, verdicts)


def _worst(verdicts: Sequence[Verdict]) -> list[Verdict]:
    """Those that fail, or else those of the worst rule."""
    failed = [one for one in verdicts if one.fails]
    rules = [rule(one) for one in verdicts if one.status != "ok"]
    if failed or not rules:
        return sorted(failed, key=lambda one: (_PLACES[rule(one)], -one.over_by))
    worst = min(rules, key=_PLACES.__getitem__)
    return [one for one in verdicts if one.status != "ok" and rule(one) == worst]


def rule(verdict: Verdict) -> str:
    """The rule that a verdict is about: for an exempt one the one that it is exempt from."""
    if verdict.status != "exempt":
        return _OF_STATUS.get(verdict.status, "")
    over = verdict.token_count and verdict.limit is not None and verdict.token_count.low > verdict.limit
    return "over-limit" if over else "grew"


def title(one: Finding) -> str:
    """A few words, all of them ours."""
    first = one.verdicts[0] if one.verdicts else None
    if first and first.status == "exempt":
        return f"{RULES[one.rule]}, but exempt"
    if first and first.is_preexisting:
        return (
            f"{RULES[one.rule]}, but new" if first.change == "new" else f"{RULES[one.rule]}, as it was before"
        )
    return RULES[one.rule]


def level(report: Report, verdict: Verdict) -> Level:
    """With a base, what this change didn't touch is worth a notice, if it fails nothing."""
    if verdict.fails or verdict.status == "uncounted":
        return "error"
    untouched = report.base is not None and verdict.change == "unchanged"
    return "notice" if verdict.is_preexisting or untouched else "warning"


def of_verdicts(report: Report, verdicts: Sequence[Verdict]) -> Finding:
    """What is to be said of one prompt; nothing of one that is well."""
    first = verdicts[0]
    lines = tuple(_lines(report, verdicts)) if first.status != "ok" else ()
    weight = max(max(one.over_by, one.growth or 0) for one in verdicts)
    if first.status == "warn" and first.token_count and first.limit:
        weight = 1000 * first.token_count.tokens // first.limit
    return Finding(
        rule(first) or "near-limit", level(report, first), first.prompt.path, _line(first), lines, first.prompt.name,
        tuple(verdicts), weight,
    )  # fmt: skip


def _line(verdict: Verdict) -> int:
    """Of the largest section of the file itself, where sections are told; else of the prompt."""
    own = [one for one in verdict.sections if one.path in {"", verdict.prompt.path}]
    whole = len(verdict.sections) < 2 or verdict.prompt.format == "group"
    return verdict.prompt.line if whole or not own else own[0].first_line


def _lines(report: Report, verdicts: Sequence[Verdict]) -> Iterator[str]:
    first = verdicts[0]
    name = f"{first.prompt.name}: " if first.prompt.name else ""
    for verdict in verdicts:
        yield f"{name}{_counted(report, verdict)}."
    if first.status in {"over", "exempt"}:
        yield from _largest(first)
    if first.exemption:
        yield _exemption(first)
    if first.status != "exempt":
        yield from _advice(report, verdicts)


def _counted(report: Report, verdict: Verdict) -> str:
    """The first sentence of it, without its full stop."""
    if verdict.token_count is None:
        return f"not counted for {verdict.model}"
    told = f"{phrases.number(verdict.token_count)} tokens for {verdict.model}"
    limit = verdict.limit
    if verdict.status == "grew" or limit is None:
        return told + _growth(report, verdict)
    over = verdict.token_count.tokens - limit
    if rule(verdict) == "over-limit":
        told += (
            f", {over:,} over the limit of {limit:,} ({phrases.percent(verdict.token_count.tokens, limit)})"
        )
    elif verdict.status == "unsure":
        told += f"; the limit of {limit:,} lies inside the interval"
    else:
        told += f", {phrases.percent(verdict.token_count.tokens, limit)} of the limit of {limit:,}"
    return told + _growth(report, verdict)


def _growth(report: Report, verdict: Verdict) -> str:
    if report.base is None:
        return ""
    if verdict.change == "new":
        return "; it is new"
    if verdict.growth is None or verdict.base_count is None:
        return ""
    if not verdict.growth:
        return f"; the same as in {report.base.name}"
    share = phrases.share(verdict.growth, verdict.base_count.tokens)
    return f"; {verdict.growth:+,} since {report.base.name}{f' ({share})' if share else ''}"


def _largest(verdict: Verdict) -> Iterator[str]:
    if len(verdict.sections) > 1 or (verdict.sections and verdict.prompt.format == "group"):
        told = [
            f"{one.tokens:,} in {phrases.place(one)}{f' ({one.title})' if one.title else ''}"
            for one in verdict.sections[:3]
        ]
        yield f"Largest: {', '.join(told)}."


def _exemption(verdict: Verdict) -> str:
    one = verdict.exemption
    if one is None:
        return ""
    if verdict.status == "exempt":
        return f"Exempt{f' until {one.until}' if one.until else ''}: {one.reason}"
    return f"Its exemption ended on {one.until}: {one.reason}"


def _advice(report: Report, verdicts: Sequence[Verdict]) -> Iterator[str]:
    """What to do next, and what the rule's own people say of it."""
    first = verdicts[0]
    if first.is_preexisting and first.change == "new":
        yield "The base has no configuration: nothing fails yet."
    elif first.is_preexisting:
        yield f"It was over in {report.base.name if report.base else 'the base'}, too: this doesn't fail."
    elif first.status == "over":
        line = first.rule.limit_line(first.prompt.name, first.model)
        yield f"Cut {phrases.surely(_over(verdicts))}, or raise the limit: {_place(report, line, '--limit')}."
    elif first.status == "grew":
        yield from _grown(report, first)
    elif first.status == "unsure":
        yield f"Set ANTHROPIC_API_KEY for an exact count, or cut {phrases.surely(verdicts)} to be sure."
    if first.status in {"over", "grew"}:
        yield from filter(None, map(str.strip, first.rule.message.splitlines()))


def _over(verdicts: Sequence[Verdict]) -> list[Verdict]:
    return [one for one in verdicts if one.status == "over"]


def _grown(report: Report, verdict: Verdict) -> Iterator[str]:
    allowed, before, growth = verdict.rule.max_growth, verdict.base_count, verdict.growth
    if allowed is None or before is None or growth is None:
        return
    most = phrases.allowance(allowed, before.tokens)
    cut = phrases.several(growth - most, "token")
    where = _place(report, verdict.rule.line, "max_growth")
    yield f"max_growth of {phrases.bounds(allowed)} allows {most:,}: cut {cut}, or allow more: {where}."


def _place(report: Report, line: int, otherwise: str) -> str:
    return f"{report.config}:{line}" if report.config and line else otherwise


def _problem(problem: Problem) -> Finding:
    lines = (problem.message, problem.hint) if problem.hint else (problem.message,)
    return Finding(_OF_CODE.get(problem.exit_code, "uncounted"), "error", problem.path, problem.line, lines)


def _loosened(report: Report) -> Iterator[Finding]:
    """What a change allows itself, once for all models that it concerns."""
    for one, models in phrases.merged(report.loosened):
        which = f" for {', '.join(models)}" if models else ""
        message = f"{one.subject}{which}: {phrases.raised(one)}"
        yield Finding(
            "loosened", _OF_LOOSENED[report.on_raise], report.config, one.line, (message,), one.subject
        )
