"""The credential of a run, from the environment and flags alone: a key or token, one of the SDK's, or none.

No file of the repository and no `.env` is read. A credential that must not be used is refused before anything is sent, in a
sentence without its value.
"""

from __future__ import annotations

import os
import re
import sys
from importlib.util import find_spec
from typing import TYPE_CHECKING, Literal, NamedTuple

from prompt_lint.api.endpoint import get_host, validate_endpoint
from prompt_lint.model.errors import Fatal

if TYPE_CHECKING:
    from collections.abc import Mapping

Provider = Literal["anthropic", "vertex", "foundry", "aws"]

API_URL = "https://api.anthropic.com"
BASE_URL_VARIABLES: Mapping[Provider, str] = {
    "anthropic": "ANTHROPIC_BASE_URL",
    "vertex": "ANTHROPIC_VERTEX_BASE_URL",
    "foundry": "ANTHROPIC_FOUNDRY_BASE_URL",
    "aws": "ANTHROPIC_AWS_BASE_URL",
}
_AWS_REGIONS = ("AWS_REGION", "AWS_DEFAULT_REGION")
# What the SDK's clients need (2.12): one variable of each group. Project and keys may come from the clouds' own credentials.
_PROVIDER_NEEDS: Mapping[Provider, tuple[tuple[str, ...], ...]] = {
    "vertex": (("CLOUD_ML_REGION",),),
    "foundry": (("ANTHROPIC_FOUNDRY_API_KEY",), ("ANTHROPIC_FOUNDRY_RESOURCE", "ANTHROPIC_FOUNDRY_BASE_URL")),
    "aws": (_AWS_REGIONS, ("ANTHROPIC_AWS_WORKSPACE_ID",)),
}
# The module without which an extra of the SDK, called like its provider, isn't installed.
PROVIDER_MODULES: Mapping[Provider, str] = {"vertex": "google.auth", "aws": "boto3"}
# Variables that change whom requests are sent past, and who is trusted.
_PROXY_VARIABLES = (
    "HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy", "SSL_CERT_FILE", "SSL_CERT_DIR",
)  # fmt: skip

ADMIN_KEY_VARIABLES = ("ANTHROPIC_ADMIN_KEY", "ANTHROPIC_ADMIN_API_KEY")  # the first that is set
ADMIN_URL_VARIABLE = "PROMPT_LINT_ADMIN_URL"
ADMIN_HINT = """ANTHROPIC_ADMIN_KEY takes, by what the organization has:
Claude Console: an Admin API key (sk-ant-admin…), which an admin creates under Settings > Admin keys, or a token with org:admin
Claude Enterprise: an Analytics API key (scope read:analytics), with --source analytics
individual accounts and subscriptions (Pro, Max, Team): there is none, and no usage API"""


class Secret:
    """A credential that only `reveal` shows."""

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
    """A key or token for the direct client, and where it may be sent. `base_url` has no slash at its end.

    `headers` are those of ANTHROPIC_CUSTOM_HEADERS, whose values are secrets, too. `proxy_variable` is the one that names the
    proxy, if any; `obeyed_variables` are names of those by which the environment leads an Admin key elsewhere.
    """

    base_url: str
    secret: Secret
    headers: tuple[tuple[str, Secret], ...]
    proxy_variable: str
    obeyed_variables: tuple[str, ...] = ()

    @property
    def host(self) -> str:
        return get_host(self.base_url)


class SdkCredential(NamedTuple):
    """A credential that the SDK finds by itself. `source` names what asks for it."""

    provider: Provider
    source: str


class NoCredential(NamedTuple):
    """No credential. `reason` says what was looked for."""

    reason: str


