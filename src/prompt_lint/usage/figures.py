"""How a report's figures are written for people, and its sentences. Plain text: each format escapes it for itself."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, NamedTuple

from prompt_lint.usage.trends import DAY, EXACT, MONTH, TOKENS, UNBILLED_TIER, change, share, splits_cost

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from prompt_lint.usage.fail_conditions import Judged
    from prompt_lint.usage.trends import Forecast, Group, Point, PromptCost, Totals, Trends, Window

# In the place of a figure that there isn't.
NONE = "-"
_BARS = "▁▂▃▄▅▆▇█"
_TIMES = "\N{MULTIPLICATION SIGN}"
# A window longer than this is shown by the week, with a mark for each day.
MOST_ROWS = 31
# Of a name in a sentence.
LONGEST_NAME = 60
KINDS = {
    "uncached": "uncached", "write_5m": "cache written, 5 minutes", "write_1h": "cache written, 1 hour",
    "read": "cache read", "output": "output",
}  # fmt: skip
TITLES = {
    "model": "model", "workspace": "workspace", "api-key": "API key", "service-tier": "service tier",
    "context-window": "context window", "inference-geo": "inference geography", "speed": "speed",
}  # fmt: skip


class Report(NamedTuple):
    """Everything a report has to say, complete before any format sees it. `check` is the file that was compared."""

    trends: Trends
    judged: Sequence[Judged] = ()
    check: str = ""
    costs: Sequence[PromptCost] = ()
    notes: Sequence[str] = ()
    filters: Sequence[str] = ()

    @property
    def crossed(self) -> Sequence[Judged]:
        return [one for one in self.judged if one.crossed]


class Row(NamedTuple):
    """One figure of both windows. `better` is whether a rise is good news: None where it is neither."""

    name: str
    now: str
    before: str
    change: str
    part: bool = False
    better: bool | None = None
    rises: bool | None = None


class Stretch(NamedTuple):
    """A line of the trend: a day, or a week with its days; an hour, or a day with its hours."""

    name: str
    usage: int
    cost: Decimal | None
    parts: Sequence[Decimal]
    days: int


# ---------------------------------------------------------------------------------------------------------
# Numbers


def rounded(value: Decimal, places: int) -> Decimal:
    return value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP, EXACT)


def money(amount: Decimal | None, currency: str = "USD", *, sign: bool = False) -> str:
    """`$1,234.50`; below a dollar as many digits as tell something."""
    if amount is None:
        return NONE
    size = abs(amount)
    places = 2
    if 0 < size < 1:
        places = min(6, max(2, 1 - size.adjusted()))
    plain = f"{rounded(size, places):,}"
    least = "" if rounded(size, places) or not size else "<"
    plain = plain if not least else f"{Decimal(1).scaleb(-places):f}"
    told = f"{least}${plain}" if currency == "USD" else f"{least}{plain} {currency}"
    return _signed(amount, told, sign=sign)


def tokens(number: Decimal | int | None, *, sign: bool = False) -> str:
    """`1.23M`: three digits that tell something; below ten thousand every one."""
    if number is None:
        return NONE
    size = abs(Decimal(number))
    for unit, name in ((10**12, "T"), (10**9, "B"), (10**6, "M"), (10**3, "k")):
        if size >= unit and size >= 10_000:
            scaled = size / unit
            places = 2 if scaled < 10 else 1 if scaled < 100 else 0
            return _signed(number, f"{rounded(scaled, places)}{name}", sign=sign)
    return _signed(number, f"{rounded(size, 0):,}", sign=sign)


def _signed(value: Decimal | int, told: str, *, sign: bool) -> str:
    return ("-" if value < 0 else "+" if sign and value > 0 else "") + told


def percent(part: Decimal | None, *, sign: bool = False) -> str:
    if part is None:
        return NONE
    return _signed(part, f"{rounded(abs(100 * part), 1):,}%", sign=sign)


def moved(now: Decimal | int | None, before: Decimal | int | None) -> str:
    """The change from `before`, in percent, or why there is none."""
    if now is None or before is None:
        return NONE
    if not before:
        return "new" if now else NONE
    relative = change(now, before)
    if relative is None or not rounded(100 * relative, 1):
        return "±0%"
    return percent(relative, sign=True)


def sparkline(series: Sequence[Decimal]) -> str:
    """A bar for each number; the lowest for nothing at all is a blank that is seen."""
    top = max(series, default=Decimal(0))
    if top <= 0:
        return "·" * len(series)
    return "".join("·" if n <= 0 else _BARS[min(7, int(n * 8 / top))] for n in series)


def trend(series: Sequence[Decimal]) -> str:
    """One number is no trend."""
    return sparkline(fewer(series)) if len(series) > 1 else ""


def fewer(series: Sequence[Decimal]) -> Sequence[Decimal]:
    """The numbers of the days, or of the weeks where there are many days: counted from the end, a short one first."""
    if len(series) <= MOST_ROWS:
        return series
    return [
        sum(series[max(0, end - 7) : end], Decimal(0))
        for end in range((len(series) - 1) % 7 + 1, len(series) + 1, 7)
    ]


# ---------------------------------------------------------------------------------------------------------
# Days


def day(at: datetime, *, year: bool = False) -> str:
    return f"{at.day} {at:%b} {at.year}" if year else f"{at.day} {at:%b}"


def span(window: Window) -> str:
    """`15 to 21 Nov 2026`, both days inclusive."""
    first, last = window.start, window.end - DAY
    if first == last:
        return day(first, year=True)
    if (first.year, first.month) == (last.year, last.month):
        return f"{first.day} to {day(last, year=True)}"
    return f"{day(first, year=first.year != last.year)} to {day(last, year=True)}"


def minute(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"


def plural(number: int, word: str) -> str:
    return f"{number:,} {word}{'' if number == 1 else 's'}"


def stretches(trends: Trends) -> tuple[str, Sequence[Stretch]]:
    """What a line of the trend is (`day`, `week`, `hour`), and the lines, oldest first."""
    days = trends.days
    if trends.bucket == "1h":
        if len(days) <= 1:
            return "hour", [_stretch(f"{p.at:%H:%M}", [p], [], 0) for p in trends.points]
        by_day = [trends.points[n : n + 24] for n in range(0, len(trends.points), 24)]
        series = [[Decimal(p.usage.tokens) for p in points] for points in by_day]
        return "day", [_stretch(_weekday(d), [d], hours, 1) for d, hours in zip(days, series, strict=True)]
    if len(days) <= MOST_ROWS:
        return "day", [_stretch(_weekday(d), [d], [], 1) for d in days]
    # Counted back from the end, so that the last week is whole and the first one may not be.
    first = len(days) % 7
    cuts = ([0] if first else []) + list(range(first, len(days), 7))
    weeks = [days[a:b] for a, b in zip(cuts, [*cuts[1:], len(days)], strict=True)]
    return "week", [_stretch(_week(w), w, [p.cost or Decimal(0) for p in w], len(w)) for w in weeks]


def _week(days: Sequence[Point]) -> str:
    short = f" ({plural(len(days), 'day')})" if len(days) < 7 else ""
    return f"{day(days[0].at)} to {day(days[-1].at)}{short}"


def _weekday(point: Point) -> str:
    return f"{point.at:%a} {day(point.at)}"


def _stretch(name: str, points: Sequence[Point], parts: Sequence[Decimal], days: int) -> Stretch:
    costs = [p.cost for p in points if p.cost is not None]
    cost = sum(costs, Decimal(0)) if costs else None
    return Stretch(name, sum(p.usage.tokens for p in points), cost, parts, days)


def before_words(days: int) -> str:
    return "the day before" if days == 1 else f"the {plural(days, 'day')} before"


# ---------------------------------------------------------------------------------------------------------
# Tables


def totals(trends: Trends) -> list[Row]:
    """The figures of the window, each beside that of the window before."""
    now, then, currency = trends.total, trends.previous, trends.data.currency
    rows = [_money_row("Cost", now.cost, then and then.cost, currency)]
    rows.append(_count_row("Input tokens", now.usage.input, then and then.usage.input))
    for kind in TOKENS[:-1]:
        before = then and getattr(then.usage, kind)
        rows.append(_count_row(KINDS[kind], getattr(now.usage, kind), before)._replace(part=True))
    rows.append(_count_row("Output tokens", now.usage.output, then and then.usage.output))
    rows.append(_count_row("Web searches", now.usage.searches, then and then.usage.searches))
    if trends.data.requests:
        rows.append(_count_row("Requests", now.usage.requests, then and then.usage.requests))
    rows.append(
        _money_row("Paid per million tokens", now.price, then and then.price, currency)._replace(better=False)
    )
    rows.append(_share_row(now, then))
    rows.append(
        _money_row("Saved by the cache", now.saved, then and then.saved, currency)._replace(better=True)
    )
    return rows


def _rises(now: Decimal | int | None, before: Decimal | int | None) -> bool | None:
    return None if now is None or before is None or now == before else now > before


def _money_row(name: str, now: Decimal | None, before: Decimal | None, currency: str) -> Row:
    return Row(
        name, money(now, currency), money(before, currency), moved(now, before), rises=_rises(now, before)
    )


def _count_row(name: str, now: int, before: int | None) -> Row:
    return Row(name, tokens(now), tokens(before), moved(now, before), rises=_rises(now, before))


def _share_row(now: Totals, then: Totals | None) -> Row:
    before = then.hit if then else None
    points = NONE
    if now.hit is not None and before is not None:
        told = rounded(100 * (now.hit - before), 1)
        points = f"{_signed(told, str(abs(told)), sign=True)} points"
    return Row(
        "Input read from the cache",
        percent(now.hit),
        percent(before),
        points,
        better=True,
        rises=_rises(now.hit, before),
    )


def others(groups: Sequence[Group], currency: str) -> str:
    """What a table leaves out, so that its sum can be made; empty where it leaves out nothing."""
    if not groups:
        return ""
    costs = [one.cost for one in groups if one.cost is not None]
    cost = f"{money(sum(costs, Decimal(0)), currency)}, " if costs else ""
    return f"and {len(groups):,} more: {cost}{tokens(sum(one.usage.tokens for one in groups))} tokens"


# ---------------------------------------------------------------------------------------------------------
# Sentences


def headline(trends: Trends) -> str:
    """The whole report in a sentence: how much, for when, and how that compares."""
    when, total, currency = trends.plan, trends.total, trends.data.currency
    days = f"{plural(when.window.days, 'day')} ({span(when.window)}, UTC)"
    if trends.empty:
        return f"No usage in {days}."
    spent = f"{money(total.cost, currency)} and {tokens(total.usage.tokens)} tokens in {days}"
    previous = trends.previous
    if previous is None:
        return f"{spent}; there is no window before to compare with."
    length = before_words(when.window.days)
    relative = change(total.cost, previous.cost)
    if relative is None:
        return f"{spent}; {length} cost nothing."
    if not rounded(100 * relative, 1):
        return f"{spent}: as much as in {length}."
    way = "more" if relative > 0 else "less"
    return f"{spent}: {percent(abs(relative))} {way} than the {money(previous.cost, currency)} of {length}."


def cut(trends: Trends) -> str:
    """That the window ends before the day that was asked for, and why; empty where it doesn't."""
    when = trends.plan
    if when.asked is None:
        return ""
    told = f"The window ends on {day(when.window.end - DAY, year=True)} and not on {day(when.asked - DAY, year=True)}, as asked: "
    if when.late:
        return f"{told}the source's figures are complete through {minute(trends.data.through)}."
    return f"{told}later days aren't over."


