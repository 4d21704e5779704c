"""Keys whose tokens would be missed are refused; others that hold text are noted."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.support.requests import (
    FIND,
    USER,
    find_refusal,
    list_notes,
    make_openai_call,
    parse_fields,
    parse_request,
)

from prompt_lint.model.errors import Unreadable
from prompt_lint.request.extra_keys import MORE_PAGES


@pytest.mark.parametrize("wrap", ["%s", '{"custom_id": "a", "body": %s}', '{"params": %s}'])
@pytest.mark.parametrize(
    "key",
    ["systemPrompt", "system_prompt", "systemInstruction", "system-message", "preamble", "history", "chat_history",
     "developer", "functionDeclarations", "prompts", "prompt_text", "SYSTEM", "Prompt"],
)  # fmt: skip
def test_other_words_for_a_counted_key_are_refused(key: str, wrap: str) -> None:
    """Dropped without a word, the count would be too low. The line is told; nothing in it is no fault."""
    with pytest.raises(Unreadable) as caught:
        parse_request(wrap % f'{{"messages": [{json.dumps(USER)}],\n"{key}": "Be kind."}}')

    assert (
        caught.value.message == f"has `{key}`, which `count_tokens` doesn't take: its tokens would be missed"
    )
    assert caught.value.line == 2
    for nothing in ("", False):
        assert parse_fields({"messages": [USER], key: nothing}) == {"messages": [USER]}


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("context", "All that is known."), ("examples", [{"in": "a b", "out": "c"}]), ("documents", ["doc_1"]),
        ("few_shot", {"n": 1, "a": [2, {"b": "Some text."}]}), ("template", "About {topic}"), ("text", "长文本"),
        ("attachments", ["file_1"]), ("skills", ["pdf"]), ("k" * 99, "Some text."), ("notes", "x" * 65),
        ("params", {"note": "Some text."}),
    ],
)  # fmt: skip
def test_an_unknown_key_with_text_is_noted(key: str, value: object) -> None:
    """It isn't counted, and somebody may think that it is. The same of a line."""
    data = {"messages": [USER], key: value}
    told = f"`{key[:60]}` isn't a part of a Messages request: not counted"

    assert list_notes(parse_request(json.dumps(data, indent=1))) == [(told, 8)]
    assert list_notes(parse_request(json.dumps(data), "a.jsonl")) == [(told, 1)]


@pytest.mark.parametrize(
    "more",
    [
        {"model": "claude-opus-5", "metadata": {"user_id": "Ann Bo"}, "user": "Ann Bo", "description": "What it is for."},
        {"context": " ", "examples": [], "documents": None, "template": {}, "score": 3.5, "ready": True},
        {"created_at": "2026-01-01T00:00:00Z", "split": "train", "service": "https://a.example/v1"},
        {"audio": {"voice": "alloy", "format": "mp3"}, "stream_options": {"include_usage": True}},
    ],
)  # fmt: skip
def test_what_only_says_how_to_answer_is_not_noted(more: dict[str, Any]) -> None:
    """Parameters, names and numbers are nothing that a model reads."""
    assert list_notes(parse_request({"messages": [USER], **more})) == []


def test_text_around_a_wrapped_request_is_noted() -> None:
    """A batch knows an id, a method and an address; other text isn't counted."""
    data = {"custom_id": "a b", "method": "POST", "url": "/v1/chat/completions", "body": {"messages": [USER]}}

    assert list_notes(parse_request(data)) == []
    assert list_notes(parse_request({**data, "context": "All that is known."})) == [
        ("`context` is beside the request, not in it; it isn't counted", 1)
    ]
    assert "has `prompt`" in find_refusal({**data, "prompt": "Be kind."})
    assert "has `body`" in find_refusal({"system": "S", "body": {"messages": [USER]}})


@pytest.mark.parametrize(
    ("message", "key"),
    [
        ({"role": "assistant", "content": "A.", "reasoning_content": "I think so."}, "reasoning_content"),
        ({"role": "assistant", "content": "A.", "audio": {"id": "audio_1"}}, "audio"),
        ({"role": "assistant", "content": "A.", "refusal": "I would rather not."}, "refusal"),
        ({"role": "user", "content": "A.", "attachments": ["file_1"]}, "attachments"),
        ({"role": "system", "content": "A.", "context": "All that is known."}, "context"),
    ],
)  # fmt: skip
def test_text_beside_the_content_of_a_message_is_noted(message: dict[str, Any], key: str) -> None:
    """With its line; what says nothing isn't, nor what is itself the content."""
    quiet = [
        {"role": "assistant", "refusal": "I would rather not."},
        {"role": "assistant", "tool_calls": [make_openai_call("c1")]},
        {"role": "tool", "tool_call_id": "c1", "content": "Some text."},
        {"role": "user", "name": "ann", "content": "Hi.", "weight": 1, "refusal": None, "audio": None},
    ]
    text = ",\n".join(map(json.dumps, [message, *quiet]))

    assert list_notes(parse_request(f"[{text}]")) == [(f"`{key}` isn't a part of a message: not counted", 1)]


def test_more_pages_of_tools_are_noted() -> None:
    """A list of tools as a server gives it may be one of several."""
    assert list_notes(parse_request({"tools": [FIND], "nextCursor": "2"})) == [(MORE_PAGES, 1)]


def test_slips_are_looked_for_among_200_keys() -> None:
    """A stranger's file may have any number of them."""
    others = dict.fromkeys(map(str, range(199)), 1)

    refusal = find_refusal({"messages": [USER], **others, "sytem": "Be kind."})

    assert refusal == "has the key `sytem`: did you mean `system`?"
    assert parse_fields({"messages": [USER], **others, "last": 1, "sytem": 1}) == {"messages": [USER]}


def test_notes_on_keys_are_bounded() -> None:
    """A stranger's file may have any number of keys."""
    data = {"messages": [USER], **{f"k{n}": "Some text." for n in range(1000)}}
    lines = "\n".join(json.dumps({"messages": [USER], f"k{n}": "Some text."}) for n in range(1100))

    assert len(list_notes(parse_request(data))) == 20
    assert len(list_notes(parse_request(lines, "a.jsonl"))) == 1000
