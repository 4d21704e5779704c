"""A request as one model takes it. Only system messages behind other messages make a difference."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from prompt_lint.model.models import assume_model
from prompt_lint.model.values import PLACEHOLDER_MESSAGE, Request
from prompt_lint.request.flatten import join_contents

if TYPE_CHECKING:
    from collections.abc import Mapping


def adapt_request(request: Request, model_id: str) -> Request:
    """Return the request that is sent to a model, and counted for it.

    From Opus 4.8 on, and in a model that isn't known, a system message behind others is a turn of its own (recorded
    requests, 2026). No request to an older model with one is known: for those it becomes part of the system prompt.
    """
    messages = request.fields["messages"]
    if not any(message["role"] == "system" for message in messages):
        return request
    has_system_turns = assume_model(model_id).generation.family.has_system_turns
    return request if has_system_turns else _move_system_messages(request.fields)


def _move_system_messages(fields: Mapping[str, Any]) -> Request:
    system = [fields["system"]] if fields.get("system") else []
    system += [message["content"] for message in fields["messages"] if message["role"] == "system"]
    messages = [message for message in fields["messages"] if message["role"] != "system"]
    if not messages or messages[-1]["role"] == "assistant":
        messages.append(PLACEHOLDER_MESSAGE)
    return Request({**fields, "system": join_contents(system), "messages": messages})
