"""`tools`: a file of tool definitions, spelled as the Messages API, MCP's `tools/list` or OpenAI's API spells them."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

from prompt_lint.model.errors import Unreadable
from prompt_lint.model.values import PLACEHOLDER_MESSAGE, REQUEST_KEYS, Note, Part, Prompt, Request
from prompt_lint.request import extra_keys
from prompt_lint.request.normalize import describe_data
from prompt_lint.request.tools import (
    NO_DESCRIPTION,
    SCHEMA_KEYS,
    are_named_parameters,
    get_tool_name,
    is_client_tool,
    lacks_only_schema,
    looks_like_tool,
    normalize_tools,
    render_tool,
)
from prompt_lint.text.decode import decode
from prompt_lint.text.document import TEXT_HINT, parse_document
from prompt_lint.text.location import ShapeError
from prompt_lint.text.plural import pluralize

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from prompt_lint.model.values import Problem, ReadFile, Rule
    from prompt_lint.text.document import Document
    from prompt_lint.text.location import KeyPath


# No file without one of these needs to be parsed to see that it defines no tools.
_SIGN = rb"input_schema|inputSchema|parameters|function|description|\\u|[\"']?type[\"']?[ \t]*:"


class _Defined(NamedTuple):
    """One definition: its place in the file, how messages spell that, and its key, where it has one for a name."""

    place: KeyPath
    where: KeyPath
    tool: Any
    key: str


def recognise(path: str, data: bytes) -> str | None:
    """By its content: tool definitions, and nothing that makes it a request."""
    if not re.search(_SIGN, data):
        return None
    try:
        found = _find(parse_document(path, data).data)
    except Unreadable:
        return None  # told by `request`, which takes every such name
    if not found:
        return None
    return f"it holds {pluralize(len(found), 'tool definition')} and no messages"


def parse(path: str, data: bytes, rule: Rule, read: ReadFile) -> Iterator[Prompt | Problem | Note]:
    """One prompt: all the tools, beside the shortest message. Raises `Unreadable`, with the line."""
    if not decode(data).strip():
        raise Unreadable("is empty, so it holds no tools", TEXT_HINT, 1)
    source = parse_document(path, data)
    found = _find(source.data)
    if not found:
        told = f"holds no tool definitions: {describe_data(source.data)}"
        raise Unreadable(
            told, 'a file of tools looks like {"tools": [{"name": "…", "input_schema": {…}}]}', 1
        )
    try:
        tools = normalize_tools((one.where, one.tool, one.key) for one in found)
    except ShapeError as fault:
        raise Unreadable(
            fault.message, fault.hint, source.find_line(_placed(found, fault.key_path))
        ) from None
    try:
        remarks = _beside(source, found[0].place[:-1])
    except ShapeError as fault:
        raise Unreadable(fault.message, fault.hint, source.find_line(fault.key_path)) from None
    yield Prompt(path, "", 1, Request({"tools": tools, "messages": [dict(PLACEHOLDER_MESSAGE)]}))
    bare = [
        one.place
        for one, tool in zip(found, tools, strict=True)
        if is_client_tool(tool) and not tool.get("description")
    ]
    remarks += [(NO_DESCRIPTION, place) for place in bare]
    lines = source.find_lines([place for _, place in remarks]) if remarks else []
    yield from (Note(message, path, line) for (message, _), line in zip(remarks, lines, strict=True))


def parts(path: str, data: bytes, prompt: Prompt, read: ReadFile) -> Iterable[Part]:
    """Each tool by its name, as the model reads it."""
    source = parse_document(path, data)
    found = _find(source.data)
    try:
        tools = normalize_tools((one.where, one.tool, one.key) for one in found)
    except ShapeError as fault:  # swapped since it was parsed
        raise Unreadable(fault.message, fault.hint) from None
    lines = source.find_lines([one.place for one in found])
    begins = sorted({*lines, source.text.count("\n") + 2})
    following = dict(pairwise(begins))
    return [
        Part(
            get_tool_name(tool) or str(tool.get("type")),
            line,
            max(line, following[line] - 1),
            render_tool(tool),
        )
        for tool, line in zip(tools, lines, strict=True)
    ]


def _beside(source: Document, tools: KeyPath) -> list[tuple[str, KeyPath]]:
    """What is to be said of the keys beside the `tools` at that place. Raises `ShapeError` for one that is refused."""
    told: list[tuple[str, KeyPath]] = []
    fields = source.data
    for depth, step in enumerate(tools):
        others = {key: fields[key] for key in fields if key != step}
        try:
            extra_keys.refuse_keys(others)
        except ShapeError as fault:
            raise ShapeError((*tools[:depth], *fault.key_path), fault.message, fault.hint) from None
        told += [(message, (*tools[:depth], key)) for key, message in extra_keys.note_request_keys(others)]
        fields = fields[step]
    return told


def _placed(found: Iterable[_Defined], where: KeyPath) -> KeyPath:
    """The place in the file that a message spells `where`."""
    one = next(one for one in found if one.where == where[: len(one.where)])
    return (*one.place, *where[len(one.where) :])


def _find(data: Any) -> list[_Defined]:
    """The definitions of a file that holds nothing else; none of any other file."""
    if isinstance(data, list):
        return _listed(data, ())
    if not isinstance(data, dict):
        return []
    if any(data.get(key) is not None for key in REQUEST_KEYS if key != "tools"):
        return []
    if isinstance(data.get("result"), dict) and "tools" in data["result"] and "tools" not in data:
        return _listed(data["result"]["tools"], ("result", "tools"))  # an answer of MCP, as it came
    return _listed(data["tools"], ("tools",)) if "tools" in data else _keyed(data, ())


def _listed(tools: Any, place: KeyPath) -> list[_Defined]:
    if isinstance(tools, dict):
        return _keyed(tools, place)
    if not isinstance(tools, list) or not tools:
        return []
    if not any(map(looks_like_tool, tools)) and not all(map(lacks_only_schema, tools)):
        return []
    if not place and any(isinstance(tool, dict) and "role" in tool for tool in tools):
        return []  # messages
    return [_Defined((*place, number), ("tools", number), tool, "") for number, tool in enumerate(tools)]


def _keyed(tools: dict[str, Any], place: KeyPath) -> list[_Defined]:
    """An object whose keys are the names of its tools."""
    if not tools or not all(_is_keyed(tool) for tool in tools.values()):
        return []
    return [_Defined((*place, key), ("tools", key), tool, key) for key, tool in tools.items()]


def _is_keyed(tool: object) -> bool:
    if looks_like_tool(tool):
        return True
    about = isinstance(tool, dict) and isinstance(tool.get("description"), str) and "role" not in tool
    if not about or not isinstance(tool, dict):
        return False
    return any(isinstance(tool.get(key), dict) or are_named_parameters(tool.get(key)) for key in SCHEMA_KEYS)
