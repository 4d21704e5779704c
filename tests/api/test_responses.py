"""What a response means: a valid count, or a failure in one safe line."""

from __future__ import annotations

import json
from email.utils import formatdate
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.api_server import NO_COUNT

from prompt_lint.api.responses import (
    MAX_COUNT,
    Quota,
    RequestFailed,
    Response,
    Result,
    explain_network_error,
    parse_retry_after,
    parse_token_count,
)
from prompt_lint.model.counts import Count

if TYPE_CHECKING:
    from collections.abc import Mapping

KEY = "sk-ant-api03-c4nary+/~'\"" + "x" * 20
HOST = "api.example"
NOW = 1_800_000_000.0


def response(status: int, headers: Mapping[str, str], body: bytes | None) -> Response:
    return Response(status, headers, body, NOW)


def wait(value: str) -> float | None:
    return parse_retry_after(response(429, {"retry-after": value}, b""))


def error(status: int, kind: str = "x_error", message: str = "why", code: str | None = None) -> Response:
    details = {"error_code": code} if code else None
    body = {"type": "error", "error": {"type": kind, "message": message, "details": details}}
    return response(status, {"request-id": "req_1"}, json.dumps(body).encode())


def failure(failed: Response) -> RequestFailed:
    with pytest.raises(RequestFailed) as caught:
        parse_token_count(failed, HOST, str)
    return caught.value


@given(st.integers(1, MAX_COUNT))
def test_a_valid_count_is_the_result(n: int) -> None:
    """Every whole number from 1 to 2³¹ - 1 is a count."""
    assert parse_token_count(response(200, {}, b'{"input_tokens": %d}' % n), HOST, str) == Result(
        Count(n, n, n, "api")
    )


@pytest.mark.parametrize("body", [*NO_COUNT.values(), None], ids=[*NO_COUNT, "too_large"])
def test_a_body_without_a_valid_count_is_invalid(body: bytes | None) -> None:
    """No other value passes for a number."""
    assert failure(response(200, {}, body)).kind == "invalid"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["input_tokens", "error", "message", "details", "x"]), inner),
    max_leaves=10,
)  # fmt: skip


@given(
    status=st.integers(100, 599) | st.just(200),
    headers=st.dictionaries(st.sampled_from(["retry-after", "retry-after-ms", "request-id", "content-encoding", "anthropic-ratelimit-requests-limit"]), st.text()),
    body=st.binary() | JSON.map(lambda value: json.dumps(value).encode()) | st.none(),
)  # fmt: skip
def test_any_response_is_a_count_or_a_failure(
    status: int, headers: dict[str, str], body: bytes | None
) -> None:
    """Nothing but `RequestFailed` is raised, with one line; only a 200 has a count."""
    try:
        result = parse_token_count(response(status, headers, body), HOST, str)
    except RequestFailed as failed:
        line = failed.message
    else:
        assert status == 200
        assert type(result.value.tokens) is int
        assert 0 < result.value.tokens <= MAX_COUNT
        return

    assert len(line.splitlines()) == 1


@pytest.mark.parametrize(
    ("status", "kind"),
    [(400, "request"), (401, "fatal"), (402, "fatal"), (403, "fatal"), (404, "request"), (408, "retry"), (409, "retry"),
     (413, "request"), (422, "request"), (429, "rate_limit"), (500, "retry"), (502, "retry"), (503, "retry"), (504, "retry"), (529, "retry"),
     (301, "fatal"), (302, "fatal"), (303, "fatal"), (307, "fatal"), (308, "fatal"), (418, "invalid"), (204, "invalid")],
)  # fmt: skip
def test_each_status_has_its_kind_of_failure(status: int, kind: str) -> None:
    """Which ones are retried, fail one request, or end the run."""
    assert failure(error(status)).kind == kind


def test_a_404_that_the_api_did_not_write_is_a_wrong_address() -> None:
    """A missing model and a missing page are told apart."""
    assert failure(response(404, {}, b"<html>not here</html>")).kind == "invalid"
    assert "ANTHROPIC_BASE_URL" in failure(response(404, {}, b"")).hint


def test_the_spend_limit_ends_the_run() -> None:
    """It is a 429 that waiting doesn't help."""
    assert failure(error(429, code="enforced_spend_limit_reached")).kind == "fatal"
    assert failure(error(429, code="something_else")).kind == "rate_limit"


