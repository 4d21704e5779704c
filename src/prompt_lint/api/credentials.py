"""Which way to the API, by the environment and flags alone: with a key of one's own, through the SDK, or none.

No file of the repository and no `.env` is read. What is wrong is refused before anything is sent, in a
sentence that never holds the key.
"""

from __future__ import annotations

import os
import re
import sys
from typing import TYPE_CHECKING, Literal, NamedTuple

from prompt_lint.model.errors import Fatal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Provider = Literal["anthropic", "vertex", "foundry", "aws"]
PROVIDERS: tuple[Provider, ...] = ("anthropic", "vertex", "foundry", "aws")

API_URL = "https://api.anthropic.com"
# Keys for reports, the first that is set, and the variable that moves their requests.
ADMIN_KEY_VARIABLES = ("ANTHROPIC_ADMIN_KEY", "ANTHROPIC_ADMIN_API_KEY")
ADMIN_URL_VARIABLE = "PROMPT_LINT_ADMIN_URL"
ADMIN_HINT = """a report needs an Admin API key (sk-ant-admin…) in ANTHROPIC_ADMIN_KEY, or a token with the scope org:admin
an admin of the organization creates one in the Claude Console, under Settings > Admin keys
individual accounts have none, and Claude subscriptions (Pro, Max, Team) have no usage API"""

# Variables that move requests, or change whom they are sent past. Named in a run's notes, never shown.
ROUTING_VARIABLES = (
    "ANTHROPIC_BASE_URL", "ANTHROPIC_CUSTOM_HEADERS", "HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy",
    "ALL_PROXY", "all_proxy", "SSL_CERT_FILE", "SSL_CERT_DIR",
    "ANTHROPIC_VERTEX_BASE_URL", "ANTHROPIC_FOUNDRY_BASE_URL", "ANTHROPIC_AWS_BASE_URL",
)  # fmt: skip
_ONLY_FOR: Mapping[str, Provider] = {
    "ANTHROPIC_BASE_URL": "anthropic",
    "ANTHROPIC_VERTEX_BASE_URL": "vertex",
    "ANTHROPIC_FOUNDRY_BASE_URL": "foundry",
    "ANTHROPIC_AWS_BASE_URL": "aws",
}

# Nothing that two parsers could read in two ways: no user, no query, no fragment, no backslash, no blank.
_ENDPOINT = re.compile(
    r"(?P<scheme>https?)://(?P<host>[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::(?P<port>[0-9]{1,5}))?(?P<path>/[\w.~!$&'()*+,;=:@%/-]*)?",
    re.ASCII | re.IGNORECASE,
)
_LOOPBACK = re.compile(r"localhost|127\.\d{1,3}\.\d{1,3}\.\d{1,3}|\[::1\]", re.ASCII | re.IGNORECASE)


class Secret:
    """A credential that shows itself to nobody but `reveal`."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        return self._value

    def __repr__(self) -> str:
        return "Secret(…)"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)

    def __reduce__(self) -> str | tuple[object, ...]:
        raise TypeError("a secret is not written anywhere")


class KeyCredential(NamedTuple):
    """One request with a key or token of one's own. `base_url` has no slash at its end.

    `name` is the variable that holds the secret; `headers` are those of ANTHROPIC_CUSTOM_HEADERS, whose
    values are secrets, too.
    """

    base_url: str
    variable: str
    secret: Secret
    headers: tuple[tuple[str, Secret], ...] = ()

    @property
    def host(self) -> str:
        return get_host(self.base_url)


class SdkCredential(NamedTuple):
    """Through the SDK's own client. `why` names what asks for it."""

    provider: Provider
    source: str


class NoCredential(NamedTuple):
    """No credential. `why` says what was looked for."""

    reason: str


