"""Prompts of GitHub Models: a request under other names, and what only looks like one."""

from __future__ import annotations

from typing import Any

import pytest
from tests.support import make
from tests.support.files import read_nothing

from prompt_lint.formats import FORMATS, prompt_yml
from prompt_lint.formats.recognition import recognise
from prompt_lint.model.errors import Unreadable
from prompt_lint.model.values import PLACEHOLDER_MESSAGE, Note, Prompt
from prompt_lint.request.from_roles import STRUCTURED_OUTPUT
from prompt_lint.text.template_markers import PLACEHOLDERS_NOTE

PATH = "prompts/a.prompt.yml"
GREETING = """\
name: Greeting
description: Says hello.
model: openai/gpt-4o
modelParameters:
  temperature: 0.5
messages:
  - role: system
    content: |
      Be kind.
  - role: user
    content: 'Greet {{name}}.'
testData:
  - name: Ann
evaluators:
  - name: kind
    string: {contains: kind}
"""


def parse(data: str | bytes) -> list[Any]:
    raw = data if isinstance(data, bytes) else data.encode()
    return list(prompt_yml.parse(PATH, raw, make.rule(), read_nothing))


def fields(data: str) -> dict[str, Any]:
    request = parse(data)[0].request
    assert request is not None
    return dict(request.fields)


def refused(data: str) -> tuple[str, int]:
    with pytest.raises(Unreadable) as caught:
        parse(data)
    return caught.value.message, caught.value.line


def test_messages_are_the_request() -> None:
    """Model, parameters, test data and evaluators aren't sent, so they aren't counted."""
    assert fields(GREETING) == {
        "system": "Be kind.\n",
        "messages": [{"role": "user", "content": "Greet {{name}}."}],
    }


def test_system_messages_are_joined_and_an_answer_is_followed_by_a_user() -> None:
    """All system messages are one system prompt; no conversation may end with the assistant."""
    data = "messages:\n- {role: system, content: A}\n- {role: assistant, content: B}\n- {role: system, content: C}\n"

    assert fields(data) == {
        "system": "A\n\nC",
        "messages": [{"role": "assistant", "content": "B"}, PLACEHOLDER_MESSAGE],
    }


def test_parts_have_the_lines_of_their_messages() -> None:
    """Each message stands where it begins and ends in the file, the last of them, too."""
    parts = prompt_yml.parts(PATH, GREETING.encode(), Prompt(PATH, "", 1, None), read_nothing)

    assert [(part.title, part.first_line, part.last_line) for part in parts] == [
        ("system", 7, 9),
        ("messages[0] user", 10, 11),
    ]


def test_placeholders_are_reported_with_the_line_of_their_message() -> None:
    """Nothing is filled in, so that is said."""
    assert parse(GREETING)[1:] == [Note(PLACEHOLDERS_NOTE, PATH, 10, "placeholders")]


@pytest.mark.parametrize("key", ["jsonSchema: '{}'", "responseFormat: json_schema"])
def test_a_schema_for_the_answer_is_reported_and_not_counted(key: str) -> None:
    """What the API makes of a schema can't be known offline; the text of the prompt can be counted all the same."""
    results = parse(f"messages:\n- {{role: user, content: A}}\n{key}\n")

    assert results[0].request.fields == {"messages": [{"role": "user", "content": "A"}]}
    assert results[1:] == [Note(STRUCTURED_OUTPUT, PATH, 3, "content")]


@pytest.mark.parametrize(
    ("data", "message", "line"),
    [
        ("messages: []", "`messages` is not a list with a message in it", 1),
        ("name: x\nmessages: hi", "`messages` is not a list with a message in it", 2),
        ("messages:\n- content: x", "`messages[0]` has no `role`", 2),
        ("messages:\n- x", "`messages[0]` has no `role`", 2),
        ("messages:\n- {role: tool, content: x}", "`messages[0]` has the role `tool`; known are system, user, assistant", 2),
        ("messages:\n- {role: user, content: x}\n- role: user", "`messages[1].content` is not a text", 3),
        ("messages:\n- {role: user, content: [x]}", "`messages[0].content` is not a text", 2),
        ("messages:\n- {role: user, content: ' '}", "`messages[0].content` is blank, and the API refuses a blank text", 2),
        ("name: x", "has no `messages`, so it isn't a prompt of GitHub Models", 1),
        ("- x", "has no `messages`, so it isn't a prompt of GitHub Models", 1),
        ("", "has no `messages`, so it isn't a prompt of GitHub Models", 1),
        ("messages: &a []", "is not usable YAML: anchors (`&name`) aren't supported; write the value out where it is needed (column 11)", 1),
    ],
)  # fmt: skip
def test_what_is_no_list_of_messages_is_reported(data: str, message: str, line: int) -> None:
    """A mistake is a problem with its line, never a small number."""
    assert refused(data) == (message, line)


