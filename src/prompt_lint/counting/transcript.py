"""Messages → turns, as models read them.

For all models messages of one role are one turn. For those up to Opus 4.7 calls of tools and their results are text in it
(`render_messages`); `offline` counts those of newer ones block by block.

Found by comparing renderings with recorded requests: docs/accuracy.md says with how many.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    Block = Mapping[str, Any]

# Of the tags around a call.
_PREFIX = "antml"
_BLANK_LINE = "\n\n"


class Turn(NamedTuple):
    role: str
    text: str

    @property
    def begins_with_call(self) -> bool:
        return self.text.startswith(f"{_BLANK_LINE}<{_PREFIX}:")


class Transcript(NamedTuple):
    """The turns of a conversation. `is_open`: results of calls are the last, and the assistant goes on behind them."""

    turns: list[Turn]
    is_open: bool


def merge_messages(messages: Iterable[Mapping[str, Any]]) -> list[tuple[str, list[Block]]]:
    """Return roles and blocks. Consecutive messages of one role are joined, texts on lines of their own."""
    merged: list[tuple[str, list[Block]]] = []
    for message in messages:
        role, content = message["role"], message["content"]
        blocks = [{"type": "text", "text": content}] if isinstance(content, str) else list(content)
        if merged and merged[-1][0] == role:
            joined = [*merged[-1][1][-1:], *blocks[:1]]
            is_text = [block.get("type") for block in joined] == ["text", "text"]
            merged[-1][1].extend(([{"type": "text", "text": "\n"}] if is_text else []) + blocks)
        else:
            merged.append((role, blocks))
    return merged


def render_messages(messages: Iterable[Mapping[str, Any]]) -> Transcript:
    """Return the turns with their calls and results as text; images are left out.

    Results stand behind their calls in the turn of the assistant, who goes on in the same turn.
    """
    turns: list[tuple[str, list[str]]] = []
    names: dict[object, str] = {}
    is_open = False
    for role, blocks in merge_messages(messages):
        calls = [block for block in blocks if block["type"] == "tool_use"]
        names |= {block.get("id"): str(block.get("name", "")) for block in calls}
        results = [block for block in blocks if block["type"] == "tool_result"]
        text = _render_texts_and_calls(blocks)
        if results:
            if turns and turns[-1][0] == "assistant":
                turns[-1][1].append(_BLANK_LINE)
            else:
                turns.append(("assistant", []))
            turns[-1][1].append(_render_results(results, names))
            is_open = True
        if role == "assistant" and is_open:
            turns[-1][1].append(text if text.startswith(_BLANK_LINE) else _BLANK_LINE + text)
            is_open = False
        elif text or not results:
            turns.append((role, [text]))
            is_open = False
    return Transcript([Turn(role, "".join(parts)) for role, parts in turns], is_open)


def read_result(block: Block) -> str:
    content = block.get("content") or ""
    if isinstance(content, str):
        return content
    return "".join(str(part.get("text", "")) for part in content if isinstance(part, dict))


def render_argument(value: object) -> str:
    """Return the value of an argument: a text as it is, everything else as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _render_texts_and_calls(blocks: Sequence[Block]) -> str:
    """Return texts without a break, and calls in a row between the tags that begin and end calling."""
    text, calls = "", ""
    for block in blocks:
        if block["type"] == "tool_use":
            calls += _render_call(block)
        elif block["type"] == "text":
            text += _close_calls(calls) + block["text"]
            calls = ""
    return text + _close_calls(calls)


def _close_calls(calls: str) -> str:
    tag = f"{_PREFIX}:function_calls"
    return f"{_BLANK_LINE}<{tag}>\n{calls}</{tag}>" if calls else ""


def _render_call(block: Block) -> str:
    arguments = block.get("input")
    lines = [
        f'<{_PREFIX}:parameter name="{name}">{render_argument(value)}</{_PREFIX}:parameter>\n'
        for name, value in (arguments if isinstance(arguments, dict) else {"": arguments}).items()
    ]
    return f'<{_PREFIX}:invoke name="{block.get("name", "")}">\n{"".join(lines)}</{_PREFIX}:invoke>\n'


def _render_results(results: Sequence[Block], names: Mapping[object, str]) -> str:
    """Return the results of calls that were made together. Only several of them have the names of their tools."""
    if len(results) == 1:
        return f"<function_results>{read_result(results[0])}</function_results>"
    parts = [
        f"<result>\n<name>{names.get(block.get('tool_use_id'), '')}</name>\n"
        f"<output>{read_result(block)}</output>\n</result>\n"
        for block in results
    ]
    return f"<function_results>\n{''.join(parts)}</function_results>"
