"""What a response of the API means: a result, or a failure and what follows from it. No I/O, no HTTP library.

Statuses and error types: the API reference, "Errors", November 2026.
"""

from __future__ import annotations

import json
import re
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from prompt_lint.api.redact import to_one_line
from prompt_lint.model.counts import Count
from prompt_lint.text.json_reader import build_object

if TYPE_CHECKING:
    from collections.abc import Mapping

    from prompt_lint.api.redact import Redact

# What a failure means for the run:
#   request     the request is at fault: it isn't sent again, and the others go on
#   retry       the network or the server is: the request is sent again
#   invalid     the response makes no sense: the request isn't sent again, and the server has failed once
#   rate_limit  too many requests: this one is sent again later, and all of them at a slower pace
#   fatal       every request would fail like this: the run ends
FailureKind = Literal["request", "retry", "invalid", "rate_limit", "fatal"]

# The response to a count has some 25 bytes.
MAX_RESPONSE_BYTES = 64 * 1024
MAX_COUNT = 2**31 - 1

# The advice on a 404 that names an error: it would be the same for each request to that model.
UNKNOWN_MODEL_HINT = "check the name of the model"

_STATUSES: Mapping[int, tuple[FailureKind, str]] = {
    400: ("request", "the API refuses this request: correct what its answer names"),
    401: ("fatal", "the API key or token was rejected: check that it is valid, and meant for this address"),
    402: ("fatal", "check the organization's billing settings in the Claude Console"),
    403: ("fatal", "this API key or token may not count tokens there: use another one"),
    404: ("request", UNKNOWN_MODEL_HINT),
    408: ("retry", ""),
    409: ("retry", ""),
    413: ("request", "split the prompt: the API takes no request this large"),
    422: ("request", ""),
    429: ("rate_limit", ""),
}

_SECONDS = re.compile(r"-?\d+(\.\d*)?|-?\.\d+|\+?inf(inity)?", re.IGNORECASE | re.ASCII)


class Response(NamedTuple):
    """An HTTP response. Header names are in lower case; `body` is None where it was too large; `received_at` is Unix time."""

    status: int
    headers: Mapping[str, str]
    body: bytes | None
    received_at: float


class Quota(NamedTuple):
    """What rate-limit headers say: requests a minute, and how many of them are left. None where they say nothing."""

    per_minute: float | None = None
    remaining: float | None = None


_NO_QUOTA = Quota()


class Result(NamedTuple):
    """What a valid response says: a `Count`, or whatever the sender makes of its JSON."""

    value: Any
    quota: Quota = _NO_QUOTA


class RequestFailed(Exception):
    """A request without a valid response.

    `message` has the server as its subject, or says what is wrong with the request. `retry_after` is in seconds, perhaps
    infinite; None where the server named no time.
    """

    def __init__(
        self,
        kind: FailureKind,
        message: str,
        hint: str = "",
        *,
        retry_after: float | None = None,
        quota: Quota = _NO_QUOTA,
    ) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.hint = hint
        self.retry_after = retry_after
        self.quota = quota


def parse_token_count(
    response: Response, host: str, redact: Redact, variable: str = "ANTHROPIC_BASE_URL"
) -> Result:
    """Return the `Count` of a response. Raises `RequestFailed`, and nothing else, for a response without a valid one.

    `variable` is what the address of the server may be set by.
    """
    value = parse_json(response, host, redact, variable=variable)
    tokens = value.get("input_tokens") if isinstance(value, dict) else None
    # `bool` is an `int`, and NaN passes every comparison: so the type itself.
    if type(tokens) is not int or not 0 < tokens <= MAX_COUNT:
        request_id = format_request_id(response, redact)
        if _is_web_page(response):
            hint = f"is a proxy or a login page in between? check {variable} and the network"
            raise RequestFailed(
                "invalid", f"{host} answered with a web page, not with a count{request_id}", hint
            )
        message = f"{host} answered without a valid number of tokens{request_id}"
        raise RequestFailed("invalid", message, f"check {variable}")
    return Result(Count(tokens, tokens, tokens, "api"), parse_quota(response.headers))


def parse_json(
    response: Response,
    host: str,
    redact: Redact,
    max_bytes: int = MAX_RESPONSE_BYTES,
    variable: str = "ANTHROPIC_BASE_URL",
) -> Any:
    """Return the JSON value of a response, None where it has none. Raises `RequestFailed` for an error status.

    `max_bytes` is how much of a body the client reads; `variable` is what the address of the server may be set by.
    """
    if response.status != 200:
        raise _explain_status(response, host, redact, variable)
    fault = ""
    if response.headers.get("content-encoding", "identity") != "identity":
        fault = "sent a compressed answer, which wasn't requested"
    elif response.body is None:
        fault = f"sent more than {max_bytes // 1024:,} KiB"
    if fault:
        raise RequestFailed("invalid", f"{host} {fault}{format_request_id(response, redact)}")
    return decode_json(response.body)


def decode_json(body: bytes | None) -> Any:
    """Return the value; None for anything that isn't JSON, has a key twice, or is built to break a parser."""
    try:
        return json.loads(body, object_pairs_hook=build_object) if body else None
    except (ValueError, RecursionError):  # ValueError also for numbers of thousands of digits
        return None


def _is_web_page(response: Response) -> bool:
    start = (response.body or b"")[:200].lstrip().lower()
    return start.startswith((b"<!doctype html", b"<html")) or "html" in response.headers.get(
        "content-type", ""
    )


