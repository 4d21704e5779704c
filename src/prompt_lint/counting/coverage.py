"""What the offline rules don't cover: such a request needs the API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from prompt_lint.counting.image_tokens import is_image
from prompt_lint.model.errors import Unreadable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

HINT = "set ANTHROPIC_API_KEY to count it with the API, or exclude the file"

_COVERED_BLOCKS = frozenset({"text", "image", "tool_use", "tool_result"})


def read_texts(content: Any, where: str) -> list[str]:
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
            raise Unreadable(f"needs the API: {where} contains a block of type `{kind}`", HINT)
        texts.append(block["text"])
    return texts


def refuse_uncovered(fields: Mapping[str, Any]) -> None:
    """Raise `Unreadable` for a request that the offline rules don't cover, and name what they don't."""
    for name in ("tool_choice", "thinking", "output_config"):
        if not isinstance(fields.get(name) or {}, dict):
            raise Unreadable(f"needs the API: `{name}` is not an object", HINT)
    for tool in fields.get("tools") or []:
        _refuse_tool(tool)
    if (fields.get("output_config") or {}).get("task_budget"):
        raise Unreadable(
            "needs the API: the tokens that `output_config.task_budget` adds haven't been measured", HINT
        )
    for message in fields.get("messages") or []:
        if message["role"] not in ("user", "assistant", "system"):
            raise Unreadable(f"needs the API: a message has the role `{str(message['role'])[:60]}`", HINT)
        if message["role"] == "system":
            read_texts(message["content"], "a system message")
        elif not isinstance(message["content"], str):
            _refuse_blocks(message["content"])


def _refuse_tool(tool: Any) -> None:
    kind = tool.get("type") if isinstance(tool, dict) else "not an object"
    if kind not in (None, "custom"):
        raise Unreadable(f"needs the API: the tool type `{str(kind)[:60]}` is defined by the server", HINT)
    if tool.get("defer_loading") or tool.get("allowed_callers"):
        raise Unreadable("needs the API: it has tools that the server loads or calls by itself", HINT)
    if tool.get("input_examples"):
        raise Unreadable("needs the API: the tokens of a tool's `input_examples` haven't been measured", HINT)


def _refuse_blocks(blocks: Iterable[Any]) -> None:
    for block in blocks:
        kind = block.get("type") if isinstance(block, dict) else None
        if kind not in _COVERED_BLOCKS or (kind == "text" and not isinstance(block.get("text"), str)):
            raise Unreadable(f"needs the API: a message contains a block of type `{str(kind)[:60]}`", HINT)
        if kind == "text" and block.get("citations"):
            raise Unreadable("needs the API: a message contains citations", HINT)
        if kind == "tool_result":
            _refuse_result(block.get("content") or "")


def _refuse_result(content: Any) -> None:
    others = [block for block in content if not is_image(block)] if isinstance(content, list) else content
    read_texts(others, "a tool's result")
