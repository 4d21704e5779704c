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

from prompt_lint.model.errors import ExitCode, Fatal

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
BUCKET_WIDTHS: Mapping[Bucket, timedelta] = {"1d": DAY, "1h": HOUR}
# The month's rest is taken to cost what the last days cost: a week, so that each weekday counts once.
FORECAST_DAYS = 7
DAYS_PER_MONTH = 30
MILLION = 1_000_000
ZERO = Decimal(0)
# An amount has up to 33 digits, and a million of them 39: so their sums are exact.
EXACT_CONTEXT = Context(prec=60)

# Tokens by how they are billed, as the fields of `Usage` and the kinds of `Paid` name them.
INPUT_KINDS = ("uncached", "write_5m", "write_1h", "read")
TOKEN_KINDS = (*INPUT_KINDS, "output")
# Its tokens are paid for by commitment and never appear as cost.
UNBILLED_TIER = "priority"


class Usage(NamedTuple):
    """Tokens, web searches and requests. `requests` stays 0 where the source doesn't tell them."""

    uncached: int = 0
    write_5m: int = 0
    write_1h: int = 0
    read: int = 0
    output: int = 0
    web_searches: int = 0
    requests: int = 0

    @property
    def input(self) -> int:
        return self.uncached + self.write_5m + self.write_1h + self.read

    @property
    def tokens(self) -> int:
        return self.input + self.output


class UsageRow(NamedTuple):
    """Usage of one bucket and one group. `group` has a value for each dimension asked for; empty for null."""

    start: datetime
    group: tuple[str, ...]
    usage: Usage


class CostRow(NamedTuple):
    """Cost of one day and one group. `kind` is a token type out of `TOKENS`, or what else was paid for."""

    start: datetime
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

    def contains(self, moment: datetime) -> bool:
        return self.start <= moment < self.end


class Period(NamedTuple):
    """Which time is looked at. `edge` ends the last whole day; `before` is None where the API tells nothing of it.

    Costs are needed from `cost_from` (the month's forecast looks further back), everything until `until`. `asked` is where
    the window was to end, if that is later: None where it ends there.
    """

    now: datetime
    complete_end: datetime
    window: Window
    previous_window: Window | None
    cost_start: datetime
    fetch_end: datetime
    requested_end: datetime | None = None

    @property
    def has_unfinished_day(self) -> bool:
        """Whether the source hasn't finished a day that is over."""
        return self.complete_end < midnight(self.now)

    @property
    def reaches_today(self) -> bool:
        """Whether the window reaches up to today."""
        return self.window.end == self.complete_end

    @property
    def usage_start(self) -> datetime:
        return self.previous_window.start if self.previous_window else self.window.start


class UsageData(NamedTuple):
    """What was fetched. `used_by` and `paid_by` name the dimensions of the groups.

    `priced` and `charged` are usage and cost by model and service tier, for prices. `names` are those of ids. `through` is
    up to when the figures are complete. `requests` says whether the source counts them.
    """

    source: Source
    usage_rows: Sequence[UsageRow]
    usage_dimensions: tuple[str, ...]
    price_usage_rows: Sequence[UsageRow]
    cost_rows: Sequence[CostRow]
    cost_dimensions: tuple[str, ...]
    price_cost_rows: Sequence[CostRow]
    names: Mapping[str, str]
    complete_until: datetime
    has_requests: bool
    currency: str = "USD"
    notes: tuple[str, ...] = ()


class Totals(NamedTuple):
    """`price` is dollars per million tokens, `hit` the share of the input read from the cache, `saved` dollars.

    None is what can't be told: a price without tokens or cost.
    """

    usage: Usage
    cost: Decimal
    price_per_million: Decimal | None
    cache_hit_share: Decimal | None
    saved_by_cache: Decimal | None


class TrendPoint(NamedTuple):
    """A bucket of the trend. Costs are by the day: None for an hour."""

    start: datetime
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
    previous_usage: Usage
    previous_cost: Decimal | None
    daily: tuple[Decimal, ...]


