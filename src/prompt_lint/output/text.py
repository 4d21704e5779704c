"""`text`: the report for a person: what fails first, why, and what to do about it."""

from __future__ import annotations

from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING, Literal, NamedTuple

from prompt_lint.model.errors import ExitCode
from prompt_lint.model.values import Count
from prompt_lint.output import phrases
from prompt_lint.text.escape import visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from prompt_lint.model.values import Exemption, Problem, Prompt, Report, Section, Verdict
    from prompt_lint.output import View

# What is told of a prompt: its status, or why being over fails nothing: it was over before, or it is new to a base without a
# configuration. Worst first.
_Told = Literal["over", "grew", "uncounted", "unsure", "exempt", "warn", "first", "before", "ok"]

# The width of the first column is that of its longest word.
_LABELS: Mapping[_Told, str] = {
    "over": "OVER", "grew": "GREW", "uncounted": "ERROR", "unsure": "UNSURE", "exempt": "exempt", "warn": "near",
    "first": "new", "before": "before", "ok": "ok",
}  # fmt: skip
_COLORS: Mapping[_Told, str] = {
    "over": "1;31", "grew": "1;31", "uncounted": "1;31", "unsure": "1;35", "exempt": "33", "warn": "33", "first": "33",
    "before": "33", "ok": "32",
}  # fmt: skip
_WORDS: Mapping[_Told, str] = {
    "over": "over", "grew": "grown too much", "uncounted": "not counted", "unsure": "unsure", "exempt": "exempt",
    "warn": "near the limit", "first": "new and over (nothing fails yet)", "before": "over before", "ok": "ok",
}  # fmt: skip
_ORDER = tuple(_LABELS)
_REMARKS: Mapping[_Told, str] = {"warn": ", near", "first": ", over", "before": ", was over"}
_INDENT = " " * 8
_TITLE_WIDTH = 48
# Lines for what is told in full: of what fails, and of each kind of what doesn't. Then so many are told in a line each.
# That is a screenful; -v asks for all.
_ROOM, _LITTLE_ROOM = 30, 9
_IN_A_LINE = 10
# Errors, of all files and of one; prompts of one status in one file.
_ERRORS, _ERRORS_PER_FILE, _PER_FILE = 8, 5, 3
# Parts of a group that are listed one by one.
_PARTS = 10

# Rows of what changed and doesn't fail, and of what was over before. They fit a terminal, if the names have to be cut.
_ROWS = 20
_WIDTH = 80
_NARROWEST = 16
_BRIEF = {"warn", "first", "before", "ok"}

_Group = tuple["_Told", "list[Verdict]"]


def render(report: Report, view: View) -> str:
    groups, tally = _groups(report, view)
    lines = _problems(report.problems, view, _ERRORS)
    # With a base, what doesn't fail is told in a line each; with -v, all is told alike.
    brief = report.base is not None and view.verbosity == 0
    quiet = [group for group in groups if brief and group[0] in _BRIEF]
    loud = [group for group in groups if not brief or group[0] not in _BRIEF]
    for _, same in groupby(_first_of_each(loud, view), lambda block: _kind(block[0][0])):
        lines += _worst(list(same), report.config, view)
    lines += _loosened(report, view)
    if view.verbosity >= 0:
        lines += _changed(report, [group for group in quiet if _has_changed(group[1])], view)
        lines += _before([group for group in quiet if not _has_changed(group[1])], view)
    if view.verbosity >= 0 or report.requests_failed:
        lines += _notes(report)
    if view.verbosity >= 0:
        lines += _summary(report, tally, view)
    return "".join(f"{line}\n" for line in lines)


def render_counts(report: Report, view: View) -> str:
    """For `count`: a line for each file and model, as `wc` has them, and a sum for each model of several files."""
    rows = [(number(v.token_count), v.model, _named(v.prompt)) for v in report.verdicts if v.token_count]
    models = list(dict.fromkeys(model for _, model, _ in rows))
    if len(rows) > len(models):
        rows += [(number(_sum(report, model)), model, "total") for model in models]
    numbers, names = (max((len(row[column]) for row in rows), default=0) for column in (0, 1))
    lines = [f"{tokens:>{numbers}}  {model:<{names}}  {path}" for tokens, model, path in rows]
    lines += _problems(report.problems, view)
    lines += _notes(report)
    if report.requests_sent or any(v.token_count and v.token_count.origin == "api" for v in report.verdicts):
        lines += _origin(report)
    return "".join(f"{line}\n" for line in lines)


