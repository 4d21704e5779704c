"""What a report asks of the API → requests for lists, split so that no answer has to hold more than it can."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from prompt_lint.model.errors import Fatal
from prompt_lint.usage.admin_api.lists import BucketRange, ListRequest
from prompt_lint.usage.admin_api.rows import (
    API_DIMENSIONS,
    read_bucket,
    read_cost_row,
    read_flat_row,
    read_usage_row,
)
from prompt_lint.usage.figures import format_timestamp
from prompt_lint.usage.values import BUCKET_WIDTHS, DAY, MESSAGES_DIMENSIONS, MOST_DIMENSIONS, midnight

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from prompt_lint.usage.values import Bucket, Period, Source

    _Parameters = tuple[tuple[str, str], ...]

# Figures appear some five minutes after the fact.
LAG = timedelta(minutes=5)
ANALYTICS_START, ANALYTICS_DAYS = datetime(2026, 1, 1, tzinfo=UTC), 364
# What one answer holds: buckets of `messages`, days and rows of `analytics`.
_MOST_BUCKETS: Mapping[Bucket, int] = {"1d": 31, "1h": 168}
_MOST_DAYS, _MOST_ROWS = 31, 1_000
# The dimensions by which `cost_report` splits costs, and those that prices are made of.
_COST_DIMENSIONS = ("model", "workspace", "service-tier", "context-window", "inference-geo")
SPEED_DIMENSIONS = ("model", "service-tier", "speed")
# The default workspace has no id in `messages`, so no filter of the API finds it.
DEFAULT_WORKSPACE = "default"

# Names of lists. Prices have lists of their own only where the others can't be grouped by what prices need, too.
USAGE, COSTS, PRICE_USAGE, PRICE_COSTS = "usage", "costs", "price usage", "price costs"
SPEEDS = "speeds"
_USAGE_LISTS = (USAGE, PRICE_USAGE, SPEEDS)


class Query(NamedTuple):
    """What to fetch. `workspaces` are ids or `default`, or names that have still to be resolved."""

    source: Source
    bucket: Bucket
    dimensions: tuple[str, ...]
    models: tuple[str, ...]
    workspaces: tuple[str, ...]

    @property
    def filter_dimensions(self) -> tuple[str, ...]:
        """The dimensions by which the API can't filter, so that rows have to be grouped by them."""
        return ("workspace",) if DEFAULT_WORKSPACE in self.workspaces else ()

    @property
    def row_dimensions(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((*self.dimensions, *self.filter_dimensions)))

    @property
    def price_dimensions(self) -> tuple[str, ...]:
        """What a price depends on. The costs of `messages` aren't split by speed, so its speeds are a list of their own."""
        dimensions = ("model", "service-tier", "context-window", "inference-geo")
        return dimensions if self.source == "messages" else (*dimensions, "speed")


def find_earliest(source: Source, now: datetime) -> datetime | None:
    """Return from when on the source has data; None where it doesn't say."""
    if source == "messages":
        return None
    return max(ANALYTICS_START, midnight(now - ANALYTICS_DAYS * DAY))


def check_query(query: Query) -> None:
    """Raises `Fatal` for a query that the API can't answer."""
    missing = [name for name in MESSAGES_DIMENSIONS if name in query.dimensions]
    if query.source == "analytics" and missing:
        raise Fatal(
            f"--source analytics doesn't group by {' or '.join(missing)}",
            "group by api-key, or take --source messages",
        )
    if DEFAULT_WORKSPACE not in query.workspaces:
        return
    if query.source == "analytics":
        raise Fatal(
            "--source analytics knows the default workspace by its id only",
            "give that id (wrkspc_…) as --workspace; the Claude Console shows it",
        )
    if len(query.row_dimensions) > MOST_DIMENSIONS:
        raise Fatal(
            "the default workspace has no id to filter by",
            "leave out one --group-by, so that the workspaces can be grouped",
        )


def make_list_requests(query: Query, period: Period) -> list[ListRequest]:
    """Make the requests for usage and costs, and those for prices where one list can't be grouped by everything.

    Raises `Fatal` for a query that the API can't answer.
    """
    check_query(query)
    price_dimensions = (*query.price_dimensions, *query.filter_dimensions)
    combined = tuple(dict.fromkeys((*query.row_dimensions, *price_dimensions)))
    fits = len(combined) <= MOST_DIMENSIONS
    usage = {USAGE: combined} if fits else {USAGE: query.row_dimensions, PRICE_USAGE: price_dimensions}
    costs = {COSTS: combined} if fits else {COSTS: query.row_dimensions, PRICE_COSTS: price_dimensions}
    if query.source == "messages":
        costs = {COSTS: _COST_DIMENSIONS}
    make_requests = _messages_requests if query.source == "messages" else _analytics_requests
    lists = {**usage, **costs}.items()
    return [
        request for name, dimensions in lists for request in make_requests(query, period, name, dimensions)
    ]


