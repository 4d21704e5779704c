"""Requests in every spelling: OpenAI's chats, files beside them, one a line; and what the API would refuse."""

from __future__ import annotations

import contextlib
import gzip
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support import api_server, make, pictures
from tests.support.paths import ROOT

from prompt_lint.counting import offline
from prompt_lint.formats import FORMATS
from prompt_lint.formats.recognition import recognise, seems_to_import
from prompt_lint.model.errors import MissingFile, Unreadable
from prompt_lint.model.values import PLACEHOLDER_MESSAGE, REQUEST_KEYS, Note, Problem, Prompt
from prompt_lint.request import content_blocks, included_files
from prompt_lint.request.normalize import ANSWER_ADDED, RESULTS_LATE, SYSTEM_MOVED
from prompt_lint.text.template_markers import PLACEHOLDERS_NOTE as PLACEHOLDERS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.support.api_server import ApiServer
    from tests.support.program import Done
    from tests.support.repo import Repo

DATA = Path(os.environ.get("PROMPT_LINT_DATA") or ROOT.parent / "shared" / "data") / "recorded.jsonl.gz"

REQUEST = FORMATS["request"]
USER = {"role": "user", "content": "Hi."}
FIND = {"name": "find", "description": "Finds.", "input_schema": {"type": "object", "properties": {}}}


def parse(data: object, path: str = "prompts/a.json", files: Mapping[str, bytes] | None = None) -> list[Any]:
    def read(name: str) -> tuple[str, bytes]:
        if name not in (files or {}):
            raise MissingFile("is not there")
        return name, (files or {})[name]

    raw = (
        data
        if isinstance(data, bytes)
        else data.encode()
        if isinstance(data, str)
        else json.dumps(data).encode()
    )
    return list(REQUEST.parse(path, raw, make.rule(), read))


def fields(data: object, files: Mapping[str, bytes] | None = None) -> dict[str, Any]:
    [prompt] = [one for one in parse(data, files=files) if isinstance(one, Prompt)]
    assert prompt.request is not None
    return dict(prompt.request.fields)


def digests(found: list[Any]) -> list[str]:
    return [one.request.digest() for one in found if isinstance(one, Prompt) and one.request]


def notes(found: list[Any]) -> list[tuple[str, int]]:
    return [(one.message, one.line) for one in found if isinstance(one, Note)]


def refused(data: object, files: Mapping[str, bytes] | None = None) -> str:
    with pytest.raises(Unreadable) as caught:
        parse(data, files=files)
    return caught.value.message


def user(*blocks: dict[str, Any]) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": list(blocks)}]}


# ---------------------------------------------------------------------------------------------------------
# OpenAI's spelling


def call(ident: str, arguments: str = '{"q": "x"}', name: str = "find") -> dict[str, Any]:
    return {"id": ident, "type": "function", "function": {"name": name, "arguments": arguments}}


def use(ident: str, name: str = "find") -> dict[str, Any]:
    return {"type": "tool_use", "id": ident, "name": name, "input": {"q": "x"}}


def result(ident: str, text: str) -> dict[str, Any]:
    return {"type": "tool_result", "tool_use_id": ident, "content": text}


