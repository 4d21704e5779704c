"""Counting with a key, against a real server: what is sent, and every fault of a server."""

from __future__ import annotations

import json
import logging
import os
import re
import shutil
import subprocess
import sys
import time
import traceback
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
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
from prompt_lint.model.counts import Count, CountKey
from prompt_lint.model.errors import Fatal, Unreadable
from prompt_lint.model.values import Request

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from prompt_lint.model.counts import Outcome

MODEL = "claude-opus-5"
# Short, so that each fault ends in a moment; what is held is that it ends within them.
QUICK = RequestPolicy(deadline=0.4, stall=0.3, timeout=0.15)
PATIENT = RequestPolicy(deadline=20, stall=10, timeout=10)

# Faults whose answer is a true count all the same, and those that carry one of their own.
TRUE = {"100_continue", "103_early_hints", "http_1_0", "chunked", "silent_close", "extra_answer"}
FORTY_TWO = {"wrong_content_type"}
# Those that end the run at their first, and those that no second try follows.
ENDS = {"401", "402", "403", "429_spend_limit", "429_retry_after_3600", "429_retry_after_inf", "429_retry_after_huge",
        "429_retry_after_future_date", "529_retry_after_3600", "echo_key_401", *(f"redirect_{n}" for n in (301, 302, 303, 307, 308))}  # fmt: skip
ONCE = {*NO_COUNT, "400", "404", "405", "411", "413", "413_html", "204", "html_200", "huge_body", "endless_body", "gzip_bomb",
        "echo_key_400", "echo_key_404", "echo_key_as_count", "hostile_message"}  # fmt: skip


def credential_for(url: str, **env: str) -> KeyCredential:
    credential = find_credential({"ANTHROPIC_API_KEY": KEY, "ANTHROPIC_BASE_URL": url, **env})
    assert isinstance(credential, KeyCredential)
    return credential


def request(text: str = "What is 2 + 2?") -> Request:
    return Request({"messages": [{"role": "user", "content": text}]})


def work(n: int, model: str = MODEL) -> list[tuple[CountKey, Request]]:
    return [(CountKey(model, str(number)), request(f"prompt {number}")) for number in range(n)]


def run(
    credential: KeyCredential, items: list[tuple[CountKey, Request]], policy: RequestPolicy = QUICK
) -> dict[CountKey, Outcome]:
    with direct.connect(credential, policy.timeout) as send:
        return dict(count_requests(items, send, policy))


def true_count(item: tuple[CountKey, Request]) -> Count:
    return exactly(length_count(item[0].model, item[1].fields))


def exactly(n: int) -> Count:
    return Count(n, n, n, "api")


@pytest.fixture(autouse=True)
def _by_length(request: pytest.FixtureRequest) -> None:
    if "api" in request.fixturenames:
        request.getfixturevalue("api").count = length_count


def test_each_key_gets_the_count_of_the_server(api: ApiServer) -> None:
    """Over few connections that are kept."""
    items = work(100)

    outcomes = run(credential_for(api.url), items, RequestPolicy(jobs=8))

    assert outcomes == {item[0]: true_count(item) for item in items}
    assert len(api.requests) == 100
    assert api.connections <= 8


def test_the_request_is_what_the_api_expects(api: ApiServer) -> None:
    """Method, path, headers and body."""
    run(
        credential_for(api.url),
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


def test_a_token_and_custom_headers_are_sent(api: ApiServer) -> None:
    """The address may have a path, and custom headers replace ours."""
    api.plan = always("http_1_0")
    env = {"ANTHROPIC_AUTH_TOKEN": KEY, "ANTHROPIC_BASE_URL": f"{api.url}/gate/", "ANTHROPIC_CUSTOM_HEADERS": "X-Team: a\nAccept: x/y"}  # fmt: skip
    credential = find_credential(env)
    assert isinstance(credential, KeyCredential)
    run(credential, work(1))
    seen = api.requests[0]

    assert seen.path == "/gate" + COUNT_PATH
    assert seen.headers["authorization"] == f"Bearer {KEY}"
    assert seen.headers["x-team"] == "a"
    assert seen.headers["accept"] == "x/y"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(), lambda x: st.lists(x) | st.dictionaries(st.text(), x), max_leaves=8
)  # fmt: skip


