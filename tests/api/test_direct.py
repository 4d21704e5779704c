"""Counting with a key of one's own, against a real server: what is sent, and every way in which it can fail."""

from __future__ import annotations

import json
import logging
import os
import shutil
import subprocess
import sys
import time
import traceback
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pytest_socket import socket_allow_hosts
from tests.support.api_server import (
    COUNT_PATH,
    FAULTS,
    KEY,
    NO_COUNT,
    RETRY_AFTER,
    ApiServer,
    after,
    always,
    blackhole,
    bomb,
    length_count,
    make_certificate,
    redirect,
    refusing,
    where,
)

from prompt_lint import __version__
from prompt_lint.api import direct
from prompt_lint.api.credentials import KeyCredential, find_credential
from prompt_lint.api.policy import RequestPolicy
from prompt_lint.api.request_pool import count_requests
from prompt_lint.api.responses import RequestFailed
from prompt_lint.model.errors import Fatal, Unreadable
from prompt_lint.model.values import Count, CountKey, Request

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from prompt_lint.api.request_pool import Outcome

MODEL = "claude-opus-5"
# Short, so that each fault ends in a moment; what is held is that it ends within them.
QUICK = RequestPolicy(deadline=0.8, stall=0.6, timeout=0.25)

# Faults whose answer is a true count all the same, and those that carry one of their own.
TRUE = {"100_continue", "103_early_hints", "http_1_0", "chunked", "silent_close", "extra_answer"}
FORTY_TWO = {"wrong_content_type"}
# Those that end the run at their first, and those that no second try follows.
ENDS = {"401", "402", "403", "429_spend_limit", "429_retry_after_3600", "429_retry_after_inf", "429_retry_after_huge",
        "429_retry_after_future_date", "529_retry_after_3600", "echo_key_401", *(f"redirect_{n}" for n in (301, 302, 303, 307, 308))}  # fmt: skip
ONCE = {*NO_COUNT, "400", "404", "405", "411", "413", "413_html", "204", "html_200", "huge_body", "endless_body", "gzip_bomb",
        "echo_key_400", "echo_key_404", "echo_key_as_count", "hostile_message"}  # fmt: skip


def way_to(url: str, **env: str) -> KeyCredential:
    found = find_credential({"ANTHROPIC_API_KEY": KEY, "ANTHROPIC_BASE_URL": url, **env})
    assert isinstance(found, KeyCredential)
    return found


def request(text: str = "What is 2 + 2?") -> Request:
    return Request({"messages": [{"role": "user", "content": text}]})


def work(n: int, model: str = MODEL) -> list[tuple[CountKey, Request]]:
    return [(CountKey(model, str(number)), request(f"prompt {number}")) for number in range(n)]


def run(
    way: KeyCredential, items: list[tuple[CountKey, Request]], policy: RequestPolicy = QUICK
) -> dict[CountKey, Outcome]:
    with direct.connect(way, policy.timeout) as send:
        return dict(count_requests(items, send, policy))


def true_count(item: tuple[CountKey, Request]) -> Count:
    return exactly(length_count(item[0].model, item[1].fields))


def exactly(n: int) -> Count:
    return Count(n, n, n, "api")


@pytest.fixture(autouse=True)
def _by_length(request: pytest.FixtureRequest) -> None:
    if "api" in request.fixturenames:
        request.getfixturevalue("api").count = length_count


def test_counts_are_the_servers(api: ApiServer) -> None:
    """Each key with its own number, over few connections that are kept."""
    items = work(100)

    outcomes = run(way_to(api.url), items, RequestPolicy(jobs=8))

    assert outcomes == {item[0]: true_count(item) for item in items}
    assert len(api.requests) == 100
    assert api.connections <= 8


def test_the_request_is_what_the_api_expects(api: ApiServer) -> None:
    """Method, path, headers and body, to the letter."""
    run(
        way_to(api.url),
        [(CountKey(MODEL, "d"), Request({"messages": [{"role": "user", "content": "hé"}], "system": "s"}))],
    )
    [seen] = api.requests

    assert (seen.method, seen.path) == ("POST", COUNT_PATH)
    assert dict(seen.headers) == {
        "host": f"127.0.0.1:{api.port}",
        "accept": "application/json",
        "accept-encoding": "identity",
        "connection": "keep-alive",
        "content-type": "application/json",
        "user-agent": f"prompt-lint/{__version__}",
        "authorization": f"Bearer {KEY}",
        "anthropic-version": "2026-10-21",
        "content-length": str(len(seen.body)),
    }
    assert seen.json() == {"model": MODEL, "system": "s", "messages": [{"role": "user", "content": "hé"}]}


