"""What an answer means: a number that is one, or a reason in one safe line."""

from __future__ import annotations

import base64
import json
from email.utils import formatdate
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.api_server import NO_COUNT

from prompt_lint.api.responses import (
    MAX_COUNT,
    MAX_MESSAGE_LENGTH,
    Quota,
    Reply,
    RequestFailed,
    Response,
    describe_wait,
    explain_network_error,
    make_redactor,
    parse_retry_after,
    parse_token_count,
    to_one_line,
)

KEY = "sk-ant-api03-c4nary+/~'\"" + "x" * 20
HOST = "api.example"
NOW = 1_800_000_000.0


def plain(text: str) -> str:
    return text


def error(status: int, kind: str = "x_error", message: str = "why", code: str | None = None) -> Response:
    details = {"error_code": code} if code else None
    body = {"type": "error", "error": {"type": kind, "message": message, "details": details}}
    return Response(status, {"request-id": "req_1"}, json.dumps(body).encode())


def failure(answer: Response) -> RequestFailed:
    with pytest.raises(RequestFailed) as caught:
        parse_token_count(answer, HOST, plain)
    return caught.value


@given(st.integers(1, MAX_COUNT))
def test_a_count_is_taken_as_it_is(n: int) -> None:
    """Every whole number from 1 to 2³¹ - 1 is a count."""
    assert parse_token_count(Response(200, {}, b'{"input_tokens": %d}' % n), HOST, plain) == Reply(n)


@pytest.mark.parametrize("body", [*NO_COUNT.values(), None], ids=[*NO_COUNT, "too_large"])
def test_what_is_no_count_is_none(body: bytes | None) -> None:
    """Nothing that would pass a limit, or stop a run, for a number."""
    assert failure(Response(200, {}, body)).kind == "odd"


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
def test_any_answer_is_a_number_or_a_reason(status: int, headers: dict[str, str], body: bytes | None) -> None:
    """No bytes raise anything but `RequestFailed`, with one printable line; no number comes of anything but a 200."""
    try:
        reply = parse_token_count(Response(status, headers, body), HOST, plain)
    except RequestFailed as failed:
        line = failed.message
    else:
        assert status == 200
        assert type(reply.tokens) is int
        assert 0 < reply.tokens <= MAX_COUNT
        return

    assert line.isprintable()


@pytest.mark.parametrize(
    ("status", "kind"),
    [(400, "key"), (401, "stop"), (402, "stop"), (403, "stop"), (404, "key"), (408, "again"), (409, "again"),
     (413, "key"), (422, "key"), (429, "limit"), (500, "again"), (502, "again"), (503, "again"), (504, "again"), (529, "again"),
     (301, "stop"), (302, "stop"), (303, "stop"), (307, "stop"), (308, "stop"), (418, "odd"), (204, "odd")],
)  # fmt: skip
def test_each_status_asks_for_its_own_treatment(status: int, kind: str) -> None:
    """Which ones are retried, concern one key, or end the run."""
    assert failure(error(status)).kind == kind


def test_a_404_that_the_api_did_not_write_is_a_wrong_address() -> None:
    """A missing model and a missing page are told apart."""
    assert failure(Response(404, {}, b"<html>not here</html>")).kind == "odd"
    assert "ANTHROPIC_BASE_URL" in failure(Response(404, {}, b"")).hint


def test_the_spend_limit_is_no_rate_limit() -> None:
    """A 429 that no waiting mends ends the run."""
    assert failure(error(429, code="enforced_spend_limit_reached")).kind == "stop"
    assert failure(error(429, code="something_else")).kind == "limit"


def test_a_refusal_says_who_what_why_and_which() -> None:
    """The host, the status, the API's own words and the request's id: what support asks for."""
    assert failure(error(400, message="messages: at least one\nmessage")).message == (
        "api.example answered 400: messages: at least one message (req_1)"
    )


@pytest.mark.parametrize("name", ["req_1\nx", "req_1 x", "r" * 65, "", "req\x1b[2J", "r\u00e9q"])
def test_an_odd_request_id_is_left_out(name: str) -> None:
    """Only what looks like an id is shown as one."""
    assert "(" not in failure(Response(500, {"request-id": name}, b"")).message


def test_rate_limit_headers_are_read_on_refusals_and_counts() -> None:
    """Both teach the pace; what isn't a plain number says nothing."""
    headers = {"anthropic-ratelimit-requests-limit": "4000", "anthropic-ratelimit-requests-remaining": "17"}
    odd = dict.fromkeys(headers, "-1e9")

    assert parse_token_count(Response(200, headers, b'{"input_tokens": 1}'), HOST, plain).limits == Quota(
        4000, 17
    )
    assert failure(Response(429, headers, b"")).limits == Quota(4000, 17)
    assert parse_token_count(Response(200, odd, b'{"input_tokens": 1}'), HOST, plain).limits == Quota()