def test_a_chat_of_openai_is_the_same_request_as_one_of_the_api() -> None:
    """System prompt, tools, tool choice, images, calls and their results in either spelling have one digest."""
    image = pictures.base64_of(pictures.png(3, 4))
    theirs = {
        "model": "gpt-9", "temperature": 0, "tool_choice": "required", "parallel_tool_calls": False,
        "tools": [{"type": "function", "function": {
            "name": "find", "description": "Finds.", "parameters": FIND["input_schema"], "strict": True}}],
        "messages": [
            {"role": "system", "content": "Be kind."},
            {"role": "developer", "content": [{"type": "text", "text": "Be brief."}]},
            {"role": "user", "name": "ann", "content": [
                {"type": "text", "text": "What is it?"},
                {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{image}", "detail": "low"}}]},
            {"role": "assistant", "content": None, "refusal": None, "tool_calls": [call("c1"), call("c2")]},
            {"role": "tool", "tool_call_id": "c1", "content": "one"},
            {"role": "tool", "tool_call_id": "c2", "content": "two"},
            {"role": "assistant", "content": "It is.", "tool_calls": [call("c3")]},
            {"role": "tool", "tool_call_id": "c3", "content": ""},
        ],
    }  # fmt: skip
    ours = {
        "tools": [FIND], "tool_choice": {"type": "any"},
        "system": [{"type": "text", "text": "Be kind."}, {"type": "text", "text": "Be brief."}],
        "messages": [
            {"role": "user", "content": [
                {"type": "text", "text": "What is it?"},
                {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": image}}]},
            {"role": "assistant", "content": [use("c1"), use("c2")]},
            {"role": "user", "content": [result("c1", "one"), result("c2", "two")]},
            {"role": "assistant", "content": [{"type": "text", "text": "It is."}, use("c3")]},
            {"role": "user", "content": [result("c3", "")]},
        ],
    }  # fmt: skip

    assert digests(parse(theirs)) == digests(parse(ours))
    assert fields(ours) == ours


texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20).filter(str.strip)


@st.composite
def conversations(draw: st.DrawFn) -> tuple[dict[str, Any], dict[str, Any]]:
    """One conversation, in OpenAI's spelling and in the API's."""
    theirs: list[dict[str, Any]] = []
    ours: list[dict[str, Any]] = []
    system = draw(st.none() | texts)
    if system:
        theirs.append({"role": draw(st.sampled_from(["system", "developer"])), "content": system})
    for number in range(draw(st.integers(1, 4))):
        said = draw(texts)
        theirs.append({"role": "user", "content": said})
        ours.append({"role": "user", "content": said})
        calls = [f"c{number}_{n}" for n in range(draw(st.integers(0, 2)))]
        answer = draw(texts)
        if calls:
            theirs.append(
                {"role": "assistant", "content": answer, "tool_calls": [call(one) for one in calls]}
            )
            ours.append(
                {"role": "assistant", "content": [{"type": "text", "text": answer}, *map(use, calls)]}
            )
            theirs += [{"role": "tool", "tool_call_id": one, "content": "r"} for one in calls]
            ours.append({"role": "user", "content": [result(one, "r") for one in calls]})
        else:
            theirs.append({"role": "assistant", "content": answer})
            ours.append({"role": "assistant", "content": answer})
    return {"messages": theirs}, {**({"system": system} if system else {}), "messages": ours}


@given(conversations())
def test_both_spellings_of_a_conversation_are_one_request(
    both: tuple[dict[str, Any], dict[str, Any]],
) -> None:
    """Whoever exported a conversation, it costs the same."""
    theirs, ours = both

    assert digests(parse(theirs)) == digests(parse(ours))


@given(conversations(), st.randoms(use_true_random=False))
def test_the_order_of_the_keys_changes_nothing(
    both: tuple[dict[str, Any], dict[str, Any]], shuffled: Any
) -> None:
    """A request is known by what it says, not by which of its keys stands first."""
    given_ = {**both[1], "tools": [FIND], "tool_choice": {"type": "auto"}, "max_tokens": 5}
    keys = list(given_)
    shuffled.shuffle(keys)

    assert digests(parse({key: given_[key] for key in keys})) == digests(parse(given_))


def test_consecutive_messages_stay_as_they_are() -> None:
    """The API merges them; what is sent is what is in the file."""
    turns = [USER, {"role": "user", "content": "Ho."}]

    assert fields({"messages": turns})["messages"] == turns


def test_a_system_message_among_the_others_is_told() -> None:
    """Few models take it in its place, so it is counted with the rest of the system prompt, and a note says so."""
    found = parse('[{"role": "user", "content": "1"},\n{"role": "system", "content": "Two."}]')

    assert dict(found[0].request.fields)["system"] == "Two."
    assert notes(found) == [(SYSTEM_MOVED, 2)]


def test_an_answer_of_the_user_is_put_behind_the_assistant_and_told() -> None:
    """Newer models refuse to go on with what the assistant said."""
    found = parse('[{"role": "user", "content": "1"},\n\n{"role": "assistant", "content": "2"}]')

    assert found[0].request.fields["messages"][-1] == PLACEHOLDER_MESSAGE
    assert notes(found) == [(ANSWER_ADDED, 3)]


def test_open_calls_are_answered_by_results() -> None:
    """A conversation that ends with tool calls would be refused with anything but their results."""
    found = parse([USER, {"role": "assistant", "tool_calls": [call("c1"), call("c2")]}])

    results = [result("c1", "x"), result("c2", "x")]
    assert found[0].request.fields["messages"][-1] == {"role": "user", "content": results}
    assert [message for message, _ in notes(found)] == [ANSWER_ADDED]


def test_what_stands_before_the_results_of_calls_is_told() -> None:
    """The documentation says that it is refused; behind them, text is welcome. Consecutive messages are one turn."""
    text, answer = {"type": "text", "text": "Here:"}, result("c1", "x")
    called = [USER, {"role": "assistant", "tool_calls": [call("c1")]}]

    before = parse([*called, {"role": "user", "content": [text, answer]}])
    turns = parse([*called, USER, {"role": "user", "content": [answer]}])
    behind = parse([*called, {"role": "user", "content": [answer, text]}])

    assert [[message for message, _ in notes(one)] for one in (before, turns, behind)] == [
        [RESULTS_LATE],
        [RESULTS_LATE],
        [],
    ]


def test_an_empty_system_prompt_is_none() -> None:
    """Lines for fine-tuning often have one."""
    assert fields({"system": "", "messages": [{"role": "system", "content": ""}, USER]}) == {
        "messages": [USER]
    }


@pytest.mark.parametrize(
    "given_",
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
def test_the_schema_of_a_structured_answer_counts(given_: dict[str, Any]) -> None:
    """The model reads it, whatever the field is called."""
    expected = {"format": {"type": "json_schema", "schema": {"type": "object"}}}

    assert fields({**given_, "messages": [USER]})["output_config"] == expected


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
    assert fields({"tools": [FIND], "tool_choice": choice, "messages": [USER]})["tool_choice"] == expected


def test_placeholders_are_told() -> None:
    """What is filled in for them isn't counted."""
    found = parse('{"system": "S",\n"messages": [\n{"role": "user", "content": "About {{TOPIC}}."}]}')

    assert notes(found) == [(PLACEHOLDERS, 3)]


@pytest.mark.parametrize("wrap", ["params", "body"])
def test_a_wrapped_request_is_the_request(wrap: str) -> None:
    """Batches wrap each request; faults in it are still told at their line."""
    assert fields({"custom_id": "x", wrap: {"messages": [USER]}}) == {"messages": [USER]}
    with pytest.raises(Unreadable) as caught:
        parse(f'{{"{wrap}": {{"messages": [\n{{"role": "user"}}]}}}}')
    assert (caught.value.message, caught.value.line) == ("`messages[0]` has no `content`", 2)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"custom_id": "a", "params": {"model": "x", "prompt_text": "very long"}},
         "`params` has none of `messages`, `system` and `tools`, so it isn't a request: its keys are `model`, `prompt_text`"),
        ({"body": {}}, "`body` has none of `messages`, `system` and `tools`, so it isn't a request: its keys are none"),
        ({"params": {"foo": 1}}, "its keys are `foo`"),
        ({"body": {"body": {"messages": [USER]}}}, "`body` has none of `messages`, `system` and `tools`"),
        ({"tools": []}, "has nothing in `system` and `tools`, and no `messages`, so it isn't a request: its keys are `tools`"),
        ({"system": ""}, "has nothing in `system` and `tools`, and no `messages`"),
        ({"params": {"system": "", "tools": []}}, "`params` has nothing in `system` and `tools`"),
        ({"params": {"messages": [USER]}, "body": {"messages": [USER]}}, "has both `params` and `body`"),
        ({"params": {}, "body": {"messages": [USER]}}, "has both `params` and `body`"),
        ([{"role": "system", "content": ""}], "`messages` has nothing but empty system prompts"),
    ],
)  # fmt: skip
def test_nothing_to_count_is_no_request(data: object, message: str) -> None:
    """The stub that stands beside a system prompt would be a small, green number; in a file and on a line alike."""
    assert message in refused(data)
    [problem] = parse(json.dumps(data), "a.jsonl")
    assert isinstance(problem, Problem)
    assert message in problem.message


@pytest.mark.parametrize("wrap", ["%s", '{"custom_id": "a", "body": %s}', '{"params": %s}'])
@pytest.mark.parametrize(
    "key",
    ["systemPrompt", "system_prompt", "systemInstruction", "system-message", "preamble", "history", "chat_history",
     "developer", "functionDeclarations", "prompts", "prompt_text", "SYSTEM", "Prompt"],
)  # fmt: skip
def test_ours_in_other_words_is_an_error(key: str, wrap: str) -> None:
    """Dropped without a word, the count would be too low. The line is told; nothing in it is no fault."""
    with pytest.raises(Unreadable) as caught:
        parse(wrap % f'{{"messages": [{json.dumps(USER)}],\n"{key}": "Be kind."}}')

    assert (
        caught.value.message == f"has `{key}`, which `count_tokens` doesn't take: its tokens would be missed"
    )
    assert caught.value.line == 2
    assert fields({"messages": [USER], key: ""}) == {"messages": [USER]}


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("context", "All that is known."), ("examples", [{"in": "a b", "out": "c"}]), ("documents", ["doc_1"]),
        ("few_shot", {"a": [{"b": "Some text."}]}), ("template", "About {topic}"), ("text", "长文本"),
        ("attachments", ["file_1"]), ("skills", ["pdf"]), ("k" * 99, "Some text."), ("notes", "x" * 65),
        ("params", {"note": "Some text."}),
    ],
)  # fmt: skip
def test_an_unknown_key_with_text_is_told(key: str, value: object) -> None:
    """It isn't counted, and somebody may think that it is. The same of a line."""
    data = {"messages": [USER], key: value}
    told = f"`{key[:60]}` isn't a part of a Messages request: not counted"

    assert notes(parse(json.dumps(data, indent=1))) == [(told, 8)]
    assert notes(parse(json.dumps(data), "a.jsonl")) == [(told, 1)]


