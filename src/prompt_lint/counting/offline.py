"""Counts a request without the API: the tokens of its texts, the frame around them, and the interval of the API's count.

docs/counting.md states the rules and the measurements behind them.
"""

from __future__ import annotations

import base64
import binascii
import json
from typing import TYPE_CHECKING, Any, NamedTuple

from prompt_lint.counting.tokenizer.engine import count_tokens
from prompt_lint.model.errors import Unreadable
from prompt_lint.model.models import NEWEST_FAMILY, Model, find_model
from prompt_lint.model.values import Count
from prompt_lint.request import images
from prompt_lint.request.tools import render_tool

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from prompt_lint.model.values import Request


# Tokens of a text by itself, the tokenizer family, and whether the text follows a space.
TextTokens = dict[tuple[str, str, bool], int]


class Frame(NamedTuple):
    """The tokens that a family adds for each part of a request.

    `parallel_calls` is added once to a turn with several tool calls, `thinking` to a request with a thinking budget.
    """

    request: int
    message: int
    tool_call: int
    tool_argument: int
    parallel_calls: int
    thinking: int


class Margin(NamedTuple):
    """How far the API's count may differ: the larger of a share of the count and a number of tokens."""

    share: float
    tokens: int

    def compute_tokens(self, count: int) -> int:
        """Return the margin of a count, in tokens."""
        return max(self.tokens, round(count * self.share))


_FRAMES = {
    "v3": Frame(4, 3, tool_call=39, tool_argument=14, parallel_calls=28, thinking=29),
    "v4.7": Frame(6, 5, tool_call=44, tool_argument=17, parallel_calls=28, thinking=0),
    "v4.8": Frame(4, 2, tool_call=24, tool_argument=17, parallel_calls=28, thinking=0),
}

# Measured, as docs/counting.md describes.
_OLDER_MARGIN = Margin(0.0, 2)
_NEWER_MARGIN = Margin(0.01, 3)
_TOOLS_MARGIN = Margin(0.03, 3)
_ROUGH_MARGIN = Margin(0.10, 30)
_UNKNOWN_TOOL_PROMPT_MARGIN = Margin(0.10, 100)
_UNKNOWN_MODEL_MARGIN = Margin(0.15, 15)

# An unknown model counts as the newest family, with the tool prompt of its commonest member.
_UNKNOWN_MODEL = Model("", NEWEST_FAMILY, 0, "assumed", None, has_system_line=True)
_ASSUMED_TOOL_PROMPT = (354, 474)

# The most pixels of the longer side, and the most tokens, to which a family scales an image: documentation of vision, 2026.
_IMAGE_LIMITS = {"v3": (1568, 1568), "v4.7": (2576, 4784), "v4.8": (2576, 4784)}
# Published totals of images with a longer side match an image scaled down to this many pixels; by whom isn't known.
_CONTESTED_SIDE = 2000
# No exact counts of images are published. The documented formula agrees with the published totals within this.
_IMAGE_MARGIN = Margin(0.10, 100)
# Nearly every image file states its size within so many characters of base64.
_HEADER_CHARACTERS = 4096

_COVERED_BLOCKS = frozenset({"text", "image", "tool_use", "tool_result"})
_NEWLINE_BLOCK = {"type": "text", "text": "\n"}

_HINT = "count it with the API, or leave it out of the rules"

# The fields of the last request and the tokens of its texts. All models of a request are counted in a row, so those of
# one family tokenize it once.
_last_request: tuple[object, TextTokens] = (None, {})


def count_request(model_id: str, request: Request) -> Count:
    """Return the tokens that the API's `count_tokens` would return, with the interval that contains them.

    Raises `Unreadable` with "needs the API: …" for a request that the offline rules don't cover.
    """
    global _last_request  # noqa: PLW0603 - a memo of one entry, replaced as a whole
    if _last_request[0] is not request.fields:
        _last_request = (request.fields, {})
    model = find_model(model_id) or _UNKNOWN_MODEL
    try:
        tokens = _RequestCounter(model, _last_request[1]).count_request(request.fields)
    except RecursionError:
        raise Unreadable("needs the API: it is nested too deeply to be counted here", _HINT) from None
    margin = _find_margin(model, request.fields).compute_tokens(tokens)
    image_ranges = [_count_image(model.tokenizer_family, image) for image in _find_images(request.fields)]
    if image_ranges:
        margin = max(margin, round(tokens * _IMAGE_MARGIN.share)) + _IMAGE_MARGIN.tokens * len(image_ranges)
    low = tokens - margin - sum(most - least for most, least in image_ranges)
    return Count(tokens, max(0, low), tokens + margin, "offline", model.basis == "assumed")