class GroupChange(NamedTuple):
    """A combination of groups whose cost (or number of tokens, where `money` is False) changed."""

    group_names: tuple[str, ...]
    current: Decimal
    previous: Decimal
    is_cost: bool

    @property
    def difference(self) -> Decimal:
        return self.current - self.previous


class ModelPrice(NamedTuple):
    """What a model's tokens really cost, in dollars a million: of each kind, of all input, and of all together."""

    model: str
    usage: Usage
    by_kind: Mapping[str, Decimal]
    input: Decimal | None
    overall: Decimal | None


class Forecast(NamedTuple):
    """The month's cost, if the days left (today included) cost what the last `basis` whole days did."""

    month: datetime
    so_far: Decimal
    past_days: int
    remaining_days: int
    averaged_days: int
    daily_cost: Decimal

    @property
    def total(self) -> Decimal:
        return self.so_far + self.remaining_days * self.daily_cost


class Trends(NamedTuple):
    """All that a report says of usage and cost. `previous` is None where there is nothing before to compare with."""

    period: Period
    data: UsageData
    bucket: Bucket
    totals: Totals
    previous_totals: Totals | None
    points: Sequence[TrendPoint]
    days: Sequence[TrendPoint]
    previous_days: Sequence[TrendPoint]
    today: TrendPoint | None
    groups: Mapping[str, Sequence[Group]]
    group_changes: Sequence[GroupChange]
    prices: Sequence[ModelPrice]
    forecast: Forecast | None

    @property
    def is_empty(self) -> bool:
        return not self.totals.usage.tokens and not self.totals.cost


# ---------------------------------------------------------------------------------------------------------
# Time


def midnight(moment: datetime) -> datetime:
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)


def plan_period(
    now: datetime,
    complete_until: datetime,
    days: int,
    first: datetime | None,
    last: datetime | None,
    earliest: datetime | None,
) -> Period:
    """The window of whole days and the equal one before it.

    `through` is up to when figures are complete: a day is whole once it has ended by then. `first` (a midnight) takes the
    place of `days`; of those up to `last`, inclusive, only whole ones are taken. `earliest` is from when on the API answers.
    Raises `Fatal` for a window that can't be.
    """
    complete_end = midnight(complete_until)
    for option, day in (("--from", first), ("--to", last)):
        if day is not None:
            refuse_distant_day(option, day, complete_end, earliest or OLDEST_DAY)
    requested_end = complete_end if last is None else last + DAY
    end = min(requested_end, complete_end)
    start = requested_end - days * DAY if first is None else first
    if last is not None and first is not None and last < first:
        raise Fatal("--to lies before --from", "both are days and belong to the window")
    if start >= end:
        raise no_complete_day(start, now, complete_until)
    if end - start > LONGEST_WINDOW * DAY:
        raise Fatal(f"the window has {(end - start).days} days", f"{LONGEST_WINDOW} are the most")
    if earliest is not None and start < earliest:
        raise Fatal(
            f"this source tells nothing before {earliest:%Y-%m-%d}",
            "begin later, or take --source messages",
        )
    before = Window(start - (end - start), start)
    has_previous = earliest is None or before.start >= earliest
    period = _make_period(now, complete_end, Window(start, end), before if has_previous else None, earliest)
    return period._replace(requested_end=requested_end if requested_end > end else None)


def no_complete_day(start: datetime, now: datetime, complete_until: datetime) -> Fatal:
    if start >= midnight(now):
        return Fatal(
            f"the window holds no day that is over: the last whole one is {midnight(complete_until) - DAY:%Y-%m-%d} (UTC)",
            "today's figures are incomplete, and never compared; name earlier days",
        )
    return Fatal(
        f"the source has finished no day of the window: its figures are complete through {complete_until:%Y-%m-%d %H:%M} UTC",
        "run again later, or name earlier days",
        ExitCode.UNCOUNTED,
    )


