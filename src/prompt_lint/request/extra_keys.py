"""Keys of a request or a message that aren't counted: refused where they name what is counted, noted where they hold text."""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING, Any

from prompt_lint.model.nearest import find_nearest
from prompt_lint.model.values import REQUEST_KEYS
from prompt_lint.text.location import ShapeError, shorten

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

REQUEST_EXAMPLE = 'a request looks like {"system": "…", "messages": [{"role": "user", "content": "…"}]}'

CHOICE_EXAMPLE = 'as in {"type": "tool", "name": "find"}'

MORE_PAGES = "has a `nextCursor`: there are more pages of tools, which aren't counted"

# Keys that are noted for one request or message; a file may have any number.
_MAX_NOTED = 20

# What other APIs call the things that are counted, or what brings content of its own.
_REFUSED = frozenset(
    {"functions", "instructions", "prompt", "input", "container", "contents", "system_instruction"}
)
# The same in the spellings of programs, in small letters without `_` and `-`; no fault where they are empty.
_SYNONYMS = frozenset({
    "systemprompt", "systemprompts", "systeminstruction", "systeminstructions", "systemmessage", "systemmessages",
    "systemtext", "sysprompt", "preamble", "developer", "developermessage", "developerprompt", "developerinstructions",
    "assistantprompt", "userprompt", "usermessage", "prompts", "prompttext", "prompttemplate", "instruction", "inputs",
    "content", "history", "chathistory", "messagehistory", "conversationhistory", "tooldefs", "tooldefinitions",
    "toolspecs", "functiondeclarations", "system", "messages", "tools", "prompt", "input", "instructions", "contents",
})  # fmt: skip

# Parameters of the Messages API and of OpenAI's chat API that say how to answer, not what is read; and what a file
# says about itself.
DROPPED_KEYS = frozenset({
    "model", "max_tokens", "temperature", "top_p", "top_k", "stream", "stop_sequences", "metadata", "container",
    "context_management", "service_tier", "inference_geo", "betas", "mcp_servers", "stop", "n", "seed", "user",
    "max_completion_tokens", "presence_penalty", "frequency_penalty", "logit_bias", "response_format",
    "output_format", "parallel_tool_calls", "name", "description", "version", "reasoning_effort", "store", "audio",
    "stream_options", "safety_identifier", "prompt_cache_key", "id", "custom_id", "$schema", "comment", "_comment",
    "title", "author", "authors", "tags", "anthropic_version", "anthropic_beta", "extra_headers", "url", "method",
    "jsonrpc", "_meta",
})  # fmt: skip

_CHOICE_KEYS = ("type", "name", "disable_parallel_tool_use", "function")
_KNOWN = frozenset({*REQUEST_KEYS, *DROPPED_KEYS, *_REFUSED})
_WRAPPER_KEYS = frozenset({"params", "body", *DROPPED_KEYS})
_MESSAGE_KEYS = frozenset({"role", "content", "name", "cache_control", "id", "type"})
_ROLE_KEYS = {
    "assistant": _MESSAGE_KEYS | {"tool_calls", "function_call"},
    "user": _MESSAGE_KEYS | {"tool_calls", "function_call"},
    "tool": _MESSAGE_KEYS | {"tool_call_id"},
}
# Noted whatever their value is: it may name what is put in elsewhere.
_CONTENT_KEYS = frozenset(
    {"attachments", "documents", "files", "file_ids", "images", "skills", "examples", "audio"}
)
# A word, a number, a date, a path or an id says how to answer; a sentence is something to read.
_IDENTIFIER = r"[A-Za-z0-9_.:/@+,=#-]{0,64}"
# No more unknown keys are looked at for slips.
_MAX_SLIPS = 200


