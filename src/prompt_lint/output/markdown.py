"""`markdown`: the report for a reviewer, as a comment or a job's summary: the verdict, what changed, what to do.

Markdown of GitHub and GitLab. No line begins with a text that isn't ours: GitLab would obey `/close` there.
"""

from __future__ import annotations

import re
from itertools import chain, groupby
from operator import attrgetter
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from prompt_lint.output import phrases
from prompt_lint.text.markdown_escape import code, words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from prompt_lint.model.values import (
        Count,
        Exemption,
        Loosening,
        Problem,
        Prompt,
        RemovedPrompt,
        Report,
        Section,
        Verdict,
    )
    from prompt_lint.output import View

_T = TypeVar("_T")

# GitHub takes no comment of more characters, and drops a step's summary whole if it has more bytes.
COMMENT = 65_536
SUMMARY = 1 << 20

# Worst first.
_MARKS = {
    "over": "❌ over", "grew": "❌ grew", "uncounted": "❌ not counted", "unsure": "❓ unsure", "exempt": "⏳ exempt",
    "warn": "⚠️ near", "ok": "✅",
}  # fmt: skip
_ORDER = list(_MARKS)
_BAR = 10
_SAME = "the total is what it was"
_NBSP = "\u00a0"
_FOLD, _FOLDED, _END = "<details><summary>", "</summary>\n\n", "\n</details>\n"
_CLAUDE = re.compile(r"claude-([a-z0-9.-]{1,40})")
_LONGEST_NAME, _LONGEST_TEXT = 120, 600
# What a reviewer sees without unfolding anything.
_OPEN_ROWS, _OPEN_TASKS = 25, 10
# Beyond so many verdicts, the model for which a prompt is worst stands for those that don't fail.
_ALL_MODELS = 40
_PARTS = 10


class _Subject(NamedTuple):
    """A prompt with its verdicts, the worst first."""

    prompt: Prompt
    verdicts: Sequence[Verdict]

    @property
    def worst(self) -> Verdict:
        return self.verdicts[0]


class _Page(NamedTuple):
    """What the parts of a page have to know: the report, its prompts (worst first) by where they are told, its models."""

    report: Report
    shown: Sequence[_Subject]
    inherited: Sequence[_Subject]
    quiet: Sequence[_Subject]
    models: Sequence[str]

    @property
    def compared(self) -> bool:
        return self.report.base is not None

    @property
    def all(self) -> Iterator[_Subject]:
        return chain(self.shown, self.inherited, self.quiet)


class _Section(NamedTuple):
    """A stretch of the page. Rows are made as long as there is room; the section of the lowest `rank` gets it first."""

    rank: int
    title: str
    columns: str
    number: int
    rows: Iterator[str]
    end: str = ""

    def frame(self) -> str:
        """All but the rows: never shorter than what is told without any."""
        return f"\n{self.title}{self.columns}{_left(self.number)}{self.end}"

    def told(self, rows: Sequence[str]) -> str:
        """As Markdown, with the first of its rows."""
        if self.end and not rows:  # there would be nothing to unfold
            what = self.title.removeprefix(_FOLD).removesuffix(_FOLDED)
            return f"\nDidn't fit here: {what} (`prompt-lint check -v` tells all).\n"
        more = _left(self.number - len(rows))
        return f"\n{self.title}{self.columns if rows else ''}{''.join(rows)}{more}{self.end}"


def _left(number: int) -> str:
    return f"\n{number:,} more didn't fit here: `prompt-lint check -v` tells all.\n" if number else ""


def render(report: Report, view: View) -> str:  # noqa: ARG001  # the same signature for every format
    return within(report, COMMENT)


def within(report: Report, most: int, size: Callable[[str], int] = len) -> str:
    """The page, cut between rows where it is larger than `most` by `size`; "" if not even its first line fits."""
    page = _page(report)
    first = f"### {_headline(page)}\n"
    found = _fitted([one for one in _sections(page) if one.number], most - size(first), size)
    if found is not None:
        return first + found
    rest = "\nThe rest didn't fit here: `prompt-lint check -v` tells it.\n"
    return next((text for text in (first + rest, first) if size(text) <= most), "")


