"""The API server of the tests: that it answers as the API does, and that each fault is on the wire what it says."""

from __future__ import annotations

import contextlib
import email.utils
import gzip
import http.client
import json
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support import api_server
from tests.support.api_server import (
    COUNT_PATH,
    FAULTS,
    KEY,
    NO_COUNT,
    OK,
    RETRY_AFTER,
    ApiServer,
    Bucket,
    Exchange,
    Refused,
    after,
    always,
    where,
)
from tests.support.paths import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

BEARER = {"authorization": f"Bearer {KEY}", "anthropic-version": "2026-10-21"}
X_API_KEY = {"x-api-key": KEY, "anthropic-version": "2023-06-01"}
USER = {"role": "user", "content": "What is 2 + 2?"}
GOOD = {"model": "claude-opus-5", "messages": [USER]}
needs_openssl = pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl makes the certificate")


class Answer(NamedTuple):
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def message(self) -> str:
        return str(json.loads(self.body)["error"]["message"])


def answer_of(connection: http.client.HTTPConnection) -> Answer:
    response = connection.getresponse()
    return Answer(response.status, {k.lower(): v for k, v in response.getheaders()}, response.read())


def ask(
    server: ApiServer,
    fields: Any = GOOD,
    headers: Mapping[str, str] = BEARER,
    *,
    path: str = COUNT_PATH,
    method: str = "POST",
) -> Answer:
    """One request over a connection of its own. `fields` may be raw bytes."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    with contextlib.closing(connection):
        data = fields if isinstance(fields, bytes) else json.dumps(fields).encode()
        connection.request(method, path, data if method == "POST" else None, dict(headers))
        return answer_of(connection)


def get(server: ApiServer, path: str) -> Any:
    return json.loads(ask(server, path=path, method="GET").body)


# Counting


@pytest.mark.parametrize("headers", [BEARER, X_API_KEY, BEARER | {"anthropic-version": "2023-06-01"}])
def test_count(api: ApiServer, headers: dict[str, str]) -> None:
    """Both styles of credential get the number, nothing else, and the request's id."""
    api.count = lambda model, fields: 16

    answer = ask(api, headers=headers)

    assert (answer.status, answer.body) == (200, b'{"input_tokens": 16}')
    assert answer.headers["request-id"] == api.requests[0].request_id


def test_count_is_what_we_say_offline(api: ApiServer) -> None:
    """Unless a test says otherwise a count is plausible and the same each time."""
    first, second = ask(api), ask(api)

    assert first.body == second.body
    assert 5 <= json.loads(first.body)["input_tokens"] <= 30


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"anthropic-version": "2026-10-21"},
        BEARER | {"authorization": "Bearer other"},
        BEARER | {"authorization": KEY},
        BEARER | {"authorization": f"Basic {KEY}"},
        X_API_KEY | {"x-api-key": "other"},
        X_API_KEY | {"anthropic-version": "2026-10-21"},
    ],
)
def test_credential_refused(api: ApiServer, headers: dict[str, str]) -> None:
    """An unknown key, none, or the old style under the new version: 401."""
    answer = ask(api, headers=headers)

    assert answer.status == 401
    assert json.loads(answer.body)["error"]["type"] == "authentication_error"


@pytest.mark.parametrize("version", [None, "2022-01-01"])
def test_version_refused(api: ApiServer, version: str | None) -> None:
    """A version of the API must be named, and exist."""
    headers = {"authorization": BEARER["authorization"]} | ({"anthropic-version": version} if version else {})

    answer = ask(api, headers=headers)

    assert (answer.status, answer.message) == (400, "anthropic-version: a valid version is required")


def user(content: Any) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": content}]}


TEXT = {"type": "text", "text": "x"}
NON_EMPTY = "text content blocks must be non-empty"
NON_BLANK = "text content blocks must contain non-whitespace text"
PREFILL = {"messages": [USER, {"role": "assistant", "content": "4"}]}