def refuse_distant_day(option: str, day: datetime, complete_end: datetime, earliest: datetime) -> None:
    """Raises `Fatal` for a day beyond any window, so that none is reckoned with that the calendar doesn't have."""
    latest = complete_end + LONGEST_WINDOW * DAY
    if not OLDEST_DAY <= day <= latest:
        raise Fatal(
            f"{option} {day.date()} is no day of a report",
            f"days from {earliest.date()} to {latest.date()} are taken; the last whole one is {(complete_end - DAY).date()} (UTC)",
        )


def _make_period(
    now: datetime,
    complete_end: datetime,
    window: Window,
    previous_window: Window | None,
    earliest: datetime | None,
) -> Period:
    cost_start = previous_window.start if previous_window else window.start
    if window.end < complete_end:
        return Period(now, complete_end, window, previous_window, cost_start, window.end)
    cost_start = min(cost_start, complete_end.replace(day=1), complete_end - FORECAST_DAYS * DAY)
    return Period(
        now,
        complete_end,
        window,
        previous_window,
        max(cost_start, earliest or cost_start),
        complete_end + DAY,
    )


# ---------------------------------------------------------------------------------------------------------
# Sums


def sum_usage(usages: Iterable[Usage]) -> Usage:
    rows = list(usages)
    if len(rows) == 1:
        return rows[0]
    columns = list(zip(*rows, strict=True))
    return Usage(*map(sum, columns)) if columns else Usage()


def relative_change(current: Decimal | int, previous: Decimal | int) -> Decimal | None:
    """The relative change, as a fraction; None where there is nothing to compare with."""
    return (Decimal(current) - previous) / previous if previous else None


def share(part: Decimal | int, whole: Decimal | int) -> Decimal | None:
    return Decimal(part) / whole if whole else None


def compute_trends(data: UsageData, period: Period, bucket: Bucket, dimensions: Sequence[str]) -> Trends:
    """Everything at once. Totals are the sums of the groups, to the token and to the last fraction of a cent."""
    current = select_window(data, period.window)
    previous = select_window(data, period.previous_window) if period.previous_window else None
    totals, previous_totals = compute_totals(current), compute_totals(previous) if previous else None
    if previous_totals and not previous_totals.usage.tokens and not previous_totals.cost:
        previous_totals = None
    compared = previous if previous_totals else None
    return Trends(
        period, data, bucket, totals, previous_totals,
        compute_points(current, period.window, BUCKET_WIDTHS[bucket]),
        compute_points(current, period.window, DAY),
        compute_points(compared, period.previous_window, DAY) if compared and period.previous_window else (),
        compute_today(data, period),
        {name: compute_groups(current, previous, period, name) for name in dimensions},
        compute_group_changes(current, compared, dimensions) if compared else (),
        compute_prices(current),
        compute_forecast(data, period),
    )  # fmt: skip


def select_window(data: UsageData, window: Window) -> UsageData:
    """The rows of a window alone."""
    start, end = window
    return data._replace(
        usage_rows=[row for row in data.usage_rows if start <= row.start < end],
        price_usage_rows=[row for row in data.price_usage_rows if start <= row.start < end],
        cost_rows=[row for row in data.cost_rows if start <= row.start < end],
        price_cost_rows=[row for row in data.price_cost_rows if start <= row.start < end],
    )


def compute_totals(data: UsageData) -> Totals:
    usage = sum_usage(row.usage for row in data.usage_rows)
    billed = [row for row in data.price_usage_rows if row.group[1] != UNBILLED_TIER]
    tokens = sum(row.usage.tokens for row in billed)
    token_cost = sum((row.amount for row in data.price_cost_rows if row.kind in TOKEN_KINDS), ZERO)
    return Totals(
        usage,
        sum((row.amount for row in data.cost_rows), ZERO),
        token_cost * MILLION / tokens if tokens and token_cost else None,
        share(usage.read, usage.input),
        compute_saving(billed, data.price_cost_rows),
    )