def why(trends: Trends) -> str:
    """What moved the figures most, in a sentence; empty where there is nothing to say."""
    if not trends.movers or trends.previous is None:
        return ""
    first = trends.movers[0]
    names = [name if len(name) <= LONGEST_NAME else name[: LONGEST_NAME - 1] + "…" for name in first.names]
    name = " in ".join(names) if tuple(trends.groups) == ("model", "workspace") else ", ".join(names)
    if first.money:
        whole = trends.total.cost - trends.previous.cost
        told = money(first.change, trends.data.currency, sign=True)
        part = whole * first.change > 0 and abs(first.change) <= abs(whole)
        everything = money(whole, trends.data.currency, sign=True)
        return (
            f"What changed most: {name}, {told}{f' of {everything}' if part else f'; {everything} in all'}."
        )
    return f"What changed most: {name}, {tokens(first.change, sign=True)} tokens."


def forecast(found: Forecast, currency: str) -> str:
    """The month's cost, and what is assumed."""
    basis = (
        f"the average of the last {plural(found.basis, 'whole day')}"
        if found.basis > 1
        else "that of the last whole day"
    )
    return (
        f"{found.month:%B %Y} comes to {money(found.total, currency)} if it goes on like this: "
        f"{money(found.so_far, currency)} in {plural(found.days_past, 'whole day')}, "
        f"then {plural(found.days_left, 'day')} (today included) at {money(found.a_day, currency)}, {basis}."
    )