def test_a_token_and_the_headers_of_a_gateway_are_sent(api: ApiServer) -> None:
    """ANTHROPIC_AUTH_TOKEN as a key is, a path in the address, and ANTHROPIC_CUSTOM_HEADERS last."""
    api.plan = always("http_1_0")
    env = {"ANTHROPIC_AUTH_TOKEN": KEY, "ANTHROPIC_BASE_URL": f"{api.url}/gate/", "ANTHROPIC_CUSTOM_HEADERS": "X-Team: a\nAccept: x/y"}  # fmt: skip
    way = find_credential(env)
    assert isinstance(way, KeyCredential)
    run(way, work(1))
    seen = api.requests[0]

    assert seen.path == "/gate" + COUNT_PATH
    assert seen.headers["authorization"] == f"Bearer {KEY}"
    assert seen.headers["x-team"] == "a"
    assert seen.headers["accept"] == "x/y"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(), lambda x: st.lists(x) | st.dictionaries(st.text(), x), max_leaves=8
)  # fmt: skip


@given(st.dictionaries(st.sampled_from(["messages", "system", "tools", "thinking"]), JSON, min_size=1))
def test_any_request_arrives_as_it_is(fields: Mapping[str, Any]) -> None:
    """The body holds the same JSON value, key order inside included, or the key is told to be uncountable."""
    try:
        body = direct.encode_body(MODEL, Request(fields))
    except RequestFailed:
        with pytest.raises(UnicodeEncodeError):
            json.dumps(fields, ensure_ascii=False).encode()
        return

    assert json.loads(body) == {"model": MODEL, **fields}


@pytest.mark.parametrize(
    "text", ["\ud800", "x" * (direct.MAX_BODY_BYTES + 1)], ids=["surrogate", "too large"]
)
def test_what_can_not_be_sent_concerns_one_key(api: ApiServer, text: str) -> None:
    """A lone surrogate and more than 32 MB: told without a request, and the other key is counted."""
    good = work(1)[0]

    outcomes = run(way_to(api.url), [(CountKey(MODEL, "bad"), request(text)), good], RequestPolicy())

    assert isinstance(outcomes[CountKey(MODEL, "bad")], Unreadable)
    assert outcomes[good[0]] == true_count(good)
    assert len(api.requests) == 1


@pytest.mark.parametrize("name", sorted(set(FAULTS) - {"gzip_bomb"}))
def test_every_fault_ends_in_time_with_the_right_outcome(api: ApiServer, name: str, caplog: pytest.LogCaptureFixture) -> None:  # fmt: skip
    """A true count, or none with one line that says why: never a wrong one, never late, never with the key."""
    api.plan = always(name)
    items = work(4)
    caplog.set_level(logging.DEBUG)
    began = time.monotonic()
    good = name in TRUE | FORTY_TWO
    outcomes = run(way_to(api.url), items, RequestPolicy(jobs=2) if good else QUICK._replace(jobs=2))
    seconds = time.monotonic() - began
    reasons = [outcome for outcome in outcomes.values() if isinstance(outcome, Unreadable)]

    assert seconds <= QUICK.deadline + 2
    assert set(outcomes) == {key for key, _ in items}
    for item in items:
        outcome = outcomes[item[0]]
        if name in TRUE:
            assert outcome == true_count(item)
        elif name in FORTY_TWO:
            assert outcome == exactly(42)
        else:
            assert isinstance(outcome, Unreadable)
    for reason in reasons:
        assert reason.message.startswith("not counted: ")
        assert reason.message.isprintable()
        assert len(reason.message) < 500
        assert KEY not in "".join(traceback.format_exception(reason)) + reason.message + reason.hint
    assert KEY not in "".join(r.getMessage() for r in caplog.records if r.name.startswith("prompt_lint"))
    if name in ENDS:
        assert len(api.requests) <= 2
    if name in ONCE:
        assert len(api.requests) <= 4


def test_a_packed_answer_is_not_unpacked(api: ApiServer) -> None:
    """A gibibyte in a megabyte costs nothing, as nobody asked for it to be packed."""
    api.plan = always("gzip_bomb")
    bomb()  # made before its time is taken
    began = time.process_time()
    outcomes = run(way_to(api.url), work(1))

    assert "compressed" in str(outcomes[CountKey(MODEL, "0")])
    assert time.process_time() - began < 1


@pytest.mark.parametrize("name", ["400", "404", "413", "413_html", "null_count", "hostile_message"])
def test_what_concerns_one_key_leaves_the_others(api: ApiServer, name: str) -> None:
    """One bad prompt among ten: nine counts and one reason, and no request twice."""
    api.plan = where(b"prompt 3", name)

    outcomes = run(way_to(api.url), work(10))

    assert sum(isinstance(outcome, Count) for outcome in outcomes.values()) == 9
    assert isinstance(outcomes[CountKey(MODEL, "3")], Unreadable)
    assert len(api.requests) == 10