def compute_saving(usage_rows: Iterable[UsageRow], cost_rows: Iterable[CostRow]) -> Decimal | None:
    """What the cached tokens would have cost at the price paid for uncached ones, less what they did cost.

    By model and service tier; where one has no uncached tokens to take the price from, it saves nothing known.
    """
    used: dict[tuple[str, ...], list[Usage]] = defaultdict(list)
    for row in usage_rows:
        used[row.group].append(row.usage)
    cells = {group: sum_usage(usages) for group, usages in used.items()}
    spent = sum_costs_by_kind((row.group, row) for row in cost_rows)
    found = [
        _group_saving(usage, spent[group])
        for group, usage in cells.items()
        if group in spent and usage.uncached and spent[group]["uncached"]
    ]
    return sum(found, ZERO) if found else None


def _group_saving(usage: Usage, spent: Mapping[str, Decimal]) -> Decimal:
    cached = usage.input - usage.uncached
    return cached * spent["uncached"] / usage.uncached - sum(spent[kind] for kind in INPUT_KINDS[1:])


def sum_costs_by_kind(
    cost_rows: Iterable[tuple[tuple[str, ...], CostRow]],
) -> dict[tuple[str, ...], dict[str, Decimal]]:
    """Dollars by group and kind. Every token type has an entry."""
    found: dict[tuple[str, ...], dict[str, Decimal]] = defaultdict(lambda: dict.fromkeys(TOKEN_KINDS, ZERO))
    for group, row in cost_rows:
        cell = found[group]
        cell[row.kind] = cell.get(row.kind, ZERO) + row.amount
    return found


# ---------------------------------------------------------------------------------------------------------
# Trend