def today(trends: Trends) -> str:
    """What there is of the day that isn't over; empty where that is not part of the window."""
    point = trends.today
    if point is None:
        return ""
    spent = f"{money(point.cost, trends.data.currency)}, {tokens(point.usage.tokens)} tokens"
    when = f"Today so far ({day(point.at)}, through {trends.data.through:%H:%M} UTC)"
    if trends.plan.late:
        when = f"{day(point.at)}, which the source hasn't finished (through {minute(trends.data.through)})"
    return f"{when}: {spent}; in no total above, never compared."


def so_far(trends: Trends) -> str:
    """The unfinished day, in two words."""
    return f"{day(trends.plan.edge)} so far" if trends.plan.late else "today so far"


def judgement(one: Judged, currency: str) -> str:
    """A threshold and its figure, in a sentence."""
    threshold = one.threshold
    if one.actual is None:
        return f"{threshold.text}: can't be told, there is no figure to compare"
    if threshold.unit == "%":
        told = percent(one.actual / 100, sign=threshold.sign in "+-")
    elif threshold.metric in {"cost", "saved", "price", "forecast"}:
        told = money(one.actual, currency) + threshold.unit
    else:
        told = tokens(one.actual) + threshold.unit
    return f"{threshold.text}: {'yes' if one.crossed else 'no'}, it is {told}"


