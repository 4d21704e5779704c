"""Counting through the SDK's own clients: profiles, workload identity, Vertex, Foundry and AWS."""

from __future__ import annotations

import logging
import os
from contextlib import contextmanager
from importlib import import_module
from threading import Lock
from typing import TYPE_CHECKING, Any

from prompt_lint.api.credentials import get_host, validate_endpoint
from prompt_lint.api.responses import (
    Reply,
    RequestFailed,
    explain_network_error,
    make_redactor,
    parse_token_count,
    to_one_line,
)
from prompt_lint.model.errors import ExitCode, Fatal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from prompt_lint.api.credentials import Provider, SdkCredential
    from prompt_lint.api.responses import Response
    from prompt_lint.model.values import Request

    Post = Callable[[Any, dict[str, Any]], Response]

# Where each client has its address from, and the module without which an extra of the same name isn't installed.
_BASE_URL: dict[Provider, str] = {
    "anthropic": "ANTHROPIC_BASE_URL",
    "vertex": "ANTHROPIC_VERTEX_BASE_URL",
    "foundry": "ANTHROPIC_FOUNDRY_BASE_URL",
    "aws": "ANTHROPIC_AWS_BASE_URL",
}
_CLIENT: dict[Provider, str] = {
    "anthropic": "Anthropic",
    "vertex": "AnthropicVertex",
    "foundry": "AnthropicFoundry",
    "aws": "AnthropicAWS",
}
_NEEDS: dict[Provider, str] = {"vertex": "google.auth", "aws": "boto3"}

_SECRETS = (
    "ANTHROPIC_IDENTITY_TOKEN", "ANTHROPIC_FOUNDRY_API_KEY", "ANTHROPIC_AWS_API_KEY", "ANTHROPIC_API_KEY",
    "ANTHROPIC_AUTH_TOKEN", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN",
)  # fmt: skip


@contextmanager
def connect(way: SdkCredential, timeout: float) -> Iterator[Callable[[str, Request], Reply]]:
    """A function that counts, for many threads at once. It raises `RequestFailed`.

    `timeout` is in seconds, for a request. Raises `Fatal` where the SDK is missing, or finds no
    credential or address that may be used. The SDK reads the environment of this process itself.
    """
    anthropic = _import(way.provider)
    from prompt_lint.api.http_client import Shared  # noqa: PLC0415  # imports the HTTP library

    hide = make_redactor(tuple(os.environ.get(name, "") for name in _SECRETS))
    client = _client(anthropic, way, timeout, hide)
    use = Shared(client.close)
    try:
        where = get_host(validate_endpoint(str(client.base_url), _BASE_URL[way.provider]))
        post = _reauthenticating(_poster(anthropic, where, timeout, hide), client)

        def count(model: str, request: Request) -> Reply:
            with use:
                return parse_token_count(
                    post(client, {"model": model, **request.ordered_fields()}), where, hide
                )

        yield count
    finally:
        use.leave()


def _import(provider: Provider) -> Any:
    # It would print whole prompts, and is read while the SDK is imported.
    os.environ.pop("ANTHROPIC_LOG", None)
    is_signed = not (provider == "aws" and os.environ.get("ANTHROPIC_AWS_API_KEY"))
    try:
        if provider in _NEEDS and is_signed:
            import_module(_NEEDS[provider])
    except ImportError as error:
        raise Fatal(
            f"counting this way needs the Claude SDK, and {error.name or 'a part of it'} isn't installed",
            f'pip install "prompt-lint[{provider}]"; in a pre-commit hook: '
            f'additional_dependencies: ["prompt-lint[{provider}]"]',
        ) from None
    anthropic = import_module("anthropic")
    logging.getLogger("anthropic").setLevel(logging.ERROR)
    return anthropic


def _client(anthropic: Any, way: SdkCredential, timeout: float, hide: Callable[[str], str]) -> Any:
    from prompt_lint.api.http_client import new_client  # noqa: PLC0415  # imports the HTTP library

    name = _BASE_URL[way.provider]
    address = os.environ.get(name, "")
    if address:
        validate_endpoint(address, name)
    else:
        os.environ.pop(name, None)  # an empty one means unset here, and a broken address to the SDK
    outside = not address.lower().startswith("http:")
    http = new_client(anthropic.DefaultHttpxClient, get_host(address) or "the API", timeout, outside=outside)
    try:
        return getattr(anthropic, _CLIENT[way.provider])(
            max_retries=0, timeout=timeout, http_client=http, open_telemetry=False
        )
    except Exception as error:  # noqa: BLE001  # several classes, ValueError and TypeError among them
        http.close()
        why = to_one_line(str(error), hide)
    raise Fatal(
        f"the Claude SDK can't be used ({way.source}): {why}", "see docs/exact-counts.md", ExitCode.USAGE
    )


def _poster(anthropic: Any, where: str, timeout: float, hide: Callable[[str], str]) -> Post:
    from prompt_lint.api.http_client import received  # noqa: PLC0415  # imports the HTTP library

    def post(client: Any, fields: dict[str, Any]) -> Response:
        try:
            # Raw: the SDK's own reading takes a string, nothing at all and NaN for counts.
            return received(client.messages.with_raw_response.count_tokens(**fields).http_response)
        except anthropic.APIStatusError as error:
            return received(error.response)
        except Exception as error:  # noqa: BLE001  # anything else tells why there is no answer
            failed = _failure(anthropic, error, where, timeout, hide)
        raise failed  # out here, so that it carries no exception whose text holds a credential

    return post


def _failure(
    anthropic: Any, error: Exception, where: str, timeout: float, hide: Callable[[str], str]
) -> RequestFailed:
    link: BaseException | None = error
    while link is not None:  # what our own guard of the body raised comes wrapped
        if isinstance(link, RequestFailed):
            return link.with_traceback(None)
        link = link.__cause__ or link.__context__
    if isinstance(error, UnicodeError | RecursionError):
        return RequestFailed("key", "the request can't be written as JSON in UTF-8")
    if isinstance(error, anthropic.APIConnectionError):
        return explain_network_error(error, where, timeout)
    # Whatever else is raised before anything is sent concerns the credential, and so every request.
    said = to_one_line(str(error), hide) or type(error).__name__
    return RequestFailed("stop", f"the Claude SDK has no usable credential: {said}")


def _reauthenticating(post: Post, client: Any) -> Post:
    """`post`, but that the first 401 of a run with tokens that expire makes the SDK fetch a new one, once."""
    lock = Lock()
    renewed = False

    def careful(_: Any, fields: dict[str, Any]) -> Response:
        nonlocal renewed
        before = renewed
        answer = post(client, fields)
        if answer.status != 401 or before or getattr(client, "credentials", None) is None:
            return answer
        with lock:
            if not renewed:
                # Only a retry of its own makes the SDK drop the token that was refused.
                answer = post(client.with_options(max_retries=1), fields)
                renewed = True
                return answer
        return post(client, fields)

    return careful
