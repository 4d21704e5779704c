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

    from prompt_lint.usage.figures import FigureRow, UsageReport
    from prompt_lint.usage.trends import Group, Trends

_MOST_GROUPS, _MOST_MOVERS, _MOST_PROMPTS, _MOST_DAYS = 20, 8, 50, 100
_LONGEST_NAME = 120
# An amount among words. As it stands it is one, while `$1` alone would be taken for a reference.
_AMOUNT = re.compile(r"(?<!\S)([+-]?<?\$[0-9][0-9,.]*(?:/[a-z]+)?[,.;:]?)(?!\S)", re.ASCII)


def render(report: UsageReport, *, color: bool = False) -> str:  # noqa: ARG001  # the same signature for every format
    trends = report.trends
    parts = [["## Claude usage and cost", ""], [*_sentences(report), ""]]
    if trends.is_empty:
        parts.append([_plain(f.explain_no_usage(trends)), ""])
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


def _sentences(report: UsageReport) -> Iterator[str]:
    trends = report.trends
    yield f"**{_plain(f.headline(trends))}**"
    for sentence in (
        f.explain_cut_window(trends),
        f.explain_change(trends),
        f.describe_forecast(trends.forecast, trends.data.currency) if trends.forecast else "",
    ):
        if sentence:
            yield _plain(sentence)
    if report.condition_results:
        yield ""
    for one in report.condition_results:
        mark = (
            ":warning: **failed**"
            if one.is_met
            else ":grey_question:"
            if one.is_met is None
            else ":white_check_mark:"
        )
        yield f"- {mark} {_plain(f.describe_result(one, trends.data.currency))}"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]], left: Sequence[int] = (0,)) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{'|'.join('---' if place in left else '--:' for place in range(len(head)))}|"
    for row in rows:
        yield f"| {' | '.join(row)} |"


def _totals(trends: Trends) -> Iterator[str]:
    rows = f.figure_rows(trends)
    days = f.format_count(trends.period.window.days, "day")
    if trends.previous_totals is None:
        yield from _table(["", days], [(_title(row), row.current) for row in rows])
    else:
        head = ["", days, f"{days} before", "change"]
        yield from _table(head, [(_title(row), row.current, row.previous, row.change) for row in rows])
    yield ""


def _title(row: FigureRow) -> str:
    return f"&nbsp;&nbsp;{row.name}" if row.is_part else f"**{row.name}**" if row.name == "Cost" else row.name


def _chart(trends: Trends) -> Iterator[str]:
    """Without anything to draw there is no chart: Mermaid takes an empty series for a fault."""
    unit, stretches = f.trend_rows(trends)
    costs = any(s.cost for s in stretches)
    sizes = [float(f.round_half_up(s.cost or Decimal(0), 4)) if costs else s.tokens for s in stretches]
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
    unit, stretches = f.trend_rows(trends)
    currency = trends.data.currency
    marks = any(s.parts for s in stretches)
    head = [unit, "tokens", "cost", *(["by day" if unit == "week" else "by hour"] if marks else [])]
    rows = [
        [
            s.name,
            f.format_tokens(s.tokens),
            f.format_money(s.cost, currency),
            *([f.draw_sparkline(s.parts)] if marks else []),
        ]
        for s in stretches
    ]
    yield "<details><summary>The numbers</summary>"
    yield ""
    yield from _table(head, rows, left=(0, 3))
    yield ""
    if unit == "week":
        days = [
            (
                f"{d.start:%a} {f.format_day(d.start)}",
                f.format_tokens(d.usage.tokens),
                f.format_money(d.cost, currency),
            )
            for d in trends.days
        ]
        yield from _table(["day", "tokens", "cost"], days[:_MOST_DAYS])
        yield ""
    yield "</details>"
    yield ""
    if trends.today:
        yield _plain(f.describe_today(trends))
        yield ""