def find_credential(
    env: Mapping[str, str], provider: Provider = "anthropic"
) -> KeyCredential | SdkCredential | NoCredential:
    """Return the first of: key, token, named profile, workload identity, profile on disk. The order is that of the SDK 2.12.

    Raises `Fatal` for a credential or an endpoint that must not be used.
    """
    if provider != "anthropic":
        _refuse_incomplete_provider(env, provider)
        return SdkCredential(provider, f"--provider {provider}")
    for variable in ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN"):
        if env.get(variable):
            base_url = validate_endpoint(env.get("ANTHROPIC_BASE_URL") or API_URL, "ANTHROPIC_BASE_URL")
            key = _validate_api_key(variable, env[variable])
            return KeyCredential(base_url, key, _parse_custom_headers(env), find_proxy_variable(env))
    if env.get("ANTHROPIC_BASE_URL"):
        validate_endpoint(env["ANTHROPIC_BASE_URL"], "ANTHROPIC_BASE_URL")
    if env.get("ANTHROPIC_PROFILE"):
        _get_sdk_folder(env)
        return SdkCredential("anthropic", "ANTHROPIC_PROFILE")
    return _find_workload_identity(env) or _find_profile(env)


def _refuse_incomplete_provider(env: Mapping[str, str], provider: Provider) -> None:
    """Raises `Fatal` that names all that a provider lacks."""
    has_aws_key = provider == "aws" and bool(env.get("ANTHROPIC_AWS_API_KEY"))
    needs = list(_PROVIDER_NEEDS[provider])
    if has_aws_key and env.get("ANTHROPIC_AWS_BASE_URL"):
        needs.remove(_AWS_REGIONS)  # which signs requests, and is part of the address
    missing = [" or ".join(names) for names in needs if not any(map(env.get, names))]
    hints = [f"set {', '.join(missing)}"] if missing else []
    module = "" if has_aws_key else PROVIDER_MODULES.get(provider, "")
    if module and not _is_installed(module):
        missing.append(f"the package {module.replace('.', '-')}")
        hints.append(describe_extra(provider))
    if missing:
        raise Fatal(f"--provider {provider} can't be used: it lacks {', '.join(missing)}", "\n".join(hints))