def _fitted(sections: Sequence[_Section], room: int, size: Callable[[str], int]) -> str | None:
    """None where there is no room for the bare sections."""
    room -= sum(size(one.frame()) for one in sections)
    if room < 0:
        return None
    kept: dict[int, list[str]] = {}
    for place, one in sorted(enumerate(sections), key=lambda pair: pair[1].rank):
        kept[place] = rows = []
        for row in one.rows:
            if size(row) > room:
                break
            room -= size(row)
            rows.append(row)
    return "".join(one.told(kept[place]) for place, one in enumerate(sections))


# ---------------------------------------------------------------------------------------------------------
# What stands where


def _page(report: Report) -> _Page:
    subjects = [
        _Subject(prompt, sorted(ours, key=_badness))
        for prompt, ours in groupby(report.verdicts, attrgetter("prompt"))
    ]
    subjects.sort(key=lambda one: (_badness(one.worst), one.prompt.path, one.prompt.line))
    shown: list[_Subject] = []
    inherited: list[_Subject] = []
    quiet: list[_Subject] = []
    for one in subjects:
        told = _changed(one) if report.base else one.worst.status != "ok"
        if told or any(v.fails for v in one.verdicts):
            shown.append(one)
        else:
            (inherited if any(v.is_preexisting for v in one.verdicts) else quiet).append(one)
    models = dict.fromkeys([*(v.model for v in report.verdicts), *(one.model for one in report.removed)])
    return _Page(report, shown, inherited, quiet, list(models))


def _changed(subject: _Subject) -> bool:
    return any(v.change not in {"", "unchanged"} for v in subject.verdicts)


def _badness(verdict: Verdict) -> tuple[int, int, int, float]:
    """What fails first, then what grew or shrank most, then what is fullest."""
    tokens = verdict.token_count.tokens if verdict.token_count else 0
    status = "ok" if verdict.is_preexisting else verdict.status
    return (
        _ORDER.index(status),
        -verdict.over_by,
        -phrases.moved(verdict),
        -tokens / (verdict.limit or 1 << 40),
    )


def _sections(page: _Page) -> Iterator[_Section]:
    report = page.report
    yield _Section(0, "", "", 1, iter([_context(page)]))
    yield from _split(0, "Errors", "", report.problems, _OPEN_TASKS, _problem, "more errors")
    yield from _changes(page)
    yield from _split(
        0, "What to do", "", _tasks(page), _OPEN_TASKS, lambda one: _task(one, page), "more to do"
    )
    yield _loosened(page)
    yield _exempt(page)
    yield _folded(
        6, f"{_prompts(page.inherited)} over before this change, and not made worse", page, page.inherited
    )
    quiet = "unchanged" if page.compared else "within their limits"
    yield _folded(7, f"{_prompts(page.quiet)} {quiet}", page, page.quiet)
    yield _totals(page)
    notes = phrases.notes(report.notes)
    yield _Section(4, "#### Notes\n\n", "", len(notes), (f"- {words(_short(note))}\n" for note in notes))
    origin = phrases.origin(report)
    yield _Section(1, "", "", len(origin), (f"<sub>{words(line)}</sub>\n" for line in origin))


def _split(
    rank: int, title: str, columns: str, items: Sequence[_T], number: int, row: Callable[[_T], str], rest: str
) -> Iterator[_Section]:
    """The first rows open, the rest folded."""
    shown, left = items[:number], items[number:]
    title = f"#### {title}\n\n" if title else ""
    yield _Section(rank, title, columns, len(shown), map(row, shown))
    yield _Section(5, _summary(f"{len(left):,} {rest}"), columns, len(left), map(row, left), _END)


def _summary(told: str) -> str:
    return f"{_FOLD}{told}{_FOLDED}"


def _changes(page: _Page) -> Iterator[_Section]:
    """The table of what changed; without a base, of what needs a look."""
    items: list[_Subject | RemovedPrompt] = [*page.shown, *page.report.removed]
    every = sum(len(one.verdicts) for one in page.shown) <= _ALL_MODELS
    rest = "more that changed" if page.compared else "more that need a look"
    yield from _split(
        2, "", _columns(page), items, _OPEN_ROWS, lambda one: _row(one, page, every=every), rest
    )


