"""Prompty, as its specification and its first version have it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support import make
from tests.support.files import read_nothing

from prompt_lint.formats import prompty
from prompt_lint.formats.recognition import recognise
from prompt_lint.model.errors import Unreadable
from prompt_lint.model.values import PLACEHOLDER_MESSAGE, Note, Prompt
from prompt_lint.request.from_roles import AT_RUN_TIME, BAD_FRONTMATTER, STRUCTURED_OUTPUT, TOOLS_ELSEWHERE
from prompt_lint.text.template_markers import PLACEHOLDERS_NOTE

PATH = "a.prompty"


def parse(data: str | bytes, role: str = "") -> list[Any]:
    raw = data if isinstance(data, bytes) else data.encode()
    return list(prompty.parse(PATH, raw, make.rule(role=role), read_nothing))


def fields(data: str, role: str = "") -> dict[str, Any]:
    request = parse(data, role)[0].request
    assert request is not None
    return dict(request.fields)


def turns(body: str) -> list[tuple[str, str]]:
    """Role and text, the system prompt first; the placeholder left out."""
    sent = fields(body)
    system = [("system", sent["system"])] if "system" in sent else []
    return system + [(m["role"], m["content"]) for m in sent["messages"] if m != PLACEHOLDER_MESSAGE]


def notes(data: str) -> list[tuple[str, int]]:
    return [(note.message, note.line) for note in parse(data) if isinstance(note, Note)]


def parts(data: str) -> list[tuple[str, int, int]]:
    parts = prompty.parts(PATH, data.encode(), Prompt(PATH, "", 1, None), read_nothing)
    return [(part.title, part.first_line, part.last_line) for part in parts]


CHAT = """\
---
name: chat
model: gpt-4
inputs:
  - name: question
    kind: string
---

system:
# You

Be kind.

# Them
They ask.

user:
How are you?

assistant:
Fine.
"""


def test_frontmatter_is_cut_and_markers_make_turns() -> None:
    """The keys aren't sent; the lines that name a role aren't, either."""
    assert fields(CHAT) == {
        "system": "# You\n\nBe kind.\n\n# Them\nThey ask.",
        "messages": [
            {"role": "user", "content": "How are you?"}, {"role": "assistant", "content": "Fine."}, PLACEHOLDER_MESSAGE,
        ],
    }  # fmt: skip


def test_parts_are_the_roles_by_heading_with_their_lines() -> None:
    """Where a role's text has headings, they say more than the role."""
    assert parts(CHAT) == [
        ("# You", 10, 12), ("# Them", 14, 15), ("messages[0] user", 18, 18), ("messages[1] assistant", 21, 21),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "marker",
    [
        "user:",
        "  user:",
        "# user:",
        " #  User : ",
        "USER:",
        "user[nonce=abc]:",
        'user[name="x", n=1] :',
        "user:\t",
    ],
)
def test_markers(marker: str) -> None:
    """A marker has a line of its own; a `#` before it, attributes behind it and its case don't matter."""
    assert turns(f"A\n{marker}\nB") == [("system", "A"), ("user", "B")]


@pytest.mark.parametrize(
    "line",
    ["user: hello", "## user:", "tool:", "developer:", "the user:", "user", "- user:", "{{item.role}}:"],
)
def test_what_is_no_marker(line: str) -> None:
    """Anything else in the line, and it is text."""
    assert turns(f"A\n{line}\nB") == [("system", f"A\n{line}\nB")]


def test_line_feeds_around_a_text_are_dropped_those_inside_stay() -> None:
    """Other white space stays, too. A role that says nothing is dropped: the API refuses a blank text."""
    assert turns("system:\n\n  A\n\n\nB \n \n\nuser:\n\nassistant:\nC") == [
        ("system", "  A\n\n\nB \n "),
        ("assistant", "C"),
    ]


