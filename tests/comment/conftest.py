"""GitHub, for the tests of comments."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from pytest_socket import socket_allow_hosts
from tests.support.github_server import GitHubServer

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def server(socket_enabled: None) -> Iterator[GitHubServer]:
    socket_allow_hosts(["127.0.0.1"], allow_unix_socket=True)
    with GitHubServer() as found:
        yield found
