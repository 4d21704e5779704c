"""The addresses that requests are sent to: which of them may be used, and what their host is."""

from __future__ import annotations

import re

from prompt_lint.model.errors import Fatal

# Nothing that two parsers could read in two ways: no user, no query, no fragment, no backslash, no blank.
_URL = r"(?ai)(?P<scheme>https?)://(?P<host>[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::(?P<port>[0-9]{1,5}))?(?P<path>/[\w.~!$&'()*+,;=:@%/-]*)?"
_LOOPBACK = r"(?ai)localhost|127\.\d{1,3}\.\d{1,3}\.\d{1,3}|\[::1\]"


def validate_endpoint(
    url: str,
    variable: str,
    example: str = "https://gateway.example.com/anthropic",
    content: str = "the key and the prompts",
) -> str:
    """Return `url` without a slash at its end. Raises `Fatal`, without the URL, which may hold a password.

    The message names the `variable` that has the URL, a right `example`, and the `content` that is sent there.
    """
    match = re.fullmatch(_URL, url)
    if match is None:
        raise Fatal(f"{variable} {_find_fault(url)}", f"example: {variable}={example}")
    if match["scheme"].lower() != "https" and not re.fullmatch(_LOOPBACK, match["host"]):
        hint = "http:// is allowed for this machine only (localhost, 127.0.0.1)"
        raise Fatal(f"{variable} must begin with https://, or others could read {content} on the way", hint)
    if match["host"].startswith("[") and not _is_ipv6(match["host"][1:-1]):
        raise Fatal(f"{variable} isn't a plain address", f"example: {variable}={example}")
    if match["port"] and not 0 < int(match["port"]) < 65536:
        raise Fatal(f"{variable} has an invalid port", "a port is a number from 1 to 65535")
    return url.rstrip("/")


def get_host(url: str) -> str:
    """Return the host, and the port if one is named."""
    return url.partition("://")[2].partition("/")[0]


def _is_ipv6(text: str) -> bool:
    from ipaddress import AddressValueError, IPv6Address  # noqa: PLC0415  # 5 ms for the rarest form of a host

    try:
        IPv6Address(text)
    except AddressValueError:
        return False
    return True


def _find_fault(url: str) -> str:
    authority = re.sub(r"^[A-Za-z]+://", "", url).partition("/")[0]
    if "@" in authority:
        return "must not contain a user name or a password"
    if "?" in url or "#" in url:
        return "must not contain a query or a fragment"
    if not re.match(r"https?://", url, re.IGNORECASE):
        return "must begin with https://"
    return "isn't a plain address"