def remarks(report: Report, view: View) -> list[str]:
    """What there is to say beside the numbers: problems, notes, and who counted."""
    return [*_problems(report.problems, view), *_notes(report), *_origin(report)]


def _notes(report: Report) -> list[str]:
    return [f"note: {visible(note)}" for note in phrases.notes(report.notes)]


def _sum(report: Report, model: str) -> Count:
    counts = [v.token_count for v in report.verdicts if v.token_count and v.model == model]
    tokens, low, high = (sum(column) for column in zip(*(count[:3] for count in counts), strict=True))
    return Count(tokens, low, high, counts[0].origin, any(count.is_unverified for count in counts))


number = phrases.number


def _groups(report: Report, view: View) -> tuple[list[_Group], dict[_Told, int]]:
    """The verdicts of each prompt that is shown together, under the worst of them; the most over, then the most changed first.

    And how many prompts there are of each kind.
    """
    by_told: dict[_Told, list[list[Verdict]]] = {told: [] for told in _ORDER}
    tally = dict.fromkeys(_ORDER, 0)
    for _, group in groupby(report.verdicts, attrgetter("prompt")):
        ours = list(group)
        kinds = {_told_of(verdict) for verdict in ours}
        worst = next(told for told in _ORDER if told in kinds)
        tally[worst] += 1
        if _shown(worst, ours, report, view):
            by_told[worst].append(ours)
    for groups in by_told.values():
        groups.sort(key=_weight)
    return [(told, group) for told, groups in by_told.items() for group in groups], tally


def _told_of(verdict: Verdict) -> _Told:
    if not verdict.is_preexisting:
        return verdict.status
    return "first" if verdict.change == "new" else "before"


def _weight(verdicts: Sequence[Verdict]) -> tuple[int, bool, int, str]:
    over = max(v.over_by for v in verdicts)
    return -over, not _has_changed(verdicts), -max(map(phrases.moved, verdicts)), verdicts[0].prompt.path


def _has_changed(verdicts: Iterable[Verdict]) -> bool:
    return any(v.change not in {"", "unchanged"} for v in verdicts)


def _shown(told: _Told, verdicts: Sequence[Verdict], report: Report, view: View) -> bool:
    if told in {"over", "grew"} or view.verbosity > 0:
        return True
    if view.verbosity < 0 or told == "uncounted":  # its problem is on the page already, with the reason
        return False
    if report.base and told in {"ok", "warn"}:
        return _has_changed(verdicts)
    return told != "ok"


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
    told, verdicts = rest[0]
    prompts = phrases.several(len(rest), "more prompt")
    worst = max(verdict.over_by for verdict in verdicts)
    over = f", {'up to ' if len(rest) > 1 else ''}{worst:,} over" if told == "over" else ""
    yield f"{_label(told, view)} {visible(verdicts[0].prompt.path)}: {prompts}{over} (all with -v)"
    if told == "over":
        yield ""


def _kind(told: _Told) -> _Told:
    return "over" if told == "grew" else told


def _messages(blocks: Sequence[_Group]) -> dict[int, str]:
    """By the place of a block, the message of its rule: only where it is the first that has it."""
    found: dict[str, int] = {}
    for at, (told, verdicts) in enumerate(blocks):
        if told in {"over", "grew"}:
            found.setdefault(_failing(told, verdicts).rule.message, at)
    return {at: message for message, at in found.items()}


def _failing(told: _Told, verdicts: Sequence[Verdict]) -> Verdict:
    """The one for the model for which it is worst."""
    return next(v for v in sorted(verdicts, key=lambda v: -v.over_by) if v.status == told)


