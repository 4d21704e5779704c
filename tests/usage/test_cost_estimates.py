"""Costs by API key and account where the API has none: estimates, whose sums are the API's."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from tests.support.admin_reports import fetch_trends, select_events, sum_event_costs
from tests.support.admin_server import Event, Named
from tests.support.organizations import NOW

if TYPE_CHECKING:
    from tests.support.admin_server import AdminServer
    from tests.usage.conftest import Run


@pytest.mark.parametrize("group_by", [("api-key",), ("model", "api-key")])
def test_estimates_add_up_to_the_bill(server: AdminServer, group_by: tuple[str, ...]) -> None:
    """To the last fraction of a cent; each key costs what its requests cost, since keys don't share prices here."""
    trends = fetch_trends(server, group_by=group_by)
    events = select_events(server, trends)
    costs = {group.id: group.cost for group in trends.groups["api-key"]}

    assert trends.data.estimated_dimensions == ("api-key",)
    assert sum(filter(None, costs.values()), Decimal(0)) == trends.totals.cost == sum_event_costs(events)
    for key in ("apikey_upport", "apikey_Search"):
        real = sum_event_costs([event for event in events if event.api_key_id == key])
        estimated = costs[key]
        assert estimated is not None
        assert abs(estimated - real) < real / 100


def test_keys_of_one_price_share_it_by_their_tokens(server: AdminServer) -> None:
    """Of each day and kind; searches by their number, and what neither divides has a name of its own."""
    day = NOW - timedelta(days=1)
    server.events = [
        Event(day, api_key_id="a", output=3_000_000, searches=100),
        Event(day, api_key_id="b", output=1_000_000, searches=300),
        Event(day - timedelta(days=1), api_key_id="b", uncached=500_000),
    ]
    groups = {group.id: group for group in fetch_trends(server, group_by=("api-key",)).groups["api-key"]}

    assert {key: group.cost for key, group in groups.items()} == {"a": Decimal(31), "b": Decimal(14)}
    assert groups["b"].daily[-2:] == (Decimal(1), Decimal(13))


def test_each_output_says_that_it_is_an_estimate(server: AdminServer, run: Run) -> None:
    """In the head of the column and in a sentence; the CSV, which is summed up, has the costs without keys."""
    given = ("--group-by=api_key_id,model",)
    shown = {
        name: run(server, f"--output-format={name}", *given).out for name in ("text", "markdown", "html")
    }
    document = json.loads(run(server, "--output-format=json", *given).out)

    for text in shown.values():
        assert text.count("cost (estimate)") == 1
        assert "Cost by API key is an estimate" in text
    assert document["estimated_cost_by"] == ["api-key"]
    assert any("is an estimate" in caveat for caveat in document["caveats"])
    lines = run(server, "--output-format=csv", *given).out.splitlines()
    assert all(line.endswith(",") for line in lines if "apikey_" in line)


def test_accounts_are_groups_of_messages(server: AdminServer, run: Run) -> None:
    """By their names where the API has them; the other source has no such columns, and says so."""
    server.events = [
        Event(NOW - timedelta(days=1), account_id=account, service_account_id=service, output=1_000_000)
        for account, service in (("user_1", None), (None, "svac_1"))
    ]
    server.users = [Named("user_1", "Ada")]
    done = run(server, "--group-by=account_id, service-account")

    assert "Ada" in done.out
    assert "svac_1" in done.out
    assert "Service accounts are shown by their ids" in done.out
    refused = run(server, "--group-by=account", "--source=analytics")
    assert (refused.code, refused.out) == (2, "")
    assert "--source analytics doesn't group by account" in refused.err


def test_more_groups_than_an_estimate_can_have_are_tokens(server: AdminServer, run: Run) -> None:
    """The API groups by five dimensions at most, and a price depends on four."""
    text = run(server, "--group-by=api-key,workspace").out

    assert (
        "This source has no cost by API key, so tokens are shown there. --source analytics has them" in text
    )
    assert "estimate" not in text.replace("they are estimated", "")
