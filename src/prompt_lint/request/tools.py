"""Tool definitions in any spelling → as the Messages API takes them.

Sources: the API reference of Messages, the Model Context Protocol (`tools/list`) and OpenAI's API reference, 2026.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from prompt_lint.text.location import KeyPath, ShapeError, describe_type, format_key_path, shorten

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

NO_DESCRIPTION = "has a tool without a description: the model has only the name to go by"

# What the arguments are called: by Anthropic, MCP and OpenAI.
SCHEMA_KEYS = ("input_schema", "inputSchema", "parameters")
_NAME = r"[a-zA-Z0-9_-]{1,128}"
_REFUSED_SCHEMA_KEYS = ("oneOf", "allOf", "anyOf")
_OTHER_KEYS = frozenset(
    {
        "name",
        "description",
        "title",
        "annotations",
        "outputSchema",
        "icons",
        "_meta",
        "strict",
        "cache_control",
    }
)
_HINT = 'a tool looks like {"name": "find", "description": "…", "input_schema": {"type": "object", …}}'


def is_client_tool(tool: Mapping[str, Any]) -> bool:
    """Whether a tool (as the API takes it) is described by the request, not defined by the server."""
    return tool.get("type") in (None, "custom")


def looks_like_tool(tool: object) -> bool:
    """Whether a value is a tool definition, rather than something else with a name."""
    if not isinstance(tool, dict):
        return False
    inner = tool.get("function")
    if isinstance(inner, dict):
        return isinstance(inner.get("name"), str)
    has_schema = any(isinstance(tool.get(key), dict) for key in SCHEMA_KEYS)
    of_type = isinstance(tool.get("type"), str) and tool["type"] not in ("object", "text")
    return isinstance(tool.get("name"), str) and (has_schema or of_type) and "role" not in tool


def lacks_only_schema(tool: object) -> bool:
    """Whether a value is a tool definition but for its schema: a name, a description, and nothing that others have."""
    return (
        isinstance(tool, dict)
        and isinstance(tool.get("name"), str)
        and isinstance(tool.get("description"), str)
        and tool.keys() <= _OTHER_KEYS
    )


def are_named_parameters(parameters: object) -> bool:
    """Whether parameters are a list of properties that say their own names."""
    if not isinstance(parameters, list):
        return False
    names = [one.get("name") if isinstance(one, dict) else None for one in parameters]
    return all(isinstance(name, str) for name in names) and len(set(names)) == len(names)


def _build_schema(parameters: list[dict[str, Any]]) -> dict[str, Any]:
    """The JSON Schema of such a list. `required: true` of a property is said by the object around it."""
    marked = [one["name"] for one in parameters if one.get("required") is True]
    left_out = [
        {"name", "required"} if isinstance(one.get("required"), bool) else {"name"} for one in parameters
    ]
    properties = {
        one["name"]: {key: value for key, value in one.items() if key not in without}
        for one, without in zip(parameters, left_out, strict=True)
    }
    return {"type": "object", "properties": properties, **({"required": marked} if marked else {})}


def normalize_tools(tools: Iterable[tuple[KeyPath, object, str]]) -> list[dict[str, Any]]:
    """Tools, each with its place and the name that is its key (empty where it has its own). Raises `ShapeError`."""
    found: list[dict[str, Any]] = []
    names: set[str] = set()
    for where, given, key in tools:
        tool = _normalize_tool(given, where, key)
        name = tool.get("name")
        if isinstance(name, str):
            if name in names:
                raise ShapeError(
                    where,
                    f"`{format_key_path(where)}` has the name `{shorten(name)}` again: names must be unique",
                    _HINT,
                )
            names.add(name)
        found.append(tool)
    return found


def get_tool_name(tool: object, key: str = "") -> str:
    """The name of a tool in any spelling; empty where it has none."""
    if not isinstance(tool, dict):
        return key
    inner = tool.get("function")
    name = (inner if isinstance(inner, dict) else tool).get("name", key)
    return name if isinstance(name, str) else key


def _normalize_tool(given: object, where: KeyPath, key: str) -> dict[str, Any]:
    if not isinstance(given, dict):
        raise ShapeError(where, f"`{format_key_path(where)}` is {describe_type(given)}, not an object", _HINT)
    if given.get("type") not in (None, "custom", "function"):
        if not isinstance(given["type"], str):
            raise ShapeError(
                where,
                f"`{format_key_path(where)}` has a `type` that is {describe_type(given['type'])}, not a text",
                _HINT,
            )
        return given  # defined by the server, under that type
    inner = given.get("function")
    tool = inner if isinstance(inner, dict) else given
    name = _check_name(tool.get("name", key or None), where)
    about = tool.get("description")
    if about is not None and not isinstance(about, str):
        raise ShapeError(
            where,
            f"`{format_key_path(where)}` has a `description` that is {describe_type(about)}, not a text",
            _HINT,
        )
    if tool is given and "input_schema" in tool and given.get("type") != "function":
        _check_schema(tool["input_schema"], (*where, "input_schema"))
        return given if not key or "name" in given else {"name": key, **given}
    schema = _normalize_schema(
        tool, where, keyed=bool(key), function=given.get("type") == "function" or tool is not given
    )
    told = {} if about is None else {"description": about}
    return {"name": name, **told, "input_schema": schema}


def _check_name(name: object, where: KeyPath) -> str:
    if not isinstance(name, str) or not name:
        raise ShapeError(where, f"`{format_key_path(where)}` has no `name`", _HINT)
    if not re.fullmatch(_NAME, name):
        message = f"`{format_key_path(where)}` has the name `{shorten(name)}`; the API takes letters, digits, `_` and `-`, at most 128"
        raise ShapeError(where, message, _HINT)
    return name


def _normalize_schema(
    tool: Mapping[str, Any], where: KeyPath, *, keyed: bool, function: bool
) -> dict[str, Any]:
    """The arguments of a tool that isn't spelled as the API spells it."""
    spelling = next((key for key in SCHEMA_KEYS if tool.get(key) is not None), None)
    if spelling is None:
        if function:  # OpenAI: left out where there are no arguments
            return {"type": "object", "properties": {}}
        raise ShapeError(where, f"`{format_key_path(where)}` has no `input_schema`", _HINT)
    schema = tool[spelling]
    if keyed and are_named_parameters(schema):
        schema = _build_schema(schema)
    if isinstance(schema, dict) and "type" not in schema:
        bare = keyed and "properties" not in schema and all(isinstance(one, dict) for one in schema.values())
        schema = (
            {"type": "object", "properties": schema} if bare or not schema else {"type": "object", **schema}
        )
    _check_schema(schema, (*where, spelling))
    return dict(schema)


def _check_schema(schema: object, where: KeyPath) -> None:
    if not isinstance(schema, dict):
        raise ShapeError(
            where, f"`{format_key_path(where)}` is {describe_type(schema)}, not a JSON Schema", _HINT
        )
    if schema.get("type") != "object":
        raise ShapeError(where, f'`{format_key_path(where)}` needs `"type": "object"` at its top', _HINT)
    if wrong := next((key for key in _REFUSED_SCHEMA_KEYS if key in schema), None):
        raise ShapeError(
            where, f"`{format_key_path(where)}` has `{wrong}` at its top, which the API refuses", _HINT
        )