@pytest.mark.parametrize(
    ("change", "status", "message"),
    [
        ({"messages": None}, 400, "messages: Field required"),
        ({"model": None}, 400, "model: Field required"),
        ({"messages": []}, 400, "messages: at least one message is required"),
        ({"messages": "x"}, 400, "messages: Input should be a valid list"),
        (user(""), 400, "user messages must have non-empty content"),
        (user([]), 400, "user messages must have non-empty content"),
        (user([{"type": "text", "text": ""}]), 400, f"messages: {NON_EMPTY}"),
        (user(" \n\t"), 400, f"messages: {NON_BLANK}"),
        (user([TEXT, {"type": "text", "text": "  "}]), 400, f"messages: {NON_BLANK}"),
        ({"system": "  "}, 400, f"system: {NON_BLANK}"),
        ({"system": [{"type": "text", "text": ""}]}, 400, f"system: {NON_EMPTY}"),
        (PREFILL, 400, "This model does not support assistant message prefill"),
        (
            {"model": "claude-opus-4-6", **PREFILL},
            400,
            "This model does not support assistant message prefill",
        ),
        ({"max_tokens": 5}, 400, "max_tokens: Extra inputs are not permitted"),
        ({"temperature": 0.5}, 400, "temperature: Extra inputs are not permitted"),
        ({"model": "claude-nix"}, 404, "model: claude-nix"),
        (
            user([{"type": "image", "source": {"type": "url", "url": "https://a.example"}}]),
            400,
            "messages: image sources of type url are not supported here",
        ),
        (
            user([{"type": "document", "source": {"type": "file", "file_id": "f"}}]),
            400,
            "messages: document sources of type file are not supported here",
        ),
        (
            {"tools": [{"type": "web_search_20260318", "name": "web_search"}]},
            400,
            "tools: web_search_20260318 is not supported by this endpoint",
        ),
        (
            {"thinking": {"type": "hard"}},
            400,
            "thinking.type: Input should be 'enabled', 'disabled' or 'adaptive'",
        ),
    ],
)
def test_validation(api: ApiServer, change: dict[str, Any], status: int, message: str) -> None:
    """What the API refuses is refused with its status, its words and the shape of its errors."""
    fields = {name: value for name, value in (GOOD | change).items() if value is not None}

    answer = ask(api, fields)

    assert (answer.status, answer.message) == (status, message)
    assert json.loads(answer.body) == {
        "type": "error",
        "error": {"type": api_server.ERROR_TYPES[status], "message": message, "details": None},
        "request_id": answer.headers["request-id"],
    }