@given(st.dictionaries(st.sampled_from(["messages", "system", "tools", "thinking"]), JSON, min_size=1))
def test_the_body_is_the_same_json_value_or_the_request_fails(fields: Mapping[str, Any]) -> None:
    """The order of keys is kept, too."""
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
def test_a_request_that_cannot_be_sent_leaves_the_others(api: ApiServer, text: str) -> None:
    """A lone surrogate and more than 32 MB fail without a request, and the other key is counted."""
    good = work(1)[0]

    outcomes = run(credential_for(api.url), [(CountKey(MODEL, "bad"), request(text)), good], RequestPolicy())

    assert isinstance(outcomes[CountKey(MODEL, "bad")], Unreadable)
    assert outcomes[good[0]] == true_count(good)
    assert len(api.requests) == 1


@pytest.mark.parametrize("name", sorted(set(FAULTS) - {"gzip_bomb"}))
def test_every_fault_ends_in_time_with_the_right_outcome(api: ApiServer, name: str, caplog: pytest.LogCaptureFixture) -> None:  # fmt: skip
    """A true count, or none with one line that says why: never a wrong count, never late, never with the key."""
    api.plan = always(name)
    items = work(4)
    caplog.set_level(logging.DEBUG)
    began = time.monotonic()
    good = name in TRUE | FORTY_TWO
    outcomes = run(credential_for(api.url), items, RequestPolicy(jobs=2) if good else QUICK._replace(jobs=2))
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
        assert len(reason.message.splitlines()) == 1
        assert len(reason.message) < 500
        assert KEY not in "".join(traceback.format_exception(reason)) + reason.message + reason.hint
    assert KEY not in "".join(r.getMessage() for r in caplog.records if r.name.startswith("prompt_lint"))
    if name in ENDS:
        assert len(api.requests) <= 2
    if name in ONCE:
        assert len(api.requests) <= 4


def test_a_compressed_response_is_not_decompressed(api: ApiServer) -> None:
    """A gibibyte in a megabyte costs nothing."""
    api.plan = always("gzip_bomb")
    bomb()  # made before its time is taken
    began = time.process_time()
    outcomes = run(credential_for(api.url), work(1))

    assert "compressed" in str(outcomes[CountKey(MODEL, "0")])
    assert time.process_time() - began < 1


@pytest.mark.parametrize("name", ["400", "404", "413", "413_html", "null_count", "hostile_message"])
def test_a_request_at_fault_leaves_the_others(api: ApiServer, name: str) -> None:
    """One bad prompt of ten: nine counts and one reason, and no request twice."""
    api.plan = where(b"prompt 3", name)

    outcomes = run(credential_for(api.url), work(10), PATIENT)

    assert sum(isinstance(outcome, Count) for outcome in outcomes.values()) == 9
    assert isinstance(outcomes[CountKey(MODEL, "3")], Unreadable)
    assert len(api.requests) == 10


def test_the_message_of_the_api_is_shown(api: ApiServer) -> None:
    """With the id of the request, which support asks for."""
    outcomes = run(credential_for(api.url), work(1, "claude-nonesuch"))

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
def test_a_single_fault_costs_no_count(api: ApiServer, name: str) -> None:
    """Everything is counted in the end."""
    api.plan = [name]

    outcomes = run(credential_for(api.url), work(10), RequestPolicy(timeout=2.0))

    assert all(isinstance(outcome, Count) for outcome in outcomes.values())
    assert len(api.requests) == 11


