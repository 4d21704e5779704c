"""HTTP to one address: no redirects, a bounded uncompressed body in time, nothing left on the connection.

Importing this imports `httpx2` (0.2 s): import it only where something is to be sent.
"""

from __future__ import annotations

import time
from functools import partial
from threading import Lock
from typing import TYPE_CHECKING, Any, Self

import httpx2

from prompt_lint import __version__
from prompt_lint.api.endpoint import get_host
from prompt_lint.api.responses import MAX_RESPONSE_BYTES, RequestFailed, Response, explain_network_error
from prompt_lint.api.wire_trace import WireTrace
from prompt_lint.model.errors import Fatal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from prompt_lint.api.wire_trace import RecordSent


class HttpClient:
    """Sends requests to one address, from many threads at once. Each of them keeps its connection.

    `base_url` has no slash at its end, and `headers` are added to those of every request. `timeout` is in seconds, for a
    request; `max_bytes` is how much of a body is read. `proxy_variable` is what errors call the proxy by, and `record_sent`
    gets the host of each request that leaves. Raises `Fatal` where the environment names a proxy or a certificate that
    can't be used.
    """

    def __init__(
        self,
        base_url: str,
        headers: Mapping[str, str],
        timeout: float,
        max_bytes: int = MAX_RESPONSE_BYTES,
        *,
        proxy_variable: str = "",
        record_sent: RecordSent | None = None,
    ) -> None:
        self._base_url = base_url
        self._host = get_host(base_url)
        self._headers = {
            "host": self._host,
            "accept": "application/json",
            "accept-encoding": "identity",
            "connection": "keep-alive",
            "content-type": "application/json",
            "user-agent": f"prompt-lint/{__version__}",
            **headers,
        }
        self._timeout = timeout
        self._proxy_variable = proxy_variable
        self._extensions = {"timeout": httpx2.Timeout(timeout).as_dict()}
        self._client = create_client(
            httpx2.Client, base_url, timeout, max_bytes, record_sent, proxy_variable=proxy_variable
        )
        self._users = UserCount(self._client.close)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._users.leave()

    def send(
        self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] = {}
    ) -> Response:
        """Return the response, whatever its status is. Raises `RequestFailed` where there is none.

        `headers` are added to those of every request.
        """
        url = httpx2.URL(self._base_url + path)
        headers = {**self._headers, **headers}
        if body is None:
            del headers["content-type"]
        # Without the client's own merging of headers and cookies, which takes a third of the time.
        request = httpx2.Request(method, url, headers=headers, content=body, extensions=self._extensions)
        with self._users:
            try:
                return read_response(self._client.send(request))
            except RequestFailed:
                raise
            except Exception as error:  # noqa: BLE001  # whatever it is, there is no response
                failed = explain_failure(error, request, self._host, self._timeout, self._proxy_variable)
            raise failed  # outside of `except`, so that it carries no exception whose text holds the key


def create_client(
    client_class: Callable[..., httpx2.Client],
    base_url: str,
    timeout: float,
    max_bytes: int = MAX_RESPONSE_BYTES,
    record_sent: RecordSent | None = None,
    *,
    proxy_variable: str = "",
) -> httpx2.Client:
    """Return a client of this class, ours or the SDK's. An empty `base_url` is the SDK's own.

    `record_sent` gets the host of each request that leaves. Raises `Fatal` where the environment names a proxy or a certificate that can't be used.
    """
    host = get_host(base_url) or "the API"
    try:
        return client_class(
            timeout=httpx2.Timeout(timeout),
            # Threads bound the connections. One that a given-up request holds must not keep others waiting.
            limits=httpx2.Limits(max_connections=None, max_keepalive_connections=None, keepalive_expiry=30),
            follow_redirects=False,
            headers={"accept-encoding": "identity"},
            # A proxy is for the way out: what goes to this machine, perhaps without TLS, stays here.
            trust_env=not base_url.lower().startswith("http:"),
            event_hooks={
                "request": [partial(_trace_request, record_sent=record_sent)],
                "response": [partial(_guard_body, host=host, timeout=timeout, max_bytes=max_bytes)],
            },
        )
    except Exception as error:  # noqa: BLE001  # of files, URLs and TLS; the text may hold a proxy's password
        kinds = {kind.__name__ for kind in type(error).__mro__}
    raise _explain_environment(kinds, proxy_variable or "HTTPS_PROXY, HTTP_PROXY or ALL_PROXY")


