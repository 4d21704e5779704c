"""Files of tool definitions: recognised by what is in them, in every spelling, and what the API would refuse."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support import make
from tests.support.files import read_nothing

from prompt_lint.formats import FORMATS
from prompt_lint.formats.recognition import recognise
from prompt_lint.model.errors import Unreadable
from prompt_lint.model.values import PLACEHOLDER_MESSAGE, Note, Prompt
from prompt_lint.request.extra_keys import MORE_PAGES
from prompt_lint.request.tools import NO_DESCRIPTION

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.program import Done
    from tests.support.repo import Repo

TOOLS = FORMATS["tools"]
SCHEMA = {"type": "object", "properties": {"q": {"type": "string"}}, "required": ["q"]}
FIND = {"name": "find", "description": "Finds.", "input_schema": SCHEMA}
OPEN = {"name": "open-it", "description": "Opens.", "input_schema": {"type": "object", "properties": {}}}
SEARCH = {"type": "web_search_20260209", "name": "web_search", "max_uses": 3}


def parse(data: object, path: str = "tools.json") -> list[Any]:
    raw = data.encode() if isinstance(data, str) else json.dumps(data).encode()
    return list(TOOLS.parse(path, raw, make.rule(), read_nothing))


def tools(data: object) -> list[dict[str, Any]]:
    prompt = parse(data)[0]
    assert prompt.request.fields["messages"] == [PLACEHOLDER_MESSAGE]
    assert set(prompt.request.fields) == {"tools", "messages"}
    return list(prompt.request.fields["tools"])


def kind(data: object, path: str = "tools.json") -> str:
    return recognise(path, json.dumps(data).encode(), make.rule()).name


def mcp(tool: dict[str, Any]) -> dict[str, Any]:
    extra = {"title": "T", "annotations": {"readOnlyHint": True}, "outputSchema": {"type": "object"}}
    return {
        "name": tool["name"],
        **extra,
        "description": tool["description"],
        "inputSchema": tool["input_schema"],
    }


def flat(tool: dict[str, Any]) -> dict[str, Any]:
    return {"name": tool["name"], "description": tool["description"], "parameters": tool["input_schema"]}


def nested(tool: dict[str, Any]) -> dict[str, Any]:
    return {"type": "function", "function": {**flat(tool), "strict": True}}


def keyed(tool: dict[str, Any]) -> dict[str, Any]:
    return {"description": tool["description"], "parameters": tool["input_schema"]}


SPELLINGS: list[Callable[[dict[str, Any]], dict[str, Any]]] = [
    lambda tool: tool, mcp, flat, nested, lambda tool: {"type": "function", **flat(tool)},
]  # fmt: skip


@pytest.mark.parametrize("spelled", SPELLINGS)
def test_every_spelling_is_the_same_tool(spelled: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    """Anthropic, MCP, and OpenAI's three; as a list, below `tools`, and as an answer of MCP."""
    definitions = [spelled(FIND), spelled(OPEN)]
    answer = {"jsonrpc": "2.0", "id": 1, "result": {"tools": definitions, "nextCursor": "x"}}

    for data in (definitions, {"tools": definitions}, answer, {"tools": definitions, "nextCursor": "x"}):
        assert kind(data) == "tools"
        assert tools(data) == [FIND, OPEN]


def test_names_may_be_keys() -> None:
    """Some prompts keep their tools in an object, at the top or below `tools`."""
    data = {"find": keyed(FIND), "open-it": keyed(OPEN)}

    for shape in (data, {"tools": data}):
        assert kind(shape) == "tools"
        assert tools(shape) == [FIND, OPEN]
    assert tools({"find": {"description": "Finds.", "input_schema": SCHEMA}}) == [FIND]


def test_bare_properties_become_an_object() -> None:
    """Of tools whose names are keys, `parameters` are often the properties alone; one of them may be called `type`."""
    properties = {"q": {"type": "string"}, "type": {"type": "string"}}
    data = {"find": {"description": "Finds.", "parameters": properties}}

    assert tools(data)[0]["input_schema"] == {"type": "object", "properties": properties}