def test_a_failure_names_host_status_message_and_request_id() -> None:
    """What support asks for."""
    assert failure(error(400, message="messages: at least one\nmessage")).message == (
        "api.example answered 400: messages: at least one message (req_1)"
    )


@pytest.mark.parametrize(
    ("answer", "message", "hint"),
    [
        (response(200, {"content-type": "text/html"}, b"<p>"), f"{HOST} answered with a web page, not with a count", "is a proxy or a login page in between? check ANTHROPIC_BASE_URL and the network"),
        (response(200, {}, b"<!DOCTYPE html>"), f"{HOST} answered with a web page, not with a count", "is a proxy or a login page in between? check ANTHROPIC_BASE_URL and the network"),
        (response(200, {}, b"{}"), f"{HOST} answered without a valid number of tokens", "check ANTHROPIC_BASE_URL"),
        (error(401), None, "the API key or token was rejected: check that it is valid, and meant for this address"),
        (error(404), None, "check the name of the model"),
        (error(413), None, "split the prompt: the API takes no request this large"),
        (error(529), None, "the API has trouble: run again later"),
    ],
)  # fmt: skip
def test_a_failure_says_what_to_do(answer: Response, message: str | None, hint: str) -> None:
    """What is at fault is named: the network, the key, the model, the prompt or the API."""
    failed = failure(answer)

    assert failed.hint == hint
    assert message in {None, failed.message}


@pytest.mark.parametrize("name", ["req_1\nx", "req_1 x", "r" * 65, "", "req\x1b[2J", "r\u00e9q"])
def test_an_invalid_request_id_is_left_out(name: str) -> None:
    """Only what looks like an id is shown as one."""
    assert "(" not in failure(response(500, {"request-id": name}, b"")).message


def test_the_quota_is_read_from_failures_and_counts() -> None:
    """Only plain numbers are read."""
    headers = {"anthropic-ratelimit-requests-limit": "4000", "anthropic-ratelimit-requests-remaining": "17"}
    odd = dict.fromkeys(headers, "-1e9")

    assert parse_token_count(response(200, headers, b'{"input_tokens": 1}'), HOST, str).quota == Quota(
        4000, 17
    )
    assert failure(response(429, headers, b"")).quota == Quota(4000, 17)
    assert parse_token_count(response(200, odd, b'{"input_tokens": 1}'), HOST, str).quota == Quota()


@pytest.mark.parametrize(
    ("value", "expected"),
    [("1", 1), ("0", 0), ("0.5", 0.5), (" 20 ", 20), ("3600", 3600), ("-5", 0), ("-1.5", 0), ("inf", float("inf")), ("Infinity", float("inf")),
     ("9" * 400, float("inf")), ("NaN", None), ("nan", None), ("Zun", None), ("", None), ("1e3", None), ("1_0", None), ("0x10", None), ("\u0661", None),
     ("1, 2", None), ("Fri, 99 Nov 2026 99:99:99 GMT", None), ("Fri, " + "x" * 100, None)],
)  # fmt: skip
def test_retry_after_is_seconds_or_none(value: str, expected: float | None) -> None:
    """Every form that has hung or fooled a client: never negative, never NaN."""
    assert wait(value) == expected


@pytest.mark.parametrize(("offset", "expected"), [(20, 20), (3600, 3600), (0, 0), (-3600, 0)])
def test_retry_after_may_be_a_date(offset: float, expected: float) -> None:
    """A date in the past is no wait at all."""
    assert wait(formatdate(NOW + offset, usegmt=True)) == expected


def test_retry_after_in_milliseconds_wins() -> None:
    """The API's own header goes before the one in seconds."""
    headers = {"retry-after": "1", "retry-after-ms": "250"}

    assert parse_retry_after(response(429, headers, b"")) == 0.25


@given(st.text())
def test_any_retry_after_can_be_compared(value: str) -> None:
    """Whatever stands there, the result can be compared and added."""
    seconds = wait(value)

    assert seconds is None or seconds >= 0


class ConnectError(OSError):
    """As the HTTP library names it."""


@pytest.mark.parametrize(
    "cause",
    [ConnectionResetError(104, KEY), TimeoutError(KEY), ValueError(KEY), ConnectError(KEY), Exception(KEY)],
)
def test_a_network_error_is_explained_without_its_text(cause: Exception) -> None:
    """Its text may hold the key."""
    failed = explain_network_error(cause, HOST, 15.0)

    assert KEY not in failed.message + failed.hint
    assert HOST in failed.message