def _explain_status(response: Response, host: str, redact: Redact, variable: str) -> RequestFailed:
    if 300 <= response.status < 400:
        advice = f"name the final address in {variable}, or sign in to the network"
        return redirect_failure(response, host, advice)
    kind, advice = _STATUSES.get(response.status) or (
        "invalid",
        f"check {variable}: this isn't an answer of the Claude API",
    )
    if response.status >= 500:
        kind, advice = "retry", "the API has trouble: run again later"
    error = _get_error(response)
    if response.status == 404 and not error:
        kind, advice = "invalid", f"check {variable}: there is no API at this address"
    details = error.get("details")
    if isinstance(details, dict) and details.get("error_code") == "enforced_spend_limit_reached":
        kind, advice = "fatal", "the organization's spend limit is reached: raise it in the Claude Console"
    reason = to_one_line(error.get("message"), redact)
    message = f"{host} answered {response.status}{f': {reason}' if reason else ''}"
    return RequestFailed(
        kind,
        message + format_request_id(response, redact),
        advice,
        retry_after=parse_retry_after(response) if kind in {"retry", "rate_limit"} else None,
        quota=parse_quota(response.headers),
    )


def redirect_failure(response: Response, host: str, advice: str = "") -> RequestFailed:
    """A redirect is a failure: the key and the prompts go to no address but the one that the user named."""
    message = f"{host} answered with a redirect ({response.status}), which is never followed"
    return RequestFailed("fatal", message, advice)


def _get_error(response: Response) -> Mapping[str, Any]:
    value = decode_json(response.body)
    error = value.get("error") if isinstance(value, dict) else None
    return error if isinstance(error, dict) else {}


def format_request_id(response: Response, redact: Redact) -> str:
    """Return the id of the request in brackets, to end a sentence with; "" where the response has none."""
    request_id = redact(response.headers.get("request-id", ""))
    return f" ({request_id})" if re.fullmatch(r"[A-Za-z0-9_-]{1,64}", request_id) else ""


def parse_quota(headers: Mapping[str, str]) -> Quota:

    def number(name: str) -> float | None:
        text = headers.get(f"anthropic-ratelimit-requests-{name}", "")
        return float(text) if re.fullmatch(r"\d{1,12}", text, re.ASCII) else None

    return Quota(number("limit"), number("remaining"))


def parse_retry_after(response: Response) -> float | None:
    """Return seconds, never negative, perhaps infinite; None where no header names a time.

    `Retry-After` is a number or a date (RFC 9110, section 10.2.3); the API has a header in milliseconds, too.
    """
    milliseconds = response.headers.get("retry-after-ms", "").strip()
    if _SECONDS.fullmatch(milliseconds):
        return max(0.0, float(milliseconds) / 1000)
    value = response.headers.get("retry-after", "").strip()
    if _SECONDS.fullmatch(value):
        return max(0.0, float(value))
    if not re.match(r"[A-Za-z]{3},? ", value) or len(value) > 64:
        return None
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - response.received_at)
    except (ValueError, OverflowError, TypeError):
        return None


def explain_network_error(error: BaseException, host: str, timeout: float, proxy: str = "") -> RequestFailed:
    """Return why there is no response, by the classes of what was raised: its text may hold the key.

    `proxy` is what to call the proxy that the request didn't get past; empty without one.
    """
    peer = proxy or host
    advice = (
        "check the proxy's address, or name the host in NO_PROXY"
        if proxy
        else "check the network and the proxy settings"
    )
    names = {kind.__name__ for link in list_causes(error) for kind in type(link).__mro__}
    table: tuple[tuple[str, FailureKind, str, str], ...] = (
        ("SSLCertVerificationError", "fatal", f"the certificate of {host} isn't trusted",
         "if a proxy signs it, name that proxy's certificate in SSL_CERT_FILE"),
        ("SSLError", "retry", f"{host} didn't answer with TLS", "check the port, and whether https:// is right"),
        ("gaierror", "retry", f"the name of {proxy} can't be resolved" if proxy else f"the name {host} can't be resolved",
         advice),
        ("ProxyError", "retry", f"{proxy or 'the proxy'} refused to connect to {host}", advice),
        ("ConnectionRefusedError", "retry", f"{peer} refuses connections", advice),
        ("ConnectTimeout", "retry", f"no connection to {peer} within {timeout:g} s", advice),
        ("TimeoutException", "retry", f"no answer from {peer} within {timeout:g} s", advice),
        ("TimeoutError", "retry", f"no answer from {peer} within {timeout:g} s", advice),
        ("LocalProtocolError", "fatal", "the request can't be sent as HTTP", ""),
        ("RemoteProtocolError", "retry", f"{peer} closed the connection, or didn't answer with HTTP", advice),
        ("NetworkError", "retry", f"the connection to {peer} was lost", advice),
        ("OSError", "retry", f"the connection to {peer} was lost", advice),
    )  # fmt: skip
    for name, kind, message, hint in table:
        if name in names:
            return RequestFailed(kind, message, hint)
    return RequestFailed("invalid", f"the request to {host} failed ({type(error).__name__})")


def list_causes(error: BaseException) -> list[BaseException]:
    """Return the exception and its causes, 16 at most."""
    causes: list[BaseException] = []
    link: BaseException | None = error
    while link is not None and len(causes) < 16:
        causes.append(link)
        link = link.__cause__ or link.__context__
    return causes
