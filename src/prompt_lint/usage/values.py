"""The values of a report: rows as fetched, sums over a period, trends, prices, prompt costs.

Tokens are whole numbers, money is `Decimal` dollars (or another currency, as `UsageData` says), times are UTC. Nothing here is rounded.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from prompt_lint.model.counts import Count

Source = Literal["messages", "analytics"]
Bucket = Literal["1d", "1h"]

# What figures can be grouped by, and at most how many at once (the API's own limit).
DIMENSIONS = (
    "model", "workspace", "api-key", "account", "service-account", "service-tier", "context-window", "inference-geo", "speed",
)  # fmt: skip
# Those that `analytics` has no columns for.
MESSAGES_DIMENSIONS = ("account", "service-account")
MOST_DIMENSIONS = 5
LONGEST_WINDOW = 90
# The API had no users before.
OLDEST_DAY = datetime(2023, 1, 1, tzinfo=UTC)

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
BUCKET_WIDTHS: Mapping[Bucket, timedelta] = {"1d": DAY, "1h": HOUR}
# A forecast averages a week, so that each weekday counts once.
FORECAST_DAYS = 7
DAYS_PER_MONTH = 30
MILLION = 1_000_000
ZERO = Decimal(0)

# Kinds of tokens by how they are billed: fields of `Usage`, kinds of `CostRow`.
INPUT_KINDS = ("uncached", "write_5m", "write_1h", "read")
TOKEN_KINDS = (*INPUT_KINDS, "output")
# Tokens of this service tier are paid for by commitment and never appear as cost.
UNBILLED_TIER = "priority"


def midnight(moment: datetime) -> datetime:
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)


# ---------------------------------------------------------------------------------------------------------
# Rows


class Usage(NamedTuple):
    """Tokens by kind, web searches and requests. `requests` stays 0 where the source doesn't count them."""

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
    """Usage of one bucket and one group. `group` has a value for each dimension; "" for the API's null."""

    start: datetime
    group: tuple[str, ...]
    usage: Usage


class CostRow(NamedTuple):
    """Cost of one day and one group. `kind` is one of `TOKEN_KINDS`, or what else was paid for, such as `web_search`."""

    start: datetime
    group: tuple[str, ...]
    kind: str
    amount: Decimal


class UsageData(NamedTuple):
    """Everything that was fetched.

    The `*_dimensions` name what the values of a row's `group` are. `price_usage_rows` and `price_cost_rows` are grouped by
    what a price depends on: model, service tier, context window, inference geography and, for `analytics`, speed. For
    `messages`, whose costs aren't split by speed, `speed_rows` are grouped by model, service tier and speed; None where the
    API refused them. `names` are those of workspaces and keys, by id. Figures are complete until `complete_until`. Costs by
    `estimated_dimensions` are those of `usage.cost_estimates`, not the API's.
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
    currency: str
    notes: tuple[str, ...]
    speed_rows: Sequence[UsageRow] | None = ()
    estimated_dimensions: tuple[str, ...] = ()


# ---------------------------------------------------------------------------------------------------------
# Time


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
    """The window of a report, the equal one before it, and from when to when rows have to be fetched for both.

    `complete_end` is the midnight that ends the last complete day. `previous_window` is None where the API has no data of it.
    Costs are fetched from `cost_start`, since the forecast looks further back than usage does. `requested_end` is set
    where the window was cut because days of it aren't complete.
    """

    now: datetime
    complete_end: datetime
    window: Window
    previous_window: Window | None
    cost_start: datetime
    fetch_end: datetime
    requested_end: datetime | None

    @property
    def usage_start(self) -> datetime:
        return self.previous_window.start if self.previous_window else self.window.start

    @property
    def has_unfinished_day(self) -> bool:
        """Whether a day is over whose figures the source hasn't finished."""
        return self.complete_end < midnight(self.now)

    @property
    def reaches_today(self) -> bool:
        """Whether the window ends with the last complete day."""
        return self.window.end == self.complete_end


# ---------------------------------------------------------------------------------------------------------
# Trends


class Totals(NamedTuple):
    """Sums of a window. `price_per_million` and `saved_by_cache` are money. None is what can't be computed.

    `saving_gap` says why `saved_by_cache` can't, where something was cached.
    """

    usage: Usage
    cost: Decimal
    price_per_million: Decimal | None
    cache_hit_share: Decimal | None
    saved_by_cache: Decimal | None
    saving_gap: str


class TrendPoint(NamedTuple):
    """One bucket of the trend. `cost` is None for an hour, since the API splits costs by the day."""

    start: datetime
    usage: Usage
    cost: Decimal | None