def caveats(report: Report) -> list[str]:
    """What the figures don't say, beside them."""
    trends, data = report.trends, report.trends.data
    found = [
        f"Data goes through {minute(data.through)}; it was fetched at {minute(trends.plan.now)}. Days are UTC days.",
        *_missing_costs(trends),
        "Requests that were blocked may show as usage without a cost.",
    ]
    if data.source == "messages":
        found.append("This source counts no requests; --source analytics does.")
    late = _first_use(trends)
    if late:
        found.append(late)
    if report.filters:
        found.append(f"Only {', '.join(report.filters)}.")
        if any(one.startswith("model") for one in report.filters):
            found.append(
                "Costs without a model (web searches, code execution) are left out by the choice of models."
            )
    return [*found, *data.notes, *report.notes]


def _missing_costs(trends: Trends) -> list[str]:
    data = trends.data
    unbilled = sum(
        row.usage.tokens
        for row in data.priced
        if row.group[1] == UNBILLED_TIER and trends.plan.window.holds(row.at)
    )
    part = share(unbilled, trends.total.usage.tokens)
    had = f": {tokens(unbilled)} tokens of this window, {percent(part)}" if unbilled else ""
    found = [
        f"Priority Tier is paid for by commitment, so its usage is in the tokens and not in the costs{had}."
    ]
    without = [TITLES[name] for name in trends.groups if not splits_cost(data, (name,))]
    if without:
        where = "This source tells no cost by {}: there tokens stand in; --source analytics does."
        found.append(where.format(" or ".join(without)))
    elif data.source == "messages":
        found.append("This source tells no cost by API key; --source analytics does.")
    return found


def _first_use(trends: Trends) -> str:
    """An organization that began in the middle of the window before is no equal to compare with."""
    if trends.previous is None:
        return ""
    empty = 0
    for point in trends.days_before:
        if point.usage.tokens or point.cost:
            break
        empty += 1
    if empty < 2:
        return ""
    first = trends.days_before[empty].at
    return f"The window before has no usage until {day(first, year=True)}: the changes compare it with fewer days."


def empty(trends: Trends) -> str:
    """What to look at where there is nothing."""
    del trends
    return (
        "Is it the right organization, and do --model and --workspace name what is used there? Usage of Claude "
        "subscriptions, and of Claude on other clouds, is in no report of the API."
    )


def formula(report: Report) -> list[str]:
    """How the costs of prompts are made, with what they assume."""
    found = [
        (
            f"Cost per 1,000 calls = tokens of the prompt {_TIMES} 1,000 {_TIMES} what a token of input really cost at that model "
            "in this window, cached and uncached together. An estimate: a prompt that is cached more than the rest costs less."
        )
    ]
    if not any(cost.prompt.growth is not None for cost in report.costs):
        found.append(
            f"{report.check} tells no growth: run `prompt-lint check --base …` to see what a change costs."
        )
    elif not report.trends.data.requests:
        found.append("What growth costs a month needs the number of requests: run with --source analytics.")
    else:
        days = report.trends.plan.window.days
        found.insert(0, _growth(report))
        found.append(
            f"Growth a month = tokens grown {_TIMES} requests to that model in {MONTH} days (those of this window / {days} {_TIMES} {MONTH}) "
            f"{_TIMES} the same price, as if each of those requests carried the prompt: so it is the most it can be."
        )
    return found


def _growth(report: Report) -> str:
    known = [cost.growth_a_month for cost in report.costs if cost.growth_a_month is not None]
    together, currency = sum(known, Decimal(0)), report.trends.data.currency
    if not together:
        return "This change costs nothing more a month."
    return f"This change would cost {money(abs(together), currency)} a month {'more' if together > 0 else 'less'}, as an estimate."