@pytest.mark.parametrize(
    "more",
    [
        {"model": "claude-opus-5", "metadata": {"user_id": "Ann Bo"}, "user": "Ann Bo", "description": "What it is for."},
        {"context": " ", "examples": [], "documents": None, "template": {}, "score": 3.5, "ready": True},
        {"created_at": "2026-01-01T00:00:00Z", "split": "train", "service": "https://a.example/v1"},
        {"audio": {"voice": "alloy", "format": "mp3"}, "stream_options": {"include_usage": True}},
    ],
)  # fmt: skip
def test_what_only_says_how_to_answer_is_not_told(more: dict[str, Any]) -> None:
    """Parameters, names and numbers are nothing that a model reads."""
    assert notes(parse({"messages": [USER], **more})) == []


def test_what_stands_around_a_wrapped_request_is_told() -> None:
    """A batch knows an id, a method and an address; other text isn't counted."""
    data = {"custom_id": "a b", "method": "POST", "url": "/v1/chat/completions", "body": {"messages": [USER]}}

    assert notes(parse(data)) == []
    assert notes(parse({**data, "context": "All that is known."})) == [
        ("`context` stands beside the request, not in it: not counted", 1)
    ]
    assert "has `prompt`" in refused({**data, "prompt": "Be kind."})
    assert "has `body`" in refused({"system": "S", "body": {"messages": [USER]}})


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
def test_text_beside_the_content_of_a_message_is_told(message: dict[str, Any], key: str) -> None:
    """With its line; what says nothing isn't."""
    quiet = {"role": "user", "name": "ann", "content": "Hi.", "weight": 1, "refusal": None, "audio": None}
    text = f"[{json.dumps(message)},\n{json.dumps(quiet)}]"

    assert notes(parse(text)) == [(f"`{key}` isn't a part of a message: not counted", 1)]


