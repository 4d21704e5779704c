"""`markdown`: the report for GitHub's job summary: a sentence, a chart by Mermaid, and always the numbers as tables."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING

from prompt_lint.text.markdown_escape import code, words
from prompt_lint.usage import figures as f
from prompt_lint.usage.trends import share

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from prompt_lint.usage.figures import Report, Row
    from prompt_lint.usage.trends import Group, Trends

_MOST_GROUPS, _MOST_MOVERS, _MOST_PROMPTS, _MOST_DAYS = 20, 8, 50, 100
_LONGEST_NAME = 120
# An amount among words. As it stands it is one, while `$1` alone would be taken for a reference.
_AMOUNT = re.compile(r"(?<!\S)([+-]?<?\$[0-9][0-9,.]*(?:/[a-z]+)?[,.;:]?)(?!\S)", re.ASCII)


def render(report: Report, *, color: bool = False) -> str:  # noqa: ARG001  # the same signature for every format
    trends = report.trends
    parts = [["## Claude usage and cost", ""], [*_sentences(report), ""]]
    if trends.empty:
        parts.append([_plain(f.empty(trends)), ""])
    else:
        parts += [list(_totals(trends)), list(_chart(trends)), list(_trend(trends))]
        parts += [list(_groups(trends, dimension)) for dimension in trends.groups]
        parts += [list(_movers(trends)), list(_prices(trends)), list(_check(report))]
    parts.append(list(_caveats(report)))
    return "".join(f"{line}\n" for part in parts for line in part)


def _name(text: str) -> str:
    return code(text if len(text) <= _LONGEST_NAME else text[: _LONGEST_NAME - 1] + "…")


def _plain(text: str) -> str:
    """A sentence of ours with amounts, and with names in it of which nothing is obeyed."""
    first, *rest = _AMOUNT.split(text)
    # Behind an amount nothing begins a line: so a letter goes before it, and is taken away again.
    rest[1::2] = [words(f"x{part}").replace("x", "", 1) for part in rest[1::2]]
    return words(first) + "".join(rest)


def _sentences(report: Report) -> Iterator[str]:
    trends = report.trends
    yield f"**{_plain(f.headline(trends))}**"
    for sentence in (
        f.cut(trends),
        f.why(trends),
        f.forecast(trends.forecast, trends.data.currency) if trends.forecast else "",
    ):
        if sentence:
            yield _plain(sentence)
    if report.judged:
        yield ""
    for one in report.judged:
        mark = (
            ":warning: **failed**"
            if one.crossed
            else ":grey_question:"
            if one.crossed is None
            else ":white_check_mark:"
        )
        yield f"- {mark} {_plain(f.judgement(one, trends.data.currency))}"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]], left: Sequence[int] = (0,)) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{'|'.join('---' if place in left else '--:' for place in range(len(head)))}|"
    for row in rows:
        yield f"| {' | '.join(row)} |"


def _totals(trends: Trends) -> Iterator[str]:
    rows = f.totals(trends)
    days = f.plural(trends.plan.window.days, "day")
    if trends.previous is None:
        yield from _table(["", days], [(_title(row), row.now) for row in rows])
    else:
        head = ["", days, f"{days} before", "change"]
        yield from _table(head, [(_title(row), row.now, row.before, row.change) for row in rows])
    yield ""


def _title(row: Row) -> str:
    return f"&nbsp;&nbsp;{row.name}" if row.part else f"**{row.name}**" if row.name == "Cost" else row.name


def _chart(trends: Trends) -> Iterator[str]:
    """Without anything to draw there is no chart: Mermaid takes an empty series for a fault."""
    unit, stretches = f.stretches(trends)
    costs = any(s.cost for s in stretches)
    sizes = [float(f.rounded(s.cost or Decimal(0), 4)) if costs else s.usage for s in stretches]
    if not any(sizes) or len(sizes) < 2:
        return
    title = f"Cost by {unit} in {_word(trends.data.currency)}" if costs else f"Tokens by {unit}"
    labels = ", ".join(f'"{_label(s.name)}"' for s in stretches)
    yield "```mermaid"
    yield "xychart-beta"
    yield f'    title "{title}"'
    yield f"    x-axis [{labels}]"
    yield f'    y-axis "{_word(trends.data.currency) if costs else "tokens"}" 0 --> {_top(max(sizes))}'
    yield f"    bar [{', '.join(_number(size) for size in sizes)}]"
    yield "```"
    yield ""


def _word(text: str) -> str:
    return "".join(char for char in text if char.isascii() and char.isalnum())


def _label(name: str) -> str:
    """`15 Nov`: the first day of a week, a day without its name."""
    words = name.split(" to ", maxsplit=1)[0].split()
    return " ".join(words[-2:])


def _top(most: float) -> str:
    """A round number above the highest bar."""
    digits = Decimal(10) ** Decimal(repr(float(most))).adjusted()
    steps = (Decimal(repr(float(most))) / digits * 2).to_integral_value("ROUND_CEILING")
    return format((steps * digits / 2).normalize(), "f")


def _number(size: float) -> str:
    return format(Decimal(repr(size)).normalize(), "f")


def _trend(trends: Trends) -> Iterator[str]:
    unit, stretches = f.stretches(trends)
    currency = trends.data.currency
    marks = any(s.parts for s in stretches)
    head = [unit, "tokens", "cost", *(["by day" if unit == "week" else "by hour"] if marks else [])]
    rows = [
        [s.name, f.tokens(s.usage), f.money(s.cost, currency), *([f.sparkline(s.parts)] if marks else [])]
        for s in stretches
    ]
    yield "<details><summary>The numbers</summary>"
    yield ""
    yield from _table(head, rows, left=(0, 3))
    yield ""
    if unit == "week":
        days = [
            (f"{d.at:%a} {f.day(d.at)}", f.tokens(d.usage.tokens), f.money(d.cost, currency))
            for d in trends.days
        ]
        yield from _table(["day", "tokens", "cost"], days[:_MOST_DAYS])
        yield ""
    yield "</details>"
    yield ""
    if trends.today:
        yield _plain(f.today(trends))
        yield ""


def _groups(trends: Trends, dimension: str) -> Iterator[str]:
    groups, currency = trends.groups[dimension], trends.data.currency
    if not groups:
        return
    split = groups[0].cost is not None
    yield f"### By {f.TITLES[dimension]}"
    yield ""
    head = [
        f.TITLES[dimension],
        *(["cost"] if split else []),
        "tokens",
        "share",
        *(["change"] if trends.previous else []),
        "trend",
    ]
    rows = [_group(one, trends, split=split) for one in groups[:_MOST_GROUPS]]
    yield from _table(head, rows, left=(0, len(head) - 1))
    rest = f.others(groups[_MOST_GROUPS:], currency)
    if rest:
        yield ""
        yield rest
    yield ""


def _group(one: Group, trends: Trends, *, split: bool) -> list[str]:
    now, before = (one.cost, one.cost_before) if split else (one.usage.tokens, one.usage_before.tokens)
    whole = trends.total.cost if split else trends.total.usage.tokens
    return [
        _name(one.name),
        *([f.money(one.cost, trends.data.currency)] if split else []),
        f.tokens(one.usage.tokens),
        f.percent(share(now or 0, whole)),
        *([f.moved(now, before)] if trends.previous else []),
        f.trend(one.trend),
    ]


def _movers(trends: Trends) -> Iterator[str]:
    if not trends.movers:
        return
    yield "### What changed most"
    yield ""
    currency = trends.data.currency
    rows = []
    for one in trends.movers[:_MOST_MOVERS]:
        told = (
            (
                f.money(one.change, currency, sign=True),
                f.money(one.before, currency),
                f.money(one.now, currency),
            )
            if one.money
            else (f.tokens(one.change, sign=True), f.tokens(one.before), f.tokens(one.now))
        )
        rows.append([*map(_name, one.names), *told])
    names = [f.TITLES[name] for name in trends.groups]
    yield from _table([*names, "change", "before", "now"], rows, left=tuple(range(len(names))))
    yield ""


def _prices(trends: Trends) -> Iterator[str]:
    if not any(price.each for price in trends.prices):
        return
    yield f"<details><summary>What a million tokens really cost, in {_word(trends.data.currency)}</summary>"
    yield ""
    head = ["model", *f.KINDS.values(), "all together"]
    rows = [
        [
            _name(p.model),
            *(f.money(p.each.get(kind), trends.data.currency) for kind in f.KINDS),
            f.money(p.overall, trends.data.currency),
        ]
        for p in trends.prices[:_MOST_GROUPS]
    ]
    yield from _table(head, rows)
    yield ""
    yield "</details>"
    yield ""


def _check(report: Report) -> Iterator[str]:
    if not report.check:
        return
    currency = report.trends.data.currency
    yield f"### What the prompts of {_name(report.check)} cost"
    yield ""
    head = ["prompt", "model", "tokens", "1,000 calls", "grown", "growth a month"]
    rows = [
        [
            _name(cost.prompt.path + (f" ({cost.prompt.name})" if cost.prompt.name else "")), _name(cost.prompt.model),
            f"{cost.prompt.tokens:,}", f.money(cost.per_thousand, currency),
            "" if cost.prompt.growth is None else f"{cost.prompt.growth:+,}", f.money(cost.growth_a_month, currency, sign=True),
        ]
        for cost in report.costs[:_MOST_PROMPTS]
    ]  # fmt: skip
    yield from _table(head, rows, left=(0, 1))
    yield ""
    yield _plain(" ".join(f.formula(report)))
    yield ""


def _caveats(report: Report) -> Iterator[str]:
    yield "<details><summary>What these figures don't say</summary>"
    yield ""
    yield from (f"- {_plain(caveat)}" for caveat in f.caveats(report))
    yield ""
    yield "</details>"