def test_counts_before_a_401_are_kept(api: ApiServer) -> None:
    """All other keys get the reason."""
    api.plan = after(30, "401")

    outcomes = run(credential_for(api.url), work(200), RequestPolicy(jobs=4))

    assert sum(isinstance(outcome, Count) for outcome in outcomes.values()) >= 26
    assert {str(o).partition(": ")[2][:30] for o in outcomes.values() if isinstance(o, Unreadable)} == {
        f"127.0.0.1:{api.port} answered 401: answered"[:30]
    }
    assert len(api.requests) <= 35


@pytest.mark.parametrize("name", sorted(RETRY_AFTER))
def test_no_retry_after_outlasts_the_run(api: ApiServer, name: str) -> None:
    """An hour, infinity, nonsense: the run ends within its own time, and says when to come back if it can't wait."""
    api.plan = always(f"429_retry_after_{name}")
    began = time.monotonic()
    outcomes = run(credential_for(api.url), work(3), QUICK)
    seconds = time.monotonic() - began
    long = name in {"3600", "inf", "huge", "future_date"}

    assert seconds < (1.5 if long else QUICK.deadline + 1)
    # An answer that comes too late for another try may say `in 0 s` and `in 1 s`.
    waits = {re.search(r"try again in (?![01] s)", str(outcome)) is not None for outcome in outcomes.values()}
    assert waits == {long}


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(api: ApiServer, code: int) -> None:
    """Neither the key nor the prompt goes to another address."""
    with ApiServer(count=length_count) as elsewhere:
        api.plan = always(redirect(code, elsewhere.url + COUNT_PATH))
        outcomes = run(credential_for(api.url), work(5))

        assert elsewhere.connections == 0
    assert {"redirect" in str(outcome) for outcome in outcomes.values()} == {True}


def test_a_second_response_is_not_taken_for_the_next_one(api: ApiServer) -> None:
    """A server that answers once too often gets no wrong number into a run."""
    api.plan = always("extra_answer")
    items = work(10)

    outcomes = run(credential_for(api.url), items, RequestPolicy(jobs=1))

    assert [outcomes[item[0]] for item in items] == [true_count(item) for item in items]


def test_a_server_that_takes_no_connection_fails_in_time(loopback: None) -> None:
    """A connection that is refused, and one that is never accepted."""
    with refusing() as url:
        refused = run(credential_for(url), work(2))
    with blackhole() as url:
        silent = run(credential_for(url), work(2))

    assert "refuses connections" in str(refused[CountKey(MODEL, "0")])
    assert "within" in str(silent[CountKey(MODEL, "0")])


def test_an_unknown_host_is_named(loopback: None) -> None:
    """In time."""
    outcomes = run(credential_for("https://nope.invalid"), work(1))

    assert "nope.invalid" in str(outcomes[CountKey(MODEL, "0")])


def test_a_server_without_tls_gives_no_count(api: ApiServer) -> None:
    """And no traceback."""
    outcomes = run(credential_for(api.url.replace("http:", "https:")), work(1))

    assert isinstance(outcomes[CountKey(MODEL, "0")], Unreadable)


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl makes the certificate")
def test_an_untrusted_certificate_is_refused(loopback: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    """Before the key is sent; it is accepted where SSL_CERT_FILE vouches for it."""
    certificate = make_certificate(tmp_path)
    with ApiServer(count=length_count, certificate=certificate) as server:
        untrusted = run(credential_for(server.url), work(3))
        received = len(server.requests)
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate.cert))
        trusted = run(credential_for(server.url), work(1))

    assert {"trusted" in str(outcome) for outcome in untrusted.values()} == {True}
    assert received == 0
    assert isinstance(trusted[CountKey(MODEL, "0")], Count)