@pytest.mark.parametrize(
    "change",
    [
        {"model": "claude-sonnet-4-5", **PREFILL},
        {"model": "claude-haiku-4-5-20251001", **PREFILL},
        {"system": ""},
        {"system": [TEXT], "tools": [{"name": "a", "input_schema": {"type": "object"}}], "tool_choice": {"type": "auto"}},
        {"thinking": {"type": "adaptive"}, "output_config": {}, "cache_control": {"type": "ephemeral"}, "speed": "fast"},
        {"messages": [USER, USER, {"role": "system", "content": "x"}]},
        user([{"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "eA=="}}]),
        {"messages": [USER, {"role": "assistant", "content": [{"type": "text", "text": " "}]}, USER]},
        user("x" * 2_000_000),
    ],
)  # fmt: skip
def test_accepted(api: ApiServer, change: dict[str, Any]) -> None:
    """What the API takes is counted: prefill by older models, every documented field, prompts over the window."""
    api.count = lambda model, fields: 7

    answer = ask(api, GOOD | change)

    assert (answer.status, answer.body) == (200, b'{"input_tokens": 7}')


def test_server_tools_may_be_counted(api: ApiServer) -> None:
    """One report saw server tools counted: a test can have it so."""
    api.server_tools = True

    answer = ask(api, GOOD | {"tools": [{"type": "web_search_20260318", "name": "web_search"}]})

    assert answer.status == 200


@pytest.mark.parametrize(
    "data",
    [b"", b"{", b"\xff", b"[" * 100_000, b'{"model":"\\ud800"}'],
    ids=["none", "cut", "latin", "deep", "half"],
)
def test_body_is_not_json(api: ApiServer, data: bytes) -> None:
    """A body that can't be read gets 400, whatever is wrong with it."""
    answer = ask(api, data)

    assert (answer.status, answer.message) == (400, "The request body is not valid JSON")


def test_too_large(api: ApiServer) -> None:
    """Beyond 32 MB it is the edge that answers, and not in JSON."""
    largest = api.max_body
    api.max_body = 1000

    answer = ask(api, user("x" * 1000))

    assert largest == 32 * 1024 * 1024
    assert (answer.status, answer.headers["content-type"]) == (413, "text/html")
    assert (api.requests[0].body, api.requests[0].length > 1000) == (b"", True)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=3)
    | st.sampled_from(["claude-opus-5", "user", "text"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from([*api_server.FIELDS, "role", "content", "type", "text", "source"]), inner
        )
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(sorted(api_server.FIELDS)), JSON), JSON)
def test_validation_ends_in_an_answer(fields: dict[str, Any], message: Any) -> None:
    """Whatever JSON comes in, it is accepted or refused with a status the API uses."""
    for body in (message, fields, {"model": "claude-opus-5", "messages": [message]}, GOOD | fields):
        try:
            api_server.validate(body, api_server.MODELS, server_tools=False)
        except Refused as error:
            assert error.status in (400, 404)  # noqa: PT017  # either outcome is right


# Models


def test_models(api: ApiServer) -> None:
    """The list comes in pages, forwards and backwards, and each model by itself."""
    first = get(api, "/v1/models?limit=5")
    second = get(api, f"/v1/models?limit=5&after_id={first['last_id']}")
    back = get(api, f"/v1/models?limit=3&before_id={second['first_id']}")

    names = list(api.models)
    assert [model["id"] for model in first["data"] + second["data"]] == names[:10]
    assert [model["id"] for model in back["data"]] == names[2:5]
    assert first["has_more"] is True
    assert get(api, "/v1/models?limit=1000")["has_more"] is False
    assert get(api, "/v1/models/claude-opus-5") == next(
        m for m in first["data"] if m["id"] == "claude-opus-5"
    )


def test_model_info(api: ApiServer) -> None:
    """A model tells its window and its standing; an older server only the former."""
    told = get(api, "/v1/models/claude-sonnet-4-5")
    api.bare_models = True
    bare = get(api, "/v1/models/claude-sonnet-4-5")

    assert (told["max_input_tokens"], told["lifecycle"]) == (200_000, "deprecated")
    assert told["retires_at"].startswith("2026-11-30")
    assert set(told) - set(bare) == {"created_at", "lifecycle", "deprecated_at", "retires_at", "line"}


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/v1/models/claude-nix", 404),
        ("GET", "/v1/models?limit=0", 400),
        ("GET", "/v1/nix", 404),
        ("GET", COUNT_PATH, 405),
        ("POST", "/v1/models", 405),
    ],
)
def test_nothing_there(api: ApiServer, method: str, path: str, status: int) -> None:
    """Unknown models and paths, and wrong methods, get the API's errors."""
    assert ask(api, path=path, method=method).status == status


def test_models_need_a_key(api: ApiServer) -> None:
    """The list of models isn't public."""
    assert ask(api, path="/v1/models", method="GET", headers={}).status == 401


# The connection


def test_keep_alive(api: ApiServer) -> None:
    """Requests that follow each other share a connection, errors among them."""
    connection = http.client.HTTPConnection("127.0.0.1", api.port, timeout=20)
    with contextlib.closing(connection):
        for fields in (GOOD, {}, GOOD):
            connection.request("POST", COUNT_PATH, json.dumps(fields), BEARER)
            answer_of(connection)

    assert api.connections == 1
    assert list(api.answers.values()) == [200, 400, 200]


