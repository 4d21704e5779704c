"""How a report's figures are written for people, and its sentences. Plain text: each format escapes it for itself."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, NamedTuple

from prompt_lint.usage.trends import (
    DAY,
    DAYS_PER_MONTH,
    EXACT_CONTEXT,
    TOKEN_KINDS,
    UNBILLED_TIER,
    has_cost_by,
    relative_change,
    share,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from prompt_lint.usage.fail_conditions import ConditionResult
    from prompt_lint.usage.trends import Forecast, Group, PromptCost, Totals, TrendPoint, Trends, Window

# In the place of a figure that there isn't.
NO_FIGURE = "-"
_BARS = "▁▂▃▄▅▆▇█"
_TIMES = "\N{MULTIPLICATION SIGN}"
# A window longer than this is shown by the week, with a mark for each day.
MOST_ROWS = 31
# Of a name in a sentence.
LONGEST_NAME = 60
KIND_NAMES = {
    "uncached": "uncached", "write_5m": "cache written, 5 minutes", "write_1h": "cache written, 1 hour",
    "read": "cache read", "output": "output",
}  # fmt: skip
DIMENSION_NAMES = {
    "model": "model", "workspace": "workspace", "api-key": "API key", "service-tier": "service tier",
    "context-window": "context window", "inference-geo": "inference geography", "speed": "speed",
}  # fmt: skip


class UsageReport(NamedTuple):
    """Everything a report has to say, complete before any format sees it. `check` is the file that was compared."""

    trends: Trends
    condition_results: Sequence[ConditionResult] = ()
    check_file: str = ""
    prompt_costs: Sequence[PromptCost] = ()
    notes: Sequence[str] = ()
    filters: Sequence[str] = ()

    @property
    def met_conditions(self) -> Sequence[ConditionResult]:
        return [one for one in self.condition_results if one.is_met]


class FigureRow(NamedTuple):
    """One figure of both windows. `better` is whether a rise is good news: None where it is neither."""

    name: str
    current: str
    previous: str
    change: str
    is_part: bool = False
    is_rise_good: bool | None = None
    has_risen: bool | None = None


class TrendRow(NamedTuple):
    """A line of the trend: a day, or a week with its days; an hour, or a day with its hours."""

    name: str
    tokens: int
    cost: Decimal | None
    parts: Sequence[Decimal]
    days: int


# ---------------------------------------------------------------------------------------------------------
# Numbers


def round_half_up(value: Decimal, places: int) -> Decimal:
    return value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP, EXACT_CONTEXT)


def format_money(amount: Decimal | None, currency: str = "USD", *, sign: bool = False) -> str:
    """`$1,234.50`; below a dollar as many digits as tell something."""
    if amount is None:
        return NO_FIGURE
    size = abs(amount)
    places = 2
    if 0 < size < 1:
        places = min(6, max(2, 1 - size.adjusted()))
    plain = f"{round_half_up(size, places):,}"
    least = "" if round_half_up(size, places) or not size else "<"
    plain = plain if not least else f"{Decimal(1).scaleb(-places):f}"
    told = f"{least}${plain}" if currency == "USD" else f"{least}{plain} {currency}"
    return format_signed(amount, told, sign=sign)


def format_tokens(number: Decimal | int | None, *, sign: bool = False) -> str:
    """`1.23M`: three digits that tell something; below ten thousand every one."""
    if number is None:
        return NO_FIGURE
    size = abs(Decimal(number))
    for unit, name in ((10**12, "T"), (10**9, "B"), (10**6, "M"), (10**3, "k")):
        if size >= unit and size >= 10_000:
            scaled = size / unit
            places = 2 if scaled < 10 else 1 if scaled < 100 else 0
            return format_signed(number, f"{round_half_up(scaled, places)}{name}", sign=sign)
    return format_signed(number, f"{round_half_up(size, 0):,}", sign=sign)


def format_signed(value: Decimal | int, told: str, *, sign: bool) -> str:
    return ("-" if value < 0 else "+" if sign and value > 0 else "") + told


def format_percent(part: Decimal | None, *, sign: bool = False) -> str:
    if part is None:
        return NO_FIGURE
    return format_signed(part, f"{round_half_up(abs(100 * part), 1):,}%", sign=sign)


def format_change(now: Decimal | int | None, before: Decimal | int | None) -> str:
    """The change from `before`, in percent, or why there is none."""
    if now is None or before is None:
        return NO_FIGURE
    if not before:
        return "new" if now else NO_FIGURE
    relative = relative_change(now, before)
    if relative is None or not round_half_up(100 * relative, 1):
        return "±0%"
    return format_percent(relative, sign=True)


def draw_sparkline(series: Sequence[Decimal]) -> str:
    """A bar for each number; the lowest for nothing at all is a blank that is seen."""
    top = max(series, default=Decimal(0))
    if top <= 0:
        return "·" * len(series)
    return "".join("·" if n <= 0 else _BARS[min(7, int(n * 8 / top))] for n in series)


def draw_trend(series: Sequence[Decimal]) -> str:
    """One number is no trend."""
    return draw_sparkline(sum_weeks(series)) if len(series) > 1 else ""


def sum_weeks(series: Sequence[Decimal]) -> Sequence[Decimal]:
    """The numbers of the days, or of the weeks where there are many days: counted from the end, a short one first."""
    if len(series) <= MOST_ROWS:
        return series
    return [
        sum(series[max(0, end - 7) : end], Decimal(0))
        for end in range((len(series) - 1) % 7 + 1, len(series) + 1, 7)
    ]


# ---------------------------------------------------------------------------------------------------------
# Days


def format_day(at: datetime, *, year: bool = False) -> str:
    return f"{at.day} {at:%b} {at.year}" if year else f"{at.day} {at:%b}"


def format_window(window: Window) -> str:
    """`15 to 21 Nov 2026`, both days inclusive."""
    first, last = window.start, window.end - DAY
    if first == last:
        return format_day(first, year=True)
    if (first.year, first.month) == (last.year, last.month):
        return f"{first.day} to {format_day(last, year=True)}"
    return f"{format_day(first, year=first.year != last.year)} to {format_day(last, year=True)}"


def format_minute(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"


def format_count(number: int, word: str) -> str:
    return f"{number:,} {word}{'' if number == 1 else 's'}"


def trend_rows(trends: Trends) -> tuple[str, Sequence[TrendRow]]:
    """What a line of the trend is (`day`, `week`, `hour`), and the lines, oldest first."""
    days = trends.days
    if trends.bucket == "1h":
        if len(days) <= 1:
            return "hour", [_stretch(f"{p.start:%H:%M}", [p], [], 0) for p in trends.points]
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


def _week(days: Sequence[TrendPoint]) -> str:
    short = f" ({format_count(len(days), 'day')})" if len(days) < 7 else ""
    return f"{format_day(days[0].start)} to {format_day(days[-1].start)}{short}"


def _weekday(point: TrendPoint) -> str:
    return f"{point.start:%a} {format_day(point.start)}"


def _stretch(name: str, points: Sequence[TrendPoint], parts: Sequence[Decimal], days: int) -> TrendRow:
    costs = [p.cost for p in points if p.cost is not None]
    cost = sum(costs, Decimal(0)) if costs else None
    return TrendRow(name, sum(p.usage.tokens for p in points), cost, parts, days)


def name_previous_window(days: int) -> str:
    return "the day before" if days == 1 else f"the {format_count(days, 'day')} before"


# ---------------------------------------------------------------------------------------------------------
# Tables


def figure_rows(trends: Trends) -> list[FigureRow]:
    """The figures of the window, each beside that of the window before."""
    now, then, currency = trends.totals, trends.previous_totals, trends.data.currency
    rows = [_money_row("Cost", now.cost, then and then.cost, currency)]
    rows.append(_count_row("Input tokens", now.usage.input, then and then.usage.input))
    for kind in TOKEN_KINDS[:-1]:
        before = then and getattr(then.usage, kind)
        rows.append(_count_row(KIND_NAMES[kind], getattr(now.usage, kind), before)._replace(is_part=True))
    rows.append(_count_row("Output tokens", now.usage.output, then and then.usage.output))
    rows.append(_count_row("Web searches", now.usage.web_searches, then and then.usage.web_searches))
    if trends.data.has_requests:
        rows.append(_count_row("Requests", now.usage.requests, then and then.usage.requests))
    rows.append(
        _money_row(
            "Paid per million tokens", now.price_per_million, then and then.price_per_million, currency
        )._replace(is_rise_good=False)
    )
    rows.append(_share_row(now, then))
    rows.append(
        _money_row("Saved by the cache", now.saved_by_cache, then and then.saved_by_cache, currency)._replace(
            is_rise_good=True
        )
    )
    return rows


def _rises(now: Decimal | int | None, before: Decimal | int | None) -> bool | None:
    return None if now is None or before is None or now == before else now > before


def _money_row(name: str, now: Decimal | None, before: Decimal | None, currency: str) -> FigureRow:
    return FigureRow(
        name,
        format_money(now, currency),
        format_money(before, currency),
        format_change(now, before),
        has_risen=_rises(now, before),
    )


def _count_row(name: str, now: int, before: int | None) -> FigureRow:
    return FigureRow(
        name,
        format_tokens(now),
        format_tokens(before),
        format_change(now, before),
        has_risen=_rises(now, before),
    )


def _share_row(now: Totals, then: Totals | None) -> FigureRow:
    before = then.cache_hit_share if then else None
    points = NO_FIGURE
    if now.cache_hit_share is not None and before is not None:
        told = round_half_up(100 * (now.cache_hit_share - before), 1)
        points = f"{format_signed(told, str(abs(told)), sign=True)} points"
    return FigureRow(
        "Input read from the cache",
        format_percent(now.cache_hit_share),
        format_percent(before),
        points,
        is_rise_good=True,
        has_risen=_rises(now.cache_hit_share, before),
    )


def sum_remaining_groups(groups: Sequence[Group], currency: str) -> str:
    """What a table leaves out, so that its sum can be made; empty where it leaves out nothing."""
    if not groups:
        return ""
    costs = [one.cost for one in groups if one.cost is not None]
    cost = f"{format_money(sum(costs, Decimal(0)), currency)}, " if costs else ""
    return f"and {len(groups):,} more: {cost}{format_tokens(sum(one.usage.tokens for one in groups))} tokens"


# ---------------------------------------------------------------------------------------------------------
# Sentences


def headline(trends: Trends) -> str:
    """The whole report in a sentence: how much, for when, and how that compares."""
    when, total, currency = trends.period, trends.totals, trends.data.currency
    days = f"{format_count(when.window.days, 'day')} ({format_window(when.window)}, UTC)"
    if trends.is_empty:
        return f"No usage in {days}."
    spent = f"{format_money(total.cost, currency)} and {format_tokens(total.usage.tokens)} tokens in {days}"
    previous = trends.previous_totals
    if previous is None:
        return f"{spent}; there is no window before to compare with."
    length = name_previous_window(when.window.days)
    relative = relative_change(total.cost, previous.cost)
    if relative is None:
        return f"{spent}; {length} cost nothing."
    if not round_half_up(100 * relative, 1):
        return f"{spent}: as much as in {length}."
    way = "more" if relative > 0 else "less"
    return f"{spent}: {format_percent(abs(relative))} {way} than the {format_money(previous.cost, currency)} of {length}."


def explain_cut_window(trends: Trends) -> str:
    """That the window ends before the day that was asked for, and why; empty where it doesn't."""
    when = trends.period
    if when.requested_end is None:
        return ""
    told = f"The window ends on {format_day(when.window.end - DAY, year=True)} and not on {format_day(when.requested_end - DAY, year=True)}, as asked: "
    if when.has_unfinished_day:
        return f"{told}the source's figures are complete through {format_minute(trends.data.complete_until)}."
    return f"{told}later days aren't over."