def count_text(model_id: str, text: str) -> int:
    """Return the tokens of a text without any frame: nearly what a section contributes to a prompt."""
    return count_tokens(text, (find_model(model_id) or _UNKNOWN_MODEL).tokenizer_family)


class _RequestCounter(NamedTuple):
    """Counts one request for one model. `text_tokens` is shared between the models."""

    model: Model
    text_tokens: TextTokens

    def count_request(self, fields: Mapping[str, Any]) -> int:
        frame = _FRAMES[self.model.tokenizer_family]
        _refuse_uncovered(fields)
        tools = fields.get("tools") or []
        total = frame.request + self._count_tools(tools, fields.get("tool_choice") or {})
        if fields.get("system"):
            total += self._count_system(
                "".join(_read_texts(fields["system"], "the system prompt")), own_line=bool(tools)
            )
        turns = _merge_turns(fields.get("messages") or [])
        total += sum(frame.message + self._count_turn(blocks, frame) for _, blocks in turns)
        if turns and turns[-1][0] == "assistant":
            total -= frame.message  # a prefilled answer needs no cue for one
        if (fields.get("thinking") or {}).get("type") == "enabled":
            total += frame.thinking
        return total

    def _count_text(self, text: str, *, after_space: bool = True) -> int:
        key = (text, self.model.tokenizer_family, after_space)
        tokens = self.text_tokens.get(key)
        if tokens is None:
            tokens = self.text_tokens[key] = count_tokens(
                text, self.model.tokenizer_family, after_space=after_space
            )
        return tokens

    def _count_system(self, text: str, *, own_line: bool) -> int:
        line = "\n" if own_line or self.model.has_system_line else ""
        return self._count_text(line + text, after_space=False)

    def _count_tools(self, tools: list[Any], choice: Mapping[str, Any]) -> int:
        if not tools:
            return 0
        automatic, forced = self.model.tool_prompt_tokens or _ASSUMED_TOOL_PROMPT
        total = sum(self._count_text(render_tool(tool)) + 1 for tool in tools)
        if choice.get("type") == "tool":
            return total + forced + 2 + self._count_text(str(choice.get("name", "")))
        return total + (forced if choice.get("type") == "any" else automatic)

    def _count_turn(self, blocks: list[dict[str, Any]], frame: Frame) -> int:
        total = 0
        texts: list[str] = []
        for block in blocks:
            if block["type"] == "text":
                texts.append(block["text"])
            elif block["type"] == "image":
                total += _count_image(self.model.tokenizer_family, block)[0]
            elif block["type"] == "tool_use":
                total += self._count_tool_call(block, frame)
            else:
                total += self._count_tool_result(block.get("content") or "")
        if texts:
            total += self._count_text("".join(texts))
        calls = sum(block["type"] == "tool_use" for block in blocks)
        return total + (frame.parallel_calls if calls > 1 else 0)

    def _count_tool_result(self, content: Any) -> int:
        image_blocks = [*filter(_is_image, content)] if isinstance(content, list) else []
        others = [block for block in content if not _is_image(block)] if image_blocks else content
        total = sum(_count_image(self.model.tokenizer_family, block)[0] for block in image_blocks)
        return total + sum(map(self._count_text, _read_texts(others, "a tool's result")))

    def _count_tool_call(self, block: Mapping[str, Any], frame: Frame) -> int:
        tool_input = block.get("input")
        arguments = tool_input if isinstance(tool_input, dict) else {"": tool_input}
        total = frame.tool_call + self._count_text(str(block.get("name", "")))
        for name, value in arguments.items():
            text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
            total += frame.tool_argument + self._count_text(str(name)) + self._count_text(text)
        return total


def _merge_turns(messages: Iterable[Mapping[str, Any]]) -> list[tuple[str, list[dict[str, Any]]]]:
    """Return the turns as roles and blocks. Consecutive messages of one role are one turn, texts on lines of their own."""
    turns: list[tuple[str, list[dict[str, Any]]]] = []
    for message in messages:
        role, content = message["role"], message["content"]
        blocks = [{"type": "text", "text": content}] if isinstance(content, str) else list(content)
        if turns and turns[-1][0] == role:
            joined = [*turns[-1][1][-1:], *blocks[:1]]
            line = [_NEWLINE_BLOCK] if [block.get("type") for block in joined] == ["text", "text"] else []
            turns[-1][1].extend(line + blocks)
        else:
            turns.append((role, blocks))
    return turns


