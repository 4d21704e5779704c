"""JSON over HTTPS, one question after the other, by the same policy as counting: tries, deadline, no redirects, small answers."""

from __future__ import annotations

import json
import time
from contextlib import contextmanager
from itertools import count
from typing import TYPE_CHECKING, Any, NamedTuple

from prompt_lint import __version__
from prompt_lint.api.request_pool import RequestPool
from prompt_lint.api.responses import Page, RequestFailed, make_redactor, parse_retry_after, to_one_line
from prompt_lint.api.retry import RequestPolicy, Wording
from prompt_lint.model.errors import ExitCode, Fatal, Unreadable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from prompt_lint.api.credentials import Secret
    from prompt_lint.api.responses import Response

    Call = Callable[[str, str, Any], "JsonResponse"]

DEFAULT_POLICY = RequestPolicy(1, 500, 120.0, 60.0, 20.0, Wording("not done", "answer", ""))


class JsonResponse(NamedTuple):
    """An answer that says something: its status, and its JSON (None where it has none)."""

    status: int
    value: Any

    def message(self) -> str:
        """The server's own words of a refusal, on one line."""
        message = self.value.get("message") if isinstance(self.value, dict) else None
        return to_one_line(message, make_redactor(()))


@contextmanager
def connect(
    base_url: str,
    secret: Secret,
    *,
    headers: Mapping[str, str] | None = None,
    max_bytes: int = 1 << 20,
    policy: RequestPolicy = DEFAULT_POLICY,
) -> Iterator[Call]:
    """A function (method, what follows `base`, a body or None) → `Told`.

    `base` is an address that may be used, without a slash at its end; `largest` is in bytes. The function raises `Fatal`
    (exit code 3) where no answer comes, however often it is asked. What was sent twice may have been done twice.
    """
    import httpx2  # noqa: PLC0415  # 0.2 s that nobody pays before it is needed

    from prompt_lint.api.http_client import Shared, exchanged, new_client  # noqa: PLC0415  # the same

    host = base_url.partition("://")[2].partition("/")[0]
    outside = base_url.lower().startswith("https:")
    client = new_client(httpx2.Client, host, policy.timeout, outside=outside, largest=max_bytes)
    use, hide = Shared(client.close), make_redactor((secret.reveal(),))

    def send(_: Any, question: tuple[str, str, Any]) -> Page:
        method, path, body = question
        data = None if body is None else json.dumps(body).encode()
        url, told = httpx2.URL(f"{base_url}{path}"), _headers(host, secret, data, headers or {})
        seconds = {"timeout": httpx2.Timeout(policy.timeout).as_dict()}
        with use:
            request = httpx2.Request(method, url, content=data, headers=told, extensions=seconds)
            return Page(_read(exchanged(client, request, host, policy.timeout), host, hide, max_bytes))

    numbers = count()
    try:
        with RequestPool(send, policy) as line:

            def ask(method: str, path: str, body: Any = None) -> JsonResponse:
                line.add(next(numbers), (method, path, body))
                outcome: JsonResponse | Unreadable = line.next_outcome()[1]
                if isinstance(outcome, Unreadable):
                    raise Fatal(outcome.message, outcome.hint, ExitCode.UNCOUNTED)
                return outcome

            yield ask
    finally:
        use.leave()


def _headers(host: str, secret: Secret, data: bytes | None, special: Mapping[str, str]) -> dict[str, str]:
    length = {} if data is None else {"content-type": "application/json", "content-length": str(len(data))}
    return {
        "host": host,
        "accept": "application/json",
        "accept-encoding": "identity",
        "connection": "keep-alive",
        "user-agent": f"prompt-lint/{__version__}",
        "authorization": f"Bearer {secret.reveal()}",
        **length,
        **special,
    }


def _read(answer: Response, host: str, hide: Callable[[str], str], largest: int) -> JsonResponse:
    """Raises `RequestFailed` for what may be better next time, and for what isn't read."""
    status, headers = answer.status, answer.headers
    if 300 <= status < 400:
        raise RequestFailed("stop", f"{host} answered with a redirect ({status}), which is never followed")
    if answer.body is None:
        raise RequestFailed("odd", f"{host} sent more than {largest // 1024:,} KiB")
    told = JsonResponse(status, _json(answer.body))
    if _limited(told, headers):
        raise RequestFailed(
            "limit", f"{host} answered {status}: {hide(told.message())}", retry_after=_wait(headers)
        )
    if status >= 500 or status in {408, 409}:
        raise RequestFailed(
            "again", f"{host} answered {status}", retry_after=parse_retry_after(headers, time.time())
        )
    if status in {200, 201} and told.value is None:
        raise RequestFailed("odd", f"{host} answered with something that isn't JSON")
    return told


def _limited(told: JsonResponse, headers: Mapping[str, str]) -> bool:
    """GitHub's rate limits are 429 or 403, told apart from a refusal by their headers or their words.

    Source: GitHub's REST API documentation, "Rate limits for the REST API", November 2026.
    """
    if told.status == 429:
        return True
    used_up = headers.get("x-ratelimit-remaining") == "0" or "retry-after" in headers
    return told.status == 403 and (used_up or "secondary rate limit" in told.message().lower())


def _wait(headers: Mapping[str, str]) -> float | None:
    wait = parse_retry_after(headers, time.time())
    reset = headers.get("x-ratelimit-reset", "")
    if wait is None and headers.get("x-ratelimit-remaining") == "0" and reset.isascii() and reset.isdigit():
        return max(0.0, float(reset[:12]) - time.time())
    return wait


def _json(body: bytes) -> Any:
    try:
        return json.loads(body) if body else None
    except (ValueError, RecursionError):
        return None