def explain_change(trends: Trends) -> str:
    """What moved the figures most, in a sentence; empty where there is nothing to say."""
    if not trends.group_changes or trends.previous_totals is None:
        return ""
    first = trends.group_changes[0]
    names = [
        name if len(name) <= LONGEST_NAME else name[: LONGEST_NAME - 1] + "…" for name in first.group_names
    ]
    name = " in ".join(names) if tuple(trends.groups) == ("model", "workspace") else ", ".join(names)
    if first.is_cost:
        whole = trends.totals.cost - trends.previous_totals.cost
        told = format_money(first.difference, trends.data.currency, sign=True)
        part = whole * first.difference > 0 and abs(first.difference) <= abs(whole)
        everything = format_money(whole, trends.data.currency, sign=True)
        return (
            f"What changed most: {name}, {told}{f' of {everything}' if part else f'; {everything} in all'}."
        )
    return f"What changed most: {name}, {format_tokens(first.difference, sign=True)} tokens."


def describe_forecast(found: Forecast, currency: str) -> str:
    """The month's cost, and what is assumed."""
    basis = (
        f"the average of the last {format_count(found.averaged_days, 'whole day')}"
        if found.averaged_days > 1
        else "that of the last whole day"
    )
    return (
        f"{found.month:%B %Y} comes to {format_money(found.total, currency)} if it goes on like this: "
        f"{format_money(found.so_far, currency)} in {format_count(found.past_days, 'whole day')}, "
        f"then {format_count(found.remaining_days, 'day')} (today included) at {format_money(found.daily_cost, currency)}, {basis}."
    )


