"""`cache_control` in a request: what the API refuses of it.

Sources: "Prompt caching" in Anthropic's documentation, and the API's errors as issues quote them, 2026.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from prompt_lint.text.location import KeyPath, ShapeError, describe_type, format_key_path, shorten

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

MAX_BREAKPOINTS = 4

_TTLS = ("5m", "1h")
_DEFAULT_TTL = "5m"
_EXAMPLE = 'it looks like {"type": "ephemeral"} or {"type": "ephemeral", "ttl": "1h"}'
_UNCACHEABLE = ("thinking", "redacted_thinking")

# Something that may have `cache_control`, and its key path.
LocatedBlock = tuple[KeyPath, object]


class _Breakpoint(NamedTuple):
    key_path: KeyPath
    ttl: str


def check_request(fields: Mapping[str, Any]) -> None:
    """Raise `ShapeError` where the API would refuse the `cache_control` of a request in any spelling."""
    blocks = list(_list_blocks(fields))
    breakpoints = _find_breakpoints(blocks)
    automatic = _find_breakpoints([((), fields)])
    if automatic and breakpoints and breakpoints[-1].key_path == blocks[-1][0]:
        key_path, ttl = breakpoints[-1]
        if ttl != automatic[0].ttl:
            message = f"is cached for {ttl}, and by the request's own `cache_control` for {automatic[0].ttl}"
            raise ShapeError.at(key_path, message, "give both the same `ttl`")
        automatic = []  # it marks the last block, which is marked already
    _check_breakpoints([*breakpoints, *automatic])


def check_tools(tools: Iterable[LocatedBlock]) -> None:
    """Raise `ShapeError` where the API would refuse the cache breakpoints of tools alone."""
    _check_breakpoints(_find_breakpoints(block for tool in tools for block in _list_tool(*tool)))


def _check_breakpoints(breakpoints: list[_Breakpoint]) -> None:
    if len(breakpoints) > MAX_BREAKPOINTS:
        message = f"has {len(breakpoints)} blocks with `cache_control`, and the API takes {MAX_BREAKPOINTS}"
        hint = "mark only the last block of each stretch that stays the same"
        raise ShapeError(breakpoints[MAX_BREAKPOINTS].key_path, message, hint)
    is_short = False
    for key_path, ttl in breakpoints:
        if is_short and ttl != _DEFAULT_TTL:
            name = f"`{format_key_path(key_path)}`" if key_path else "the request"
            message = f"{name} is cached for {ttl}, after a block that is cached for {_DEFAULT_TTL}"
            hint = "the API takes the longer `ttl` first, in the order of tools, system prompt and messages"
            raise ShapeError((*key_path, "cache_control"), message, hint)
        is_short = ttl == _DEFAULT_TTL


def _find_breakpoints(blocks: Iterable[LocatedBlock]) -> list[_Breakpoint]:
    breakpoints = []
    for key_path, block in blocks:
        value = block.get("cache_control") if isinstance(block, dict) else None
        if value is not None:
            if isinstance(block, dict) and block.get("type") in _UNCACHEABLE:
                raise ShapeError.at(key_path, "is a thinking block, which can't have `cache_control`")
            breakpoints.append(_Breakpoint(key_path, _read_ttl(value, (*key_path, "cache_control"))))
    return breakpoints


def _read_ttl(value: object, key_path: KeyPath) -> str:
    if not isinstance(value, dict):
        raise ShapeError.at(key_path, f"is {describe_type(value)}, not an object", _EXAMPLE)
    if value.get("type") != "ephemeral":
        raise ShapeError.at(
            key_path, "isn't of the type `ephemeral`, the only one that the API takes", _EXAMPLE
        )
    ttl = value.get("ttl")
    if ttl is not None and ttl not in _TTLS:
        raise ShapeError.at(key_path, f"has the ttl `{shorten(ttl)}`; the API takes `5m` and `1h`", _EXAMPLE)
    return ttl or _DEFAULT_TTL


# Where it may be


def _list_blocks(fields: Mapping[str, Any]) -> Iterator[LocatedBlock]:
    """Yield what may have `cache_control`, in the order in which the API reads it: tools, system prompt, messages."""
    for key_path, tool in _enumerate(fields.get("tools"), ("tools",)):
        yield from _list_tool(key_path, tool)
    yield from _enumerate(fields.get("system"), ("system",))
    messages = list(_enumerate(fields.get("messages"), ("messages",)))
    # The sort is stable: apart from the system prompts, which come first, messages keep their order.
    for key_path, message in sorted(messages, key=lambda placed: not _is_system(placed[1])):
        if isinstance(message, dict):
            yield key_path, message  # gateways for OpenAI's spelling take a mark of the whole message
            yield from _list_content(message.get("content"), (*key_path, "content"))


def _list_tool(key_path: KeyPath, tool: object) -> Iterator[LocatedBlock]:
    yield key_path, tool
    if isinstance(tool, dict) and "function" in tool:
        yield (*key_path, "function"), tool["function"]


def _list_content(content: object, key_path: KeyPath) -> Iterator[LocatedBlock]:
    """Yield the blocks of a content. A mark inside of a tool's result is the result's own."""
    for block_path, block in _enumerate(content, key_path):
        if isinstance(block, dict) and block.get("type") == "tool_result":
            yield from _enumerate(block.get("content"), (*block_path, "content"))
        yield block_path, block


def _enumerate(values: object, key_path: KeyPath) -> Iterator[LocatedBlock]:
    for number, value in enumerate(values if isinstance(values, list) else ()):
        yield (*key_path, number), value


def _is_system(message: object) -> bool:
    return isinstance(message, dict) and message.get("role") in ("system", "developer")
