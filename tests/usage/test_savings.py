"""What the cache saved: a figure where the API's costs keep prices apart, and else none."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from tests.support.admin_reports import fetch_trends
from tests.support.admin_server import SPEED_BETA, Event
from tests.support.api_server import status
from tests.support.organizations import NOW
from tests.support.usage_values import DIMENSIONS, make_data, make_period, make_report

from prompt_lint.usage.sentences import list_caveats
from prompt_lint.usage.trends import compute_trends
from prompt_lint.usage.values import DAY, CostRow, Usage, UsageRow

if TYPE_CHECKING:
    from tests.support.admin_server import AdminServer
    from tests.support.api_server import Seen
    from tests.usage.conftest import Run

    from prompt_lint.usage.values import Trends

MILLION = 1_000_000
YESTERDAY = NOW - timedelta(days=1)
# A dollar a million; twice that in the long context window, six times in fast mode, a tenth more in the US.
MODEL = "claude-haiku-4-5"


def make_event(**given: Any) -> Event:
    return Event(YESTERDAY, MODEL, **given)


UNCACHED = make_event(uncached=100 * MILLION)
SHORT, LONG = (
    make_event(uncached=MILLION, read=1000 * MILLION, context_window=window)
    for window in ("0-200k", "200k-1M")
)
FAST = make_event(uncached=100 * MILLION, speed="fast")
US = make_event(uncached=100 * MILLION, inference_geo="us")


@pytest.mark.parametrize(
    ("source", "events", "saved"),
    [
        ("messages", [UNCACHED, SHORT], 900),
        ("messages", [UNCACHED, LONG], 1800),
        ("analytics", [UNCACHED, LONG], 1800),
        ("messages", [US, SHORT], 900),
        ("analytics", [US, SHORT], 900),
        ("analytics", [FAST, SHORT], 900),
    ],
)
def test_cached_tokens_are_compared_with_uncached_ones_of_the_same_price(
    server: AdminServer, source: Any, events: list[Event], saved: int
) -> None:
    """A thousand million of them, each a tenth of its own price, beside a hundred million at another price."""
    server.events = events

    assert fetch_trends(server, source=source).totals.saved_by_cache == saved


@pytest.mark.parametrize(
    ("events", "has_geo_costs", "gap"),
    [
        ([FAST, SHORT], True, "was used at several speeds, and this source has no cost by speed"),
        (
            [US, SHORT],
            False,
            "was used in several inference geographies, and this source has no cost by them",
        ),
        ([UNCACHED, LONG._replace(uncached=0)], True, "has days with cached tokens and no uncached ones"),
    ],
    ids=["speeds", "geographies", "no uncached tokens"],
)
def test_there_is_no_saving_where_prices_are_mixed(
    server: AdminServer, run: Run, events: list[Event], has_geo_costs: bool, gap: str
) -> None:
    """A line says why, and a condition on it isn't met."""
    server.events, server.has_geo_costs = events, has_geo_costs
    trends = fetch_trends(server)
    done = run(server, "--fail-on=saved < 1M")

    assert trends.totals.saved_by_cache is None
    assert f"aved by the cache isn't known: {MODEL} {gap}" in done.out
    assert "saved < 1M: can't be decided" in done.out
    assert done.code == 0


def test_costs_without_a_geography_are_those_of_the_only_one(server: AdminServer) -> None:
    """The reference leaves open whether the costs of `messages` have it."""
    server.events, server.has_geo_costs = [US, SHORT._replace(inference_geo="us")], False

    assert fetch_trends(server).totals.saved_by_cache == 990


def test_a_report_without_speeds_lacks_nothing_but_the_saving(server: AdminServer) -> None:
    """They are in beta, so the API may refuse them."""

    def plan(seen: Seen) -> Any:
        return status(400) if seen.headers.get("anthropic-beta") == SPEED_BETA else None

    server.events, server.plan = [UNCACHED, SHORT], plan
    trends = fetch_trends(server)

    assert trends.totals.cost == 201
    assert trends.totals.saved_by_cache is None
    assert trends.totals.saving_gap == "the API refused to tell which speeds were used"


def test_the_default_workspace_has_a_saving_of_its_own(server: AdminServer) -> None:
    """The API can't filter by it, so each list is grouped by workspaces besides."""
    server.events = [FAST._replace(workspace_id="wrkspc_01Support"), SHORT]

    assert fetch_trends(server, workspaces=("default",)).totals.saved_by_cache == 900


def compute_days(*days: tuple[str, Usage, dict[str, str]]) -> Trends:
    """Trends of days, each with its model, its usage, and what that cost."""
    period = make_period()
    usage, costs = [], []
    for number, (model, tokens, amounts) in enumerate(days):
        start, group = period.window.start + number * DAY, (model, "w", "standard")
        usage.append(UsageRow(start, group, tokens))
        costs += [CostRow(start, group, kind, Decimal(amount)) for kind, amount in amounts.items()]
    return compute_trends(make_data(usage, costs), period, "1d", DIMENSIONS)


def test_a_price_that_changes_within_the_window_is_not_averaged() -> None:
    """The day with most uncached tokens would set the price of another day's cached ones."""
    trends = compute_days(
        ("m", Usage(uncached=100 * MILLION), {"uncached": "600"}),
        ("m", Usage(uncached=MILLION, read=1000 * MILLION), {"uncached": "1", "read": "100"}),
    )

    assert trends.totals.saved_by_cache == 900


@pytest.mark.parametrize(("read_cost", "saved"), [("10", 90), ("50", None)])
def test_a_model_priced_by_length_has_a_saving_where_its_prices_agree(
    read_cost: str, saved: int | None
) -> None:
    """Short prompts without the cache beside long ones with it: five times the price, and no report tells which is which."""
    usage = Usage(uncached=MILLION, read=1000 * MILLION)
    trends = compute_days(("claude-haiku-5-5", usage, {"uncached": "0.1", "read": read_cost}))
    caveats = list_caveats(make_report(trends))

    assert trends.totals.saved_by_cache == saved
    assert any("one price for short prompts and another" in text for text in caveats) == (saved is None)
