"""`prompty`: Markdown with frontmatter and lines that name roles (specification of Prompty, draft of 2026, and its v1)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from prompt_lint.formats.role_prompts import (
    RoleFormat,
    RolePrompt,
    check_turns,
    define_tool,
    split_head,
    strip_piece,
)
from prompt_lint.model.errors import Unreadable
from prompt_lint.request.from_roles import (
    AT_RUN_TIME,
    BAD_FRONTMATTER,
    STRUCTURED_OUTPUT,
    TOOLS_ELSEWHERE,
    ToolDefinition,
    Turn,
)
from prompt_lint.text.yaml_head import YamlHead, parse_head

if TYPE_CHECKING:
    from collections.abc import Iterator

    from prompt_lint.model.rules import Role
    from prompt_lint.model.values import ReadFile

_OPENING = re.compile(r"\s*(?:---|\+\+\+)[ \t]*\n")
_CLOSING = re.compile(r"^(?:---|\+\+\+)[ \t]*$", re.MULTILINE)
# As the specification has it, but so that no line can be matched in two ways.
_MARKER = re.compile(
    r"[ \t]*(?:#[ \t]*)?(system|user|assistant)[ \t]*(?:\[[^\]]*\][ \t]*)?:[ \t]*", re.IGNORECASE
)

# Where the first version has the schema of the answer, as OpenAI's API takes it, or the address of a file with it.
_ANSWER = ("model", "parameters", "response_format")
_RUN_TIME_KINDS = frozenset({"thread", "image", "file", "audio"})
_JSON_TYPES = {
    "integer": "integer", "float": "number", "number": "number", "boolean": "boolean", "array": "array",
    "object": "object",
}  # fmt: skip


def recognise(path: str, data: bytes) -> str | None:
    """By its name, which no other kind of file has."""
    return "a .prompty file is read as Prompty"


def _read_file(path: str, text: str, first_role: Role, read: ReadFile) -> RolePrompt:
    """Raises `Unreadable` where the frontmatter doesn't end."""
    opening = _OPENING.match(text)
    if not opening:
        return RolePrompt(_split_turns(text, 1, first_role))
    closing = _CLOSING.search(text, opening.end())
    if not closing:
        hint, line = "close it with a line of `---`", opening[0].count("\n")
        raise Unreadable("opens its frontmatter and never closes it", hint, line)
    split = split_head(opening, closing)
    turns = _split_turns(split.body, split.body_line, first_role)
    head = parse_head(split.head, split.head_line)
    if head is None:
        return RolePrompt(turns, (), [(BAD_FRONTMATTER, split.head_line)])
    tools, undefined_line = _read_tools(head)
    elsewhere = [(TOOLS_ELSEWHERE, undefined_line)] if undefined_line else []
    return RolePrompt(turns, tools, [*elsewhere, *_make_messages(head)])


_FORMAT = RoleFormat(_read_file, "system")
parse, parts = _FORMAT.parse, _FORMAT.parts


def _split_turns(body: str, first_line: int, first_role: str) -> list[Turn]:
    """Split a text at the lines that name a role. What is before the first of them is in `first_role`.

    A turn is without the line feeds around it, and no more, as the specification's examples have it.
    """
    starts, roles = [0], [first_role]
    lines = body.split("\n")
    for index, line in enumerate(lines):
        if match := _MARKER.fullmatch(line):
            starts.append(index + 1)
            roles.append(match[1].lower())
            check_turns(roles, first_line + index)
    ends = [*(start - 1 for start in starts[1:]), len(lines)]
    return [
        Turn(role, (strip_piece("\n".join(lines[start:end]), first_line + start, "\n"),))
        for role, start, end in zip(roles, starts, ends, strict=True)
    ]


def _make_messages(head: YamlHead) -> Iterator[tuple[str, int]]:
    answer = head.get_value(*_ANSWER)
    if head.get_value("outputs"):
        yield STRUCTURED_OUTPUT, head.find_line("outputs")
    elif isinstance(answer, str) or (isinstance(answer, dict) and answer.get("json_schema")):
        yield STRUCTURED_OUTPUT, head.find_line(*_ANSWER)
    for key, value, line, _ in head.list_entries("inputs"):
        kind = value.get("kind") if isinstance(value, dict) else value if key == "kind" else None
        if isinstance(kind, str) and kind in _RUN_TIME_KINDS:
            yield AT_RUN_TIME, line
            return


