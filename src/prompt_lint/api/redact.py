"""Text of servers and libraries: without secrets, on one line. Outputs escape it as they do any text."""

from __future__ import annotations

import json
import re
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable
from urllib.parse import quote

from prompt_lint.text.cutting import cut_text

Redact = Callable[[str], str]

MAX_MESSAGE_LENGTH = 240

# What looks like a credential is hidden even if it isn't one of ours.
_CREDENTIAL = re.compile(r"sk-[A-Za-z0-9_-]{8,}|eyJ[\w-]+\.[\w.-]+|(?<=[Bb]earer )[^\s\"',]+")
_HIDDEN = "[hidden]"
# White space, and whatever else ends a line.
_WHITE_SPACE = re.compile(r"[ \t\n\r\v\f\x1c-\x1e\x85\u2028\u2029]+")
# A shorter piece of an encoded secret could be part of any text.
_MIN_PIECE = 12


def make_redactor(*secrets: str) -> Redact:
    """Return a function that hides these secrets, plain or encoded, and whatever looks like a credential."""
    forms = {form for secret in secrets if secret for form in _encoded_forms(secret)}
    longest_first = sorted(forms, key=len, reverse=True)

    def redact(text: str) -> str:
        for form in longest_first:
            text = text.replace(form, _HIDDEN)
        return _CREDENTIAL.sub(_HIDDEN, text)

    return redact


def _encoded_forms(secret: str) -> set[str]:
    forms = {secret, repr(secret)[1:-1], json.dumps(secret)[1:-1], quote(secret, safe=""), quote(secret)}
    data = secret.encode()
    for encode in (b64encode, urlsafe_b64encode):
        forms.add(encode(data).decode().rstrip("="))
        # Inside a longer text, base64 has three forms of the same bytes. Their ends depend on the neighbours.
        for offset in range(3):
            piece = encode(b"\0" * offset + data).decode()[-(-offset * 4 // 3) :].rstrip("=")[:-1]
            if len(piece) >= _MIN_PIECE:
                forms.add(piece)
    return forms


def to_one_line(text: object, redact: Redact) -> str:
    """Return `text` redacted, on one line of at most `MAX_MESSAGE_LENGTH` characters; "" if it is no string.

    Control characters stay in it: each output escapes what it prints.
    """
    if not isinstance(text, str):
        return ""
    line = redact(_WHITE_SPACE.sub(" ", text).strip(" "))
    return cut_text(line, MAX_MESSAGE_LENGTH)