def test_notes_on_keys_are_bounded() -> None:
    """A stranger's file may have any number of keys."""
    data = {"messages": [USER], **{f"k{n}": "Some text." for n in range(1000)}}
    lines = "\n".join(json.dumps({"messages": [USER], f"k{n}": "Some text."}) for n in range(1100))

    assert len(notes(parse(data))) == 20
    assert len(notes(parse(lines, "a.jsonl"))) == 1000


# ---------------------------------------------------------------------------------------------------------
# What the API would refuse


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ([USER, {"role": "assistant", "tool_calls": [call("c1", "{")]}],
         "`messages[1].tool_calls[0].function.arguments` is not JSON"),
        ([USER, {"role": "assistant", "tool_calls": [call("c1", "[]")]}],
         "`messages[1].tool_calls[0].function.arguments` is an empty list, not an object"),
        ([USER, {"role": "assistant", "tool_calls": [{"id": "c1"}]}], "isn't the call of a function with a name"),
        ([USER, {"role": "assistant", "tool_calls": [call("c 1")]}], "an id is made of letters, digits, `_` and `-`"),
        ([{"role": "user", "tool_calls": [call("c1")]}], "has `tool_calls` that aren't a list of the assistant's"),
        ([{"role": "function", "content": "x"}], "is a function call in OpenAI's older form"),
        ([USER, {"role": "assistant", "function_call": {"name": "f"}}], "is a function call in OpenAI's older form"),
        ([USER, {"role": "tool", "tool_call_id": "c9", "content": "x"}],
         "`messages[1]` answers the tool call `c9`, which the turn before doesn't make"),
        ([USER, {"role": "assistant", "content": [use("a")]}, USER],
         "`messages[1]` makes the tool call `a`, which the next turn doesn't answer"),
        ([USER, {"role": "assistant", "content": [use("a")]}, {"role": "user", "content": [result("a", "1")]},
          {"role": "assistant", "content": [use("a")]}], "`messages[3]` has the id `a` again"),
        ([{"role": "user", "content": [use("a")]}],
         "`messages[0].content[0]` is a `tool_use` block, which only a message of the assistant may hold"),
        ([USER, {"role": "assistant", "content": [result("a", "x")]}],
         "is a `tool_result` block, which only a message of the user may hold"),
        ([USER, {"role": "assistant", "content": [{"type": "tool_use", "id": "a", "name": "f", "input": "x"}]}],
         "has no `name`, or no object as its `input`"),
        (user({"type": "input_audio", "input_audio": {}}), "which the Messages API doesn't take"),
        (user({"type": "file", "file": {"file_id": "f"}}), "is a file that isn't in the request"),
        ({"system": [{"type": "image"}], "messages": [USER]},
         "`system[0]` is not a block of text, all that a system prompt may hold"),
        ({"tools": [FIND, FIND], "messages": [USER]}, "`tools[1]` has the name `find` again: names must be unique"),
        ({"tools": [{"name": "a b", "input_schema": {"type": "object"}}], "messages": [USER]},
         "`tools[0]` has the name `a b`; the API takes letters, digits, `_` and `-`, at most 128"),
        ({"tools": [{"input_schema": {"type": "object"}}], "messages": [USER]}, "`tools[0]` has no `name`"),
        ({"tools": [FIND], "tool_choice": {"type": "tool", "name": "lost"}, "messages": [USER]},
         "`tool_choice` names `lost`, which isn't one of `tools`"),
        ({"tools": [FIND], "tool_choice": "maybe", "messages": [USER]}, "`tool_choice` is not one of the types"),
        ({"response_format": {"type": "json_schema"}, "messages": [USER]}, "`response_format` has no `json_schema`"),
        ({"messages": [USER], "input": "x"}, "has `input`, which `count_tokens` doesn't take"),
        ('{"messages": [{"role": "user", "content": "\\ud800"}]}', "an escape stands for half a character"),
        ('{"messages": [{"role": "user", "content": "x"}], "top_p": 1e999}', "a number is too large"),
        ('{"messages": [{"role": "user", "content": "x", "x": ' + "[" * 99 + "]" * 99 + "}]}", "nested too deeply"),
        ('{"a": 1}', "its keys are `a`"),
        ({f"k{n}": 1 for n in range(9)}, "its keys are `k0`, `k1`, `k2`, `k3`, `k4`, `k5` and 3 more"),
        ([[1]], "it is a list of which the first is a list"),
    ],
)  # fmt: skip
def test_what_the_api_would_refuse_is_told_without_a_key(data: object, message: str) -> None:
    """In words near the API's own, before anything is sent."""
    assert message in refused(data)


def test_a_blank_block_of_the_assistant_was_counted() -> None:
    """Recorded requests hold blocks of white space there; the same of the user is refused."""
    blank = [{"type": "text", "text": " "}]

    assert fields([USER, {"role": "assistant", "content": blank}, USER])["messages"][1]["content"] == blank
    assert "has no text" in refused([{"role": "user", "content": blank}])


# ---------------------------------------------------------------------------------------------------------
# Images and documents