def test_other_keys_with_text_are_reported() -> None:
    """What the tool doesn't send isn't counted; a word, or what says something about the file, is no text."""
    data = "messages:\n- {role: user, content: A}\ninstructions: Be very kind.\n'a b': [Be kind.]\nlevel: high\ntitle: A b\n"

    assert parse(data)[1:] == [
        Note("`instructions` isn't a part of a prompt of GitHub Models: not counted", PATH, 3, "content"),
        Note("`a b` isn't a part of a prompt of GitHub Models: not counted", PATH, 4, "content"),
    ]


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        ("name: getIntent\ntemplate: |\n  Hi\ntemplate_format: handlebars\n", "a Semantic Kernel prompt"),
        ("template: x\nexecution_settings: {}\n", "a Semantic Kernel prompt"),
        ("_type: prompt\ninput_variables: [a]\ntemplate: x\n", "a LangChain prompt"),
        ("input_variables: [a]\ntemplate: x\n", "a LangChain prompt"),
        ("prompts: [x]\nproviders: [y]\n", "a promptfoo configuration"),
    ],
)
@pytest.mark.parametrize("path", ["a.prompt.yaml", "a_prompt.yml"])
def test_files_of_other_tools_are_named(data: str, kind: str, path: str) -> None:
    """Other tools use such names, too: what the file looks like is said, and how it can be counted all the same."""
    recognised = recognise(path, data.encode(), make.rule())

    with pytest.raises(Unreadable) as caught:
        list(prompt_yml.parse(path, data.encode(), make.rule(), read_nothing))

    assert recognised.name == "prompt-yml"
    assert caught.value.message == f"looks like {kind}, which isn't read"
    assert "format: text" in caught.value.hint


@pytest.mark.parametrize(
    "data",
    [
        "'system': Be kind.\n\"messages\":\n- {role: user, content: x}\n",
        "{system: Be kind., messages: [{role: user, content: x}]}",
        '\ufeffmessages: [{"role": "user", "content": "x"}]\nsystem : Be kind.\n',
        "? system\n: Be kind.\n? messages\n: [{role: user, content: x}]\n",
        ' {"system": "Be kind.",\n "messages": [{"role": "user", "content": "x"}]}',
    ],
)
def test_a_messages_request_is_one_however_its_keys_are_written(data: str) -> None:
    """As a prompt of GitHub Models it would lose its system prompt."""
    raw = data.encode()
    name = recognise(PATH, raw, make.rule()).name
    [prompt] = FORMATS[name].parse(PATH, raw, make.rule(), read_nothing)

    assert isinstance(prompt, Prompt)
    assert prompt.request
    assert prompt.request.fields == {"system": "Be kind.", "messages": [{"role": "user", "content": "x"}]}


@pytest.mark.parametrize(
    ("path", "data", "name"),
    [
        ("a.prompt.yml", GREETING, "prompt-yml"),
        ("a.prompt.yaml", "messages: []", "prompt-yml"),
        ("a.prompt.yml", "x: 1", "prompt-yml"),
        ("examples/a_prompt.yml", GREETING, "prompt-yml"),
        ("a_prompt.yml", "messages:\n- {role: user, content: x}\n", "request"),
        ("a.prompt.yml", "system: x\nmessages: []\n", "request"),
        ("a.prompt.yml", "messages: []\ntools: []\n", "request"),
        ("a_prompt.yml", "x: 1", "request"),
        ("a.yml", GREETING, "request"),
        ("prompt.yml", GREETING, "request"),
        ("a.Prompt.YML", GREETING, "request"),
        ("a.prompt.yml", "messages: &a []\nsystem: x", "prompt-yml"),
        ("a_prompt.yml", "messages: &a []\nmodel: x", "request"),
    ],
)
def test_name_and_content_decide(path: str, data: str, name: str) -> None:
    """The documented name is enough; the one of the tool's own examples wants its keys; a Messages request stays one."""
    assert recognise(path, data.encode(), make.rule()).name == name
