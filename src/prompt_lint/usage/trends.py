"""What usage and cost come to: totals, changes, groups, movers, prices, forecast. Pure: no clock, no I/O.

Tokens are whole numbers, money is `Decimal` dollars, times are UTC. Nothing here is rounded.
"""

from __future__ import annotations

from calendar import monthrange
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from decimal import Context, Decimal
from operator import itemgetter
from typing import TYPE_CHECKING, Literal, NamedTuple

from prompt_lint.model.errors import Exit, Fatal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

Source = Literal["messages", "analytics"]
Bucket = Literal["1d", "1h"]

# What figures can be grouped by, and at most how many at once (the API's own limit).
DIMENSIONS = ("model", "workspace", "api-key", "service-tier", "context-window", "inference-geo", "speed")
MOST_DIMENSIONS = 5
LONGEST_WINDOW = 90
# The API had no users before.
OLDEST_DAY = datetime(2023, 1, 1, tzinfo=UTC)

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
WIDTHS: Mapping[Bucket, timedelta] = {"1d": DAY, "1h": HOUR}
# The month's rest is taken to cost what the last days cost: a week, so that each weekday counts once.
BASIS = 7
MONTH = 30
MILLION = 1_000_000
ZERO = Decimal(0)
# An amount has up to 33 digits, and a million of them 39: so their sums are exact.
EXACT = Context(prec=60)

# Tokens by how they are billed, as the fields of `Usage` and the kinds of `Paid` name them.
INPUT = ("uncached", "write_5m", "write_1h", "read")
TOKENS = (*INPUT, "output")
# Its tokens are paid for by commitment and never appear as cost.
UNBILLED_TIER = "priority"


class Usage(NamedTuple):
    """Tokens, web searches and requests. `requests` stays 0 where the source doesn't tell them."""

    uncached: int = 0
    write_5m: int = 0
    write_1h: int = 0
    read: int = 0
    output: int = 0
    searches: int = 0
    requests: int = 0

    @property
    def input(self) -> int:
        return self.uncached + self.write_5m + self.write_1h + self.read

    @property
    def tokens(self) -> int:
        return self.input + self.output


class Used(NamedTuple):
    """Usage of one bucket and one group. `group` has a value for each dimension asked for; empty for null."""

    at: datetime
    group: tuple[str, ...]
    usage: Usage


class Paid(NamedTuple):
    """Cost of one day and one group. `kind` is a token type out of `TOKENS`, or what else was paid for."""

    at: datetime
    group: tuple[str, ...]
    kind: str
    amount: Decimal


class Window(NamedTuple):
    """Whole UTC days: `start` inclusive, `end` exclusive, both at midnight."""

    start: datetime
    end: datetime

    @property
    def days(self) -> int:
        return (self.end - self.start).days

    def holds(self, at: datetime) -> bool:
        return self.start <= at < self.end


class Plan(NamedTuple):
    """Which time is looked at. `edge` ends the last whole day; `before` is None where the API tells nothing of it.

    Costs are needed from `cost_from` (the month's forecast looks further back), everything until `until`. `asked` is where
    the window was to end, if that is later: None where it ends there.
    """

    now: datetime
    edge: datetime
    window: Window
    before: Window | None
    cost_from: datetime
    until: datetime
    asked: datetime | None = None

    @property
    def late(self) -> bool:
        """Whether the source hasn't finished a day that is over."""
        return self.edge < midnight(self.now)

    @property
    def current(self) -> bool:
        """Whether the window reaches up to today."""
        return self.window.end == self.edge

    @property
    def usage_from(self) -> datetime:
        return self.before.start if self.before else self.window.start


class Data(NamedTuple):
    """What was fetched. `used_by` and `paid_by` name the dimensions of the groups.

    `priced` and `charged` are usage and cost by model and service tier, for prices. `names` are those of ids. `through` is
    up to when the figures are complete. `requests` says whether the source counts them.
    """

    source: Source
    used: Sequence[Used]
    used_by: tuple[str, ...]
    priced: Sequence[Used]
    paid: Sequence[Paid]
    paid_by: tuple[str, ...]
    charged: Sequence[Paid]
    names: Mapping[str, str]
    through: datetime
    requests: bool
    currency: str = "USD"
    notes: tuple[str, ...] = ()


class Totals(NamedTuple):
    """`price` is dollars per million tokens, `hit` the share of the input read from the cache, `saved` dollars.

    None is what can't be told: a price without tokens or cost.
    """

    usage: Usage
    cost: Decimal
    price: Decimal | None
    hit: Decimal | None
    saved: Decimal | None