def _groups(trends: Trends, dimension: str) -> Iterator[str]:
    groups, currency = trends.groups[dimension], trends.data.currency
    if not groups:
        return
    split = groups[0].cost is not None
    yield f"### By {f.DIMENSION_NAMES[dimension]}"
    yield ""
    head = [
        f.DIMENSION_NAMES[dimension],
        *(["cost"] if split else []),
        "tokens",
        "share",
        *(["change"] if trends.previous_totals else []),
        "trend",
    ]
    rows = [_group(one, trends, split=split) for one in groups[:_MOST_GROUPS]]
    yield from _table(head, rows, left=(0, len(head) - 1))
    rest = f.sum_remaining_groups(groups[_MOST_GROUPS:], currency)
    if rest:
        yield ""
        yield rest
    yield ""


def _group(one: Group, trends: Trends, *, split: bool) -> list[str]:
    now, before = (one.cost, one.previous_cost) if split else (one.usage.tokens, one.previous_usage.tokens)
    whole = trends.totals.cost if split else trends.totals.usage.tokens
    return [
        _name(one.name),
        *([f.format_money(one.cost, trends.data.currency)] if split else []),
        f.format_tokens(one.usage.tokens),
        f.format_percent(share(now or 0, whole)),
        *([f.format_change(now, before)] if trends.previous_totals else []),
        f.draw_trend(one.daily),
    ]


def _movers(trends: Trends) -> Iterator[str]:
    if not trends.group_changes:
        return
    yield "### What changed most"
    yield ""
    currency = trends.data.currency
    rows = []
    for one in trends.group_changes[:_MOST_MOVERS]:
        told = (
            (
                f.format_money(one.difference, currency, sign=True),
                f.format_money(one.previous, currency),
                f.format_money(one.current, currency),
            )
            if one.is_cost
            else (
                f.format_tokens(one.difference, sign=True),
                f.format_tokens(one.previous),
                f.format_tokens(one.current),
            )
        )
        rows.append([*map(_name, one.group_names), *told])
    names = [f.DIMENSION_NAMES[name] for name in trends.groups]
    yield from _table([*names, "change", "before", "now"], rows, left=tuple(range(len(names))))
    yield ""


def _prices(trends: Trends) -> Iterator[str]:
    if not any(price.by_kind for price in trends.prices):
        return
    yield f"<details><summary>What a million tokens really cost, in {_word(trends.data.currency)}</summary>"
    yield ""
    head = ["model", *f.KIND_NAMES.values(), "all together"]
    rows = [
        [
            _name(p.model),
            *(f.format_money(p.by_kind.get(kind), trends.data.currency) for kind in f.KIND_NAMES),
            f.format_money(p.overall, trends.data.currency),
        ]
        for p in trends.prices[:_MOST_GROUPS]
    ]
    yield from _table(head, rows)
    yield ""
    yield "</details>"
    yield ""


def _check(report: UsageReport) -> Iterator[str]:
    if not report.check_file:
        return
    currency = report.trends.data.currency
    yield f"### What the prompts of {_name(report.check_file)} cost"
    yield ""
    head = ["prompt", "model", "tokens", "1,000 calls", "grown", "growth a month"]
    rows = [
        [
            _name(cost.prompt.path + (f" ({cost.prompt.name})" if cost.prompt.name else "")), _name(cost.prompt.model),
            f"{cost.prompt.tokens:,}", f.format_money(cost.per_thousand_calls, currency),
            "" if cost.prompt.growth is None else f"{cost.prompt.growth:+,}", f.format_money(cost.monthly_growth, currency, sign=True),
        ]
        for cost in report.prompt_costs[:_MOST_PROMPTS]
    ]  # fmt: skip
    yield from _table(head, rows, left=(0, 1))
    yield ""
    yield _plain(" ".join(f.explain_prompt_costs(report)))
    yield ""


def _caveats(report: UsageReport) -> Iterator[str]:
    yield "<details><summary>What these figures don't say</summary>"
    yield ""
    yield from (f"- {_plain(caveat)}" for caveat in f.list_caveats(report))
    yield ""
    yield "</details>"
