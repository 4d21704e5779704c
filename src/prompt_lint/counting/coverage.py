"""What the offline rules don't cover for any model: such a request needs the API.

What is covered for some models only, as structured output, `offline` refuses where it counts that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from prompt_lint.model.errors import Unreadable
from prompt_lint.request.flatten import is_client_tool

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

# `counting/sources` replaces it by what the run lacks for that.
NEEDS_API_HINT = "count it with the API, or exclude the file"

_COVERED_BLOCKS = frozenset({"text", "image", "tool_use", "tool_result"})
_COVERED_THINKING = ("adaptive", "disabled", "enabled")  # a tuple: the type may be a list, which no set takes


def needs_api(reason: str) -> Unreadable:
    """Return the error of a request that can't be counted offline."""
    return Unreadable(f"needs the API: {reason}", NEEDS_API_HINT)


def is_image(block: Any) -> bool:
    return isinstance(block, dict) and block.get("type") == "image"


def read_covered_texts(content: Any, where: str) -> list[str]:
    """Return the texts of a system prompt, or of a tool's result. `where` names it in the message of the error.

    Raises `Unreadable` with "needs the API: …" for a block of another type.
    """
    if isinstance(content, str):
        return [content]
    texts = []
    for block in content if isinstance(content, list) else [content]:
        if (
            not isinstance(block, dict)
            or block.get("type") != "text"
            or not isinstance(block.get("text"), str)
        ):
            kind = str(block.get("type"))[:60] if isinstance(block, dict) else "not an object"
            raise needs_api(f"{where} contains a block of type `{kind}`")
        texts.append(block["text"])
    return texts


_MEASURED_KEYS = {
    "output_config": frozenset({"effort", "format"}),
    "tool_choice": frozenset({"type", "name", "disable_parallel_tool_use"}),
}


def refuse_uncovered(fields: Mapping[str, Any]) -> None:
    """Raise `Unreadable` for a request that the offline rules don't cover, and name what they don't."""
    _refuse_settings(fields)
    for tool in fields.get("tools") or []:
        _refuse_tool(tool)
    for message in fields.get("messages") or []:
        if message["role"] not in ("user", "assistant", "system"):
            raise needs_api(f"a message has the role `{str(message['role'])[:60]}`")
        if message["role"] == "system":
            read_covered_texts(message["content"], "a system message")
        elif not isinstance(message["content"], str):
            _refuse_blocks(message["content"])


def _refuse_settings(fields: Mapping[str, Any]) -> None:
    for name in ("tool_choice", "thinking", "output_config"):
        if not isinstance(fields.get(name) or {}, dict):
            raise needs_api(f"`{name}` is not an object")
    for name, measured in _MEASURED_KEYS.items():
        for key, value in (fields.get(name) or {}).items():
            if key not in measured and value:
                raise needs_api(f"nobody has measured what `{name}.{str(key)[:60]}` adds")
    thinking = fields.get("thinking") or {}
    if thinking and thinking.get("type") not in _COVERED_THINKING:
        kind = str(thinking.get("type"))[:60]
        raise needs_api(f"nobody has measured thinking of the type `{kind}`")


def is_sent_with_request(tool: Any) -> bool:
    """Return whether the request describes the tool, and the model reads it from the beginning."""
    return isinstance(tool, dict) and is_client_tool(tool) and not _is_used_by_server(tool)


def _is_used_by_server(tool: Mapping[str, Any]) -> bool:
    return bool(tool.get("defer_loading") or tool.get("allowed_callers"))


def _refuse_tool(tool: Any) -> None:
    if not isinstance(tool, dict) or not is_client_tool(tool):
        kind = tool.get("type") if isinstance(tool, dict) else "not an object"
        raise needs_api(f"the tool type `{str(kind)[:60]}` is defined by the server")
    if _is_used_by_server(tool):
        raise needs_api("it has tools that the server loads or calls by itself")
    if tool.get("input_examples"):
        raise needs_api("the tokens of a tool's `input_examples` haven't been measured")


def _refuse_blocks(blocks: Iterable[Any]) -> None:
    for block in blocks:
        kind = block.get("type") if isinstance(block, dict) else None
        if kind not in _COVERED_BLOCKS or (kind == "text" and not isinstance(block.get("text"), str)):
            raise needs_api(f"a message contains a block of type `{str(kind)[:60]}`")
        if kind == "text" and block.get("citations"):
            raise needs_api("a message contains citations")
        if kind == "tool_result":
            content = block.get("content") or ""
            parts = [each for each in content if not is_image(each)] if isinstance(content, list) else content
            read_covered_texts(parts, "a tool's result")
