"""The whole of what is fetched, against a real server: sums, filters, days that are late or missing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.admin_reports import (
    fetch_and_fail,
    fetch_trends,
    list_costs,
    select_events,
    sum_event_costs,
)
from tests.support.admin_server import ADMIN_KEY, BASE, BETA, AdminServer, Event, busy
from tests.support.api_server import Seen
from tests.support.organizations import NOW

from prompt_lint.api import rate_limit
from prompt_lint.api.responses import Response
from prompt_lint.usage.admin_api.client import read_response
from prompt_lint.usage.admin_api.lists import POLICY
from prompt_lint.usage.admin_api.queries import Query, find_earliest
from prompt_lint.usage.admin_api.usage_data import fetch_with
from prompt_lint.usage.period import plan_period
from prompt_lint.usage.sentences import write_headline
from prompt_lint.usage.trends import compute_trends
from prompt_lint.usage.values import DAY

if TYPE_CHECKING:
    from prompt_lint.api.responses import Result
    from prompt_lint.usage.admin_api.lists import FetchPage, ListRequest


@pytest.mark.parametrize("source", ["messages", "analytics"])
@pytest.mark.parametrize("bucket", ["1d", "1h"])
def test_figures_are_those_of_the_events(server: AdminServer, source: Any, bucket: Any) -> None:
    """Whichever of the API's reports they come from."""
    trends = fetch_trends(server, days=10, source=source, bucket=bucket)
    events = select_events(server, trends)

    assert trends.totals.usage.tokens == sum(event.tokens() for event in events)
    assert trends.totals.usage.web_searches == sum(event.searches for event in events)
    assert trends.totals.cost == sum_event_costs(events)
    assert trends.totals.usage.requests == (sum(e.requests for e in events) if source == "analytics" else 0)


AMOUNTS = st.integers(0, 10**9)


EVENTS = st.lists(
    st.builds(
        lambda hours, model, workspace, tier, amounts: Event(
            NOW.replace(minute=0) - timedelta(hours=hours), model, workspace, service_tier=tier,
            uncached=amounts[0], write_5m=amounts[1], read=amounts[2], output=amounts[3], searches=amounts[3] % 7,
        ),
        st.integers(0, 60 * 24),
        st.sampled_from(["claude-opus-5-5", "claude-sonnet-5-5"]),
        st.sampled_from([None, "wrkspc_1", "wrkspc_2"]),
        st.sampled_from(["standard", "batch", "priority"]),
        st.tuples(AMOUNTS, AMOUNTS, AMOUNTS, AMOUNTS),
    ),
    max_size=12,
)  # fmt: skip


def page_fetcher(server: AdminServer) -> FetchPage:
    """Fetches pages of a server that isn't running, without sockets: its threads would disturb Hypothesis."""

    def fetch_page(key: tuple[ListRequest, str], _: None) -> Result:
        request, cursor = key
        query = urlencode([*request.parameters, *([(request.cursor_parameter, cursor)] if cursor else [])])
        headers = {"x-api-key": ADMIN_KEY, "anthropic-version": "2023-06-01", "anthropic-beta": BETA}
        seen = Seen(1, 0.0, "GET", f"{BASE}{request.path}?{query}", headers, b"", 0, b"")
        reply = server.respond(seen)
        return read_response(Response(reply.status, {}, reply.body, 0), request, "test", str)

    return fetch_page


@given(
    events=EVENTS,
    most=st.integers(1, 40),
    days=st.integers(1, 40),
    source=st.sampled_from(["messages", "analytics"]),
)
def test_sums_do_not_depend_on_pages_or_windows(
    events: list[Event], most: int, days: int, source: Any
) -> None:
    """Totals equal the sums of groups and those of the events, however the answers are cut up."""
    server = AdminServer(events)
    server.most = most
    dimensions = ("model", "workspace", "service-tier")
    period = plan_period(NOW, NOW, days, None, None, find_earliest(source, NOW))
    policy = POLICY._replace(max_requests=10**6)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rate_limit, "INITIAL_BURST", 10_000)  # nobody is to be spared here
        data = fetch_with(page_fetcher(server), Query(source, "1d", dimensions, (), ()), period, policy)
    trends = compute_trends(data, period, "1d", dimensions)
    wanted = select_events(server, trends)

    assert trends.totals.usage.tokens == sum(event.tokens() for event in wanted)
    assert trends.totals.cost == sum_event_costs(wanted)
    for groups in trends.groups.values():
        assert sum(group.usage.tokens for group in groups) == trends.totals.usage.tokens
        assert sum((group.cost or Decimal(0) for group in groups), Decimal(0)) == trends.totals.cost


