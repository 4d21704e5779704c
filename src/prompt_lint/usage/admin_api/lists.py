"""Lists of the API: requests for them, and all of their pages. A list that lacks a part raises `Fatal`, since its sums would mislead."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from prompt_lint.api.policy import RequestPolicy, Wording
from prompt_lint.api.request_pool import RequestPool
from prompt_lint.model.errors import ExitCode, Fatal, Unreadable
from prompt_lint.usage.values import DAY

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime, timedelta

    from prompt_lint.api.responses import Result

    # Fetches the page of a list after a cursor ("" for the first page); the pool hands it None besides.
    FetchPage = Callable[[tuple["ListRequest", str], None], Result]

_SMALLER = "take fewer --group-by, fewer --days or --bucket 1d, or choose a --workspace or a --model"
POLICY = RequestPolicy(
    4, 2_000, 300.0, 120.0, 60.0, Wording("not fetched", "page", "", "--deadline", "", _SMALLER)
)
# A report has some dozen pages. What needs thousands is wrong.
MAX_ROWS = 1_000_000


class BucketRange(NamedTuple):
    """Buckets of one width from `start` to `end`. The API lists all that end by `complete_end`, whether used or not."""

    start: datetime
    end: datetime
    width: timedelta
    complete_end: datetime


class ListRequest(NamedTuple):
    """One list, up to its last page. Several lists may share a name, as parts of one.

    `read_rows` makes rows of an item of a page, `cursor_parameter` asks for the next page, `dimensions` are those of the
    rows' groups. With `says_when_refreshed`, each page says until when it is complete. `buckets` is set for a list of buckets; `split` makes two requests of it, for half of the buckets each, and
    is None where there is one.
    """

    name: str
    path: str
    parameters: tuple[tuple[str, str], ...]
    read_rows: Callable[[Mapping[str, Any]], Sequence[ListRow]]
    cursor_parameter: str = "page"
    dimensions: tuple[str, ...] = ()
    says_when_refreshed: bool = False
    buckets: BucketRange | None = None
    split: Callable[[], Sequence[ListRequest]] | None = None


class ListRow(NamedTuple):
    """A row. No other row of its list has the same `identity`."""

    value: Any
    identity: tuple[Any, ...]
    currency: str = ""


class ListPage(NamedTuple):
    """A page of a list. `next_cursor` is "" on the last page."""

    rows: Sequence[ListRow]
    bucket_starts: Sequence[datetime]
    next_cursor: str
    refreshed_at: datetime | None


class OversizedPage(NamedTuple):
    """Stands for a page that has more bytes than are read. `message` says from where, and how many."""

    message: str


class Lists(NamedTuple):
    """The values of all rows by the name of their list, and since when the stalest page is complete."""

    values: Mapping[str, Sequence[Any]]
    currencies: frozenset[str]
    refreshed_at: datetime | None


def fetch_lists(fetch_page: FetchPage, requests: Sequence[ListRequest], policy: RequestPolicy) -> Lists:
    """Fetch all pages of all lists. Raises `Fatal` where a page or bucket is missing, or a row is listed twice."""
    rows: dict[str, list[ListRow]] = {request.name: [] for request in requests}
    identities: dict[str, set[tuple[Any, ...]]] = {request.name: set() for request in requests}
    bucket_starts: dict[ListRequest, set[datetime]] = {request: set() for request in requests}
    refreshed = []
    with RequestPool(fetch_page, policy) as pool:
        for request in requests:
            pool.add((request, ""), None)
        pending = len(requests)
        while pending:
            (request, cursor), page = pool.next_outcome()
            pending -= 1
            if isinstance(page, Unreadable):
                raise Fatal(page.message, page.hint, ExitCode.UNCOUNTED)
            if isinstance(page, OversizedPage):
                parts = _split(request, cursor, page)
                del bucket_starts[request]
                bucket_starts |= {part: set() for part in parts}
                for part in parts:
                    pool.add((part, ""), None)
                pending += len(parts)
                continue
            _refuse_repeated(
                identities[request.name], [*(row.identity for row in page.rows), (request, cursor)], request
            )
            if sum(map(len, identities.values())) > MAX_ROWS:
                raise Fatal(f"not fetched: more than {MAX_ROWS:,} rows", _SMALLER, ExitCode.UNCOUNTED)
            rows[request.name] += page.rows
            bucket_starts[request].update(page.bucket_starts)
            refreshed += [page.refreshed_at] if page.refreshed_at else []
            if page.next_cursor:
                pool.add((request, page.next_cursor), None)
                pending += 1
    _refuse_missing_buckets(bucket_starts)
    values = {name: [row.value for row in listed] for name, listed in rows.items()}
    currencies = frozenset(row.currency for listed in rows.values() for row in listed if row.currency)
    return Lists(values, currencies, min(refreshed, default=None))


def _split(request: ListRequest, cursor: str, page: OversizedPage) -> Sequence[ListRequest]:
    """Return requests for half of the buckets each. Raises `Fatal` for a single bucket.

    A later page can't be asked for otherwise: the API wants the parameters of the first one.
    """
    if request.split is None or cursor:
        raise Fatal(f"not fetched: {page.message}", _SMALLER, ExitCode.UNCOUNTED)
    return request.split()


def _refuse_repeated(
    known: set[tuple[Any, ...]], identities: Sequence[tuple[Any, ...]], request: ListRequest
) -> None:
    """Add the identities of a page to the known ones. Raises `Fatal` for a row, or page, that was there before."""
    total = len(known) + len(identities)
    known.update(identities)
    if len(known) < total:
        raise Fatal(
            f"not fetched: {request.path} returned something twice, so its sums would be wrong",
            "run again; if it stays so, report it with this line",
            ExitCode.UNCOUNTED,
        )


def _refuse_missing_buckets(bucket_starts: Mapping[ListRequest, set[datetime]]) -> None:
    """Raises `Fatal` where a complete bucket isn't listed: one without usage is listed as an empty one."""
    for request, listed in bucket_starts.items():
        if request.buckets is None:
            continue
        start, _, width, complete_end = request.buckets
        expected = (start + n * width for n in range((complete_end - start) // width))
        form = "%Y-%m-%d" if width == DAY else "%Y-%m-%d %H:%M"
        missing = [bucket.strftime(form) for bucket in expected if bucket not in listed]
        if missing:
            more = f" and {len(missing) - 3:,} more" if len(missing) > 3 else ""
            raise Fatal(
                f"not fetched: {request.path} left out {', '.join(missing[:3])}{more}, so its sums would lack something",
                "run again; until then, choose days so that neither they nor the equal window before include it",
                ExitCode.UNCOUNTED,
            )
