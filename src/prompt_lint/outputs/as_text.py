"""`text`: the report for a person: what fails first, why, and what to do about it."""

from __future__ import annotations

from collections import Counter
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING

from prompt_lint import wording
from prompt_lint.errors import Exit
from prompt_lint.escape import visible
from prompt_lint.model import Count

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from prompt_lint.model import Problem, Prompt, Report, Section, Shares, Status, Verdict, View

# Worst first. The width of the first column is that of its longest word.
_ORDER: Sequence[Status] = ("over", "grew", "uncounted", "unsure", "exempt", "warn", "ok")
_LABELS = {
    "over": "OVER", "grew": "GREW", "uncounted": "ERROR", "unsure": "UNSURE", "exempt": "exempt", "warn": "near",
    "ok": "ok",
}  # fmt: skip
_COLORS = {
    "over": "1;31", "grew": "1;31", "uncounted": "1;31", "unsure": "1;35", "exempt": "33", "warn": "33", "ok": "32",
}  # fmt: skip
_INDENT = " " * 8
_TITLE_WIDTH = 48
# Prompts of one status in one file, and errors in one, that are told in full.
_PER_FILE = 5
# Parts of a group that are listed one by one.
_PARTS = 10

_Group = tuple["Status", "list[Verdict]"]


def render(report: Report, view: View) -> str:
    groups, tally = _groups(report.verdicts, view)
    lines = _problems(report.problems, view)
    for (status, verdicts), rest in _first_of_each(groups, view):
        lines += _block(status, verdicts, report.config, view)
        lines += _more(rest, view)
    if view.verbosity >= 0 or report.unanswered:
        lines += _notes(report)
    if view.verbosity >= 0:
        lines += _summary(report, tally, view)
    return "".join(f"{line}\n" for line in lines)


def render_counts(report: Report, view: View) -> str:
    """For `count`: a line for each file and model, as `wc` has them, and a sum for each model of several files."""
    rows = [(number(v.counted), v.model, _named(v.prompt)) for v in report.verdicts if v.counted]
    models = list(dict.fromkeys(model for _, model, _ in rows))
    if len(rows) > len(models):
        rows += [(number(_sum(report, model)), model, "total") for model in models]
    numbers, names = (max((len(row[column]) for row in rows), default=0) for column in (0, 1))
    lines = [f"{tokens:>{numbers}}  {model:<{names}}  {path}" for tokens, model, path in rows]
    lines += _problems(report.problems, view)
    lines += _notes(report)
    if report.sent or any(v.counted and v.counted.origin == "api" for v in report.verdicts):
        lines += _origin(report)
    return "".join(f"{line}\n" for line in lines)


def remarks(report: Report, view: View) -> list[str]:
    """What there is to say beside the numbers: problems, notes, and who counted."""
    return [*_problems(report.problems, view), *_notes(report), *_origin(report)]


def _notes(report: Report) -> list[str]:
    return [f"note: {visible(note)}" for note in wording.notes(report.notes)]


def _sum(report: Report, model: str) -> Count:
    counts = [v.counted for v in report.verdicts if v.counted and v.model == model]
    tokens, low, high = (sum(column) for column in zip(*(count[:3] for count in counts), strict=True))
    return Count(tokens, low, high, counts[0].origin, any(count.unverified for count in counts))


def number(count: Count) -> str:
    """`1,234` is the API's number, `1,234 ±12` is an offline count with the interval that holds it."""
    spread = max(count.tokens - count.low, count.high - count.tokens)
    mark = f" ±{spread:,}" if spread else ""
    return f"{count.tokens:,}{mark}{' unverified' if count.unverified else ''}"


def _groups(verdicts: Iterable[Verdict], view: View) -> tuple[list[_Group], dict[Status, int]]:
    """The verdicts of each prompt that is shown together, under its worst status; the most over comes first.

    And how many prompts there are of each status.
    """
    by_status: dict[Status, list[list[Verdict]]] = {status: [] for status in _ORDER}
    tally = dict.fromkeys(_ORDER, 0)
    for _, group in groupby(verdicts, attrgetter("prompt")):
        ours = list(group)
        statuses = {verdict.status for verdict in ours}
        worst = next(status for status in _ORDER if status in statuses)
        tally[worst] += 1
        if _shown(worst, view):
            by_status[worst].append(ours)
    for groups in by_status.values():
        groups.sort(key=lambda group: (-max(v.over_by for v in group), group[0].prompt.path))
    return [(status, group) for status, groups in by_status.items() for group in groups], tally


def _shown(status: Status, view: View) -> bool:
    if status == "ok":
        return view.verbosity > 0
    # Its problem is on the page already, with the reason.
    return status == "over" or (view.verbosity >= 0 and (status != "uncounted" or view.verbosity > 0))