@pytest.mark.parametrize(
    "schema",
    [
        {"properties": {"q": {"type": "string"}}},
        {"q": {"type": "string"}, "additionalProperties": False},
    ],
)
def test_a_schema_without_a_type_is_an_object(schema: dict[str, Any]) -> None:
    """Where it isn't properties alone, it stays as it is."""
    data = {"find": {"description": "Finds.", "parameters": schema}}

    assert tools(data)[0]["input_schema"] == {"type": "object", **schema}


def test_a_list_of_properties_becomes_an_object() -> None:
    """Each says its own name there, and whether it is required."""
    listed = [
        {"name": "q", "type": "string", "required": True},
        {"name": "n", "type": "object", "required": ["x"], "nullable": True},
        {"name": "m", "type": "integer", "required": False},
    ]
    data = {
        "find": {"description": "Finds.", "parameters": listed},
        "now": {"description": "N.", "parameters": []},
    }

    assert kind(data) == "tools"
    named = {"type": "object", "required": ["x"], "nullable": True}
    properties = {"q": {"type": "string"}, "n": named, "m": {"type": "integer"}}
    assert [tool["input_schema"] for tool in tools(data)] == [
        {"type": "object", "properties": properties, "required": ["q"]},
        {"type": "object", "properties": {}},
    ]


@pytest.mark.parametrize(
    "listed",
    [
        ["q"],
        [{"type": "string"}],
        [{"name": "q"}, {"type": "string"}],
        [{"name": "q"}, {"name": "q"}],
        [{"name": 1}],
    ],
)
def test_a_list_of_anything_else_is_no_tool(listed: list[object]) -> None:
    """A name that stands twice, or isn't there, leaves nothing to make an object of."""
    assert kind({"find": {"description": "Finds.", "parameters": listed}}) == "request"


@pytest.mark.parametrize("wrap", ["%s", '{"tools": %s}', '{"result": {"tools": %s}}'])
def test_a_tool_without_a_schema_is_an_error_of_that_name(wrap: str) -> None:
    """Also where no tool of the file has one: names and descriptions alone are what an outline of tools looks like."""
    data = wrap % '[{"name": "a", "description": "d"},\n{"name": "b", "description": "e", "title": "B"}]'

    assert recognise("a.json", data.encode(), make.rule()).name == "tools"
    with pytest.raises(Unreadable) as caught:
        parse(data)
    assert caught.value.message == "`tools[0]` has no `input_schema`"


def test_arguments_that_are_left_out_are_none() -> None:
    """OpenAI takes a function without `parameters`."""
    function = {"name": "now", "description": "The time."}

    for spelled in (
        {"type": "function", "function": function},
        {"type": "function", **function},
        {"function": function},
    ):
        read = tools([spelled, nested(FIND)])[0]
        assert read == {**function, "input_schema": {"type": "object", "properties": {}}}


def test_tools_of_the_server_are_passed_on() -> None:
    """They have a type of their own, and nothing else of them is known here; nor is a tool as the API spells it changed."""
    special = {**FIND, "cache_control": {"type": "ephemeral"}, "type": "custom"}

    assert tools([special, SEARCH]) == [special, SEARCH]


def test_yaml_is_the_same_as_json() -> None:
    """Tools are kept in either."""
    text = (
        "tools:\n  - name: find\n    description: Finds.\n    inputSchema: {type: object, properties: {}}\n"
    )
    raw = text.encode()

    assert recognise("t.yaml", raw, make.rule()).name == "tools"
    assert parse(text, "t.yaml")[0].request.fields["tools"][0]["name"] == "find"


@pytest.mark.parametrize(
    "data",
    [
        {"tools": [FIND], "messages": [{"role": "user", "content": "x"}]}, {"tools": [FIND], "system": "S"},
        {"tools": [FIND], "tool_choice": {"type": "any"}}, {"tools": []}, {"tools": {}}, {"tools": [1]},
        [{"role": "user", "content": "x"}], [{"role": "user", "name": "ann", "parameters": {}, "content": "x"}],
        {"a": {"type": "object", "description": "d", "properties": {}}}, {"parameters": {"type": "object"}}, {}, [], 3,
        {"find": keyed(FIND), "version": 1}, {"result": {"messages": []}}, [{"name": "x", "type": "object"}],
        [{"name": "x", "description": "d", "price": 3}], [{"name": "x"}], [{"name": "x", "description": "d"}, "y"],
    ],
)  # fmt: skip
def test_what_is_not_only_tools_stays_a_request(data: object) -> None:
    """A request with tools is one; a JSON Schema, or anything else, isn't a tool for having some of its words."""
    assert kind(data) == "request"


