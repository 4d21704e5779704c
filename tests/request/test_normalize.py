"""Requests in the spelling of the Messages API or of OpenAI are one request; what the API would refuse is refused."""

from __future__ import annotations

import gzip
import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support import pictures
from tests.support.paths import ROOT
from tests.support.requests import (
    FIND,
    USER,
    find_refusal,
    list_digests,
    list_notes,
    make_openai_call,
    make_request,
    make_tool_result,
    make_tool_use,
    parse_fields,
    parse_request,
)

from prompt_lint.model.values import PLACEHOLDER_MESSAGE, REQUEST_KEYS
from prompt_lint.request import normalize
from prompt_lint.request.normalize import ANSWER_ADDED, RESULTS_LATE, SYSTEM_BETWEEN
from prompt_lint.text.template_markers import FILE_ADDRESS_NOTE

DATA = Path(os.environ.get("PROMPT_LINT_DATA") or ROOT.parent / "shared" / "data") / "recorded.jsonl.gz"


def test_a_chat_of_openai_is_the_same_request_as_one_of_the_api() -> None:
    """System prompt, tools, tool choice, images, calls and their results in either spelling have one digest."""
    image = pictures.base64_of(pictures.png(3, 4))
    openai = {
        "model": "gpt-9", "temperature": 0, "tool_choice": "required", "parallel_tool_calls": False,
        "tools": [{"type": "function", "function": {
            "name": "find", "description": "Finds.", "parameters": FIND["input_schema"], "strict": True}}],
        "messages": [
            {"role": "system", "content": "Be kind."},
            {"role": "developer", "content": [{"type": "text", "text": "Be brief."}]},
            {"role": "user", "name": "ann", "content": [
                {"type": "text", "text": "What is it?"},
                {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{image}", "detail": "low"}}]},
            {"role": "assistant", "content": None, "refusal": None, "tool_calls": [make_openai_call("c1"), make_openai_call("c2")]},
            {"role": "tool", "tool_call_id": "c1", "content": "one"},
            {"role": "tool", "tool_call_id": "c2", "content": "two"},
            {"role": "assistant", "content": "It is.", "tool_calls": [make_openai_call("c3")]},
            {"role": "tool", "tool_call_id": "c3", "content": ""},
        ],
    }  # fmt: skip
    anthropic = {
        "tools": [FIND], "tool_choice": {"type": "any", "disable_parallel_tool_use": True},
        "system": [{"type": "text", "text": "Be kind."}, {"type": "text", "text": "Be brief."}],
        "messages": [
            {"role": "user", "content": [
                {"type": "text", "text": "What is it?"},
                {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": image}}]},
            {"role": "assistant", "content": [make_tool_use("c1"), make_tool_use("c2")]},
            {"role": "user", "content": [make_tool_result("c1", "one"), make_tool_result("c2", "two")]},
            {"role": "assistant", "content": [{"type": "text", "text": "It is."}, make_tool_use("c3")]},
            {"role": "user", "content": [make_tool_result("c3", "")]},
        ],
    }  # fmt: skip

    assert list_digests(parse_request(openai)) == list_digests(parse_request(anthropic))
    assert parse_fields(anthropic) == anthropic


@pytest.mark.parametrize(
    ("fields", "choice"),
    [
        ({}, {"type": "auto", "disable_parallel_tool_use": True}),
        ({"tool_choice": "none"}, {"type": "none"}),
        ({"parallel_tool_calls": True}, None),
        ({"tools": []}, None),
    ],
    ids=["the default choice", "no call at all", "several calls", "no tools"],
)
def test_one_call_at_a_time_in_the_spelling_of_openai_counts(fields: dict[str, Any], choice: object) -> None:
    """The hidden prompt of the tools is shorter for it."""
    chat = {"tools": [FIND], "parallel_tool_calls": False, "messages": [{"role": "user", "content": "x"}]}

    assert parse_fields({**chat, **fields}).get("tool_choice") == choice


texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20).filter(str.strip)


@st.composite
def conversations(draw: st.DrawFn) -> tuple[dict[str, Any], dict[str, Any]]:
    """One conversation, in OpenAI's spelling and in the API's."""
    openai: list[dict[str, Any]] = []
    anthropic: list[dict[str, Any]] = []
    system = draw(st.none() | texts)
    if system:
        openai.append({"role": draw(st.sampled_from(["system", "developer"])), "content": system})
    for number in range(draw(st.integers(1, 4))):
        text = draw(texts)
        openai.append({"role": "user", "content": text})
        anthropic.append({"role": "user", "content": text})
        calls = [f"c{number}_{n}" for n in range(draw(st.integers(0, 2)))]
        answer = draw(texts)
        if calls:
            openai.append(
                {
                    "role": "assistant",
                    "content": answer,
                    "tool_calls": [make_openai_call(one) for one in calls],
                }
            )
            anthropic.append(
                {
                    "role": "assistant",
                    "content": [{"type": "text", "text": answer}, *map(make_tool_use, calls)],
                }
            )
            openai += [{"role": "tool", "tool_call_id": one, "content": "r"} for one in calls]
            anthropic.append({"role": "user", "content": [make_tool_result(one, "r") for one in calls]})
        else:
            openai.append({"role": "assistant", "content": answer})
            anthropic.append({"role": "assistant", "content": answer})
    return {"messages": openai}, {**({"system": system} if system else {}), "messages": anthropic}


@given(conversations())
def test_both_spellings_of_a_conversation_are_one_request(
    both: tuple[dict[str, Any], dict[str, Any]],
) -> None:
    """Whoever exported a conversation, it costs the same."""
    openai, anthropic = both

    assert list_digests(parse_request(openai)) == list_digests(parse_request(anthropic))


@given(conversations(), st.randoms(use_true_random=False))
def test_the_order_of_the_keys_changes_nothing(
    both: tuple[dict[str, Any], dict[str, Any]], shuffled: Any
) -> None:
    """A request is known by what it says, not by which of its keys stands first."""
    request = {**both[1], "tools": [FIND], "tool_choice": {"type": "auto"}, "max_tokens": 5}
    keys = list(request)
    shuffled.shuffle(keys)

    assert list_digests(parse_request({key: request[key] for key in keys})) == list_digests(
        parse_request(request)
    )


def test_consecutive_messages_stay_as_they_are() -> None:
    """The API merges them; what is sent is what is in the file."""
    turns = [USER, {"role": "user", "content": "Ho."}]

    assert parse_fields({"messages": turns})["messages"] == turns


def test_a_system_message_among_the_others_is_noted() -> None:
    """Newer models take it in its place, where it stays; a note says what becomes of it for older ones."""
    parsed = parse_request('[{"role": "user", "content": "1"},\n{"role": "system", "content": "Two."}]')

    assert parsed[0].request.fields["messages"][1] == {"role": "system", "content": "Two."}
    assert list_notes(parsed) == [(SYSTEM_BETWEEN, 2)]


def test_an_answer_of_the_user_is_added_after_the_assistant_and_noted() -> None:
    """Newer models refuse to go on with what the assistant said."""
    parsed = parse_request('[{"role": "user", "content": "1"},\n\n{"role": "assistant", "content": "2"}]')

    assert parsed[0].request.fields["messages"][-1] == PLACEHOLDER_MESSAGE
    assert list_notes(parsed) == [(ANSWER_ADDED, 3)]


def test_open_calls_are_answered_by_results() -> None:
    """A conversation that ends with tool calls would be refused with anything but their results."""
    parsed = parse_request(
        [USER, {"role": "assistant", "tool_calls": [make_openai_call("c1"), make_openai_call("c2")]}]
    )

    results = [make_tool_result("c1", "x"), make_tool_result("c2", "x")]
    assert parsed[0].request.fields["messages"][-1] == {"role": "user", "content": results}
    assert [message for message, _ in list_notes(parsed)] == [ANSWER_ADDED]


def test_blocks_before_the_results_of_calls_are_noted() -> None:
    """The documentation says that it is refused; behind them, text is welcome. Consecutive messages are one turn."""
    text, answer = {"type": "text", "text": "Here:"}, make_tool_result("c1", "x")
    called = [USER, {"role": "assistant", "tool_calls": [make_openai_call("c1")]}]

    before = parse_request([*called, {"role": "user", "content": [text, answer]}])
    turns = parse_request([*called, USER, {"role": "user", "content": [answer]}])
    behind = parse_request([*called, {"role": "user", "content": [answer, text]}])

    assert [[message for message, _ in list_notes(one)] for one in (before, turns, behind)] == [
        [RESULTS_LATE],
        [RESULTS_LATE],
        [],
    ]


def test_an_empty_system_prompt_is_none() -> None:
    """Lines for fine-tuning often have one."""
    assert parse_fields({"system": "", "messages": [{"role": "system", "content": ""}, USER]}) == {
        "messages": [USER]
    }


@pytest.mark.parametrize(
    "fields",
    [
        {"output_config": {"format": {"type": "json_schema", "schema": {"type": "object"}}}},
        {"output_format": {"type": "json_schema", "schema": {"type": "object"}}},
        {
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": "x", "schema": {"type": "object"}},
            }
        },
    ],
)
def test_the_schema_of_a_structured_answer_counts(fields: dict[str, Any]) -> None:
    """The model reads it, whatever the field is called."""
    expected = {"format": {"type": "json_schema", "schema": {"type": "object"}}}

    assert parse_fields({**fields, "messages": [USER]})["output_config"] == expected


def test_a_request_keeps_what_count_tokens_takes_and_drops_the_rest() -> None:
    """`max_tokens` and its like are no part of what is counted; tools and the rest are."""
    tools = [{"name": "find", "description": "Finds.", "input_schema": {"type": "object", "properties": {}}}]
    request = {
        "model": "claude-opus-5-5", "max_tokens": 10, "temperature": 0, "system": "S", "tools": tools,
        "tool_choice": {"type": "auto"}, "messages": [{"role": "user", "content": "U"}],
    }  # fmt: skip

    assert parse_fields(request) == {
        "system": "S", "tools": tools, "tool_choice": {"type": "auto"},
        "messages": [{"role": "user", "content": "U"}],
    }  # fmt: skip


def test_system_messages_become_the_system_prompt() -> None:
    """OpenAI's `system` and `developer` turns at the start are joined with a blank line."""
    turns = [
        {"role": "system", "content": "One."},
        {"role": "developer", "content": "Two."},
        {"role": "user", "content": "Hi."},
    ]

    assert parse_fields(turns) == {
        "system": "One.\n\nTwo.",
        "messages": [{"role": "user", "content": "Hi."}],
    }


def test_blocks_and_texts_of_system_prompts_are_joined_as_blocks() -> None:
    """A system prompt of blocks keeps them when a system message joins it."""
    block = {"type": "text", "text": "One.", "cache_control": {"type": "ephemeral"}}
    request = {
        "system": [block],
        "messages": [{"role": "system", "content": "Two."}, {"role": "user", "content": "x"}],
    }

    assert parse_fields(request)["system"] == [block, {"type": "text", "text": "Two."}]


@pytest.mark.parametrize(
    "request_",
    [
        {"system": "S"},
        {"tools": [{"name": "f", "input_schema": {"type": "object"}}]},
        [{"role": "system", "content": "S"}],
    ],
)
def test_a_request_without_a_user_turn_gets_the_shortest(request_: object) -> None:
    """System prompts and tools alone can't be sent, so the placeholder goes with them."""
    assert parse_fields(request_)["messages"] == [PLACEHOLDER_MESSAGE]


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        ("auto", {"type": "auto"}), ("required", {"type": "any"}), ("none", {"type": "none"}),
        ({"type": "function", "function": {"name": "find"}}, {"type": "tool", "name": "find"}),
        ({"type": "tool", "name": "find"}, {"type": "tool", "name": "find"}),
    ],
)  # fmt: skip
def test_tool_choice_in_either_spelling(choice: object, expected: dict[str, str]) -> None:
    """A forced choice has another hidden prompt, so it has to arrive."""
    assert (
        parse_fields({"tools": [FIND], "tool_choice": choice, "messages": [USER]})["tool_choice"] == expected
    )


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ([USER, {"role": "assistant", "tool_calls": [make_openai_call("c1", "{")]}],
         "`messages[1].tool_calls[0].function.arguments` is not JSON"),
        ([USER, {"role": "assistant", "tool_calls": [make_openai_call("c1", "[]")]}],
         "`messages[1].tool_calls[0].function.arguments` is an empty list, not an object"),
        ([USER, {"role": "assistant", "tool_calls": [{"id": "c1"}]}], "`messages[1].tool_calls[0]` isn't the call of a function"),
        ([USER, {"role": "assistant", "tool_calls": [{"id": "c1", "function": {"name": "", "arguments": "{}"}}]}],
         "`messages[1].tool_calls[0].function` has no `name`"),
        ([USER, {"role": "assistant", "content": [{"type": "tool_use", "id": "a", "name": "", "input": {}}]}],
         "`messages[1].content[0]` has no `name`"),
        ([USER, {"role": "assistant", "content": [{"type": "tool_use", "id": "a", "name": "n" * 201, "input": {}}]}],
         "`messages[1].content[0]` has a `name` of 201 characters; the API takes 200"),
        ({"tools": [{"type": "web_search_20260209", "name": ""}], "messages": [USER]}, "`tools[0]` has no `name`"),
        ({"tools": [{"type": "", "name": "x"}], "messages": [USER]}, "`tools[0]` has an empty `type`"),
        ([USER, {"role": "assistant", "tool_calls": [make_openai_call("c 1")]}], "an id is made of letters, digits, `_` and `-`"),
        ([{"role": "user", "tool_calls": [make_openai_call("c1")]}], "has `tool_calls` that aren't a list of the assistant's"),
        ([{"role": "function", "content": "x"}], "is a function call in OpenAI's older form"),
        ([USER, {"role": "assistant", "function_call": {"name": "f"}}], "is a function call in OpenAI's older form"),
        ([USER, {"role": "tool", "tool_call_id": "c9", "content": "x"}],
         "`messages[1]` answers the tool call `c9`, which the turn before doesn't make"),
        ([USER, {"role": "assistant", "content": [make_tool_use("a")]}, USER],
         "`messages[1]` makes the tool call `a`, which the next turn doesn't answer"),
        ([USER, {"role": "assistant", "content": [make_tool_use("a")]}, {"role": "user", "content": [make_tool_result("a", "1")]},
          {"role": "assistant", "content": [make_tool_use("a")]}], "`messages[3]` has the id `a` again"),
        ([{"role": "user", "content": [make_tool_use("a")]}],
         "`messages[0].content[0]` is a `tool_use` block, which only a message of the assistant may hold"),
        ([USER, {"role": "assistant", "content": [make_tool_result("a", "x")]}],
         "is a `tool_result` block, which only a message of the user may hold"),
        ([USER, {"role": "assistant", "content": [{"type": "tool_use", "id": "a", "name": "f", "input": "x"}]}],
         "has no object as its `input`"),
        (make_request({"type": "input_audio", "input_audio": {}}), "which the Messages API doesn't take"),
        (make_request({"type": "file", "file": {"file_id": "f"}}), "is a file that isn't in the request"),
        ({"system": [{"type": "image"}], "messages": [USER]},
         "`system[0]` is not a block of text, all that a system prompt may hold"),
        ({"tools": [FIND, FIND], "messages": [USER]}, "`tools[1]` has the name `find` again: names must be unique"),
        ({"tools": [{"name": "a b", "input_schema": {"type": "object"}}], "messages": [USER]},
         "`tools[0]` has the name `a b`; the API takes letters, digits, `_` and `-`, at most 128"),
        ({"tools": [{"input_schema": {"type": "object"}}], "messages": [USER]}, "`tools[0]` has no `name`"),
        ({"tools": [FIND], "tool_choice": {"type": "tool", "name": "lost"}, "messages": [USER]},
         "`tool_choice` names `lost`, which isn't one of `tools`"),
        ({"tools": [FIND], "tool_choice": {"type": "auto", "disable_parallel_tool_uses": True}, "messages": [USER]},
         "`tool_choice` has the key `disable_parallel_tool_uses`: did you mean `disable_parallel_tool_use`?"),
        ({"tools": [FIND], "tool_choice": "maybe", "messages": [USER]}, "`tool_choice` is not one of the types"),
        ({"tool_choice": {"type": "any"}, "messages": [USER]}, "`tool_choice` is given without `tools`"),
        ({"tool_choice": {"type": "tool", "name": "find"}, "messages": [USER]}, "`tool_choice` is given without `tools`"),
        ({"thinking": {"type": "enabled", "budget_tokens": 512}, "messages": [USER]},
         "`thinking.budget_tokens` is not a whole number of at least 1,024"),
        ({"thinking": {"type": "enabled"}, "messages": [USER]}, "`thinking.budget_tokens` is not a whole number"),
        ({"response_format": {"type": "json_schema"}, "messages": [USER]}, "`response_format` has no `json_schema`"),
        ({"messages": [USER], "input": "x"}, "has `input`, which `count_tokens` doesn't take"),
        ('{"messages": [{"role": "user", "content": "\\ud800"}]}', "an escape means half a character"),
        ('{"messages": [{"role": "user", "content": "x"}], "top_p": 1e999}', "a number is too large"),
        ('{"messages": [{"role": "user", "content": "x", "x": ' + "[" * 99 + "]" * 99 + "}]}", "nested too deeply"),
        ('{"a": 1}', "its keys are `a`"),
        ({f"k{n}": 1 for n in range(9)}, "its keys are `k0`, `k1`, `k2`, `k3`, `k4`, `k5` and 3 more"),
        ([[1]], "it is a list of which the first is a list"),
        ([{"a": 1}], "it is a list, and the keys of its first entry are `a`"),
        ([{"role": "user"}], "`messages[0]` has no `content`"),
        ({"tools": {}, "messages": [USER]}, "`tools` is an object, not a list"),
    ],
)  # fmt: skip
def test_what_the_api_would_refuse_is_refused_without_a_key(data: object, message: str) -> None:
    """In words near the API's own, before anything is sent."""
    assert message in find_refusal(data)