def describe_today(trends: Trends) -> str:
    """What there is of the day that isn't over; empty where that is not part of the window."""
    point = trends.today
    if point is None:
        return ""
    spent = f"{format_money(point.cost, trends.data.currency)}, {format_tokens(point.usage.tokens)} tokens"
    when = f"Today so far ({format_day(point.start)}, through {trends.data.complete_until:%H:%M} UTC)"
    if trends.period.has_unfinished_day:
        when = f"{format_day(point.start)}, which the source hasn't finished (through {format_minute(trends.data.complete_until)})"
    return f"{when}: {spent}; in no total above, never compared."


def name_unfinished_day(trends: Trends) -> str:
    """The unfinished day, in two words."""
    return (
        f"{format_day(trends.period.complete_end)} so far"
        if trends.period.has_unfinished_day
        else "today so far"
    )


def describe_result(one: ConditionResult, currency: str) -> str:
    """A threshold and its figure, in a sentence."""
    threshold = one.condition
    if one.actual is None:
        return f"{threshold.text}: can't be told, there is no figure to compare"
    if threshold.unit == "%":
        told = format_percent(one.actual / 100, sign=threshold.operator in "+-")
    elif threshold.metric in {"cost", "saved", "price", "forecast"}:
        told = format_money(one.actual, currency) + threshold.unit
    else:
        told = format_tokens(one.actual) + threshold.unit
    return f"{threshold.text}: {'yes' if one.is_met else 'no'}, it is {told}"