@pytest.mark.parametrize(
    ("value", "expected"),
    [("1", 1), ("0", 0), ("0.5", 0.5), (" 20 ", 20), ("3600", 3600), ("-5", 0), ("-1.5", 0), ("inf", float("inf")), ("Infinity", float("inf")),
     ("9" * 400, float("inf")), ("NaN", None), ("nan", None), ("Zun", None), ("", None), ("1e3", None), ("1_0", None), ("0x10", None), ("\u0661", None),
     ("1, 2", None), ("Fri, 99 Nov 2026 99:99:99 GMT", None), ("Fri, " + "x" * 100, None)],
)  # fmt: skip
def test_a_wait_is_seconds_or_nothing(value: str, expected: float | None) -> None:
    """Every form that has hung or fooled a client: never negative, never not a number."""
    assert parse_retry_after({"retry-after": value}, NOW) == expected


@pytest.mark.parametrize(("offset", "expected"), [(20, 20), (3600, 3600), (0, 0), (-3600, 0)])
def test_a_wait_may_be_a_date(offset: float, expected: float) -> None:
    """A date in the past is no wait at all."""
    assert parse_retry_after({"retry-after": formatdate(NOW + offset, usegmt=True)}, NOW) == expected


def test_milliseconds_are_the_finer_word() -> None:
    """The API's own header in milliseconds goes before the one in seconds."""
    assert parse_retry_after({"retry-after": "1", "retry-after-ms": "250"}, NOW) == 0.25


@given(st.text())
def test_any_wait_is_a_wait_or_none(value: str) -> None:
    """Whatever stands there, the result can be compared and added."""
    wait = parse_retry_after({"retry-after": value}, NOW)

    assert wait is None or wait >= 0


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(0.0, "in 0 s"), (90.0, "in 90 s"), (3600.0, "in 60 min, at 09:00 UTC"), (86400.0, "in 1440 min, at 2027-01-16 08:00 UTC"),
     (1e30, "in more than a week"), (float("inf"), "in more than a week")],
)  # fmt: skip
def test_the_time_to_come_back_is_told_for_people(seconds: float, expected: str) -> None:
    """Seconds while they can be waited for, a time of day beyond that."""
    assert describe_wait(seconds, NOW) == expected


@pytest.mark.parametrize(
    "form",
    [KEY, repr(KEY), json.dumps(KEY), quote(KEY), quote(KEY, safe=""), base64.b64encode(KEY.encode()).decode(),
     base64.urlsafe_b64encode(KEY.encode()).decode(), f"Illegal header value b'Bearer {KEY}'", repr(repr(KEY))],
)  # fmt: skip
def test_a_secret_is_hidden_in_every_form(form: str) -> None:
    """As it is, quoted, escaped or encoded: no stretch of it is left."""
    shown = make_redactor((KEY,))(f"before {form} after")

    assert "c4nary" not in shown
    assert base64.b64encode(KEY.encode()).decode()[8:24] not in shown
    assert shown.startswith("before ")
    assert shown.endswith(" after")


@pytest.mark.parametrize("before", ["", "a", "ab", "abc", "Bearer ", "user:"])
def test_a_secret_is_hidden_inside_something_encoded(before: str) -> None:
    """`Basic` credentials, say: base64 has three ways of holding the same bytes."""
    encoded = base64.b64encode((before + KEY + "tail").encode()).decode()

    shown = make_redactor((KEY,))(encoded)

    assert "[hidden]" in shown
    assert not any(encoded[i : i + 12] in shown for i in range(8, len(encoded) - 22))


def test_what_looks_like_a_credential_is_hidden_too() -> None:
    """Somebody else's key, and tokens that the SDK fetched, are not known to us and still not shown."""
    shown = make_redactor(())("key sk-ant-oat01-abcdefgh, bearer eyJhbGciOi.J9.x and Bearer abc123")

    assert shown == "key [hidden], bearer [hidden] and Bearer [hidden]"


@given(st.text())
def test_somebody_elses_text_becomes_one_short_line(text: str) -> None:
    """Nothing that moves a cursor or begins a line of its own."""
    line = to_one_line(text, plain)

    assert line.isprintable()
    assert len(line) <= MAX_MESSAGE_LENGTH + 1


def test_hiding_comes_before_cutting() -> None:
    """A key that lies across the place where a message is cut isn't left there by half."""
    line = to_one_line("y" * (MAX_MESSAGE_LENGTH - 10) + KEY, make_redactor((KEY,)))

    assert "sk-ant" not in line


class ConnectError(OSError):
    """As the HTTP library names it."""


@pytest.mark.parametrize(
    "cause",
    [ConnectionResetError(104, KEY), TimeoutError(KEY), ValueError(KEY), ConnectError(KEY), Exception(KEY)],
)
def test_a_failure_of_the_network_is_told_by_its_class(cause: Exception) -> None:
    """The text of an exception may hold the key, and is never shown."""
    failed = explain_network_error(cause, HOST, 15.0)

    assert KEY not in failed.message + failed.hint
    assert HOST in failed.message