SHOT = pictures.png(56, 28)
INLINE = {"type": "base64", "media_type": "image/png", "data": pictures.base64_of(SHOT)}


def by_path(path: str, **more: str) -> dict[str, Any]:
    return {"type": "image", "source": {"type": "path", "path": path, **more}}


@pytest.mark.parametrize(
    ("block", "real"),
    [
        (by_path("shots/a.png"), "prompts/shots/a.png"),
        (by_path("./shots/../a.jpg", media_type="image/png"), "prompts/a.jpg"),
        (by_path("../a.png"), "a.png"),
        ({"type": "image_url", "image_url": {"url": "shots/a.png"}}, "prompts/shots/a.png"),
        ({"type": "image_url", "image_url": "shots/a.png"}, "prompts/shots/a.png"),
    ],
)
def test_an_image_beside_the_file_is_put_in(block: dict[str, Any], real: str) -> None:
    """As base64, with the media type of its contents, whatever it is called."""
    assert fields(user(block), {real: SHOT})["messages"][0]["content"] == [
        {"type": "image", "source": INLINE}
    ]


def test_an_image_in_the_result_of_a_tool_is_put_in() -> None:
    """Tools answer with screenshots."""
    answer = {**result("a", ""), "content": [by_path("a.png")]}
    turns = [USER, {"role": "assistant", "content": [use("a")]}, {"role": "user", "content": [answer]}]

    found = fields(turns, {"prompts/a.png": SHOT})

    assert found["messages"][2]["content"][0]["content"] == [{"type": "image", "source": INLINE}]


@pytest.mark.parametrize(
    ("data", "source"),
    [
        (
            pictures.PDF,
            {"type": "base64", "media_type": "application/pdf", "data": pictures.base64_of(pictures.PDF)},
        ),
        (b"\xef\xbb\xbfA\r\nB", {"type": "text", "media_type": "text/plain", "data": "A\nB"}),
    ],
)
def test_a_document_beside_the_file_is_put_in(data: bytes, source: dict[str, str]) -> None:
    """A PDF as base64, anything else as plain text."""
    block = {"type": "document", "title": "T", "source": {"type": "path", "path": "d"}}

    assert fields(user(block), {"prompts/d": data})["messages"][0]["content"] == [{**block, "source": source}]


def test_a_pdf_of_openai_is_a_document() -> None:
    """Their files are data URIs."""
    data = f"data:application/pdf;base64,{pictures.base64_of(pictures.PDF)}"
    found = fields(user({"type": "file", "file": {"filename": "a.pdf", "file_data": data}}))

    assert found["messages"][0]["content"][0]["source"]["media_type"] == "application/pdf"


def test_base64_over_several_lines_is_joined() -> None:
    """YAML leaves the line breaks in."""
    data = pictures.base64_of(SHOT)
    block = {"type": "image", "source": {**INLINE, "data": f"{data[:20]}\n{data[20:]}\n"}}

    assert fields(user(block))["messages"][0]["content"] == [{"type": "image", "source": INLINE}]


@pytest.mark.parametrize(
    "block",
    [
        {"type": "image", "source": {"type": "url", "url": "https://a.example/x.png"}},
        {"type": "image", "source": {"type": "file", "file_id": "file_1"}},
        {"type": "image_url", "image_url": {"url": "https://a.example/x.png"}},
    ],
)
def test_an_image_elsewhere_is_told(block: dict[str, Any]) -> None:
    """`count_tokens` refuses it, so whoever has no key should learn of that, too."""
    found = parse(user(block))

    assert [one["type"] for one in found[0].request.fields["messages"][0]["content"]] == ["image"]
    assert [message for message, _ in notes(found)] == [content_blocks.IMAGE_BY_URL]


@pytest.mark.parametrize(
    ("block", "message"),
    [
        (by_path("lost.png"), "`prompts/lost.png` is not there"),
        (by_path("/etc/passwd"), "not a path relative to this file"),
        (by_path("~/a.png"), "not a path relative to this file"),
        (by_path("c:a.png"), "not a path relative to this file"),
        (by_path("a\\b.png"), "not a path relative to this file"),
        (by_path("../../a.png"), "which leads out of the repository"),
        (by_path(""), "has no `path`"),
        (by_path("text.png"), "is no JPEG, PNG, GIF or WebP image"),
        (by_path("cut.png"), "is a damaged image: its size can't be read"),
        (by_path("a.png", media_type="image/jpeg"), "is said to be image/jpeg, but looks like image/png"),
        (by_path("a.png", media_type="image/bmp"), "is `image/bmp`; the API takes image/jpeg, image/png"),
        (by_path("huge.png"), "is an image of 8001 x 10 pixels; the API takes 8000"),
        ({"type": "image", "source": {**INLINE, "media_type": "image/gif"}}, "looks like image/png"),
        ({"type": "image", "source": {**INLINE, "data": "a*b"}}, "has `data` that isn't base64"),
        ({"type": "image", "source": {**INLINE, "data": "é"}}, "has `data` that isn't base64"),
        ({"type": "image", "source": {"type": "base64"}}, "has no `data`"),
        ({"type": "image", "source": {"type": "s3"}}, "known are base64, path, url and file"),
        ({"type": "image"}, "has no `source` with a `type`"),
        ({"type": "image_url", "image_url": {}}, "has no `url`"),
        ({"type": "image_url", "image_url": {"url": "data:image/png,abc"}}, "is a data URI that isn't base64"),
        ({"type": "image_url", "image_url": {"url": "ftp://a.example/b"}}, "is no address that the API could fetch"),
        ({"type": "document", "source": {"type": "path", "path": "binary"}}, "is no PDF, and no text"),
        ({"type": "document", "source": {"type": "path", "path": "blank"}}, "is blank"),
        ({"type": "document", "source": {"type": "url", "url": "https://a.example"}}, "which the API refuses to count"),
        ({"type": "document", "source": {"type": "base64", "media_type": "application/pdf", "data": "AAAA"}}, "is no PDF"),
        ({"type": "document", "source": {"type": "x"}}, "known are base64, text, content and path"),
    ],
)  # fmt: skip
def test_a_file_that_can_not_be_put_in_is_told(block: dict[str, Any], message: str) -> None:
    """With its line, and never a smaller count."""
    files = {
        "prompts/a.png": SHOT, "prompts/text.png": b"hello", "prompts/cut.png": SHOT[:18], "prompts/blank": b" \n",
        "prompts/huge.png": pictures.png(8001, 10), "prompts/binary": b"\0\1",
    }  # fmt: skip

    assert message in refused(user(block), files)