@pytest.mark.parametrize("source", ["messages", "analytics"])
def test_a_window_longer_than_an_answer_is_split(server: AdminServer, source: Any) -> None:
    """90 days and the 90 before: no request asks for more than an answer can hold."""
    server.events = busy(NOW, 185)[::25]
    trends = fetch_trends(server, days=90, source=source)

    assert trends.totals.cost == sum_event_costs(select_events(server, trends))
    assert trends.previous_totals is not None
    assert {server.answers[seen.number] for seen in server.requests} == {200}
    assert len(server.requests) < 60


@pytest.mark.parametrize(
    ("source", "dimensions"),
    [
        ("messages", ("api-key", "context-window", "inference-geo", "speed", "workspace")), ("messages", ("speed",)),
        ("analytics", ("model", "workspace", "api-key", "service-tier", "context-window")), ("analytics", ("speed",)),
    ],
)  # fmt: skip
def test_five_dimensions_leave_prices_as_they_are(
    server: AdminServer, source: Any, dimensions: tuple[str, ...]
) -> None:
    """What prices need besides is fetched in lists of its own where it doesn't fit."""
    plain = fetch_trends(server, source=source)
    trends = fetch_trends(server, source=source, group_by=dimensions)

    assert trends.totals == plain.totals
    assert trends.prices == plain.prices
    assert {
        name: sum(g.usage.tokens for g in groups) for name, groups in trends.groups.items()
    } == dict.fromkeys(dimensions, plain.totals.usage.tokens)


def test_a_model_is_chosen(server: AdminServer) -> None:
    """Costs without a model are left out."""
    trends = fetch_trends(server, models=("claude-opus-5-5",))
    events = [
        event._replace(searches=0)
        for event in select_events(server, trends)
        if event.model == "claude-opus-5-5"
    ]

    assert trends.totals.usage.tokens == sum(event.tokens() for event in events)
    assert trends.totals.cost == sum_event_costs(events)


def test_currencies_are_not_added_up(server: AdminServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """One currency that isn't the dollar is named."""
    rows = [{"amount": "1", "currency": name, "description": name} for name in ("USD", "EUR")]
    server.plan = list_costs(server, *rows)
    error = fetch_and_fail(server, monkeypatch)
    server.plan, server.currency = [], "EUR"

    assert "EUR and USD" in error.message
    assert "EUR and " in write_headline(fetch_trends(server))


def test_an_empty_day_is_one_without_usage(server: AdminServer) -> None:
    """`messages` tells it as an empty bucket, `analytics` with no row at all: both are whole."""
    server.events = [event for event in server.events if event.at.day != 19]
    sources: tuple[Any, ...] = ("messages", "analytics")
    messages, analytics = (fetch_trends(server, source=source) for source in sources)

    assert messages.days[4].usage.tokens == analytics.days[4].usage.tokens == 0
    assert messages.totals.cost == analytics.totals.cost > 0


def test_a_window_before_the_first_day_of_analytics_is_not_compared(server: AdminServer) -> None:
    """Nothing is there before January 2026."""
    server.now = datetime(2026, 1, 20, 12, tzinfo=UTC)
    server.events = [Event(datetime(2026, 1, 18, 5, tzinfo=UTC), output=10)]
    trends = fetch_trends(server, source="analytics", days=12)

    assert trends.previous_totals is None
    assert trends.totals.usage.output == 10


def test_analytics_reaches_back_a_year() -> None:
    """But not before 2026."""
    assert find_earliest("messages", NOW) is None
    assert find_earliest("analytics", NOW) == datetime(2026, 1, 1, tzinfo=UTC)
    assert find_earliest("analytics", datetime(2027, 6, 1, 5, tzinfo=UTC)) == datetime(2026, 6, 2, tzinfo=UTC)
    assert timedelta(days=1) == DAY