def _first_of_each(groups: Sequence[_Group], view: View) -> Iterator[tuple[_Group, Sequence[_Group]]]:
    """The worst of each status in each file; with the last of them, those that are left. A batch may have 100,000."""
    of_file: dict[tuple[str, str], list[_Group]] = {}
    for group in groups:
        prompt = group[1][0].prompt
        # The groups of a configuration have that for their path, and not much else in common.
        alone = view.verbosity > 0 or prompt.format == "group"
        of_file.setdefault((group[0], f"{prompt.path}\0{prompt.name}" if alone else prompt.path), []).append(
            group
        )
    shown = {id(group[1]): group for siblings in of_file.values() for group in siblings[:_PER_FILE]}
    rests = {id(siblings[:_PER_FILE][-1][1]): siblings[_PER_FILE:] for siblings in of_file.values()}
    for group in (group for group in groups if id(group[1]) in shown):
        yield group, rests.get(id(group[1]), [])


def _more(rest: Sequence[_Group], view: View) -> Iterator[str]:
    if not rest:
        return
    status, verdicts = rest[0]
    prompts = "1 more prompt" if len(rest) == 1 else f"{len(rest):,} more prompts"
    worst = max(verdict.over_by for verdict in verdicts)
    told = f", {'up to ' if len(rest) > 1 else ''}{worst:,} over" if status == "over" else ""
    yield f"{_label(status, view)} {visible(verdicts[0].prompt.path)}: {prompts}{told} (all with -v)"
    if status == "over":
        yield ""


def _problems(problems: Sequence[Problem], view: View) -> list[str]:
    """The first of each file; with the last of them, how many are left."""
    lines: list[str] = []
    told: dict[str, int] = {}
    total = Counter(problem.path for problem in problems)
    for problem in problems:
        told[problem.path] = number = told.get(problem.path, 0) + 1
        if number <= _PER_FILE or not problem.path or view.verbosity > 0:
            lines += _problem(problem, view)
        elif number == _PER_FILE + 1:
            more = total[problem.path] - _PER_FILE
            errors = "1 more error" if more == 1 else f"{more:,} more errors"
            lines.append(f"{_label('uncounted', view)} {visible(problem.path)}: {errors} (all with -v)")
    return lines


def _paint(text: str, color: str, view: View) -> str:
    return f"\x1b[{color}m{text}\x1b[0m" if view.color and color else text


def _label(status: Status, view: View) -> str:
    return _paint(f"{_LABELS[status]:<7}", _COLORS[status], view)


def _problem(problem: Problem, view: View) -> Iterator[str]:
    place = visible(problem.path) + (f":{problem.line}" if problem.line else "")
    where = f"{_paint(place, '1', view)}: " if place else ""
    status: Status = "over" if problem.code == Exit.OVER else "uncounted"
    yield f"{_label(status, view)} {where}{visible(problem.message)}"
    if problem.hint:
        yield f"{_INDENT}{visible(problem.hint)}"


def _block(status: Status, verdicts: Sequence[Verdict], config: str, view: View) -> Iterator[str]:
    prompt = verdicts[0].prompt
    name = _named(prompt)
    also = f"  also {', '.join(visible(alias) for alias in prompt.aliases)}" if prompt.aliases else ""
    yield f"{_label(status, view)} {_paint(name, '1', view)}{also}"
    yield from _table(verdicts, view)
    if status != "over" and prompt.format == "group":
        yield from _largest(max(verdicts, key=lambda v: v.counted.tokens if v.counted else 0))
    if status == "over":
        yield from _advice(verdicts, config)
        yield ""
    elif status == "unsure":
        yield f"{_INDENT}The limit lies inside the interval: only an exact count can tell."
        yield f"{_INDENT}Set ANTHROPIC_API_KEY, or cut {_surely(verdicts)} to be sure."


def _named(prompt: Prompt) -> str:
    if prompt.format == "group":
        return f"{visible(prompt.name)} (group, {visible(prompt.path)}:{prompt.line})"
    return visible(prompt.path) + (f" ({visible(prompt.name)})" if prompt.name else "")


def _table(verdicts: Sequence[Verdict], view: View) -> Iterator[str]:
    rows = [(v, v.model, number(v.counted) if v.counted else "not counted", _limit(v)) for v in verdicts]
    models, numbers, limits = (max(len(row[column]) for row in rows) for column in (1, 2, 3))
    for verdict, model, tokens, limit in rows:
        told = _paint(_told(verdict), _COLORS[verdict.status], view)
        yield f"{_INDENT}{model:<{models}}  {tokens:>{numbers}}  {limit:>{limits}}  {told}".rstrip()


def _limit(verdict: Verdict) -> str:
    return "no limit" if verdict.limit is None else f"of {verdict.limit:,}"


def _told(verdict: Verdict) -> str:
    """The last column: by how much over, or how full."""
    if verdict.limit is None or verdict.counted is None:
        return ""
    share = f"{100 * verdict.counted.tokens / verdict.limit:.0f}%"
    return f"{verdict.over_by:,} over ({share})" if verdict.status == "over" else share


