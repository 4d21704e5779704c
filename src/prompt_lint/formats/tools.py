"""`tools`: a file of tool definitions, spelled as the Messages API, MCP's `tools/list` or OpenAI's API spells them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from prompt_lint.formats.data_files import Item, add_line, make_notes, make_parts
from prompt_lint.model.errors import Unreadable
from prompt_lint.model.values import PLACEHOLDER_MESSAGE, REQUEST_KEYS, Prompt, Request
from prompt_lint.request import cache_control
from prompt_lint.request.extra_keys import note_request_keys, refuse_keys
from prompt_lint.request.flatten import is_client_tool, render_tool
from prompt_lint.request.normalize import describe_data
from prompt_lint.request.tools import (
    NO_DESCRIPTION,
    SCHEMA_KEYS,
    are_named_parameters,
    get_tool_name,
    lacks_only_schema,
    looks_like_tool,
    normalize_tools,
)
from prompt_lint.text.decode import decode
from prompt_lint.text.document import TEXT_HINT, parse_document
from prompt_lint.text.location import ShapeError
from prompt_lint.text.plural import pluralize

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from prompt_lint.model.rules import Rule
    from prompt_lint.model.values import Note, Part, Problem, ReadFile
    from prompt_lint.text.location import KeyPath

# No file without one of these needs to be parsed to see that it defines no tools.
_SIGN = re.compile(rb"input_schema|inputSchema|parameters|function|description|\\u|[\"']?type[\"']?[ \t]*:")
_EXAMPLE = 'a file of tools looks like {"tools": [{"name": "…", "input_schema": {…}}]}'


class _Definition(NamedTuple):
    """A tool definition, its key path in the file, the one that messages name, and its key, where that is its name."""

    key_path: KeyPath
    shown_key_path: KeyPath
    tool: Any
    key: str = ""


def recognise(path: str, data: bytes) -> str | None:
    """By its content: tool definitions, and nothing that makes it a request."""
    if not _SIGN.search(data):
        return None
    try:
        definitions = _find_definitions(parse_document(path, data).data)
    except Unreadable:
        return None  # reported by `request`, which takes every such name
    if not definitions:
        return None
    return f"it holds {pluralize(len(definitions), 'tool definition')} and no messages"


def parse(path: str, data: bytes, rule: Rule, read: ReadFile) -> Iterator[Prompt | Problem | Note]:
    """Yield one prompt: all the tools, beside the shortest message. Raises `Unreadable`, with the line."""
    if not decode(data).strip():
        raise Unreadable("is empty, so it has no tools", TEXT_HINT, 1)
    document = parse_document(path, data)
    definitions = _find_definitions(document.data)
    if not definitions:
        message = f"has no tool definitions: {describe_data(document.data)}"
        raise Unreadable(message, _EXAMPLE, 1)
    try:
        tools = _normalize(definitions)
        remarks = _check_surroundings(document.data, definitions[0].key_path[:-1])
    except ShapeError as error:
        raise add_line(error, document) from None
    yield Prompt(path, "", 1, Request({"tools": tools, "messages": [dict(PLACEHOLDER_MESSAGE)]}))
    remarks += [
        (NO_DESCRIPTION, definition.key_path)
        for definition, tool in zip(definitions, tools, strict=True)
        if is_client_tool(tool) and not tool.get("description")
    ]
    yield from make_notes(path, document, remarks)


def parts(path: str, data: bytes, prompt: Prompt, read: ReadFile) -> list[Part]:
    """Return each tool by its name, as the model reads it."""
    document = parse_document(path, data)
    definitions = _find_definitions(document.data)
    try:
        tools = _normalize(definitions)
    except ShapeError as error:  # the file has changed since it was parsed
        raise add_line(error, document) from None
    items = [
        Item(definition.key_path, get_tool_name(tool) or str(tool.get("type")), render_tool(tool))
        for definition, tool in zip(definitions, tools, strict=True)
    ]
    return make_parts(document, items)


def _normalize(definitions: Sequence[_Definition]) -> list[dict[str, Any]]:
    """Return the tools as the API takes them. Raises `ShapeError`, with the key path in the file."""
    try:
        cache_control.check_tools((each.shown_key_path, each.tool) for each in definitions)
        return normalize_tools((each.shown_key_path, each.tool, each.key) for each in definitions)
    except ShapeError as error:
        shown = error.key_path
        definition = next(
            each for each in definitions if each.shown_key_path == shown[: len(each.shown_key_path)]
        )
        rest = shown[len(definition.shown_key_path) :]
        raise error.moved_to((*definition.key_path, *rest)) from None


def _check_surroundings(data: Any, tools: KeyPath) -> list[tuple[str, KeyPath]]:
    """Return messages about the keys beside the tools, with their key paths. Raises `ShapeError` for one that is refused."""
    remarks: list[tuple[str, KeyPath]] = []
    for depth, step in enumerate(tools):
        others = {key: data[key] for key in data if key != step}
        try:
            refuse_keys(others)
        except ShapeError as error:
            raise error.moved_to((*tools[:depth], *error.key_path)) from None
        remarks += [(message, (*tools[:depth], key)) for key, message in note_request_keys(others)]
        data = data[step]
    return remarks


def _find_definitions(data: Any) -> list[_Definition]:
    """Return the tool definitions of a file that holds nothing else; none of any other file."""
    if isinstance(data, list):
        return _read_list(data, ())
    if not isinstance(data, dict):
        return []
    if any(data.get(key) is not None for key in REQUEST_KEYS if key != "tools"):
        return []
    if isinstance(data.get("result"), dict) and "tools" in data["result"] and "tools" not in data:
        return _read_list(data["result"]["tools"], ("result", "tools"))  # an answer of MCP, as it came
    return _read_list(data["tools"], ("tools",)) if "tools" in data else _read_mapping(data, ())


def _read_list(tools: Any, key_path: KeyPath) -> list[_Definition]:
    if isinstance(tools, dict):
        return _read_mapping(tools, key_path)
    if not isinstance(tools, list) or not tools:
        return []
    if not any(map(looks_like_tool, tools)) and not all(map(lacks_only_schema, tools)):
        return []
    if not key_path and any(isinstance(tool, dict) and "role" in tool for tool in tools):
        return []  # messages
    return [_Definition((*key_path, number), ("tools", number), tool) for number, tool in enumerate(tools)]


def _read_mapping(tools: dict[str, Any], key_path: KeyPath) -> list[_Definition]:
    """Return the tools of an object whose keys are their names."""
    if not tools or not all(_is_keyed(tool) for tool in tools.values()):
        return []
    return [_Definition((*key_path, key), ("tools", key), tool, key) for key, tool in tools.items()]


def _is_keyed(tool: object) -> bool:
    """Whether a value may be a tool that is named by its key."""
    if looks_like_tool(tool):
        return True
    if not isinstance(tool, dict) or not isinstance(tool.get("description"), str) or "role" in tool:
        return False
    return any(isinstance(tool.get(key), dict) or are_named_parameters(tool.get(key)) for key in SCHEMA_KEYS)