class Point(NamedTuple):
    """A bucket of the trend. Costs are by the day: None for an hour."""

    at: datetime
    usage: Usage
    cost: Decimal | None


class Group(NamedTuple):
    """One value of a dimension. Costs are None where the API doesn't split them that way.

    `trend` has a number for each day of the window: cost, or tokens where there is none.
    """

    id: str
    name: str
    usage: Usage
    cost: Decimal | None
    usage_before: Usage
    cost_before: Decimal | None
    trend: tuple[Decimal, ...]


class Mover(NamedTuple):
    """A combination of groups whose cost (or number of tokens, where `money` is False) changed."""

    names: tuple[str, ...]
    now: Decimal
    before: Decimal
    money: bool

    @property
    def change(self) -> Decimal:
        return self.now - self.before


class Price(NamedTuple):
    """What a model's tokens really cost, in dollars a million: of each kind, of all input, and of all together."""

    model: str
    usage: Usage
    each: Mapping[str, Decimal]
    input: Decimal | None
    overall: Decimal | None


class Forecast(NamedTuple):
    """The month's cost, if the days left (today included) cost what the last `basis` whole days did."""

    month: datetime
    so_far: Decimal
    days_past: int
    days_left: int
    basis: int
    a_day: Decimal

    @property
    def total(self) -> Decimal:
        return self.so_far + self.days_left * self.a_day


class Trends(NamedTuple):
    """All that a report says of usage and cost. `previous` is None where there is nothing before to compare with."""

    plan: Plan
    data: Data
    bucket: Bucket
    total: Totals
    previous: Totals | None
    points: Sequence[Point]
    days: Sequence[Point]
    days_before: Sequence[Point]
    today: Point | None
    groups: Mapping[str, Sequence[Group]]
    movers: Sequence[Mover]
    prices: Sequence[Price]
    forecast: Forecast | None

    @property
    def empty(self) -> bool:
        return not self.total.usage.tokens and not self.total.cost


# ---------------------------------------------------------------------------------------------------------
# Time


def midnight(at: datetime) -> datetime:
    return at.replace(hour=0, minute=0, second=0, microsecond=0)


def plan(
    now: datetime,
    through: datetime,
    days: int,
    first: datetime | None,
    last: datetime | None,
    earliest: datetime | None,
) -> Plan:
    """The window of whole days and the equal one before it.

    `through` is up to when figures are complete: a day is whole once it has ended by then. `first` (a midnight) takes the
    place of `days`; of those up to `last`, inclusive, only whole ones are taken. `earliest` is from when on the API answers.
    Raises `Fatal` for a window that can't be.
    """
    edge = midnight(through)
    for option, day in (("--from", first), ("--to", last)):
        if day is not None:
            _refuse_far(option, day, edge, earliest or OLDEST_DAY)
    asked = edge if last is None else last + DAY
    end = min(asked, edge)
    start = asked - days * DAY if first is None else first
    if last is not None and first is not None and last < first:
        raise Fatal("--to lies before --from", "both are days and belong to the window")
    if start >= end:
        raise _no_day(start, now, through)
    if end - start > LONGEST_WINDOW * DAY:
        raise Fatal(f"the window has {(end - start).days} days", f"{LONGEST_WINDOW} are the most")
    if earliest is not None and start < earliest:
        raise Fatal(
            f"this source tells nothing before {earliest:%Y-%m-%d}",
            "begin later, or take --source messages",
        )
    before = Window(start - (end - start), start)
    told = earliest is None or before.start >= earliest
    found = _plan(now, edge, Window(start, end), before if told else None, earliest)
    return found._replace(asked=asked if asked > end else None)


def _no_day(start: datetime, now: datetime, through: datetime) -> Fatal:
    if start >= midnight(now):
        return Fatal(
            f"the window holds no day that is over: the last whole one is {midnight(through) - DAY:%Y-%m-%d} (UTC)",
            "today's figures are incomplete, and never compared; name earlier days",
        )
    return Fatal(
        f"the source has finished no day of the window: its figures are complete through {through:%Y-%m-%d %H:%M} UTC",
        "run again later, or name earlier days",
        Exit.UNCOUNTED,
    )


def _refuse_far(option: str, day: datetime, edge: datetime, earliest: datetime) -> None:
    """Raises `Fatal` for a day beyond any window, so that none is reckoned with that the calendar doesn't have."""
    latest = edge + LONGEST_WINDOW * DAY
    if not OLDEST_DAY <= day <= latest:
        raise Fatal(
            f"{option} {day.date()} is no day of a report",
            f"days from {earliest.date()} to {latest.date()} are taken; the last whole one is {(edge - DAY).date()} (UTC)",
        )