def refuse_keys(fields: Mapping[str, Any]) -> None:
    """Raise `ShapeError` for keys whose tokens would be missed: `functions`, or `sytem`, a slip for `system`."""
    unknown = [key for key in fields if key not in _KNOWN]
    if unknown:
        _refuse_slips(unknown, ("system", "messages", "tools", "tool_choice"))
    named = sorted(key for key in _REFUSED & fields.keys() if fields[key] is not None)
    synonyms = [key for key in unknown if fields[key] not in _EMPTY and _is_synonym(key, fields[key])]
    for key in [*named, *synonyms]:
        message = f"has `{shorten(key)}`, which `count_tokens` doesn't take: its tokens would be missed"
        raise ShapeError((key,), message, REQUEST_EXAMPLE)
    if fields.get("mcp_servers"):
        message = "has `mcp_servers`, whose tools can't be counted in advance"
        raise ShapeError(("mcp_servers",), message, REQUEST_EXAMPLE)


# A tuple: what is looked for in it may be a list, which no set takes.
_EMPTY: tuple[object, ...] = (None, "", [], {}, False)


def _is_synonym(key: str, value: object) -> bool:
    """Return whether an unknown key is a counted one in other words, or holds a second request."""
    if key in {"params", "body"}:
        return isinstance(value, dict) and any(value.get(field) for field in ("messages", "system", "tools"))
    return re.sub("[_-]", "", key).lower() in _SYNONYMS


def refuse_slips_of_choice(choice: Mapping[str, Any]) -> None:
    """Raise `ShapeError` for a key of `tool_choice` that is a slip for another."""
    try:
        _refuse_slips([key for key in choice if key not in _CHOICE_KEYS], _CHOICE_KEYS)
    except ShapeError as error:
        message = f"`tool_choice` {error.message}"
        raise ShapeError(("tool_choice", *error.key_path), message, CHOICE_EXAMPLE) from None


def _refuse_slips(unknown: Sequence[str], known: Sequence[str]) -> None:
    for key in unknown[:_MAX_SLIPS]:
        if near := find_nearest(key, known, 0.8):
            message = f"has the key `{shorten(key)}`: did you mean `{near}`?"
            raise ShapeError((key,), message, REQUEST_EXAMPLE)


def note_request_keys(fields: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the keys of a request that hold text and aren't counted, each with the message that says so."""
    if fields.get("nextCursor") not in _EMPTY:
        yield "nextCursor", MORE_PAGES
    for key in find_text_keys(fields, _KNOWN | {"nextCursor"}):
        yield key, f"`{shorten(key)}` isn't a part of a Messages request: not counted"


def note_wrapper_keys(wrapper: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield such keys of the object around a request. Raises `ShapeError` for what belongs into the request."""
    refuse_keys({key: wrapper[key] for key in wrapper if key not in {"params", "body"}})
    for key in find_text_keys(wrapper, _WRAPPER_KEYS):
        yield key, f"`{shorten(key)}` is beside the request, not in it; it isn't counted"


def note_message_keys(message: Mapping[str, Any], role: str) -> Iterator[tuple[str, str]]:
    """Yield such keys of a message. A refusal is its content, where it has no other."""
    known = _ROLE_KEYS.get(role, _MESSAGE_KEYS)
    if message.keys() <= known:
        return
    if message.get("content") is None:
        known |= {"refusal"}
    for key in find_text_keys(message, known):
        yield key, f"`{shorten(key)}` isn't a part of a message: not counted"


def find_text_keys(fields: Mapping[str, Any], known: frozenset[str]) -> Iterator[str]:
    """Yield the keys whose values hold text, without the `known` ones; not all of very many."""
    unknown = (key for key in fields if key not in known and fields[key] not in _EMPTY)
    return islice((key for key in unknown if key in _CONTENT_KEYS or _has_text(fields[key])), _MAX_NOTED)


def _has_text(value: object) -> bool:
    """Return whether anything in a value reads like text. Its depth is bounded where it was parsed."""
    if isinstance(value, str):
        return bool(value.strip()) and not re.fullmatch(_IDENTIFIER, value)
    if isinstance(value, dict):
        return any(map(_has_text, value.values()))
    return isinstance(value, list) and any(map(_has_text, value))