def test_many_images_must_be_smaller() -> None:
    """More than 20 may have 2,000 pixels a side; 20 may have 8,000."""
    block = by_path("a.png")
    files = {"prompts/a.png": pictures.png(2001, 10)}

    assert fields(user(*[block] * 20), files)
    assert "takes 2000 in a request of more than 20 images" in refused(user(*[block] * 21), files)


def test_a_request_has_room_for_600_images() -> None:
    """As documented for the models with the largest window."""
    assert "has 601 images, and the API takes 600 in a request" in refused(
        user(*[by_path("a.png")] * 601), {"prompts/a.png": SHOT}
    )


def test_too_much_in_one_image_one_request_or_one_file(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is put in is bounded: 10 MiB for an image, 32 for a request, 128 for all requests of a file."""
    assert (
        content_blocks.MAX_IMAGE_SIZE,
        content_blocks.MAX_REQUEST_SIZE,
        included_files.MAX_INCLUDED_SIZE,
    ) == (
        10 << 20,
        32 << 20,
        128 << 20,
    )
    large = pictures.png(10, 10) + b"x" * (9 << 20)
    files = {
        "prompts/a.png": SHOT,
        "prompts/large.png": large,
        "prompts/paper.pdf": pictures.PDF + b"x" * (9 << 20),
    }
    paper = {"type": "document", "source": {"type": "path", "path": "paper.pdf"}}

    assert "bytes as base64, and the API takes 10,485,760" in refused(user(by_path("large.png")), files)
    assert "has more than 33,554,432 bytes" in refused(user(*[paper] * 3), files)
    monkeypatch.setattr(included_files, "MAX_INCLUDED_SIZE", 3 * len(SHOT))
    lines = f"{json.dumps(user(by_path('a.png')))}\n" * 4
    with pytest.raises(Unreadable, match="takes in more than"):
        parse(lines, "prompts/a.jsonl", files)


@pytest.mark.parametrize(
    "data",
    [b'{"source": {"type": "path"', b"source: {type: path,", b"  type: 'path'", b'{"type":"image_url"'],
)
def test_a_file_that_takes_in_others_is_known_by_a_glance(data: bytes) -> None:
    """So that a change of an image checks the request again, without every request being parsed for that."""
    other = b'{"type": "object", "properties": {"path": {"type": "string"}}}'

    assert seems_to_import("a.yaml", data, make.rule())
    assert not seems_to_import("a.yaml", other, make.rule())


# ---------------------------------------------------------------------------------------------------------
# One request a line

LINE = json.dumps({"messages": [USER]})


def named(found: list[Any]) -> list[tuple[str, int]]:
    return [(one.name, one.line) for one in found if isinstance(one, Prompt)]


def test_each_line_is_a_prompt() -> None:
    """Bare requests, both kinds of batch, and lists; blank lines are passed over, and Windows' line ends don't matter."""
    lines = [
        LINE, "", json.dumps({"custom_id": "a-1", "params": {"messages": [USER]}}),
        json.dumps({"custom_id": "a-2", "method": "POST", "url": "/v1/chat", "body": {"messages": [USER]}}),
        "  ", json.dumps([USER]), json.dumps({"custom_id": "a-1", "params": {"messages": [USER]}}),
        json.dumps({"custom_id": "line 1", "params": {"messages": [USER]}}),
    ]  # fmt: skip

    found = parse("\ufeff" + "\r\n".join(lines), "a.jsonl")

    assert named(found) == [
        ("line 1", 1),
        ("a-1", 3),
        ("a-2", 4),
        ("line 6", 6),
        ("line 7", 7),
        ("line 8", 8),
    ]
    assert len(set(digests(found))) == 1


def test_a_bad_line_is_a_problem_and_the_others_count() -> None:
    """A batch of 10,000 isn't lost over one."""
    found = parse(f'{LINE}\n{{"messages": [\n{{"messages": []}}\n3\n{LINE}', "a.jsonl")

    assert named(found) == [("line 1", 1), ("line 5", 5)]
    assert [(p.line, p.message) for p in found if isinstance(p, Problem)] == [
        (2, "is not JSON: Expecting value (column 15)"),
        (3, "`messages` is empty: at least one message is required"),
        (4, "is a number, not a request"),
    ]


def test_notes_are_one_for_the_file() -> None:
    """Lines for fine-tuning all end with the assistant."""
    line = json.dumps({"messages": [USER, {"role": "assistant", "content": "Ho."}]})

    assert notes(parse(f"{LINE}\n{line}\n{line}\n", "a.jsonl")) == [(ANSWER_ADDED, 2)]


def test_bad_lines_are_told_up_to_a_thousand() -> None:
    """Of a file that is something else, the rest is a number."""
    found = parse("x\n" * 1002, "a.jsonl")

    assert len(found) == 1001
    assert (found[-1].line, found[-1].message) == (0, "has 2 more lines that aren't requests")


def test_no_more_lines_than_a_batch_may_have() -> None:
    """One error, before anything is parsed."""
    with pytest.raises(Unreadable, match="has 100,001 lines, and no batch may have more than 100,000"):
        parse("x\n" * 100_001, "a.jsonl")


def test_lines_are_read_one_at_a_time() -> None:
    """A prompt is handed on before the next line is looked at."""
    raw = f"{LINE}\n".encode() * 50_000

    first = next(iter(REQUEST.parse("a.jsonl", raw, make.rule(), lambda path: (path, b""))))

    assert isinstance(first, Prompt)
    assert first.name == "line 1"


@pytest.mark.parametrize("data", ["", "\n \n"])
def test_no_line_is_an_error(data: str) -> None:
    """A file of blank lines measures nothing."""
    with pytest.raises(Unreadable, match="is empty, so it isn't a request"):
        parse(data, "a.jsonl")


def test_the_parts_of_a_line_are_on_that_line() -> None:
    """A failing line is broken down without the others."""
    turns = [USER, {"role": "assistant", "content": "A"}]
    raw = f"{LINE}\r\n\r\n{json.dumps({'params': {'system': 'S', 'messages': turns}})}\r\n{LINE}".encode()
    [_, prompt, _] = [
        one
        for one in REQUEST.parse("a.jsonl", raw, make.rule(), lambda path: (path, b""))
        if isinstance(one, Prompt)
    ]

    found = [part[:4] for part in REQUEST.parts("a.jsonl", raw, prompt, lambda path: (path, b""))]

    assert found == [
        ("system", 3, 3, "S"), ("messages[0] user", 3, 3, "Hi."), ("messages[1] assistant", 3, 3, "A"),
    ]  # fmt: skip


def test_lines_from_stdin_are_seen_to_be_lines() -> None:
    """A name that says nothing doesn't hide them; a request over several lines is one."""
    assert [name for name, _ in named(parse(f"{LINE}\n{LINE}\n", "-"))] == ["line 1", "line 2"]
    assert named(parse(json.dumps({"messages": [USER]}, indent=1), "-")) == [("", 1)]


def test_parts_leave_out_what_is_not_text() -> None:
    """Base64 would look like the largest part of all; that there are images is in the title."""
    raw = json.dumps(user({"type": "image", "source": INLINE}, {"type": "text", "text": "What?"})).encode()
    [prompt] = parse(raw)

    [part] = REQUEST.parts("a.json", raw, prompt, lambda path: (path, b""))

    assert part.title == "messages[0] user and 1 image"
    assert INLINE["data"] not in part.text
    assert "What?" in part.text


# ---------------------------------------------------------------------------------------------------------
# Laws

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4)
    | st.sampled_from(["user", "assistant", "system", "tool", "text", "image", "tool_use", "path", "base64", "x"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([
        "messages", "system", "tools", "role", "content", "type", "text", "source", "path", "data", "media_type",
        "tool_calls", "tool_call_id", "id", "function", "name", "arguments", "input", "tool_use_id", "image_url",
        "params", "body", "custom_id", "tool_choice", "response_format", "input_schema", "parameters", "url",
    ]), inner, max_size=4),
    max_leaves=20,
)  # fmt: skip
turns = st.fixed_dictionaries(
    {"role": st.sampled_from(["user", "assistant", "tool", "system"])},
    optional={"content": json_values, "tool_calls": json_values, "tool_call_id": json_values},
)