@pytest.mark.parametrize(
    ("name", "value", "fault"),
    [
        ("SSL_CERT_FILE", "/nonexistent/hunter2.pem", "names a file that doesn't exist"),
        ("SSL_CERT_FILE", __file__, "names a file without certificates"),
        ("HTTPS_PROXY", "nonsense://u:hunter2@p", "isn't the address of a proxy"),
        ("HTTPS_PROXY", "http://u:hunter2@p:x", "isn't the address of a proxy"),
    ],
)  # fmt: skip
def test_an_unusable_proxy_or_certificate_is_refused_without_its_value(name: str, value: str, fault: str, monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    """The message says which variables to look at."""
    monkeypatch.setenv(name, value)

    with pytest.raises(Fatal) as caught, direct.connect(credential_for("https://api.example"), 1.0):
        pass

    assert name in caught.value.message
    assert fault in caught.value.message
    assert "hunter2" not in "".join(traceback.format_exception(caught.value))


def test_no_proxy_is_used_for_this_machine(api: ApiServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """The key for a gateway on the loopback, which needs no TLS, doesn't leave the machine."""
    with ApiServer(count=length_count) as proxy:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        outcomes = run(credential_for(api.url), work(1))

        assert proxy.connections == 0
    assert isinstance(outcomes[CountKey(MODEL, "0")], Count)


def test_a_proxy_gets_neither_key_nor_prompt(api: ApiServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """HTTPS_PROXY is obeyed, and learns only whom to connect to."""
    monkeypatch.setenv("HTTPS_PROXY", api.url)

    outcomes = run(credential_for("https://api.example"), work(1))

    assert isinstance(outcomes[CountKey(MODEL, "0")], Unreadable)
    assert {seen.method for seen in api.requests} == {"CONNECT"}
    assert KEY.encode() not in b"".join(seen.head + seen.body for seen in api.requests)


@pytest.mark.parametrize(
    "name", ["500", "reset", "not_http", "echo_key_500", "bad_length", "malformed_header"]
)
def test_no_exception_carries_the_key(api: ApiServer, name: str) -> None:
    """Neither in its text, nor in its cause or context."""
    api.plan = always(name)
    with direct.connect(credential_for(api.url), 1.0) as send, pytest.raises(RequestFailed) as caught:
        send(MODEL, request())
    error = caught.value

    assert error.__cause__ is None
    assert error.__context__ is None
    assert KEY not in "".join(traceback.format_exception(error)) + repr(error) + repr(error.args)


@given(st.binary(max_size=200))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_of_a_server_are_a_count_or_a_failure(api: ApiServer, data: bytes) -> None:
    """Nothing but `RequestFailed` is raised."""

    def fault(exchange: Any) -> bool:
        exchange.sock.sendall(b"HTTP/1.1 200 OK\r\n" + data)
        return False

    api.plan = always(fault)
    with direct.connect(credential_for(api.url), 1.0) as send:
        try:
            result = send(MODEL, request())
        except RequestFailed as failed:
            assert failed.message.isprintable()  # noqa: PT017  # either is right
            return

    assert result.value.tokens > 0


SCRIPT = """
import sys
from prompt_lint.api import credentials, request_pool
from prompt_lint.model.counts import CountKey
from prompt_lint.model.values import Request
from prompt_lint.api.policy import RequestPolicy
import os
heavy = {"anthropic", "httpx2", "pydantic", "asyncio", "concurrent.futures"}
before = heavy & set(sys.modules)
from prompt_lint.api import direct
credential = credentials.find_credential(os.environ)
with direct.connect(credential, 5.0) as send:
    outcomes = list(request_pool.count_requests([(CountKey("claude-opus-5", "d"), Request({"messages": [{"role": "user", "content": "x"}]}))], send, RequestPolicy()))
print(sorted(before), sorted(heavy & set(sys.modules)), outcomes[0][1].tokens)
"""


def test_counting_with_a_key_does_not_import_the_sdk(api: ApiServer) -> None:
    """The HTTP library is imported when it connects."""
    env = {**os.environ, "ANTHROPIC_API_KEY": KEY, "ANTHROPIC_BASE_URL": api.url}

    done = subprocess.run([sys.executable, "-c", SCRIPT], env=env, capture_output=True, text=True, check=True)

    before, then, number = done.stdout.replace("] ", "]|").strip().split("|")
    assert before == "[]"
    assert "httpx2" in then
    assert "anthropic" not in then
    assert "pydantic" not in then
    assert int(number) > 0
    assert done.stderr == ""
