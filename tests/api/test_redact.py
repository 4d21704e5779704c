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
    """As it is, quoted, escaped or encoded: no piece of it is left."""
    shown = make_redactor(KEY)(f"before {form} after")

    assert "c4nary" not in shown
    assert base64.b64encode(KEY.encode()).decode()[8:24] not in shown
    assert shown.startswith("before ")
    assert shown.endswith(" after")


@pytest.mark.parametrize("before", ["", "a", "ab", "abc", "Bearer ", "user:"])
def test_a_secret_is_hidden_inside_an_encoded_text(before: str) -> None:
    """In `Basic` credentials, for example: base64 has three forms of the same bytes."""
    encoded = base64.b64encode((before + KEY + "tail").encode()).decode()

    shown = make_redactor(KEY)(encoded)

    assert "[hidden]" in shown
    assert not any(encoded[i : i + 12] in shown for i in range(8, len(encoded) - 22))


def test_what_looks_like_a_credential_is_hidden_too() -> None:
    """The key of somebody else, and tokens that the SDK fetched, aren't known."""
    shown = make_redactor()("key sk-ant-oat01-abcdefgh, bearer eyJhbGciOi.J9.x and Bearer abc123")

    assert shown == "key [hidden], bearer [hidden] and Bearer [hidden]"


@given(st.text())
def test_any_text_becomes_one_short_line(text: str) -> None:
    """Nothing in it begins a line."""
    line = to_one_line(text, str)

    assert len(line.splitlines()) <= 1
    assert len(line) <= MAX_MESSAGE_LENGTH


def test_control_characters_stay_for_the_output_to_escape() -> None:
    """Different texts stay different; a line break alone becomes a space."""
    assert to_one_line(" a\x1b[2Jb\x00\r\n\tc\u202e ", str) == "a\x1b[2Jb\x00 c\u202e"


def test_secrets_are_hidden_before_a_text_is_cut() -> None:
    """No half of a key is left where the text is cut."""
    line = to_one_line("y" * (MAX_MESSAGE_LENGTH - 10) + KEY, make_redactor(KEY))

    assert "sk-ant" not in line