def _advice(verdicts: Sequence[Verdict], config: str) -> Iterator[str]:
    """Of the model that is furthest over: where the tokens are, and what to do next."""
    worst = max(verdicts, key=lambda v: v.over_by)
    yield from _largest(worst)
    line = worst.rule.line_of(worst.prompt.name, worst.model)
    where = f"{visible(config)}:{line}" if line else "--limit"
    yield f"{_INDENT}Cut {_surely(verdicts)}, or raise the limit: {where}"
    yield from (f"{_INDENT}{visible(line)}" for line in worst.rule.message.splitlines())


def _largest(verdict: Verdict) -> Iterator[str]:
    """Where the tokens of a prompt are: the sections of a file, the files of a group."""
    grouped = verdict.prompt.format == "group"
    if len(verdict.sections) > 1 or grouped or verdict.shares:
        shares = f"{_shares(verdict.shares)}. " if verdict.shares else ""
        yield f"{_INDENT}{shares}{'Parts' if grouped else 'Largest sections'}:"
        yield from (f"{_INDENT}{line}" for line in _sections(verdict.sections[:_PARTS]))
    rest = verdict.sections[_PARTS:]
    if rest:
        yield f"{_INDENT}  {sum(one.tokens for one in rest):,} in {len(rest):,} more"
    added = verdict.counted.tokens - sum(one.tokens for one in verdict.sections) if verdict.counted else 0
    if grouped and added > 0:
        yield f"{_INDENT}  {added:,} that the API adds around them"


def _shares(shares: Shares) -> str:
    files = f"{shares.files:,} file{'s' if shares.files > 1 else ''}"
    return f"Own text {shares.own:,} tokens, imported {shares.imported:,} in {files}"


def _surely(verdicts: Iterable[Verdict]) -> str:
    """What to cut so that no interval reaches beyond its limit."""
    most = max(v.counted.high - v.limit for v in verdicts if v.counted and v.limit is not None)
    return f"{most:,} token{'s' if most != 1 else ''}"


def _sections(sections: Sequence[Section]) -> Iterator[str]:
    numbers = max(len(f"{section.tokens:,}") for section in sections)
    places = [_place(section) for section in sections]
    width = max(map(len, places))
    for section, place in zip(sections, places, strict=True):
        yield f"  {section.tokens:>{numbers},}  {place:<{width}}  {cut(visible(section.title))}".rstrip()
        if len(section.via) > 1:  # who imports it isn't plain from the file that is over
            yield f"  {'':{numbers}}  {' → '.join(map(visible, (*section.via, section.path)))}"


def _place(section: Section) -> str:
    """The lines of a section, with their file where it is another one."""
    first, last = section.first_line, section.last_line
    if not section.path:
        return f"lines {first}-{last}"
    lines = f":{first}-{last}" if last > first else f":{first}" if first > 1 else ""
    return visible(section.path) + lines


def cut(title: str) -> str:
    return title if len(title) <= _TITLE_WIDTH else title[: _TITLE_WIDTH - 1] + "…"


def _summary(report: Report, tally: Mapping[Status, int], view: View) -> Iterator[str]:
    number = sum(tally.values())
    if not number and not report.problems:
        return
    words = {
        "over": "over",
        "grew": "grown too much",
        "exempt": "exempt",
        "uncounted": "not counted",
        "unsure": "unsure",
        "warn": "near the limit",
        "ok": "ok",
    }
    told = [_paint(f"{n:,} {words[s]}", _COLORS[s], view) for s, n in tally.items() if n]
    if report.problems:
        errors = "1 error" if len(report.problems) == 1 else f"{len(report.problems):,} errors"
        told.insert(0, _paint(errors, _COLORS["uncounted"], view))
    prompts = "1 prompt" if number == 1 else f"{number:,} prompts"
    yield f"{prompts}: {', '.join(told)}"
    yield from _origin(report)


def _origin(report: Report) -> Iterator[str]:
    """Once for all numbers: who counted them, where prompts were sent, and what `±` means."""
    counts = [v.counted for v in report.verdicts if v.counted]
    offline = sum(not count.exact for count in counts)
    exact = sum(count.origin == "api" for count in counts)
    if offline and not exact and not report.sent:
        yield "Counted offline: ± is the measured interval around the API's number."
    elif exact or report.sent:
        told = f", {offline:,} offline (± is the measured interval)" if offline else ""
        plural = "s" if report.sent != 1 else ""
        sent = f"{report.sent:,} request{plural} sent to {report.host}" if report.sent else "nothing sent"
        yield f"Counts: {exact:,} exact{told}; {sent}."
    for model in sorted({v.model for v in report.verdicts if v.counted and v.counted.unverified}):
        yield f"Nobody has measured the tokenizer of {model}: its counts are unverified.{_near(model)}"


def _near(model: str) -> str:
    """A slip in a name that is known is likelier than a model that isn't."""
    import difflib  # noqa: PLC0415  # only for a name that isn't known

    from prompt_lint.models import KNOWN_IDS  # noqa: PLC0415

    near = difflib.get_close_matches(model, KNOWN_IDS, 1, 0.85)
    return f" Did you mean {near[0]}?" if near else ""
