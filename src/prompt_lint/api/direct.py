"""Counting with a key of one's own: the request that the SDK would send, without the SDK's two seconds of import."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from prompt_lint import __version__
from prompt_lint.api.responses import Reply, RequestFailed, make_redactor, parse_token_count

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import httpx2

    from prompt_lint.api.credentials import KeyCredential
    from prompt_lint.api.responses import Response
    from prompt_lint.model.values import Request

PATH = "/v1/messages/count_tokens"
# What the SDK 2.12 sends; this version takes keys and tokens alike as `Authorization: Bearer`.
API_VERSION = "2026-10-21"
# The edge refuses larger ones (32 MB).
MAX_BODY_BYTES = 32 * 1024 * 1024


@contextmanager
def connect(way: KeyCredential, timeout: float) -> Iterator[Callable[[str, Request], Reply]]:
    """A function that counts, for many threads at once. It raises `RequestFailed`.

    `timeout` is in seconds, for a request. Connections are kept, one for each thread that calls.
    """
    import httpx2  # noqa: PLC0415  # 0.2 s that only a run with something to count pays

    from prompt_lint.api.http_client import Shared, new_client  # noqa: PLC0415  # the same

    # A proxy of the environment is for the way out. What goes to this machine, perhaps without TLS, stays here.
    outside = way.base_url.lower().startswith("https:")
    hide = make_redactor((way.secret.reveal(), *(value.reveal() for _, value in way.headers)))
    client = new_client(httpx2.Client, way.host, timeout, outside=outside)
    post = _poster(client, way, timeout)
    use = Shared(client.close)

    def count(model: str, request: Request) -> Reply:
        body = encode_body(model, request)
        with use:
            return parse_token_count(post(body), way.host, hide)

    try:
        yield count
    finally:
        use.leave()


def _poster(client: httpx2.Client, way: KeyCredential, timeout: float) -> Callable[[bytes], Response]:
    import httpx2  # noqa: PLC0415  # imported already

    from prompt_lint.api.http_client import exchanged  # noqa: PLC0415  # the same

    url = httpx2.URL(way.base_url + PATH)
    headers = _headers(way)
    extensions = {"timeout": httpx2.Timeout(timeout).as_dict()}

    def post(body: bytes) -> Response:
        # Without the client's own merging of headers and cookies, which costs a third of the whole.
        request = httpx2.Request("POST", url, headers=headers, content=body, extensions=extensions)
        return exchanged(client, request, way.host, timeout)

    return post


def _headers(way: KeyCredential) -> list[tuple[str, str]]:
    headers = {
        "host": way.host,
        "accept": "application/json",
        "accept-encoding": "identity",
        "connection": "keep-alive",
        "content-type": "application/json",
        "user-agent": f"prompt-lint/{__version__}",
        "authorization": f"Bearer {way.secret.reveal()}",
        "anthropic-version": API_VERSION,
    }
    return list((headers | {name.lower(): value.reveal() for name, value in way.headers}).items())


def encode_body(model: str, request: Request) -> bytes:
    """The body. Raises `RequestFailed` for what no JSON text can hold."""
    fields: dict[str, Any] = {"model": model, **request.ordered_fields()}
    try:
        body = json.dumps(fields, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
    except (ValueError, RecursionError):  # ValueError also for lone surrogates
        body = b""
    if not body:
        raise RequestFailed("key", "the request can't be written as JSON in UTF-8")
    if len(body) > MAX_BODY_BYTES:
        raise RequestFailed("key", f"the request has {len(body):,} bytes, and the API takes 32 MB")
    return body
