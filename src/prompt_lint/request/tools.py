"""Tool definitions in any spelling → as the Messages API takes them.

Sources: the API reference of Messages, the Model Context Protocol (`tools/list`) and OpenAI's API reference, 2026.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from prompt_lint.text.location import KeyPath, ShapeError, describe_type, list_keys, shorten

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

NO_DESCRIPTION = "has a tool without a description: the model has only the name to go by"

# The key of the arguments' schema: Anthropic's, MCP's and OpenAI's.
SCHEMA_KEYS = ("input_schema", "inputSchema", "parameters")
_NAME = r"[a-zA-Z0-9_-]{1,128}"
# Of the properties at the top of `input_schema`; those deeper down may have any name. Source: the API's error
# ("Property keys should match pattern"), as issues quote it from 2025 to September 2026.
_PROPERTY_NAME = r"[a-zA-Z0-9_.-]{1,64}"
_REFUSED_SCHEMA_KEYS = ("oneOf", "allOf", "anyOf")
_OTHER_KEYS = frozenset({
    "name", "description", "title", "annotations", "outputSchema", "icons", "_meta", "strict", "cache_control",
})  # fmt: skip
_HINT = 'a tool looks like {"name": "find", "description": "…", "input_schema": {"type": "object", …}}'


def looks_like_tool(tool: object) -> bool:
    """Return whether a value is a tool definition, rather than something else with a name."""
    if not isinstance(tool, dict):
        return False
    inner = tool.get("function")
    if isinstance(inner, dict):
        return isinstance(inner.get("name"), str)
    has_schema = any(isinstance(tool.get(key), dict) for key in SCHEMA_KEYS)
    has_type = isinstance(tool.get("type"), str) and tool["type"] not in ("object", "text")
    return isinstance(tool.get("name"), str) and (has_schema or has_type) and "role" not in tool


def lacks_only_schema(tool: object) -> bool:
    """Return whether a value has a name and a description as a tool has, and no key that a tool hasn't."""
    return (
        isinstance(tool, dict)
        and isinstance(tool.get("name"), str)
        and isinstance(tool.get("description"), str)
        and not tool.keys() - _OTHER_KEYS
    )


def are_named_parameters(parameters: object) -> bool:
    """Return whether parameters are a list of properties, each with a name of its own."""
    if not isinstance(parameters, list):
        return False
    names = [parameter.get("name") if isinstance(parameter, dict) else None for parameter in parameters]
    return all(isinstance(name, str) for name in names) and len(set(names)) == len(names)