def _read_texts(content: Any, where: str) -> list[str]:
    if isinstance(content, str):
        return [content]
    texts = []
    for block in content:
        if (
            not isinstance(block, dict)
            or block.get("type") != "text"
            or not isinstance(block.get("text"), str)
        ):
            kind = str(block.get("type"))[:60] if isinstance(block, dict) else "not an object"
            raise Unreadable(f"needs the API: {where} holds a block of type `{kind}`", _HINT)
        texts.append(block["text"])
    return texts


def _is_image(block: Any) -> bool:
    return isinstance(block, dict) and block.get("type") == "image"


def _find_images(fields: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield the images of all messages, including those in the results of tools."""
    for message in fields.get("messages") or []:
        for block in message["content"] if isinstance(message["content"], list) else []:
            result = block.get("content") if block.get("type") == "tool_result" else None
            yield from filter(_is_image, [block, *(result if isinstance(result, list) else [])])


def _count_image(family: str, block: Mapping[str, Any]) -> tuple[int, int]:
    """Return the most and the least tokens that an image may cost; without its size, the most of any image and 0."""
    max_side, max_tokens = _IMAGE_LIMITS[family]
    size = _read_size(block.get("source"))
    if not size:
        return max_tokens, 0
    most = images.count_image_tokens(size, max_side, max_tokens)
    return most, images.count_image_tokens(size, min(max_side, _CONTESTED_SIDE), max_tokens)


def _read_size(source: Any) -> images.ImageSize | None:
    data = source.get("data") if isinstance(source, dict) and source.get("type") == "base64" else None
    if not isinstance(data, str):
        return None
    try:
        header = base64.b64decode(data[:_HEADER_CHARACTERS])
        return images.read_size(header) or images.read_size(base64.b64decode(data))
    except (binascii.Error, ValueError):
        return None


def _refuse_uncovered(fields: Mapping[str, Any]) -> None:
    """Raise `Unreadable` for a request that the offline rules don't cover, and name what they don't."""
    for name in ("tool_choice", "thinking", "output_config"):
        if not isinstance(fields.get(name) or {}, dict):
            raise Unreadable(f"needs the API: `{name}` is not an object", _HINT)
    for tool in fields.get("tools") or []:
        kind = tool.get("type") if isinstance(tool, dict) else "not an object"
        if kind not in (None, "custom"):
            raise Unreadable(
                f"needs the API: the tool type `{str(kind)[:60]}` is defined by the server", _HINT
            )
        if tool.get("defer_loading") or tool.get("allowed_callers"):
            raise Unreadable("needs the API: it has tools that the server loads or calls by itself", _HINT)
    if (fields.get("output_config") or {}).get("format"):
        raise Unreadable("needs the API: it asks for structured output (`output_config.format`)", _HINT)
    for message in fields.get("messages") or []:
        if message["role"] not in ("user", "assistant"):
            raise Unreadable(f"needs the API: a message has the role `{str(message['role'])[:60]}`", _HINT)
        if not isinstance(message["content"], str):
            _refuse_blocks(message["content"])


def _refuse_blocks(blocks: Iterable[Any]) -> None:
    for block in blocks:
        kind = block.get("type") if isinstance(block, dict) else None
        if kind not in _COVERED_BLOCKS or (kind == "text" and not isinstance(block.get("text"), str)):
            raise Unreadable(f"needs the API: a message holds a block of type `{str(kind)[:60]}`", _HINT)
        if kind == "text" and block.get("citations"):
            raise Unreadable("needs the API: a message holds citations", _HINT)


def find_texts_margin(model: Model) -> Margin:
    """Return the margin of a request of texts alone."""
    if model.basis == "assumed":
        return _UNKNOWN_MODEL_MARGIN
    return _OLDER_MARGIN if model.tokenizer_family == "v3" else _NEWER_MARGIN


def _find_margin(model: Model, fields: Mapping[str, Any]) -> Margin:
    texts_margin = find_texts_margin(model)
    if model.basis == "assumed":
        return texts_margin
    has_tools = bool(fields.get("tools"))
    if has_tools and not model.tool_prompt_tokens:
        return _UNKNOWN_TOOL_PROMPT_MARGIN
    is_forced = has_tools and (fields.get("tool_choice") or {}).get("type") in ("any", "tool")
    has_thinking = (fields.get("thinking") or {}).get("type", "disabled") != "disabled"
    has_tool_history = any(
        not isinstance(message["content"], str)
        and any(block["type"] not in {"text", "image"} for block in message["content"])
        for message in fields.get("messages") or []
    )
    if is_forced or has_thinking or has_tool_history:
        return _ROUGH_MARGIN
    return _TOOLS_MARGIN if has_tools else texts_margin
