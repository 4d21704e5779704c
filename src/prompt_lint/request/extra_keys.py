"""What stands beside a request or a message and isn't counted: refused where it is ours in other words, told where it has text."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from prompt_lint.model.values import REQUEST_KEYS
from prompt_lint.text.location import ShapeError, shorten

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

REQUEST_EXAMPLE = 'a request looks like {"system": "…", "messages": [{"role": "user", "content": "…"}]}'

MORE_PAGES = "has a `nextCursor`: there are more pages of tools, which aren't counted"

# Keys that are told for one request or message; a file may have any number.
_MOST_TOLD = 20

# What other APIs call the things that we count, or that bring content of their own.
_MISSED = frozenset(
    {"functions", "instructions", "prompt", "input", "container", "contents", "system_instruction"}
)
# The same in the spellings of programs, in small letters without `_` and `-`; no fault where they are empty.
_ALIKE = frozenset({
    "systemprompt", "systemprompts", "systeminstruction", "systeminstructions", "systemmessage", "systemmessages",
    "systemtext", "sysprompt", "preamble", "developer", "developermessage", "developerprompt", "developerinstructions",
    "assistantprompt", "userprompt", "usermessage", "prompts", "prompttext", "prompttemplate", "instruction", "inputs",
    "content", "history", "chathistory", "messagehistory", "conversationhistory", "tooldefs", "tooldefinitions",
    "toolspecs", "functiondeclarations", "system", "messages", "tools", "prompt", "input", "instructions", "contents",
})  # fmt: skip

# Parameters of the Messages API and of OpenAI's chat API that say how to answer, not what is read; and what files
# say of themselves.
_DROPPED = frozenset({
    "model", "max_tokens", "temperature", "top_p", "top_k", "stream", "stop_sequences", "metadata", "container",
    "context_management", "service_tier", "inference_geo", "betas", "mcp_servers", "stop", "n", "seed", "user",
    "max_completion_tokens", "presence_penalty", "frequency_penalty", "logit_bias", "response_format",
    "output_format", "parallel_tool_calls", "name", "description", "version", "reasoning_effort", "store", "audio",
    "stream_options", "safety_identifier", "prompt_cache_key", "id", "custom_id", "$schema", "comment", "_comment",
    "title", "author", "authors", "tags", "anthropic_version", "anthropic_beta", "extra_headers", "url", "method",
    "jsonrpc", "_meta",
})  # fmt: skip

_KNOWN = frozenset({*REQUEST_KEYS, *_DROPPED, *_MISSED})
_OF_WRAP = frozenset({"params", "body", *_DROPPED})
_OF_MESSAGE = frozenset({"role", "content", "name", "cache_control", "id", "type"})
_OF_ROLE = {
    "assistant": _OF_MESSAGE | {"tool_calls", "function_call"},
    "user": _OF_MESSAGE | {"tool_calls", "function_call"},
    "tool": _OF_MESSAGE | {"tool_call_id"},
}
# Whatever their value is: it may name what is put in elsewhere.
_NAMES_CONTENT = frozenset(
    {"attachments", "documents", "files", "file_ids", "images", "skills", "examples", "audio"}
)
# A word, a number, a date, a path or an id says how to answer; a sentence is something to read.
_IDENTIFIER = r"[A-Za-z0-9_.:/@+,=#-]{0,64}"
# A longer key is no slip for one of ours; and among so many keys there is no slip, either.
_LONGEST_SLIP, _MOST_SLIPS = 20, 200


def refuse_keys(given: Mapping[str, Any]) -> None:
    """Raises `ShapeError`: `sytem:` dropped without a word would be a count that is too low; so would `functions`."""
    unknown = [key for key in given if key not in _KNOWN]
    if unknown:
        _refuse_slips([key for key in unknown if len(key) <= _LONGEST_SLIP])
    alike = [key for key in unknown if given[key] not in _EMPTY and _is_synonym(key, given[key])]
    for key in [*sorted(key for key in _MISSED & given.keys() if given[key] is not None), *alike]:
        message = f"has `{shorten(key)}`, which `count_tokens` doesn't take: its tokens would be missed"
        raise ShapeError((key,), message, REQUEST_EXAMPLE)
    if given.get("mcp_servers"):
        raise ShapeError(
            ("mcp_servers",), "has `mcp_servers`, whose tools nobody can count in advance", REQUEST_EXAMPLE
        )


# A tuple: what is looked for in it may be a list, which no set takes.
_EMPTY: tuple[object, ...] = (None, "", [], {}, False)


def _is_synonym(key: str, value: object) -> bool:
    """Whether an unknown key is one of ours in other words, or a second request."""
    if key in {"params", "body"}:
        return isinstance(value, dict) and any(value.get(one) for one in ("messages", "system", "tools"))
    return len(key) <= 2 * _LONGEST_SLIP and re.sub("[_-]", "", key).lower() in _ALIKE


def _refuse_slips(unknown: list[str]) -> None:
    import difflib  # noqa: PLC0415  # a few ms that a request without unknown keys needn't pay

    for key in unknown[:_MOST_SLIPS]:
        near = difflib.get_close_matches(key, ("system", "messages", "tools", "tool_choice"), 1, 0.8)
        if near:
            raise ShapeError(
                (key,), f"has the key `{shorten(key)}`: did you mean `{near[0]}`?", REQUEST_EXAMPLE
            )


def note_request_keys(given: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The keys of a request that are passed over though they hold text, each with the sentence that says so."""
    if given.get("nextCursor") not in _EMPTY:
        yield "nextCursor", MORE_PAGES
    for key in _find_text_keys(given, _KNOWN | {"nextCursor"}):
        yield key, f"`{shorten(key)}` isn't a part of a Messages request: not counted"


def note_wrapper_keys(given: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The same of what stands around a request. Raises `ShapeError` for what should stand in it."""
    refuse_keys({key: given[key] for key in given if key not in {"params", "body"}})
    for key in _find_text_keys(given, _OF_WRAP):
        yield key, f"`{shorten(key)}` stands beside the request, not in it: not counted"


def note_message_keys(message: Mapping[str, Any], role: str) -> Iterator[tuple[str, str]]:
    """The same of one message. A refusal is its content, where it has no other."""
    known = _OF_ROLE.get(role, _OF_MESSAGE)
    if message.keys() <= known:
        return
    if message.get("content") is None:
        known |= {"refusal"}
    for key in _find_text_keys(message, known):
        yield key, f"`{shorten(key)}` isn't a part of a message: not counted"


def _find_text_keys(given: Mapping[str, Any], known: frozenset[str]) -> list[str]:
    unknown = (key for key in given if key not in known and given[key] not in _EMPTY)
    found = (key for key in unknown if key in _NAMES_CONTENT or _has_text(given[key]))
    return [key for key, _ in zip(found, range(_MOST_TOLD), strict=False)]


def _has_text(value: object) -> bool:
    """Whether there is anything in a value that reads like text. Its depth is bounded where it was parsed."""
    if isinstance(value, str):
        return bool(value.strip()) and not re.fullmatch(_IDENTIFIER, value)
    if isinstance(value, dict):
        return any(map(_has_text, value.values()))
    return isinstance(value, list) and any(map(_has_text, value))