def _is_installed(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except (ImportError, ValueError):  # its package isn't there, or isn't a real one
        return sys.modules.get(module) is not None


def describe_extra(provider: str) -> str:
    """Return how to install what a provider needs besides the SDK."""
    return f'pip install "anthropic[{provider}]"; in a pre-commit hook: additional_dependencies: ["anthropic[{provider}]"]'


def find_admin_credential(env: Mapping[str, str], *, analytics: bool = False) -> KeyCredential:
    """Return the key for reports. With `analytics` a key with the scope read:analytics will do, too.

    ANTHROPIC_BASE_URL has no effect: it leads to gateways for messages, which mustn't see this key. Raises `Fatal` where there
    is no key, or one of another kind.
    """
    variable = next((name for name in ADMIN_KEY_VARIABLES if env.get(name)), "")
    if not variable:
        ordinary = "ANTHROPIC_API_KEY can't read reports: " if env.get("ANTHROPIC_API_KEY") else ""
        raise Fatal(f"{ordinary}neither {' nor '.join(ADMIN_KEY_VARIABLES)} is set", ADMIN_HINT)
    key = _validate_secret(variable, env[variable])
    if key.lower().startswith("sk-ant-api03" if analytics else "sk-ant-api"):
        raise Fatal(f"{variable} has an ordinary API key, which can't read reports", ADMIN_HINT)
    base_url = validate_endpoint(
        env.get(ADMIN_URL_VARIABLE) or API_URL, ADMIN_URL_VARIABLE, "https://gateway.example.com", "the key"
    )
    obeyed = _find_admin_variables(env, base_url)
    return KeyCredential(base_url, Secret(key), (), find_proxy_variable(env), obeyed)


def find_routing_variables(env: Mapping[str, str], provider: Provider = "anthropic") -> tuple[str, ...]:
    """Return the names of the set variables that requests obey on their way. The address isn't among them.

    To an address on this machine no proxy leads.
    """
    is_local = provider == "anthropic" and env.get("ANTHROPIC_BASE_URL", "").lower().startswith("http:")
    names = ("ANTHROPIC_CUSTOM_HEADERS", *(() if is_local else _PROXY_VARIABLES))
    return tuple(name for name in names if env.get(name))


def _find_admin_variables(env: Mapping[str, str], base_url: str) -> tuple[str, ...]:
    """Return the names of the variables that say where an Admin key is sent: the address, the proxy, the certificates.

    To an address on this machine no proxy leads, and past the hosts of NO_PROXY.
    """
    names = [ADMIN_URL_VARIABLE] if env.get(ADMIN_URL_VARIABLE) else []
    if base_url.lower().startswith("http:"):
        return tuple(names)
    proxy = find_proxy_variable(env)
    excepted = (env.get("no_proxy") or env.get("NO_PROXY", "")).replace(",", " ").split()
    host = "." + get_host(base_url).partition(":")[0]
    if proxy and not any(name == "*" or host.endswith(f".{name.lstrip('*.')}") for name in excepted):
        names.append(proxy)
    return (*names, *filter(env.get, ("SSL_CERT_FILE", "SSL_CERT_DIR")))


def find_proxy_variable(env: Mapping[str, str]) -> str:
    """Return the variable that names the proxy for https://, "" where none does; Python reads the small name first."""
    return next(filter(env.get, ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY")), "")


def is_printable_ascii(text: str) -> bool:
    """Whether the text could be a secret: at least one character, no blank, nothing outside ASCII."""
    return bool(text) and all("!" <= char <= "~" for char in text)


def _validate_api_key(variable: str, key: str) -> Secret:
    """Raises `Fatal`, without the value."""
    key = _validate_secret(variable, key)
    if key.lower().startswith("sk-ant-admin"):
        raise Fatal(
            f"{variable} is an Admin API key, which can manage the organization and isn't needed to count",
            "use an ordinary API key; Admin keys are for `prompt-lint report`",
        )
    return Secret(key)


def _validate_secret(variable: str, value: str) -> str:
    """Raises `Fatal`, without the value. A stray newline would end up in the HTTP library's own error."""
    if value.strip() != value and is_printable_ascii(value.strip()):
        raise Fatal(
            f"{variable} has white space around it",
            f'a secret read from a file often ends in a newline: export {variable}="$(printf %s "${variable}")"'
            if value.rstrip() != value
            else f"remove the blank in front of it, and set {variable} again",
        )
    if not is_printable_ascii(value):
        raise Fatal(
            f"{variable} contains white space, a control character or one outside ASCII, so it isn't a key",
            "copy it again from the Claude Console",
        )
    return value


def _parse_custom_headers(env: Mapping[str, str]) -> tuple[tuple[str, Secret], ...]:
    """Return the `Name: value` lines of ANTHROPIC_CUSTOM_HEADERS, as the SDK reads them. Raises `Fatal`, without a value."""
    headers = []
    for line in env.get("ANTHROPIC_CUSTOM_HEADERS", "").split("\n"):
        name, colon, value = line.partition(":")
        name, value = name.strip(), value.strip()
        if not colon:
            continue
        if not re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", name) or not all(" " <= c <= "~" for c in value):
            hint = "example: Name: value, one on each line"
            raise Fatal("ANTHROPIC_CUSTOM_HEADERS has a line that isn't a header", hint)
        headers.append((name, Secret(value)))
    return tuple(headers)


def _find_workload_identity(env: Mapping[str, str]) -> SdkCredential | NoCredential | None:
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


def _find_profile(env: Mapping[str, str]) -> SdkCredential | NoCredential:
    folder = _get_sdk_folder(env)
    files = (("active_config",), ("configs", "default.json"))
    if folder and any(os.path.isfile(os.path.join(folder, *parts)) for parts in files):
        return SdkCredential("anthropic", "the profile in the user's configuration")
    return NoCredential("ANTHROPIC_API_KEY isn't set, nor is a token, a profile or a workload identity")


def _get_sdk_folder(env: Mapping[str, str]) -> str:
    """Return the folder of the SDK's profiles, "" where there is none. Raises `Fatal` for a relative one.

    It would be looked for in the repository, which may be a stranger's.
    """
    folder = env.get("ANTHROPIC_CONFIG_DIR")
    if folder:
        if not os.path.isabs(folder):
            hint = "a relative one would be read from the repository"
            raise Fatal("ANTHROPIC_CONFIG_DIR must be an absolute path", hint)
        return folder
    if sys.platform == "win32":
        return os.path.join(env["APPDATA"], "Anthropic") if env.get("APPDATA") else ""
    return os.path.join(env["HOME"], ".config", "anthropic") if env.get("HOME") else ""
