"""`prompty`: Markdown with frontmatter and lines that name roles (specification of Prompty, draft of 2026, and its v1)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from prompt_lint.model.errors import Unreadable
from prompt_lint.model.values import Prompt
from prompt_lint.request import from_roles as turns
from prompt_lint.text.decode import decode
from prompt_lint.text.yaml_head import YamlHead, parse_head

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from prompt_lint.model.values import Note, Part, ReadFile, Role, Rule


# Expressions are compiled where they are used: few runs meet such a file.
_OPENS = r"\s*(?:---|\+\+\+)[ \t]*\n"
_CLOSES = r"(?m)^(?:---|\+\+\+)[ \t]*$"
# As the specification has it, but so that no line can be matched in two ways.
_MARKER = r"(?i)[ \t]*(?:#[ \t]*)?(system|user|assistant)[ \t]*(?:\[[^\]]*\][ \t]*)?:[ \t]*"

_RUN_TIME = frozenset({"thread", "image", "file", "audio"})
_TYPES = {"integer": "integer", "float": "number", "boolean": "boolean", "array": "array", "object": "object"}


class _Read(NamedTuple):
    """A file, taken apart. `said` are notes and their lines."""

    turns: list[turns.Turn]
    tools: list[turns.ToolDefinition]
    said: list[tuple[str, int]]


def recognise(path: str, data: bytes) -> str | None:
    """No other kind of file has that name."""
    return "a .prompty file is read as Prompty"


def parse(path: str, data: bytes, rule: Rule, read: ReadFile) -> Iterable[Prompt | Note]:
    """One prompt. Raises `Unreadable` where the frontmatter doesn't end."""
    found = _read(decode(data), rule.role or "system")
    yield Prompt(path, "", 1, turns.build_request(found.turns, found.tools))
    yield from turns.make_notes(path, found.turns, found.said)


def parts(path: str, data: bytes, prompt: Prompt, read: ReadFile) -> Iterable[Part]:
    """The tools, and the text of each role by heading."""
    found = _read(decode(data), "system")
    return turns.split_parts(found.turns, found.tools)


def _read(text: str, first: Role) -> _Read:
    opens = re.compile(_OPENS).match(text)
    if not opens:
        return _Read(_split(text, 1, first), [], [])
    line = opens[0].count("\n") + 1
    closes = re.compile(_CLOSES).search(text, opens.end())
    if not closes:
        raise Unreadable(
            "opens its frontmatter and never closes it", "close it with a line of `---`", line - 1
        )
    yaml, body = text[opens.end() : closes.start()], text[closes.end() :]
    # White space between the closing line and the text isn't sent, either.
    text = body.lstrip()
    start = line + yaml.count("\n") + body[: len(body) - len(text)].count("\n")
    found = _split(text, start, first)
    head = parse_head(yaml, line)
    if head is None:
        return _Read(found, [], [(turns.BAD_FRONTMATTER, line)])
    tools, elsewhere = _tools(head)
    return _Read(found, tools, [*elsewhere, *_said(head)])


def _split(body: str, line: int, first: str) -> list[turns.Turn]:
    """The text between the lines that name a role; what stands before the first of them is the system prompt."""
    found: list[turns.Turn] = []
    role, start, kept = first, line, list[str]()
    marks = re.compile(_MARKER)
    for number, one in enumerate(body.split("\n"), line):
        if marker := marks.fullmatch(one):
            found += _turn(role, kept, start)
            role, start, kept = marker[1].lower(), number + 1, []
        else:
            kept.append(one)
    return found + _turn(role, kept, start)


def _turn(role: str, lines: list[str], start: int) -> list[turns.Turn]:
    """Without the line feeds around it, and no more, as the specification's examples have it."""
    text = "\n".join(lines)
    above = len(text) - len(text.lstrip("\n"))
    return [turns.Turn(role, (turns.Piece(text.strip("\n"), start + above),))] if text.strip() else []


def _said(head: YamlHead) -> Iterator[tuple[str, int]]:
    if head.get_value("outputs"):
        yield turns.STRUCTURED_OUTPUT, head.find_line("outputs")
    for key, one, line, _ in head.list_entries("inputs"):
        kind = one.get("kind") if isinstance(one, dict) else one if key == "kind" else None
        if isinstance(kind, str) and kind in _RUN_TIME:
            yield turns.AT_RUN_TIME, line
            return


def _tools(head: YamlHead) -> tuple[list[turns.ToolDefinition], list[tuple[str, int]]]:
    """The functions: of v2 below `tools`, of v1 (in OpenAI's form) below `model.parameters`. Others are for the runtime."""
    found, elsewhere = [], []
    for keys in (("tools",), ("model", "parameters", "tools")):
        value = head.get_value(*keys)
        if value and not isinstance(value, (list, dict)):  # `${file:tools.json}`: nothing is resolved here
            elsewhere.append(head.find_line(*keys))
        for key, one, line, last in head.list_entries(*keys):
            if definition := _tool(key, one):
                found.append(turns.ToolDefinition(definition, line, last))
            else:
                elsewhere.append(line)
    return found, [(turns.TOOLS_ELSEWHERE, line) for line in elsewhere[:1]]


def _tool(key: str | int, tool: Any) -> dict[str, Any] | None:
    if not isinstance(tool, dict):
        return None
    if isinstance(tool.get("function"), dict):  # v1
        function = tool["function"]
        name, schema = (
            function.get("name"),
            function.get("parameters") or {"type": "object", "properties": {}},
        )
    elif tool.get("kind") == "function":
        function, name = tool, tool.get("name", key)
        schema = _schema(tool.get("parameters"), tool.get("bindings"))
    else:
        return None
    if not isinstance(name, str) or not isinstance(schema, dict):
        return None
    told = {"description": text} if isinstance(text := function.get("description"), str) else {}
    return {"name": name, **told, "input_schema": schema}


def _schema(parameters: Any, bindings: Any) -> dict[str, Any] | None:
    """JSON Schema of a list of properties, less those that are bound: they aren't shown to the model.

    None for a reference to a file: nothing is resolved here.
    """
    bound = bindings if isinstance(bindings, dict) else {}
    if isinstance(parameters, dict) and isinstance(parameters.get("properties"), (list, dict)):
        if parameters.get("type") == "object":  # JSON Schema already
            shape = parameters["properties"]
            kept = (
                {name: shape[name] for name in shape if name not in bound} if isinstance(shape, dict) else {}
            )
            return {**parameters, "properties": kept}
        parameters = parameters["properties"]
    if isinstance(parameters, list):
        parameters = {str(one.get("name", "")): one for one in parameters if isinstance(one, dict)}
    if not isinstance(parameters or {}, dict):
        return None
    shown = {name: one for name, one in (parameters or {}).items() if name not in bound}
    schema = {"type": "object", "properties": {name: _property(one) for name, one in shown.items()}}
    required = [name for name, one in shown.items() if isinstance(one, dict) and one.get("required") is True]
    return schema | ({"required": required} if required else {})


def _property(one: Any) -> Mapping[str, Any]:
    if not isinstance(one, dict):
        return {"type": "string"}
    kind = one.get("kind")
    found: dict[str, Any] = {"type": _TYPES.get(kind, "string") if isinstance(kind, str) else "string"}
    if isinstance(one.get("description"), str):
        found["description"] = one["description"]
    if isinstance(one.get("enumValues"), list):
        found["enum"] = one["enumValues"]
    return found