def list_caveats(report: UsageReport) -> list[str]:
    """What the figures don't say, beside them."""
    trends, data = report.trends, report.trends.data
    found = [
        f"Data goes through {format_minute(data.complete_until)}; it was fetched at {format_minute(trends.period.now)}. Days are UTC days.",
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
        for row in data.price_usage_rows
        if row.group[1] == UNBILLED_TIER and trends.period.window.contains(row.start)
    )
    part = share(unbilled, trends.totals.usage.tokens)
    had = f": {format_tokens(unbilled)} tokens of this window, {format_percent(part)}" if unbilled else ""
    found = [
        f"Priority Tier is paid for by commitment, so its usage is in the tokens and not in the costs{had}."
    ]
    without = [DIMENSION_NAMES[name] for name in trends.groups if not has_cost_by(data, (name,))]
    if without:
        where = "This source tells no cost by {}: there tokens stand in; --source analytics does."
        found.append(where.format(" or ".join(without)))
    elif data.source == "messages":
        found.append("This source tells no cost by API key; --source analytics does.")
    return found


def _first_use(trends: Trends) -> str:
    """An organization that began in the middle of the window before is no equal to compare with."""
    if trends.previous_totals is None:
        return ""
    empty = 0
    for point in trends.previous_days:
        if point.usage.tokens or point.cost:
            break
        empty += 1
    if empty < 2:
        return ""
    first = trends.previous_days[empty].start
    return f"The window before has no usage until {format_day(first, year=True)}: the changes compare it with fewer days."


def explain_no_usage(trends: Trends) -> str:
    """What to look at where there is nothing."""
    del trends
    return (
        "Is it the right organization, and do --model and --workspace name what is used there? Usage of Claude "
        "subscriptions, and of Claude on other clouds, is in no report of the API."
    )


def explain_prompt_costs(report: UsageReport) -> list[str]:
    """How the costs of prompts are made, with what they assume."""
    found = [
        (
            f"Cost per 1,000 calls = tokens of the prompt {_TIMES} 1,000 {_TIMES} what a token of input really cost at that model "
            "in this window, cached and uncached together. An estimate: a prompt that is cached more than the rest costs less."
        )
    ]
    if not any(cost.prompt.growth is not None for cost in report.prompt_costs):
        found.append(
            f"{report.check_file} tells no growth: run `prompt-lint check --base …` to see what a change costs."
        )
    elif not report.trends.data.has_requests:
        found.append("What growth costs a month needs the number of requests: run with --source analytics.")
    else:
        days = report.trends.period.window.days
        found.insert(0, _growth(report))
        found.append(
            f"Growth a month = tokens grown {_TIMES} requests to that model in {DAYS_PER_MONTH} days (those of this window / {days} {_TIMES} {DAYS_PER_MONTH}) "
            f"{_TIMES} the same price, as if each of those requests carried the prompt: so it is the most it can be."
        )
    return found


def _growth(report: UsageReport) -> str:
    known = [cost.monthly_growth for cost in report.prompt_costs if cost.monthly_growth is not None]
    together, currency = sum(known, Decimal(0)), report.trends.data.currency
    if not together:
        return "This change costs nothing more a month."
    return f"This change would cost {format_money(abs(together), currency)} a month {'more' if together > 0 else 'less'}, as an estimate."
