"""The organization's usage and cost, as the admin endpoints tell them: queries, pages, plain values. GET only.

Parameters and shapes: the API reference for `usage_report/messages`, `cost_report`, `analytics/usage`, `analytics/cost`,
`workspaces` and `api_keys`, November 2026.
"""

from __future__ import annotations

import re
import time
from collections import Counter
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlencode

from prompt_lint.api.credentials import ADMIN_HINT
from prompt_lint.api.policy import RequestPolicy, Wording
from prompt_lint.api.redact import make_redactor
from prompt_lint.api.request_pool import RequestPool
from prompt_lint.api.responses import RequestFailed, Result, format_request_id, parse_json, parse_quota
from prompt_lint.model.errors import ExitCode, Fatal, Unreadable
from prompt_lint.usage.figures import format_count
from prompt_lint.usage.trends import (
    BUCKET_WIDTHS,
    DAY,
    MOST_DIMENSIONS,
    CostRow,
    Usage,
    UsageData,
    UsageRow,
    group_selector,
    name_group,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from prompt_lint.api.credentials import KeyCredential
    from prompt_lint.api.redact import Redact
    from prompt_lint.api.responses import Response
    from prompt_lint.usage.trends import Bucket, Period, Source

    # A row and its time, which is its bucket's or its own. Raises `InvalidField`.
    _Reader = Callable[[Mapping[str, Any], datetime], "ListRow"]

VERSION = "2023-06-01"
ANALYTICS_BETA = "analytics-usage-cost-2026-08-24"
SPEED_BETA = "fast-mode-2026-02-01"  # `messages` tells speeds only to those who ask for this
BASE = "/v1/organizations/"
MESSAGES_USAGE, MESSAGES_COST = "usage_report/messages", "cost_report"
ANALYTICS_USAGE, ANALYTICS_COST = "analytics/usage", "analytics/cost"

# Figures appear some five minutes after the fact.
LAG = timedelta(minutes=5)
ANALYTICS_SINCE, ANALYTICS_DAYS = datetime(2026, 1, 1, tzinfo=UTC), 364
# Clocks differ by less, and answers take their time.
TOLERANCE = timedelta(minutes=1)
CLOCK_HINT = "set this machine's clock, then run again"
# What one answer holds: buckets of `messages`, rows and days of `analytics`, names.
MOST_BUCKETS: Mapping[Bucket, int] = {"1d": 31, "1h": 168}
MOST_ROWS, MOST_DAYS, MOST_NAMES = 1_000, 31, 1_000

# A page of hours by API key has megabytes. A report has some dozen pages; what asks for thousands is wrong.
LARGEST_PAGE = 32 * 1024 * 1024
MOST_ROWS_IN_ALL = 1_000_000
POLICY = RequestPolicy(4, 2_000, 300.0, 120.0, 60.0, Wording("not fetched", "page", ""))

API_DIMENSIONS: Mapping[str, str] = {
    "model": "model", "workspace": "workspace_id", "api-key": "api_key_id", "service-tier": "service_tier",
    "context-window": "context_window", "inference-geo": "inference_geo", "speed": "speed",
}  # fmt: skip
# Those by which `cost_report` tells its rows, and those that prices are made of.
_COST_DIMENSIONS = ("model", "workspace", "service-tier", "context-window", "inference-geo")
_PRICE_DIMENSIONS = ("model", "service-tier")
_KINDS: Mapping[str, str] = {
    "uncached_input_tokens": "uncached", "cache_creation.ephemeral_5m_input_tokens": "write_5m",
    "cache_creation.ephemeral_1h_input_tokens": "write_1h", "cache_read_input_tokens": "read", "output_tokens": "output",
}  # fmt: skip
_MONEY = re.compile(r"-?\d{1,15}(?:\.\d{1,18})?", re.ASCII)
_CURRENCY = re.compile(r"[A-Z]{3}", re.ASCII)
_LONGEST_ID, _LONGEST_NAME = 200, 500
# The default workspace has no id in `messages`, so no filter of the API finds it.
DEFAULT = "default"
DEFAULT_NAME, NO_KEY = name_group("workspace", "", {}), name_group("api-key", "", {})

_INDIVIDUAL = """individual accounts have no Admin API
set up an organization in the Claude Console, under Settings > Organization, then an Admin key in it"""
_SUBSCRIPTION = """Claude subscriptions (Pro, Max, Team) have no usage API
only what goes through the API of a Claude Console organization can be reported"""


class Query(NamedTuple):
    """What is asked for. `workspaces` are ids or names, or `default`."""

    source: Source
    bucket: Bucket
    dimensions: tuple[str, ...]
    models: tuple[str, ...] = ()
    workspaces: tuple[str, ...] = ()


class BucketRange(NamedTuple):
    """Buckets of one width, from `start` to before `end`. Those that are `over` are all told, used or not."""

    start: datetime
    end: datetime
    width: timedelta
    over: datetime


class ListRequest(NamedTuple):
    """One list of the API, up to its last page. `read` makes rows of a page; `cursor` is the parameter of the next.

    `span` is there where the list is one of buckets.
    """

    name: str
    path: str
    parameters: tuple[tuple[str, str], ...]
    read_rows: Callable[[Mapping[str, Any]], Sequence[Any]]
    cursor_parameter: str = "page"
    buckets: BucketRange | None = None


class RowPage(NamedTuple):
    """A page. `starts` are those of its buckets."""

    rows: Sequence[Any]
    bucket_starts: Sequence[datetime]
    next_cursor: str
    refreshed_at: datetime | None


class ListRow(NamedTuple):
    """`same` tells a row from all others of its list."""

    value: Any
    identity: tuple[Any, ...]
    currency: str = ""


class InvalidField(Exception):
    """An answer that isn't what the reference says. The text names the field."""


def earliest(source: Source, now: datetime) -> datetime | None:
    """From when on the source answers; None where it doesn't say."""
    if source == "messages":
        return None
    oldest = now - ANALYTICS_DAYS * DAY
    return max(ANALYTICS_SINCE, oldest.replace(hour=0, minute=0, second=0, microsecond=0))


def fetch(way: KeyCredential, query: Query, when: Period, policy: RequestPolicy = POLICY) -> UsageData:
    """Everything a report is made of. Raises `Fatal`: a report without some of its figures would mislead."""
    _dimensions(query)  # what can't be asked for is told before anything is sent
    with _connected(way, _betas(query), policy.timeout, when) as get:
        query, names = _resolved(get, query, policy)
        asks = _asks(query, when)
        lists = _collect(get, asks, policy)
        if names is None:
            names = _names(get, query, policy)
    currencies = {row.currency for row in lists.rows if row.currency}
    if len(currencies) > 1:
        raise Fatal(
            f"costs come in {' and '.join(sorted(currencies))}, which can't be added up",
            exit_code=ExitCode.UNCOUNTED,
        )
    return _data(query, when, lists, names)._replace(currency=(*currencies, "USD")[0])


# ---------------------------------------------------------------------------------------------------------
# What is asked


def _dimensions(query: Query) -> tuple[str, ...]:
    """Those that a row must tell: for the groups, and for what the API can't filter by."""
    if DEFAULT not in query.workspaces:
        return query.dimensions
    if query.source == "analytics":
        raise Fatal(
            "--source analytics knows the default workspace by its id only",
            "give that id (wrkspc_…) as --workspace; the Claude Console shows it",
        )
    wanted = tuple(dict.fromkeys((*query.dimensions, "workspace")))
    if len(wanted) > MOST_DIMENSIONS:
        raise Fatal("the default workspace can only be told apart by grouping", "leave out one --group-by")
    return wanted


def _asks(query: Query, when: Period) -> list[ListRequest]:
    """Usage and cost. Prices need rows by model and tier: of the same lists, if they may be grouped by that much."""
    wanted, extra, together = _groupings(query)
    fits = len(together) <= MOST_DIMENSIONS
    groupings = [("used", together)] if fits else [("used", wanted), ("priced", extra)]
    asks = [ask for what, dimensions in groupings for ask in _usage_asks(query, when, what, dimensions)]
    if query.source == "messages":
        return asks + list(_cost_asks(query, when, "paid", _COST_DIMENSIONS))
    groupings = [("paid", together)] if fits else [("paid", wanted), ("charged", extra)]
    return asks + [ask for what, dimensions in groupings for ask in _cost_asks(query, when, what, dimensions)]


def _groupings(query: Query) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """The dimensions of groups, those of prices, and both."""
    wanted = _dimensions(query)
    extra = (*_PRICE_DIMENSIONS, "workspace") if DEFAULT in query.workspaces else _PRICE_DIMENSIONS
    return wanted, extra, tuple(dict.fromkeys((*wanted, *extra)))


def _usage_asks(query: Query, when: Period, what: str, dimensions: tuple[str, ...]) -> Iterator[ListRequest]:
    groups = tuple(("group_by[]", API_DIMENSIONS[name]) for name in dimensions)
    if query.source == "analytics":
        for start, end in _split(when.usage_start, _ending(when, query), MOST_DAYS * DAY):
            fixed = _analytics_parameters(start, end, query.bucket)
            read = _flat(
                _usage_reader(dimensions), BucketRange(start, end, BUCKET_WIDTHS[query.bucket], start)
            )
            yield ListRequest(what, ANALYTICS_USAGE, (*fixed, *groups, *_filters(query)), read)
        return
    most = MOST_BUCKETS[query.bucket]
    for start, end in _split(when.usage_start, when.fetch_end, most * BUCKET_WIDTHS[query.bucket]):
        fixed = _messages_parameters(start, end, query.bucket, most)
        span = BucketRange(start, end, BUCKET_WIDTHS[query.bucket], min(end, when.complete_end))
        read = _bucketed(_usage_reader(dimensions), span)
        yield ListRequest(what, MESSAGES_USAGE, (*fixed, *groups, *_filters(query)), read, buckets=span)


def _cost_asks(query: Query, when: Period, what: str, dimensions: tuple[str, ...]) -> Iterator[ListRequest]:
    if query.source == "analytics":
        wire = (*(API_DIMENSIONS[name] for name in dimensions), "cost_type", "token_type")
        groups = tuple(("group_by[]", name) for name in wire)
        for start, end in _split(when.cost_start, _ending(when, query), MOST_DAYS * DAY):
            fixed = _analytics_parameters(start, end, "1d")
            read = _flat(_cost_reader(dimensions), BucketRange(start, end, DAY, start))
            yield ListRequest(what, ANALYTICS_COST, (*fixed, *groups, *_filters(query)), read)
        return
    groups = (("group_by[]", "workspace_id"), ("group_by[]", "description"))
    for start, end in _split(when.cost_start, when.fetch_end, MOST_BUCKETS["1d"] * DAY):
        fixed = _messages_parameters(start, end, "1d", MOST_BUCKETS["1d"])
        span = BucketRange(start, end, DAY, min(end, when.complete_end))
        read = _bucketed(_cost_reader(dimensions), span)
        yield ListRequest(what, MESSAGES_COST, (*fixed, *groups), read, buckets=span)


def _ending(when: Period, query: Query) -> datetime:
    """A range of `analytics` doesn't reach into the future."""
    return (
        min(when.fetch_end, when.now.replace(second=0, microsecond=0))
        if query.source == "analytics"
        else when.fetch_end
    )


def _split(start: datetime, end: datetime, most: timedelta) -> Iterator[tuple[datetime, datetime]]:
    while start < end:
        yield start, min(start + most, end)
        start += most


def _stamp(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def _messages_parameters(
    start: datetime, end: datetime, bucket: Bucket, most: int
) -> tuple[tuple[str, str], ...]:
    return (
        ("starting_at", _stamp(start)), ("ending_at", _stamp(end)), ("bucket_width", bucket), ("limit", str(most)),
    )  # fmt: skip


def _analytics_parameters(start: datetime, end: datetime, bucket: Bucket) -> tuple[tuple[str, str], ...]:
    return (
        ("starting_at", _stamp(start)), ("ending_at", _stamp(end)), ("time_bucket_width", bucket),
        ("order_by", "time"), ("order", "asc"), ("limit", str(MOST_ROWS)),
    )  # fmt: skip


def _filters(query: Query) -> tuple[tuple[str, str], ...]:
    models = tuple(("models[]", model) for model in query.models)
    if DEFAULT in query.workspaces:
        return models
    return (*models, *(("workspace_ids[]", found) for found in query.workspaces))


# ---------------------------------------------------------------------------------------------------------
# What is answered


def _bucketed(read: _Reader, span: BucketRange) -> Callable[[Mapping[str, Any]], Sequence[ListRow]]:
    """A reader of rows that lie in buckets, where they share a time."""

    def rows(bucket: Mapping[str, Any]) -> list[ListRow]:
        results = bucket.get("results")
        if not isinstance(results, list) or not all(isinstance(result, dict) for result in results):
            raise InvalidField("results")
        at = _at(bucket, span)
        return [read(result, at) for result in results]

    return rows


def _flat(read: _Reader, span: BucketRange) -> Callable[[Mapping[str, Any]], Sequence[ListRow]]:
    """A reader of rows that have their own."""
    return lambda row: [read(row, _at(row, span))]


def _usage_reader(dimensions: Sequence[str]) -> _Reader:
    names = [API_DIMENSIONS[name] for name in dimensions]

    def read(row: Mapping[str, Any], at: datetime) -> ListRow:
        group = _group(_object(row, "group") if "group" in row else row, names)
        usage = _object(row, "usage") if "usage" in row else row
        return ListRow(UsageRow(at, group, _usage(usage)), (at, group))

    return read


def _usage(usage: Mapping[str, Any]) -> Usage:
    written = _object(usage, "cache_creation")
    tools = usage.get("server_tool_use") or {}
    if not isinstance(tools, dict):
        raise InvalidField("server_tool_use")
    return Usage(
        _whole(usage, "uncached_input_tokens"),
        _whole(written, "ephemeral_5m_input_tokens"),
        _whole(written, "ephemeral_1h_input_tokens"),
        _whole(usage, "cache_read_input_tokens"),
        _whole(usage, "output_tokens"),
        _whole(tools, "web_search_requests") if tools.get("web_search_requests") is not None else 0,
        _whole(usage, "requests") if usage.get("requests") is not None else 0,
    )


def _cost_reader(dimensions: Sequence[str]) -> _Reader:
    names = [API_DIMENSIONS[name] for name in dimensions]

    def read(row: Mapping[str, Any], at: datetime) -> ListRow:
        facets = _object(row, "group") if "group" in row else row
        cost = _object(row, "cost") if "cost" in row else row
        group, kind = _group(facets, names), _kind(facets)
        same = (at, group, kind, _text(facets, "description"))
        currency = _text(cost, "currency") or "USD"
        if not _CURRENCY.fullmatch(currency):
            raise InvalidField("currency")
        return ListRow(CostRow(at, group, kind, _money(cost)), same, currency)

    return read


def _kind(facets: Mapping[str, Any]) -> str:
    """What was paid for: a token type by our name, or whatever else the API says."""
    token, cost = _text(facets, "token_type"), _text(facets, "cost_type")
    return _KINDS.get(token) or token or (cost if cost != "tokens" else "") or "other"


def _at(row: Mapping[str, Any], span: BucketRange) -> datetime:
    at = _time(row.get("starting_at"))
    if at is None or not span.start <= at < span.end or (at - span.start) % span.width:
        raise InvalidField("starting_at")
    return at


def _time(value: object) -> datetime | None:
    if not isinstance(value, str) or len(value) > 40:
        return None
    try:
        at = datetime.fromisoformat(value)
        return at.astimezone(UTC) if at.tzinfo else None
    except (ValueError, OverflowError):
        return None


def _object(row: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = row.get(name)
    if not isinstance(value, dict):
        raise InvalidField(name)
    return value


def _group(row: Mapping[str, Any], names: Sequence[str]) -> tuple[str, ...]:
    return tuple([_text(row, name) for name in names])


def _text(row: Mapping[str, Any], name: str) -> str:
    """Empty for null, and for what isn't told."""
    value = row.get(name)
    if value is None:
        return ""
    if not isinstance(value, str) or len(value) > _LONGEST_NAME:
        raise InvalidField(name)
    return value


def _whole(row: Mapping[str, Any], name: str) -> int:
    value = row.get(name)
    # `bool` is an `int`: so the type itself.
    if type(value) is not int or not 0 <= value < 2**63:
        raise InvalidField(name)
    return value


def _money(row: Mapping[str, Any]) -> Decimal:
    """Dollars: amounts are decimal strings in cents. A JSON number would have been rounded on its way."""
    value = row.get("amount")
    if not isinstance(value, str) or not _MONEY.fullmatch(value):
        raise InvalidField("amount")
    return Decimal(f"{value}e-2")  # which isn't rounded, as a shift would be


# ---------------------------------------------------------------------------------------------------------
# Asking


@contextmanager
def _connected(way: KeyCredential, betas: str, timeout: float, when: Period) -> Iterator[Any]:
    """A function that fetches a page, for several threads at once. It raises `RequestFailed`."""
    from prompt_lint.api.http_client import HttpClient  # noqa: PLC0415  # imports httpx2

    began = time.monotonic()
    redact = make_redactor(way.secret.reveal())
    client = HttpClient(way.base_url, _headers(way, betas), timeout, LARGEST_PAGE)

    def get(key: tuple[ListRequest, str], _: None) -> Result:
        ask, cursor = key
        parameters = [*ask.parameters, *([(ask.cursor_parameter, cursor)] if cursor else [])]
        answer = client.send("GET", f"{BASE}{ask.path}?{urlencode(parameters)}")
        ahead = _ahead(answer, when.now + timedelta(seconds=time.monotonic() - began))
        if answer.status == 200:
            _refuse_fast(ahead, when, way.host)
        try:
            return _read(answer, ask, way.host, redact)
        except RequestFailed as failed:
            if answer.status == 400 and ahead > TOLERANCE:
                failed.message += f"; this machine's clock is {_length(ahead)} ahead of {way.host}'s"
                failed.hint = CLOCK_HINT
            raise

    with client:
        yield get


def _ahead(answer: Response, now: datetime) -> timedelta:
    """By how much our clock is ahead of the server's; nothing where the answer doesn't tell."""
    from email.utils import parsedate_to_datetime  # noqa: PLC0415  # by now the HTTP library has imported it

    try:
        return now - parsedate_to_datetime(answer.headers["date"][:64])
    except (KeyError, ValueError, OverflowError, TypeError):  # the last for a date without a zone
        return timedelta()


def _refuse_fast(ahead: timedelta, when: Period, host: str) -> None:
    """Raises `RequestFailed` where by the server's clock the last day that is taken for whole isn't over."""
    if ahead > TOLERANCE and when.now - ahead < when.window.end:
        told = f"this machine's clock is {_length(ahead)} ahead of {host}'s, by which {when.window.end - DAY:%Y-%m-%d} isn't over"
        raise RequestFailed("fatal", told, CLOCK_HINT)


def _length(span: timedelta) -> str:
    minutes = round(span / timedelta(minutes=1))
    if minutes < 120:
        return format_count(minutes, "minute")
    return format_count(minutes // 60, "hour") if minutes < 48 * 60 else format_count(minutes // 1440, "day")


def _betas(query: Query) -> str:
    if query.source == "analytics":
        return ANALYTICS_BETA
    return SPEED_BETA if "speed" in query.dimensions else ""


def _headers(way: KeyCredential, betas: str) -> dict[str, str]:
    secret = way.secret.reveal()
    bearer = secret.startswith(("sk-ant-oat", "eyJ"))
    return {
        **({"authorization": f"Bearer {secret}"} if bearer else {"x-api-key": secret}),
        "anthropic-version": VERSION,
        **({"anthropic-beta": betas} if betas else {}),
    }


def _read(answer: Response, ask: ListRequest, host: str, redact: Redact) -> Result:
    """The rows of a page. Raises `RequestFailed`, whatever the bytes are."""
    try:
        page = parse_json(answer, host, redact, LARGEST_PAGE)
    except RequestFailed as failed:
        failed.hint = _advice(answer, ask, failed.message) or failed.hint
        raise
    try:
        return Result(_told(page, ask), parse_quota(answer.headers))
    except InvalidField as odd:
        field = str(odd)
    raise RequestFailed(
        "invalid", f"{host} answered {ask.path} without a valid `{field}`{format_request_id(answer, redact)}"
    )


def _told(page: Any, ask: ListRequest) -> RowPage:
    if not isinstance(page, dict):
        raise InvalidField("data")
    data = page.get("data")
    if not isinstance(data, list) or not all(isinstance(row, dict) for row in data):
        raise InvalidField("data")
    following = ""
    if page.get("has_more"):
        following = _text(page, "next_page" if ask.cursor_parameter == "page" else "last_id")
        if not following:
            raise InvalidField("next_page")
    starts = [_at(item, ask.buckets) for item in data] if ask.buckets else []
    rows = [row for item in data for row in ask.read_rows(item)]
    return RowPage(rows, starts, following, _time(page.get("data_refreshed_at")))


def _advice(answer: Response, ask: ListRequest, message: str) -> str:
    """What to do about a refusal, in the terms of a report; empty where the usual advice will do."""
    if answer.status in {401, 403, 404}:
        if re.search(r"\bindividual\b", message, re.IGNORECASE):
            return _INDIVIDUAL
        if re.search(r"\bsubscription|\bclaude\.ai\b|\b(?:pro|max|team) plan\b", message, re.IGNORECASE):
            return _SUBSCRIPTION
    if answer.status == 404:
        return f"this organization has no `{ask.path}`, or PROMPT_LINT_ADMIN_URL isn't the right address"
    if 300 <= answer.status < 400:
        return "name the final address in PROMPT_LINT_ADMIN_URL, or sign in to the network"
    return ADMIN_HINT if answer.status in {401, 403} else ""


class _Lists(NamedTuple):
    rows: Sequence[ListRow]
    by: Mapping[str, Sequence[Any]]
    refreshed: datetime | None


def _collect(get: Any, asks: Sequence[ListRequest], policy: RequestPolicy) -> _Lists:
    """All pages of all lists. Raises `Fatal` where one is missing, or where something is told twice."""
    rows: list[ListRow] = []
    by: dict[str, list[Any]] = {ask.name: [] for ask in asks}
    seen: dict[str, set[tuple[Any, ...]]] = {ask.name: set() for ask in asks}
    refreshed: list[datetime] = []
    starts: dict[ListRequest, set[datetime]] = {ask: set() for ask in asks}
    with RequestPool(get, policy) as line:
        waiting = [(ask, "") for ask in asks]
        owed = 0
        while waiting or owed:
            for key in waiting:
                line.add(key, None)
            owed += len(waiting)
            (ask, cursor), told = line.next_outcome()
            owed -= 1
            if isinstance(told, Unreadable):
                raise Fatal(told.message, told.hint, ExitCode.UNCOUNTED)
            _once([*(row.identity for row in told.rows), (ask, cursor)], seen, ask)
            starts[ask].update(told.bucket_starts)
            rows += told.rows
            by[ask.name] += [row.value for row in told.rows]
            refreshed += [told.refreshed_at] if told.refreshed_at else []
            waiting = [(ask, told.next_cursor)] if told.next_cursor else []
    _all(starts)
    return _Lists(rows, by, min(refreshed, default=None))


def _all(starts: Mapping[ListRequest, set[datetime]]) -> None:
    """A bucket without usage is told as an empty one. Raises `Fatal` where one isn't told at all."""
    for ask, told in starts.items():
        if ask.buckets is None:
            continue
        start, _, width, over = ask.buckets
        due = (start + n * width for n in range((over - start) // width))
        form = "%Y-%m-%d" if width == DAY else "%Y-%m-%d %H:%M"
        missing = [at.strftime(form) for at in due if at not in told]
        if missing:
            more = f" and {len(missing) - 3:,} more" if len(missing) > 3 else ""
            raise Fatal(
                f"not fetched: {ask.path} left out {', '.join(missing[:3])}{more}, so its sums would lack something",
                "run again; until it is told, choose days so that neither they nor the equal window before hold it",
                ExitCode.UNCOUNTED,
            )


def _once(
    marks: Sequence[tuple[Any, ...]], seen: Mapping[str, set[tuple[Any, ...]]], ask: ListRequest
) -> None:
    """Adds what tells the rows of a page from all others of its list. Raises `Fatal` where it doesn't, or for too many."""
    known = seen[ask.name]
    before = len(known)
    known.update(marks)
    if len(known) < before + len(marks):
        raise Fatal(
            f"not fetched: {ask.path} told something twice, so its sums would be wrong",
            "run again; if it stays so, report it with this line",
            ExitCode.UNCOUNTED,
        )
    if sum(map(len, seen.values())) > MOST_ROWS_IN_ALL:
        raise Fatal(
            f"not fetched: more than {MOST_ROWS_IN_ALL:,} rows",
            "take fewer --group-by, fewer --days or --bucket 1d",
            ExitCode.UNCOUNTED,
        )


# ---------------------------------------------------------------------------------------------------------
# Names


class _Named(NamedTuple):
    """A workspace or a key, by the name that the organization gave it; by its id where it has none."""

    id: str
    name: str
    archived: bool

    @property
    def shown(self) -> str:
        return f"{self.name} (archived)" if self.archived else self.name


class _Names(NamedTuple):
    """What ids are called in the report. `notes` say why some have no name."""

    by_id: Mapping[str, str]
    workspaces: Sequence[_Named] = ()
    notes: tuple[str, ...] = ()


def _resolved(get: Any, query: Query, policy: RequestPolicy) -> tuple[Query, _Names | None]:
    """Workspaces that were given by name, by their ids. Names are only asked for first where that needs them."""
    if all(_is_id(given) for given in query.workspaces):
        return query, None
    names = _names(get, query._replace(dimensions=(*query.dimensions, "workspace")), policy)
    found = tuple(given if _is_id(given) else _workspace(given, names) for given in query.workspaces)
    notes = [
        f"`{DEFAULT}` is the organization's default workspace; the one that is called {one.name!r} is chosen by its id, {one.id}."
        for one in names.workspaces
        if one.name == DEFAULT in query.workspaces
    ]
    return query._replace(workspaces=found), names._replace(notes=(*names.notes, *notes))


def _is_id(workspace: str) -> bool:
    return workspace.startswith("wrkspc_")


def _workspace(given: str, names: _Names) -> str:
    """The id of the workspace with that name, or `DEFAULT`. Raises `Fatal` where there is none, or more than one."""
    name = " ".join(given.split())
    if name == DEFAULT:
        return DEFAULT
    found = [one for one in names.workspaces if name in {one.name, one.shown, names.by_id[one.id]}]
    found += [_Named(DEFAULT, DEFAULT_NAME, archived=False)] if name == DEFAULT_NAME else []
    if len(found) == 1:
        return found[0].id
    if found:
        told = [one._replace(name=one.id).shown for one in found[:10]]
        more = f", and {len(found) - 10:,} more" if len(found) > 10 else ""
        raise Fatal(f"{len(found)} workspaces are called {given!r}", f"choose by id: {', '.join(told)}{more}")
    known = ", ".join([DEFAULT, *sorted(names.by_id[one.id] for one in names.workspaces)[:10]])
    raise Fatal(f"there is no workspace {given!r}", names.notes[0] if names.notes else f"there are: {known}")


def _names(get: Any, query: Query, policy: RequestPolicy) -> _Names:
    """Names by id, as far as they can be had: a report goes without, and says why."""
    names: dict[str, str] = {}
    workspaces: Sequence[_Named] = ()
    notes = []
    lists = {
        "workspace": ListRequest("workspaces", "workspaces", (("limit", str(MOST_NAMES)), ("include_archived", "true")), _name, "after_id"),
        "api-key": ListRequest("API keys", "api_keys", (("limit", str(MOST_NAMES)),), _name, "after_id"),
    }  # fmt: skip
    for dimension, ask in lists.items():
        if dimension not in query.dimensions:
            continue
        try:
            found = _collect(get, [ask], policy).by[ask.name]
        except Fatal as fatal:
            why = fatal.message.removeprefix("not fetched: ")
            notes.append(f"{ask.name} are shown by their ids: {why}")
            continue
        workspaces = found if dimension == "workspace" else workspaces
        names |= _distinct(found)
    return _Names(names, workspaces, tuple(notes))


def _name(item: Mapping[str, Any]) -> list[ListRow]:
    found, name = _text(item, "id"), " ".join(_text(item, "name").split())
    if not 0 < len(found) <= _LONGEST_ID:
        raise InvalidField("id")
    return [ListRow(_Named(found, name or found, bool(name and item.get("archived_at"))), (found,))]


def _distinct(found: Sequence[_Named]) -> dict[str, str]:
    """Two of one name are told apart by their ids; so is what calls itself the default."""
    taken = Counter(one.name.casefold() for one in found)
    taken.update(name.casefold() for name in (DEFAULT, DEFAULT_NAME, NO_KEY))
    return {
        one.id: f"{one.shown} ({one.id})" if taken[one.name.casefold()] > 1 else one.shown for one in found
    }


# ---------------------------------------------------------------------------------------------------------
# Putting it together


def _data(query: Query, when: Period, lists: _Lists, names: _Names) -> UsageData:
    wanted, extra, together = _groupings(query)
    by = {"used": together, "paid": together, "priced": extra, "charged": extra}
    if "priced" in lists.by:
        by |= {"used": wanted, "paid": wanted}
    if query.source == "messages":
        by["paid"] = _COST_DIMENSIONS
    kept = {what: _kept(rows, by[what], query) for what, rows in lists.by.items()}
    prices = []
    for apart, among in (("priced", "used"), ("charged", "paid")):
        what = apart if apart in kept else among
        prices.append(_regrouped(kept[what], by[what]))
    through = when.now - LAG if lists.refreshed is None else min(lists.refreshed, when.now)
    return UsageData(
        query.source, kept["used"], by["used"], prices[0], kept["paid"], by["paid"], prices[1],
        names.by_id, through, query.source == "analytics", notes=names.notes,
    )  # fmt: skip


def _regrouped(rows: Sequence[Any], by: tuple[str, ...]) -> Sequence[Any]:
    """The same rows, by the dimensions of prices."""
    key = group_selector(by, _PRICE_DIMENSIONS)
    return [type(row)(row.start, key(row.group), *row[2:]) for row in rows]


def _kept(rows: Sequence[Any], by: tuple[str, ...], query: Query) -> Sequence[Any]:
    """Without what the API couldn't filter: costs of `messages`, and the default workspace."""
    wanted = {"model": set(query.models), "workspace": {w if w != DEFAULT else "" for w in query.workspaces}}
    tests = [(by.index(name), values) for name, values in wanted.items() if values and name in by]
    if not tests:
        return rows
    return [row for row in rows if all(row.group[place] in values for place, values in tests)]
