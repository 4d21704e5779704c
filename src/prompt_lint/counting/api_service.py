"""The API as a source of counts: found by its credential, connected when something is to be counted."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from prompt_lint.api.credentials import (
    API_URL,
    KeyCredential,
    NoCredential,
    find_credential,
    find_routing_variables,
)
from prompt_lint.api.endpoint import get_host
from prompt_lint.counting.sources import ApiService

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from contextlib import AbstractContextManager

    from prompt_lint.api.credentials import Provider, SdkCredential
    from prompt_lint.api.policy import RequestPolicy
    from prompt_lint.api.request_pool import CountTokens
    from prompt_lint.api.responses import Result
    from prompt_lint.counting.sources import CountMany
    from prompt_lint.model.values import Request


def find_service(
    env: Mapping[str, str], provider: Provider, policy: RequestPolicy
) -> tuple[ApiService | None, str]:
    """Return the API; or None, and why there is none. Raises `Fatal` for a credential that must not be used."""
    credential = find_credential(env, provider)
    if isinstance(credential, NoCredential):
        return None, credential.reason
    sent: list[None] = []  # to append is safe between threads
    service = ApiService(
        _find_host(credential, env),
        lambda: _connect(credential, policy, sent),
        lambda: len(sent),
        find_routing_variables(env, provider),
    )
    return service, ""


def name_endpoint(env: Mapping[str, str], provider: Provider) -> str:
    """Return what tells the exact counts of one endpoint from those of another, which may count otherwise."""
    if provider != "anthropic":
        return provider
    return env.get("ANTHROPIC_BASE_URL", "").rstrip("/") or API_URL


def _find_host(credential: KeyCredential | SdkCredential, env: Mapping[str, str]) -> str:
    if isinstance(credential, KeyCredential):
        return credential.host
    if credential.provider == "anthropic":
        return get_host(env.get("ANTHROPIC_BASE_URL") or API_URL)
    return f"the API of {credential.provider}"


@contextmanager
def _connect(
    credential: KeyCredential | SdkCredential, policy: RequestPolicy, sent: list[None]
) -> Iterator[CountMany]:
    """Import the HTTP library or the SDK, and connect. Every request that is sent makes `sent` longer."""
    from prompt_lint.api import request_pool  # noqa: PLC0415  # threads, for runs that send something

    connection: AbstractContextManager[CountTokens]
    if isinstance(credential, KeyCredential):
        from prompt_lint.api import direct  # noqa: PLC0415  # httpx2

        connection = direct.connect(credential, policy.timeout)
    else:
        from prompt_lint.api import sdk  # noqa: PLC0415  # 1.6 s

        connection = sdk.connect(credential, policy.timeout)
    with connection as send:

        def send_one(model: str, request: Request) -> Result:
            sent.append(None)
            return send(model, request)

        yield lambda keyed_requests: request_pool.count_requests(keyed_requests, send_one, policy)