def find_credential(
    env: Mapping[str, str],
    provider: Provider = "anthropic",
    is_file: Callable[[str], bool] = os.path.isfile,
) -> KeyCredential | SdkCredential | NoCredential:
    """The way, by the precedence of the SDK 2.12: key, token, named profile, workload identity, profile on disk.

    `exists` tells whether a file is there: the SDK's profiles lie in the user's own folder. Raises `Fatal`
    for a credential or an endpoint that must not be used.
    """
    if provider != "anthropic":
        return SdkCredential(provider, f"--provider {provider}")
    for name in ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN"):
        if env.get(name):
            base = validate_endpoint(env.get("ANTHROPIC_BASE_URL") or API_URL, "ANTHROPIC_BASE_URL")
            return KeyCredential(base, name, _checked(name, env[name]), _custom_headers(env))
    if env.get("ANTHROPIC_BASE_URL"):
        validate_endpoint(env["ANTHROPIC_BASE_URL"], "ANTHROPIC_BASE_URL")
    if env.get("ANTHROPIC_PROFILE"):
        _own_folder(env)
        return SdkCredential("anthropic", "ANTHROPIC_PROFILE")
    identity = _identity(env)
    if identity:
        return identity
    return _profile_on_disk(env, is_file)


def find_admin_credential(env: Mapping[str, str], *, analytics: bool = False) -> KeyCredential:
    """Whom a report asks, and with which key. `analytics`: a key with the scope read:analytics will do, too.

    ANTHROPIC_BASE_URL is not obeyed: it leads to gateways for messages, and they mustn't see this key.
    Raises `Fatal` where there is none, or one of another kind.
    """
    name = next((name for name in ADMIN_KEY_VARIABLES if env.get(name)), "")
    if not name:
        there = "ANTHROPIC_API_KEY can't read reports: " if env.get("ANTHROPIC_API_KEY") else ""
        raise Fatal(f"{there}neither {' nor '.join(ADMIN_KEY_VARIABLES)} is set", ADMIN_HINT)
    value = _clean(name, env[name])
    ordinary = "sk-ant-api03" if analytics else "sk-ant-api"
    if value.lower().startswith(ordinary):
        raise Fatal(f"{name} holds an ordinary API key, which can't read reports", ADMIN_HINT)
    base = validate_endpoint(env.get(ADMIN_URL_VARIABLE) or API_URL, ADMIN_URL_VARIABLE)
    return KeyCredential(base, name, Secret(value))


def _checked(name: str, value: str) -> Secret:
    """Raises `Fatal`, without the value."""
    value = _clean(name, value)
    if value.lower().startswith("sk-ant-admin"):
        raise Fatal(
            f"{name} is an Admin API key, which can manage the organization and isn't needed to count",
            "use an ordinary API key; Admin keys are for `prompt-lint report`",
        )
    return Secret(value)


def _clean(name: str, value: str) -> str:
    """Raises `Fatal`, without the value. A stray newline would end up in the HTTP library's own error."""
    if value.strip() != value and _plain(value.strip()):
        raise Fatal(
            f"{name} has white space around it",
            f'a secret read from a file often ends in a newline: export {name}="$(printf %s "${name}")"'
            if value.rstrip() != value
            else f"store it without the blank in front, then set {name} again",
        )
    if not _plain(value):
        raise Fatal(
            f"{name} holds white space, a control character or one outside ASCII, so it is no key",
            "copy it once more from the Claude Console",
        )
    return value


def _plain(value: str) -> bool:
    return bool(value) and all("!" <= char <= "~" for char in value)


def validate_endpoint(
    url: str,
    variable: str,
    example: str = "https://gateway.example.com/anthropic",
    sent: str = "the key and the prompts",
) -> str:
    """`url` without a slash at its end. Raises `Fatal`, without the URL: it may hold a password.

    What is wrong is told with a right `example`, and with what is `sent` there.
    """
    match = _ENDPOINT.fullmatch(url)
    if match is None:
        raise Fatal(f"{variable} {_fault(url)}", f"right: {variable}={example}")
    if match["scheme"].lower() != "https" and not _LOOPBACK.fullmatch(match["host"]):
        raise Fatal(
            f"{variable} must begin with https://, or {sent} could be read on their way",
            "http:// is taken for this machine only (localhost, 127.0.0.1)",
        )
    if match["host"].startswith("[") and not _is_ipv6(match["host"][1:-1]):
        raise Fatal(f"{variable} isn't a plain address", f"right: {variable}={example}")
    if match["port"] and not 0 < int(match["port"]) < 65536:
        raise Fatal(f"{variable} has a port that can't be", "ports end at 65535")
    return url.rstrip("/")


