"""Findings: what a report says about places in files; annotations, SARIF, JUnit and GitLab's reports are made of them.

Nothing is escaped here: each output escapes what it prints.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

from prompt_lint.model.errors import ExitCode
from prompt_lint.model.values import group_by_prompt
from prompt_lint.output import phrases
from prompt_lint.output.advice import describe_remedy, describe_settlement, excess_growth
from prompt_lint.text.escape import escape_surrogates

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from prompt_lint.model.values import OnRaise, Problem, Report, Status, Verdict

Level = Literal["error", "warning", "notice"]

LEVELS: Sequence[Level] = ("error", "warning", "notice")
# Kinds of findings with their titles, the worst first. Services remember findings by these names, so they never change.
KINDS = {
    "configuration": "the configuration or the command line is wrong",
    "no-base": "not compared with a base",
    "over-limit": "over its limit",
    "grew": "grew more than allowed",
    "loosened": "limits are loosened",
    "broken-limit": "not valid for its tool",
    "uncounted": "not counted",
    "unsure": "unsure, only an exact count can tell",
    "lost-import": "imports a file that isn't there",
    "empty": "an empty prompt",
    "near-limit": "near its limit",
    "disputed": "counted otherwise by a gateway",
    "note": "a note",
}
_RANKS = {kind: rank for rank, kind in enumerate(KINDS)}
_KIND_OF_CODE = {ExitCode.USAGE: "configuration", ExitCode.OVER_LIMIT: "broken-limit"}
_KIND_OF_STATUS: dict[Status, str] = {
    "over": "over-limit", "grew": "grew", "unsure": "unsure", "warn": "near-limit", "uncounted": "uncounted",
    "ok": "disputed",
}  # fmt: skip
_LEVEL_OF_LOOSENED: dict[OnRaise, Level] = {"fail": "error", "warn": "warning", "note": "notice"}


class Finding(NamedTuple):
    """Something to say at one place. `path` is empty for the whole run, `line` is 0 for a whole file.

    The first of `lines` is enough to understand it, the others add detail; all may have untrusted text. `name` is that
    of the prompt in its file. `verdicts` are those that the finding is about, the worst first. Of two findings of a
    kind, the one with the greater `weight` is worse.
    """

    kind: str
    level: Level
    path: str
    line: int
    lines: tuple[str, ...]
    name: str = ""
    verdicts: tuple[Verdict, ...] = ()
    weight: int = 0

    @property
    def title(self) -> str:
        """A few words, none of them untrusted."""
        title = KINDS[self.kind]
        first = self.verdicts[0] if self.verdicts else None
        if first and first.status == "exempt":
            return f"{title}, but {'accepted by a label' if phrases.is_accepted(first) else 'exempt'}"
        if first and first.is_preexisting:
            return f"{title}, as it was before" if first.was_over else f"{title}, which is new or was lowered"
        return title


def collect_findings(report: Report, *, each_model: bool = False) -> list[Finding]:
    """Return all findings, the worst first: one for a prompt, about its worst models; or one for each model."""
    findings = [
        *map(_of_problem, report.problems),
        *_of_prompts(report, each_model=each_model),
        *_of_loosened(report),
        *_of_notes(report),
    ]
    return sorted(
        (finding for finding in findings if finding.lines),
        key=lambda f: (LEVELS.index(f.level), _RANKS[f.kind], -f.weight, f.path, f.line, f.name),
    )


def identify(finding: Finding, path: str, seen: dict[str, int]) -> tuple[str, int]:
    """Return a text that is equal for the same finding in two commits, and its number among equal ones in `seen`.

    `path` is used instead of the finding's own. No count is part of the text, or each change would be a new finding.
    """
    models = (verdict.model for verdict in finding.verdicts)
    identity = "\0".join(map(escape_surrogates, (finding.kind, path, finding.name, *models)))
    seen[identity] = number = seen.get(identity, 0) + 1
    return identity, number


# ---------------------------------------------------------------------------------------------------------
# Problems and loosened limits


def _of_problem(problem: Problem) -> Finding:
    lines = (problem.message, problem.hint) if problem.hint else (problem.message,)
    kind = _KIND_OF_CODE.get(problem.exit_code, "uncounted")
    return Finding(kind, "error", problem.path, problem.line, lines)


def _of_notes(report: Report) -> Iterator[Finding]:
    """Yield warnings, and what is noted of files; with a base, a warning about a prompt that this change didn't touch is a notice."""
    untouched = {verdict.prompt.path for verdict in report.verdicts if verdict.change == "unchanged"}
    for note in report.notes:
        if note.path or note.is_warning:
            is_of_change = note.is_warning and note.path not in untouched
            yield Finding(
                note.kind if note.is_warning else "note",
                "warning" if is_of_change else "notice",
                note.path,
                note.line,
                (note.message,),
            )