def test_text_above_the_first_marker_is_the_system_prompt_unless_the_rule_says_otherwise() -> None:
    """The specification says so; a rule's `role` is for such text."""
    assert fields("A\nuser:\nB", "user") == {
        "messages": [{"role": "user", "content": "A"}, {"role": "user", "content": "B"}]
    }
    assert turns("A\nsystem:\nB") == [("system", "A\n\nB")]


@pytest.mark.parametrize(
    "data",
    [
        "---\nname: x\n---\nBody", "+++\nname: x\n+++\nBody", "---\nname: x\n+++\nBody", "  ---\nname: x\n---\nBody", "---\n---\nBody",
        "\n\n---  \nname: a --- b\n---\t\n\nBody\n", "Body", "\ufeff---\r\nname: x\r\n---\r\nBody\r\n",
    ],
)  # fmt: skip
def test_frontmatter_as_the_specification_has_it(data: str) -> None:
    """White space before it, either mark, none at all; three dashes inside a value don't end it."""
    assert turns(data) == [("system", "Body")]


def test_frontmatter_that_never_ends_is_a_problem() -> None:
    """Prompty refuses it as well; taken for text it would be a wrong number."""
    with pytest.raises(Unreadable) as caught:
        parse("\n---\nname: x\nBody")

    assert (caught.value.message, caught.value.line) == ("opens its frontmatter and never closes it", 2)


@pytest.mark.parametrize("yaml", ["a: [", "- x", "a: &b c", "text"])
def test_frontmatter_that_is_not_yaml_is_a_note(yaml: str) -> None:
    """The text below it counts."""
    data = f"---\n{yaml}\n---\nBody"

    assert turns(data) == [("system", "Body")]
    assert notes(data) == [(BAD_FRONTMATTER, 2)]


def test_nothing_to_send_has_no_request() -> None:
    """A file of frontmatter alone is 0 tokens."""
    assert [prompt.request for prompt in parse("---\nname: x\n---\n\nuser:\n \n")] == [None]


TOOLS = """\
---
tools:
  - name: weather
    kind: function
    description: Tells the weather.
    strict: true
    parameters:
      - name: city
        kind: string
        description: Which city
        required: true
      - name: days
        kind: integer
      - name: unit
        kind: string
        enumValues: [c, f]
      - name: key
        kind: string
        required: true
    bindings:
      key: ${env:KEY}
  - name: files
    kind: mcp
    serverName: x
model: gpt-4
---
Hi
"""


def test_functions_are_tools_less_what_is_bound() -> None:
    """Bound parameters are filled in by the program and never shown to the model."""
    assert fields(TOOLS)["tools"] == [
        {
            "name": "weather", "description": "Tells the weather.",
            "input_schema": {
                "type": "object",
                "properties": {
                    "city": {"type": "string", "description": "Which city"}, "days": {"type": "integer"},
                    "unit": {"type": "string", "enum": ["c", "f"]},
                },
                "required": ["city"],
            },
        }
    ]  # fmt: skip
    assert parts(TOOLS) == [("tools[0] weather", 3, 21), ("system", 27, 27)]


def test_tools_of_servers_are_reported() -> None:
    """What a server offers is known only when it runs."""
    assert notes(TOOLS) == [(TOOLS_ELSEWHERE, 22)]


def test_tools_by_name_and_with_a_schema_of_their_own() -> None:
    """The specification allows a mapping of tools and of parameters; JSON Schema stays as it is."""
    by_name = "---\ntools:\n  f:\n    kind: function\n    parameters: {a: {kind: float}, b: 1}\n---\nHi"
    schema = (
        "---\ntools:\n- {name: f, kind: function, bindings: {b: 1},\n"
        "   parameters: {type: object, properties: {a: {type: number}, b: {type: string}}}}\n---\nHi"
    )

    assert fields(by_name)["tools"] == [
        {"name": "f", "input_schema": {"type": "object", "properties": {"a": {"type": "number"}, "b": {"type": "string"}}}}
    ]  # fmt: skip
    assert fields(schema)["tools"][0]["input_schema"] == {
        "type": "object",
        "properties": {"a": {"type": "number"}},
    }


