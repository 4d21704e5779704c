"""Servers on the loopback, which is all that a test may connect to, as fixtures."""

from __future__ import annotations

import os
from functools import cache
from typing import TYPE_CHECKING

import pytest
from pytest_socket import socket_allow_hosts
from tests.support.api_server import ApiServer
from tests.support.github_server import GitHubServer

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterator


@cache
def _load_certificates(
    load: Callable[..., ssl.SSLContext], named: tuple[str | None, ...], *, trust_env: bool
) -> ssl.SSLContext:
    return load(_trust_env=trust_env)


@pytest.fixture
def loopback(socket_enabled: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the test connect to this machine. HTTP clients share their certificates, which take long to load."""
    import httpcore2  # noqa: PLC0415  # a fifth of a second that other tests needn't pay

    load = httpcore2.default_ssl_context

    def share(*, _trust_env: bool = True) -> ssl.SSLContext:
        named = tuple(map(os.environ.get, ("SSL_CERT_FILE", "SSL_CERT_DIR")))
        return _load_certificates(load, named, trust_env=_trust_env)

    monkeypatch.setattr(httpcore2, "default_ssl_context", share)
    socket_allow_hosts(["127.0.0.1"], allow_unix_socket=True)


@pytest.fixture
def api(loopback: None) -> Iterator[ApiServer]:
    """The API: a running server that counts by prompt-lint's own tokenizer. More of them may be started by hand."""
    with ApiServer() as server:
        yield server


@pytest.fixture
def github(loopback: None) -> Iterator[GitHubServer]:
    """GitHub's API for one repository, `o/r`."""
    with GitHubServer() as server:
        yield server


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waits between tries, which are random, happen to be none."""
    monkeypatch.setattr("random.uniform", lambda low, _: low)