@pytest.mark.parametrize(
    ("data", "message", "line"),
    [
        ('[{"name": "find", "input_schema": {"type": "object"}},\n {"name": "find", "input_schema": {"type": "object"}}]',
         "`tools[1]` has the name `find` again: names must be unique", 2),
        ('{"tools": [\n{"name": "a.b", "inputSchema": {"type": "object"}}]}',
         "`tools[0]` has the name `a.b`; the API takes letters, digits, `_` and `-`, at most 128", 2),
        ('{"result": {"tools": [{"name": "x", "inputSchema": {"type": "object"}},\n\n{"name": "y"}]}}',
         "`tools[1]` has no `input_schema`", 3),
        ('[{"name": "x",\n "input_schema": {"type": "string"}}]', '`tools[0].input_schema` needs `"type": "object"` at its top', 2),
        ('[{"name": "x",\n "input_schema": {"properties": {}}}]', '`tools[0].input_schema` needs `"type": "object"` at its top', 2),
        ('{"x": {"description": "",\n "parameters": {"type": "object", "anyOf": []}}}',
         "`tools.x.parameters` has `anyOf` at its top, which the API refuses", 2),
        ('[{"name": "y", "input_schema": {"type": "object"}}, {"name": "x",\n "input_schema": "s"}]',
         "`tools[1].input_schema` is a text, not a JSON Schema", 2),
        ('[{"name": "x", "input_schema": {"type": "object"}},\n3]', "`tools[1]` is a number, not an object", 2),
        ('[{"name": "x", "description": 3, "input_schema": {"type": "object"}}]',
         "`tools[0]` has a `description` that is a number, not a text", 1),
        ('[{"function": {"name": "' + "x" * 129 + '"}}]',
         f"`tools[0]` has the name `{'x' * 60}`; the API takes letters, digits, `_` and `-`, at most 128", 1),
        ('[{"name": "x", "input_schema": {"type": "object"}}, {"type": [], "name": "y"}]',
         "`tools[1]` has a `type` that is an empty list, not a text", 1),
        ('[{"name": "list-apps", "input_schema": {"type": "object", "properties": {"id": {},\n "filter[bundleId]": {}}}}]',
         "the tool `list-apps` has the property `filter[bundleId]`", 2),
        ('{"tools": [{"name": "x", "inputSchema": {"type": "object",\n "properties": {\n"cwd?": {},\n"a b": {}}}}]}',
         "the tool `x` has the properties `cwd?`, `a b`", 3),
        ('[{"type": "function", "function": {"name": "f", "parameters": {"properties": {"' + "p" * 65 + '": {}}}}}]',
         f"the tool `f` has the property `{'p' * 60}`", 1),
        ('{"find": {"description": "d", "parameters": [\n{"name": "", "type": "string"}]}}', 'the tool `find` has the property `""`', 1),
        ('[{"name": "x", "input_schema": {"type": "object",\n"properties": []}}]',
         "`tools[0].input_schema.properties` is an empty list, not an object", 2),
        ('[{"name": "", "input_schema": {"type": "object"}}]', "`tools[0]` has no `name`", 1),
        ('[{"type": "bash_20250124",\n"name": ""}, {"name": "x", "input_schema": {"type": "object"}}]', "`tools[0]` has no `name`", 1),
        ('[{"type": "web_search_20260209", "name": "x"},\n{"name": "x", "input_schema": {"type": "object"}}]',
         "`tools[1]` has the name `x` again: names must be unique", 2),
        ("[" + ",\n".join(
            f'{{"name": "t{n}", "input_schema": {{"type": "object"}}, "cache_control": {{"type": "ephemeral"}}}}' for n in range(5)
         ) + "]", "has 5 blocks with `cache_control`, and the API takes 4", 5),
        ('{"a": 1, "b": 2}', "has no tool definitions: its keys are `a`, `b`", 1),
        (" ", "is empty, so it has no tools", 1),
        ('{"tools": [\n{"name": "x",}]}', "is not JSON: ", 2),
    ],
)  # fmt: skip
def test_what_the_api_would_refuse_is_reported_with_its_line(data: str, message: str, line: int) -> None:
    """Nobody needs a key to learn of it."""
    with pytest.raises(Unreadable) as caught:
        parse(data)

    assert caught.value.message.startswith(message)
    assert caught.value.line == line


