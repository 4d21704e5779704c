"""Files of requests: one in a file, or one a line; and whatever such a file may hold."""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support import api_server, make, pictures
from tests.support.requests import (
    FIND,
    PICTURE,
    PICTURE_SOURCE,
    USER,
    find_refusal,
    list_notes,
    make_image_by_path,
    make_request,
    parse_fields,
    parse_request,
)

from prompt_lint.counting import offline
from prompt_lint.formats import FORMATS
from prompt_lint.formats.recognition import recognise, seems_to_import
from prompt_lint.model.errors import Unreadable
from prompt_lint.model.values import Problem, Prompt
from prompt_lint.text.template_markers import PLACEHOLDERS_NOTE as PLACEHOLDERS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.support.api_server import ApiServer
    from tests.support.program import Done
    from tests.support.repo import Repo

REQUEST = FORMATS["request"]


def test_placeholders_are_reported() -> None:
    """What is filled in for them isn't counted."""
    results = parse_request(
        '{"system": "S",\n"messages": [\n{"role": "user", "content": "About {{TOPIC}}."}]}'
    )

    assert list_notes(results) == [(PLACEHOLDERS, 3)]


@pytest.mark.parametrize("wrap", ["params", "body"])
def test_a_wrapped_request_is_the_request(wrap: str) -> None:
    """Batches wrap each request; faults in it are still told at their line."""
    assert parse_fields({"custom_id": "x", wrap: {"messages": [USER]}}) == {"messages": [USER]}
    with pytest.raises(Unreadable) as caught:
        parse_request(f'{{"{wrap}": {{"messages": [\n{{"role": "user"}}]}}}}')
    assert (caught.value.message, caught.value.line) == ("`messages[0]` has no `content`", 2)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"custom_id": "a", "params": {"model": "x", "prompt_text": "very long"}},
         "`params` has none of `messages`, `system` and `tools`, so it isn't a request: its keys are `model`, `prompt_text`"),
        ({"body": {}}, "`body` has none of `messages`, `system` and `tools`, so it isn't a request: it has no keys"),
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
    assert message in find_refusal(data)
    [problem] = parse_request(json.dumps(data), "a.jsonl")
    assert isinstance(problem, Problem)
    assert message in problem.message


@pytest.mark.parametrize(
    "data",
    [b'{"source": {"type": "path"', b"source: {type: path,", b"  type: 'path'", b'{"type":"image_url"'],
)
def test_a_file_that_takes_in_others_is_known_by_a_glance(data: bytes) -> None:
    """So that a change of an image checks the request again, without every request being parsed for that."""
    other = b'{"type": "object", "properties": {"path": {"type": "string"}}}'

    assert seems_to_import("a.yaml", data, make.rule())
    assert not seems_to_import("a.yaml", other, make.rule())


def test_parts_leave_out_what_is_not_text() -> None:
    """Base64 would look like the largest part of all; that there are images is in the title."""
    raw = json.dumps(
        make_request({"type": "image", "source": PICTURE_SOURCE}, {"type": "text", "text": "What?"})
    ).encode()
    [prompt] = parse_request(raw)

    [part] = REQUEST.parts("a.json", raw, prompt, lambda path: (path, b""))

    assert part.title == "messages[0] user and 1 image"
    assert PICTURE_SOURCE["data"] not in part.text
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
    results: list[Any] = []
    wrong = 1
    try:
        results += REQUEST.parse(path, raw, make.rule(), lambda name: (name, PICTURE))
    except Unreadable as error:
        wrong = error.line

    assert 0 <= wrong <= last
    for result in results:
        assert 1 <= result.line <= last
        if isinstance(result, Prompt):
            assert result.request
            assert result.request.digest()
            accepted(result.request.ordered_fields())
            with contextlib.suppress(Unreadable):  # what needs the API
                offline.count_request(make.MODEL, result.request)
            for part in REQUEST.parts(path, raw, result, lambda name: (name, PICTURE)):
                assert 1 <= part.first_line <= part.last_line <= last


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
    assert "OVER      chat.yaml" in large.out


def test_the_api_gets_the_whole_image(
    repo: Repo, lint: Callable[..., Done], api: ApiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is sent, what `--show-request` prints and what is counted is the request with the image in it."""
    monkeypatch.setenv("ANTHROPIC_API_KEY", api_server.KEY)
    monkeypatch.setenv("ANTHROPIC_BASE_URL", api.url)
    api.count = lambda model, fields_: 570
    shot = pictures.png(700, 600) + b"x" * 300_000
    repo.write("chat.json", json.dumps(make_request(make_image_by_path("a.png"))))
    repo.write("a.png", shot)

    done = lint("check", "chat.json", "--limit", "2000", "--model", "claude-opus-5", "-v")
    shown = json.loads(lint("count", "chat.json", "--model", "claude-opus-5", "--show-request").out)

    [seen] = api.counted()
    assert seen == shown
    assert shown["messages"][0]["content"][0]["source"]["data"] == pictures.base64_of(shot)
    assert (done.code, "570  of 2,000" in done.out) == (0, True)
    assert "offline counts of the tokenizer" not in done.out  # 561 ±34 is no sign of another tokenizer


def test_a_batch_is_reported_by_its_worst_lines(repo: Repo, lint: Callable[..., Done]) -> None:
    """Each line is judged for itself, and called by its id."""
    line = {"custom_id": "r", "params": {"messages": [{"role": "user", "content": "word " * 90}]}}
    repo.write("b.jsonl", "\n".join(json.dumps({**line, "custom_id": f"r{n}"}) for n in range(8)))

    done = lint("check", "b.jsonl", "--limit", "50", "--model", "claude-opus-5")
    counted = lint("count", "b.jsonl", "--model", "claude-opus-5")

    assert done.code == 1
    assert done.out.count("OVER      b.jsonl (r") == 3
    assert "OVER      b.jsonl: 5 more prompts, up to" in done.out
    assert counted.out.splitlines()[0].endswith("b.jsonl (r0)")


def test_the_order_of_files_changes_no_count(repo: Repo, lint: Callable[..., Done]) -> None:
    """A prompt costs what it costs, whatever is counted before it."""
    for name, text in (("a", "One."), ("b", "Two words."), ("c", "Now three words.")):
        repo.write(f"{name}.json", json.dumps({"system": text, "tools": [FIND]}))
    order = ["a.json", "b.json", "c.json"]

    there, back = (lint("count", *names, "--model", "claude-opus-5") for names in (order, order[::-1]))

    assert sorted(there.out.splitlines()[:3]) == sorted(back.out.splitlines()[:3])


def test_why_a_format_was_recognised_is_reported() -> None:
    """`explain` tells that lines are requests."""
    assert (
        recognise("b.JSONL", b"", make.rule()).why
        == "each line of a .jsonl file is read as a Messages request"
    )