def accepted(fields_: Mapping[str, Any]) -> None:
    """The test server doesn't refuse a request, but for images elsewhere, which are noted, and options nobody checks."""
    try:
        api_server.validate({"model": make.MODEL, **fields_}, api_server.MODELS, server_tools=True)
    except api_server.Refused as error:
        assert "image sources of type" in str(error)  # noqa: PT017  # only some requests are refused


@given(json_values | st.fixed_dictionaries({"messages": st.lists(turns, min_size=1, max_size=3)}, optional={
    "tools": json_values, "tool_choice": json_values, "output_config": json_values}), st.booleans())  # fmt: skip
def test_any_json_is_a_request_or_a_problem(value: object, lines: bool) -> None:
    """No shape ends in anything but requests that can be written as JSON, or a problem at a line of the file."""
    raw = json.dumps(value, indent=None if lines else 1).encode()
    path = "a.jsonl" if lines else "a.json"
    last = raw.count(b"\n") + 1
    found: list[Any] = []
    wrong = 1
    try:
        found += REQUEST.parse(path, raw, make.rule(), lambda name: (name, SHOT))
    except Unreadable as error:
        wrong = error.line

    assert 0 <= wrong <= last
    for one in found:
        assert 1 <= one.line <= last
        if isinstance(one, Prompt):
            assert one.request
            assert one.request.digest()
            accepted(one.request.ordered_fields())
            with contextlib.suppress(Unreadable):  # what needs the API
                offline.count(make.MODEL, one.request)
            for part in REQUEST.parts(path, raw, one, lambda name: (name, SHOT)):
                assert 1 <= part.first_line <= part.last_line <= last


