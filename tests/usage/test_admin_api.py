"""The admin endpoints, against a real server: what is asked, what is made of it, and every way in which it can fail."""

from __future__ import annotations

import json
import time
import traceback
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pytest_socket import socket_allow_hosts
from tests.support.admin_server import ADMIN_KEY, BASE, BETA, WORKSPACES, AdminServer, Event, Named, busy
from tests.support.api_server import (
    FAULTS,
    KEY,
    Reply,
    Seen,
    always,
    body,
    redirect,
    refusing,
    retry_after,
    send,
)

from prompt_lint import __version__
from prompt_lint.api import credentials, rate_limit
from prompt_lint.api.policy import RequestPolicy
from prompt_lint.api.responses import Response
from prompt_lint.model.errors import ExitCode, Fatal
from prompt_lint.usage import admin_api, report, trends
from prompt_lint.usage.figures import headline
from prompt_lint.usage.report import Options
from prompt_lint.usage.trends import DIMENSIONS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from prompt_lint.api.credentials import KeyCredential
    from prompt_lint.usage.trends import Trends

NOW = datetime(2026, 11, 22, 14, 35, tzinfo=UTC)
# For what ends by waiting, and for what doesn't, on a machine that has others to serve.
QUICK = admin_api.POLICY._replace(deadline=0.9, stall=0.8, timeout=0.3)
PATIENT = admin_api.POLICY._replace(deadline=12, stall=10, timeout=8)


@pytest.fixture
def server(socket_enabled: None) -> Iterator[AdminServer]:
    """A running server with a busy organization of 30 days."""
    socket_allow_hosts(["127.0.0.1"], allow_unix_socket=True)
    found = AdminServer(busy(NOW, 30))
    found.workspaces = list(WORKSPACES)
    with found:
        yield found


def way_to(server: AdminServer | str, key: str = ADMIN_KEY, *, analytics: bool = False) -> KeyCredential:
    url = server if isinstance(server, str) else server.url
    return credentials.find_admin_credential(
        {"ANTHROPIC_ADMIN_KEY": key, "PROMPT_LINT_ADMIN_URL": url}, analytics=analytics
    )


def made(server: AdminServer, **given: Any) -> Trends:
    analytics = given.get("source") == "analytics"
    return report.make_report(
        way_to(server, analytics=analytics), Options(**given), (), (), server.now
    ).trends


def refused(
    server: AdminServer | str, monkeypatch: pytest.MonkeyPatch, policy: RequestPolicy = PATIENT, **given: Any
) -> Fatal:
    monkeypatch.setattr(admin_api, "POLICY", policy)
    with pytest.raises(Fatal) as raised:
        report.make_report(way_to(server), Options(**{"deadline": policy.deadline, **given}), (), (), NOW)
    return raised.value


def within(server: AdminServer, found: Trends) -> list[Event]:
    return [event for event in server.events if found.period.window.contains(event.at)]


def dollars(events: list[Event]) -> Decimal:
    return sum((amount for event in events for amount in event.cost().values()), Decimal(0))


# ---------------------------------------------------------------------------------------------------------
# Sums


@pytest.mark.parametrize("source", ["messages", "analytics"])
@pytest.mark.parametrize("bucket", ["1d", "1h"])
def test_figures_are_the_servers(server: AdminServer, source: Any, bucket: Any) -> None:
    """Tokens and money, whichever reports they come from, are those of the events themselves."""
    found = made(server, days=10, source=source, bucket=bucket)
    events = within(server, found)

    assert found.totals.usage.tokens == sum(event.tokens() for event in events)
    assert found.totals.usage.web_searches == sum(event.searches for event in events)
    assert found.totals.cost == dollars(events)
    assert found.totals.usage.requests == (sum(e.requests for e in events) if source == "analytics" else 0)


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