class Group(NamedTuple):
    """Sums of one value of a dimension. Costs are None where the API doesn't split them by that dimension.

    `daily` has a number for each day of the window: its cost, or its tokens where there are no costs.
    """

    id: str
    name: str
    usage: Usage
    cost: Decimal | None
    previous_usage: Usage
    previous_cost: Decimal | None
    daily: tuple[Decimal, ...]

    @property
    def amount(self) -> Decimal | int:
        """The cost, or the number of tokens where there is no cost."""
        return self.usage.tokens if self.cost is None else self.cost

    @property
    def previous_amount(self) -> Decimal | int:
        return self.previous_usage.tokens if self.previous_cost is None else self.previous_cost


class GroupChange(NamedTuple):
    """A combination of groups whose cost changed from one window to the next; its tokens, where `is_cost` is False."""

    group_names: tuple[str, ...]
    current: Decimal
    previous: Decimal
    is_cost: bool

    @property
    def difference(self) -> Decimal:
        return self.current - self.previous


class ModelPrice(NamedTuple):
    """What a million tokens of a model cost in the window: of each kind, of all input, of all tokens."""

    model: str
    usage: Usage
    by_kind: Mapping[str, Decimal]
    input: Decimal | None
    overall: Decimal | None


class Forecast(NamedTuple):
    """The month's cost if each remaining day (today included) costs the mean of the last `averaged_days` complete days."""

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
    """Everything that is computed of usage and cost.

    `points` are buckets of the width `bucket`; `days` are the days of the window, whatever the bucket. `previous_totals` is
    None, and `previous_days` and `group_changes` are empty, where nothing was used in the window before.
    """

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
    def is_idle(self) -> bool:
        return not any(self.totals.usage) and not self.totals.cost

    @property
    def is_empty(self) -> bool:
        """Whether nothing that was fetched was used or paid: neither in the window, nor before it, nor today."""
        rows = self.data.usage_rows
        return not any(any(row.usage) for row in rows) and not any(row.amount for row in self.data.cost_rows)


# ---------------------------------------------------------------------------------------------------------
# What is made of trends


class Interval(NamedTuple):
    """Money, and what the real amount is between; all three are the same for an exact one."""

    value: Decimal
    low: Decimal
    high: Decimal


class PromptTokens(NamedTuple):
    """A prompt as `check` counted it.

    `growth` is against the base: all tokens of a new prompt, and of a removed one, which has none left, less than 0. None
    where the prompt wasn't, or can't be, compared.
    """

    path: str
    name: str
    model: str
    tokens: Count
    growth: Count | None
    is_group: bool = False


class CheckedPrompts(NamedTuple):
    """The prompts of the JSON output of `check`, in `file`. `uncounted` is how many of them have no count."""

    file: str
    is_compared: bool
    prompts: Sequence[PromptTokens]
    uncounted: int


class PromptCost(NamedTuple):
    """What a prompt costs: `input_price` is per million tokens, `monthly_growth` is what its growth costs a month at most.

    None where the price or the number of requests isn't known.
    """

    prompt: PromptTokens
    input_price: Decimal | None
    per_thousand_calls: Interval | None
    monthly_growth: Interval | None


class GrowthCost(NamedTuple):
    """What a change costs a month: from all that was cut to all that has grown, whichever of it requests carry.

    `left_out` says which prompts aren't part of it.
    """

    low: Decimal
    high: Decimal
    left_out: Sequence[str]


class FailCondition(NamedTuple):
    """A condition that fails the run when it is met. `value` is in dollars, tokens or percent; `text` is as it was written."""

    text: str
    metric: str
    operator: str
    value: Decimal
    unit: str


class ConditionResult(NamedTuple):
    """A condition and the figure it is compared with. `is_met` is None where there is no figure."""

    condition: FailCondition
    actual: Decimal | None

    @property
    def is_met(self) -> bool | None:
        if self.actual is None:
            return None
        actual, value = self.actual, self.condition.value
        return {
            ">": actual > value, "+": actual > value, ">=": actual >= value, "-": -actual > value,
            "<": actual < value, "<=": actual <= value,
        }[self.condition.operator]  # fmt: skip


class UsageReport(NamedTuple):
    """Everything an output shows. `checked` are the prompts that have `prompt_costs`, None without `--check`.

    The figures came from `host`, on a way that the environment's `obeyed_variables` chose.
    """

    trends: Trends
    condition_results: Sequence[ConditionResult]
    checked: CheckedPrompts | None
    prompt_costs: Sequence[PromptCost]
    notes: Sequence[str]
    filters: Sequence[str]
    host: str
    obeyed_variables: Sequence[str]

    @property
    def met_conditions(self) -> Sequence[ConditionResult]:
        return [result for result in self.condition_results if result.is_met]