def _worst(blocks: Sequence[tuple[_Group, Sequence[_Group]]], config: str, view: View) -> list[str]:
    """The first in full, as many as there is room for; the others briefly."""
    room = _ROOM if _kind(blocks[0][0][0]) == "over" else _LITTLE_ROOM
    lines: list[str] = []
    messages = _messages([group for group, _ in blocks])
    for at, ((told, verdicts), rest) in enumerate(blocks):
        block = [*_block(told, verdicts, messages.get(at, ""), config, view), *_more(rest, view)]
        if at and len(lines) + len(block) > room and view.verbosity <= 0:
            return [*lines, *_briefly(blocks[at:], view)]
        lines += block
    return lines


def _briefly(blocks: Sequence[tuple[_Group, Sequence[_Group]]], view: View) -> Iterator[str]:
    """A line each, of the model for which it is worst; and how many are left."""
    told = [group for group, _ in blocks[:_IN_A_LINE]]
    worst = [max((v for v in ours if _told_of(v) == kind), key=lambda v: v.over_by) for kind, ours in told]
    rows = [[_in_short(v.prompt), *_cells(v), _too_much(v) or _told(v)] for v in worst]
    for (kind, _), line in zip(told, _fitted(rows) if rows else (), strict=True):
        yield f"{_label(kind, view)} {line}".rstrip()
    left = sum(1 + len(rest) for _, rest in blocks) - len(told)
    yield f"{_INDENT}and {left:,} more (all with -v)" if left else f"{_INDENT}(in full with -v)"
    if any(_kind(kind) == "over" for kind, _ in told):
        yield ""


def _problems(problems: Sequence[Problem], view: View, most: int = 0) -> list[str]:
    """The first of each file, and of all files, where there is a bound; and how many are left."""
    if view.verbosity > 0:
        return [line for problem in problems for line in _problem(problem, view)]
    lines: list[str] = []
    of_file: dict[str, list[Problem]] = {}
    for problem in problems:
        of_file.setdefault(problem.path, []).append(problem)
    room, untold = most or len(problems), 0
    for path, ours in of_file.items():
        told = min(_ERRORS_PER_FILE, room) if path else len(ours)
        lines += (line for problem in ours[:told] for line in _problem(problem, view))
        left = len(ours[told:])
        room -= len(ours) - left if path else 0
        if left and told:
            lines.append(f"{_label('uncounted', view)} {visible(path)}: {_more_errors(left)}")
        else:
            untold += left
    return [*lines, f"{_label('uncounted', view)} {_more_errors(untold)}"] if untold else lines


def _more_errors(number: int) -> str:
    return f"{phrases.several(number, 'more error')} (all with -v)"


def _paint(text: str, color: str, view: View) -> str:
    return f"\x1b[{color}m{text}\x1b[0m" if view.color and color and text else text


def _label(told: _Told, view: View) -> str:
    return _paint(f"{_LABELS[told]:<7}", _COLORS[told], view)


def _problem(problem: Problem, view: View) -> Iterator[str]:
    place = visible(problem.path) + (f":{problem.line}" if problem.line else "")
    where = f"{_paint(place, '1', view)}: " if place else ""
    told: _Told = "over" if problem.exit_code == ExitCode.OVER_LIMIT else "uncounted"
    yield f"{_label(told, view)} {where}{visible(problem.message)}"
    if problem.hint:
        yield f"{_INDENT}{visible(problem.hint)}"


def _block(told: _Told, verdicts: Sequence[Verdict], message: str, config: str, view: View) -> Iterator[str]:
    prompt, was = verdicts[0].prompt, verdicts[0].renamed_from
    also = f"  also {', '.join(visible(alias) for alias in prompt.aliases)}" if prompt.aliases else ""
    renamed = f"  renamed from {visible(was)}" if was else ""
    yield f"{_label(told, view)} {_paint(_named(prompt), '1', view)}{also}{renamed}"
    yield from _table(verdicts, view)
    yield from (f"{_INDENT}{line}" for line in _advice(told, verdicts, config))
    if told in {"over", "grew"}:
        yield from _largest(_failing(told, verdicts))
        yield from (f"{_INDENT}{visible(line)}" for line in message.splitlines())
        yield ""
    elif prompt.format == "group":
        yield from _largest(max(verdicts, key=lambda v: v.token_count.tokens if v.token_count else 0))


