"""Fetch everything that a report is made of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from prompt_lint.model.errors import ExitCode, Fatal
from prompt_lint.usage.admin_api import queries
from prompt_lint.usage.admin_api.lists import fetch_lists
from prompt_lint.usage.admin_api.names import fetch_names, resolve_workspaces
from prompt_lint.usage.groups import group_selector
from prompt_lint.usage.values import UsageData

if TYPE_CHECKING:
    from collections.abc import Sequence

    from prompt_lint.api.credentials import KeyCredential
    from prompt_lint.api.policy import RequestPolicy
    from prompt_lint.usage.admin_api.lists import FetchPage, ListRequest, Lists
    from prompt_lint.usage.admin_api.names import Names
    from prompt_lint.usage.admin_api.queries import Query
    from prompt_lint.usage.values import Period, UsageRow


def fetch_usage_data(
    credential: KeyCredential, query: Query, period: Period, policy: RequestPolicy
) -> UsageData:
    """Raises `Fatal` where anything is missing: a report without some of its figures would mislead."""
    queries.check_query(query)
    from prompt_lint.usage.admin_api.client import AdminClient  # noqa: PLC0415  # imports httpx2 (0.2 s)

    with AdminClient(credential, period, policy.timeout) as client:
        return fetch_with(client.fetch_page, query, period, policy)


def fetch_with(fetch_page: FetchPage, query: Query, period: Period, policy: RequestPolicy) -> UsageData:
    query, names = resolve_workspaces(fetch_page, query, policy)
    requests = queries.make_list_requests(query, period)
    lists = fetch_lists(fetch_page, requests, policy)
    if len(lists.currencies) > 1:
        currencies = " and ".join(sorted(lists.currencies))
        raise Fatal(f"costs are in {currencies}, which can't be added up", exit_code=ExitCode.UNCOUNTED)
    data = _make_usage_data(query, period, requests, lists, names or fetch_names(fetch_page, query, policy))
    return data._replace(speed_rows=_fetch_speeds(fetch_page, query, period, policy))


def _fetch_speeds(
    fetch_page: FetchPage, query: Query, period: Period, policy: RequestPolicy
) -> Sequence[UsageRow] | None:
    """Fetch the usage by speed, which is in beta; None where the API refuses it, so that only one figure is missing."""
    requests = queries.make_speed_requests(query, period)
    try:
        rows = fetch_lists(fetch_page, requests, policy).values.get(queries.SPEEDS, ())
    except Fatal:
        return None
    dimensions = (*queries.SPEED_DIMENSIONS, *query.filter_dimensions)
    select = group_selector(dimensions, queries.SPEED_DIMENSIONS)
    return [row._replace(group=select(row.group)) for row in _apply_filters(rows, dimensions, query)]


def _make_usage_data(
    query: Query, period: Period, requests: Sequence[ListRequest], lists: Lists, names: Names
) -> UsageData:
    dimensions = {request.name: request.dimensions for request in requests}
    rows = {name: _apply_filters(lists.values[name], by, query) for name, by in dimensions.items()}

    def select_price_rows(price_list: str, combined_list: str) -> Sequence[Any]:
        name = price_list if price_list in rows else combined_list
        select = group_selector(dimensions[name], query.price_dimensions)
        return [row._replace(group=select(row.group)) for row in rows[name]]

    return UsageData(
        query.source,
        rows[queries.USAGE],
        dimensions[queries.USAGE],
        select_price_rows(queries.PRICE_USAGE, queries.USAGE),
        rows[queries.COSTS],
        dimensions[queries.COSTS],
        select_price_rows(queries.PRICE_COSTS, queries.COSTS),
        names.by_id,
        min(lists.refreshed_at, period.now) if lists.refreshed_at else period.now - queries.LAG,
        has_requests=query.source == "analytics",
        currency=next(iter(lists.currencies), "USD"),
        notes=names.notes,
    )


def _apply_filters(rows: Sequence[Any], dimensions: tuple[str, ...], query: Query) -> Sequence[Any]:
    """The rows that were asked for: the API filters neither costs of `messages` nor by the default workspace."""
    workspaces = {
        "" if workspace == queries.DEFAULT_WORKSPACE else workspace for workspace in query.workspaces
    }
    wanted = {"model": set(query.models), "workspace": workspaces}
    tests = [
        (dimensions.index(name), values) for name, values in wanted.items() if values and name in dimensions
    ]
    if not tests:
        return rows
    return [row for row in rows if all(row.group[index] in values for index, values in tests)]
