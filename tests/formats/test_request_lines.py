"""Requests one a line: each line is a prompt, and a bad one is a problem."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.support import make
from tests.support.requests import USER, list_digests, list_notes, parse_request

from prompt_lint.formats import FORMATS
from prompt_lint.model.errors import Unreadable
from prompt_lint.model.values import Problem, Prompt
from prompt_lint.request.normalize import ANSWER_ADDED

REQUEST = FORMATS["request"]

LINE = json.dumps({"messages": [USER]})


def named(results: list[Any]) -> list[tuple[str, int]]:
    return [(result.name, result.line) for result in results if isinstance(result, Prompt)]


def test_each_line_is_a_prompt() -> None:
    """Bare requests, both kinds of batch, and lists; blank lines are ignored, and Windows' line ends don't matter."""
    lines = [
        LINE, "", json.dumps({"custom_id": "a-1", "params": {"messages": [USER]}}),
        json.dumps({"custom_id": "a-2", "method": "POST", "url": "/v1/chat", "body": {"messages": [USER]}}),
        "  ", json.dumps([USER]), json.dumps({"custom_id": "a-1", "params": {"messages": [USER]}}),
        json.dumps({"custom_id": "line 1", "params": {"messages": [USER]}}),
    ]  # fmt: skip

    results = parse_request("\ufeff" + "\r\n".join(lines), "a.jsonl")

    assert named(results) == [
        ("line 1", 1),
        ("a-1", 3),
        ("a-2", 4),
        ("line 6", 6),
        ("line 7", 7),
        ("line 8", 8),
    ]
    assert len(set(list_digests(results))) == 1


def test_a_bad_line_is_a_problem_and_the_others_count() -> None:
    """A batch of 10,000 isn't lost over one."""
    results = parse_request(f'{LINE}\n{{"messages": [\n{{"messages": []}}\n3\n{LINE}', "a.jsonl")

    assert named(results) == [("line 1", 1), ("line 5", 5)]
    assert [(result.line, result.message) for result in results if isinstance(result, Problem)] == [
        (2, "is not JSON: expected a value (column 15)"),
        (3, "`messages` is empty: at least one message is required"),
        (4, "is a number, not a request"),
    ]


def test_notes_are_one_for_the_file() -> None:
    """Lines for fine-tuning all end with the assistant."""
    line = json.dumps({"messages": [USER, {"role": "assistant", "content": "Ho."}]})

    assert list_notes(parse_request(f"{LINE}\n{line}\n{line}\n", "a.jsonl")) == [(ANSWER_ADDED, 2)]


def test_bad_lines_are_reported_up_to_a_thousand() -> None:
    """Of a file that is something else, the rest is a number."""
    results = parse_request("x\n" * 1002, "a.jsonl")

    assert len(results) == 1001
    assert (results[-1].line, results[-1].message) == (0, "has 2 more lines that aren't requests")


def test_no_more_lines_than_a_batch_may_have() -> None:
    """One error, before anything is parsed."""
    with pytest.raises(Unreadable, match="has 100,001 lines, and no batch may have more than 100,000"):
        parse_request("x\n" * 100_001, "a.jsonl")


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
        parse_request(data, "a.jsonl")


def test_the_parts_of_a_line_are_on_that_line() -> None:
    """A failing line is broken down without the others."""
    turns = [USER, {"role": "assistant", "content": "A"}]
    raw = f"{LINE}\r\n\r\n{json.dumps({'params': {'system': 'S', 'messages': turns}})}\r\n{LINE}".encode()
    [_, prompt, _] = [
        result
        for result in REQUEST.parse("a.jsonl", raw, make.rule(), lambda path: (path, b""))
        if isinstance(result, Prompt)
    ]

    results = [part[:4] for part in REQUEST.parts("a.jsonl", raw, prompt, lambda path: (path, b""))]

    assert results == [
        ("system", 3, 3, "S"), ("messages[0] user", 3, 3, "Hi."), ("messages[1] assistant", 3, 3, "A"),
    ]  # fmt: skip


def test_lines_from_stdin_are_seen_to_be_lines() -> None:
    """A name that says nothing doesn't hide them; a request over several lines is one."""
    assert [name for name, _ in named(parse_request(f"{LINE}\n{LINE}\n", "-"))] == ["line 1", "line 2"]
    assert named(parse_request(json.dumps({"messages": [USER]}, indent=1), "-")) == [("", 1)]