@contextmanager
def answered_by(server: AdminServer) -> Iterator[Any]:
    """The pages of a server that isn't running, without sockets: its threads would disturb Hypothesis."""

    def get(key: tuple[Any, str], _: None) -> Any:
        ask, cursor = key
        query = urlencode([*ask.parameters, *([(ask.cursor_parameter, cursor)] if cursor else [])])
        headers = {"x-api-key": ADMIN_KEY, "anthropic-version": "2023-06-01", "anthropic-beta": BETA}
        seen = Seen(1, 0.0, "GET", f"{BASE}{ask.path}?{query}", headers, b"", 0, b"")
        reply = server.respond(seen)
        return admin_api._read(Response(reply.status, {}, reply.body, 0.0), ask, "test", str)

    yield get


@settings(max_examples=60, deadline=None)
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
    when = trends.plan_period(NOW, NOW, days, None, None, admin_api.earliest(source, NOW))
    query = admin_api.Query(source, "1d", dimensions)
    with answered_by(server) as get, pytest.MonkeyPatch.context() as patch:
        patch.setattr(rate_limit, "INITIAL_BURST", 10_000)  # nobody is to be spared here
        lists = admin_api._collect(
            get, admin_api._asks(query, when), admin_api.POLICY._replace(max_requests=10**6)
        )
    found = trends.compute_trends(
        admin_api._data(query, when, lists, admin_api._Names({})), when, "1d", dimensions
    )
    wanted = within(server, found)

    assert found.totals.usage.tokens == sum(event.tokens() for event in wanted)
    assert found.totals.cost == dollars(wanted)
    for groups in found.groups.values():
        assert sum(group.usage.tokens for group in groups) == found.totals.usage.tokens
        assert sum((group.cost or Decimal(0) for group in groups), Decimal(0)) == found.totals.cost


@pytest.mark.parametrize("source", ["messages", "analytics"])
def test_windows_longer_than_an_answer_are_split(server: AdminServer, source: Any) -> None:
    """90 days and the 90 before: no answer is asked for more than it can hold, and none is missing."""
    server.events = busy(NOW, 185)
    found = made(server, days=90, source=source)

    assert found.totals.cost == dollars(within(server, found))
    assert found.previous_totals is not None
    assert {server.answers[seen.number] for seen in server.requests} == {200}
    assert len(server.requests) < 60


@pytest.mark.parametrize("source", ["messages", "analytics"])
@pytest.mark.parametrize(
    "dimensions",
    [("api-key", "context-window", "inference-geo", "speed", "workspace"), ("speed",), DIMENSIONS[:5]],
)
def test_five_dimensions_leave_prices_as_they_are(
    server: AdminServer, source: Any, dimensions: tuple[str, ...]
) -> None:
    """What prices need besides is asked for apart where it doesn't fit."""
    plain = made(server, source=source)
    found = made(server, source=source, group_by=dimensions)

    assert found.totals == plain.totals
    assert found.prices == plain.prices
    assert {
        name: sum(g.usage.tokens for g in groups) for name, groups in found.groups.items()
    } == dict.fromkeys(dimensions, plain.totals.usage.tokens)


def test_six_dimensions_are_too_many(server: AdminServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """That is the API's limit; nothing is sent."""
    assert "at most" in refused(server, monkeypatch, group_by=DIMENSIONS[:6]).message
    assert server.requests == []


# ---------------------------------------------------------------------------------------------------------
# What is sent


def test_requests_are_what_the_api_expects(server: AdminServer) -> None:
    """GET only, with the key in one header, our name and version, and the parameters of the reference."""
    made(server, days=1, models=("claude-opus-5-5",), workspaces=("wrkspc_01Support",))
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
        "&models%5B%5D=claude-opus-5-5&workspace_ids%5B%5D=wrkspc_01Support"
    )


def test_a_token_goes_as_a_bearer(server: AdminServer) -> None:
    """One with the scope org:admin is no key."""
    token = "sk-ant-oat01-test-only"
    server.keys, server.admins = frozenset({token}), frozenset({token})
    report.make_report(way_to(server, token), Options(days=1), (), (), NOW)

    assert {seen.headers["authorization"] for seen in server.requests} == {f"Bearer {token}"}


def test_the_address_for_messages_is_not_obeyed(server: AdminServer) -> None:
    """ANTHROPIC_BASE_URL leads to gateways, which must not see the key."""
    env = {"ANTHROPIC_ADMIN_API_KEY": ADMIN_KEY, "ANTHROPIC_BASE_URL": server.url}

    assert credentials.find_admin_credential(env).base_url == "https://api.anthropic.com"