def _folded(rank: int, told: str, page: _Page, subjects: Sequence[_Subject]) -> _Section:
    every = sum(len(one.verdicts) for one in subjects) <= _ALL_MODELS
    rows = (_rows(one, page, every=every) for one in subjects)
    return _Section(rank, _summary(told), _columns(page), len(subjects), rows, _END)


def _exempt(page: _Page) -> _Section:
    subjects = chain(page.shown, page.inherited, page.quiet)
    found = [
        (one, v, v.exemption)
        for one in subjects
        for v in one.verdicts
        if v.status == "exempt" and v.exemption
    ]
    columns = _table("Prompt", *_if_several(page, "Model"), "Tokens|", "Limit|", "Until", "Reason")
    rows = (_excuse(*one, page) for one in found)
    return _Section(3, "#### Exempt\n\n", columns, len(found), rows)


def _loosened(page: _Page) -> _Section:
    report = page.report
    found = phrases.merged(report.loosened)
    mark = {"fail": "❌ ", "warn": "⚠️ ", "note": ""}[report.on_raise]
    fails = " (`on_raise: fail`)" if report.on_raise == "fail" else ""
    columns = _table("", "What", "Before|", "After|", "Where")
    rows = (_raise(one, models, page) for one, models in found)
    return _Section(2, f"#### {mark}What this change loosens{fails}\n\n", columns, len(found), rows)


def _totals(page: _Page) -> _Section:
    found = phrases.totals(page.report) if len(page.models) > 1 else []
    columns = _table("Model", *(("Before|", "After|", "Δ|") if page.compared else ("Tokens|",)))
    rows = (_cells(code(one.model), *_summed(one, page)) for one in found)
    return _Section(3, _summary("Totals by model"), columns, len(found), rows, _END)


def _summed(one: phrases.Total, page: _Page) -> Sequence[str]:
    after = f"{one.after:,}"
    return (f"{one.before:,}", after, _delta(one.growth)) if page.compared else (after,)


# ---------------------------------------------------------------------------------------------------------
# The first lines


def _headline(page: _Page) -> str:
    """The verdict and the total growth, in a sentence."""
    report = page.report
    failed = [one for one in page.shown if one.worst.fails]
    over, grew = ([one for one in failed if one.worst.status == status] for status in ("over", "grew"))
    limits = "is over its limit" if len(over) == 1 else "are over their limits"
    plain = over and not any(one.prompt.format == "group" for one in failed)
    faults = [
        f"{_prompts(over)} {limits}" if over else "",
        f"{f'{len(grew):,}' if plain else _prompts(grew)} grew more than allowed" if grew else "",
        "limits are loosened" if report.loosened and report.on_raise == "fail" else "",
        phrases.several(len(report.problems), "error") if report.problems else "",
    ]
    told = ", ".join(fault for fault in faults if fault)
    return f"{'❌ ' + told if told else _calm(page)}{_change(page)}"


def _calm(page: _Page) -> str:
    """The verdict where nothing fails."""
    report = page.report
    worst = [one.worst.status for one in page.shown]
    unsure, exempt = worst.count("unsure"), worst.count("exempt")
    new = sum(any(v.is_preexisting for v in one.verdicts) and one.worst.change == "new" for one in page.shown)
    if not report.verdicts:
        return "⚠️ Nothing was measured"
    kinds = {one.prompt.format == "group" for one in page.all}
    none = "Nothing fails" if True in kinds else "No prompt fails"
    doubts = [f"{unsure:,} unsure"] * bool(unsure) + [f"{exempt:,} exempt"] * bool(exempt)
    doubts += [f"{new:,} new and over"] * bool(new)
    if report.loosened and report.on_raise == "warn":
        doubts.append("limits are loosened")
    if doubts:
        return f"⚠️ {none}: {', '.join(doubts)}"
    if page.compared:
        return f"✅ {none}"
    if len(kinds) > 1:
        return "✅ Every prompt and group is within its limit"
    what = "group" if True in kinds else "prompt"
    return f"✅ {'The' if len(list(page.all)) == 1 else 'Every'} {what} is within its limit"