def _explain_environment(kinds: set[str], proxy: str) -> Fatal:
    """Return which variable of the environment can't be used, by the classes of what was raised."""
    if "FileNotFoundError" in kinds:
        return Fatal("SSL_CERT_FILE names a file that doesn't exist", "correct it, or unset it")
    if "SSLError" in kinds:
        hint = "name a file of certificates in PEM form, or unset it"
        return Fatal("SSL_CERT_FILE names a file without certificates", hint)
    if "ImportError" in kinds:
        hint = "use a proxy that speaks HTTP, or install `socksio` beside prompt-lint"
        return Fatal(f"{proxy} names a SOCKS proxy, which needs the package socksio", hint)
    if "ValueError" in kinds or "InvalidURL" in kinds:
        return Fatal(
            f"{proxy} isn't the address of a proxy", "example: HTTPS_PROXY=http://proxy.example.com:8080"
        )
    name = min(kinds - {"object", "BaseException", "Exception"}, default="Exception")
    return Fatal(
        f"the HTTP client can't be set up ({name})", f"check SSL_CERT_FILE, SSL_CERT_DIR and {proxy}"
    )


def _trace_request(request: httpx2.Request, record_sent: RecordSent | None) -> None:
    trace = WireTrace(request.url.netloc.decode("ascii"), record_sent)
    request.extensions = {**request.extensions, "trace": trace}


def explain_failure(
    error: BaseException, request: httpx2.Request, host: str, timeout: float, proxy_variable: str
) -> RequestFailed:
    """Return why there is no response; of a proxy that doesn't let the request through, the proxy is to blame."""
    trace = request.extensions.get("trace")
    proxy = ""
    if (
        isinstance(trace, WireTrace)
        and trace.peer
        and trace.peer[0] != request.url.host
        and not trace.is_sent
    ):
        name, port = trace.peer
        proxy = f"the proxy {name}:{port}{proxy_variable and f' ({proxy_variable})'}"
    return explain_network_error(error, host, timeout, proxy)


class UserCount:
    """Closes a client once its last user has left: a request may still hang when the run is over.

    Closing a client under a thread that reads would hand that thread's descriptor to the next file opened. Whoever makes this
    is the first user, and leaves by `leave`; a `with` block is one more.
    """

    def __init__(self, close: Callable[[], None]) -> None:
        self._close = close
        self._lock = Lock()
        self._users = 1

    def __enter__(self) -> None:
        with self._lock:
            if not self._users:
                raise RequestFailed("invalid", "the run has ended")
            self._users += 1

    def __exit__(self, *_: object) -> None:
        self.leave()

    def leave(self) -> None:
        with self._lock:
            self._users -= 1
            is_last = not self._users
        if is_last:
            self._close()


def read_response(response: httpx2.Response) -> Response:
    """Read a response of a client by `create_client`, unless it is read already."""
    body = response.content if response.is_stream_consumed else response.read()
    is_cut = isinstance(response.stream, _GuardedBody) and response.stream.is_cut
    headers = {name.lower(): value for name, value in response.headers.items()}
    return Response(response.status_code, headers, None if is_cut else body, time.time())


def _guard_body(response: httpx2.Response, host: str, timeout: float, max_bytes: int) -> None:
    if response.headers.get("content-encoding", "identity").lower() != "identity":
        if response.status_code == 200:
            raise RequestFailed("invalid", f"{host} sent a compressed answer, which wasn't requested")
        del response.headers["content-encoding"]  # so that the body isn't decompressed
    response.stream = _GuardedBody(response, host, timeout, max_bytes)


class _GuardedBody(httpx2.SyncByteStream):
    """A body that is cut at `max_bytes`, given up when late, and after which the connection is empty or closed."""

    def __init__(self, response: httpx2.Response, host: str, timeout: float, max_bytes: int) -> None:
        assert isinstance(response.stream, httpx2.SyncByteStream)  # noqa: S101  # for the type checker
        self.is_cut = False
        self._stream = response.stream
        self._connection = response.extensions.get("network_stream")
        self._host = host
        self._timeout = timeout
        self._max_bytes = max_bytes

    def __iter__(self) -> Iterator[bytes]:
        bytes_left, deadline = self._max_bytes, time.monotonic() + self._timeout
        for chunk in self._stream:
            bytes_left -= len(chunk)
            if bytes_left < 0:
                self.is_cut = True
                return
            if time.monotonic() > deadline:
                raise RequestFailed(
                    "retry", f"no complete answer from {self._host} within {self._timeout:g} s"
                )
            yield chunk
        if self._connection is not None and _get_trailing_data(self._stream) != b"":
            self._connection.close()

    def close(self) -> None:
        self._stream.close()


def _get_trailing_data(stream: httpx2.SyncByteStream) -> bytes | None:
    """Return what the server sent after the response, which the HTTP parser would take for the next response.

    There is no public way to it. None where this private one fails: then the connection isn't used again.
    """
    link: Any = stream
    for name in ("_stream", "_httpcore_stream", "_stream", "_connection", "_h11_state"):
        link = getattr(link, name, None)
    data = getattr(link, "trailing_data", (None,))[0]
    return data if isinstance(data, bytes) else None
