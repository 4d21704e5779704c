"""Several contents of a request as one, and as the text that most of their tokens are."""

from __future__ import annotations

import json
from typing import Any

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
