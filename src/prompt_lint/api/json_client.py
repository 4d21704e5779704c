"""JSON over HTTPS, one call after the other, under the same policy as counting: retries, a deadline, bounded responses."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from prompt_lint.api.endpoint import get_host
from prompt_lint.api.policy import RequestPolicy, Wording
from prompt_lint.api.redact import make_redactor, to_one_line
from prompt_lint.api.request_pool import RequestPool
from prompt_lint.api.responses import RequestFailed, Result, decode_json, parse_retry_after, redirect_failure
from prompt_lint.model.errors import ExitCode, Fatal, Unreadable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from prompt_lint.api.credentials import Secret
    from prompt_lint.api.redact import Redact
    from prompt_lint.api.responses import Response

_POLICY = RequestPolicy(1, 500, 120.0, 60.0, 20.0, Wording("", "answer", "", "", ""))


class JsonResponse(NamedTuple):
    """A response that isn't worth a retry: its status, and its JSON (None where it has none)."""

    status: int
    value: Any

    def message(self) -> str:
        """Return the server's own words for an error, on one line."""
        message = self.value.get("message") if isinstance(self.value, dict) else None
        return to_one_line(message, make_redactor())


class Call(Protocol):
    def __call__(self, method: str, path: str, body: object = None) -> JsonResponse:
        """Send a request, with a JSON body unless that is None. `path` follows the base URL.

        Raises `Fatal` (exit code 3) where no response comes, however often it is sent. What was sent twice may have been done
        twice.
        """


@contextmanager
def connect(
    base_url: str, secret: Secret, *, headers: Mapping[str, str] | None = None, max_bytes: int = 1 << 20
) -> Iterator[Call]:
    """Yield a function that calls the server. `base_url` has no slash at its end; `max_bytes` bounds a response."""
    from prompt_lint.api.http_client import HttpClient  # noqa: PLC0415  # imports httpx2

    host, redact = get_host(base_url), make_redactor(secret.reveal())
    headers = {"authorization": f"Bearer {secret.reveal()}", **(headers or {})}
    client = HttpClient(base_url, headers, _POLICY.timeout, max_bytes)

    def send(_: None, request: tuple[str, str, object]) -> Result:
        method, path, content = request
        body = None if content is None else json.dumps(content).encode()
        return Result(_parse(client.send(method, path, body), host, redact, max_bytes))

    with client, RequestPool(send, _POLICY) as pool:

        def call(method: str, path: str, body: object = None) -> JsonResponse:
            pool.add(None, (method, path, body))
            _, outcome = pool.next_outcome()
            if isinstance(outcome, Unreadable):
                raise Fatal(outcome.message, outcome.hint, ExitCode.UNCOUNTED)
            response: JsonResponse = outcome
            return response

        yield call


def _parse(response: Response, host: str, redact: Redact, max_bytes: int) -> JsonResponse:
    """Raises `RequestFailed` for what is worth a retry, and for what can't be read."""
    status = response.status
    if 300 <= status < 400:
        raise redirect_failure(response, host)
    if response.body is None:
        raise RequestFailed("invalid", f"{host} sent more than {max_bytes // 1024:,} KiB")
    parsed = JsonResponse(status, decode_json(response.body))
    if _is_rate_limited(parsed, response.headers):
        message = f"{host} answered {status}: {redact(parsed.message())}"
        raise RequestFailed("rate_limit", message, retry_after=_parse_wait(response))
    if status >= 500 or status in {408, 409}:
        raise RequestFailed(
            "retry", f"{host} answered {status}", "run again later", retry_after=parse_retry_after(response)
        )
    if status in {200, 201} and parsed.value is None:
        raise RequestFailed(
            "invalid", f"{host} didn't answer with JSON", "check the address: is this the API?"
        )
    return parsed


def _is_rate_limited(response: JsonResponse, headers: Mapping[str, str]) -> bool:
    """Whether it is a rate limit of GitHub: a 429, or a 403 whose headers or words say so.

    Source: GitHub's REST API documentation, "Rate limits for the REST API", November 2026.
    """
    if response.status == 429:
        return True
    is_used_up = headers.get("x-ratelimit-remaining") == "0" or "retry-after" in headers
    return response.status == 403 and (is_used_up or "secondary rate limit" in response.message().lower())


def _parse_wait(response: Response) -> float | None:
    """Return seconds; None where no header names a time. GitHub has the Unix time at which a used-up limit is reset."""
    headers = response.headers
    wait, reset = parse_retry_after(response), headers.get("x-ratelimit-reset", "")
    if wait is None and headers.get("x-ratelimit-remaining") == "0" and reset.isascii() and reset.isdigit():
        return max(0.0, float(reset[:12]) - response.received_at)
    return wait
