"""An API server for tests and benchmarks: answers as the real one does, and fails in every way on demand.

A test sets attributes on a running `ApiServer` (`count`, `plan`, `latency`, …) and reads what it saw
(`requests`, `counted()`). As a process: `python -m tests.support.api_server --rpm 4000 --latency 0.15-0.4 --headers`
prints its address and serves `/_stats` beside the API, until SIGTERM.
"""

from __future__ import annotations

import argparse
import contextlib
import email.utils
import functools
import itertools
import json
import math
import random
import re
import signal
import socket
import ssl
import struct
import subprocess
import sys
import threading
import time
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn, Self
from urllib.parse import parse_qs, urlsplit

if TYPE_CHECKING:
    from pathlib import Path

COUNT_PATH = "/v1/messages/count_tokens"
MODELS_PATH = "/v1/models"
STATS_PATH = "/_stats"
KEY = "sk-ant-api03-test-only"
VERSIONS = ("2023-06-01", "2026-10-21")
MIB = 1 << 20
MAX_HEAD = 64 * 1024
TLS_HELLO = b"\x16\x03"

FIELDS = {
    "model", "messages", "system", "tools", "tool_choice", "thinking", "output_config", "cache_control", "speed",
}  # fmt: skip
SERVER_TOOLS = ("web_search_", "web_fetch_", "code_execution_", "tool_search_tool_", "mcp_toolset")

ERROR_TYPES = {
    400: "invalid_request_error", 401: "authentication_error", 402: "billing_error", 403: "permission_error",
    404: "not_found_error", 405: "invalid_request_error", 408: "timeout_error", 409: "invalid_request_error",
    411: "invalid_request_error", 413: "request_too_large", 429: "rate_limit_error", 500: "api_error",
    502: "api_error", 503: "api_error", 504: "timeout_error", 529: "overloaded_error",
}  # fmt: skip

# Context window of each model; the dated ids are those that aliases up to 4.5 stand for.
MODELS: dict[str, int] = {
    "claude-fable-5-2": 1_000_000, "claude-opus-5-5": 1_000_000, "claude-opus-5": 1_000_000,
    "claude-opus-4-8": 1_000_000, "claude-opus-4-7": 1_000_000, "claude-sonnet-5-5": 1_000_000,
    "claude-sonnet-5": 1_000_000, "claude-haiku-5-5": 1_000_000, "claude-opus-4-6": 1_000_000,
    "claude-sonnet-4-6": 1_000_000, "claude-opus-4-5": 200_000, "claude-opus-4-5-20251101": 200_000,
    "claude-sonnet-4-5": 200_000, "claude-sonnet-4-5-20250929": 200_000, "claude-haiku-4-5": 200_000,
    "claude-haiku-4-5-20251001": 200_000,
}  # fmt: skip
RETIRES = {"claude-sonnet-4-5": "2026-11-30T00:00:00Z", "claude-sonnet-4-5-20250929": "2026-11-30T00:00:00Z"}

CountFunction = Callable[[str, Mapping[str, Any]], int]


class Seen(NamedTuple):
    """A request as it came in. `head` is raw, up to and with the empty line; header names are in lower case.

    `body` is empty where it was larger than the server takes; `length` is what it was. `time` is monotonic.
    """

    number: int
    time: float
    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    length: int
    head: bytes

    @property
    def route(self) -> str:
        return self.path.partition("?")[0]

    @property
    def request_id(self) -> str:
        return f"req_test{self.number:08d}"

    def json(self) -> Any:
        return json.loads(self.body)


class Reply(NamedTuple):
    status: int
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()
    content_type: str = "application/json"


class Exchange(NamedTuple):
    """What a fault gets to play with."""

    server: ApiServer
    sock: socket.socket
    seen: Seen


# Writes whatever it likes to the socket; True where the connection may serve another request.
Fault = Callable[[Exchange], bool]
# A fault, the name of one in `FAULTS`, or None for the normal answer.
Planned = Fault | str | None
Plan = list[Planned] | Callable[[Seen], Planned]


class Refused(Exception):
    """The request gets an error for an answer."""

    def __init__(self, status: int, message: str, *headers: tuple[str, str]) -> None:
        super().__init__(message)
        self.status = status
        self.headers = headers


# ---------------------------------------------------------------------------------------------------------
# HTTP on the wire


