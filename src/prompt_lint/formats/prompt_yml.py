"""`prompt-yml`: the prompts of GitHub Models, YAML with a list of messages (documentation and source of gh-models, 2026)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from prompt_lint.model.errors import Unreadable
from prompt_lint.model.values import Prompt
from prompt_lint.request import from_roles
from prompt_lint.text.decode import decode
from prompt_lint.text.location import ParseError
from prompt_lint.text.yaml_head import YamlHead

if TYPE_CHECKING:
    from collections.abc import Iterable

    from prompt_lint.model.values import Note, Part, ReadFile, Rule

# `.prompt.yml` is what the documentation asks for; the tool's own examples are called `…_prompt.yml`.

_ROLES = ("system", "user", "assistant")
_TEXT_HINT = "if the file is sent as it stands, say `format: text` in its rule"
_EXAMPLE = "a message looks like {role: user, content: …}"

_KEYS = rb"(?m)^([A-Za-z_]\w*)[ \t]*:"
_OURS = frozenset(
    {
        "name",
        "description",
        "model",
        "modelParameters",
        "responseFormat",
        "jsonSchema",
        "testData",
        "evaluators",
    }
)
_REQUEST = frozenset({"system", "tools", "tool_choice", "thinking", "max_tokens"})

# What else ends in `.prompt.yaml` or `_prompt.yml`, by keys of which all are there.
_LOOKALIKES = (
    ("a Semantic Kernel prompt", {"template", "template_format"}),
    ("a Semantic Kernel prompt", {"template", "execution_settings"}),
    ("a LangChain prompt", {"_type"}),
    ("a LangChain prompt", {"template", "input_variables"}),
    ("a promptfoo configuration", {"prompts", "providers"}),
    ("a promptfoo configuration", {"prompts", "tests"}),
)  # fmt: skip


def recognise(path: str, data: bytes) -> str | None:
    """By its name and its keys at the top: a Messages request, or a file of another tool, may have such a name."""
    keys = {key.decode() for key in re.compile(_KEYS).findall(data)}
    if keys & _REQUEST and "messages" in keys:
        return None
    if "messages" in keys and (keys & _OURS or path.endswith((".prompt.yml", ".prompt.yaml"))):
        return "YAML of that name with `messages` is read as a prompt of GitHub Models"
    if kind := _lookalike(keys):
        return f"the name is that of a prompt of GitHub Models, but it looks like {kind}"
    if path.endswith((".prompt.yml", ".prompt.yaml")):
        return "the name is that of a prompt of GitHub Models"
    return None


def parse(path: str, data: bytes, rule: Rule, read: ReadFile) -> Iterable[Prompt | Note]:
    """One prompt. Raises `Unreadable`, with the line, for what isn't a list of messages of text."""
    head = _load(decode(data))
    found = _turns(head)
    yield Prompt(path, "", 1, from_roles.build_request(found))
    schema = "jsonSchema" if head.get_value("jsonSchema") else "responseFormat"
    asks = head.get_value("responseFormat") == "json_schema" or schema == "jsonSchema"
    yield from from_roles.make_notes(
        path, found, [(from_roles.STRUCTURED_OUTPUT, head.find_line(schema))] if asks else []
    )


def parts(path: str, data: bytes, prompt: Prompt, read: ReadFile) -> Iterable[Part]:
    """The messages, with their lines."""
    return from_roles.split_parts(_turns(_load(decode(data))))


def _load(text: str) -> YamlHead:
    from prompt_lint.text import yaml_reader  # noqa: PLC0415  # YAML is dear, and only these files need it

    last = max(1, text.count("\n") + (not text.endswith("\n")))
    try:
        document = yaml_reader.parse_yaml(text, yaml_reader.PROMPT_LIMITS)
    except ParseError as error:
        line = min(error.line, last)  # YAML knows more ends of lines than there are
        raise Unreadable(f"is not usable YAML: {error.message}", _TEXT_HINT, line) from None
    if not isinstance(document.data, dict) or document.data.get("messages") is None:
        kind = _lookalike(document.data) if isinstance(document.data, dict) else ""
        seems = (
            f"looks like {kind}, which isn't read"
            if kind
            else "has no `messages`, so it isn't a prompt of GitHub Models"
        )
        raise Unreadable(seems, _TEXT_HINT, 1)
    return YamlHead(document, 1, last)


def _turns(head: YamlHead) -> list[from_roles.Turn]:
    messages = head.get_value("messages")
    if not isinstance(messages, list) or not messages:
        raise Unreadable(
            "`messages` is not a list with a message in it", _EXAMPLE, head.find_line("messages")
        )
    return [
        from_roles.Turn(_role(one, number, line), (from_roles.Piece(_text(one, number, line), line, last),))
        for number, one, line, last in head.list_entries("messages")
    ]


def _role(message: Any, number: str | int, line: int) -> str:
    if not isinstance(message, dict) or not isinstance(message.get("role"), str):
        raise Unreadable(f"`messages[{number}]` has no `role`", _EXAMPLE, line)
    role: str = message["role"]
    if role not in _ROLES:
        told = f"`messages[{number}]` has the role `{role[:60]}`; known are {', '.join(_ROLES)}"
        raise Unreadable(told, "mend the role", line)
    return role


def _text(message: dict[str, Any], number: str | int, line: int) -> str:
    content = message.get("content")
    if not isinstance(content, str):
        raise Unreadable(f"`messages[{number}].content` is not a text", _EXAMPLE, line)
    if not content.strip():
        raise Unreadable(
            f"`messages[{number}].content` is blank, and the API refuses a blank text", _EXAMPLE, line
        )
    return content


def _lookalike(keys: Iterable[str]) -> str:
    """What another tool's file is, in words; empty for none that is known."""
    there = set(keys)
    return next((kind for kind, signs in _LOOKALIKES if signs <= there), "")
