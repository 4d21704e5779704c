"""Counting through the SDK's own clients: profiles, workload identity, Vertex, Foundry and AWS.

The SDK reads the environment of this process by itself.
"""

from __future__ import annotations

import logging
import os
from contextlib import contextmanager
from importlib import import_module
from threading import Lock
from typing import TYPE_CHECKING, Any

from prompt_lint.api.credentials import (
    BASE_URL_VARIABLES,
    PROVIDER_MODULES,
    describe_extra,
    find_proxy_variable,
)
from prompt_lint.api.endpoint import get_host, validate_endpoint
from prompt_lint.api.http_client import UserCount, create_client, explain_failure, read_response
from prompt_lint.api.redact import make_redactor, to_one_line
from prompt_lint.api.responses import RequestFailed, list_causes, parse_token_count
from prompt_lint.model.errors import ExitCode, Fatal
from prompt_lint.request.for_model import adapt_request

if TYPE_CHECKING:
    from collections.abc import Iterator

    from prompt_lint.api.credentials import Provider, SdkCredential
    from prompt_lint.api.redact import Redact
    from prompt_lint.api.request_pool import CountTokens
    from prompt_lint.api.responses import Response, Result
    from prompt_lint.api.wire_trace import RecordSent
    from prompt_lint.model.values import Request

_CLIENTS: dict[Provider, str] = {
    "anthropic": "Anthropic",
    "vertex": "AnthropicVertex",
    "foundry": "AnthropicFoundry",
    "aws": "AnthropicAWS",
}

_SECRETS = (
    "ANTHROPIC_IDENTITY_TOKEN", "ANTHROPIC_FOUNDRY_API_KEY", "ANTHROPIC_AWS_API_KEY", "ANTHROPIC_API_KEY",
    "ANTHROPIC_AUTH_TOKEN", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN",
)  # fmt: skip


@contextmanager
def connect(
    credential: SdkCredential, timeout: float, record_sent: RecordSent | None = None
) -> Iterator[CountTokens]:
    """Yield a function that counts the tokens of a request.

    `timeout` is in seconds, for one request; `record_sent` gets the host of each that leaves. Raises `Fatal` where a part of the SDK is missing, or it finds no credential or address that may be used.
    """
    provider = credential.provider
    anthropic = _import_sdk(provider)
    redact = make_redactor(*(os.environ.get(name, "") for name in _SECRETS))
    client = _create_client(anthropic, credential, timeout, redact, record_sent)
    users = UserCount(client.close)
    try:
        variable = BASE_URL_VARIABLES[provider]
        host = get_host(validate_endpoint(str(client.base_url), variable))
        sender = _Sender(anthropic, client, host, timeout, redact)

        def count_tokens(model: str, request: Request) -> Result:
            with users:
                response = sender.send({"model": model, **adapt_request(request, model).ordered_fields()})
                return parse_token_count(response, host, redact, variable)

        yield count_tokens
    finally:
        users.leave()


def _import_sdk(provider: Provider) -> Any:
    # It would print whole prompts, and is read while the SDK is imported.
    os.environ.pop("ANTHROPIC_LOG", None)
    is_signed = not (provider == "aws" and os.environ.get("ANTHROPIC_AWS_API_KEY"))
    try:
        if provider in PROVIDER_MODULES and is_signed:
            import_module(PROVIDER_MODULES[provider])
    except ImportError as error:
        raise Fatal(
            f"--provider {provider} needs a package that isn't installed: {error.name or 'a part of the SDK'}",
            describe_extra(provider),
        ) from None
    anthropic = import_module("anthropic")
    logging.getLogger("anthropic").setLevel(logging.ERROR)
    return anthropic


def _create_client(
    anthropic: Any, credential: SdkCredential, timeout: float, redact: Redact, record_sent: RecordSent | None
) -> Any:
    variable = BASE_URL_VARIABLES[credential.provider]
    base_url = os.environ.get(variable, "")
    if base_url:
        validate_endpoint(base_url, variable)
    else:
        os.environ.pop(variable, None)  # an empty one means unset here, and a broken address to the SDK
    http_client = create_client(anthropic.DefaultHttpxClient, base_url, timeout, record_sent=record_sent)
    try:
        return getattr(anthropic, _CLIENTS[credential.provider])(
            max_retries=0, timeout=timeout, http_client=http_client, open_telemetry=False
        )
    except Exception as error:  # noqa: BLE001  # several classes, ValueError and TypeError among them
        http_client.close()
        reason = to_one_line(str(error), redact)
    raise Fatal(
        f"the Claude SDK can't be set up ({credential.source}): {reason}",
        "docs/environment.md lists the variables that each provider needs",
        ExitCode.USAGE,
    )


class _Sender:
    """Sends requests through a client of the SDK, from many threads at once."""

    def __init__(self, anthropic: Any, client: Any, host: str, timeout: float, redact: Redact) -> None:
        self._anthropic = anthropic
        self._client = client
        self._host = host
        self._timeout = timeout
        self._redact = redact
        self._lock = Lock()
        self._is_renewed = False

    def send(self, fields: dict[str, Any]) -> Response:
        """Return the response. At the first 401 the SDK fetches a new token, once, if it is one that expires."""
        was_renewed = self._is_renewed
        response = self._send_by(self._client, fields)
        if response.status != 401 or was_renewed or getattr(self._client, "credentials", None) is None:
            return response
        with self._lock:
            if not self._is_renewed:
                # Only a retry of its own makes the SDK drop the token that was refused.
                response = self._send_by(self._client.with_options(max_retries=1), fields)
                self._is_renewed = True
                return response
        return self._send_by(self._client, fields)

    def _send_by(self, client: Any, fields: dict[str, Any]) -> Response:
        try:
            # Raw: the SDK's own reading takes a string, nothing at all and NaN for counts.
            return read_response(client.messages.with_raw_response.count_tokens(**fields).http_response)
        except self._anthropic.APIStatusError as error:
            return read_response(error.response)
        except Exception as error:  # noqa: BLE001  # whatever it is, there is no response
            failed = self._explain_error(error)
        raise failed  # outside of `except`, so that it carries no exception whose text holds a credential

    def _explain_error(self, error: Exception) -> RequestFailed:
        for link in list_causes(error):  # what our own guard of the body raises comes wrapped
            if isinstance(link, RequestFailed):
                return link.with_traceback(None)
        if isinstance(error, UnicodeError | RecursionError):
            return RequestFailed("request", "the request can't be written as JSON in UTF-8")
        if isinstance(error, self._anthropic.APIConnectionError):
            proxy_variable = find_proxy_variable(os.environ)
            return explain_failure(error, error.request, self._host, self._timeout, proxy_variable)
        # Whatever else is raised before anything is sent concerns the credential, and so every request.
        reason = to_one_line(str(error), self._redact) or type(error).__name__
        return RequestFailed("fatal", f"the Claude SDK found no usable credential: {reason}")
