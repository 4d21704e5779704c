"""HTTP to the Admin API: what is sent, refusals, faults, clocks that are wrong."""

from __future__ import annotations

import time
import traceback
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.support.admin_reports import (
    QUICK,
    fetch_and_fail,
    fetch_trends,
    make_credential,
    select_events,
    sum_event_costs,
)
from tests.support.admin_server import ADMIN_KEY, AdminServer
from tests.support.api_server import (
    FAULTS,
    Reply,
    Seen,
    always,
    body,
    redirect,
    refusing,
    retry_after,
    send,
)
from tests.support.organizations import NOW

from prompt_lint import __version__
from prompt_lint.model.errors import ExitCode
from prompt_lint.usage import report
from prompt_lint.usage.admin_api import client
from prompt_lint.usage.admin_api.lists import POLICY
from prompt_lint.usage.report import Options, make_report


def test_requests_are_what_the_api_expects(server: AdminServer) -> None:
    """GET only, with the key in one header, our name and version, and the parameters of the reference."""
    fetch_trends(server, days=1, models=("claude-opus-5-5",), workspaces=("wrkspc_01Support",))
    first = next(seen for seen in server.requests if "usage_report" in seen.path)

    assert {seen.method for seen in server.requests} == {"GET"}
    assert dict(first.headers) == {
        "host": f"127.0.0.1:{server.port}",
        "accept": "application/json",
        "accept-encoding": "identity",
        "connection": "keep-alive",
        "user-agent": f"prompt-lint/{__version__}",
        "x-api-key": ADMIN_KEY,
        "anthropic-version": "2023-06-01",
    }
    assert first.path == (
        "/v1/organizations/usage_report/messages?starting_at=2026-11-20T00%3A00%3A00Z&ending_at=2026-11-23T00%3A00%3A00Z"
        "&bucket_width=1d&limit=31&group_by%5B%5D=model&group_by%5B%5D=workspace_id&group_by%5B%5D=service_tier"
        "&group_by%5B%5D=context_window&group_by%5B%5D=inference_geo&models%5B%5D=claude-opus-5-5&workspace_ids%5B%5D=wrkspc_01Support"
    )


def test_a_token_is_sent_as_a_bearer(server: AdminServer) -> None:
    """A token with the scope org:admin is no key."""
    token = "sk-ant-oat01-test-only"
    server.keys, server.admins = frozenset({token}), frozenset({token})
    make_report(make_credential(server, token), Options(days=1), (), None, NOW)

    assert {seen.headers["authorization"] for seen in server.requests} == {f"Bearer {token}"}


@pytest.mark.parametrize(
    ("status", "message", "hint"),
    [
        (401, "invalid x-api-key", "which an admin creates under Settings > Admin keys"),
        (403, "This endpoint requires an Admin API key.", "Claude Console: an Admin API key"),
        (
            403,
            "The Admin API is not available for individual accounts.",
            "individual accounts have no Admin API",
        ),
        (
            403,
            "Not available on a Claude Max subscription.",
            "Claude subscriptions (Pro, Max, Team) have no usage API",
        ),
        (404, "Not trends", "this organization has no `"),
    ],
)
def test_refusals_say_what_to_do(
    server: AdminServer, monkeypatch: pytest.MonkeyPatch, status: int, message: str, hint: str
) -> None:
    """In the terms of a report; the first one ends the run."""
    server.refusal, server.admins = (status, message), frozenset()
    error = fetch_and_fail(server, monkeypatch)

    assert error.message.startswith(f"not fetched: 127.0.0.1:{server.port} answered {status}: {message}")
    assert hint in error.hint
    assert error.exit_code == ExitCode.UNCOUNTED
    assert len(server.requests) <= QUICK.jobs


@pytest.mark.parametrize(
    "fault", ["429_retry_after_1", "500", "503", "529", "reset", "close", "truncated_body", "408"]
)
def test_a_passing_fault_is_retried(server: AdminServer, fault: str) -> None:
    """And the report is complete."""
    server.plan = [fault, fault]
    trends = fetch_trends(server, days=2)

    assert trends.totals.cost == sum_event_costs(select_events(server, trends))


