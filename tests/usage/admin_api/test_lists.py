"""Lists of many pages: complete, nothing twice, not without end."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from tests.support.admin_reports import (
    ROW,
    fetch_and_fail,
    fetch_trends,
    make_credential,
    make_page,
    select_events,
    sum_event_costs,
)
from tests.support.api_server import body
from tests.support.organizations import NOW

from prompt_lint.model.errors import ExitCode, Fatal
from prompt_lint.usage import report
from prompt_lint.usage.admin_api import client, lists
from prompt_lint.usage.admin_api.lists import POLICY
from prompt_lint.usage.report import Options, make_report

if TYPE_CHECKING:
    from tests.support.admin_server import AdminServer


@pytest.mark.parametrize("most", [None, 2])
@pytest.mark.parametrize(
    ("days", "message"),
    [
        (("2026-11-19",), "usage_report/messages left out 2026-11-19, so"),
        (("2026-11-15",), "left out 2026-11-15, so"),
        (("2026-11-21",), "left out 2026-11-21, so"),
        (("2026-11-10",), "left out 2026-11-10, so"),
        (("2026-11-02",), "cost_report left out 2026-11-02, so"),
        (tuple(f"2026-11-{n}" for n in range(10, 16)), "left out 2026-11-10, 2026-11-11, 2026-11-12 and 3 more, so"),
    ],
)  # fmt: skip
def test_a_missing_day_is_named(
    server: AdminServer,
    monkeypatch: pytest.MonkeyPatch,
    days: tuple[str, ...],
    message: str,
    most: int | None,
) -> None:
    """It isn't taken for an empty one, which the API lists, too."""
    server.lost = frozenset(datetime.fromisoformat(f"{day}T00:00Z") for day in days)
    server.most = most
    error = fetch_and_fail(server, monkeypatch, deadline=20)

    assert message in error.message
    assert error.exit_code == ExitCode.UNCOUNTED


def test_a_missing_hour_is_named(server: AdminServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """With its day; today's hours aren't over, so none of them has to be listed."""
    server.lost = frozenset(datetime(2026, 11, 22, hour, tzinfo=UTC) for hour in range(24))
    trends = fetch_trends(server, bucket="1h", days=1)
    server.lost = frozenset({datetime(2026, 11, 20, 17, tzinfo=UTC)})

    assert trends.totals.cost == sum_event_costs(select_events(server, trends))
    assert "left out 2026-11-20 17:00, so" in fetch_and_fail(server, monkeypatch, bucket="1h").message


def test_a_repeated_page_is_refused(server: AdminServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """It would double the bill."""
    server.plan = lambda seen: (
        body(json.dumps(make_page(ROW, has_more=True, next_page="page_again")).encode())
        if "usage_report" in seen.route
        else None
    )
    error = fetch_and_fail(server, monkeypatch)

    assert "returned something twice" in error.message
    assert len(server.requests) < 12


def test_the_number_of_rows_is_bounded(server: AdminServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """An organization with a million keys needs fewer groups."""
    monkeypatch.setattr(lists, "MAX_ROWS", 50)

    assert "fewer --group-by" in fetch_and_fail(server, monkeypatch).hint


def test_the_number_of_requests_is_bounded(server: AdminServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """A list without end is given up."""
    server.most = 1
    monkeypatch.setattr(report, "POLICY", POLICY._replace(max_requests=5))
    with pytest.raises(Fatal, match="stopped after 5 requests"):
        make_report(make_credential(server), Options(days=20), (), None, NOW)
    assert "fewer --group-by" in fetch_and_fail(server, monkeypatch, POLICY._replace(max_requests=5)).hint


def test_a_page_that_is_too_large_is_asked_for_in_halves(
    server: AdminServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Down to single buckets: many keys need fewer buckets a page, and no figure differs."""
    plain = fetch_trends(server, days=9, group_by=("api-key", "workspace"))
    sent = len(server.requests)
    monkeypatch.setattr(client, "MAX_PAGE_BYTES", 60_000)
    trends = fetch_trends(server, days=9, group_by=("api-key", "workspace"))

    assert trends._replace(data=plain.data) == plain  # whose rows arrive in another order
    assert len(server.requests) > 2 * sent

    monkeypatch.setattr(client, "MAX_PAGE_BYTES", 2_048)
    error = fetch_and_fail(server, monkeypatch)
    assert "sent more than 2 KiB for a page of " in error.message
    assert "take fewer --group-by" in error.hint