def _build_schema(parameters: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the JSON Schema of named parameters. In a schema, `required` is a key of the object, not of the property."""
    required = [parameter["name"] for parameter in parameters if parameter.get("required") is True]
    properties = {
        parameter["name"]: {
            key: value
            for key, value in parameter.items()
            if key != "name" and not (key == "required" and isinstance(value, bool))
        }
        for parameter in parameters
    }
    return {"type": "object", "properties": properties, **({"required": required} if required else {})}


def normalize_tools(tools: Iterable[tuple[KeyPath, object, str]]) -> list[dict[str, Any]]:
    """Return tools as the API takes them. Raises `ShapeError`.

    Each comes with its key path, and the key that is its name, or "" where it has a name of its own.
    """
    placed = [(key_path, _normalize_tool(definition, key_path, key)) for key_path, definition, key in tools]
    _check_uniqueness(placed)
    return [tool for _, tool in placed]


def check_names(tools: Sequence[tuple[KeyPath, Mapping[str, Any]]]) -> None:
    """Raise `ShapeError` where the API would refuse the names of tools, or of their arguments."""
    for key_path, tool in tools:
        name = _check_name(tool.get("name"), key_path)
        _check_properties(tool["input_schema"].get("properties"), (*key_path, "input_schema"), name)
    _check_uniqueness(tools)


def _check_uniqueness(tools: Iterable[tuple[KeyPath, Mapping[str, Any]]]) -> None:
    names: set[str] = set()
    for key_path, tool in tools:
        name = tool.get("name")
        if isinstance(name, str):
            if name in names:
                raise ShapeError.at(
                    key_path, f"has the name `{shorten(name)}` again: names must be unique", _HINT
                )
            names.add(name)


def get_tool_name(tool: object) -> str:
    """Return the name of a tool in any spelling, "" where it has none."""
    if not isinstance(tool, dict):
        return ""
    inner = tool.get("function")
    name = (inner if isinstance(inner, dict) else tool).get("name")
    return name if isinstance(name, str) else ""


def _normalize_tool(definition: object, key_path: KeyPath, key: str) -> dict[str, Any]:
    if not isinstance(definition, dict):
        raise ShapeError.at(key_path, f"is {describe_type(definition)}, not an object", _HINT)
    tool_type = definition.get("type")
    if tool_type not in (None, "custom", "function"):
        if not isinstance(tool_type, str):
            raise ShapeError.at(
                key_path, f"has a `type` that is {describe_type(tool_type)}, not a text", _HINT
            )
        if not tool_type:
            raise ShapeError.at(key_path, "has an empty `type`", _HINT)
        if "name" in definition:
            _check_name(definition["name"], key_path)
        return definition  # defined by the server, under that type
    inner = definition.get("function")
    tool = inner if isinstance(inner, dict) else definition
    name = _check_name(tool.get("name", key or None), key_path)
    description = tool.get("description")
    if description is not None and not isinstance(description, str):
        message = f"has a `description` that is {describe_type(description)}, not a text"
        raise ShapeError.at(key_path, message, _HINT)
    if tool is definition and "input_schema" in tool and tool_type != "function":
        _check_schema(tool["input_schema"], (*key_path, "input_schema"), name)
        return definition if "name" in definition else {"name": name, **definition}
    is_function = tool_type == "function" or tool is not definition
    schema = _normalize_schema(tool, key_path, name, has_key=bool(key), is_function=is_function)
    described = {} if description is None else {"description": description}
    return {"name": name, **described, "input_schema": schema}


def _check_name(name: object, key_path: KeyPath) -> str:
    if not isinstance(name, str) or not name:
        raise ShapeError.at(key_path, "has no `name`", _HINT)
    if not re.fullmatch(_NAME, name):
        message = f"has the name `{shorten(name)}`; the API takes letters, digits, `_` and `-`, at most 128"
        raise ShapeError.at(key_path, message, _HINT)
    return name


def _normalize_schema(
    tool: Mapping[str, Any], key_path: KeyPath, name: str, *, has_key: bool, is_function: bool
) -> dict[str, Any]:
    """Return the arguments' schema of a tool that isn't spelled as the API spells it. `has_key`: its key is its name."""
    spelling = next((key for key in SCHEMA_KEYS if tool.get(key) is not None), None)
    if spelling is None:
        if is_function:  # OpenAI: left out where there are no arguments
            return {"type": "object", "properties": {}}
        raise ShapeError.at(key_path, "has no `input_schema`", _HINT)
    schema = tool[spelling]
    if has_key and are_named_parameters(schema):
        schema = _build_schema(schema)
    if isinstance(schema, dict):
        are_properties = (
            has_key
            and "properties" not in schema
            and all(isinstance(value, dict) for value in schema.values())
        )
        if are_properties or not schema:  # one of them may be called `type`
            schema = {"properties": schema}
        if "type" not in schema:
            schema = {"type": "object", **schema}
    _check_schema(schema, (*key_path, spelling), name)
    return dict(schema)


def _check_schema(schema: object, key_path: KeyPath, tool_name: str) -> None:
    if not isinstance(schema, dict):
        raise ShapeError.at(key_path, f"is {describe_type(schema)}, not a JSON Schema", _HINT)
    if schema.get("type") != "object":
        raise ShapeError.at(key_path, 'needs `"type": "object"` at its top', _HINT)
    if wrong := next((key for key in _REFUSED_SCHEMA_KEYS if key in schema), None):
        raise ShapeError.at(key_path, f"has `{wrong}` at its top, which the API refuses", _HINT)
    properties = schema.get("properties")
    if properties is not None and not isinstance(properties, dict):
        raise ShapeError.at(
            (*key_path, "properties"), f"is {describe_type(properties)}, not an object", _HINT
        )
    _check_properties(properties, key_path, tool_name)


def _check_properties(properties: object, key_path: KeyPath, tool_name: str) -> None:
    """Check the names of a tool's arguments. Raises `ShapeError` at the first that the API refuses."""
    names = properties if isinstance(properties, dict) else ()
    refused = [name for name in names if not re.fullmatch(_PROPERTY_NAME, str(name))]
    if refused:
        noun = "property" if len(refused) == 1 else "properties"
        listed = list_keys(str(name) or '""' for name in refused)
        message = f"the tool `{shorten(tool_name)}` has the {noun} {listed}"
        hint = (
            "the API takes letters, digits, `_`, `.` and `-`, at most 64, in the names of a tool's properties"
        )
        raise ShapeError((*key_path, "properties", refused[0]), message, hint)
