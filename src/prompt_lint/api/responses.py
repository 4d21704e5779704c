"""What an answer of the API means: a number, a page, or a reason why there is none. No I/O, no library."""

from __future__ import annotations

import json
import re
import time
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from prompt_lint.model.values import Count

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

# What a failure asks for: `key` concerns this one request, the others go on; `again` is worth another try;
# `odd` isn't, but speaks against the server; `limit` is the rate limit; `stop` would meet every request.
FailureKind = Literal["key", "again", "odd", "limit", "stop"]

# A true count has some 25 bytes. More than this is not read, unless a client is made for more.
MAX_RESPONSE_BYTES = 64 * 1024
MAX_COUNT = 2**31 - 1
# As the API's own message is shown.
MAX_MESSAGE_LENGTH = 240

_MEANINGS: Mapping[int, tuple[FailureKind, str]] = {
    400: ("key", ""),
    401: ("stop", "the key or token was rejected: is it valid, and for this endpoint?"),
    402: ("stop", "see the organization's billing settings"),
    403: ("stop", "this credential may not count tokens there"),
    404: ("key", ""),
    408: ("again", ""),
    409: ("again", ""),
    413: ("key", ""),
    422: ("key", ""),
    429: ("limit", ""),
}

_NUMBER = re.compile(r"-?\d+(\.\d*)?|-?\.\d+|\+?inf(inity)?", re.IGNORECASE | re.ASCII)
# What looks like a credential is hidden even where we don't know it.
_CREDENTIAL = re.compile(r"sk-[A-Za-z0-9_-]{8,}|eyJ[\w-]+\.[\w.-]+|(?<=[Bb]earer )[^\s\"',]+")
_HIDDEN = "[hidden]"


class Quota(NamedTuple):
    """What rate-limit headers said: requests a minute, and how many are left. None where they said nothing."""

    per_minute: float | None = None
    remaining: float | None = None


_SILENT = Quota()


class Reply(NamedTuple):
    """A valid number."""

    tokens: int
    limits: Quota = _SILENT

    @property
    def outcome(self) -> Count:
        return Count(self.tokens, self.tokens, self.tokens, "api")


class Page(NamedTuple):
    """A valid answer of another kind: whatever was made of its JSON."""

    outcome: Any
    limits: Quota = _SILENT


class RequestFailed(Exception):
    """No number. `message` has the server as its subject or tells what is wrong with the request.

    `retry_after` is in seconds, perhaps infinite; None where the server named no time.
    """

    def __init__(
        self,
        kind: FailureKind,
        message: str,
        hint: str = "",
        *,
        retry_after: float | None = None,
        quota: Quota = _SILENT,
    ) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.hint = hint
        self.retry_after = retry_after
        self.limits = quota


class Response(NamedTuple):
    """An HTTP answer as it came. Header names are in lower case; `body` is None where it was too large."""

    status: int
    headers: Mapping[str, str]
    body: bytes | None


def parse_token_count(answer: Response, host: str, hide: Callable[[str], str]) -> Reply:
    """The number. Raises `RequestFailed` for whatever isn't one, and nothing else, whatever the bytes are."""
    value = parse_json(answer, host, hide)
    count = value.get("input_tokens") if isinstance(value, dict) else None
    # `bool` is an `int`, and NaN passes every comparison: so the type itself.
    if type(count) is not int or not 0 < count <= MAX_COUNT:
        raise RequestFailed(
            "odd", f"{host} answered without a valid number of tokens{format_request_id(answer, hide)}"
        )
    return Reply(count, parse_quota(answer.headers))


