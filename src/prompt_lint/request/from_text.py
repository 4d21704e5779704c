"""A text → the smallest request that holds it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prompt_lint.model.values import PLACEHOLDER_MESSAGE, Request

if TYPE_CHECKING:
    from prompt_lint.model.rules import Role


def build_request(text: str, role: Role) -> Request | None:
    """Return a request with the text as its system prompt, or as the one message of the user.

    None for blank text: there is nothing to send, and the API would refuse it.
    """
    if not text.strip():
        return None
    if role == "system":
        return Request({"system": text, "messages": [PLACEHOLDER_MESSAGE]})
    return Request({"messages": [{"role": "user", "content": text}]})