@pytest.mark.parametrize(
    ("env", "message"),
    [
        ({}, "neither ANTHROPIC_ADMIN_KEY nor ANTHROPIC_ADMIN_API_KEY is set"),
        ({"ANTHROPIC_API_KEY": KEY}, "ANTHROPIC_API_KEY can't read reports"),
        ({"ANTHROPIC_ADMIN_KEY": KEY}, "holds an ordinary API key"),
        ({"ANTHROPIC_ADMIN_KEY": f"{ADMIN_KEY}\n"}, "has white space around it"),
        (
            {"ANTHROPIC_ADMIN_KEY": ADMIN_KEY, "PROMPT_LINT_ADMIN_URL": "http://example.com"},
            "must begin with https://",
        ),
    ],
)
def test_keys_of_another_kind_are_refused_before_anything_is_sent(env: dict[str, str], message: str) -> None:
    """With a sentence that says which is needed, who makes one and where, and never holds the key."""
    with pytest.raises(Fatal, match=message) as raised:
        credentials.find_admin_credential(env)

    assert "canary" not in repr(raised.value.messages())
    if "API key" in message or "neither" in message:
        assert "an admin of the organization creates one in the Claude Console" in raised.value.hint


# ---------------------------------------------------------------------------------------------------------
# Names and filters


def test_workspaces_have_their_names(server: AdminServer) -> None:
    """Also archived ones; the default one, which is null, has a name of ours."""
    server.events += [Event(NOW - timedelta(days=2), workspace_id="wrkspc_04Old", output=1)]
    names = {group.id: group.name for group in made(server).groups["workspace"]}

    assert names == {
        "wrkspc_01Support": "Support agents", "wrkspc_02Search": "Search & answers", "wrkspc_03Evals": "Nightly evals",
        "wrkspc_04Old": "Retired pilot (archived)", "": "Default workspace",
    }  # fmt: skip


def test_names_of_keys_come_page_by_page(server: AdminServer) -> None:
    """As many as there are; usage without a key says where it comes from."""
    server.most = 1
    server.api_keys = [
        Named("apikey_upport", "ci"),
        Named("apikey_Search", "search"),
        Named("apikey_3Evals", "CI"),
    ]
    names = {group.name for group in made(server, group_by=("api-key",)).groups["api-key"]}

    assert names == {"ci (apikey_upport)", "search", "CI (apikey_3Evals)", "no key (Console)"}


def test_a_report_goes_without_names(server: AdminServer) -> None:
    """An analytics key may not list workspaces: their ids stand in, and a line says why."""
    server.plan = lambda seen: "403" if "workspaces" in seen.route else None
    found = made(server)

    assert "wrkspc_01Support" in {group.name for group in found.groups["workspace"]}
    assert any("workspaces are shown by their ids: " in note for note in found.data.notes)


@pytest.mark.parametrize("given", ["Support agents", "wrkspc_01Support"])
def test_a_workspace_is_chosen_by_name_or_id(server: AdminServer, given: str) -> None:
    """Costs, which the API can't filter, are those of that workspace, too."""
    found = made(server, workspaces=(given,))
    events = [event for event in within(server, found) if event.workspace_id == "wrkspc_01Support"]

    assert found.totals.usage.tokens == sum(event.tokens() for event in events)
    assert found.totals.cost == dollars(events)


def test_the_default_workspace_is_chosen_by_a_word(server: AdminServer) -> None:
    """It has no id that could be sent, so its rows are picked here."""
    found = made(
        server, workspaces=("default",), group_by=("api-key", "context-window", "inference-geo", "speed")
    )
    events = [event for event in within(server, found) if event.workspace_id is None]

    assert found.totals.usage.tokens == sum(event.tokens() for event in events)
    assert found.totals.cost == dollars(events)
    assert found.totals.price_per_million is not None


def test_a_model_is_chosen(server: AdminServer) -> None:
    """Costs without a model are left out."""
    found = made(server, models=("claude-opus-5-5",))
    events = [
        event._replace(searches=0) for event in within(server, found) if event.model == "claude-opus-5-5"
    ]

    assert found.totals.usage.tokens == sum(event.tokens() for event in events)
    assert found.totals.cost == dollars(events)