def parse_json(
    answer: Response, host: str, hide: Callable[[str], str], max_bytes: int = MAX_RESPONSE_BYTES
) -> Any:
    """The JSON value of an answer, None where it is none. Raises `RequestFailed` for a refusal, or for what wasn't read.

    `largest` is what the client reads, in bytes. Statuses and error types: the API reference, "Errors", November 2026.
    """
    if answer.status != 200:
        raise _refusal(answer, host, hide)
    if answer.headers.get("content-encoding", "identity") != "identity":
        raise RequestFailed(
            "odd", f"{host} sent a compressed answer that nobody asked for{format_request_id(answer, hide)}"
        )
    if answer.body is None:
        raise RequestFailed(
            "odd", f"{host} sent more than {max_bytes // 1024:,} KiB{format_request_id(answer, hide)}"
        )
    return _json(answer.body)


def _refusal(answer: Response, host: str, hide: Callable[[str], str]) -> RequestFailed:
    kind, advice = _meaning(answer.status)
    error = _error(answer)
    if answer.status == 404 and not error:
        kind, advice = "odd", "is ANTHROPIC_BASE_URL the right address?"
    details = error.get("details")
    if isinstance(details, dict) and details.get("error_code") == "enforced_spend_limit_reached":
        kind, advice = "stop", "the organization's spend limit is reached: raise it in the Claude Console"
    said = to_one_line(error.get("message"), hide)
    text = f"{host} answered {answer.status}{f': {said}' if said else ''}{format_request_id(answer, hide)}"
    if 300 <= answer.status < 400:
        text = f"{host} answered with a redirect ({answer.status}), which is never followed"
    wait = parse_retry_after(answer.headers, time.time()) if kind in {"again", "limit"} else None
    return RequestFailed(kind, text, advice, retry_after=wait, quota=parse_quota(answer.headers))


def _meaning(status: int) -> tuple[FailureKind, str]:
    if status in _MEANINGS:
        return _MEANINGS[status]
    if 300 <= status < 400:
        return "stop", "name the final address in ANTHROPIC_BASE_URL, or sign in to the network"
    return ("again", "") if status >= 500 else ("odd", "")


def _error(answer: Response) -> Mapping[str, Any]:
    value = _json(answer.body or b"")
    error = value.get("error") if isinstance(value, dict) else None
    return error if isinstance(error, dict) else {}


def _json(body: bytes) -> Any:
    """The value; None for anything that isn't JSON, or is built to break a parser."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):  # ValueError also for numbers of thousands of digits
        return None


def format_request_id(answer: Response, hide: Callable[[str], str]) -> str:
    """The request's id in brackets, where the answer has one."""
    found = hide(answer.headers.get("request-id", ""))
    return f" ({found})" if re.fullmatch(r"[A-Za-z0-9_-]{1,64}", found) else ""


def to_one_line(text: object, hide: Callable[[str], str]) -> str:
    """Somebody else's text as a part of our sentence."""
    if not isinstance(text, str):
        return ""
    plain = hide(" ".join("".join(c if c.isprintable() else " " for c in text).split()))
    return plain if len(plain) <= MAX_MESSAGE_LENGTH else plain[:MAX_MESSAGE_LENGTH] + "…"


def parse_quota(headers: Mapping[str, str]) -> Quota:
    """What the headers say of the rate limit."""
    prefix = "anthropic-ratelimit-requests-"
    return Quota(_count(headers.get(f"{prefix}limit")), _count(headers.get(f"{prefix}remaining")))


def _count(text: str | None) -> float | None:
    return float(text) if text and re.fullmatch(r"\d{1,12}", text, re.ASCII) else None


def parse_retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """Seconds from `now` (Unix time), never negative, perhaps infinite; None without a header that says it.

    A number or a date (RFC 9110, section 10.2.3), or milliseconds as the API's own header has them.
    """
    milliseconds = headers.get("retry-after-ms", "").strip()
    if _NUMBER.fullmatch(milliseconds):
        return max(0.0, float(milliseconds) / 1000)
    value = headers.get("retry-after", "").strip()
    if _NUMBER.fullmatch(value):
        return max(0.0, float(value))
    if not re.match(r"[A-Za-z]{3},? ", value) or len(value) > 64:
        return None
    from email.utils import parsedate_to_datetime  # noqa: PLC0415  # a date is the rarest form

    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - now)
    except (ValueError, OverflowError, TypeError):
        return None


