"""Fields of the API's answers: whatever isn't what the reference says is refused, and nothing is added up."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from tests.support.admin_reports import BUCKET, ROW, fetch_and_fail, fetch_trends, list_costs, make_page
from tests.support.api_server import body

if TYPE_CHECKING:
    from tests.support.admin_server import AdminServer
    from tests.support.api_server import Seen


@pytest.mark.parametrize(
    ("answer", "field"),
    [
        (None, "data"), ([], "data"), ({"data": {}}, "data"), ({"data": [1]}, "data"), ({"data": [{**BUCKET}]}, "results"),
        (make_page({**ROW, "output_tokens": -1}), "output_tokens"), (make_page({**ROW, "output_tokens": "1"}), "output_tokens"),
        (make_page({**ROW, "output_tokens": 1.0}), "output_tokens"), (make_page({**ROW, "output_tokens": True}), "output_tokens"),
        (make_page({**ROW, "output_tokens": 2**63}), "output_tokens"), (make_page({**ROW, "cache_creation": None}), "cache_creation"),
        (make_page({**ROW, "model": 5}), "model"), (make_page({**ROW, "model": "x" * 501}), "model"),
        (make_page({**ROW, "server_tool_use": [1]}), "server_tool_use"), (make_page(ROW, has_more=True), "next_page"),
        (make_page(ROW, has_more=None), "has_more"), (make_page(ROW, next_page="page_2"), "has_more"),
        ({"data": [{**BUCKET, "starting_at": "2026-11-20", "results": [ROW]}]}, "starting_at"),
        ({"data": [{**BUCKET, "starting_at": "1999-11-20T00:00:00Z", "results": [ROW]}]}, "starting_at"),
        ({"data": [{**BUCKET, "starting_at": "2026-11-20T05:00:00Z", "results": [ROW]}]}, "starting_at"),
        ({"data": [{**BUCKET, "starting_at": None, "results": []}]}, "starting_at"),
        ({"data": [{**BUCKET, "starting_at": "9999-12-31T23:59:59-23:59", "results": [ROW]}]}, "starting_at"),
    ],
)  # fmt: skip
def test_an_invalid_field_is_named(
    server: AdminServer, monkeypatch: pytest.MonkeyPatch, answer: Any, field: str
) -> None:
    """And nothing is added up."""
    server.plan = lambda seen: body(json.dumps(answer).encode()) if "usage_report" in seen.route else None

    assert f"without a valid `{field}`" in fetch_and_fail(server, monkeypatch).message


@pytest.mark.parametrize("refreshed_at", [None, "yesterday"])
def test_a_page_of_analytics_says_until_when_it_is_complete(
    server: AdminServer, monkeypatch: pytest.MonkeyPatch, refreshed_at: str | None
) -> None:
    """Days that aren't complete yet would pass for such with less usage."""

    def plan(seen: Seen) -> Any:
        if "analytics" not in seen.route:
            return None
        return body(
            json.dumps({**json.loads(server.respond(seen).body), "data_refreshed_at": refreshed_at}).encode()
        )

    server.plan = plan

    fatal = fetch_and_fail(server, monkeypatch, source="analytics")

    assert "without a valid `data_refreshed_at`" in fatal.message


@pytest.mark.parametrize("amount", [5, 5.5, "1,5", "NaN", "1e3", "", None, "٣", "5\n", "Infinity", "9" * 16])
def test_amounts_are_decimal_strings(
    server: AdminServer, monkeypatch: pytest.MonkeyPatch, amount: Any
) -> None:
    """A JSON number would have been rounded on its way."""
    answer = make_page({"amount": amount, "currency": "USD"})
    server.plan = lambda seen: body(json.dumps(answer).encode()) if "cost_report" in seen.route else None

    assert "without a valid `amount`" in fetch_and_fail(server, monkeypatch).message


def test_cents_become_dollars_exactly(server: AdminServer) -> None:
    """To the last digit."""
    row = {
        "amount": "123.450000000000001",
        "currency": "USD",
        "cost_type": "tokens",
        "token_type": "output_tokens",
    }
    server.plan = list_costs(server, row)

    assert fetch_trends(server).totals.cost == Decimal("1.23450000000000001")


@pytest.mark.parametrize("currency", ["usd", "US", "USD\n", "\x1b[31m", "\n::error::x", "x" * 500, 5])
def test_a_currency_is_three_letters(
    server: AdminServer, monkeypatch: pytest.MonkeyPatch, currency: Any
) -> None:
    """It is beside each amount, in every output."""
    server.plan = list_costs(server, {"amount": "1", "currency": currency})

    assert "without a valid `currency`" in fetch_and_fail(server, monkeypatch).message
