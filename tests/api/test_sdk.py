"""Counting through the SDK's own clients, against a real server."""

from __future__ import annotations

import base64
import importlib
import json
import logging
import subprocess
import sys
import time
import traceback
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from tests.support.api_server import (
    COUNT_PATH,
    KEY,
    NO_COUNT,
    ApiServer,
    always,
    body,
    length_count,
    redirect,
    status,
)

from prompt_lint.api import direct, sdk
from prompt_lint.api.credentials import KeyCredential, SdkCredential, find_credential
from prompt_lint.api.policy import RequestPolicy
from prompt_lint.api.request_pool import count_requests
from prompt_lint.api.responses import RequestFailed
from prompt_lint.model.counts import Count, CountKey
from prompt_lint.model.errors import Fatal, Unreadable
from prompt_lint.model.values import Request

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from tests.support.api_server import Exchange, Seen
    from tests.support.program import Done
    from tests.support.repo import Repo

    from prompt_lint.model.counts import Outcome

MODEL = "claude-opus-5"
IDENTITY = SdkCredential("anthropic", "workload identity")
SECRET_PROMPT = "c4nary prompt"
ASSERTION = "eyJhbGciOi.c4naryAssertion.sig"
# Short, so that each fault ends in a moment.
QUICK = RequestPolicy(deadline=0.4, stall=0.3, timeout=0.15)


def token_response(exchange: Exchange) -> bool:
    """The token endpoint of workload identity: each exchange gives the server's current key."""
    [key] = exchange.server.keys
    body = json.dumps({"access_token": key, "token_type": "Bearer", "expires_in": 600}).encode()
    exchange.sock.sendall(
        b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(body) + body
    )
    return True


def planned(fault: Any = None) -> Any:
    """Tokens for those who ask for one, and `fault` for every count."""
    return lambda seen: fault if seen.route == COUNT_PATH else token_response