def _read_tools(head: YamlHead) -> tuple[list[ToolDefinition], int]:
    """Return the functions, and the line of the first tool that the file doesn't define; 0 for none.

    They are below `tools` in v2, and below `model.parameters` in v1, in OpenAI's form. Other tools are for the runtime.
    """
    tools, undefined_lines = [], []
    for keys in (("tools",), ("model", "parameters", "tools")):
        value = head.get_value(*keys)
        if value and not isinstance(value, (list, dict)):  # `${file:tools.json}` isn't resolved
            undefined_lines.append(head.find_line(*keys))
        for key, tool, first_line, last_line in head.list_entries(*keys):
            if definition := _read_tool(key, tool):
                tools.append(ToolDefinition(definition, first_line, last_line))
            else:
                undefined_lines.append(first_line)
    return tools, undefined_lines[0] if undefined_lines else 0


def _read_tool(key: str | int, tool: Any) -> dict[str, Any] | None:
    if not isinstance(tool, dict):
        return None
    if isinstance(tool.get("function"), dict):  # v1
        function = tool["function"]
        name = function.get("name")
        schema = function.get("parameters") or {"type": "object", "properties": {}}
    elif tool.get("kind") == "function":
        function, name = tool, tool.get("name", key)
        schema = _build_schema(tool.get("parameters"), tool.get("bindings"))
    else:
        return None
    if not isinstance(name, str) or not isinstance(schema, dict):
        return None
    return define_tool(name, function.get("description"), schema)


def _build_schema(parameters: Any, bindings: Any) -> dict[str, Any] | None:
    """Return JSON Schema for properties, without those that are bound: the model doesn't see them.

    None for a reference to a file, which isn't resolved.
    """
    bound = bindings if isinstance(bindings, dict) else {}
    surroundings: dict[str, Any] = {}
    if isinstance(parameters, dict) and isinstance(parameters.get("properties"), (list, dict)):
        properties = parameters["properties"]
        if parameters.get("type") == "object":
            if isinstance(properties, dict):  # JSON Schema already
                return {**parameters, "properties": _without(properties, bound)}
            surroundings = parameters
        parameters = properties
    if not isinstance(parameters or {}, (list, dict)):
        return None
    return {**surroundings, **_build_object(_without(_name_properties(parameters), bound))}


def _name_properties(properties: Any) -> dict[str, Any]:
    """Return properties by name. They are a mapping, or a list in which each has its `name`."""
    if isinstance(properties, list):
        return {str(each.get("name", "")): each for each in properties if isinstance(each, dict)}
    return properties if isinstance(properties, dict) else {}


def _without(properties: dict[str, Any], bound: dict[str, Any]) -> dict[str, Any]:
    return {name: each for name, each in properties.items() if name not in bound}


def _build_object(properties: dict[str, Any]) -> dict[str, Any]:
    schemas = {name: _build_property(each) for name, each in properties.items()}
    required = [
        name for name, each in properties.items() if isinstance(each, dict) and each.get("required") is True
    ]
    return {"type": "object", "properties": schemas} | ({"required": required} if required else {})


def _build_property(declaration: Any) -> dict[str, Any]:
    """Return JSON Schema for a property and what is nested in it, whose depth the reader of YAML bounds.

    Source: `_property_to_json_schema` of Prompty's executor for Anthropic, 2026.
    """
    if not isinstance(declaration, dict):
        return {"type": "string"}
    kind, description, values = (declaration.get(key) for key in ("kind", "description", "enumValues"))
    compositions = {
        key: declaration[key] for key in ("anyOf", "oneOf") if isinstance(declaration.get(key), list)
    }
    schema: dict[str, Any] = {}
    if not compositions:
        schema["type"] = _JSON_TYPES.get(kind, "string") if isinstance(kind, str) else "string"
    if isinstance(description, str):
        schema["description"] = description
    if isinstance(values, list):
        schema["enum"] = values
    if kind == "array":
        schema["items"] = _build_property(declaration.get("items"))
    if kind == "object":
        schema |= _build_object(_name_properties(declaration.get("properties")))
        schema["additionalProperties"] = False
    return schema | {key: [_build_property(each) for each in value] for key, value in compositions.items()}
