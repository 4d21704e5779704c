"""An address that requests may be sent to is plain, and on this machine or with TLS."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prompt_lint.api.endpoint import validate_endpoint
from prompt_lint.model.errors import Fatal


@pytest.mark.parametrize(
    "url",
    ["http://localhost:4000", "http://127.0.0.1", "http://127.1.2.3:80/x", "http://[::1]:8080", "HTTPS://H.EXAMPLE", "https://h.example:443/a/b",
     "https://[2001:db8::1]/anthropic"],
)  # fmt: skip
def test_an_endpoint_on_this_machine_or_with_tls_is_accepted(url: str) -> None:
    """Gateways on the loopback need no TLS; others may have a port and a path."""
    assert validate_endpoint(url + "/", "X") == url


@given(st.text(max_size=40) | st.from_regex(r"https?://[^/]{0,20}(/.{0,10})?", fullmatch=True))
def test_an_accepted_endpoint_has_one_host(url: str) -> None:
    """Any other text is refused."""
    try:
        accepted = validate_endpoint(url, "X")
    except Fatal:
        return

    assert accepted.startswith(url[:7])
    assert not set(accepted) & set("@?#\\ \n\t\r") or "@" in accepted.split("/", 3)[3]