def test_the_apis_own_words_come_through(api: ApiServer) -> None:
    """An unknown model is told as the API tells it, with the id that support asks for."""
    outcomes = run(way_to(api.url), work(1, "claude-nonesuch"))

    assert str(outcomes[CountKey("claude-nonesuch", "0")]) == (
        f"not counted: 127.0.0.1:{api.port} answered 404: model: claude-nonesuch (req_test00000001)"
    )


@pytest.mark.parametrize(
    "name",
    [
        "500",
        "503_html",
        "529",
        "reset",
        "reset_mid_body",
        "truncated_body",
        "close",
        "429",
        "429_retry_after_1",
    ],
)
def test_a_passing_fault_costs_no_count(api: ApiServer, name: str) -> None:
    """Once is no outage: everything is counted in the end."""
    api.plan = [name]

    outcomes = run(way_to(api.url), work(10), RequestPolicy(timeout=2.0))

    assert all(isinstance(outcome, Count) for outcome in outcomes.values())
    assert len(api.requests) == 11


def test_a_key_that_ends_in_the_middle_keeps_what_was_counted(api: ApiServer) -> None:
    """Thirty counts and then 401: thirty counts, and the reason for all others."""
    api.plan = after(30, "401")

    outcomes = run(way_to(api.url), work(200), RequestPolicy(jobs=4))

    assert sum(isinstance(outcome, Count) for outcome in outcomes.values()) >= 26
    assert {str(o).partition(": ")[2][:30] for o in outcomes.values() if isinstance(o, Unreadable)} == {
        f"127.0.0.1:{api.port} answered 401: answered"[:30]
    }
    assert len(api.requests) <= 35


@pytest.mark.parametrize("name", sorted(RETRY_AFTER))
def test_a_wait_that_the_server_names_never_outlasts_the_run(api: ApiServer, name: str) -> None:
    """An hour, infinity, nonsense: the run ends within its own time, and says when to come back if it can't wait."""
    api.plan = always(f"429_retry_after_{name}")
    began = time.monotonic()
    outcomes = run(way_to(api.url), work(3), QUICK)
    seconds = time.monotonic() - began
    long = name in {"3600", "inf", "huge", "future_date"}

    assert seconds < (1.5 if long else QUICK.deadline + 1)
    assert long == all("come back in" in str(outcome) and name != "1" for outcome in outcomes.values())


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
def test_where_a_redirect_leads_nothing_arrives(api: ApiServer, code: int) -> None:
    """Neither the key nor the prompt goes anywhere but to the address that was named."""
    with ApiServer(count=length_count) as elsewhere:
        api.plan = always(redirect(code, elsewhere.url + COUNT_PATH))
        outcomes = run(way_to(api.url), work(5))

        assert elsewhere.connections == 0
    assert {"redirect" in str(outcome) for outcome in outcomes.values()} == {True}


def test_what_lies_behind_an_answer_is_not_the_next_one(api: ApiServer) -> None:
    """A server that answers once too often never gets a wrong number into a run."""
    api.plan = always("extra_answer")
    items = work(10)

    outcomes = run(way_to(api.url), items, RequestPolicy(jobs=1))

    assert [outcomes[item[0]] for item in items] == [true_count(item) for item in items]


def test_nobody_at_home(socket_enabled: None) -> None:
    """A refused connection, one that is never taken, and a name that isn't one: told in a line, in time."""
    socket_allow_hosts(["127.0.0.1"], allow_unix_socket=True)
    with refusing() as url:
        refused = run(way_to(url), work(2))
    with blackhole() as url:
        silent = run(way_to(url), work(2))

    assert "refuses connections" in str(refused[CountKey(MODEL, "0")])
    assert "within" in str(silent[CountKey(MODEL, "0")])


def test_a_name_that_leads_nowhere(socket_enabled: None) -> None:
    """The name can't be resolved: said so, in time."""
    outcomes = run(way_to("https://nope.invalid"), work(1))

    assert "nope.invalid" in str(outcomes[CountKey(MODEL, "0")])


def test_tls_to_a_plain_port(api: ApiServer) -> None:
    """The server doesn't speak TLS: no count, no traceback."""
    outcomes = run(way_to(api.url.replace("http:", "https:")), work(1))

    assert isinstance(outcomes[CountKey(MODEL, "0")], Unreadable)


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl makes the certificate")
def test_a_certificate_that_nobody_trusts(socket_enabled: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    """Refused at the first, before the key is sent; taken where SSL_CERT_FILE vouches for it."""
    socket_allow_hosts(["127.0.0.1"], allow_unix_socket=True)
    certificate = make_certificate(tmp_path)
    with ApiServer(count=length_count, certificate=certificate) as server:
        untrusted = run(way_to(server.url), work(3))
        received = len(server.requests)
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate.cert))
        trusted = run(way_to(server.url), work(1))

    assert {"trusted" in str(outcome) for outcome in untrusted.values()} == {True}
    assert received == 0
    assert isinstance(trusted[CountKey(MODEL, "0")], Count)