def make_speed_requests(query: Query, period: Period) -> list[ListRequest]:
    """Make the requests that tell which speeds were used where costs aren't split by them; none for `analytics`."""
    if query.source == "analytics":
        return []
    dimensions = (*SPEED_DIMENSIONS, *query.filter_dimensions)
    return [*_messages_requests(query._replace(bucket="1d"), period, SPEEDS, dimensions)]


def _messages_requests(
    query: Query, period: Period, name: str, dimensions: tuple[str, ...]
) -> Iterator[ListRequest]:
    """Lists whose items are buckets. Costs can't be filtered; a row's description tells its model, tier and kind."""
    if name in _USAGE_LISTS:
        path, start, bucket, read = "usage_report/messages", period.usage_start, query.bucket, read_usage_row
        groups = (*_group_by(API_DIMENSIONS[name] for name in dimensions), *_filters(query))
    else:
        path, start, bucket, read = "cost_report", period.cost_start, "1d", read_cost_row
        groups = _group_by(("workspace_id", "description"))
    most, width = _MOST_BUCKETS[bucket], BUCKET_WIDTHS[bucket]
    options = (("bucket_width", bucket), ("limit", str(most)), *groups)
    read_row = partial(read, names=[API_DIMENSIONS[name] for name in dimensions])

    def make_request(first: datetime, end: datetime) -> ListRequest:
        middle = first + (end - first) // width // 2 * width
        buckets = BucketRange(first, end, width, min(end, period.complete_end))
        return ListRequest(
            name,
            path,
            (*_time_range(first, end), *options),
            partial(read_bucket, read_row=read_row, buckets=buckets),
            dimensions=dimensions,
            buckets=buckets,
            split=(lambda: (make_request(first, middle), make_request(middle, end)))
            if middle > first
            else None,
        )

    for first, end in _split(start, period.fetch_end, most * width):
        yield make_request(first, end)


def _analytics_requests(
    query: Query, period: Period, name: str, dimensions: tuple[str, ...]
) -> Iterator[ListRequest]:
    """Lists whose items are rows, of a time that doesn't reach into the future."""
    columns = [API_DIMENSIONS[name] for name in dimensions]
    if name in _USAGE_LISTS:
        path, start, bucket, read = "analytics/usage", period.usage_start, query.bucket, read_usage_row
        facets: list[str] = []
    else:
        path, start, bucket, read = "analytics/cost", period.cost_start, "1d", read_cost_row
        facets = ["cost_type", "token_type"]
    sorting = (("order_by", "time"), ("order", "asc"))
    options = (("time_bucket_width", bucket), *sorting, ("limit", str(_MOST_ROWS)))
    read_row = partial(read, names=columns)
    now = period.now.replace(second=0, microsecond=0)
    for first, end in _split(start, min(period.fetch_end, now), _MOST_DAYS * DAY):
        parameters = (*_time_range(first, end), *options, *_group_by([*columns, *facets]), *_filters(query))
        buckets = BucketRange(first, end, BUCKET_WIDTHS[bucket], first)
        read_rows = partial(read_flat_row, read_row=read_row, buckets=buckets)
        yield ListRequest(name, path, parameters, read_rows, dimensions=dimensions, says_when_refreshed=True)


def _split(start: datetime, end: datetime, longest: timedelta) -> Iterator[tuple[datetime, datetime]]:
    while start < end:
        yield start, min(start + longest, end)
        start += longest


def _time_range(start: datetime, end: datetime) -> _Parameters:
    return ("starting_at", format_timestamp(start)), ("ending_at", format_timestamp(end))


def _group_by(columns: Iterable[str]) -> _Parameters:
    return tuple(("group_by[]", column) for column in columns)


def _filters(query: Query) -> _Parameters:
    models = tuple(("models[]", model) for model in query.models)
    if DEFAULT_WORKSPACE in query.workspaces:
        return models
    return (*models, *(("workspace_ids[]", workspace) for workspace in query.workspaces))
