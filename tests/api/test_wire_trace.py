"""Which requests have left this machine, where they went, and who is to blame where none did."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING

import pytest
from tests.support.api_server import KEY, ApiServer, always, blackhole, refusing

from prompt_lint.api import direct
from prompt_lint.api.credentials import KeyCredential, find_credential
from prompt_lint.api.responses import RequestFailed
from prompt_lint.model.values import Request

if TYPE_CHECKING:
    from collections.abc import Callable

MODEL = "claude-opus-5"
REQUEST = Request({"messages": [{"role": "user", "content": "Hi."}]})


def send(env: dict[str, str], request: Request = REQUEST) -> tuple[list[str], str]:
    """Send a request; return the hosts of what has left, and the message of the failure."""
    sent: list[str] = []
    credential = find_credential({"ANTHROPIC_API_KEY": KEY, **env})
    assert isinstance(credential, KeyCredential)
    with direct.connect(credential, 1.0, sent.append) as count_tokens:
        try:
            count_tokens(MODEL, request)
        except RequestFailed as failed:
            return sent, f"{failed.message}; {failed.hint}"
    return sent, ""


def test_a_request_that_is_answered_was_sent_to_its_host(api: ApiServer) -> None:
    """Also one that is answered with an error, or not at all."""
    env = {"ANTHROPIC_BASE_URL": api.url}
    sent = [f"127.0.0.1:{api.port}"]

    assert send(env) == (sent, "")
    for fault in ("500", "reset"):
        api.plan = always(fault)
        assert send(env)[0] == sent


@pytest.mark.parametrize(
    "listener",
    [refusing, blackhole, lambda: nullcontext("https://nowhere.invalid")],
    ids=["refused", "never accepted", "unknown name"],
)
def test_nothing_is_sent_where_there_is_no_connection(
    loopback: None, listener: Callable[[], AbstractContextManager[str]]
) -> None:
    """Nor is anything counted as sent."""
    with listener() as url:
        sent, message = send({"ANTHROPIC_BASE_URL": url})

    assert sent == []
    assert url.partition("://")[2] in message


def test_what_cannot_be_written_as_json_is_not_sent(api: ApiServer) -> None:
    """A lone surrogate, for example."""
    request = Request({"messages": [{"role": "user", "content": "\ud800"}]})

    assert send({"ANTHROPIC_BASE_URL": api.url}, request)[0] == []


@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"])
def test_a_proxy_that_cannot_be_reached_is_to_blame_by_its_variable(
    loopback: None, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    """Not the host behind it, which has never heard of the request; and not the password."""
    with refusing() as url:
        address = url.partition("://")[2]
        proxy = f"http://user:hunter2@{address}"
        monkeypatch.setenv(variable, proxy)
        sent, message = send({variable: proxy})

    assert sent == []
    assert message == (
        f"the proxy {address} ({variable}) refuses connections; check the proxy's address, or name the host in NO_PROXY"
    )


def test_a_proxy_without_a_name_is_to_blame(loopback: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """As it was called in the variable."""
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.invalid:8080")

    sent, message = send({"HTTPS_PROXY": "http://proxy.invalid:8080"})

    assert sent == []
    assert message.startswith(
        "the name of the proxy proxy.invalid:8080 (HTTPS_PROXY) can't be resolved; check the proxy's address, or name the host in NO_PROXY"
    )


def test_a_proxy_that_refuses_the_way_is_to_blame(api: ApiServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """It was asked, and the request itself never left."""
    monkeypatch.setenv("HTTPS_PROXY", api.url)

    sent, message = send({"HTTPS_PROXY": api.url})

    assert {seen.method for seen in api.requests} == {"CONNECT"}
    assert sent == []
    assert message.startswith(f"the proxy 127.0.0.1:{api.port} (HTTPS_PROXY) ")


def test_a_host_that_no_proxy_leads_to_is_to_blame_itself(
    loopback: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """NO_PROXY is obeyed, so the proxy has nothing to do with it."""
    env = {"HTTPS_PROXY": "http://127.0.0.1:9", "NO_PROXY": "nowhere.invalid"}
    for name, value in env.items():
        monkeypatch.setenv(name, value)

    sent, message = send({**env, "ANTHROPIC_BASE_URL": "https://nowhere.invalid"})

    assert (sent, message) == (
        [],
        "the name nowhere.invalid can't be resolved; check the network and the proxy settings",
    )
