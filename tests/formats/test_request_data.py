"""The shapes of a request in JSON and YAML: what is kept, what is joined, and what is refused with its line."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.support import make
from tests.support.files import read_nothing

from prompt_lint.formats import FORMATS
from prompt_lint.formats.recognition import recognise
from prompt_lint.model.errors import Unreadable
from prompt_lint.model.values import Prompt


def parse(path: str, data: str | bytes, **rule: Any) -> list[Prompt]:
    full_rule = make.rule(**rule)
    raw = data if isinstance(data, bytes) else data.encode()
    return [
        result
        for result in FORMATS[recognise(path, raw, full_rule).name].parse(path, raw, full_rule, read_nothing)
        if isinstance(result, Prompt)
    ]


def fields(path: str, data: str | bytes, **rule: Any) -> dict[str, Any]:
    [prompt] = parse(path, data, **rule)
    assert prompt.request is not None
    return dict(prompt.request.fields)


def refused(path: str, data: str | bytes, **rule: Any) -> Unreadable:
    with pytest.raises(Unreadable) as caught:
        parse(path, data, **rule)
    return caught.value


def test_json_and_yaml_of_the_same_request_have_the_same_digest() -> None:
    """The key of a count depends on the request alone, not on how the file spells it."""
    as_json = parse("a.json", '{"messages": [{"role": "user", "content": "Hé"}], "system": "S"}')
    as_yaml = parse("a.yaml", "system: S\nmessages:\n  - role: user\n    content: Hé\n")

    assert as_json[0].request
    assert as_yaml[0].request
    assert as_json[0].request.digest() == as_yaml[0].request.digest()


def test_a_bare_list_is_a_list_of_messages() -> None:
    """Few-shot files are often nothing but the turns."""
    turns = [
        {"role": "user", "content": "1"},
        {"role": "assistant", "content": "2"},
        {"role": "user", "content": "3"},
    ]

    assert fields("a.json", json.dumps(turns)) == {"messages": turns}


@pytest.mark.parametrize(
    ("data", "message", "line"),
    [
        ('{"messages": [\n  {"role": "user"}\n]}', "`messages[0]` has no `content`", 2),
        ('{"messages": [\n\n  {"role": "robot", "content": "x"}]}',
         "`messages[0]` has the role `robot`; known are user, assistant, system, developer, tool", 3),
        ('{"messages": []}', "`messages` is empty: at least one message is required", 1),
        ('{"messages": {}}', "`messages` is an object, not a list", 1),
        ('{"messages": ["x"]}', "`messages[0]` is a text, not an object", 1),
        ('{"messages": [{"role": "user", "content": " "}]}',
         "`messages[0].content` is blank, and the API refuses a blank text", 1),
        ('{"messages": [{"role": "user", "content": [{"type": "text", "text": ""}]}]}',
         "`messages[0].content[0]` has no text, and the API refuses a blank one", 1),
        ('{"messages": [{"role": "user", "content": [3]}]}',
         "`messages[0].content[0]` is not a content block with a `type`", 1),
        ('{"messages": [{"role": "user", "content": 3}]}',
         "`messages[0].content` is a number, not a text or a list of content blocks", 1),
        ('{\n"sytem": "S", "messages": [{"role": "user", "content": "x"}]}',
         "has the key `sytem`: did you mean `system`?", 2),
        ('{"system": " ", "messages": [{"role": "user", "content": "x"}]}',
         "`system` is blank, and the API refuses a blank text", 1),
        ('{"tools": {}}', "`tools` is an object, not a list", 1),
        ('{"tools": [1]}', "`tools[0]` is a number, not an object", 1),
        ('{"mcp_servers": [{}], "messages": []}', "has `mcp_servers`, whose tools can't be counted in advance", 1),
        ("", "is empty, so it isn't a request", 1),
        ('{"messages": [{"content": "x"}]}', "`messages[0]` has no `role`", 1),
        ('{"messages": [{"role": "user", "content": "x"}], "functions": []}',
         "has `functions`, which `count_tokens` doesn't take: its tokens would be missed", 1),
        ('{"messages": ' + "1" * 5000 + "}", "is not usable JSON: a number is too long (column 14)", 1),
        ('{"messages": null}', "has none of `messages`, `system` and `tools`, so it isn't a request: its keys are `messages`", 1),
        ('{"name": "x", "b": 1}',
         "has none of `messages`, `system` and `tools`, so it isn't a request: its keys are `name`, `b`", 1),
        ('[{"name": "x"}]', ("has none of `messages`, `system` and `tools`, so it isn't a request: "
         "it is a list, and the keys of its first entry are `name`"), 1),
        ("3", "is a number, not a request", 1),
        ("[]", "`messages` is empty: at least one message is required", 1),
        ('{"a": 1,\n "a": 2}', "is not usable JSON: duplicate key `a` (column 2)", 2),
        ('{"a": NaN}', "is not usable JSON: NaN is not a JSON number (column 7)", 1),
        ('{"a":\n}', "is not JSON: expected a value (column 1)", 2),
        ("[" * 100_000, "is not usable JSON: it is nested too deeply", 0),
    ],
)  # fmt: skip
def test_an_unknown_shape_is_reported_with_its_line(data: str, message: str, line: int) -> None:
    """Whatever isn't a request is a problem that says what and where, never a count of the file as text."""
    error = refused("a.json", data)

    assert (error.message, error.line) == (message, line)
    assert "Traceback" not in error.hint


def test_the_parts_of_a_request_have_names_and_lines() -> None:
    """A failing request is broken down by system prompt, tools and turns."""
    data = '{"system": "S",\n"tools": [{"name": "find", "input_schema": {"type": "object"}}],\n"messages": [\n{"role": "user",\n"content": "U"},\n{"role": "assistant", "content": [{"type": "text", "text": "A"}]}]}'
    [prompt] = parse("a.json", data)

    parts = [
        (p.title, p.first_line, p.last_line, p.text)
        for p in FORMATS["request"].parts(prompt.path, data.encode(), prompt, read_nothing)
    ]

    assert parts == [
        ("system", 1, 1, "S"),
        ("tools[0] find", 2, 3, '{"name": "find", "input_schema": {"type": "object"}}'),
        ("messages[0] user", 4, 5, "U"),
        ("messages[1] assistant", 6, 6, "A"),
    ]