HARMLESS_FAULTS = {"100_continue", "103_early_hints", "http_1_0", "chunked", "silent_close", "extra_answer"}


@pytest.mark.parametrize("fault", sorted(set(FAULTS) - HARMLESS_FAULTS - {"gzip_bomb", "huge_body"}))
def test_every_lasting_fault_ends_in_time_without_the_key(
    server: AdminServer, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    """With one sentence and exit code 3."""
    server.plan = always(fault)
    began = time.monotonic()
    error = fetch_and_fail(server, monkeypatch, QUICK)
    text = "".join(traceback.format_exception(error)) + repr((error.message, error.hint))

    assert time.monotonic() - began < QUICK.deadline + 3
    assert error.exit_code == ExitCode.UNCOUNTED
    assert error.message.startswith("not fetched: ")
    assert "canary" not in text


def test_a_redirect_is_not_followed(server: AdminServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its target sees neither the key nor the request."""
    with AdminServer() as other:
        server.plan = always(redirect(307, other.url))
        error = fetch_and_fail(server, monkeypatch)

        assert other.requests == []
    assert "never followed" in error.message
    assert "PROMPT_LINT_ADMIN_URL" in error.hint


def test_a_page_that_is_too_large_is_refused(server: AdminServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Megabytes are read, but not more than a limit."""
    monkeypatch.setattr(client, "MAX_PAGE_BYTES", 300_000)
    server.plan = always(body(b'{"data": [' + b" " * 400_000 + b"]}"))

    assert "sent more than 292 KiB" in fetch_and_fail(server, monkeypatch).message


def test_a_refused_connection_is_an_error(loopback: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """In one sentence."""
    with refusing() as url:
        assert "refuses connections" in fetch_and_fail(url, monkeypatch).message


def test_a_long_wait_ends_the_run(server: AdminServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """With when to come back, where `retry-after` goes beyond the deadline."""
    server.plan = always(retry_after("3600"))

    assert "it asks to try again in 60 min" in fetch_and_fail(server, monkeypatch).message


@pytest.mark.parametrize(
    ("hours", "source", "message"),
    [
        (0.05, "analytics", "; this machine's clock is 3 minutes ahead of "),
        (3, "analytics", "this machine's clock is 3 hours ahead of 127.0.0.1:"),
        (20, "messages", "this machine's clock is 20 hours ahead of 127.0.0.1:"),
        (1000, "messages", "this machine's clock is 41 days ahead of 127.0.0.1:"),
    ],
)  # fmt: skip
def test_a_fast_clock_is_named(
    server: AdminServer, monkeypatch: pytest.MonkeyPatch, hours: float, source: Any, message: str
) -> None:
    """Where the API refuses the future, and where an unfinished day would be taken for a complete one."""
    server.now = NOW - timedelta(hours=hours)
    monkeypatch.setattr(report, "POLICY", POLICY._replace(jobs=1))
    error = fetch_and_fail(server, monkeypatch, source=source)

    assert message in error.message
    assert error.hint == "set this machine's clock, then run again"
    assert error.exit_code == ExitCode.UNCOUNTED


@pytest.mark.parametrize(
    "date", ["", "yesterday", "Sun, 22 Nov 2026 14:35:00", "Sun, 99 Nov 99999 99:99:99 GMT", "x" * 10_000]
)
def test_an_invalid_date_says_nothing_of_the_clock(server: AdminServer, date: str) -> None:
    """Nor does a missing one."""

    def plan(seen: Seen) -> Any:
        return lambda x: send(x, Reply(200, server.respond(seen).body, (("date", date),)))

    server.plan = plan

    assert fetch_trends(server).totals.cost > 0


def test_a_clock_may_be_a_little_fast_or_slow(server: AdminServer) -> None:
    """Where no figure depends on it."""
    for minutes in (-600, -3, 0.5, 60):
        now = NOW + timedelta(minutes=minutes)
        trends = make_report(make_credential(server), Options(), (), None, now).trends

        assert trends.period.window.end == datetime(2026, 11, 22, tzinfo=UTC)