def _of_loosened(report: Report) -> Iterator[Finding]:
    """Yield a finding for each limit that is loosened, one for all models with the same change."""
    level = _LEVEL_OF_LOOSENED[report.on_raise]
    for loosening, models in phrases.merge_loosenings(report):
        for_models = f" for {', '.join(models)}" if models else ""
        message = f"{loosening.subject}{for_models}: {phrases.describe_loosening(loosening)}"
        reason = phrases.describe_on_raise(report) if report.raise_label else ""
        lines = (message, reason) if reason else (message,)
        yield Finding("loosened", level, loosening.config_path, loosening.line, lines, loosening.subject)


# ---------------------------------------------------------------------------------------------------------
# Verdicts


def _of_prompts(report: Report, *, each_model: bool) -> Iterator[Finding]:
    explained = {problem.path for problem in report.problems}
    for prompt, verdicts in group_by_prompt(report.verdicts):
        for selected in [[verdict] for verdict in verdicts] if each_model else [_worst(verdicts)]:
            # A problem of the file already says why a prompt of it wasn't counted.
            if selected and (selected[0].status != "uncounted" or prompt.path not in explained):
                yield verdict_finding(report, selected)


def _worst(verdicts: Sequence[Verdict]) -> list[Verdict]:
    """Return the verdicts that fail, or else those of the worst kind; none where all are `ok`."""
    failed = [verdict for verdict in verdicts if verdict.fails]
    if failed:
        return sorted(failed, key=lambda verdict: (_RANKS[_kind(verdict)], -verdict.over_by))
    remarkable = [verdict for verdict in verdicts if is_remarkable(verdict)]
    worst = min((_RANKS[_kind(verdict)] for verdict in remarkable), default=0)
    return [verdict for verdict in remarkable if _RANKS[_kind(verdict)] == worst]


def is_remarkable(verdict: Verdict) -> bool:
    return verdict.status != "ok" or verdict.is_disputed


def verdict_finding(report: Report, verdicts: Sequence[Verdict]) -> Finding:
    """Return the finding about these verdicts of one prompt; one without lines if the first isn't remarkable."""
    first = verdicts[0]
    lines = tuple(_lines(report, verdicts)) if is_remarkable(first) else ()
    weight = max(max(verdict.over_by, verdict.growth or 0) for verdict in verdicts)
    if first.status == "warn" and first.fill_percent:
        weight = int(10 * first.fill_percent)
    return Finding(
        _kind(first), _level(report, first), first.prompt.path, _line(first), lines, first.prompt.name,
        tuple(verdicts), weight,
    )  # fmt: skip


def _kind(verdict: Verdict) -> str:
    """Return the kind of finding; for an exempt verdict the one that it is exempt from."""
    if verdict.status != "exempt":
        return _KIND_OF_STATUS[verdict.status]
    own_limit = verdict.own_limit
    is_over = verdict.token_count and own_limit is not None and verdict.token_count.low > own_limit
    return "over-limit" if is_over else "grew"


def _level(report: Report, verdict: Verdict) -> Level:
    """Return the level; with a base, a prompt that this change didn't touch is a notice unless it fails."""
    if verdict.fails or verdict.status == "uncounted":
        return "error"
    untouched = report.base is not None and verdict.change == "unchanged"
    return "notice" if verdict.is_preexisting or untouched else "warning"


