"""Counts a request without the API: the rebuilt tokenizer, the frame around each message, the interval.

docs/counting.md states the rules and what they rest on.
"""

from __future__ import annotations

import base64
import binascii
import json
from typing import TYPE_CHECKING, Any, NamedTuple

from prompt_lint.counting.tokenizer.engine import content_tokens
from prompt_lint.model.errors import Unreadable
from prompt_lint.model.models import NEWEST_FAMILY, Model, find_model
from prompt_lint.model.values import Count
from prompt_lint.request import images
from prompt_lint.request.tools import render_tool

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from prompt_lint.model.values import Request


class Frame(NamedTuple):
    """What a family adds: per request and per message; per tool call and per argument of one in the history.

    `parallel` is added once to a turn with several calls. `thinking` is the cost of a thinking budget.
    """

    request: int
    message: int
    call: int
    argument: int
    parallel: int
    thinking: int


class Interval(NamedTuple):
    """The larger of a share of the count and a number of tokens, either way."""

    share: float
    tokens: int


FRAMES = {
    "v3": Frame(4, 3, call=39, argument=14, parallel=28, thinking=29),
    "v4.7": Frame(6, 5, call=44, argument=17, parallel=28, thinking=0),
    "v4.8": Frame(4, 2, call=24, argument=17, parallel=28, thinking=0),
}

# Measured; the basis of each stands in docs/counting.md.
OLDER = Interval(0.0, 2)
NEWER = Interval(0.01, 3)
TOOLS = Interval(0.03, 3)
ROUGH = Interval(0.10, 30)
UNKNOWN_TOOL_PROMPT = Interval(0.10, 100)
UNKNOWN_MODEL = Interval(0.15, 15)

# A model that isn't known: the newest family, and the tool prompt of its commonest member.
_UNKNOWN = Model("", NEWEST_FAMILY, 0, "assumed", None, has_system_line=True)
_ASSUMED_TOOL_PROMPT = (354, 474)

# Pixels of the longer side, and tokens, that the models of a family see of an image at most: documentation of vision, 2026.
_SIGHT = {"v3": (1568, 1568), "v4.7": (2576, 4784), "v4.8": (2576, 4784)}
# Published totals of images with a longer side are those of one scaled down to this, by whomever.
_DOUBTED = 2000
# Nobody has published exact counts of images; the documented formula agrees with totals that are published to this many.
IMAGE = Interval(0.10, 100)
# Where nearly every image file has said its size by, in characters of base64.
_HEADER = 4096

_HINT = "count it with the API, or leave it out of the rules"

# The fields of the last request and the texts counted for it: all models of a request are counted in
# a row, and those of one family then tokenise it once.
_last: tuple[object, dict[tuple[str, str, bool], int]] = (None, {})


def connect(settings: object | None = None) -> Callable[[str, Request], Count]:  # noqa: ARG001 - no settings so far
    """The counter as every counter hands itself out: (model, request) → Count."""
    return count


def count(model: str, request: Request) -> Count:
    """Tokens that `count_tokens` would return for the request, with the interval that is known to hold them.

    Raises Unreadable, with "needs the API: …", for whatever the offline rules don't cover.
    """
    global _last  # noqa: PLW0603 - a memo of one entry, replaced as a whole
    if _last[0] is not request.fields:
        _last = (request.fields, {})
    known = find_model(model) or _UNKNOWN
    try:
        tokens = _Counting(known, _last[1]).request(request.fields)
    except RecursionError:
        raise Unreadable("needs the API: it is nested too deeply to be counted here", _HINT) from None
    interval = _interval(known, request.fields)
    margin = max(interval.tokens, round(tokens * interval.share))
    seen = [_seen(known.tokenizer_family, image) for image in _images_of(request.fields)]
    if seen:
        margin = max(margin, round(tokens * IMAGE.share)) + IMAGE.tokens * len(seen)
    low = tokens - margin - sum(counted - least for counted, least in seen)
    return Count(tokens, max(0, low), tokens + margin, "offline", known.basis == "assumed")


def weigh(model: str, text: str) -> int:
    """Tokens of a text on its own, without any frame: what a section contributes to a prompt, nearly."""
    return content_tokens(text, (find_model(model) or _UNKNOWN).tokenizer_family)