def test_a_request_that_is_too_large_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """By the data of its files; one as large as the API takes isn't."""
    data = make_request({"type": "document", "source": {"type": "text", "data": "four"}})
    monkeypatch.setattr(normalize, "MAX_REQUEST_SIZE", 4)
    assert parse_fields(data) == data

    monkeypatch.setattr(normalize, "MAX_REQUEST_SIZE", 3)

    assert find_refusal(data) == "has more than 3 bytes, and the API takes no larger request"


def test_a_blank_block_of_the_assistant_was_counted() -> None:
    """Recorded requests hold blocks of white space there; the same of the user is refused."""
    blank = [{"type": "text", "text": " "}]

    assert (
        parse_fields([USER, {"role": "assistant", "content": blank}, USER])["messages"][1]["content"] == blank
    )
    assert "has no text" in find_refusal([{"role": "user", "content": blank}])


@pytest.mark.skipif(
    not DATA.exists(), reason="the recordings are third-party data, and not part of the repository"
)
def test_every_recorded_request_is_accepted() -> None:
    """What the API has counted is never refused here; it is sent as it was, but for what a note tells."""
    with gzip.open(DATA, "rt", encoding="utf-8") as file:
        recorded = [json.loads(line)["request"] for line in file]

    for request in recorded:
        if "mcp_servers" in request:
            continue
        parsed = parse_request(request)
        kept = {key: value for key, value in request.items() if key in REQUEST_KEYS}
        if not list_notes(parsed) and "output_format" not in request:
            assert parsed[0].request.fields == kept


@pytest.mark.parametrize(
    ("data", "line"),
    [
        ('{"messages": [\n{"role": "system", "content": "file://system.md"},\n{"role": "user", "content": "Hi"}]}', 2),
        ('{"system": "Be kind.",\n"messages": [{"role": "user", "content": "\\n file:///etc/prompt.txt "}]}', 2),
        ('{"system": [{"type": "text", "text": "Be kind."},\n{"type": "text", "text": "file://a.md"}], "messages": [{"role": "user", "content": "x"}]}', 2),
    ],
)  # fmt: skip
def test_an_address_of_a_file_is_reported_as_what_it_is(data: str, line: int) -> None:
    """Some programs put the file in its place; here nothing is read for it, so its number is that of the address."""
    assert list_notes(parse_request(data)) == [(FILE_ADDRESS_NOTE, line)]


def test_an_address_among_words_is_a_text() -> None:
    """A sentence that mentions a file means it."""
    assert list_notes(parse_request({"messages": [{"role": "user", "content": "See file://a.md"}]})) == []