def read_request(sock: socket.socket, buffer: bytearray, cap: int) -> tuple[bytes, bytes, int] | None:
    """Head, body and the body's length; None at the end of the connection. A body over `cap` is dropped."""
    while (end := buffer.find(b"\r\n\r\n")) < 0:
        data = sock.recv(65536)
        buffer += data
        if not data or len(buffer) > MAX_HEAD or buffer.startswith(TLS_HELLO):
            sock.sendall(b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n" if buffer else b"")
            return None
    head = bytes(buffer[: end + 4])
    del buffer[: end + 4]
    match = re.search(rb"\r\ncontent-length:[ \t]*([0-9]+)", head, re.IGNORECASE)
    length = int(match[1]) if match else 0
    left = length
    body = bytearray()
    while left:
        data = bytes(buffer[:left]) if buffer else sock.recv(min(left, MIB))
        if not data:
            return None
        del buffer[: len(data)]
        left -= len(data)
        if length <= cap:
            body += data
    return head, bytes(body), length


def ends_connection(headers: Mapping[str, str]) -> bool:
    """Whether nothing can follow: the client says so, or sent a body that isn't read here."""
    return headers.get("connection", "").lower() == "close" or "transfer-encoding" in headers


def parse_head(head: bytes) -> tuple[str, str, dict[str, str]]:
    """Method, target and headers; repeated ones are joined."""
    first, *lines = head.decode("latin-1").split("\r\n")[:-2]
    method, _, rest = first.partition(" ")
    headers: dict[str, str] = {}
    for line in lines:
        name, _, value = line.partition(":")
        name = name.lower()
        headers[name] = f"{headers[name]}, {value.strip()}" if name in headers else value.strip()
    return method, rest.rpartition(" ")[0], headers


def render_head(status: int, headers: Mapping[str, str], version: str = "1.1") -> bytes:
    reason = HTTPStatus(status).phrase if status in HTTPStatus._value2member_map_ else "Overloaded"
    lines = [f"HTTP/{version} {status} {reason}", *(f"{name}: {value}" for name, value in headers.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def render(seen: Seen, reply: Reply) -> bytes:
    headers = {
        "content-type": reply.content_type,
        "content-length": str(len(reply.body)),
        "request-id": seen.request_id,
    }
    return render_head(reply.status, headers | dict(reply.headers)) + reply.body


def error_reply(
    seen: Seen, status: int, message: str, *headers: tuple[str, str], code: str | None = None
) -> Reply:
    """The API's error object. `code` is `details.error_code`; `details` is null without one."""
    error = {
        "type": ERROR_TYPES[status],
        "message": message,
        "details": {"error_code": code} if code else None,
    }
    body = json.dumps({"type": "error", "error": error, "request_id": seen.request_id}).encode()
    return Reply(status, body, headers)


# ---------------------------------------------------------------------------------------------------------
# The API: who may ask, what may be asked, what the answer is


def authenticate(headers: Mapping[str, str], keys: frozenset[str]) -> None:
    """Either style of credential. Raises `Refused`."""
    version = headers.get("anthropic-version")
    bearer = headers.get("authorization", "")
    if bearer:
        if not bearer.startswith("Bearer ") or bearer.removeprefix("Bearer ") not in keys:
            raise Refused(401, "invalid bearer token")
    elif headers.get("x-api-key") not in keys:
        raise Refused(401, "invalid x-api-key")
    elif version not in (None, "2023-06-01"):
        raise Refused(401, f"x-api-key is not accepted with anthropic-version {version}")
    if version not in VERSIONS:
        raise Refused(400, "anthropic-version: a valid version is required")


def validate(fields: Any, models: Mapping[str, int], *, server_tools: bool) -> None:
    """The refusals of `count_tokens`, in the API's words where they are known. Raises `Refused`."""
    validate_names(fields)
    messages = fields["messages"]
    if not isinstance(messages, list):
        raise Refused(400, "messages: Input should be a valid list")
    if not messages:
        raise Refused(400, "messages: at least one message is required")
    if str(fields["model"]) not in models:
        raise Refused(404, f"model: {fields['model']}")
    for message in messages:
        validate_message(message)
    validate_content("system", fields.get("system", []))
    if messages[-1]["role"] == "assistant" and generation(fields["model"]) >= (4, 6):
        raise Refused(400, "This model does not support assistant message prefill")
    validate_options(fields, server_tools=server_tools)


def validate_names(fields: Any) -> None:
    if not isinstance(fields, dict):
        raise Refused(400, "The request body is not a JSON object")
    for name in fields:
        if name not in FIELDS:
            raise Refused(400, f"{name}: Extra inputs are not permitted")
    for name in ("model", "messages"):
        if name not in fields:
            raise Refused(400, f"{name}: Field required")


def validate_message(message: Any) -> None:
    if not isinstance(message, dict) or message.get("role") not in ("user", "assistant", "system"):
        raise Refused(400, "messages.role: Input should be 'user', 'assistant' or 'system'")
    if "content" not in message:
        raise Refused(400, "messages.content: Field required")
    if message["role"] == "user" and message["content"] in ("", []):
        raise Refused(400, "user messages must have non-empty content")
    # Recorded answers hold assistant turns with a blank block among others: those were counted.
    validate_content("messages", message["content"], blank=message["role"] == "assistant")


def validate_content(where: str, content: Any, *, blank: bool = False) -> None:
    """`blank`: text may be white space alone."""
    blocks = [{"type": "text", "text": content}] if isinstance(content, str) else content
    if content == "":
        return
    if not isinstance(blocks, list) or not all(isinstance(block, dict) for block in blocks):
        raise Refused(400, f"{where}: Input should be a valid list")
    for block in blocks:
        validate_block(where, block, blank=blank)


def validate_block(where: str, block: Mapping[str, Any], *, blank: bool) -> None:
    kind = block.get("type")
    if kind is None:
        raise Refused(400, f"{where}.type: Field required")
    if kind == "text" and not block.get("text"):
        raise Refused(400, f"{where}: text content blocks must be non-empty")
    if kind == "text" and not blank and not str(block["text"]).strip():
        raise Refused(400, f"{where}: text content blocks must contain non-whitespace text")
    if kind in ("image", "document"):
        source = block.get("source")
        by = source.get("type") if isinstance(source, dict) else None
        if by not in ("base64", "text", "content"):
            raise Refused(400, f"{where}: {kind} sources of type {by} are not supported here")


def validate_options(fields: Mapping[str, Any], *, server_tools: bool) -> None:
    thinking = fields.get("thinking", {"type": "disabled"})
    if not isinstance(thinking, dict) or thinking.get("type") not in ("enabled", "disabled", "adaptive"):
        raise Refused(400, "thinking.type: Input should be 'enabled', 'disabled' or 'adaptive'")
    tools = fields.get("tools", [])
    if not isinstance(tools, list) or not all(isinstance(tool, dict) for tool in tools):
        raise Refused(400, "tools: Input should be a valid list")
    for tool in tools:
        if not server_tools and str(tool.get("type")).startswith(SERVER_TOOLS):
            raise Refused(400, f"tools: {tool['type']} is not supported by this endpoint")


def generation(model: str) -> tuple[int, int]:
    """`claude-opus-4-6` → (4, 6); (0, 0) where the id is built otherwise."""
    match = re.fullmatch(r"claude-[a-z]+-(\d+)(?:-(\d{1,2}))?(?:-\d{8})?", model)
    return (int(match[1]), int(match[2] or 0)) if match else (0, 0)


def length_count(model: str, fields: Mapping[str, Any]) -> int:
    """Cheap and deterministic: a token for each four characters of JSON, a fifth more from 4.7 on."""
    text = json.dumps([fields.get("system"), fields.get("tools"), fields["messages"]], ensure_ascii=False)
    size = len(text)
    return 7 + size // 4 * (6 if generation(model) >= (4, 7) else 5) // 5


def offline_count(model: str, fields: Mapping[str, Any]) -> int:
    """What prompt-lint itself says offline; by length where it says nothing."""
    try:
        from prompt_lint.counting import offline  # noqa: PLC0415  # a server that counts by length needn't it
        from prompt_lint.model.values import Request  # noqa: PLC0415  # tests that send nothing need no prompt_lint

        tokens: int = offline.count_request(
            model, Request({k: v for k, v in fields.items() if k != "model"})
        ).tokens
    except Exception:  # noqa: BLE001  # whatever it can't count, the server still answers
        return length_count(model, fields)
    return tokens


def model_info(name: str, *, bare: bool) -> dict[str, Any]:
    """`bare` as older servers and gateways tell it: without lifecycle, line and dates."""
    info: dict[str, Any] = {
        "type": "model", "id": name, "display_name": name.replace("-", " ").title(),
        "max_input_tokens": MODELS.get(name, 200_000), "max_tokens": 64_000, "capabilities": {},
    }  # fmt: skip
    if bare:
        return info
    return info | {
        "created_at": "2026-01-01T00:00:00Z", "lifecycle": "deprecated" if name in RETIRES else "active",
        "deprecated_at": "2026-08-01T00:00:00Z" if name in RETIRES else None,
        "retires_at": RETIRES.get(name), "line": name.split("-")[1],
    }  # fmt: skip


class Bucket:
    """A strict token bucket: `rpm` spread evenly, with `burst` requests at most saved up."""

    def __init__(self, rpm: float, burst: float | None = None) -> None:
        self.rpm = rpm
        self.rate = rpm / 60
        # "60 RPM might be enforced as 1 request per second": a tenth of a second's worth, at least one.
        self.burst = max(1.0, self.rate / 10) if burst is None else burst
        self._level = self.burst
        self._at = time.monotonic()
        self._lock = threading.Lock()

    def take(self) -> tuple[float, float]:
        """Seconds to wait (0: taken) and what is left in the bucket."""
        with self._lock:
            now = time.monotonic()
            self._level = min(self.burst, self._level + (now - self._at) * self.rate)
            self._at = now
            if self._level < 1:
                return (1 - self._level) / self.rate, self._level
            self._level -= 1
            return 0.0, self._level

    def headers(self, level: float) -> tuple[tuple[str, str], ...]:
        full = datetime.now(UTC) + timedelta(seconds=(self.burst - level) / self.rate)
        return (
            ("anthropic-ratelimit-requests-limit", f"{self.rpm:.0f}"),
            ("anthropic-ratelimit-requests-remaining", str(int(level))),
            ("anthropic-ratelimit-requests-reset", full.strftime("%Y-%m-%dT%H:%M:%SZ")),
        )


# ---------------------------------------------------------------------------------------------------------
# Faults. Each writes to the socket what its name says, and tells whether the connection is still good.


def send(x: Exchange, reply: Reply) -> bool:
    x.sock.sendall(render(x.seen, reply))
    return True


def wait_for_hangup(x: Exchange) -> bool:
    """Silence, until the client has had enough or the server stops."""
    while x.sock.recv(4096):
        pass
    return False


def hang_mid_body(x: Exchange) -> bool:
    x.sock.sendall(OK_HEAD % len(OK) + OK[:10])
    return wait_for_hangup(x)


def status(code: int, *headers: tuple[str, str], html: bool = False) -> Fault:
    """An error of the API's own shape, or (`html`) a page by some edge in front of it."""
    page = Reply(code, f"<html><h1>{code}</h1></html>".encode(), headers, "text/html")

    def fault(x: Exchange) -> bool:
        return send(x, page if html else error_reply(x.seen, code, f"answered {code} on demand", *headers))

    return fault


def retry_after(value: str | Callable[[], str], code: int = 429) -> Fault:
    """`value` may be a function, for what depends on the time of day."""

    def fault(x: Exchange) -> bool:
        return status(code, ("retry-after", value if isinstance(value, str) else value()))(x)

    return fault


def http_date(offset: float) -> Callable[[], str]:
    return lambda: email.utils.formatdate(time.time() + offset, usegmt=True)


def spend_limit(x: Exchange) -> bool:
    code = "enforced_spend_limit_reached"
    return send(x, error_reply(x.seen, 429, "You have reached your spend limit.", code=code))


def body(data: bytes, content_type: str = "application/json") -> Fault:
    """A 200 with these bytes."""
    return lambda x: send(x, Reply(200, data, (), content_type))


def raw(data: bytes) -> Fault:
    """These bytes and the end of the connection."""

    def fault(x: Exchange) -> bool:
        x.sock.sendall(data)
        return False

    return fault


def reset(before: bytes = b"") -> Fault:
    """These bytes and then RST instead of FIN."""

    def fault(x: Exchange) -> bool:
        x.sock.sendall(before)
        time.sleep(0.02 if before else 0)  # what was sent gets there first
        x.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        x.sock.close()
        return False

    return fault


def drip(head: bytes, slow: bytes, seconds: float = 0.1) -> Fault:
    """`head` at once, then a byte of `slow` each time."""

    def fault(x: Exchange) -> bool:
        x.sock.sendall(head)
        for byte in slow:
            if x.server.stopping.wait(seconds):
                break
            x.sock.sendall(bytes([byte]))
        return False

    return fault


def endless(head: bytes, part: bytes, pause: float = 0) -> Fault:
    """`head`, then `part` again and again until the client hangs up."""

    def fault(x: Exchange) -> bool:
        x.sock.sendall(head)
        while not x.server.stopping.wait(pause):
            x.sock.sendall(part)
        return False

    return fault


def huge(x: Exchange) -> bool:
    """A valid count behind 64 MiB of padding."""
    before, after = b'{"pad":"', b'","input_tokens":42}'
    x.sock.sendall(OK_HEAD % (len(before) + 64 * MIB + len(after)) + before)
    for _ in range(64):
        x.sock.sendall(b"x" * MIB)
    x.sock.sendall(after)
    return True


@functools.cache
def bomb(mib: int = 1024) -> bytes:
    """A valid gzip stream of that many MiB of spaces after a valid count."""
    block, checksum = b" " * MIB, 0
    squeeze = zlib.compressobj(9, zlib.DEFLATED, -15)
    text = b'{"input_tokens": 42}'
    start = squeeze.compress(text) + squeeze.flush(zlib.Z_FULL_FLUSH)
    # After a full flush the same input gives the same output, so one block stands for all.
    part = squeeze.compress(block) + squeeze.flush(zlib.Z_FULL_FLUSH)
    checksum = zlib.crc32(text)
    for _ in range(mib):
        checksum = zlib.crc32(block, checksum)
    trailer = struct.pack("<II", checksum, (len(text) + mib * MIB) & 0xFFFFFFFF)
    return b"\x1f\x8b\x08\0\0\0\0\0\0\xff" + start + part * mib + squeeze.flush() + trailer


def gzip_bomb(x: Exchange) -> bool:
    return send(x, Reply(200, bomb(), (("content-encoding", "gzip"),)))


def redirect(code: int, location: str = "") -> Fault:
    """To `location`, else `server.redirect_to`, else to the same path of the same server."""

    def fault(x: Exchange) -> bool:
        to = location or x.server.redirect_to or x.server.url + x.seen.path
        return status(code, ("location", to), html=True)(x)

    return fault


def credential(seen: Seen) -> str:
    return seen.headers.get("authorization") or seen.headers.get("x-api-key", "")


def echo_key(code: int) -> Fault:
    """An error whose message holds the credential that was sent."""
    return lambda x: send(x, error_reply(x.seen, code, f"bad header value: {credential(x.seen)}"))


def echo_key_as_count(x: Exchange) -> bool:
    return send(x, Reply(200, json.dumps({"input_tokens": credential(x.seen)}).encode()))


def echo_key_as_request_id(x: Exchange) -> bool:
    return status(500, ("request-id", credential(x.seen)))(x)


def hostile_message(x: Exchange) -> bool:
    """A message that tries to command a terminal and a CI runner."""
    return send(
        x,
        error_reply(
            x.seen, 400, "\x1b[2J\x1b]0;x\x07\n::error::forged\r\n##[error]forged\u2028" + "y" * 9999
        ),
    )


def informational(head: bytes) -> Fault:
    """An interim answer before the real one."""

    def fault(x: Exchange) -> bool:
        x.sock.sendall(head)
        return x.server.answer(x)

    return fault


def http_1_0(x: Exchange) -> bool:
    """The true answer, without a length, ended by closing."""
    reply = x.server.respond(x.seen)
    x.sock.sendall(render_head(reply.status, {"content-type": reply.content_type}, "1.0") + reply.body)
    return False


def chunked(x: Exchange) -> bool:
    """The true answer in chunks of one byte."""
    reply = x.server.respond(x.seen)
    chunks = b"".join(b"1;extension\r\n%c\r\n" % byte for byte in reply.body)
    head = render_head(reply.status, {"content-type": reply.content_type, "transfer-encoding": "chunked"})
    x.sock.sendall(head + chunks + b"0\r\n\r\n")
    return True


def silent_close(x: Exchange) -> bool:
    """The true answer, then the end of the connection without a word."""
    x.server.answer(x)
    return False


def extra_answer(x: Exchange) -> bool:
    """The true answer and behind it one that nobody asked for: poison for the next request."""
    poison = Reply(200, b'{"input_tokens": 1}')
    x.sock.sendall(render(x.seen, x.server.respond(x.seen)) + render(x.seen, poison))
    return True


OK = b'{"input_tokens": 42}'
OK_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
CHUNKED_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n"

# Bodies of a 200 that hold no count.
NO_COUNT: dict[str, bytes] = {
    "empty": b"",
    "invalid_json": b'{"input_tokens": 4',
    "not_utf8": b'{"input_tokens": "\xff\xfe"}',
    "deep_json": b"[" * 100_000,
    "deep_count": b'{"input_tokens": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "long_integer": b'{"input_tokens": ' + b"9" * 5000 + b"}",
    "missing_count": b'{"tokens": 42}',
    "two_counts": b'{"input_tokens": 57, "input_tokens": 3}',
    "null_body": b"null",
    "array_body": b"[42]",
    "bare_number": b"42",
    "null_count": b'{"input_tokens": null}',
    "string_count": b'{"input_tokens": "42"}',
    "negative_count": b'{"input_tokens": -5}',
    "zero_count": b'{"input_tokens": 0}',
    "nan_count": b'{"input_tokens": NaN}',
    "infinite_count": b'{"input_tokens": Infinity}',
    "fraction_count": b'{"input_tokens": 1.5}',
    "float_count": b'{"input_tokens": 42.0}',
    "true_count": b'{"input_tokens": true}',
    "list_count": b'{"input_tokens": [42]}',
    "too_large_count": b'{"input_tokens": 2147483648}',
}

# Values of retry-after that have hung or fooled clients.
RETRY_AFTER: dict[str, str | Callable[[], str]] = {
    "1": "1", "3600": "3600", "inf": "inf", "nan": "NaN", "negative": "-5", "garbage": "Zun", "empty": "",
    "huge": "9" * 400, "past_date": http_date(-3600), "future_date": http_date(3600),
}  # fmt: skip

FAULTS: dict[str, Fault] = {
    **{str(code): status(code) for code in ERROR_TYPES},
    **{f"{code}_html": status(code, html=True) for code in (413, 429, 502, 503)},
    **{f"429_retry_after_{name}": retry_after(value) for name, value in RETRY_AFTER.items()},
    "529_retry_after_3600": retry_after("3600", 529),
    "429_spend_limit": spend_limit,
    **{name: body(data) for name, data in NO_COUNT.items()},
    "html_200": body(b"<!doctype html><title>Sign in to the Wi-Fi</title>", "text/html"),
    "wrong_content_type": body(OK, "text/plain"),
    "204": raw(b"HTTP/1.1 204 No Content\r\n\r\n"),
    "hang": wait_for_hangup,
    "hang_mid_body": hang_mid_body,
    "drip_body": drip(OK_HEAD % 1000, OK.ljust(1000)),
    "drip_head": drip(
        b"", b"HTTP/1.1 200 OK\r\nx-pad: " + b"x" * 1000 + b"\r\ncontent-length: 20\r\n\r\n" + OK
    ),
    "close": raw(b""),
    "reset": reset(),
    "reset_before_body": reset(OK_HEAD % len(OK)),
    "reset_mid_body": reset(OK_HEAD % len(OK) + OK[:10]),
    "truncated_body": raw(OK_HEAD % 500 + OK),
    "truncated_chunk": raw(CHUNKED_HEAD + b"ff\r\n" + OK),
    "bad_chunk": raw(CHUNKED_HEAD + b"zz\r\n" + OK + b"\r\n0\r\n\r\n"),
    "bad_length": raw(b"HTTP/1.1 200 OK\r\ncontent-length: -5\r\n\r\n" + OK),
    "two_lengths": raw(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 20\r\n\r\n" + OK),
    "malformed_status_line": raw(b"HTTP/1.1 abc OK\r\ncontent-length: 20\r\n\r\n" + OK),
    "malformed_header": raw(b"HTTP/1.1 200 OK\r\nno colon here\r\ncontent-length: 20\r\n\r\n" + OK),
    "not_http": raw(b"SSH-2.0-OpenSSH_9.9\r\n"),
    "huge_body": huge,
    "endless_body": endless(CHUNKED_HEAD, b"10000\r\n" + b" " * 65536 + b"\r\n"),
    "endless_headers": endless(b"HTTP/1.1 200 OK\r\n", b"x-pad: " + b"x" * 1000 + b"\r\n"),
    "endless_header": endless(b"HTTP/1.1 200 OK\r\nx-pad: ", b"x" * 65536),
    "endless_100": endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 100, 0.001),
    "gzip_bomb": gzip_bomb,
    **{f"redirect_{code}": redirect(code) for code in (301, 302, 303, 307, 308)},
    **{f"echo_key_{code}": echo_key(code) for code in (400, 401, 404, 500)},
    "echo_key_as_count": echo_key_as_count,
    "echo_key_as_request_id": echo_key_as_request_id,
    "hostile_message": hostile_message,
    # Odd, but a count: a client may take the answer, and must never take a wrong one.
    "100_continue": informational(b"HTTP/1.1 100 Continue\r\n\r\n"),
    "103_early_hints": informational(b"HTTP/1.1 103 Early Hints\r\nlink: </x>; rel=preload\r\n\r\n"),
    "http_1_0": http_1_0,
    "chunked": chunked,
    "silent_close": silent_close,
    "extra_answer": extra_answer,
}


def always(fault: Planned) -> Plan:
    return lambda _: fault


def after(normal: int, fault: Planned) -> Plan:
    """So many normal answers, then the fault for ever: an expired token, a filled bucket."""
    numbers = itertools.count()
    return lambda _: fault if next(numbers) >= normal else None


def where(text: bytes, fault: Planned) -> Plan:
    """The fault for every request with these bytes in its body, the normal answer for others."""
    return lambda seen: fault if text in seen.body else None


# ---------------------------------------------------------------------------------------------------------
# The server


class ApiServer:
    """Listens on 127.0.0.1 from `start` (or `with`) to `stop`; every attribute may be set while it runs.

    `plan` chooses a fault for a request: a list is used up in order, a function is asked each time.
    `answers` has, by request number, the status of a normal answer or the name of the fault.
    """

    def __init__(
        self,
        *,
        count: CountFunction = offline_count,
        bucket: Bucket | None = None,
        latency: tuple[float, float] = (0.0, 0.0),
        certificate: Certificate | None = None,
    ) -> None:
        self.count = count
        self.bucket = bucket
        self.latency = latency  # seconds, of answers with a count; refusals come at once
        self.rate_headers = False
        self.keys = frozenset({KEY})
        self.models: dict[str, int] = dict(MODELS)
        self.bare_models = False
        self.server_tools = False  # whether `web_search` and its like are counted or refused
        self.max_body = 32 * MIB
        self.redirect_to = ""
        self.mute = False  # connections are accepted and never answered, not even a TLS handshake
        self.plan: Plan = []
        self.keep = True  # whether `requests` is kept: a benchmark needn't
        self.requests: list[Seen] = []
        self.answers: dict[int, int | str] = {}
        self.tally: Counter[str] = Counter()
        self.connections = 0
        self.in_flight = self.peak = 0
        self.stopping = threading.Event()
        self._tls = server_context(certificate) if certificate else None
        self._lock = threading.Lock()
        self._numbers = itertools.count(1)
        self._times: list[float] = []
        self._open: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self, port: int = 0) -> Self:
        self._listener = socket.create_server(("127.0.0.1", port), backlog=1024)
        self.port: int = self._listener.getsockname()[1]
        self.url = f"{'https' if self._tls else 'http'}://127.0.0.1:{self.port}"
        self._acceptor = threading.Thread(target=self._accept, name="api-accept", daemon=True)
        self._acceptor.start()
        return self

    def stop(self) -> None:
        """Ends every connection and waits for every thread: nothing is left behind."""
        self.stopping.set()
        with contextlib.suppress(OSError):  # accept() isn't woken by closing its socket; a caller wakes it
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
        self._acceptor.join()
        self._listener.close()
        with self._lock:
            for sock in self._open:
                with contextlib.suppress(OSError):  # past ssl's own shutdown, which isn't safe across threads
                    socket.socket.shutdown(sock, socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(10)
            if thread.is_alive():
                raise RuntimeError(f"{thread.name} doesn't end")

    def counted(self) -> list[Any]:
        """The bodies of the requests that got a true count, in the order they came."""
        return [
            seen.json()
            for seen in self.requests
            if self.answers.get(seen.number) == 200 and seen.method == "POST"
        ]

    def stats(self) -> dict[str, Any]:
        """What a benchmark asks for, through `/_stats`. Times are in seconds."""
        with self._lock:
            times = self._times[:1] + self._times[-1:]
            return {
                "answers": dict(self.tally), "requests": sum(self.tally.values()), "peak": self.peak,
                "connections": self.connections, "span": times[-1] - times[0] if times else 0.0,
                "cpu": time.process_time(),
            }  # fmt: skip

    def _accept(self) -> None:
        while True:
            sock, _ = self._listener.accept()
            if self.stopping.is_set():
                sock.close()
                return
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.connections += 1
            thread = threading.Thread(target=self._serve, args=(sock,), name="api-connection", daemon=True)
            self._threads = [*(t for t in self._threads if t.is_alive()), thread]
            thread.start()

    def _serve(self, sock: socket.socket) -> None:
        """One connection, from handshake to close. What the network or the client breaks ends it quietly."""
        try:
            if self._tls:
                sock = self._tls.wrap_socket(sock, server_side=True, do_handshake_on_connect=False)
        except OSError:
            return  # the client has gone already; ssl has closed the socket
        with self._lock:
            self._open.add(sock)
        try:
            if self.mute or self.stopping.is_set():
                while socket.socket.recv(sock, 4096) and not self.stopping.is_set():
                    pass
                return
            if isinstance(sock, ssl.SSLSocket):
                sock.do_handshake()
            buffer = bytearray()
            while self._one(sock, buffer):
                pass
        except OSError:
            pass
        finally:
            with self._lock:
                self._open.discard(sock)
                sock.close()

    def _one(self, sock: socket.socket, buffer: bytearray) -> bool:
        """One request; True where the connection stays."""
        request = read_request(sock, buffer, self.max_body)
        if request is None:
            return False
        head, content, length = request
        seen = Seen(next(self._numbers), time.monotonic(), *parse_head(head), content, length, head)
        exchange = Exchange(self, sock, seen)
        if seen.route == STATS_PATH:
            return send(exchange, Reply(200, json.dumps(self.stats()).encode()))
        fault = self._begin(seen)
        try:
            kept = fault(exchange) if fault else self.answer(exchange, note=True)
        finally:
            with self._lock:
                self.in_flight -= 1
                self._times.append(time.monotonic())
        return kept and not self.stopping.is_set() and not ends_connection(seen.headers)

    def _begin(self, seen: Seen) -> Fault | None:
        """Records the request and looks up what is planned for it."""
        with self._lock:
            self.in_flight += 1
            self.peak = max(self.peak, self.in_flight)
            if self.keep:
                self.requests.append(seen)
            plan = self.plan
            planned = (plan.pop(0) if plan else None) if isinstance(plan, list) else plan(seen)
            if planned is None:
                return None
            name = planned if isinstance(planned, str) else planned.__qualname__.partition(".")[0]
            self._note(seen, name)
        return FAULTS[planned] if isinstance(planned, str) else planned

    def _note(self, seen: Seen, answer: int | str) -> None:
        self.tally[str(answer)] += 1
        if self.keep:
            self.answers[seen.number] = answer

    def answer(self, x: Exchange, *, note: bool = False) -> bool:
        """The normal answer, after the usual latency."""
        reply = self.respond(x.seen)
        if note:
            with self._lock:
                self._note(x.seen, reply.status)
        if reply.status == 200:
            self.stopping.wait(random.uniform(*self.latency))  # noqa: S311  # nothing depends on it
        x.sock.sendall(render(x.seen, reply))
        return True

    def respond(self, seen: Seen) -> Reply:
        """The normal answer, as a value."""
        try:
            return self._route(seen)
        except Refused as error:
            return error_reply(seen, error.status, str(error), *error.headers)

    def _route(self, seen: Seen) -> Reply:
        if seen.length > self.max_body:
            return Reply(413, b"<html><h1>413 Request Entity Too Large</h1></html>", (), "text/html")
        if "transfer-encoding" in seen.headers:
            raise Refused(411, "Length Required")
        authenticate(seen.headers, self.keys)
        if seen.route == COUNT_PATH:
            return self._count(seen)
        if seen.method != "GET":
            raise Refused(405, "Method Not Allowed")
        if seen.route == MODELS_PATH:
            return self._models(seen)
        name = seen.route.removeprefix(MODELS_PATH + "/")
        if name in self.models:
            return Reply(200, json.dumps(model_info(name, bare=self.bare_models)).encode())
        raise Refused(404, f"model: {name}" if seen.route.startswith(MODELS_PATH) else "Not found")

    def _count(self, seen: Seen) -> Reply:
        if seen.method != "POST":
            raise Refused(405, "Method Not Allowed")
        headers = self._limit()
        try:
            fields = json.loads(seen.body)
            if b"\\ud" in seen.body:
                json.dumps(fields, ensure_ascii=False).encode()  # half a surrogate pair isn't a character
            validate(fields, self.models, server_tools=self.server_tools)
        except (ValueError, RecursionError):
            raise Refused(400, "The request body is not valid JSON", *headers) from None
        except Refused as error:
            error.headers = headers
            raise
        return Reply(200, b'{"input_tokens": %d}' % self.count(fields["model"], fields), headers)

    def _limit(self) -> tuple[tuple[str, str], ...]:
        """Takes from the bucket. Raises `Refused` where it is empty."""
        if self.bucket is None:
            return ()
        wait, level = self.bucket.take()
        headers = self.bucket.headers(level) if self.rate_headers else ()
        if wait:
            text = f"This request would exceed your rate limit of {self.bucket.rpm:.0f} requests per minute."
            raise Refused(429, text, ("retry-after", str(math.ceil(wait))), *headers)
        return headers

    def _models(self, seen: Seen) -> Reply:
        """A page of the list: `limit`, `after_id`, `before_id`."""
        query = {name: values[-1] for name, values in parse_qs(urlsplit(seen.path).query).items()}
        names = list(self.models)
        if "after_id" in query:
            names = names[names.index(query["after_id"]) + 1 :] if query["after_id"] in names else []
        limit = int(query.get("limit", "20")) if query.get("limit", "20").isdecimal() else 0
        if not 1 <= limit <= 1000:
            raise Refused(400, "limit: Input should be between 1 and 1000")
        page = names[:limit]
        if "before_id" in query:
            names = names[: names.index(query["before_id"])] if query["before_id"] in names else []
            page = names[-limit:]
        listed = {
            "data": [model_info(name, bare=self.bare_models) for name in page], "has_more": len(page) < len(names),
            "first_id": page[0] if page else None, "last_id": page[-1] if page else None,
        }  # fmt: skip
        return Reply(200, json.dumps(listed).encode())


# ---------------------------------------------------------------------------------------------------------
# Addresses where nobody is at home, and certificates that nobody trusts


@contextlib.contextmanager
def refusing() -> Iterator[str]:
    """An address that refuses connections, kept so that nobody else takes it."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{sock.getsockname()[1]}"


@contextlib.contextmanager
def blackhole() -> Iterator[str]:
    """An address where connecting never ends: its queue is full and nobody accepts."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(4):
            caller = stack.enter_context(socket.socket())
            caller.setblocking(False)
            caller.connect_ex(listener.getsockname())
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


class Certificate(NamedTuple):
    """Two PEM files. As `SSL_CERT_FILE`, `cert` makes a client trust the server."""

    cert: Path
    key: Path


def make_certificate(folder: Path) -> Certificate:
    """Self-signed, for 127.0.0.1, by the `openssl` command: new each time, so that no key lies in the repository."""
    made = Certificate(folder / "test-only.crt", folder / "test-only.key")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", "/CN=prompt-lint test only", "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost",
         "-addext", "keyUsage=critical,digitalSignature,keyCertSign", "-keyout", made.key, "-out", made.cert],
        check=True, capture_output=True,
    )  # fmt: skip
    return made


def server_context(certificate: Certificate) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate.cert, certificate.key)
    return context


# ---------------------------------------------------------------------------------------------------------
# As a process of its own


def main(argv: list[str]) -> None:
    """Serves until SIGTERM or Ctrl-C, then prints the statistics."""
    parser = argparse.ArgumentParser(prog="python -m tests.support.api_server")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--rpm", type=float, help="strict limit, in requests a minute")
    parser.add_argument("--burst", type=float, help="requests that may be saved up (default: rpm / 600)")
    parser.add_argument("--headers", action="store_true", help="send anthropic-ratelimit-requests-*")
    parser.add_argument("--latency", default="0-0", help="seconds, as 0.15-0.4")
    parser.add_argument("--fault", choices=sorted(FAULTS), help="answer everything with this")
    parser.add_argument(
        "--offline", action="store_true", help="count with prompt-lint's tokenizer, not by length"
    )
    options = parser.parse_args(argv)
    low, _, high = options.latency.partition("-")
    server = ApiServer(
        count=offline_count if options.offline else length_count, latency=(float(low), float(high or low))
    )
    server.bucket = Bucket(options.rpm, options.burst) if options.rpm else None
    server.rate_headers = options.headers
    server.keep = False
    server.plan = always(options.fault)
    signal.signal(signal.SIGTERM, _interrupt)
    with server.start(options.port), contextlib.suppress(KeyboardInterrupt):
        print(server.url, flush=True)
        threading.Event().wait()
    print(json.dumps(server.stats()), flush=True)


def _interrupt(*_: object) -> NoReturn:
    raise KeyboardInterrupt


if __name__ == "__main__":
    main(sys.argv[1:])