@pytest.mark.parametrize(
    ("declaration", "schema"),
    [
        ("kind: number", {"type": "number"}),
        ("kind: array", {"type": "array", "items": {"type": "string"}}),
        (
            "kind: array, items: {kind: object, properties: [{name: z, kind: integer, description: Z.}]}",
            {
                "type": "array",
                "items": {
                    "type": "object", "properties": {"z": {"type": "integer", "description": "Z."}},
                    "additionalProperties": False,
                },
            },
        ),
        (
            "kind: object, description: D., properties: {z: {kind: array, required: true}}",
            {
                "type": "object", "description": "D.",
                "properties": {"z": {"type": "array", "items": {"type": "string"}}}, "required": ["z"],
                "additionalProperties": False,
            },
        ),
        ("kind: object", {"type": "object", "properties": {}, "additionalProperties": False}),
        (
            "kind: union, description: D., anyOf: [{kind: string, description: S.}, {kind: float}]",
            {"description": "D.", "anyOf": [{"type": "string", "description": "S."}, {"type": "number"}]},
        ),
        ("kind: union, oneOf: [{kind: boolean}]", {"oneOf": [{"type": "boolean"}]}),
    ],
)  # fmt: skip
def test_what_is_nested_in_a_parameter_is_sent(declaration: str, schema: dict[str, Any]) -> None:
    """Prompty sends the properties of objects, the items of lists and the branches of unions, at any depth."""
    data = f"---\ntools:\n- {{name: f, kind: function, parameters: [{{name: q, {declaration}}}]}}\n---\nHi"

    assert fields(data)["tools"][0]["input_schema"] == {"type": "object", "properties": {"q": schema}}


def test_an_object_of_listed_parameters_keeps_them() -> None:
    """Also what stands beside them, and without those that are bound."""
    parameters = (
        "{type: object, description: D., properties: [{name: a, kind: float}, {name: b, kind: string}]}"
    )
    data = (
        f"---\ntools:\n- {{name: f, kind: function, bindings: {{b: 1}}, parameters: {parameters}}}\n---\nHi"
    )

    assert fields(data)["tools"][0]["input_schema"] == {
        "type": "object", "description": "D.", "properties": {"a": {"type": "number"}},
    }  # fmt: skip


def test_parameters_are_nested_as_deep_as_yaml_may_be() -> None:
    """The reader refuses what is deeper, so no depth of them ends the run."""
    start, end = "{kind: array, items: " * 90, "}" * 90
    data = f"---\ntools:\n- {{name: f, kind: function, parameters: {{q: {start}x{end}}}}}\n---\nHi"

    assert str(fields(data)["tools"][0]).count("'items'") == 90


def test_tools_of_the_first_version() -> None:
    """There they stand below the parameters of the model, in OpenAI's form; sample and configuration aren't sent."""
    data = """\
---
model:
  api: chat
  configuration: {type: azure_openai}
  parameters:
    max_tokens: 100
    tools:
      - type: function
        function: {name: f, description: D, parameters: {type: object, properties: {}}}
sample:
  question: ${file:sample.json}
---
system:
S
"""

    assert fields(data) == {
        "system": "S",
        "tools": [{"name": "f", "description": "D", "input_schema": {"type": "object", "properties": {}}}],
        "messages": [PLACEHOLDER_MESSAGE],
    }
    assert parts(data)[0] == ("tools[0] f", 8, 9)


@pytest.mark.parametrize(
    "tools", ["${file:tools.json}", "[x]", "[{kind: function, name: f, parameters: '${file:p.json}'}]", "[{name: f, kind: openapi}]"]
)  # fmt: skip
def test_references_are_never_resolved(tools: str) -> None:
    """No file and no variable of the environment is read; that something is missing from the count is said."""
    data = f"---\nmodel: ${{env:HOME}}\ntools: {tools}\n---\nHi"

    assert fields(data) == {"system": "Hi", "messages": [PLACEHOLDER_MESSAGE]}
    assert notes(data) == [(TOOLS_ELSEWHERE, 3)]