def _advice(told: _Told, verdicts: Sequence[Verdict], config: str) -> Iterator[str]:
    """What to do next, of the model for which it is worst."""
    mine = [v for v in verdicts if _told_of(v) == told]
    worst = max(mine, key=lambda v: v.over_by)
    if told == "over":
        line = worst.rule.limit_line(worst.prompt.name, worst.model)
        where = f"{visible(config)}:{line}" if line else "--limit"
        yield f"Cut {phrases.surely(mine)}, or raise the limit: {where}"
    elif told == "grew":
        yield from _growth(worst, config)
    elif told == "unsure":
        yield "The limit lies inside the interval: only an exact count can tell."
        yield f"Set ANTHROPIC_API_KEY, or cut {phrases.surely(mine)} to be sure."
    elif told == "first":
        yield "It is new, and over its limit. The base has no configuration: nothing fails yet."
    elif told == "before":
        yield "It was over before this change, and isn't worse now, so it doesn't fail."
    if worst.exemption:
        yield _exemption(worst.exemption, ended=told != "exempt")


def _growth(verdict: Verdict, config: str) -> Iterator[str]:
    before, growth, allowed = verdict.base_count, verdict.growth or 0, verdict.rule.max_growth
    if before is None or allowed is None:
        return
    most = phrases.allowance(allowed, before.tokens)
    where = f": {visible(config)}:{verdict.rule.line}" if verdict.rule.line else ""
    yield f"Cut {phrases.several(growth - most, 'token')}, or allow more growth{where}"
    share = phrases.share(growth, before.tokens)
    yield f"Was {before.tokens:,}, grew by {growth:,}{share and f' ({share})'}: `max_growth` of {phrases.bounds(allowed)} allows {most:,}."


def _too_much(verdict: Verdict) -> str:
    if verdict.status != "grew" or verdict.base_count is None or verdict.rule.max_growth is None:
        return ""
    most = phrases.allowance(verdict.rule.max_growth, verdict.base_count.tokens)
    return f"{(verdict.growth or 0) - most:,} too much"


def _exemption(one: Exemption, *, ended: bool) -> str:
    until = visible(one.until)
    when = f"Its exemption ended on {until}" if ended else f"Exempt until {until}" if until else "Exempt"
    return f"{when}: {visible(one.reason)}"


def _named(prompt: Prompt) -> str:
    if prompt.format == "group":
        return f"{visible(prompt.name)} (group, {visible(prompt.path)}:{prompt.line})"
    return visible(prompt.path) + (f" ({visible(prompt.name)})" if prompt.name else "")


def _in_short(prompt: Prompt) -> str:
    return f"{visible(prompt.name)} (group)" if prompt.format == "group" else _named(prompt)


def _table(verdicts: Sequence[Verdict], view: View) -> Iterator[str]:
    rows = [[visible(v.model), *_cells(v)] for v in verdicts]
    for verdict, line in zip(verdicts, _columns(rows), strict=True):
        told = _paint(_told(verdict), _COLORS[_told_of(verdict)], view)
        yield f"{_INDENT}{line}  {told}".rstrip()


def _cells(verdict: Verdict) -> list[str]:
    """Tokens, growth, limit. Where there is no base, the growth is empty."""
    return [
        number(verdict.token_count) if verdict.token_count else "not counted",
        _delta(verdict),
        _limit(verdict),
    ]


def _delta(verdict: Verdict) -> str:
    if verdict.change in {"", "new"}:
        return str(verdict.change)
    if verdict.growth is None:
        return "?"
    return f"{verdict.growth:+,}" if verdict.growth else "same"


