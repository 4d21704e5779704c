"""What the API refuses of `cache_control` is refused before anything is sent."""

from __future__ import annotations

from typing import Any

import pytest
from tests.support.requests import (
    FIND,
    USER,
    find_refusal,
    make_request,
    make_tool_result,
    make_tool_use,
    parse_fields,
)

from prompt_lint.request import cache_control
from prompt_lint.text.location import ShapeError

MARK = {"cache_control": {"type": "ephemeral"}}
HOUR = {"cache_control": {"type": "ephemeral", "ttl": "1h"}}
FIVE_MINUTES = {"cache_control": {"type": "ephemeral", "ttl": "5m"}}


def text(word: str, mark: dict[str, Any]) -> dict[str, Any]:
    return {"type": "text", "text": word, **mark}


def call_with_results(*results: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        USER,
        {"role": "assistant", "content": [make_tool_use("a")]},
        {"role": "user", "content": list(results)},
    ]


FOUR = {
    "tools": [{**FIND, **HOUR}],
    "system": [text("Be kind.", HOUR)],
    "messages": [{"role": "user", "content": [text("One.", MARK), text("Two.", MARK)]}],
}


@pytest.mark.parametrize(
    "data",
    [
        FOUR,
        {**FOUR, **MARK},  # the automatic mark is on a block that has one
        {"tools": [{**FIND, "cache_control": None}], "messages": [USER]},
        {**make_request(text("One.", HOUR), text("Two.", {})), **MARK},
        {"messages": call_with_results({**make_tool_result("a", "x"), **MARK})},
        # the system prompt is read first, wherever it is
        {"messages": [{"role": "user", "content": [text("x", MARK)]}, {"role": "system", "content": [text("y", HOUR)]}]},
        # what a tool was called with, and what a schema calls its properties, isn't marked
        {"messages": [USER, {"role": "assistant", "content": [{**make_tool_use("a"), "input": MARK | {"cache_control": "no"}}]},
                      {"role": "user", "content": [make_tool_result("a", "x")]}]},
    ],
)  # fmt: skip
def test_what_the_api_takes_is_sent_as_it_is(data: dict[str, Any]) -> None:
    """Four blocks, the longer-lived first, and no other key of that name is mistaken for one."""
    assert parse_fields(data) == data


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({**FOUR, "tools": [{**FIND, **HOUR}, {**FIND, "name": "b", **HOUR}]},
         "has 5 blocks with `cache_control`, and the API takes 4"),
        ({**FOUR, "messages": [*FOUR["messages"], {"role": "assistant", "content": "x"}, USER], **MARK},
         "has 5 blocks with `cache_control`, and the API takes 4"),
        ([{"role": "system", "content": "a", **MARK}, *[{"role": "user", "content": "x", **MARK}] * 4],
         "has 5 blocks with `cache_control`, and the API takes 4"),
        ({"messages": call_with_results({**make_tool_result("a", ""), "content": [text(word, MARK) for word in "abcde"]})},
         "has 5 blocks with `cache_control`, and the API takes 4"),
        (make_request(text("One.", MARK), text("Two.", HOUR)),
         "`messages[0].content[1]` is cached for 1h, after a block that is cached for 5m"),
        ({"messages": [{"role": "user", "content": [text("x", HOUR)]}], "tools": [{**FIND, **FIVE_MINUTES}]},
         "`messages[0].content[0]` is cached for 1h, after a block that is cached for 5m"),
        ({"messages": [{"role": "user", "content": [text("x", MARK)]}, {"role": "system", "content": [text("y", MARK)]},
                       {"role": "user", "content": [text("z", HOUR)]}]},
         "`messages[2].content[0]` is cached for 1h, after a block that is cached for 5m"),
        ({**make_request(text("One.", MARK), text("Two.", {})), **HOUR},
         "the request is cached for 1h, after a block that is cached for 5m"),
        ({**make_request(text("One.", HOUR)), **MARK},
         "`messages[0].content[0]` is cached for 1h, and by the request's own `cache_control` for 5m"),
        (make_request(text("x", {"cache_control": {"type": "ephemeral", "ttl": "2h"}})),
         "`messages[0].content[0].cache_control` has the ttl `2h`; the API takes `5m` and `1h`"),
        (make_request(text("x", {"cache_control": {"type": "ephemeral", "ttl": ["1h"]}})), "has the ttl `['1h']`"),
        ({"messages": [USER], "cache_control": {"type": "forever"}},
         "`cache_control` isn't of the type `ephemeral`, the only one that the API takes"),
        ({"tools": [{**FIND, "cache_control": True}], "messages": [USER]}, "`tools[0].cache_control` is a truth value, not an object"),
        ({"tools": [{"type": "function", "function": {"name": "f", "cache_control": "x"}}], "messages": [USER]},
         "`tools[0].function.cache_control` is a text, not an object"),
        ([USER, {"role": "assistant", "content": [{"type": "thinking", "thinking": "Hm.", "signature": "s", **MARK}]}, USER],
         "`messages[1].content[0]` is a thinking block, which can't have `cache_control`"),
    ],
)  # fmt: skip
def test_what_the_api_refuses_is_an_error(data: object, message: str) -> None:
    """More than four blocks, the longer-lived behind a shorter one, and values that it doesn't know."""
    assert message in find_refusal(data)


def test_tools_alone_have_the_same_limits() -> None:
    """As in a file of tools."""
    tools: list[cache_control.LocatedBlock] = [(("tools", number), FIND | MARK) for number in range(5)]
    cache_control.check_tools(tools[:4])

    with pytest.raises(ShapeError, match="has 5 blocks with `cache_control`") as caught:
        cache_control.check_tools(tools)

    assert caught.value.key_path == ("tools", 4)