@pytest.fixture
def identity(api: ApiServer, monkeypatch: pytest.MonkeyPatch) -> ApiServer:
    """The server, and an environment with a workload identity that leads to it."""
    api.count = length_count
    api.plan = planned()
    for name, value in {
        "ANTHROPIC_BASE_URL": api.url, "ANTHROPIC_FEDERATION_RULE_ID": "fdrl_1", "ANTHROPIC_ORGANIZATION_ID": "org_1",
        "ANTHROPIC_IDENTITY_TOKEN": ASSERTION,
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    return api


@pytest.fixture(scope="module", autouse=True)
def _sdk_is_imported() -> None:
    """What it takes to import the SDK is no part of a run whose time is measured."""
    importlib.import_module("anthropic")


@pytest.fixture(autouse=True)
def _log_level_as_before() -> Iterator[None]:
    logger = logging.getLogger("anthropic")
    before = logger.level
    yield
    logger.setLevel(before)


def request(text: str = "What is 2 + 2?") -> Request:
    return Request({"messages": [{"role": "user", "content": text}]})


def work(n: int) -> list[tuple[CountKey, Request]]:
    return [(CountKey(MODEL, str(number)), request(f"prompt {number}")) for number in range(n)]


def run(
    credential: SdkCredential, items: list[tuple[CountKey, Request]], policy: RequestPolicy = QUICK
) -> dict[CountKey, Outcome]:
    with sdk.connect(credential, policy.timeout) as send:
        return dict(count_requests(items, send, policy))


def counts(server: ApiServer) -> list[Seen]:
    return [seen for seen in server.requests if seen.route == COUNT_PATH]


RICH: Mapping[str, Any] = {
    "system": [{"type": "text", "text": "Sei höflich. 🎉", "cache_control": {"type": "ephemeral"}}],
    "tools": [{"name": "t", "description": "d", "input_schema": {"type": "object", "properties": {"b": {}, "a": {"type": "null"}}}}],
    "tool_choice": {"type": "auto"},
    "thinking": {"type": "disabled"},
    "output_config": {"effort": "low"},
    "cache_control": {"type": "ephemeral"},
    "speed": "standard",
    "messages": [
        {"role": "user", "content": [{"type": "text", "text": 'a\u2028b \\ " \x7f'}, {"type": "image", "source": {
            "type": "base64", "media_type": "image/png", "data": base64.b64encode(b"png").decode()}}]},
        {"role": "assistant", "content": "ok"},
        {"role": "user", "content": [{"type": "document", "source": {"type": "base64", "media_type": "application/pdf", "data": "/etc/hostname"}}]},
    ],
}  # fmt: skip

# What may differ: who we are, that nothing be packed for us, and what the SDK tells of itself.
OURS = {"user-agent", "accept-encoding"}


def comparable(seen: Seen) -> tuple[str, str, dict[str, str], Any]:
    headers = {k: v for k, v in seen.headers.items() if k not in OURS and not k.startswith("x-stainless-")}
    del headers["content-length"]
    return seen.method, seen.path, headers, seen.json()


@pytest.mark.parametrize(
    ("fields", "variable", "extra"),
    [
        (request().fields, "ANTHROPIC_API_KEY", ""),
        (RICH, "ANTHROPIC_AUTH_TOKEN", "X-Team: a\nanthropic-beta: b"),
        ({**RICH, "system": "plain"}, "ANTHROPIC_API_KEY", "X-Team: a\nanthropic-beta: b"),
        (request().fields, "ANTHROPIC_AUTH_TOKEN", ""),
    ],
    ids=["plain", "rich", "both", "plain with a token"],
)
def test_the_direct_client_and_the_sdk_send_the_same_request(
    api: ApiServer, monkeypatch: pytest.MonkeyPatch, variable: str, fields: Mapping[str, Any], extra: str
) -> None:
    """Method, path, every header but our name, and the body as a JSON value."""
    import anthropic  # noqa: PLC0415  # two seconds that only these tests need

    api.count = length_count
    monkeypatch.setenv(variable, KEY)
    monkeypatch.setenv("ANTHROPIC_BASE_URL", api.url)
    monkeypatch.setenv("ANTHROPIC_CUSTOM_HEADERS", extra)
    with anthropic.Anthropic(max_retries=0) as client:
        client.messages.count_tokens(model=MODEL, **fields)
    credential = find_credential(
        {variable: KEY, "ANTHROPIC_BASE_URL": api.url, "ANTHROPIC_CUSTOM_HEADERS": extra}
    )
    assert isinstance(credential, KeyCredential)
    with direct.connect(credential, 5.0) as send:
        send(MODEL, Request(fields))
    theirs, ours = api.requests

    assert comparable(ours) == comparable(theirs)


def test_a_workload_identity_fetches_one_token(identity: ApiServer) -> None:
    """The token is fetched once for the whole run, and every key gets its number."""
    items = work(40)

    outcomes = run(IDENTITY, items, RequestPolicy(jobs=8))

    assert outcomes == {
        key: Count(n, n, n, "api") for key, r in items for n in [length_count(MODEL, r.fields)]
    }
    assert len(identity.requests) - len(counts(identity)) == 1
    assert {seen.headers["accept-encoding"] for seen in counts(identity)} == {"identity"}


def test_an_expired_token_is_renewed_once(identity: ApiServer) -> None:
    """After a 401 the SDK fetches one new token, and nothing is lost."""
    with sdk.connect(IDENTITY, 5.0) as send:
        first = dict(count_requests(work(5), send, RequestPolicy()))
        identity.keys = frozenset({"sk-ant-oat01-the-next-one"})
        second = dict(count_requests(work(20), send, RequestPolicy(jobs=6)))

    assert all(isinstance(outcome, Count) for outcome in (*first.values(), *second.values()))
    assert len(identity.requests) - len(counts(identity)) == 2


def test_a_refused_token_ends_the_run(identity: ApiServer) -> None:
    """No third one is fetched."""
    identity.plan = planned("401")

    outcomes = run(IDENTITY, work(20), RequestPolicy())

    assert {"answered 401" in str(outcome) for outcome in outcomes.values()} == {True}
    assert len(identity.requests) - len(counts(identity)) <= 2


def test_a_profile_is_used_with_its_address(
    api: ApiServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The one that ANTHROPIC_PROFILE names."""
    api.count = length_count
    for folder, mode, value in (
        ("configs", 0o644, {"authentication": {"type": "user_oauth"}, "base_url": api.url}),
        ("credentials", 0o600, {"access_token": KEY, "expires_at": int(time.time()) + 3600}),
    ):
        file = tmp_path / folder / "work.json"
        file.parent.mkdir()
        file.write_text(json.dumps(value))
        file.chmod(mode)
    monkeypatch.setenv("ANTHROPIC_CONFIG_DIR", str(tmp_path))
    monkeypatch.setenv("ANTHROPIC_PROFILE", "work")
    monkeypatch.setenv("ANTHROPIC_BASE_URL", "")

    outcomes = run(SdkCredential("anthropic", "ANTHROPIC_PROFILE"), work(2), RequestPolicy())

    assert all(isinstance(outcome, Count) for outcome in outcomes.values())


@pytest.mark.parametrize(
    "name",
    [*NO_COUNT, "html_200", "204", "400", "402", "403", "404", "413_html", "429_spend_limit", "429_retry_after_3600", "429_retry_after_inf",
     "429", "500", "529", "hang", "drip_body", "reset_mid_body", "truncated_body", "not_http", "huge_body", "endless_body", "echo_key_400",
     "echo_key_500", "echo_key_as_count", "echo_key_as_request_id", "hostile_message", "redirect_307"],
)  # fmt: skip
def test_every_fault_ends_in_time_without_a_count(identity: ApiServer, name: str) -> None:
    """The SDK alone takes a string, nothing at all and NaN for counts, sleeps for hours, and reads without end."""
    identity.plan = planned(name)
    began = time.monotonic()
    outcomes = run(IDENTITY, work(3), QUICK._replace(jobs=2))
    seconds = time.monotonic() - began

    assert seconds < QUICK.deadline + 2
    assert len(outcomes) == 3
    for outcome in outcomes.values():
        assert isinstance(outcome, Unreadable)
        assert len(outcome.message.splitlines()) == 1
        assert KEY not in "".join(traceback.format_exception(outcome)) + outcome.message + outcome.hint


@pytest.mark.parametrize("name", ["chunked", "http_1_0", "silent_close", "extra_answer"])
def test_an_unusual_response_gives_no_wrong_count(identity: ApiServer, name: str) -> None:
    """One connection, one request after the other."""
    identity.plan = planned(name)
    items = work(6)

    outcomes = run(IDENTITY, items, RequestPolicy(jobs=1))

    assert outcomes == {
        key: Count(n, n, n, "api") for key, r in items for n in [length_count(MODEL, r.fields)]
    }


@pytest.mark.parametrize("name", ["500", "reset", "echo_key_400", "not_http", "echo_key_as_count"])
def test_no_exception_carries_the_token(identity: ApiServer, name: str) -> None:
    """Neither in its cause nor in its context: whoever prints it prints no token and no prompt."""
    identity.plan = planned(name)
    with sdk.connect(IDENTITY, 1.0) as send, pytest.raises(RequestFailed) as caught:
        send(MODEL, request(SECRET_PROMPT))
    shown = "".join(traceback.format_exception(caught.value))

    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
    assert KEY not in shown
    assert SECRET_PROMPT not in shown


def test_a_redirect_is_not_followed(identity: ApiServer) -> None:
    """Neither the key nor the prompt goes to another address."""
    with ApiServer(count=length_count) as elsewhere:
        identity.plan = planned(redirect(307, elsewhere.url + COUNT_PATH))
        outcomes = run(IDENTITY, work(3))

        assert elsewhere.connections == 0
    assert {"redirect" in str(outcome) for outcome in outcomes.values()} == {True}


def test_a_refused_identity_ends_the_run(identity: ApiServer) -> None:
    """The token endpoint's message is shown, the assertion that it echoes isn't."""

    def refuse(exchange: Exchange) -> bool:
        text = json.dumps({"error": {"message": f"bad assertion {ASSERTION}"}}).encode()
        exchange.sock.sendall(b"HTTP/1.1 400 Bad Request\r\ncontent-length: %d\r\n\r\n" % len(text) + text)
        return True

    identity.plan = always(refuse)

    outcomes = run(IDENTITY, work(5), RequestPolicy())

    assert counts(identity) == []
    for outcome in outcomes.values():
        assert "no usable credential" in str(outcome)
        assert "c4nary" not in str(outcome)


def test_a_request_that_cannot_be_sent_leaves_the_others(identity: ApiServer) -> None:
    """A lone surrogate and more than 32 MB fail without a request, and the other key is counted."""
    good = work(1)[0]

    outcomes = run(IDENTITY, [(CountKey(MODEL, "bad"), request("\ud800")), good], RequestPolicy())

    assert "JSON" in str(outcomes[CountKey(MODEL, "bad")])
    assert isinstance(outcomes[good[0]], Count)


FORTY_TWO = always(body(b'{"input_tokens": 42}'))


@pytest.mark.parametrize(
    ("provider", "env"),
    [
        ("foundry", {"ANTHROPIC_FOUNDRY_API_KEY": KEY, "ANTHROPIC_FOUNDRY_BASE_URL": "{url}"}),
        ("aws", {"ANTHROPIC_AWS_API_KEY": KEY, "ANTHROPIC_AWS_BASE_URL": "{url}", "ANTHROPIC_AWS_WORKSPACE_ID": "w", "AWS_REGION": "r"}),
    ],
)  # fmt: skip
def test_other_providers_count_with_their_own_clients(
    api: ApiServer, monkeypatch: pytest.MonkeyPatch, provider: Any, env: dict[str, str]
) -> None:
    """`--provider` with that platform's variables and a key for it."""
    api.plan = FORTY_TWO
    for name, value in env.items():
        monkeypatch.setenv(name, value.format(url=api.url))

    outcomes = run(SdkCredential(provider, "--provider"), work(2), RequestPolicy())

    assert set(outcomes.values()) == {Count(42, 42, 42, "api")}
    assert {seen.path for seen in api.requests} == {COUNT_PATH}
    assert {KEY in seen.head.decode() for seen in api.requests} == {True}


def test_vertex_counts_with_google_credentials(api: ApiServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """On its own path. Google's library is a stub: it can't run without Google."""
    credentials = SimpleNamespace(token="ya29.c4nary", expired=False, refresh=lambda request: None)
    auth = SimpleNamespace(default=lambda scopes: (credentials, "project"))
    for name, module in {
        "google": SimpleNamespace(auth=auth), "google.auth": auth, "google.auth.transport": SimpleNamespace(),
        "google.auth.transport.requests": SimpleNamespace(Request=object),
    }.items():  # fmt: skip
        monkeypatch.setitem(sys.modules, name, module)
    monkeypatch.setenv("CLOUD_ML_REGION", "global")
    monkeypatch.setenv("ANTHROPIC_VERTEX_PROJECT_ID", "project")
    monkeypatch.setenv("ANTHROPIC_VERTEX_BASE_URL", api.url)
    api.plan = FORTY_TWO

    outcomes = run(SdkCredential("vertex", "--provider"), work(2), RequestPolicy())

    assert set(outcomes.values()) == {Count(42, 42, 42, "api")}
    assert {seen.path for seen in api.requests} == {
        "/projects/project/locations/global/publishers/anthropic/models/count-tokens:rawPredict"
    }
    assert {seen.headers["authorization"] for seen in api.requests} == {"Bearer ya29.c4nary"}


@pytest.mark.parametrize("provider", ["vertex", "foundry", "aws"])
def test_a_provider_without_its_variables_says_what_is_missing(
    monkeypatch: pytest.MonkeyPatch, provider: Any
) -> None:
    """The SDK's message, on one line, before anything is sent."""
    monkeypatch.setenv("AWS_REGION", "r")
    for name in ("google.auth", "boto3"):
        monkeypatch.setitem(sys.modules, name, SimpleNamespace())
    with pytest.raises(Fatal) as caught, sdk.connect(SdkCredential(provider, f"--provider {provider}"), 1.0):
        pass

    assert f"--provider {provider}" in caught.value.message
    assert caught.value.message.isprintable()


@pytest.mark.parametrize(
    ("provider", "name", "env"),
    [
        ("anthropic", "ANTHROPIC_BASE_URL", {}),
        ("foundry", "ANTHROPIC_FOUNDRY_BASE_URL", {"ANTHROPIC_FOUNDRY_API_KEY": KEY}),
    ],
)
def test_an_address_without_tls_is_refused(
    monkeypatch: pytest.MonkeyPatch, provider: Any, name: str, env: dict[str, str]
) -> None:
    """As for the direct client."""
    for variable, value in {name: "http://gateway.example", **env}.items():
        monkeypatch.setenv(variable, value)
    with pytest.raises(Fatal, match=name), sdk.connect(SdkCredential(provider, "x"), 1.0):
        pass


@pytest.mark.parametrize(("provider", "hidden"), [("vertex", "google.auth"), ("aws", "boto3")])
def test_a_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch, provider: Any, hidden: str) -> None:
    """What to install, for a person and for a hook."""
    monkeypatch.setitem(sys.modules, hidden, None)
    with pytest.raises(Fatal) as caught, sdk.connect(SdkCredential(provider, "x"), 1.0):
        pass

    assert f'pip install "anthropic[{provider}]"' in caught.value.hint
    assert "additional_dependencies" in caught.value.hint


SCRIPT = """
import os
from prompt_lint.api.credentials import find_credential
from prompt_lint.api import sdk
from prompt_lint.model.values import Request
with sdk.connect(find_credential(os.environ), 5.0) as send:
    print(send("claude-opus-5", Request({"messages": [{"role": "user", "content": "c4nary prompt"}]})).value.tokens)
"""


def test_the_sdk_does_not_print_prompts(identity: ApiServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """ANTHROPIC_LOG=debug, which prints whole requests, has no effect."""
    monkeypatch.setenv("ANTHROPIC_LOG", "debug")

    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True)

    assert int(done.stdout) > 0
    assert done.stderr == ""


def test_the_api_of_a_cloud_is_believed(
    repo: Repo, lint: Callable[..., Done], api: ApiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There Anthropic's own servers count, as on its own host: where they differ, it is the tokenizer that is out of date."""
    monkeypatch.setenv("ANTHROPIC_FOUNDRY_API_KEY", KEY)
    monkeypatch.setenv("ANTHROPIC_FOUNDRY_BASE_URL", api.url)
    api.plan = always(body(b'{"input_tokens": 48}'))
    repo.write(".prompt-lint.yaml", f"models: [{MODEL}]\nlimit: 100\nprompts: [{{files: a.md}}]\n")
    repo.write("a.md", "Answer in full sentences, name your sources, and say what you do not know. " * 9)

    done = lint("check", "--provider", "foundry")

    assert done.code == 0
    assert "offline counts of the tokenizer v4.8 run " in done.out
    assert f"1 request sent to 127.0.0.1:{api.port}." in done.out
    assert lint("check", "--offline", "--no-cache").code == 1


# What has left this machine, as tests/api/test_wire_trace.py has it of the direct client


def test_the_sdk_sends_nothing_without_a_credential(
    api: ApiServer, monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    """A token file that isn't there is noticed before anything leaves; what is sent is counted as it is with a key."""
    for name, value in {
        "ANTHROPIC_BASE_URL": api.url, "ANTHROPIC_FEDERATION_RULE_ID": "fdrl_1", "ANTHROPIC_ORGANIZATION_ID": "org_1",
        "ANTHROPIC_IDENTITY_TOKEN_FILE": f"{tmp_path}/missing",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    sent: list[str] = []
    connection = sdk.connect(SdkCredential("anthropic", "workload identity"), 1.0, sent.append)

    with connection as count_tokens, pytest.raises(RequestFailed):
        count_tokens(MODEL, request())

    assert (sent, api.requests) == ([], [])


def test_the_host_of_a_cloud_is_the_one_that_was_sent_to(
    api: ApiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever its variables make of it. Its own variable is named where that is the wrong address."""
    monkeypatch.setenv("ANTHROPIC_FOUNDRY_API_KEY", KEY)
    monkeypatch.setenv("ANTHROPIC_FOUNDRY_BASE_URL", api.url)
    api.plan = always(status(404, html=True))
    sent: list[str] = []

    connection = sdk.connect(SdkCredential("foundry", "--provider foundry"), 5.0, sent.append)

    with connection as count_tokens, pytest.raises(RequestFailed) as caught:
        count_tokens(MODEL, request())

    assert sent == [f"127.0.0.1:{api.port}"]
    assert caught.value.hint == "check ANTHROPIC_FOUNDRY_BASE_URL: there is no API at this address"


def test_the_exchange_of_a_token_is_no_request_to_count(
    api: ApiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only what carries a prompt is counted as sent."""
    for name, value in {
        "ANTHROPIC_BASE_URL": api.url, "ANTHROPIC_FEDERATION_RULE_ID": "fdrl_1", "ANTHROPIC_ORGANIZATION_ID": "org_1",
        "ANTHROPIC_IDENTITY_TOKEN": "eyJhbGciOi.assertion.sig",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    sent: list[str] = []
    connection = sdk.connect(SdkCredential("anthropic", "workload identity"), 5.0, sent.append)

    with connection as count_tokens, pytest.raises(RequestFailed):  # the server has no token to give
        count_tokens(MODEL, request())

    assert sent == []
    assert api.requests