def test_broken_json_is_reported_with_line_and_column(repo: Repo, lint: Callable[..., Done]) -> None:
    """Many published files of tools aren't valid JSON; they are never counted as text."""
    repo.write("tools.json", '{"tools": [\n  {"name": "x", "input_schema": {},}]}')

    done = lint("check", "tools.json", "--limit", "50", "--model", "claude-opus-5")

    assert done.code == 3
    assert "ERROR     tools.json:2: is not JSON: " in done.out
    assert " (column 3" in done.out


def test_a_missing_description_is_reported() -> None:
    """The model then has only the name to go by. The server's own tools need none."""
    results = parse(
        f'{{"tools": [{json.dumps(FIND)},\n{{"name": "x", "input_schema": {{"type": "object"}}}},\n{json.dumps(SEARCH)}]}}'
    )

    assert [result for result in results if isinstance(result, Note)] == [
        Note(NO_DESCRIPTION, "tools.json", 2, "content")
    ]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ('{"tools": [%s],\n"nextCursor": "abc"}', [(MORE_PAGES, 2)]),
        ('{"jsonrpc": "2.0", "id": 1, "result": {"tools": [%s],\n"nextCursor": "abc"}}', [(MORE_PAGES, 2)]),
        ('{"tools": [%s], "nextCursor": ""}', []),
        ('{"tools": [%s],\n\n"context": "All that is known."}',
         [("`context` isn't a part of a Messages request: not counted", 3)]),
    ],
)  # fmt: skip
def test_what_is_beside_the_tools_is_reported(data: str, expected: list[tuple[str, int]]) -> None:
    """More pages of tools, and text that somebody may think is counted."""
    results = parse(data % json.dumps(FIND))

    assert [(result.message, result.line) for result in results if isinstance(result, Note)] == expected


@pytest.mark.parametrize(
    "data", ['{"tools": [%s],\n%s}', '{"result": {"tools": [%s]},\n%s}', '{"result": {"tools": [%s],\n%s}}']
)
def test_a_system_prompt_in_other_words_beside_tools_is_an_error(data: str) -> None:
    """Dropped without a word, the count would be too low."""
    with pytest.raises(Unreadable) as caught:
        parse(data % (json.dumps(FIND), '"systemPrompt": "Be kind."'))

    assert caught.value.message.startswith("has `systemPrompt`, which `count_tokens` doesn't take")
    assert caught.value.line == 2


@pytest.mark.parametrize("wrap", ["%s", '{"tools": %s}', '{"jsonrpc": "2.0", "result": {"tools": %s}}'])
def test_each_tool_is_a_part_with_its_lines(wrap: str) -> None:
    """By its name, with what the model reads of it."""
    search = json.dumps({**SEARCH, "user_location": {"city": "Zürich"}}, ensure_ascii=False)
    raw = (wrap % f"[\n{json.dumps(mcp({**FIND, 'description': 'Trouvé.'}))},\n\n{search}\n]").encode()
    [prompt] = [
        result
        for result in TOOLS.parse("a.json", raw, make.rule(), read_nothing)
        if isinstance(result, Prompt)
    ]

    parts = list(TOOLS.parts("a.json", raw, prompt, read_nothing))

    read = f'{{"description": "Trouvé.", "name": "find", "parameters": {json.dumps(SCHEMA)}}}'
    assert [part[:4] for part in parts] == [
        ("find", 2, 3, f"<function>{read}</function>\n"),
        ("web_search", 4, 5, search),
    ]


