"""The API as a source of counts: found by its credential, connected when something is to be counted."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from prompt_lint.api.credentials import (
    API_URL,
    BASE_URL_VARIABLES,
    KeyCredential,
    NoCredential,
    find_credential,
    find_routing_variables,
)
from prompt_lint.api.endpoint import get_host
from prompt_lint.counting.sources import ApiService
from prompt_lint.model.errors import Fatal

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from contextlib import AbstractContextManager

    from prompt_lint.api.credentials import Provider, SdkCredential
    from prompt_lint.api.policy import RequestPolicy
    from prompt_lint.api.request_pool import CountTokens
    from prompt_lint.api.wire_trace import RecordSent
    from prompt_lint.counting.sources import CountMany


def find_service(
    env: Mapping[str, str], provider: Provider, policy: RequestPolicy
) -> tuple[ApiService | None, str]:
    """Return the API; or None, and why there is none. Raises `Fatal` for a credential that must not be used."""
    credential = find_credential(env, provider)
    if isinstance(credential, NoCredential):
        return None, credential.reason
    sent_to: list[str] = []  # to append is safe between threads
    host = get_host(env.get("ANTHROPIC_BASE_URL") or API_URL).lower().partition(":")[0]
    service = ApiService(
        lambda: _connect(credential, policy, sent_to.append),
        sent_to,
        host=credential.host if isinstance(credential, KeyCredential) else f"the API of {provider}",
        is_gateway=provider == "anthropic" and host != get_host(API_URL),
        obeyed_variables=find_routing_variables(env, provider),
    )
    return service, ""


def has_credential(env: Mapping[str, str], provider: Provider) -> bool:
    """Return whether there is a credential, even one that would be refused."""
    try:
        return not isinstance(find_credential(env, provider), NoCredential)
    except Fatal:
        return True


def name_endpoint(env: Mapping[str, str], provider: Provider) -> str:
    """Return what tells the exact counts of one endpoint from those of another, which may count otherwise."""
    base_url = env.get(BASE_URL_VARIABLES[provider], "").rstrip("/")
    if provider == "anthropic":
        return base_url or API_URL
    return f"{provider} {base_url}" if base_url else provider


@contextmanager
def _connect(
    credential: KeyCredential | SdkCredential, policy: RequestPolicy, record_sent: RecordSent
) -> Iterator[CountMany]:
    from prompt_lint.api import request_pool  # noqa: PLC0415  # threads, for runs that send something

    connection: AbstractContextManager[CountTokens]
    if isinstance(credential, KeyCredential):
        from prompt_lint.api import direct  # noqa: PLC0415  # httpx2

        connection = direct.connect(credential, policy.timeout, record_sent)
    else:
        from prompt_lint.api import sdk  # noqa: PLC0415  # 1.6 s

        connection = sdk.connect(credential, policy.timeout, record_sent)
    with connection as send:
        yield lambda keyed_requests: request_pool.count_requests(keyed_requests, send, policy)