def _columns(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """The first column from the left, the others to the right; a column with nothing in it isn't there."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for first, *rest in rows:
        cells = [f"{cell:>{width}}" for cell, width in zip(rest, widths[1:], strict=True) if width]
        yield "  ".join([f"{first:<{widths[0]}}", *cells])


def _limit(verdict: Verdict) -> str:
    return "no limit" if verdict.limit is None else f"of {verdict.limit:,}"


def _told(verdict: Verdict) -> str:
    """The last column: by how much over, or how full."""
    share = _share(verdict)
    return f"{verdict.over_by:,} over ({share})" if verdict.status == "over" else share


def _share(verdict: Verdict) -> str:
    if verdict.limit is None or verdict.token_count is None:
        return ""
    return phrases.percent(verdict.token_count.tokens, verdict.limit)


def _largest(verdict: Verdict) -> Iterator[str]:
    """Where the tokens of a prompt are: the sections of a file, the files of a group."""
    grouped = verdict.prompt.format == "group"
    if len(verdict.sections) > 1 or (verdict.sections and (grouped or verdict.import_shares)):
        shares = f"{phrases.shares(verdict.import_shares)}. " if verdict.import_shares else ""
        yield f"{_INDENT}{shares}{'Parts' if grouped else 'Largest sections'}:"
        yield from (f"{_INDENT}{line}" for line in _sections(verdict.sections[:_PARTS]))
    rest = verdict.sections[_PARTS:]
    if rest:
        yield f"{_INDENT}  {sum(one.tokens for one in rest):,} in {len(rest):,} more"
    added = (
        verdict.token_count.tokens - sum(one.tokens for one in verdict.sections) if verdict.token_count else 0
    )
    if grouped and added > 0:
        yield f"{_INDENT}  {added:,} that the API adds around them"


def _sections(sections: Sequence[Section]) -> Iterator[str]:
    numbers = max(len(f"{section.tokens:,}") for section in sections)
    places = [visible(phrases.place(section)) for section in sections]
    width = max(map(len, places))
    for section, place in zip(sections, places, strict=True):
        yield f"  {section.tokens:>{numbers},}  {place:<{width}}  {cut(visible(section.title))}".rstrip()
        if len(section.import_chain) > 1:  # who imports it isn't plain from the file that is over
            yield f"  {'':{numbers}}  {' → '.join(map(visible, (*section.import_chain, section.path)))}"


def cut(title: str) -> str:
    return title if len(title) <= _TITLE_WIDTH else title[: _TITLE_WIDTH - 1] + "…"


# ---------------------------------------------------------------------------------------------------------
# With a base


def _loosened(report: Report, view: View) -> Iterator[str]:
    """What this change allows and the base didn't: worth a line, a warning or a failure."""
    fails = report.on_raise == "fail"
    if not report.loosened or (view.verbosity < 0 and not fails):
        return
    label, color = {"fail": ("LOOSER", "1;31"), "warn": ("looser", "33"), "note": ("looser", "")}[
        report.on_raise
    ]
    for one, models in phrases.merged(report.loosened):
        where = f"  {visible(report.config)}:{one.line}" if one.line else ""
        yield f"{_paint(f'{label:<7}', color, view)} {_paint(visible(one.subject), '1', view)}{where}"
        of = (
            f" for {', '.join(map(visible, models))}"
            if models and len({v.model for v in report.verdicts}) > 1
            else ""
        )
        yield f"{_INDENT}{visible(phrases.raised(one))}{of}"
    if fails:
        yield f"{_INDENT}`on_raise: fail` refuses that. Take it back, or make it a change of its own."
        yield ""


class _Row(NamedTuple):
    """A prompt that changed and doesn't fail, for one model."""

    label: str
    color: str
    name: str
    model: str
    cells: Sequence[str]
    remark: str = ""


def _changed(report: Report, groups: Sequence[_Group], view: View) -> Iterator[str]:
    """Of each prompt that changed and doesn't fail, and of each that is gone: a line, or one for each of several models."""
    rows = [
        _Row(_standing(v), _COLORS[told], _named(v.prompt), visible(v.model), [*_cells(v), _share(v)],
             _REMARKS.get(_told_of(v), ""))
        for told, verdicts in groups
        for v in verdicts
    ]  # fmt: skip
    for one in report.removed:
        cells = [number(one.base_count), f"{-one.base_count.tokens:+,}", "", ""]
        rows.append(_Row("removed", "", _named(one.prompt), visible(one.model), cells))
    shown = rows if view.verbosity > 0 else rows[:_ROWS]
    if len({row.model for row in rows}) > 1:
        yield from _changed_for_several(shown, view)
    else:
        lines = _fitted(
            [[row.name, *row.cells] for row in shown], max((len(row.remark) for row in shown), default=0)
        )
        for row, line in zip(shown, lines, strict=True):
            yield f"{_paint(f'{row.label:<7}', row.color, view)} {line}{row.remark}".rstrip()
    if len(rows) > len(shown):
        yield f"{_INDENT}and {len(rows) - len(shown):,} more that changed (all with -v)"


def _changed_for_several(rows: Sequence[_Row], view: View) -> Iterator[str]:
    last = ""
    for row, line in zip(rows, _columns([[row.model, *row.cells] for row in rows]), strict=True):
        if row.name != last:
            yield f"{_paint(f'{row.label:<7}', row.color, view)} {row.name}"
        last = row.name
        yield f"{_INDENT}{line}{row.remark}".rstrip()


def _standing(verdict: Verdict) -> str:
    if verdict.change == "changed":
        return "shrank" if (verdict.growth or 0) < 0 else "larger" if verdict.growth else "changed"
    return verdict.change


def _fitted(rows: Sequence[Sequence[str]], behind: int = 0) -> Iterator[str]:
    """Lines behind a label, with the names in the first column cut, so that `behind` characters more fit: the end of a path says most."""
    rest = [max(map(len, column)) for column in zip(*(cells for _, *cells in rows), strict=True)]
    room = max(_WIDTH - len(_INDENT) - behind - sum(width + 2 for width in rest if width), _NARROWEST)
    names = [name if len(name) <= room else f"…{name[1 - room :]}" for name, *_ in rows]
    return _columns([[name, *cells] for name, (_, *cells) in zip(names, rows, strict=True)])


def _before(groups: Sequence[_Group], view: View) -> Iterator[str]:
    """What was over before, and wasn't touched, in one block."""
    if not groups:
        return
    yield f"{_label('before', view)} over before this change, and not worse now:"
    rows = [
        [_named(v.prompt), *_cells(v)[::2], _share(v)]
        for _, verdicts in groups[:_ROWS]
        for v in verdicts
        if v.is_preexisting
    ]
    yield from (f"{_INDENT}{line}" for line in _fitted(rows))
    if len(groups) > _ROWS:
        yield f"{_INDENT}and {len(groups) - _ROWS:,} more (all with -v)"


# ---------------------------------------------------------------------------------------------------------
# The last lines


def _summary(report: Report, tally: Mapping[_Told, int], view: View) -> Iterator[str]:
    prompts = [prompt for prompt, _ in groupby(report.verdicts, attrgetter("prompt"))]
    if not prompts and not report.problems:
        return
    told = [_paint(f"{n:,} {_WORDS[kind]}", _COLORS[kind], view) for kind, n in tally.items() if n]
    if report.problems:
        errors = phrases.several(len(report.problems), "error")
        told.insert(0, _paint(errors, _COLORS["uncounted"], view))
    yield f"{phrases.things(prompts)}: {', '.join(told)}"
    if report.base:
        yield from _totals(report)
        moved = phrases.groups_moved(report)
        yield from [f"{moved}; the total doesn't have groups, whose prompts it has."] if moved else []
    yield from _origin(report)


def _totals(report: Report) -> Iterator[str]:
    """What the change costs: in a line, or with one for each of several models."""
    found = phrases.totals(report)
    against = f"Compared with {visible(report.base.description)}" if report.base else ""
    without = phrases.left_out(report)
    if without and not any(one.before or one.after for one in found):
        yield f"{against}: nothing to add up, {without}."
        return
    if len(found) == 1:
        rest = without and f", {without}"
        yield f"{against}: {_total(found[0], without)}, {found[0].before:,} → {found[0].after:,}{rest}."
        return
    if found:
        yield f"{against}{without and f', {without}'}:"
    rows = [[visible(one.model), f"{one.before:,} → {one.after:,}", _total(one, without)] for one in found]
    yield from (f"{_INDENT}{line}" for line in (_columns(rows) if rows else ()))


def _total(one: phrases.Total, without: str) -> str:
    """What is left out may have changed: nothing is the same then."""
    share = phrases.share(one.growth, one.before) if one.growth else ""
    return f"{one.growth:+,} tokens{share and f' ({share})'}" if one.growth or without else "the same total"


def _origin(report: Report) -> Iterator[str]:
    return map(visible, phrases.origin(report))
