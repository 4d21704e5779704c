"""Text of others is shown without secrets, on one line."""

from __future__ import annotations

import base64
import json
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prompt_lint.api.redact import MAX_MESSAGE_LENGTH, make_redactor, to_one_line

KEY = "sk-ant-api03-c4nary+/~'\"" + "x" * 20


@pytest.mark.parametrize(
    "form",
    [KEY, repr(KEY), json.dumps(KEY), quote(KEY), quote(KEY, safe=""), base64.b64encode(KEY.encode()).decode(),
     base64.urlsafe_b64encode(KEY.encode()).decode(), f"Illegal header value b'Bearer {KEY}'", repr(repr(KEY))],
)  # fmt: skip
def test_a_secret_is_hidden_in_every_form(form: str) -> None:
    """As it is, quoted, escaped or encoded: no stretch of it is left."""
    shown = make_redactor(KEY)(f"before {form} after")

    assert "c4nary" not in shown
    assert base64.b64encode(KEY.encode()).decode()[8:24] not in shown
    assert shown.startswith("before ")
    assert shown.endswith(" after")


@pytest.mark.parametrize("before", ["", "a", "ab", "abc", "Bearer ", "user:"])
def test_a_secret_is_hidden_inside_something_encoded(before: str) -> None:
    """`Basic` credentials, say: base64 has three ways of holding the same bytes."""
    encoded = base64.b64encode((before + KEY + "tail").encode()).decode()

    shown = make_redactor(KEY)(encoded)

    assert "[hidden]" in shown
    assert not any(encoded[i : i + 12] in shown for i in range(8, len(encoded) - 22))


def test_what_looks_like_a_credential_is_hidden_too() -> None:
    """Somebody else's key, and tokens that the SDK fetched, are not known to us and still not shown."""
    shown = make_redactor()("key sk-ant-oat01-abcdefgh, bearer eyJhbGciOi.J9.x and Bearer abc123")

    assert shown == "key [hidden], bearer [hidden] and Bearer [hidden]"


@given(st.text())
def test_somebody_elses_text_becomes_one_short_line(text: str) -> None:
    """Nothing that moves a cursor or begins a line of its own."""
    line = to_one_line(text, str)

    assert line.isprintable()
    assert len(line) <= MAX_MESSAGE_LENGTH + 1


def test_hiding_comes_before_cutting() -> None:
    """A key that lies across the place where a message is cut isn't left there by half."""
    line = to_one_line("y" * (MAX_MESSAGE_LENGTH - 10) + KEY, make_redactor(KEY))

    assert "sk-ant" not in line