class _Counting(NamedTuple):
    """One request for one model. `memo` is shared between the models."""

    model: Model
    memo: dict[tuple[str, str, bool], int]

    def request(self, fields: Mapping[str, Any]) -> int:
        frame = FRAMES[self.model.tokenizer_family]
        _refuse_unmodelled(fields)
        tools = fields.get("tools") or []
        total = frame.request + self._tools(tools, fields.get("tool_choice") or {})
        if fields.get("system"):
            total += self._system(
                "".join(_texts(fields["system"], "the system prompt")), own_line=bool(tools)
            )
        turns = merge(fields.get("messages") or [])
        total += sum(frame.message + self._turn(blocks, frame) for _, blocks in turns)
        if turns and turns[-1][0] == "assistant":
            total -= frame.message  # an answer begun needs no cue for one
        if (fields.get("thinking") or {}).get("type") == "enabled":
            total += frame.thinking
        return total

    def _text(self, text: str, *, after_space: bool = True) -> int:
        key = (text, self.model.tokenizer_family, after_space)
        found = self.memo.get(key)
        if found is None:
            found = self.memo[key] = content_tokens(
                text, self.model.tokenizer_family, after_space=after_space
            )
        return found

    def _system(self, text: str, *, own_line: bool) -> int:
        line = "\n" if own_line or self.model.has_system_line else ""
        return self._text(line + text, after_space=False)

    def _tools(self, tools: list[Any], choice: Mapping[str, Any]) -> int:
        if not tools:
            return 0
        automatic, forced = self.model.tool_prompt_tokens or _ASSUMED_TOOL_PROMPT
        total = sum(self._text(render_tool(tool)) + 1 for tool in tools)
        if choice.get("type") == "tool":
            return total + forced + 2 + self._text(str(choice.get("name", "")))
        return total + (forced if choice.get("type") == "any" else automatic)

    def _turn(self, blocks: list[dict[str, Any]], frame: Frame) -> int:
        total = 0
        texts: list[str] = []
        for block in blocks:
            if block["type"] == "text":
                texts.append(block["text"])
            elif block["type"] == "image":
                total += _seen(self.model.tokenizer_family, block)[0]
            elif block["type"] == "tool_use":
                total += self._call(block, frame)
            else:
                total += self._result(block.get("content") or "")
        if texts:
            total += self._text("".join(texts))
        calls = sum(block["type"] == "tool_use" for block in blocks)
        return total + (frame.parallel if calls > 1 else 0)

    def _result(self, content: Any) -> int:
        pictures = [block for block in content if _is_image(block)] if isinstance(content, list) else []
        texts = [block for block in content if not _is_image(block)] if pictures else content
        total = sum(_seen(self.model.tokenizer_family, block)[0] for block in pictures)
        return total + sum(map(self._text, _texts(texts, "a tool's result")))

    def _call(self, block: Mapping[str, Any], frame: Frame) -> int:
        given = block.get("input")
        arguments = given if isinstance(given, dict) else {"": given}
        total = frame.call + self._text(str(block.get("name", "")))
        for name, value in arguments.items():
            said = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
            total += frame.argument + self._text(str(name)) + self._text(said)
        return total


_LINE = {"type": "text", "text": "\n"}


def merge(messages: Iterable[Mapping[str, Any]]) -> list[tuple[str, list[dict[str, Any]]]]:
    """Turns: consecutive messages of one role are one, each as a list of blocks, texts on lines of their own."""
    turns: list[tuple[str, list[dict[str, Any]]]] = []
    for message in messages:
        role, content = message["role"], message["content"]
        blocks = [{"type": "text", "text": content}] if isinstance(content, str) else list(content)
        if turns and turns[-1][0] == role:
            joined = [*turns[-1][1][-1:], *blocks[:1]]
            line = [_LINE] if [block.get("type") for block in joined] == ["text", "text"] else []
            turns[-1][1].extend(line + blocks)
        else:
            turns.append((role, blocks))
    return turns


def _texts(content: Any, where: str) -> list[str]:
    if isinstance(content, str):
        return [content]
    found = []
    for block in content:
        if (
            not isinstance(block, dict)
            or block.get("type") != "text"
            or not isinstance(block.get("text"), str)
        ):
            kind = str(block.get("type"))[:60] if isinstance(block, dict) else "not an object"
            raise Unreadable(f"needs the API: {where} holds a block of type `{kind}`", _HINT)
        found.append(block["text"])
    return found


def _is_image(block: Any) -> bool:
    return isinstance(block, dict) and block.get("type") == "image"


def _images_of(fields: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Every image of the messages, those in the results of tools among them."""
    for message in fields.get("messages") or []:
        for block in message["content"] if isinstance(message["content"], list) else []:
            inner = block.get("content") if block.get("type") == "tool_result" else None
            yield from filter(_is_image, [block, *(inner if isinstance(inner, list) else [])])


def _seen(family: str, block: Mapping[str, Any]) -> tuple[int, int]:
    """Tokens of an image, and the least that they may be. Without its size it is the most that any costs, or nothing."""
    edge, most = _SIGHT[family]
    size = _size(block.get("source"))
    return (
        (
            images.count_image_tokens(size, edge, most),
            images.count_image_tokens(size, min(edge, _DOUBTED), most),
        )
        if size
        else (most, 0)
    )


def _size(source: Any) -> images.ImageSize | None:
    data = source.get("data") if isinstance(source, dict) and source.get("type") == "base64" else None
    if not isinstance(data, str):
        return None
    try:
        return images.read_size(base64.b64decode(data[:_HEADER])) or images.read_size(base64.b64decode(data))
    except (binascii.Error, ValueError):
        return None


_BLOCKS = frozenset({"text", "image", "tool_use", "tool_result"})


def _refuse_unmodelled(fields: Mapping[str, Any]) -> None:
    """Raise for what the offline rules don't cover, naming it."""
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
        if kind not in _BLOCKS or (kind == "text" and not isinstance(block.get("text"), str)):
            raise Unreadable(f"needs the API: a message holds a block of type `{str(kind)[:60]}`", _HINT)
        if kind == "text" and block.get("citations"):
            raise Unreadable("needs the API: a message holds citations", _HINT)


def _interval(model: Model, fields: Mapping[str, Any]) -> Interval:
    plain = OLDER if model.tokenizer_family == "v3" else NEWER
    if model.basis == "assumed":
        return UNKNOWN_MODEL
    tools = bool(fields.get("tools"))
    if tools and not model.tool_prompt_tokens:
        return UNKNOWN_TOOL_PROMPT
    forced = tools and (fields.get("tool_choice") or {}).get("type") in ("any", "tool")
    thinks = (fields.get("thinking") or {}).get("type", "disabled") != "disabled"
    history = any(
        not isinstance(message["content"], str)
        and any(block["type"] not in {"text", "image"} for block in message["content"])
        for message in fields.get("messages") or []
    )
    if forced or thinks or history:
        return ROUGH
    return TOOLS if tools else plain