def _line(verdict: Verdict) -> int:
    """Return the first line of the largest section, if it is in the prompt's own file; else that of the prompt."""
    own = [section for section in verdict.sections if section.path in {"", verdict.prompt.path}]
    if len(verdict.sections) < 2 or verdict.prompt.is_group or not own:
        return verdict.prompt.line
    return own[0].first_line


# ---------------------------------------------------------------------------------------------------------
# Sentences


def _lines(report: Report, verdicts: Sequence[Verdict]) -> Iterator[str]:
    first = verdicts[0]
    name = f"{first.prompt.name}: " if first.prompt.name else ""
    for verdict in verdicts:
        yield f"{name}{_describe(report, verdict)}."
    if any(verdict.is_disputed for verdict in verdicts):
        yield f"{report.api_host} counts otherwise than Claude's tokenizer, so the higher number is judged."
    if first.status in {"over", "exempt"}:
        yield from _largest_sections(first)
    if first.exemption:
        yield phrases.describe_exemption(first.exemption, has_ended=first.status != "exempt")
    if first.status != "exempt":
        yield from _advice(report, verdicts)


def _describe(report: Report, verdict: Verdict) -> str:
    """Return tokens, limit and growth as a sentence without its full stop."""
    if verdict.token_count is None:
        return f"not counted for {verdict.model}"
    count, limit = verdict.token_count, verdict.limit
    sentence = f"{phrases.format_count(count, verdict.rule.reserve)} tokens for {verdict.model}"
    if verdict.status == "grew" or limit is None:
        pass
    elif _kind(verdict) == "over-limit":
        over = count.tokens + verdict.rule.reserve - limit
        sentence += f", {over:,} over the limit of {limit:,} ({phrases.percent_of_limit(verdict)})"
    elif verdict.status == "unsure":
        sentence += f"; the limit of {limit:,} lies inside the interval"
    else:
        sentence += f", {phrases.percent_of_limit(verdict)} of the limit of {limit:,}"
    return sentence + _growth(report, verdict)


def _growth(report: Report, verdict: Verdict) -> str:
    if report.base is None:
        return ""
    if verdict.change == "new":
        return "; it is new"
    if verdict.growth is None or verdict.base_count is None:
        return ""
    growth = verdict.growth_count
    if growth is None or not (growth.tokens or growth.margin):
        return f"; the same as in {report.base.name}"
    share = phrases.share_suffix(verdict.growth, verdict.base_count.tokens)
    lost = phrases.describe_lost_imports(verdict)
    return f"; {phrases.format_growth(growth)} since {report.base.name}{share}{lost and f', as it {lost}'}"


def _largest_sections(verdict: Verdict) -> Iterator[str]:
    if len(verdict.sections) > 1 or (verdict.sections and verdict.prompt.is_group):
        largest = [
            f"{phrases.format_tokens(section.tokens, section.margin)} in {phrases.describe_lines(section)}"
            f"{section.title and f' ({section.title})'}"
            for section in verdict.sections[:3]
        ]
        yield f"Largest: {', '.join(largest)}."


def _advice(report: Report, verdicts: Sequence[Verdict]) -> Iterator[str]:
    """Yield what to do next, and the message of the rule."""
    first = verdicts[0]
    if first.is_preexisting and not first.was_over:
        yield phrases.describe_tighter_limit(first)
    elif first.is_preexisting:
        yield f"It was over in {report.base.name if report.base else 'the base'}, too, so it doesn't fail."
    elif first.fails:
        if (excess := excess_growth(first)) and first.status == "grew":
            yield f"{excess.allowance}."
        failing = [verdict for verdict in verdicts if verdict.fails]
        yield f"{describe_remedy(failing, report.accept_label, str)}."
    elif first.status == "unsure":
        yield describe_settlement(verdicts, report.exact_needs)
    if first.status in {"over", "grew"}:
        yield from filter(None, map(str.strip, first.rule.message.splitlines()))