def test_an_unknown_workspace_is_told_with_those_there_are(
    server: AdminServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A slip in a name isn't an empty report."""
    error = refused(server, monkeypatch, workspaces=("Suport agents",))

    assert error.message == "there is no workspace 'Suport agents'"
    assert "Support agents" in error.hint


TWINS = (
    Named("wrkspc_01Support", "Twin"),
    Named("wrkspc_02Search", "Twin"),
    Named("wrkspc_04Old", "Twin", archived=True),
)


def test_a_name_that_several_have_is_no_choice(server: AdminServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are listed by their ids, of which each is one."""
    server.workspaces = list(TWINS)
    error = refused(server, monkeypatch, workspaces=("Twin",))

    assert error.message == "3 workspaces are called 'Twin'"
    assert error.hint == "choose by id: wrkspc_01Support, wrkspc_02Search, wrkspc_04Old (archived)"
    assert error.exit_code == ExitCode.USAGE
    for chosen in ("wrkspc_01Support", "Twin (wrkspc_01Support)"):
        assert [g.name for g in made(server, workspaces=(chosen,)).groups["workspace"]] == [
            "Twin (wrkspc_01Support)"
        ]


@pytest.mark.parametrize("name", ["default", "Default workspace", "DEFAULT WORKSPACE"])
def test_a_workspace_that_is_called_like_the_default_one_is_told_from_it(
    server: AdminServer, name: str
) -> None:
    """Its name comes with its id; `default` is the default one whatever others are called."""
    server.workspaces = [Named("wrkspc_01Support", name)]
    names = {group.id: group.name for group in made(server).groups["workspace"]}
    chosen = made(server, workspaces=("default",))
    other = made(server, workspaces=("wrkspc_01Support",))

    assert names[""] == "Default workspace"
    assert names["wrkspc_01Support"] == f"{name} (wrkspc_01Support)"
    assert [group.id for group in chosen.groups["workspace"]] == [""]
    assert [group.id for group in other.groups["workspace"]] == ["wrkspc_01Support"]
    assert any(
        "the one that is called 'default' is chosen by its id, wrkspc_01Support" in n
        for n in chosen.data.notes
    ) == (name == "default")


def test_the_default_workspace_is_chosen_by_what_the_report_calls_it(
    server: AdminServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Unless another one has that name."""
    found = made(server, workspaces=("Default workspace",))
    server.workspaces = [Named("wrkspc_01Support", "Default workspace")]
    error = refused(server, monkeypatch, workspaces=("Default workspace",))

    assert [group.id for group in found.groups["workspace"]] == [""]
    assert error.message == "2 workspaces are called 'Default workspace'"
    assert error.hint == "choose by id: wrkspc_01Support, default"


def test_a_key_is_no_workspace(server: AdminServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where names of keys are known, too, one of them isn't taken for a workspace's."""
    server.api_keys = [Named("apikey_upport", "ci")]

    assert (
        "there is no workspace 'ci'"
        in refused(server, monkeypatch, workspaces=("ci",), group_by=("api-key",)).message
    )


def test_analytics_and_the_default_workspace(server: AdminServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """It can't be chosen there by a word, which is told before anything is sent."""
    error = refused(server, monkeypatch, workspaces=("default", "Support agents"), source="analytics")

    assert "by its id only" in error.message
    assert server.requests == []


# ---------------------------------------------------------------------------------------------------------
# Time


def test_data_that_is_late_moves_the_window(server: AdminServer) -> None:
    """A day that isn't complete by `data_refreshed_at` is never compared, whatever the clock says."""
    server.refreshed = NOW - timedelta(days=1)
    found = made(server, source="analytics")

    assert found.period.window.end == datetime(2026, 11, 21, tzinfo=UTC)
    assert found.data.complete_until == server.refreshed


def test_a_last_day_that_the_source_has_not_finished_is_cut(server: AdminServer) -> None:
    """The window keeps the days that were asked for and are whole; a window of the past stays as it is."""
    server.refreshed = NOW - timedelta(days=1)
    cut = made(server, source="analytics", last=datetime(2026, 11, 21))  # noqa: DTZ001  # as Click gives it
    past = made(server, source="analytics", last=datetime(2026, 11, 20))  # noqa: DTZ001

    assert cut.period.window == (datetime(2026, 11, 15, tzinfo=UTC), datetime(2026, 11, 21, tzinfo=UTC))
    assert cut.period.previous_window == (
        datetime(2026, 11, 9, tzinfo=UTC),
        datetime(2026, 11, 15, tzinfo=UTC),
    )
    assert cut.totals.cost == dollars(within(server, cut))
    assert (past.period.window.days, past.period.requested_end) == (7, None)


def test_a_window_that_the_source_has_not_finished_is_no_mistake(
    server: AdminServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Yesterday is over: that there is nothing of it is the source's business, and its time is told."""
    server.refreshed = NOW - timedelta(days=1)
    yesterday = datetime(2026, 11, 21)  # noqa: DTZ001
    error = refused(server, monkeypatch, source="analytics", first=yesterday, last=yesterday)

    assert error.message.endswith(
        "has finished no day of the window: its figures are complete through 2026-11-21 14:35 UTC"
    )
    assert error.exit_code == ExitCode.UNCOUNTED


def test_data_that_goes_back_each_time_is_no_data(
    server: AdminServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that never comes to an end is left."""
    back = iter(range(1, 1000))

    def plan(seen: Seen) -> Any:
        if "analytics" not in seen.route:
            return None
        answer = json.loads(server.respond(seen).body)
        at = NOW - timedelta(days=next(back))
        return body(json.dumps({**answer, "data_refreshed_at": at.isoformat()}).encode())

    server.plan = plan

    assert "tells less each time" in refused(server, monkeypatch, source="analytics").message
    assert len(server.requests) < 20


def test_analytics_reaches_back_to_january(server: AdminServer) -> None:
    """Where the window before would lie in front of that, there is nothing to compare with."""
    server.now = datetime(2026, 1, 20, 12, tzinfo=UTC)
    server.events = [Event(datetime(2026, 1, 18, 5, tzinfo=UTC), output=10)]
    found = made(server, source="analytics", days=12)

    assert found.previous_totals is None
    assert found.totals.usage.output == 10


@pytest.mark.parametrize(
    ("hours", "source", "told"),
    [
        (0.05, "analytics", "; this machine's clock is 3 minutes ahead of "),
        (3, "analytics", "this machine's clock is 3 hours ahead of 127.0.0.1:"),
        (20, "messages", "this machine's clock is 20 hours ahead of 127.0.0.1:"),
        (1000, "messages", "this machine's clock is 41 days ahead of 127.0.0.1:"),
    ],
)  # fmt: skip
def test_a_clock_that_is_fast_is_named(
    server: AdminServer, monkeypatch: pytest.MonkeyPatch, hours: float, source: Any, told: str
) -> None:
    """Where the API refuses the future, and where a day that isn't over would be taken for a whole one."""
    server.now = NOW - timedelta(hours=hours)
    monkeypatch.setattr(admin_api, "POLICY", admin_api.POLICY._replace(jobs=1))
    error = refused(server, monkeypatch, source=source)

    assert told in error.message
    assert error.hint == "set this machine's clock, then run again"
    assert error.exit_code == ExitCode.UNCOUNTED


@pytest.mark.parametrize(
    "date", ["", "yesterday", "Sun, 22 Nov 2026 14:35:00", "Sun, 99 Nov 99999 99:99:99 GMT", "x" * 10_000]
)
def test_a_date_that_is_none_says_nothing_of_the_clock(server: AdminServer, date: str) -> None:
    """A header is somebody else's text."""

    def plan(seen: Seen) -> Any:
        return lambda x: send(x, Reply(200, server.respond(seen).body, (("date", date),)))

    server.plan = plan

    assert made(server).totals.cost > 0


def test_a_clock_may_be_a_little_fast_or_slow(server: AdminServer) -> None:
    """Nothing is said where it changes nothing: no report depends on the minute."""
    for minutes in (-600, -3, 0.5, 60):
        when = NOW + timedelta(minutes=minutes)
        found = report.make_report(way_to(server), Options(), (), (), when).trends

        assert found.period.window.end == datetime(2026, 11, 22, tzinfo=UTC)


# ---------------------------------------------------------------------------------------------------------
# Faults


@pytest.mark.parametrize(
    ("status", "message", "hint"),
    [
        (401, "invalid x-api-key", "an admin of the organization creates one"),
        (403, "This endpoint requires an Admin API key.", "a report needs an Admin API key"),
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
        (404, "Not found", "this organization has no `"),
    ],
)
def test_refusals_say_what_to_do(
    server: AdminServer, monkeypatch: pytest.MonkeyPatch, status: int, message: str, hint: str
) -> None:
    """In the terms of a report; the first one ends the run, so that hardly anything more is sent."""
    server.refusal, server.admins = (status, message), frozenset()
    error = refused(server, monkeypatch)

    assert error.message.startswith(f"not fetched: 127.0.0.1:{server.port} answered {status}: {message}")
    assert hint in error.hint
    assert error.exit_code == ExitCode.UNCOUNTED
    assert len(server.requests) <= QUICK.jobs


@pytest.mark.parametrize(
    "fault", ["429_retry_after_1", "500", "503", "529", "reset", "close", "truncated_body", "408"]
)
def test_what_passes_is_tried_again(server: AdminServer, fault: str) -> None:
    """A report is complete after a fault that went away."""
    server.plan = [fault, fault]
    found = made(server, days=2)

    assert found.totals.cost == dollars(within(server, found))


TAKES = {"100_continue", "103_early_hints", "http_1_0", "chunked", "silent_close", "extra_answer"}


@pytest.mark.parametrize("fault", sorted(set(FAULTS) - TAKES - {"gzip_bomb", "huge_body"}))
def test_every_fault_ends_in_time_without_the_key(
    server: AdminServer, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    """One sentence, exit code 3, no figure: a report without some of its figures would mislead."""
    server.plan = always(fault)
    began = time.monotonic()
    error = refused(server, monkeypatch, QUICK)
    told = "".join(traceback.format_exception(error)) + repr(error.messages())

    assert time.monotonic() - began < QUICK.deadline + 3
    assert error.exit_code == ExitCode.UNCOUNTED
    assert error.message.startswith("not fetched: ")
    assert "canary" not in told


def test_a_redirect_is_not_followed(server: AdminServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever it leads to sees neither the key nor the request."""
    with AdminServer() as other:
        server.plan = always(redirect(307, other.url))
        error = refused(server, monkeypatch)

        assert other.requests == []
    assert "never followed" in error.message
    assert "PROMPT_LINT_ADMIN_URL" in error.hint


def test_a_page_has_its_size(server: AdminServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Megabytes are read, but not without end."""
    monkeypatch.setattr(admin_api, "LARGEST_PAGE", 300_000)
    server.plan = always(body(b'{"data": [' + b" " * 400_000 + b"]}"))

    assert "sent more than 292 KiB" in refused(server, monkeypatch).message


def test_nobody_there(socket_enabled: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """A refused connection is a sentence."""
    socket_allow_hosts(["127.0.0.1"], allow_unix_socket=True)
    with refusing() as url:
        assert "refuses connections" in refused(url, monkeypatch).message


def test_a_long_wait_is_told_not_waited(server: AdminServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """`retry-after` beyond the deadline ends the run and says when to come back."""
    server.plan = always(retry_after("3600"))

    assert "it asks to come back in 60 min" in refused(server, monkeypatch).message


BUCKET: dict[str, Any] = {"starting_at": "2026-11-20T00:00:00Z", "ending_at": "2026-11-21T00:00:00Z"}
ROW: dict[str, Any] = {
    "uncached_input_tokens": 1, "cache_creation": {"ephemeral_1h_input_tokens": 1, "ephemeral_5m_input_tokens": 1},
    "cache_read_input_tokens": 1, "output_tokens": 1, "server_tool_use": {"web_search_requests": 1},
}  # fmt: skip


def page(*results: Any, **given: Any) -> dict[str, Any]:
    return {"data": [{**BUCKET, "results": list(results)}], "has_more": False, "next_page": None, **given}


@pytest.mark.parametrize(
    ("answer", "field"),
    [
        (None, "data"), ([], "data"), ({"data": {}}, "data"), ({"data": [1]}, "data"), ({"data": [{**BUCKET}]}, "results"),
        (page({**ROW, "output_tokens": -1}), "output_tokens"), (page({**ROW, "output_tokens": "1"}), "output_tokens"),
        (page({**ROW, "output_tokens": 1.0}), "output_tokens"), (page({**ROW, "output_tokens": True}), "output_tokens"),
        (page({**ROW, "output_tokens": 2**63}), "output_tokens"), (page({**ROW, "cache_creation": None}), "cache_creation"),
        (page({**ROW, "model": 5}), "model"), (page({**ROW, "model": "x" * 501}), "model"),
        (page({**ROW, "server_tool_use": [1]}), "server_tool_use"), (page(ROW, has_more=True), "next_page"),
        ({"data": [{**BUCKET, "starting_at": "2026-11-20", "results": [ROW]}]}, "starting_at"),
        ({"data": [{**BUCKET, "starting_at": "1999-11-20T00:00:00Z", "results": [ROW]}]}, "starting_at"),
        ({"data": [{**BUCKET, "starting_at": "2026-11-20T05:00:00Z", "results": [ROW]}]}, "starting_at"),
        ({"data": [{**BUCKET, "starting_at": None, "results": []}]}, "starting_at"),
        ({"data": [{**BUCKET, "starting_at": "9999-12-31T23:59:59-23:59", "results": [ROW]}]}, "starting_at"),
    ],
)  # fmt: skip
def test_answers_that_are_not_what_the_reference_says(
    server: AdminServer, monkeypatch: pytest.MonkeyPatch, answer: Any, field: str
) -> None:
    """Are no figures: the field is named, and nothing is added up."""
    server.plan = lambda seen: body(json.dumps(answer).encode()) if "usage_report" in seen.route else None

    assert f"without a valid `{field}`" in refused(server, monkeypatch).message


@pytest.mark.parametrize("amount", [5, 5.5, "1,5", "NaN", "1e3", "", None, "٣", "5\n", "Infinity", "9" * 16])
def test_amounts_are_decimal_strings(
    server: AdminServer, monkeypatch: pytest.MonkeyPatch, amount: Any
) -> None:
    """A JSON number would have been rounded on its way, so it is none."""
    answer = page({"amount": amount, "currency": "USD"})
    server.plan = lambda seen: body(json.dumps(answer).encode()) if "cost_report" in seen.route else None

    assert "without a valid `amount`" in refused(server, monkeypatch).message


def costing(server: AdminServer, *rows: dict[str, Any]) -> Any:
    """A plan: 20 November costs these, all else nothing."""

    def plan(seen: Seen) -> Any:
        if "cost_report" not in seen.route:
            return None
        answer = json.loads(server.respond(seen).body)
        for bucket in answer["data"]:
            bucket["results"] = list(rows) if bucket["starting_at"] == BUCKET["starting_at"] else []
        return body(json.dumps(answer).encode())

    return plan


def test_cents_become_dollars_exactly(server: AdminServer) -> None:
    """`123.45` is $1.2345, and stays so to the last digit."""
    row = {
        "amount": "123.450000000000001",
        "currency": "USD",
        "cost_type": "tokens",
        "token_type": "output_tokens",
    }
    server.plan = costing(server, row)

    assert made(server).totals.cost == Decimal("1.23450000000000001")


def test_currencies_are_not_added_up(server: AdminServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two of them have no sum; one that isn't the dollar is named."""
    rows = [{"amount": "1", "currency": name, "description": name} for name in ("USD", "EUR")]
    server.plan = costing(server, *rows)
    error = refused(server, monkeypatch)
    server.plan, server.currency = [], "EUR"

    assert "EUR and USD" in error.message
    assert "EUR and " in headline(made(server))


@pytest.mark.parametrize("currency", ["usd", "US", "USD\n", "\x1b[31m", "\n::error::x", "x" * 500, 5])
def test_a_currency_is_three_letters(
    server: AdminServer, monkeypatch: pytest.MonkeyPatch, currency: Any
) -> None:
    """It stands beside each amount, in every output."""
    server.plan = costing(server, {"amount": "1", "currency": currency})

    assert "without a valid `currency`" in refused(server, monkeypatch).message


@pytest.mark.parametrize("most", [None, 2])
@pytest.mark.parametrize(
    ("days", "told"),
    [
        (("2026-11-19",), "usage_report/messages left out 2026-11-19, so"),
        (("2026-11-15",), "left out 2026-11-15, so"),
        (("2026-11-21",), "left out 2026-11-21, so"),
        (("2026-11-10",), "left out 2026-11-10, so"),
        (("2026-11-02",), "cost_report left out 2026-11-02, so"),
        (tuple(f"2026-11-{n}" for n in range(10, 16)), "left out 2026-11-10, 2026-11-11, 2026-11-12 and 3 more, so"),
    ],
)  # fmt: skip
def test_a_day_that_is_left_out_is_not_taken_for_an_empty_one(
    server: AdminServer, monkeypatch: pytest.MonkeyPatch, days: tuple[str, ...], told: str, most: int | None
) -> None:
    """The API tells empty days, too: one that is missing anywhere in a page is named, and nothing is added up."""
    server.lost = frozenset(datetime.fromisoformat(f"{day}T00:00Z") for day in days)
    server.most = most
    error = refused(server, monkeypatch, deadline=20)

    assert told in error.message
    assert error.exit_code == ExitCode.UNCOUNTED


def test_an_hour_that_is_left_out_is_named(server: AdminServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """With its day; today's hours aren't over, so none of them is missed."""
    server.lost = frozenset(datetime(2026, 11, 22, hour, tzinfo=UTC) for hour in range(24))
    found = made(server, bucket="1h", days=1)
    server.lost = frozenset({datetime(2026, 11, 20, 17, tzinfo=UTC)})

    assert found.totals.cost == dollars(within(server, found))
    assert "left out 2026-11-20 17:00, so" in refused(server, monkeypatch, bucket="1h").message


def test_an_empty_day_is_one_without_usage(server: AdminServer) -> None:
    """`messages` tells it as an empty bucket, `analytics` with no row at all: both are whole."""
    server.events = [event for event in server.events if event.at.day != 19]
    sources: tuple[Any, ...] = ("messages", "analytics")
    found = [made(server, source=source) for source in sources]

    assert [one.days[4].usage.tokens for one in found] == [0, 0]
    assert found[0].totals.cost == found[1].totals.cost > 0


def test_what_is_told_twice_is_not_counted_twice(
    server: AdminServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that repeats a page would double the bill: that is a fault, and ends."""
    server.plan = lambda seen: (
        body(json.dumps(page(ROW, has_more=True, next_page="page_again")).encode())
        if "usage_report" in seen.route
        else None
    )
    error = refused(server, monkeypatch)

    assert "told something twice" in error.message
    assert len(server.requests) < 12


def test_rows_have_an_end(server: AdminServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """An organization with a million keys needs fewer groups, not all the memory."""
    monkeypatch.setattr(admin_api, "MOST_ROWS_IN_ALL", 50)

    assert "fewer --group-by" in refused(server, monkeypatch).hint


def test_requests_have_an_end(server: AdminServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """A list without end is left after so many pages."""
    server.most = 1
    monkeypatch.setattr(admin_api, "POLICY", RequestPolicy(*admin_api.POLICY)._replace(max_requests=5))
    with pytest.raises(Fatal, match="limit of 5 requests is used up"):
        report.make_report(way_to(server), Options(days=20), (), (), NOW)


def test_earliest_is_within_a_year() -> None:
    """365 days of `analytics`, and nothing before 2026."""
    assert admin_api.earliest("messages", NOW) is None
    assert admin_api.earliest("analytics", NOW) == datetime(2026, 1, 1, tzinfo=UTC)
    assert admin_api.earliest("analytics", datetime(2027, 6, 1, 5, tzinfo=UTC)) == datetime(
        2026, 6, 2, tzinfo=UTC
    )
    assert timedelta(days=1) == trends.DAY
