"""Counting with a key or token: the request that the SDK would send, without the SDK's two seconds of import."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING

from prompt_lint.api.http_client import HttpClient
from prompt_lint.api.redact import make_redactor
from prompt_lint.api.responses import RequestFailed, parse_token_count
from prompt_lint.request.for_model import adapt_request

if TYPE_CHECKING:
    from collections.abc import Iterator

    from prompt_lint.api.credentials import KeyCredential
    from prompt_lint.api.request_pool import CountTokens
    from prompt_lint.api.responses import Result
    from prompt_lint.api.wire_trace import RecordSent
    from prompt_lint.model.values import Request

PATH = "/v1/messages/count_tokens"
# What the SDK 2.12 sends; this version takes keys and tokens alike as `Authorization: Bearer`.
API_VERSION = "2026-10-21"
# The API refuses larger bodies.
MAX_BODY_BYTES = 32 * 1024 * 1024


@contextmanager
def connect(
    credential: KeyCredential, timeout: float, record_sent: RecordSent | None = None
) -> Iterator[CountTokens]:
    """Yield a function that counts the tokens of a request.

    `timeout` is in seconds, for one request; `record_sent` gets the host of each that leaves.
    """
    key = credential.secret.reveal()
    custom_headers = {name.lower(): value.reveal() for name, value in credential.headers}
    headers = {"authorization": f"Bearer {key}", "anthropic-version": API_VERSION, **custom_headers}
    redact = make_redactor(key, *custom_headers.values())
    with HttpClient(
        credential.base_url,
        headers,
        timeout,
        proxy_variable=credential.proxy_variable,
        record_sent=record_sent,
    ) as client:

        def count_tokens(model: str, request: Request) -> Result:
            response = client.send("POST", PATH, encode_body(model, adapt_request(request, model)))
            return parse_token_count(response, credential.host, redact)

        yield count_tokens


def encode_body(model: str, request: Request) -> bytes:
    """Return the body as JSON. Raises `RequestFailed` for what JSON can't hold, and for more than the API takes."""
    fields = {"model": model, **request.ordered_fields()}
    try:
        body = json.dumps(fields, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
    except (ValueError, RecursionError):  # ValueError also for lone surrogates
        body = b""
    if not body:
        raise RequestFailed("request", "the request can't be written as JSON in UTF-8")
    if len(body) > MAX_BODY_BYTES:
        raise RequestFailed("request", f"the request has {len(body):,} bytes, and the API takes 32 MB")
    return body