@given(st.binary(), st.sampled_from(["a.jsonl", "a.ndjson", "-"]))
def test_any_bytes_are_prompts_or_problems(raw: bytes, path: str) -> None:
    """Parsing raises nothing but `Unreadable`, whatever a file holds."""
    try:
        found = list(REQUEST.parse(path, raw, make.rule(), lambda name: (name, b"")))
    except Unreadable:
        return

    assert all(isinstance(one, Prompt | Problem | Note) for one in found)


@pytest.mark.skipif(
    not DATA.exists(), reason="the recordings are third-party data, and not part of the repository"
)
def test_every_recorded_request_is_accepted() -> None:
    """What the API has counted is never refused here; it is sent as it was, but for what a note tells."""
    with gzip.open(DATA, "rt", encoding="utf-8") as file:
        recorded = [json.loads(line)["request"] for line in file]

    for given_ in recorded:
        if "mcp_servers" in given_:
            continue
        found = parse(given_)
        kept = {key: value for key, value in given_.items() if key in REQUEST_KEYS}
        if not notes(found) and "output_format" not in given_:
            assert found[0].request.fields == kept


# ---------------------------------------------------------------------------------------------------------
# In a repository


def test_a_change_of_an_image_checks_the_request_again(repo: Repo, lint: Callable[..., Done]) -> None:
    """The image is part of the request, so a commit of it alone runs the check of the request."""
    repo.write(".prompt-lint.yaml", "models: [claude-opus-5]\nlimit: 500\nprompts: [{files: chat.yaml}]\n")
    block = "{type: image, source: {type: path, path: shots/a.png}}"
    repo.write("chat.yaml", f"messages:\n  - role: user\n    content: [{block}]\n")
    repo.write("shots/a.png", pictures.png(100, 100))
    repo.git("add", ".")
    small = lint("check", "shots/a.png")

    repo.write("shots/a.png", pictures.png(1900, 1900))
    large = lint("check", "shots/a.png")

    assert (small.code, large.code) == (0, 1)
    assert "OVER    chat.yaml" in large.out


def test_the_api_gets_the_whole_image(
    repo: Repo, lint: Callable[..., Done], api: ApiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is sent, what `--show-request` prints and what is counted is the request with the image in it."""
    monkeypatch.setenv("ANTHROPIC_API_KEY", api_server.KEY)
    monkeypatch.setenv("ANTHROPIC_BASE_URL", api.url)
    api.count = lambda model, fields_: 600
    shot = pictures.png(700, 600) + b"x" * 300_000
    repo.write("chat.json", json.dumps(user(by_path("a.png"))))
    repo.write("a.png", shot)

    done = lint("check", "chat.json", "--limit", "2000", "--model", "claude-opus-5", "-v")
    shown = json.loads(lint("count", "chat.json", "--model", "claude-opus-5", "--show-request").out)

    [seen] = api.counted()
    assert seen == shown
    assert shown["messages"][0]["content"][0]["source"]["data"] == pictures.base64_of(shot)
    assert (done.code, "600  of 2,000" in done.out) == (0, True)
    assert "offline counts of the tokenizer" not in done.out  # 558 ±155 is no sign of another tokenizer


def test_a_batch_is_told_by_its_worst_lines(repo: Repo, lint: Callable[..., Done]) -> None:
    """Each line is judged for itself, and called by its id."""
    line = {"custom_id": "r", "params": {"messages": [{"role": "user", "content": "word " * 90}]}}
    repo.write("b.jsonl", "\n".join(json.dumps({**line, "custom_id": f"r{n}"}) for n in range(8)))

    done = lint("check", "b.jsonl", "--limit", "50", "--model", "claude-opus-5")
    counted = lint("count", "b.jsonl", "--model", "claude-opus-5")

    assert done.code == 1
    assert done.out.count("OVER    b.jsonl (r") == 3
    assert "OVER    b.jsonl: 5 more prompts, up to" in done.out
    assert counted.out.splitlines()[0].endswith("b.jsonl (r0)")


def test_the_order_of_files_changes_no_count(repo: Repo, lint: Callable[..., Done]) -> None:
    """A prompt costs what it costs, whatever is counted before it."""
    for name, text in (("a", "One."), ("b", "Two words."), ("c", "Now three words.")):
        repo.write(f"{name}.json", json.dumps({"system": text, "tools": [FIND]}))
    order = ["a.json", "b.json", "c.json"]

    there, back = (lint("count", *names, "--model", "claude-opus-5") for names in (order, order[::-1]))

    assert sorted(there.out.splitlines()[:3]) == sorted(back.out.splitlines()[:3])


def test_what_was_recognised_is_said() -> None:
    """`explain` tells that lines are requests."""
    assert (
        recognise("b.JSONL", b"", make.rule()).why
        == "each line of a .jsonl file is read as a Messages request"
    )