def _is_ipv6(text: str) -> bool:
    from ipaddress import AddressValueError, IPv6Address  # noqa: PLC0415  # the rarest form

    try:
        IPv6Address(text)
    except AddressValueError:
        return False
    return True


def _fault(url: str) -> str:
    authority = re.sub(r"^[A-Za-z]+://", "", url).partition("/")[0]
    if "@" in authority:
        return "must not hold a user name or a password"
    if "?" in url or "#" in url:
        return "must not hold a query or a fragment"
    if not re.match(r"https?://", url, re.IGNORECASE):
        return "must begin with https://"
    return "isn't a plain address"


def get_host(url: str) -> str:
    """The host (and port) of an endpoint, for people."""
    return url.partition("://")[2].partition("/")[0]


def _custom_headers(env: Mapping[str, str]) -> tuple[tuple[str, Secret], ...]:
    """`Name: value` lines, as the SDK reads them: gateways use them. Raises `Fatal`, without the value."""
    found = []
    for line in env.get("ANTHROPIC_CUSTOM_HEADERS", "").split("\n"):
        name, colon, value = line.partition(":")
        name, value = name.strip(), value.strip()
        if not colon:
            continue
        if not re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", name) or not all(" " <= c <= "~" for c in value):
            raise Fatal(
                "ANTHROPIC_CUSTOM_HEADERS has a line that is no header", "right: Name: value, one a line"
            )
        found.append((name, Secret(value)))
    return tuple(found)


def _identity(env: Mapping[str, str]) -> SdkCredential | NoCredential | None:
    names = ("ANTHROPIC_FEDERATION_RULE_ID", "ANTHROPIC_ORGANIZATION_ID")
    tokens = ("ANTHROPIC_IDENTITY_TOKEN_FILE", "ANTHROPIC_IDENTITY_TOKEN")
    if not env.get(names[0]):
        return None
    missing = [name for name in names if not env.get(name)]
    if not any(env.get(name) for name in tokens):
        missing.append(" or ".join(tokens))
    if missing:
        return NoCredential(f"{names[0]} is set, but {', '.join(missing)} isn't")
    return SdkCredential("anthropic", "workload identity")


def _profile_on_disk(env: Mapping[str, str], exists: Callable[[str], bool]) -> SdkCredential | NoCredential:
    folder = _own_folder(env)
    if folder and any(
        exists(os.path.join(folder, *p)) for p in (("active_config",), ("configs", "default.json"))
    ):
        return SdkCredential("anthropic", "the profile in the user's configuration")
    return NoCredential(
        "neither ANTHROPIC_API_KEY nor ANTHROPIC_AUTH_TOKEN is set, nor is there a profile or a workload identity"
    )


def _own_folder(env: Mapping[str, str]) -> str:
    """Where the SDK keeps profiles. A relative one would be looked for in whatever repository this is."""
    named = env.get("ANTHROPIC_CONFIG_DIR")
    if named:
        if not os.path.isabs(named):
            raise Fatal(
                "ANTHROPIC_CONFIG_DIR must be an absolute path",
                "a relative one would be read from the repository",
            )
        return named
    if sys.platform == "win32":
        return os.path.join(env["APPDATA"], "Anthropic") if env.get("APPDATA") else ""
    return os.path.join(env["HOME"], ".config", "anthropic") if env.get("HOME") else ""


def find_routing_variables(env: Mapping[str, str], provider: Provider = "anthropic") -> tuple[str, ...]:
    """The names of those variables that are set and move this run's requests."""
    return tuple(
        name for name in ROUTING_VARIABLES if env.get(name) and _ONLY_FOR.get(name, provider) == provider
    )
