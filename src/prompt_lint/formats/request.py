"""`request`: a file in the shape of a Messages request, as JSON or YAML.

Taken are `{system, messages, tools, ...}`, a bare list of messages, and messages with the roles that
OpenAI's chat API knows (`system`, `developer`). What `count_tokens` refuses is dropped, as docs/counting.md
lists; what can't be told apart from a mistake is a problem, never a small number.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from prompt_lint.decode import decode
from prompt_lint.errors import Unreadable
from prompt_lint.model import PLACEHOLDER, REQUEST_KEYS, Part, Prompt, Request

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from prompt_lint.model import Read, Rule
    from prompt_lint.strictyaml import Document

NAME = r"(?i:\.(?:json|yaml|yml)\Z)"
INCLUDES = b""

_SUFFIXES = (".json", ".yaml", ".yml")
_SYSTEM_ROLES = ("system", "developer")
_ROLES = ("user", "assistant", *_SYSTEM_ROLES)
_TEXT_HINT = "if the file is sent as it stands, say `format: text` in its rule"
_EXAMPLE = 'a request looks like {"system": "…", "messages": [{"role": "user", "content": "…"}]}'

_Where = tuple[str | int, ...]


class _Misshapen(Exception):
    """A fault at a place inside the file, before that place is turned into a line."""

    def __init__(self, where: _Where, message: str, hint: str = _EXAMPLE) -> None:
        super().__init__(message)
        self.where = where
        self.message = message
        self.hint = hint


class _Source(NamedTuple):
    """The parsed file, and how to find a place in it again."""

    data: Any
    text: str

    def line(self, where: _Where) -> int:
        """The 1-based line of a place, 0 if unknown. Costs a second parse, so only faults ask."""
        document = _positions(self.text)
        while document is not None:
            if where in document.marks:
                return document.marks[where][0]
            if not where:
                break
            where = where[:-1]
        return 0


def recognise(path: str, data: bytes) -> str | None:  # noqa: ARG001  # the same signature for every format
    """By extension alone: a JSON or YAML file of another shape is told, never counted as text unasked."""
    suffix = next(s for s in _SUFFIXES if path.lower().endswith(s))
    return f"a {suffix} file is read as a Messages request"


def parse(path: str, data: bytes, rule: Rule, read: Read) -> Iterable[Prompt]:  # noqa: ARG001  # roles are in the file
    """One prompt. Raises `Unreadable`, with the line, for an unknown shape."""
    text = decode(data)
    if not text.strip():
        raise Unreadable("is empty, so it isn't a request", _TEXT_HINT, 1)
    source = _load(path, text)
    try:
        return [Prompt(path, "", 1, to_request(source.data))]
    except _Misshapen as fault:
        raise Unreadable(fault.message, fault.hint, source.line(fault.where)) from None


def to_request(data: object) -> Request:
    """A parsed file → the request that is counted. Raises `_Misshapen`."""
    if isinstance(data, list):
        data = {"messages": data}
    if not isinstance(data, dict):
        raise _Misshapen((), f"is {_kind(data)}, not a request", _TEXT_HINT)
    if all(data.get(key) is None for key in ("messages", "system", "tools")):
        raise _Misshapen(
            (), "has none of `messages`, `system` and `tools`, so it isn't a request", _TEXT_HINT
        )
    _refuse_near_misses(data)
    for key in _MISSED & data.keys():
        raise _Misshapen(
            (key,), f"has `{key}`, which `count_tokens` doesn't take: its tokens would be missed"
        )
    if data.get("mcp_servers"):
        raise _Misshapen(("mcp_servers",), "has `mcp_servers`, whose tools nobody can count in advance")
    fields = {key: data[key] for key in REQUEST_KEYS if data.get(key) is not None}
    _check_system(fields)
    messages = _check_messages(fields.get("messages", [])) if "messages" in fields else []
    said = [m for m in messages if m["role"] not in _SYSTEM_ROLES]
    told = [m["content"] for m in messages if m["role"] in _SYSTEM_ROLES]
    if told:
        fields["system"] = _join([fields["system"], *told] if "system" in fields else told)
    # The newer models refuse a conversation that ends with the assistant, and all refuse an empty one.
    if not said or said[-1]["role"] == "assistant":
        said = [*said, dict(PLACEHOLDER)]
    fields["messages"] = said
    return Request(fields)


def parts(path: str, data: bytes, prompt: Prompt, read: Read) -> Iterable[Part]:  # noqa: ARG001
    """The system prompt, each tool and each message, with their lines."""
    source = _load(path, decode(data))
    document = _positions(source.text)
    last = source.text.count("\n") + 1
    places = list(_places(source.data))
    lines = [document.marks.get(where, (1, 1))[0] if document else 1 for where, _, _ in places]
    ends = (
        [max(first, after - 1) for first, after in zip(lines, [*lines[1:], last + 1], strict=True)]
        if lines
        else []
    )
    return [
        Part(title, first, end, text)
        for (_, title, text), first, end in zip(places, lines, ends, strict=True)
    ]


def _places(data: Any) -> Iterator[tuple[_Where, str, str]]:
    fields = {"messages": data} if isinstance(data, list) else data
    base: _Where = () if isinstance(data, list) else ("messages",)
    found: list[tuple[_Where, str, str]] = []
    for key, value in fields.items():
        if value is None:
            continue
        if key == "system":
            found.append((("system",), "system", _flat(value)))
        elif key == "tools":
            found += [
                (("tools", n), f"tools[{n}] {_name(tool)}", _flat(tool)) for n, tool in enumerate(value)
            ]
        elif key == "messages":
            found += [
                ((*base, n), f"messages[{n}] {turn['role']}", _flat(turn["content"]))
                for n, turn in enumerate(value)
            ]
    yield from found


def _name(tool: object) -> str:
    return str(tool.get("name", "")) if isinstance(tool, dict) else ""


def _flat(content: object) -> str:
    """The text of a content, near enough for its share of the tokens."""
    if isinstance(content, str):
        return content
    if isinstance(content, list) and all(isinstance(b, dict) and b.get("type") == "text" for b in content):
        return "\n".join(str(block.get("text", "")) for block in content)
    return json.dumps(content, ensure_ascii=False)


def _load(path: str, text: str) -> _Source:
    if path.lower().endswith(".json"):
        return _Source(_load_json(text), text)
    from prompt_lint import strictyaml  # noqa: PLC0415  # YAML is dear, and only these files need it

    try:
        return _Source(strictyaml.load(text.encode(), strictyaml.PROMPT_LIMITS).data, text)
    except strictyaml.YamlError as error:
        raise Unreadable(f"is not usable YAML: {error.message}", _TEXT_HINT, error.line) from None


def _load_json(text: str) -> object:
    try:
        return json.loads(text, object_pairs_hook=_unique, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        raise Unreadable(
            f"is not JSON: {error.msg} (column {error.colno})", _TEXT_HINT, error.lineno
        ) from None
    except (ValueError, RecursionError) as error:
        message = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
        message = "a number is too long" if "int_max_str_digits" in message else message
        raise Unreadable(f"is not usable JSON: {message}", _TEXT_HINT) from None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the key {twice[:60]!r} stands twice in one object")
    return found


def _no_constant(name: str) -> object:
    raise ValueError(f"{name} is not a JSON number")


def _positions(text: str) -> Document | None:
    from prompt_lint import strictyaml  # noqa: PLC0415  # only where a place is asked for

    try:
        return strictyaml.load(text.encode(), strictyaml.PROMPT_LIMITS)
    except strictyaml.YamlError:
        return None  # JSON that isn't YAML (tabs, mostly): faults are told without a line


def _refuse_near_misses(data: Mapping[str, Any]) -> None:
    """`sytem:` dropped without a word would be a count that is too low."""
    import difflib  # noqa: PLC0415  # a few ms that a text prompt needn't pay

    for key in data.keys() - set(REQUEST_KEYS) - _DROPPED:
        near = difflib.get_close_matches(key, ("system", "messages", "tools", "tool_choice"), 1, 0.8)
        if near:
            raise _Misshapen((key,), f"has the key `{key[:60]}`: did you mean `{near[0]}`?")


def _check_system(fields: Mapping[str, Any]) -> None:
    if "system" in fields:
        _check_content(("system",), "system", fields["system"])
    tools = fields.get("tools", [])
    if not isinstance(tools, list):
        raise _Misshapen(("tools",), f"`tools` is {_kind(tools)}, not a list")
    for number, tool in enumerate(tools):
        if not isinstance(tool, dict):
            raise _Misshapen(("tools", number), f"`tools[{number}]` is {_kind(tool)}, not an object")


def _check_messages(messages: object) -> list[dict[str, Any]]:
    if not isinstance(messages, list):
        raise _Misshapen(("messages",), f"`messages` is {_kind(messages)}, not a list")
    if not messages:
        raise _Misshapen(("messages",), "`messages` is empty: at least one message is required")
    for number, turn in enumerate(messages):
        where = ("messages", number)
        if not isinstance(turn, dict):
            raise _Misshapen(where, f"`messages[{number}]` is {_kind(turn)}, not an object")
        if "role" not in turn:
            raise _Misshapen(where, f"`messages[{number}]` has no `role`")
        if turn["role"] not in _ROLES:
            role = str(turn.get("role"))[:60]
            raise _Misshapen(
                where, f"`messages[{number}]` has the role `{role}`; known are {', '.join(_ROLES)}"
            )
        if "content" not in turn:
            raise _Misshapen(where, f"`messages[{number}]` has no `content`")
        _check_content((*where, "content"), f"messages[{number}].content", turn["content"])
    return [{"role": turn["role"], "content": turn["content"]} for turn in messages]


def _check_content(where: _Where, name: str, content: object) -> None:
    """Refuses what the API would refuse, in words near its own, so that nobody needs a key to learn of it."""
    if isinstance(content, str):
        if not content.strip():
            raise _Misshapen(where, f"`{name}` is blank, and the API refuses a blank text")
        return
    if not isinstance(content, list) or not content:
        raise _Misshapen(where, f"`{name}` is {_kind(content)}, not a text or a list of content blocks")
    for number, block in enumerate(content):
        if not isinstance(block, dict) or not isinstance(block.get("type"), str):
            raise _Misshapen((*where, number), f"`{name}[{number}]` is not a content block with a `type`")
        text = block.get("text")
        if block["type"] == "text" and not (isinstance(text, str) and text.strip()):
            raise _Misshapen(
                (*where, number), f"`{name}[{number}]` has no text, and the API refuses a blank one"
            )


def _join(contents: list[Any]) -> object:
    """Several system prompts as one: texts with a blank line between them, else their blocks in a row."""
    if all(isinstance(content, str) for content in contents):
        return "\n\n".join(contents)
    blocks: list[Any] = []
    for content in contents:
        blocks += [{"type": "text", "text": content}] if isinstance(content, str) else content
    return blocks


def _kind(value: object) -> str:
    names = {dict: "an object", list: "a list", str: "a text", bool: "a truth value", type(None): "empty"}
    if isinstance(value, list) and not value:
        return "an empty list"
    return names.get(type(value), "a number")


# What other APIs call the things that we count, or that bring content of their own.
_MISSED = frozenset(
    {"functions", "instructions", "prompt", "input", "container", "contents", "system_instruction"}
)

# Parameters of the Messages API and of OpenAI's chat API that say how to answer, not what is read.
_DROPPED = frozenset({
    "model", "max_tokens", "temperature", "top_p", "top_k", "stream", "stop_sequences", "metadata", "container",
    "context_management", "service_tier", "inference_geo", "betas", "mcp_servers", "stop", "n", "seed", "user",
    "max_completion_tokens", "presence_penalty", "frequency_penalty", "logit_bias", "response_format",
    "parallel_tool_calls", "name", "description", "version",
})  # fmt: skip