def compute_points(data: UsageData, window: Window, width: timedelta) -> tuple[TrendPoint, ...]:
    """Of rows that lie within the window."""
    usage: dict[datetime, list[Usage]] = defaultdict(list)
    for row in data.usage_rows:
        usage[row.start if width < DAY else midnight(row.start)].append(row.usage)
    costs: dict[datetime, Decimal] = defaultdict(lambda: ZERO)
    for paid in data.cost_rows:
        costs[midnight(paid.start)] += paid.amount
    starts = [window.start + n * width for n in range((window.end - window.start) // width)]
    return tuple(TrendPoint(at, sum_usage(usage[at]), costs[at] if width == DAY else None) for at in starts)


def compute_today(data: UsageData, period: Period) -> TrendPoint | None:
    if not period.reaches_today:
        return None
    day = Window(period.complete_end, period.complete_end + DAY)
    return compute_points(select_window(data, day), day, DAY)[0]


# ---------------------------------------------------------------------------------------------------------
# Groups


def name_group(dimension: str, value: str, names: Mapping[str, str]) -> str:
    """What a value is called. Null means something in each dimension."""
    if value:
        return names.get(value, value)
    return {
        "workspace": "Default workspace",
        "api-key": "no key (Console)",
        "model": "no model (web search, …)",
    }.get(dimension, "not told")


class _GroupSums(NamedTuple):
    usage: Usage
    previous_usage: Usage
    cost: Decimal
    previous_cost: Decimal


def _sum_groups(
    data: UsageData, previous: UsageData | None, dimensions: Sequence[str]
) -> dict[tuple[str, ...], _GroupSums]:
    """Usage and cost of both windows for each combination of values."""
    used, paid = _collect_groups(data, dimensions)
    used_before, paid_before = _collect_groups(previous, dimensions) if previous else ({}, {})
    none: list[Usage] = []
    return {
        key: _GroupSums(
            sum_usage(used.get(key, none)), sum_usage(used_before.get(key, none)), paid.get(key, ZERO), paid_before.get(key, ZERO),
        )
        for key in {**used, **used_before, **paid, **paid_before}
    }  # fmt: skip


def _collect_groups(
    data: UsageData, dimensions: Sequence[str]
) -> tuple[dict[tuple[str, ...], list[Usage]], dict[tuple[str, ...], Decimal]]:
    used: dict[tuple[str, ...], list[Usage]] = defaultdict(list)
    paid: dict[tuple[str, ...], Decimal] = defaultdict(Decimal)
    key = group_selector(data.usage_dimensions, dimensions)
    for row in data.usage_rows:
        used[key(row.group)].append(row.usage)
    if has_cost_by(data, dimensions):
        key = group_selector(data.cost_dimensions, dimensions)
        for one in data.cost_rows:
            paid[key(one.group)] += one.amount
    return used, paid


def group_selector(
    by: Sequence[str], dimensions: Sequence[str]
) -> Callable[[tuple[str, ...]], tuple[str, ...]]:
    """Of a group by the dimensions `by`, the values of these."""
    place, *others = (by.index(name) for name in dimensions)
    return itemgetter(place, *others) if others else lambda group: (group[place],)


def has_cost_by(data: UsageData, dimensions: Sequence[str]) -> bool:
    """Whether the API tells costs by these dimensions."""
    return all(name in data.cost_dimensions for name in dimensions)


def compute_groups(
    data: UsageData, previous: UsageData | None, period: Period, dimension: str
) -> tuple[Group, ...]:
    """The largest first: by cost where there is one, else by tokens."""
    has_cost = has_cost_by(data, (dimension,))
    daily = _sum_daily(data, period, dimension, has_cost=has_cost)
    zeros = (ZERO,) * period.window.days
    groups = [
        Group(
            value, name_group(dimension, value, data.names), cell.usage, cell.cost if has_cost else None,
            cell.previous_usage, cell.previous_cost if has_cost else None, daily.get(value, zeros),
        )
        for (value,), cell in _sum_groups(data, previous, (dimension,)).items()
    ]  # fmt: skip
    return tuple(
        sorted(groups, key=lambda g: (-(g.cost or 0), -g.usage.tokens, -(g.previous_cost or 0), g.name, g.id))
    )


def _sum_daily(
    data: UsageData, period: Period, dimension: str, *, has_cost: bool
) -> dict[str, tuple[Decimal, ...]]:
    days: dict[str, list[Decimal]] = defaultdict(lambda: [ZERO] * period.window.days)
    index = (data.cost_dimensions if has_cost else data.usage_dimensions).index(dimension)
    rows = (
        ((one.start, one.group[index], one.amount) for one in data.cost_rows)
        if has_cost
        else ((row.start, row.group[index], Decimal(row.usage.tokens)) for row in data.usage_rows)
    )
    for at, value, amount in rows:
        days[value][(at - period.window.start).days] += amount
    return {value: tuple(series) for value, series in days.items()}


def compute_group_changes(
    data: UsageData, previous: UsageData, dimensions: Sequence[str]
) -> tuple[GroupChange, ...]:
    """What changed most, up or down, first."""
    is_cost = has_cost_by(data, dimensions)
    changes = []
    for values, cell in _sum_groups(data, previous, dimensions).items():
        names = tuple(name_group(d, value, data.names) for d, value in zip(dimensions, values, strict=True))
        now, then = (
            (cell.cost, cell.previous_cost)
            if is_cost
            else (Decimal(cell.usage.tokens), Decimal(cell.previous_usage.tokens))
        )
        if now != then:
            changes.append(GroupChange(names, now, then, is_cost))
    return tuple(sorted(changes, key=lambda mover: (-abs(mover.difference), mover.group_names)))


# ---------------------------------------------------------------------------------------------------------
# Prices and the month


def compute_prices(data: UsageData) -> tuple[ModelPrice, ...]:
    """What was really paid, for each model, the dearest in sum first."""
    usage: dict[str, list[Usage]] = defaultdict(list)
    for row in data.price_usage_rows:
        if row.group[1] != UNBILLED_TIER:
            usage[row.group[0]].append(row.usage)
    costs = sum_costs_by_kind((row.group[:1], row) for row in data.price_cost_rows)
    prices = [
        compute_price(model, sum_usage(usages), costs[(model,)]) for model, usages in usage.items() if model
    ]
    order = {model: -sum(costs[(model,)].values(), ZERO) for model in usage}
    return tuple(sorted(prices, key=lambda price: (order[price.model], price.model)))


def compute_price(model: str, usage: Usage, costs: Mapping[str, Decimal]) -> ModelPrice:
    by_kind = {
        kind: costs[kind] * MILLION / getattr(usage, kind)
        for kind in TOKEN_KINDS
        if costs[kind] and getattr(usage, kind)
    }
    input_cost = sum((costs[kind] for kind in INPUT_KINDS), ZERO)
    token_cost = input_cost + costs["output"]
    return ModelPrice(
        model,
        usage,
        by_kind,
        input_cost * MILLION / usage.input if usage.input and input_cost else None,
        token_cost * MILLION / usage.tokens if usage.tokens and token_cost else None,
    )


def compute_forecast(data: UsageData, period: Period) -> Forecast | None:
    """None for a window that ends in the past, and where nothing was paid of late."""
    if not period.reaches_today:
        return None
    month = period.complete_end.replace(day=1)
    first = max(period.complete_end - FORECAST_DAYS * DAY, period.cost_start)
    daily_costs: dict[datetime, Decimal] = defaultdict(lambda: ZERO)
    for row in data.cost_rows:
        daily_costs[midnight(row.start)] += row.amount
    paid_days = [at for at, amount in daily_costs.items() if first <= at < period.complete_end and amount]
    if not paid_days:
        return None
    averaged_days = (period.complete_end - min(paid_days)).days
    recent_cost = sum((daily_costs[period.complete_end - n * DAY] for n in range(1, averaged_days + 1)), ZERO)
    past_days = (period.complete_end - month).days
    remaining_days = monthrange(month.year, month.month)[1] - past_days
    so_far = sum((amount for at, amount in daily_costs.items() if month <= at < period.complete_end), ZERO)
    return Forecast(month, so_far, past_days, remaining_days, averaged_days, recent_cost / averaged_days)


# ---------------------------------------------------------------------------------------------------------
# What prompts cost


class PromptTokens(NamedTuple):
    """A prompt as `check` counted it. `growth` is in tokens; None where it wasn't compared with a base."""

    path: str
    name: str
    model: str
    tokens: int
    growth: int | None


class PromptCost(NamedTuple):
    """Dollars for 1,000 calls, and for `growth` a month; None where the price or the requests aren't known."""

    prompt: PromptTokens
    input_price: Decimal | None
    per_thousand_calls: Decimal | None
    requests: int
    monthly_growth: Decimal | None


def compute_prompt_costs(
    prompts: Iterable[PromptTokens], trends: Trends, model_names: Mapping[str, str]
) -> tuple[PromptCost, ...]:
    """The dearest first. `same` gives the model of the report that a prompt's model is called there."""
    prices = {price.model: price for price in trends.prices}
    days = trends.period.window.days
    costs = []
    for prompt in prompts:
        price = prices.get(model_names.get(prompt.model, prompt.model))
        input_price = price.input if price else None
        requests = price.usage.requests if price else 0
        token_price = input_price / MILLION if input_price is not None else None
        monthly_requests = Decimal(requests * DAYS_PER_MONTH) / days
        per_thousand_calls = None if token_price is None else prompt.tokens * token_price * 1000
        growth = None
        if prompt.growth is not None and token_price is not None and trends.data.has_requests:
            growth = prompt.growth * monthly_requests * token_price
        costs.append(PromptCost(prompt, input_price, per_thousand_calls, requests, growth))
    return tuple(sorted(costs, key=_sort_key))


def _sort_key(cost: PromptCost) -> tuple[bool, Decimal, Decimal, PromptTokens]:
    """What changes most, then the dearest; what has no price comes last."""
    per_thousand = cost.per_thousand_calls or ZERO
    return (
        cost.per_thousand_calls is None,
        -abs(cost.monthly_growth or ZERO),
        -per_thousand,
        cost.prompt._replace(growth=0),
    )