@pytest.mark.parametrize("kind", ["thread", "image", "file", "audio"])
@pytest.mark.parametrize(
    "inputs", ["[{{name: x, kind: string}}, {{name: y, kind: {kind}}}]", "{{x: 1, y: {{kind: {kind}}}}}"]
)
def test_what_comes_at_run_time_is_reported(kind: str, inputs: str) -> None:
    """Media and conversations are sent as they are then."""
    assert notes(f"---\ninputs: {inputs.format(kind=kind)}\n---\nHi") == [(AT_RUN_TIME, 2)]


def test_schema_of_the_answer_and_placeholders_are_reported() -> None:
    """Neither is counted: what is filled in, and what the API makes of a schema."""
    data = "---\noutputs:\n  - {name: a, kind: string}\n---\nsystem:\nHi\n\n{% if x %}\n"

    assert notes(data) == [(STRUCTURED_OUTPUT, 3), (PLACEHOLDERS_NOTE, 8)]


@pytest.mark.parametrize(
    ("response_format", "is_noted"),
    [
        ("{type: json_schema, json_schema: {name: a, schema: {type: object}}}", True),
        ("${file:answer.json}", True),
        ("{type: json_object}", False),
    ],
)
def test_the_schema_of_an_answer_of_the_first_version_is_reported(
    response_format: str, is_noted: bool
) -> None:
    """It is among the parameters of the model there, in OpenAI's form."""
    data = f"---\nmodel:\n  parameters:\n    response_format: {response_format}\n---\nsystem:\nHi\n"

    assert notes(data) == [(STRUCTURED_OUTPUT, 4)] * is_noted


def test_more_turns_than_a_conversation_has_are_refused() -> None:
    """They would take seconds; the line is that of the first one too many."""
    with pytest.raises(Unreadable, match="has more than 10,000 turns") as caught:
        parse(b"user:\n" * 10_001)

    assert caught.value.line == 10_000


def test_every_prompty_is_one() -> None:
    """No other tool uses the name."""
    recognised = recognise("x/a.prompty", b"anything", make.rule())

    assert (recognised.name, recognised.why) == ("prompty", "a .prompty file is read as Prompty")


PIECES = [
    "---\n", "+++\n", "---", "tools:\n", "- {kind: function, name: f}\n", "  parameters:\n", "inputs: [{kind: file}]\n", "user:\n",
    "# system:\n", "assistant[a=b]:\n", "# H\n", "text ", "\n", "\r", "\u2028", "\x85", "{{a}}", " ", "[", "é",
]  # fmt: skip


@given(
    st.one_of(
        st.binary(max_size=200),
        st.lists(st.sampled_from(PIECES), max_size=20).map(lambda p: "".join(p).encode()),
    )
)
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    """Whatever the bytes, there is a prompt or a reason, and every line is in the file."""
    last = data.count(b"\n") + 1
    try:
        results = parse(data)
        parts = list(prompty.parts(PATH, data, results[0], read_nothing))
        lines = [result.line for result in results] + [line for part in parts for line in part[1:3]]
    except Unreadable as error:
        lines = [max(error.line, 1)]

    assert all(1 <= line <= last for line in lines)


@pytest.mark.parametrize(
    ("tools", "message", "line"),
    [
        ("- {name: a b, kind: function}", "`tools[0]` has the name `a b`", 3),
        ("- {name: f, kind: function}\n- {name: f, kind: function}", "`tools[1]` has the name `f` again", 4),
        (
            "- name: f\n  kind: function\n  parameters: {'a?': {kind: string}}",
            "the tool `f` has the property `a?`",
            3,
        ),
    ],
)
def test_tools_that_the_api_would_refuse_are_an_error(tools: str, message: str, line: int) -> None:
    """As in any other file of tools, with the line of the tool."""
    with pytest.raises(Unreadable) as caught:
        parse(f"---\ntools:\n{tools}\n---\nHi")

    assert caught.value.message.startswith(message)
    assert caught.value.line == line