def _change(page: _Page) -> str:
    """The total growth, as the end of a sentence, and what the total doesn't have."""
    found = phrases.totals(page.report) if page.compared else []
    without = phrases.left_out(page.report) if page.compared else ""
    moved = phrases.groups_moved(page.report) if page.compared else ""
    total = _growth(found, without) if found else ""
    if moved and total == _SAME:
        same = (
            any(_changed(one) and one.prompt.format != "group" for one in page.shown) or page.report.removed
        )
        total = "the total of the prompts is what it was" if same else "no prompt changed"
    told = ", ".join(filter(None, [total, without]))
    return "".join(f"; {one}" for one in (told, moved) if one)


def _growth(found: Sequence[phrases.Total], without: str) -> str:
    """Models differ in their tokenizers, and in the prompts they are for. What is left out may have changed."""
    least, most = (pick(one.growth for one in found) for pick in (min, max))
    if least < 0 < most:
        return f"this change makes it {least:+,} to {most:+,} tokens, by model"
    total = phrases.several(max(most, -least), "token")
    if least != most:
        total = f"up to {total}, by model"
    if not without and not any(one.before for one in found):
        return f"all is new: {total}"
    if least == most == 0 and not without:
        return _SAME
    of = phrases.share(most, found[0].before) if len(found) == 1 and least else ""
    return f"this change {'removes' if least < 0 else 'adds'} {total}{of and f' ({of})'}"


def _context(page: _Page) -> str:
    """How many prompts, for which models, compared with what."""
    against = page.report.base
    told = [_prompts([*page.shown, *page.inherited, *page.quiet])]
    if len(page.models) == 1:
        told[0] += f" for {code(page.models[0])}"
        told += [_grand(one, page) for one in phrases.totals(page.report)]
    elif page.models:
        told[0] += f" for {len(page.models)} models"
    if against:
        told += filter(None, [phrases.left_out(page.report)])
        # The name is a part of how it was found, and nearly always its end.
        how = against.description.removesuffix(against.name)
        name = code(_short(against.name)) if how != against.description else ""
        told.append(f"compared with {words(_short(how))}{name} ({code(against.commit[:10])})")
    return f"{', '.join(told)}.\n"


def _grand(total: phrases.Total, page: _Page) -> str:
    before = f"{total.before:,} → " if page.compared else ""
    return f"{before}**{total.after:,} tokens**"


# ---------------------------------------------------------------------------------------------------------
# Rows


def _columns(page: _Page) -> str:
    counts = ("Before|", "After|", "Δ|") if page.compared else ("Tokens|",)
    return _table("", "Prompt", *_if_several(page, "Model"), *counts, "Limit|", "Full")


def _row(one: _Subject | RemovedPrompt, page: _Page, *, every: bool) -> str:
    return _rows(one, page, every=every) if isinstance(one, _Subject) else _gone(one, page)


def _rows(subject: _Subject, page: _Page, *, every: bool) -> str:
    """A line for each model, the name in the first; of many, only for those that fail, or for the worst."""
    worst, *others = subject.verdicts
    told = [worst, *(v for v in others if every or v.fails)]
    left = len(subject.verdicts) - len(told)
    also = f"<br><sub>and{_NBSP}{left:,}{_NBSP}more</sub>" if left else ""
    names = [_name(subject.prompt) + _aside(worst), *("" for _ in told[1:])]
    return "".join(
        _cells(_mark(v), name, *_if_several(page, _model(v.model) + also), *_counts(v, page))
        for v, name in zip(told, names, strict=True)
    )


def _counts(verdict: Verdict, page: _Page) -> Sequence[str]:
    after = _number(verdict.token_count)
    if page.compared:
        before = "*new*" if verdict.change == "new" else _number(verdict.base_count)
        growth = verdict.growth
        if verdict.change == "new":
            growth = verdict.token_count and verdict.token_count.tokens
        after_and_delta = [before, after, "" if growth is None else _delta(growth)]
    else:
        after_and_delta = [after]
    return [*after_and_delta, f"{verdict.limit:,}" if verdict.limit else "", _full(verdict)]


