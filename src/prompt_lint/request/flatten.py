"""Contents of a request: several as one, as the text that most of their tokens are, and a tool as the model reads it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

# Blocks that are an image or a document, as the Messages API and OpenAI's chat API call them.
FILE_TYPES = frozenset({"image", "document", "image_url", "file"})


def flatten(content: object) -> str:
    """Return the text of a system prompt, a message, a block or a tool definition, or of a list of such.

    Left out is what JSON puts around the words of a message, and all of images and documents.
    """
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        return "\n".join(filter(None, map(flatten, content)))
    if not isinstance(content, dict) or content.get("type") in FILE_TYPES:
        return ""
    if content.get("type") == "text":
        return flatten(content.get("text"))
    if content.get("type") == "tool_result" or "role" in content:
        return flatten([content.get(key) for key in ("content", "refusal", "tool_calls")])
    return json.dumps(content, ensure_ascii=False)


def join_contents(contents: list[Any]) -> str | list[Any]:
    """Join system prompts: texts with a blank line between them, else their blocks in a row."""
    if all(isinstance(content, str) for content in contents):
        return "\n\n".join(contents)
    blocks = ([{"type": "text", "text": part}] if isinstance(part, str) else part for part in contents)
    return [block for part in blocks for block in part]


def is_client_tool(tool: Mapping[str, Any]) -> bool:
    """Return whether a tool (as the API takes it) is described by the request, not defined by the server."""
    return tool.get("type") in (None, "custom")


def render_tool(tool: Mapping[str, Any], *, escapes: bool = False) -> str:
    r"""Return a tool of a request as the model reads it: docs/accuracy.md tells how that was found.

    `escapes`: characters beyond ASCII are written as `\uXXXX`.
    """
    if not is_client_tool(tool):
        return json.dumps(tool, ensure_ascii=False)
    fields = {"description": tool["description"]} if tool.get("description") else {}
    fields |= {"name": tool.get("name", ""), "parameters": tool.get("input_schema", {})}
    return f"<function>{json.dumps(fields, ensure_ascii=escapes)}</function>\n"