def request_bytes(fields: Any = GOOD, headers: Mapping[str, str] = BEARER) -> bytes:
    data = json.dumps(fields).encode()
    lines = [f"POST {COUNT_PATH} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    return ("\r\n".join([*lines, f"content-length: {len(data)}"]) + "\r\n\r\n").encode() + data


def test_requests_in_pieces_and_together(api: ApiServer) -> None:
    """Where packets end means nothing: single bytes and two requests at once are understood."""
    last = request_bytes(headers=BEARER | {"connection": "close"})
    with socket.create_connection(("127.0.0.1", api.port), timeout=20) as sock:
        for byte in request_bytes():
            sock.sendall(bytes([byte]))
        sock.sendall(request_bytes() + last)
        data = b"".join(iter(lambda: sock.recv(65536), b""))

    assert data.count(b"HTTP/1.1 200 OK\r\n") == 3
    assert len(api.counted()) == 3


def test_chunked_requests_are_refused(api: ApiServer) -> None:
    """A client that sends chunks is told so: its body isn't read as something else."""
    answer = ask(api, headers=BEARER | {"transfer-encoding": "chunked"})

    assert answer.status == 411


def test_records_requests(api: ApiServer) -> None:
    """A request is kept as it came, and which of them got a count."""
    start = time.monotonic()
    ask(api)
    ask(api, {"model": "claude-opus-5"})
    get(api, "/v1/models?limit=5")

    first, _, third = api.requests
    assert (first.method, first.path, first.json()) == ("POST", COUNT_PATH, GOOD)
    assert first.headers["authorization"] == f"Bearer {KEY}"
    assert first.head.startswith(b"POST /v1/messages/count_tokens HTTP/1.1\r\n")
    assert start <= first.time <= third.time
    assert (third.method, third.route) == ("GET", "/v1/models")
    assert api.counted() == [GOOD]


def in_threads(number: int, task: Callable[[], None]) -> None:
    threads = [threading.Thread(target=task) for _ in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_at_the_same_time(api: ApiServer) -> None:
    """64 clients are served together, and every request is recorded once."""
    all_here = threading.Barrier(64)

    def count(model: str, fields: Mapping[str, Any]) -> int:
        all_here.wait(60)
        return 5

    api.count = count

    def twice() -> None:
        ask(api)
        ask(api)

    in_threads(64, twice)

    assert (len(api.counted()), len({seen.number for seen in api.requests})) == (128, 128)
    assert api.peak == 64


# The rate limit


def test_rate_limit(api: ApiServer) -> None:
    """Sixty a minute is one a second: the second request at once is told when to come again."""
    api.bucket = Bucket(rpm=1)
    api.rate_headers = True
    first, second = ask(api), ask(api)

    assert (first.status, second.status) == (200, 429)
    assert json.loads(second.body)["error"]["type"] == "rate_limit_error"
    assert 1 <= int(second.headers["retry-after"]) <= 60
    for answer in (first, second):
        assert answer.headers["anthropic-ratelimit-requests-limit"] == "1"
        assert answer.headers["anthropic-ratelimit-requests-remaining"] == "0"
        assert re.fullmatch(
            r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", answer.headers["anthropic-ratelimit-requests-reset"]
        )


def test_rate_limit_without_headers(api: ApiServer) -> None:
    """The headers about the limit are there on demand only, `retry-after` always."""
    api.bucket = Bucket(rpm=1)
    answers = [ask(api), ask(api), ask(api, {})]

    assert [answer.status for answer in answers] == [200, 429, 429]
    assert not any("ratelimit" in name for answer in answers for name in answer.headers)
    assert all("retry-after" in answer.headers for answer in answers[1:])


def test_models_are_outside_the_rate_limit(api: ApiServer) -> None:
    """The bucket is for counting alone."""
    api.bucket = Bucket(rpm=1)
    ask(api)

    assert get(api, "/v1/models")["data"]


def test_bucket() -> None:
    """However long nobody asked: the burst and what the rate gives meanwhile. Who waits as told gets a token."""
    bucket = Bucket(rpm=6000, burst=3)
    time.sleep(0.3)
    start = time.monotonic()
    taken = 0
    while taken < 30:
        wait, _ = bucket.take()
        taken += not wait
    most = 3 + (time.monotonic() - start) * 100
    while not (wait := bucket.take()[0]):
        pass
    time.sleep(wait + 0.001)

    assert taken <= most
    assert wait <= 1 / 100
    assert bucket.take()[0] == 0


def test_bucket_saves_little() -> None:
    """A burst is a tenth of a second's worth, at least one request."""
    assert [Bucket(rpm).burst for rpm in (60, 600, 6000)] == [1, 1, 10]


# Plans


def test_plan_is_used_up(api: ApiServer) -> None:
    """A list answers in its order, then all is normal; a fault may be any function."""

    def mine(x: Exchange) -> bool:
        x.sock.sendall(b"HTTP/1.1 299 Mine\r\ncontent-length: 0\r\n\r\n")
        return True

    api.plan = ["503", None, mine, FAULTS["null_count"]]
    answers = [ask(api) for _ in range(5)]

    assert [answer.status for answer in answers] == [503, 200, 299, 200, 200]
    assert [api.answers[n] for n in sorted(api.answers)][:3] == ["503", 200, "test_plan_is_used_up"]
    assert answers[3].body == b'{"input_tokens": null}'
    assert len(api.counted()) == 2


def test_plan_for_ever(api: ApiServer) -> None:
    """A function is asked each time: for ever, from the n-th on, or by what is asked."""
    api.plan = always("529")
    first = [ask(api).status for _ in range(3)]
    api.plan = after(2, "401")
    second = [ask(api).status for _ in range(4)]
    api.plan = where(b"claude-opus-5", "404")
    third = [ask(api, GOOD | {"model": model}).status for model in ("claude-opus-5", "claude-opus-4-8")]

    assert (first, second, third) == ([529, 529, 529], [200, 200, 401, 401], [404, 200])


# Faults on the wire


class Wire(NamedTuple):
    """What a fault must look like: how it starts, how it ends, and (a pattern) what else is in it.

    Endings: "closed" (FIN), "reset" (RST), "silent" (nothing more comes), "drips" (byte by byte),
    "more" (it doesn't stop).
    """

    begins: bytes
    ending: str = "closed"
    holds: bytes = b""


def http_head(code: int) -> bytes:
    return b"HTTP/1.1 %d " % code


def error(code: int, holds: bytes = b"") -> Wire:
    return Wire(http_head(code), holds=holds or b'"type": "%s"' % api_server.ERROR_TYPES[code].encode())


STARTED = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"
TRUE_COUNT = rb'\r\n\r\n\{"input_tokens": 77\}\Z'
KEY_BYTES = re.escape(KEY.encode())

WIRE: dict[str, Wire] = {
    **{str(code): error(code) for code in api_server.ERROR_TYPES},
    **{f"{code}_html": Wire(http_head(code), holds=b"content-type: text/html\r\n") for code in (413, 429, 502, 503)},
    **{f"429_retry_after_{name}": error(429, rb"\r\nretry-after: [^\r]*\r\n") for name in RETRY_AFTER},
    "529_retry_after_3600": error(529, b"\r\nretry-after: 3600\r\n"),
    "429_spend_limit": error(429, b'"details": {"error_code": "enforced_spend_limit_reached"}'),
    **{name: Wire(STARTED, holds=rb"\r\n\r\n" + re.escape(data) + rb"\Z") for name, data in NO_COUNT.items()},
    "html_200": Wire(http_head(200), holds=b"text/html\r\n.*\r\n\r\n<!doctype html>"),
    "wrong_content_type": Wire(http_head(200), holds=b"text/plain\r\n.*\r\n\r\n" + re.escape(OK)),
    "204": Wire(http_head(204)),
    "hang": Wire(b"", "silent"),
    "hang_mid_body": Wire(STARTED + b'content-length: 20\r\n\r\n{"input_to', "silent"),
    "drip_body": Wire(STARTED + b'content-length: 1000\r\n\r\n{"i', "drips"),
    "drip_head": Wire(b"HTT", "drips"),
    "close": Wire(b"", "closed"),
    "reset": Wire(b"", "reset"),
    "reset_before_body": Wire(STARTED, "reset", rb"\r\n\r\n\Z"),
    "reset_mid_body": Wire(STARTED, "reset", rb'\r\n\r\n{"input_to\Z'),
    "truncated_body": Wire(STARTED, holds=rb"content-length: 500\r\n\r\n" + re.escape(OK) + rb"\Z"),
    "truncated_chunk": Wire(STARTED, holds=rb"chunked\r\n\r\nff\r\n" + re.escape(OK) + rb"\Z"),
    "bad_chunk": Wire(STARTED, holds=rb"chunked\r\n\r\nzz\r\n"),
    "bad_length": Wire(http_head(200), holds=b"content-length: -5\r\n"),
    "two_lengths": Wire(http_head(200), holds=b"content-length: 5\r\ncontent-length: 20\r\n"),
    "malformed_status_line": Wire(b"HTTP/1.1 abc OK\r\n"),
    "malformed_header": Wire(http_head(200), holds=b"\r\nno colon here\r\n"),
    "not_http": Wire(b"SSH-2.0-OpenSSH_9.9\r\n"),
    "huge_body": Wire(STARTED, "more", rb'content-length: 67108892\r\n\r\n{"pad":"x'),
    "endless_body": Wire(STARTED, "more", rb"chunked\r\n\r\n10000\r\n    "),
    "endless_headers": Wire(b"HTTP/1.1 200 OK\r\nx-pad: ", "more", rb"x\r\nx-pad: "),
    "endless_header": Wire(b"HTTP/1.1 200 OK\r\nx-pad: ", "more", rb"x-pad: x{300000}"),
    "endless_100": Wire(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n", "more"),
    "gzip_bomb": Wire(http_head(200), "more", rb"content-encoding: gzip\r\n\r\n\x1f\x8b"),
    **{
        f"redirect_{code}": Wire(http_head(code), holds=rb"location: http://127.0.0.1:\d+/elsewhere\r\n")
        for code in (301, 302, 303, 307, 308)
    },
    **{f"echo_key_{code}": error(code, b'"message": "[^"]*Bearer ' + KEY_BYTES) for code in (400, 401, 404, 500)},
    "echo_key_as_count": Wire(STARTED, holds=b'"input_tokens": "Bearer ' + KEY_BYTES),
    "echo_key_as_request_id": error(500, b"\r\nrequest-id: Bearer " + KEY_BYTES),
    "hostile_message": error(400, rb"\\u001b\[2J.*\\n::error::forged"),
    "100_continue": Wire(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n", holds=TRUE_COUNT),
    "103_early_hints": Wire(b"HTTP/1.1 103 Early Hints\r\n", holds=TRUE_COUNT),
    "http_1_0": Wire(b"HTTP/1.0 200 OK\r\ncontent-type: application/json" + b"\r\n\r\n", holds=TRUE_COUNT),
    "chunked": Wire(STARTED + b"transfer-encoding: chunked\r\n\r\n1;extension\r\n{\r\n", holds=rb"\r\n0\r\n\r\n\Z"),
    "silent_close": Wire(STARTED, holds=TRUE_COUNT),
    "extra_answer": Wire(STARTED, holds=rb'{"input_tokens": 77\}HTTP/1.1 200 OK\r\n.*{"input_tokens": 1}\Z'),
}  # fmt: skip


def on_the_wire(sock: socket.socket, wire: Wire) -> tuple[bytes, str]:
    """Everything that comes, and how it ends. Half a megabyte is enough."""
    data = b""
    while len(data) < 500_000:
        begun = len(data) >= len(wire.begins)
        sock.settimeout(0.15 if begun and wire.ending == "silent" else 20)
        try:
            part = sock.recv(65536)
        except ConnectionResetError:
            return data, "reset"
        except TimeoutError:
            return data, "silent"
        data += part
        if not part:
            return data, "closed"
        if begun and len(part) == 1:
            return data, "drips"
    return data, "more"


def test_every_fault_is_examined() -> None:
    """A new fault needs a line here that says what it is."""
    assert set(WIRE) == set(FAULTS)


@pytest.mark.parametrize("name", FAULTS)
def test_fault(api: ApiServer, name: str) -> None:
    """Each fault is on the wire what its name says, and is noted under that name."""
    api.plan = [name]
    api.count = lambda model, fields: 77
    api.redirect_to = f"{api.url}/elsewhere"
    wire = WIRE[name]
    with socket.create_connection(("127.0.0.1", api.port), timeout=20) as sock:
        sock.sendall(request_bytes(headers=BEARER | {"connection": "close"}))
        data, ending = on_the_wire(sock, wire)

    assert data[: len(wire.begins)] == wire.begins
    assert ending == wire.ending
    assert re.search(wire.holds, data, re.DOTALL)
    assert (api.answers, api.counted()) == ({1: name}, [])


# Whole answers. (http.client takes 103 for the final answer.)
WHOLE = [
    n for n, wire in WIRE.items() if re.match(rb"HTTP/1\.1 [1345]", wire.begins) and n != "103_early_hints"
]


@pytest.mark.parametrize("name", [n for n in WHOLE if WIRE[n].ending == "closed"])
def test_errors_leave_the_connection_usable(api: ApiServer, name: str) -> None:
    """A whole answer can be followed by another on the same connection, as behind the real API."""
    api.plan = [name]
    connection = http.client.HTTPConnection("127.0.0.1", api.port, timeout=20)
    with contextlib.closing(connection):
        for _ in range(2):
            connection.request("POST", COUNT_PATH, json.dumps(GOOD), BEARER)
            answer = answer_of(connection)

    assert (answer.status, api.connections) == (200, 1)


def test_retry_after_values(api: ApiServer) -> None:
    """The values are those that have hung clients; dates lie an hour away."""
    api.plan = [f"429_retry_after_{name}" for name in RETRY_AFTER]
    told = {name: ask(api).headers["retry-after"] for name in RETRY_AFTER}

    past, future = told.pop("past_date"), told.pop("future_date")
    assert told == {name: RETRY_AFTER[name] for name in told}
    assert -3700 < email.utils.parsedate_to_datetime(past).timestamp() - time.time() < -3500
    assert 3500 < email.utils.parsedate_to_datetime(future).timestamp() - time.time() < 3700


@pytest.mark.parametrize("name", ["429", "429_spend_limit"])
def test_429_without_retry_after(api: ApiServer, name: str) -> None:
    """Two kinds of 429 don't say when to come again."""
    api.plan = [name]

    answer = ask(api)

    assert (answer.status, "retry-after" in answer.headers) == (429, False)


def test_redirect_to_another_server(api: ApiServer) -> None:
    """Two servers run side by side, and the second sees who follows a redirect."""
    with ApiServer() as other:
        api.redirect_to = other.url + COUNT_PATH
        api.plan = ["redirect_307"]
        to = urlsplit(ask(api).headers["location"])
        ask(other, path=to.path)

    assert to.port == other.port != api.port
    assert [seen.path for seen in other.requests] == [COUNT_PATH]


def test_bomb() -> None:
    """The bomb is good gzip: a decoder gets a valid count behind as much white space as promised."""
    packed = api_server.bomb(3)
    data = gzip.decompress(packed)

    assert json.loads(data) == {"input_tokens": 42}
    assert len(data) == 3 * 1024 * 1024 + len(OK)
    assert len(packed) < 10_000


def test_huge_body_is_a_valid_count(api: ApiServer) -> None:
    """Nothing but its size is wrong with the huge body."""
    api.plan = ["huge_body"]

    answer = ask(api)

    assert len(answer.body) > 64 * 1024 * 1024
    assert answer.body.endswith(b'","input_tokens":42}')


def test_echoed_key_is_the_one_that_was_sent(api: ApiServer) -> None:
    """The echo works for the old header too, and for keys that the server doesn't know."""
    api.plan = ["echo_key_400"]

    answer = ask(api, headers=X_API_KEY | {"x-api-key": "sk-ant-CANARY"})

    assert "sk-ant-CANARY" in answer.message


# Connections that come to nothing


def test_mute(api: ApiServer) -> None:
    """A mute server takes the connection and the request, and is silent."""
    api.mute = True
    with socket.create_connection(("127.0.0.1", api.port), timeout=20) as sock:
        sock.sendall(request_bytes())

        assert on_the_wire(sock, Wire(b"", "silent")) == (b"", "silent")
    assert api.requests == []


def test_refusing(api: ApiServer) -> None:
    """An address that refuses does so at once."""
    with api_server.refusing() as url, pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", urlsplit(url).port or 0), timeout=20)


@pytest.mark.skipif(sys.platform != "linux", reason="how a full queue behaves is the kernel's choice")
def test_blackhole(api: ApiServer) -> None:
    """At the black hole even connecting takes for ever."""
    with api_server.blackhole() as url, pytest.raises(TimeoutError):
        socket.create_connection(("127.0.0.1", urlsplit(url).port or 0), timeout=0.3)


def test_nothing_but_the_loopback(api: ApiServer) -> None:
    """A test with the server still can't reach anybody else."""
    with pytest.raises(UserWarning, match=r"192\.0\.2\.1"):
        socket.create_connection(("192.0.2.1", 443), timeout=1)


# TLS


def tls_answer(server: ApiServer) -> Answer:
    connection = http.client.HTTPSConnection(
        "127.0.0.1", server.port, timeout=20, context=ssl.create_default_context()
    )
    with contextlib.closing(connection):
        connection.request("POST", COUNT_PATH, json.dumps(GOOD), BEARER)
        return answer_of(connection)


@needs_openssl
def test_tls(api: ApiServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody trusts the certificate, until `SSL_CERT_FILE` names it."""
    certificate = api_server.make_certificate(tmp_path)
    with ApiServer(certificate=certificate) as server:
        with pytest.raises(ssl.SSLCertVerificationError):
            tls_answer(server)
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate.cert))
        answer = tls_answer(server)

    assert server.url.startswith("https://127.0.0.1:")
    assert (answer.status, len(server.requests)) == (200, 1)


@needs_openssl
@pytest.mark.parametrize("name", ["reset_mid_body", "truncated_body", "null_count"])
def test_faults_over_tls(api: ApiServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Faults work through TLS as well."""
    certificate = api_server.make_certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.cert))
    with ApiServer(certificate=certificate) as server:
        server.plan = [name]
        if name == "null_count":
            assert tls_answer(server).body == NO_COUNT[name]
        else:
            with pytest.raises((OSError, http.client.IncompleteRead)):
                tls_answer(server)


@needs_openssl
def test_a_certificate_holds_by_the_strict_rules(api: ApiServer, tmp_path: Path) -> None:
    """Newer Pythons check certificates by RFC 5280 to the letter."""
    certificate = api_server.make_certificate(tmp_path)
    context = ssl.create_default_context(cafile=certificate.cert)
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    with (
        ApiServer(certificate=certificate) as server,
        socket.create_connection(("127.0.0.1", server.port), timeout=20) as sock,
        context.wrap_socket(sock, server_hostname="127.0.0.1") as secure,
    ):
        assert secure.version()


@needs_openssl
def test_plain_and_tls_mixed_up(api: ApiServer, tmp_path: Path) -> None:
    """TLS to the plain port fails, plain HTTP to the TLS port too, and the servers go on."""
    with ApiServer(certificate=api_server.make_certificate(tmp_path)) as server:
        with pytest.raises(ssl.SSLError):
            tls_answer(api)
        with pytest.raises((OSError, http.client.HTTPException)):
            ask(server)

    assert ask(api).status == 200


# The end


@pytest.mark.parametrize("fault", ["hang", "hang_mid_body", "drip_body", "endless_body", "huge_body", None])
def test_stops_in_the_middle_of_anything(api: ApiServer, fault: str | None) -> None:
    """Stopping ends idle, hanging and busy connections, and leaves neither a thread nor a socket."""
    with contextlib.ExitStack() as stack:
        with ApiServer() as server:
            server.plan = always(fault)
            for _ in range(3):
                sock = stack.enter_context(socket.create_connection(("127.0.0.1", server.port), timeout=20))
                sock.sendall(request_bytes())
            while len(server.answers) < 3:
                time.sleep(0.005)

        assert not server._open
        assert not any(thread.is_alive() for thread in server._threads)
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", server.port), timeout=20)


def test_stops_while_mute(api: ApiServer) -> None:
    """Connections that were never answered end too."""
    with socket.socket() as sock, ApiServer() as server:
        server.mute = True
        sock.connect(("127.0.0.1", server.port))

    assert not server._open


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGTERM that can be caught")
def test_as_a_process(api: ApiServer) -> None:
    """On its own it prints its address, serves, tells its statistics and ends on SIGTERM."""
    command = [
        sys.executable,
        "-m",
        "tests.support.api_server",
        "--rpm",
        "1",
        "--latency",
        "0.01-0.02",
        "--headers",
    ]
    root = ROOT
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=root
    ) as process:
        assert process.stdout
        there = ApiServer()
        there.port = urlsplit(process.stdout.readline().strip()).port or 0
        answers = [ask(there) for _ in range(3)]
        stats = get(there, "/_stats")
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=20)

    assert [answer.status for answer in answers] == [200, 429, 429]
    assert answers[1].headers["anthropic-ratelimit-requests-limit"] == "1"
    assert (stats["answers"], stats["requests"], stats["connections"]) == ({"200": 1, "429": 2}, 3, 4)
    assert (process.returncode, err, json.loads(out)["requests"]) == (0, "", 3)