def _gone(one: RemovedPrompt, page: _Page) -> str:
    return _cells(
        "",
        _name(one.prompt),
        *_if_several(page, _model(one.model)),
        _number(one.base_count),
        "*removed*",
        _delta(-one.base_count.tokens),
        "",
        "",
    )


def _if_several(page: _Page, cell: str) -> tuple[str, ...]:
    """The cell of a column that is there for several models only."""
    return (cell,) if len(page.models) > 1 else ()


def _mark(verdict: Verdict) -> str:
    if verdict.is_preexisting:
        return f"⚠️{_NBSP}new,{_NBSP}over" if verdict.change == "new" else "over before"
    return _MARKS[verdict.status].replace(" ", _NBSP)


def _aside(verdict: Verdict) -> str:
    return f"<br><sub>was {code(_middle(verdict.renamed_from))}</sub>" if verdict.renamed_from else ""


def _full(verdict: Verdict) -> str:
    if verdict.limit is None or verdict.token_count is None:
        return ""
    tokens, limit = verdict.token_count.tokens, verdict.limit
    filled = min(_BAR, _BAR * tokens // limit or bool(tokens))
    return f"`{'━' * filled}{'─' * (_BAR - filled)}`{_NBSP}{phrases.percent(tokens, limit)}"


def _excuse(subject: _Subject, verdict: Verdict, exemption: Exemption, page: _Page) -> str:
    return _cells(
        _name(subject.prompt), *_if_several(page, _model(verdict.model)), _number(verdict.token_count),
        f"{verdict.limit:,}" if verdict.limit else "", words(exemption.until) or "no end",
        words(_short(exemption.reason)),
    )  # fmt: skip


def _raise(one: Loosening, models: Sequence[str], page: _Page) -> str:
    which = f" for {', '.join(map(code, models))}" if models and len(page.models) > 1 else ""
    before, after = ("" if number is None else f"{number:,}" for number in (one.old_limit, one.new_limit))
    where = code(f"{_middle(page.report.config)}:{one.line}") if one.line else ""
    return _cells(code(_middle(one.subject)), words(_short(one.description)) + which, before, after, where)


def _problem(problem: Problem) -> str:
    place = _middle(problem.path) + (f":{problem.line}" if problem.line else "")
    hint = f"<br>{words(_short(problem.hint))}" if problem.hint else ""
    where = f"{code(place)}: " if place else ""
    return f"- ❌ {where}{words(_short(problem.message))}{hint}\n"


# ---------------------------------------------------------------------------------------------------------
# What to do


def _tasks(page: _Page) -> list[_Subject]:
    """What fails, and what could: with a base, only of what has changed."""
    return [one for one in page.shown if one.worst.fails or one.worst.status == "unsure"]


def _task(subject: _Subject, page: _Page) -> str:
    worst = subject.worst
    model = f" for {code(worst.model)}" if len(page.models) > 1 else ""
    if worst.status == "unsure":
        told = (
            f"{_unsure(worst, model)}. Set `ANTHROPIC_API_KEY`, or cut {phrases.surely([worst])} to be sure."
        )
        return f"- ❓ {_name(subject.prompt)} {told}\n"
    told = _grew(worst, model, page) if worst.status == "grew" else _over(subject, model, page)
    points = "".join(f"  - {point}\n" for point in _points(worst))
    return f"- ❌ {_name(subject.prompt)} {told}\n{points}"


def _unsure(verdict: Verdict, model: str) -> str:
    low, high = (verdict.token_count.low, verdict.token_count.high) if verdict.token_count else (0, 0)
    return f"has {low:,} to {high:,} tokens{model}, and only an exact count tells on which side of its limit of {verdict.limit:,}"


def _over(subject: _Subject, model: str, page: _Page) -> str:
    worst = subject.worst
    line = worst.rule.limit_line(worst.prompt.name, worst.model)
    where = code(f"{_middle(page.report.config)}:{line}") if line else "`--limit`"
    also = ", ".join(
        f"{v.over_by:,} for {code(v.model)}" for v in subject.verdicts[1:] if v.over_by and v.fails
    )
    also = f" (and {also})" if also else ""
    cut = phrases.surely(v for v in subject.verdicts if v.fails)
    return (
        f"is **{worst.over_by:,} over** its limit of {worst.limit:,}{model}{also}. "
        f"Cut {cut}, or raise the limit: {where}"
    )


def _grew(verdict: Verdict, model: str, page: _Page) -> str:
    before, growth, allowed = verdict.base_count, verdict.growth or 0, verdict.rule.max_growth
    if before is None or allowed is None:
        return "grew more than allowed"
    most = phrases.allowance(allowed, before.tokens)
    line = verdict.rule.line
    where = f": {code(f'{_middle(page.report.config)}:{line}')}" if line else ""
    return (
        f"grew by **{growth:,} tokens**{model} ({phrases.share(growth, before.tokens)}); "
        f"`max_growth` of {phrases.bounds(allowed)} allows {most:,}. "
        f"Cut {phrases.several(growth - most, 'token')}, or allow more{where}"
    )


def _points(verdict: Verdict) -> Iterator[str]:
    """Where the tokens are, and what the rule's own people say of it."""
    exemption, grouped = verdict.exemption, verdict.prompt.format == "group"
    if exemption:
        yield f"Its exemption ended on {words(exemption.until)}: {words(_short(exemption.reason))}"
    if verdict.import_shares:
        yield words(phrases.shares(verdict.import_shares))
    if len(verdict.sections) > 1 or grouped or verdict.import_shares:
        yield from map(_part, verdict.sections[:_PARTS])
    rest = verdict.sections[_PARTS:]
    if rest:
        yield f"{sum(one.tokens for one in rest):,} tokens in {len(rest):,} more"
    for line in verdict.rule.message.splitlines():
        if line.strip():
            yield f"*{words(_short(line.strip()))}*"


def _part(section: Section) -> str:
    place = phrases.place(section)
    title = code(_middle(section.title))
    where = code(_middle(place)) if section.path else place
    via = (
        " → ".join(code(_middle(one)) for one in section.import_chain)
        if len(section.import_chain) > 1
        else ""
    )
    by = f", by way of {via}" if via else ""
    return f"{section.tokens:,} tokens: {f'{title}, ' if title else ''}{where}{by}"


# ---------------------------------------------------------------------------------------------------------
# Pieces


def _table(*columns: str) -> str:
    """The head of a table. A column that ends with `|` is of numbers."""
    names = " | ".join(column.removesuffix("|") for column in columns)
    return f"| {names} |\n|{'|'.join('--:' if column.endswith('|') else ':--' for column in columns)}|\n"


def _cells(*cells: str) -> str:
    return f"| {' | '.join(cells)} |\n"


def _name(prompt: Prompt) -> str:
    if prompt.format == "group":
        return f"group {code(_middle(prompt.name))}"
    return code(_middle(prompt.path)) + (f" {code(_middle(prompt.name))}" if prompt.name else "")


def _model(name: str) -> str:
    """The name in a cell: not broken at its hyphens, and without what they all begin with."""
    found = _CLAUDE.fullmatch(name)
    return found[1].replace("-", "\u2011") if found else code(_middle(name))


def _prompts(subjects: Sequence[_Subject]) -> str:
    return phrases.things(one.prompt for one in subjects)


def _number(count: Count | None) -> str:
    return phrases.number(count).replace(" ", _NBSP) if count else ""


def _delta(growth: int) -> str:
    return f"**{growth:+,}**" if growth else "0"


def _middle(name: str) -> str:
    """A name without its middle, where it is too long: the end of a path says more."""
    if len(name) <= _LONGEST_NAME:
        return name
    return f"{name[: _LONGEST_NAME // 3]}…{name[-2 * _LONGEST_NAME // 3 :]}"


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST_TEXT else f"{text[: _LONGEST_TEXT - 1]}…"
