"""The parts of a request that the offline rules cover, where they don't cover it whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from prompt_lint.counting.coverage import is_sent_with_request
from prompt_lint.counting.offline_counts import try_count_request
from prompt_lint.model.counts import Count
from prompt_lint.model.values import Request

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


def count_covered_parts(model: str, request: Request) -> Count | None:
    """Return the offline count of the parts that are covered. The API counts at least that many tokens.

    Without tools where the model refuses the `tool_choice`. None where no part can be counted.
    """
    texts, tools = _keep_texts(request.fields), _keep_tools(request.fields)
    counts = (try_count_request(model, Request(kept)) for kept in ({**texts, **tools}, texts))
    return next((count for count in counts if isinstance(count, Count)), None)


def _keep_texts(fields: Mapping[str, Any]) -> dict[str, Any]:
    kept: dict[str, Any] = {"messages": list(_keep_messages(fields.get("messages") or []))}
    if system := _keep_blocks(fields.get("system")):
        kept["system"] = system
    return kept


def _keep_tools(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the tools that can be counted, and the choice among them, which may make the hidden prompt shorter."""
    keys = ("name", "description", "input_schema")
    sent = (tool for tool in fields.get("tools") or [] if is_sent_with_request(tool))
    tools = [{key: tool[key] for key in keys if key in tool} for tool in sent]
    return {"tools": tools, "tool_choice": fields.get("tool_choice")} if tools else {}


def _keep_messages(messages: list[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield messages with the blocks that can be counted. The role is kept: which messages are one turn depends on it."""
    for message in messages:
        blocks = _keep_blocks(message["content"])
        if message["role"] == "system":
            blocks = [block for block in blocks if block["type"] == "text"]
        if blocks:
            yield {"role": message["role"], "content": blocks}


def _keep_blocks(content: Any) -> list[dict[str, Any]]:
    """Return the blocks that can be counted. Plain texts of documents and search results become blocks of text."""
    if isinstance(content, str):
        return [{"type": "text", "text": content}] if content else []
    blocks = content if isinstance(content, list) else []
    return [kept for block in blocks if isinstance(block, dict) for kept in _keep_block(block)]


def _keep_block(block: dict[str, Any]) -> list[dict[str, Any]]:
    kind, source = block.get("type"), block.get("source")
    if kind == "text" and isinstance(block.get("text"), str):
        return _keep_blocks(block["text"])
    if kind in {"image", "tool_use"}:
        return [block]
    if kind == "tool_result":
        return [{**block, "content": _keep_blocks(block.get("content"))}]
    if kind == "search_result":
        return _keep_blocks(block.get("content"))
    if kind == "document" and isinstance(source, dict):
        return _keep_blocks(source.get("data" if source.get("type") == "text" else "content"))
    return []