def _plan(
    now: datetime, edge: datetime, window: Window, before: Window | None, earliest: datetime | None
) -> Plan:
    cost_from = before.start if before else window.start
    if window.end < edge:
        return Plan(now, edge, window, before, cost_from, window.end)
    cost_from = min(cost_from, edge.replace(day=1), edge - BASIS * DAY)
    return Plan(now, edge, window, before, max(cost_from, earliest or cost_from), edge + DAY)


# ---------------------------------------------------------------------------------------------------------
# Sums


def total(usages: Iterable[Usage]) -> Usage:
    rows = list(usages)
    if len(rows) == 1:
        return rows[0]
    columns = list(zip(*rows, strict=True))
    return Usage(*map(sum, columns)) if columns else Usage()


def change(now: Decimal | int, before: Decimal | int) -> Decimal | None:
    """The relative change, as a fraction; None where there is nothing to compare with."""
    return (Decimal(now) - before) / before if before else None


def share(part: Decimal | int, whole: Decimal | int) -> Decimal | None:
    return Decimal(part) / whole if whole else None


def summarise(data: Data, when: Plan, bucket: Bucket, dimensions: Sequence[str]) -> Trends:
    """Everything at once. Totals are the sums of the groups, to the token and to the last fraction of a cent."""
    inside = _within(data, when.window)
    earlier = _within(data, when.before) if when.before else None
    now, before = _totals(inside), _totals(earlier) if earlier else None
    previous = before if before and (before.usage.tokens or before.cost) else None
    return Trends(
        when, data, bucket, now, previous,
        _points(inside, when.window, WIDTHS[bucket]),
        _points(inside, when.window, DAY),
        _points(earlier, when.before, DAY) if earlier and when.before and previous else (),
        _today(data, when),
        {name: _groups(inside, earlier, when, name) for name in dimensions},
        _movers(inside, earlier, dimensions) if earlier and previous else (),
        _prices(inside),
        _forecast(data, when),
    )  # fmt: skip


def _within(data: Data, window: Window) -> Data:
    """The rows of a window alone."""
    start, end = window
    return data._replace(
        used=[row for row in data.used if start <= row.at < end],
        priced=[row for row in data.priced if start <= row.at < end],
        paid=[row for row in data.paid if start <= row.at < end],
        charged=[row for row in data.charged if start <= row.at < end],
    )


def _totals(data: Data) -> Totals:
    usage = total(row.usage for row in data.used)
    billed = [row for row in data.priced if row.group[1] != UNBILLED_TIER]
    tokens = sum(row.usage.tokens for row in billed)
    spent = sum((row.amount for row in data.charged if row.kind in TOKENS), ZERO)
    return Totals(
        usage,
        sum((row.amount for row in data.paid), ZERO),
        spent * MILLION / tokens if tokens and spent else None,
        share(usage.read, usage.input),
        _saved(billed, data.charged),
    )


def _saved(billed: Iterable[Used], charged: Iterable[Paid]) -> Decimal | None:
    """What the cached tokens would have cost at the price paid for uncached ones, less what they did cost.

    By model and service tier; where one has no uncached tokens to take the price from, it saves nothing known.
    """
    used: dict[tuple[str, ...], list[Usage]] = defaultdict(list)
    for row in billed:
        used[row.group].append(row.usage)
    cells = {group: total(usages) for group, usages in used.items()}
    spent = _spent((row.group, row) for row in charged)
    found = [
        _cell_saved(usage, spent[group])
        for group, usage in cells.items()
        if group in spent and usage.uncached and spent[group]["uncached"]
    ]
    return sum(found, ZERO) if found else None


def _cell_saved(usage: Usage, spent: Mapping[str, Decimal]) -> Decimal:
    cached = usage.input - usage.uncached
    return cached * spent["uncached"] / usage.uncached - sum(spent[kind] for kind in INPUT[1:])


def _spent(paid: Iterable[tuple[tuple[str, ...], Paid]]) -> dict[tuple[str, ...], dict[str, Decimal]]:
    """Dollars by group and kind. Every token type has an entry."""
    found: dict[tuple[str, ...], dict[str, Decimal]] = defaultdict(lambda: dict.fromkeys(TOKENS, ZERO))
    for group, row in paid:
        cell = found[group]
        cell[row.kind] = cell.get(row.kind, ZERO) + row.amount
    return found


# ---------------------------------------------------------------------------------------------------------
# Trend


