"""A request as one model takes it: system messages behind other messages."""

from __future__ import annotations

from typing import Any

import pytest

from prompt_lint.model.values import PLACEHOLDER_MESSAGE, Request
from prompt_lint.request.for_model import adapt_request

HELLO = {"role": "user", "content": "Hello"}
RULE = {"role": "system", "content": "Be brief."}
ANSWER = {"role": "assistant", "content": "Hi"}


def adapt(model: str, *messages: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return adapt_request(Request({**fields, "messages": [*messages]}), model).ordered_fields()


@pytest.mark.parametrize(
    "model", ["claude-opus-4-8", "claude-sonnet-5", "claude-opus-5-5", "claude-quartz-9"]
)
def test_newer_models_take_a_system_message_in_its_place(model: str) -> None:
    assert adapt(model, HELLO, RULE, system="Sing.") == {"system": "Sing.", "messages": [HELLO, RULE]}


@pytest.mark.parametrize("model", ["claude-opus-4-7", "claude-sonnet-4-6", "claude-3-5-haiku"])
def test_for_older_models_it_joins_the_system_prompt(model: str) -> None:
    assert adapt(model, HELLO, RULE, system="Sing.") == {
        "system": "Sing.\n\nBe brief.",
        "messages": [HELLO],
    }
    assert adapt(model, HELLO, RULE)["system"] == "Be brief."


def test_an_answer_at_the_end_gets_the_user_s_placeholder() -> None:
    """Where the system message was the last, the assistant would be."""
    assert adapt("claude-sonnet-4-6", HELLO, ANSWER, RULE)["messages"] == [HELLO, ANSWER, PLACEHOLDER_MESSAGE]


def test_a_request_without_such_a_message_is_the_same_for_all() -> None:
    request = Request({"system": "Sing.", "messages": [HELLO]})

    assert adapt_request(request, "claude-sonnet-4-6") is request