def explain_network_error(error: BaseException, host: str, timeout: float) -> RequestFailed:
    """Why there was no answer, told by the class of what was raised: its text may hold the key."""
    chain = _chain(error)
    names = {name for link in chain for name in _class_names(link)}
    table: tuple[tuple[str, FailureKind, str, str], ...] = (
        ("SSLCertVerificationError", "stop", f"the certificate of {host} isn't trusted",
         "where a proxy signs it, SSL_CERT_FILE may name that proxy's certificate"),
        ("SSLError", "again", f"{host} doesn't speak TLS properly", ""),
        ("gaierror", "again", f"the name {host} can't be resolved", ""),
        ("ProxyError", "again", f"the proxy doesn't lead to {host}", "see HTTPS_PROXY, ALL_PROXY and NO_PROXY"),
        ("ConnectionRefusedError", "again", f"{host} refuses connections", ""),
        ("ConnectTimeout", "again", f"no connection to {host} within {timeout:g} s", ""),
        ("TimeoutException", "again", f"no answer from {host} within {timeout:g} s", ""),
        ("TimeoutError", "again", f"no answer from {host} within {timeout:g} s", ""),
        ("LocalProtocolError", "stop", "the request can't be sent as HTTP", ""),
        ("RemoteProtocolError", "again", f"{host} broke off, or answered with something that isn't HTTP", ""),
        ("NetworkError", "again", f"the connection to {host} broke off", ""),
        ("OSError", "again", f"the connection to {host} broke off", ""),
    )  # fmt: skip
    for name, kind, message, hint in table:
        if name in names:
            return RequestFailed(kind, message, hint)
    return RequestFailed("odd", f"the request to {host} failed ({type(error).__name__})")


def _chain(error: BaseException) -> list[BaseException]:
    links: list[BaseException] = []
    following: BaseException | None = error
    while following is not None and len(links) < 16:
        links.append(following)
        following = following.__cause__ or following.__context__
    return links


def _class_names(error: BaseException) -> list[str]:
    return [kind.__name__ for kind in type(error).__mro__]


def make_redactor(secrets: tuple[str, ...]) -> Callable[[str], str]:
    """A function that takes these secrets, as they are or encoded, and whatever looks like one out of a text."""
    forms = {form for secret in secrets if secret for form in _forms(secret)}
    longest_first = sorted(forms, key=len, reverse=True)

    def hide(text: str) -> str:
        for form in longest_first:
            text = text.replace(form, _HIDDEN)
        return _CREDENTIAL.sub(_HIDDEN, text)

    return hide


def _forms(secret: str) -> set[str]:
    from base64 import b64encode, urlsafe_b64encode  # noqa: PLC0415  # only where a secret is
    from urllib.parse import quote  # noqa: PLC0415  # the same

    forms = {secret, repr(secret)[1:-1], json.dumps(secret)[1:-1], quote(secret, safe=""), quote(secret)}
    data = secret.encode()
    for encode in (b64encode, urlsafe_b64encode):
        forms.add(encode(data).decode().rstrip("="))
        for before in range(3):  # inside a longer text that was encoded: without what the neighbours change
            core = encode(b"\0" * before + data).decode()[-(-before * 4 // 3) :].rstrip("=")[:-1]
            if len(core) >= 12:
                forms.add(core)
    return forms


def describe_wait(seconds: float, now: float) -> str:
    """`seconds` from `now` (Unix time), for people: `in 60 min, at 14:05 UTC`."""
    if seconds > 7 * 86400:  # infinity, too
        return "in more than a week"
    if seconds < 120:
        return f"in {seconds:.0f} s"
    at = time.strftime("%Y-%m-%d %H:%M" if seconds > 72000 else "%H:%M", time.gmtime(now + seconds))
    return f"in {seconds / 60:.0f} min, at {at} UTC"