def _points(data: Data, window: Window, width: timedelta) -> tuple[Point, ...]:
    """Of rows that lie within the window."""
    used: dict[datetime, list[Usage]] = defaultdict(list)
    for row in data.used:
        used[row.at if width < DAY else midnight(row.at)].append(row.usage)
    spent: dict[datetime, Decimal] = defaultdict(lambda: ZERO)
    for paid in data.paid:
        spent[midnight(paid.at)] += paid.amount
    starts = [window.start + n * width for n in range((window.end - window.start) // width)]
    return tuple(Point(at, total(used[at]), spent[at] if width == DAY else None) for at in starts)


def _today(data: Data, when: Plan) -> Point | None:
    if not when.current:
        return None
    day = Window(when.edge, when.edge + DAY)
    return _points(_within(data, day), day, DAY)[0]


# ---------------------------------------------------------------------------------------------------------
# Groups


def label(dimension: str, value: str, names: Mapping[str, str]) -> str:
    """What a value is called. Null means something in each dimension."""
    if value:
        return names.get(value, value)
    return {
        "workspace": "Default workspace",
        "api-key": "no key (Console)",
        "model": "no model (web search, …)",
    }.get(dimension, "not told")


class _Cell(NamedTuple):
    now: Usage
    before: Usage
    paid_now: Decimal
    paid_before: Decimal


def _cells(data: Data, before: Data | None, dimensions: Sequence[str]) -> dict[tuple[str, ...], _Cell]:
    """Usage and cost of both windows for each combination of values."""
    used, paid = _grouped(data, dimensions)
    used_before, paid_before = _grouped(before, dimensions) if before else ({}, {})
    none: list[Usage] = []
    return {
        key: _Cell(
            total(used.get(key, none)), total(used_before.get(key, none)), paid.get(key, ZERO), paid_before.get(key, ZERO),
        )
        for key in {**used, **used_before, **paid, **paid_before}
    }  # fmt: skip


def _grouped(
    data: Data, dimensions: Sequence[str]
) -> tuple[dict[tuple[str, ...], list[Usage]], dict[tuple[str, ...], Decimal]]:
    used: dict[tuple[str, ...], list[Usage]] = defaultdict(list)
    paid: dict[tuple[str, ...], Decimal] = defaultdict(Decimal)
    key = picked(data.used_by, dimensions)
    for row in data.used:
        used[key(row.group)].append(row.usage)
    if splits_cost(data, dimensions):
        key = picked(data.paid_by, dimensions)
        for one in data.paid:
            paid[key(one.group)] += one.amount
    return used, paid


def picked(by: Sequence[str], dimensions: Sequence[str]) -> Callable[[tuple[str, ...]], tuple[str, ...]]:
    """Of a group by the dimensions `by`, the values of these."""
    place, *others = (by.index(name) for name in dimensions)
    return itemgetter(place, *others) if others else lambda group: (group[place],)


def splits_cost(data: Data, dimensions: Sequence[str]) -> bool:
    """Whether the API tells costs by these dimensions."""
    return all(name in data.paid_by for name in dimensions)


def _groups(data: Data, before: Data | None, when: Plan, dimension: str) -> tuple[Group, ...]:
    """The largest first: by cost where there is one, else by tokens."""
    split = splits_cost(data, (dimension,))
    trends = _group_trends(data, when, dimension, split=split)
    nothing = (ZERO,) * when.window.days
    found = [
        Group(
            value, label(dimension, value, data.names), cell.now, cell.paid_now if split else None,
            cell.before, cell.paid_before if split else None, trends.get(value, nothing),
        )
        for (value,), cell in _cells(data, before, (dimension,)).items()
    ]  # fmt: skip
    return tuple(
        sorted(found, key=lambda g: (-(g.cost or 0), -g.usage.tokens, -(g.cost_before or 0), g.name, g.id))
    )


def _group_trends(data: Data, when: Plan, dimension: str, *, split: bool) -> dict[str, tuple[Decimal, ...]]:
    days: dict[str, list[Decimal]] = defaultdict(lambda: [ZERO] * when.window.days)
    place = (data.paid_by if split else data.used_by).index(dimension)
    rows = (
        ((one.at, one.group[place], one.amount) for one in data.paid)
        if split
        else ((row.at, row.group[place], Decimal(row.usage.tokens)) for row in data.used)
    )
    for at, value, amount in rows:
        days[value][(at - when.window.start).days] += amount
    return {value: tuple(series) for value, series in days.items()}


def _movers(data: Data, before: Data, dimensions: Sequence[str]) -> tuple[Mover, ...]:
    """What changed most, up or down, first."""
    money = splits_cost(data, dimensions)
    found = []
    for values, cell in _cells(data, before, dimensions).items():
        names = tuple(label(d, value, data.names) for d, value in zip(dimensions, values, strict=True))
        now, then = (
            (cell.paid_now, cell.paid_before)
            if money
            else (Decimal(cell.now.tokens), Decimal(cell.before.tokens))
        )
        if now != then:
            found.append(Mover(names, now, then, money))
    return tuple(sorted(found, key=lambda mover: (-abs(mover.change), mover.names)))


# ---------------------------------------------------------------------------------------------------------
# Prices and the month


def _prices(data: Data) -> tuple[Price, ...]:
    """What was really paid, for each model, the dearest in sum first."""
    used: dict[str, list[Usage]] = defaultdict(list)
    for row in data.priced:
        if row.group[1] != UNBILLED_TIER:
            used[row.group[0]].append(row.usage)
    spent = _spent((row.group[:1], row) for row in data.charged)
    found = [_price(model, total(usages), spent[(model,)]) for model, usages in used.items() if model]
    order = {model: -sum(spent[(model,)].values(), ZERO) for model in used}
    return tuple(sorted(found, key=lambda price: (order[price.model], price.model)))


def _price(model: str, usage: Usage, spent: Mapping[str, Decimal]) -> Price:
    each = {
        kind: spent[kind] * MILLION / getattr(usage, kind)
        for kind in TOKENS
        if spent[kind] and getattr(usage, kind)
    }
    for_input = sum((spent[kind] for kind in INPUT), ZERO)
    together = for_input + spent["output"]
    return Price(
        model,
        usage,
        each,
        for_input * MILLION / usage.input if usage.input and for_input else None,
        together * MILLION / usage.tokens if usage.tokens and together else None,
    )


def _forecast(data: Data, when: Plan) -> Forecast | None:
    """None for a window that ends in the past, and where nothing was paid of late."""
    if not when.current:
        return None
    month = when.edge.replace(day=1)
    first = max(when.edge - BASIS * DAY, when.cost_from)
    spent: dict[datetime, Decimal] = defaultdict(lambda: ZERO)
    for row in data.paid:
        spent[midnight(row.at)] += row.amount
    paid_days = [at for at, amount in spent.items() if first <= at < when.edge and amount]
    if not paid_days:
        return None
    basis = (when.edge - min(paid_days)).days
    late = sum((spent[when.edge - n * DAY] for n in range(1, basis + 1)), ZERO)
    past = (when.edge - month).days
    left = monthrange(month.year, month.month)[1] - past
    so_far = sum((amount for at, amount in spent.items() if month <= at < when.edge), ZERO)
    return Forecast(month, so_far, past, left, basis, late / basis)


# ---------------------------------------------------------------------------------------------------------
# What prompts cost


class Counted(NamedTuple):
    """A prompt as `check` counted it. `growth` is in tokens; None where it wasn't compared with a base."""

    path: str
    name: str
    model: str
    tokens: int
    growth: int | None


class PromptCost(NamedTuple):
    """Dollars for 1,000 calls, and for `growth` a month; None where the price or the requests aren't known."""

    prompt: Counted
    price: Decimal | None
    per_thousand: Decimal | None
    requests: int
    growth_a_month: Decimal | None


def prompt_costs(
    prompts: Iterable[Counted], trends: Trends, same: Mapping[str, str]
) -> tuple[PromptCost, ...]:
    """The dearest first. `same` gives the model of the report that a prompt's model is called there."""
    prices = {price.model: price for price in trends.prices}
    days = trends.plan.window.days
    found = []
    for prompt in prompts:
        price = prices.get(same.get(prompt.model, prompt.model))
        paid = price.input if price else None
        requests = price.usage.requests if price else 0
        a_token = paid / MILLION if paid is not None else None
        monthly = Decimal(requests * MONTH) / days
        thousand = None if a_token is None else prompt.tokens * a_token * 1000
        grown = None
        if prompt.growth is not None and a_token is not None and trends.data.requests:
            grown = prompt.growth * monthly * a_token
        found.append(PromptCost(prompt, paid, thousand, requests, grown))
    return tuple(sorted(found, key=_order))


def _order(cost: PromptCost) -> tuple[bool, Decimal, Decimal, Counted]:
    """What changes most, then the dearest; what has no price comes last."""
    per_thousand = cost.per_thousand or ZERO
    return (
        cost.per_thousand is None,
        -abs(cost.growth_a_month or ZERO),
        -per_thousand,
        cost.prompt._replace(growth=0),
    )