def test_a_failure_lists_the_largest_tools(repo: Repo, lint: Callable[..., Done]) -> None:
    """Largest first, by name and line."""
    sizes = {"small": 5, "large": 200, "medium": 60, "tiny": 1}
    tools = [{**FIND, "name": name, "description": "word " * size} for name, size in sizes.items()]
    repo.write("tools.json", json.dumps(tools, indent=1))

    done = lint("check", "tools.json", "--limit", "100", "--model", "claude-opus-5")

    section = done.out[done.out.index("Largest sections") :].splitlines()[1:4]
    assert [(line.split()[0], line.split()[-1]) for line in section] == [
        ("259", "large"), ("120", "medium"), ("64", "small"),
    ]  # fmt: skip


def test_why_a_format_was_recognised_is_reported(repo: Repo, lint: Callable[..., Done]) -> None:
    """`explain` tells how a file was read, and why."""
    repo.write(".prompt-lint.yaml", 'models: [claude-opus-5]\nlimit: 5000\nprompts: [{files: "*.json"}]\n')
    repo.write("tools.json", json.dumps([FIND, OPEN]))

    assert "format tools: it holds 2 tool definitions and no messages\n" in lint("explain", "tools.json").out


def test_a_rule_can_ask_for_tools(repo: Repo, lint: Callable[..., Done]) -> None:
    """`format: tools` on a file that holds something else says what it holds."""
    repo.write(
        ".prompt-lint.yaml",
        'models: [claude-opus-5]\nlimit: 5000\nprompts: [{files: "*.json", format: tools}]\n',
    )
    repo.write("a.json", '{"messages": [], "x\\u001b": 1}')

    done = lint("check")

    assert done.code == 3
    assert r"has no tool definitions: its keys are `messages`, `x\x1b`" in done.out


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4) | st.sampled_from(["object", "function", "find"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([
        "tools", "result", "name", "description", "input_schema", "inputSchema", "parameters", "function", "type",
        "properties", "role", "find",
    ]), inner, max_size=5),
    max_leaves=25,
)  # fmt: skip


@given(
    json_values
    | st.lists(st.fixed_dictionaries({"name": json_values, "input_schema": json_values}), max_size=3)
)
def test_any_json_is_tools_or_a_problem(value: object) -> None:
    """Whatever is recognised can be parsed or is told, and whatever is parsed has parts."""
    raw = json.dumps(value, indent=1).encode()
    TOOLS.recognise("a.json", raw)
    try:
        results: list[Any] = list(TOOLS.parse("a.json", raw, make.rule(), read_nothing))
    except Unreadable:
        return

    parts = list(TOOLS.parts("a.json", raw, results[0], read_nothing))
    assert len(parts) == len(results[0].request.fields["tools"]) > 0
    assert all(1 <= part.first_line <= part.last_line <= raw.count(b"\n") + 1 for part in parts)


def test_properties_that_the_api_takes() -> None:
    """Dots and dashes are allowed, and deeper down any name is: the API looks at the top alone."""
    inner = {"type": "object", "properties": {"filter[id]": {"type": "string"}}}
    properties = {"a.b-c_D9": inner, "p" * 64: {"type": "array", "items": inner}}
    tool = {"name": "f", "description": "d", "input_schema": {"type": "object", "properties": properties}}

    assert parse(json.dumps([tool]))[0].request.fields["tools"] == [tool]


def test_a_refused_tool_is_reported_with_file_line_and_what_to_do(
    repo: Repo, lint: Callable[..., Done]
) -> None:
    """Of a whole list of tools a single key makes the API refuse the request, so nothing of it has a number."""
    repo.write(
        "tools.json",
        '{"tools": [{"name": "list-apps", "inputSchema": {"type": "object", "properties": {\n  "filter[id]": {}}}}]}',
    )

    done = lint("check", "tools.json", "--limit", "50", "--model", "claude-opus-5")

    assert done.code == 3
    assert "ERROR     tools.json:2: the tool `list-apps` has the property `filter[id]`\n" in done.out
    assert "the API takes letters, digits, `_`, `.` and `-`, at most 64" in done.out