@pytest.mark.parametrize(
    ("name", "value"),
    [("SSL_CERT_FILE", "/nonexistent/hunter2.pem"), ("HTTPS_PROXY", "nonsense://u:hunter2@p"), ("HTTPS_PROXY", "http://u:hunter2@p:x")],
)  # fmt: skip
def test_an_environment_that_can_not_be_used_is_told_without_its_values(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    """A certificate that isn't there and a proxy that is none end the run in a line that names where to look."""
    monkeypatch.setenv(name, value)

    with pytest.raises(Fatal) as caught, direct.connect(way_to("https://api.example"), 1.0):
        pass

    assert name in caught.value.hint
    assert "hunter2" not in "".join(traceback.format_exception(caught.value))


def test_a_proxy_gets_nothing_that_is_meant_for_this_machine(
    api: ApiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a gateway on the loopback, which needs no TLS, the key doesn't leave the machine through a proxy."""
    with ApiServer(count=length_count) as proxy:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        outcomes = run(way_to(api.url), work(1))

        assert proxy.connections == 0
    assert isinstance(outcomes[CountKey(MODEL, "0")], Count)


def test_a_proxy_is_asked_for_what_goes_out(api: ApiServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """HTTPS_PROXY is honoured, and gets neither key nor prompt: only whom to connect to."""
    monkeypatch.setenv("HTTPS_PROXY", api.url)

    outcomes = run(way_to("https://api.example"), work(1))

    assert isinstance(outcomes[CountKey(MODEL, "0")], Unreadable)
    assert {seen.method for seen in api.requests} == {"CONNECT"}
    assert KEY.encode() not in b"".join(seen.head + seen.body for seen in api.requests)


@pytest.mark.parametrize(
    "name", ["500", "reset", "not_http", "echo_key_500", "bad_length", "malformed_header"]
)
def test_no_exception_carries_the_key(api: ApiServer, name: str) -> None:
    """Not its text, not its cause, not its context: whoever prints the chain prints no key."""
    api.plan = always(name)
    with direct.connect(way_to(api.url), 1.0) as send, pytest.raises(RequestFailed) as caught:
        send(MODEL, request())
    error = caught.value

    assert error.__cause__ is None
    assert error.__context__ is None
    assert KEY not in "".join(traceback.format_exception(error)) + repr(error) + repr(error.args)


@given(st.binary(max_size=200))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_on_the_wire_are_a_count_or_a_failure(api: ApiServer, data: bytes) -> None:
    """Whatever a server sends, nothing else than `RequestFailed` comes of it."""

    def fault(exchange: Any) -> bool:
        exchange.sock.sendall(b"HTTP/1.1 200 OK\r\n" + data)
        return False

    api.plan = always(fault)
    with direct.connect(way_to(api.url), 1.0) as send:
        try:
            result = send(MODEL, request())
        except RequestFailed as failed:
            assert failed.message.isprintable()  # noqa: PT017  # either is right
            return

    assert result.value.tokens > 0


SCRIPT = """
import sys
from prompt_lint.api import credentials, request_pool
from prompt_lint.model.values import CountKey, Request
from prompt_lint.api.policy import RequestPolicy
import os
heavy = {"anthropic", "httpx2", "pydantic", "asyncio", "concurrent.futures"}
before = heavy & set(sys.modules)
from prompt_lint.api import direct
way = credentials.find_credential(os.environ)
with direct.connect(way, 5.0) as send:
    outcomes = list(request_pool.count_requests([(CountKey("claude-opus-5", "d"), Request({"messages": [{"role": "user", "content": "x"}]}))], send, RequestPolicy()))
print(sorted(before), sorted(heavy & set(sys.modules)), outcomes[0][1].tokens)
"""


def test_a_static_key_needs_no_sdk(api: ApiServer) -> None:
    """A whole count imports the HTTP library when it connects, and the SDK never."""
    env = {**os.environ, "ANTHROPIC_API_KEY": KEY, "ANTHROPIC_BASE_URL": api.url}

    done = subprocess.run([sys.executable, "-c", SCRIPT], env=env, capture_output=True, text=True, check=True)

    before, then, number = done.stdout.replace("] ", "]|").strip().split("|")
    assert before == "[]"
    assert "httpx2" in then
    assert "anthropic" not in then
    assert "pydantic" not in then
    assert int(number) > 0
    assert done.stderr == ""
