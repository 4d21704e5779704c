"""What both ways to the API hold of HTTP: no redirects, a small plain body in time, nothing left on the line.

Importing this imports `httpx2`: do so only where something is to be counted.
"""

from __future__ import annotations

import time
from threading import Lock
from typing import TYPE_CHECKING, Any

import httpx2

from prompt_lint.api.responses import MAX_RESPONSE_BYTES, RequestFailed, Response, explain_network_error
from prompt_lint.model.errors import Fatal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def new_client(
    make: Callable[..., httpx2.Client],
    host: str,
    timeout: float,
    *,
    outside: bool,
    largest: int = MAX_RESPONSE_BYTES,
) -> httpx2.Client:
    """A client by `make`, ours or the SDK's. `timeout` is in seconds, `largest` in bytes of an answer.

    `outside` says whether the requests leave this machine: only then may the environment name a proxy.
    Raises `Fatal` where it names a proxy or a certificate that can't be used.
    """
    try:
        return make(
            timeout=httpx2.Timeout(timeout),
            # Threads bound the connections. One that a given-up request holds must not keep others waiting.
            limits=httpx2.Limits(max_connections=None, max_keepalive_connections=None, keepalive_expiry=30),
            follow_redirects=False,
            headers={"accept-encoding": "identity"},
            trust_env=outside,
            event_hooks={"response": [_guard(host, timeout, largest)]},
        )
    except Exception as error:  # noqa: BLE001  # of files, URLs and TLS; the text may hold a proxy's password
        kind = type(error).__name__
    raise Fatal(
        f"no HTTP client can be made of what the environment says ({kind})",
        "do SSL_CERT_FILE and SSL_CERT_DIR name what is there, and HTTPS_PROXY, HTTP_PROXY and ALL_PROXY proxies?",
    )


class Shared:
    """A client of many threads, closed by whoever uses it last: one may still hang when the run is over.

    Closing it under a thread that reads would hand that thread's descriptor to the next file opened.
    """

    def __init__(self, close: Callable[[], None]) -> None:
        self._close = close
        self._lock = Lock()
        self._users = 1

    def __enter__(self) -> None:
        with self._lock:
            if not self._users:
                raise RequestFailed("odd", "the run is over")
            self._users += 1

    def __exit__(self, *_: object) -> None:
        self.leave()

    def leave(self) -> None:
        with self._lock:
            self._users -= 1
            last = not self._users
        if last:
            self._close()


def exchanged(client: httpx2.Client, request: httpx2.Request, host: str, timeout: float) -> Response:
    """The answer to one request. Raises `RequestFailed` where none comes, whatever it was that went wrong."""
    try:
        return received(client.send(request))
    except RequestFailed:
        raise
    except Exception as error:  # noqa: BLE001  # anything else tells why there is no answer
        failed = explain_network_error(error, host, timeout)
    raise failed  # out here, so that it carries no exception whose text holds the key


def received(response: httpx2.Response) -> Response:
    """The answer, from a response of such a client. Reads it where that hasn't been done."""
    body = response.content if response.is_stream_consumed else response.read()
    stream = response.stream
    whole = not (isinstance(stream, _Guarded) and stream.cut)
    return Response(
        response.status_code,
        {name.lower(): value for name, value in response.headers.items()},
        body if whole else None,
    )


def _guard(host: str, timeout: float, largest: int) -> Callable[[httpx2.Response], None]:
    def guard(response: httpx2.Response) -> None:
        if response.headers.get("content-encoding", "identity").lower() != "identity":
            if response.status_code == 200:
                raise RequestFailed("odd", f"{host} sent a compressed answer that nobody asked for")
            del response.headers["content-encoding"]  # so that the body isn't unpacked
        response.stream = _Guarded(response, host, timeout, largest)

    return guard


class _Guarded(httpx2.SyncByteStream):
    """A body that is cut at `largest` bytes, given up when late, and followed by nothing."""

    def __init__(self, response: httpx2.Response, host: str, timeout: float, largest: int) -> None:
        assert isinstance(response.stream, httpx2.SyncByteStream)  # noqa: S101  # for the type checker
        self.cut = False
        self._stream = response.stream
        self._line = response.extensions.get("network_stream")
        self._host = host
        self._timeout = timeout
        self._largest = largest

    def __iter__(self) -> Iterator[bytes]:
        left, until = self._largest, time.monotonic() + self._timeout
        for chunk in self._stream:
            left -= len(chunk)
            if left < 0:
                self.cut = True
                return
            if time.monotonic() > until:
                raise RequestFailed("again", f"no whole answer from {self._host} within {self._timeout:g} s")
            yield chunk
        if self._line is not None and _behind(self._stream) != b"":
            self._line.close()

    def close(self) -> None:
        self._stream.close()


def _behind(stream: httpx2.SyncByteStream) -> bytes | None:
    """What came behind the answer: the HTTP parser has it, and would take it for the answer to the next request.

    There is no public way to it. Where this one ends, None: then the connection isn't used again.
    """
    link: Any = stream
    for name in ("_stream", "_httpcore_stream", "_stream", "_connection", "_h11_state"):
        link = getattr(link, name, None)
    behind = getattr(link, "trailing_data", (None,))[0]
    return behind if isinstance(behind, bytes) else None
