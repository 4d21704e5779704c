"""The API server as a fixture: on the loopback, which is all that such a test may reach."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from pytest_socket import socket_allow_hosts
from tests.support.api_server import ApiServer

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def api(socket_enabled: None) -> Iterator[ApiServer]:
    """A running server that counts by prompt-lint's own tokenizer. More of them may be started by hand."""
    socket_allow_hosts(["127.0.0.1"], allow_unix_socket=True)
    with ApiServer() as server:
        yield server
