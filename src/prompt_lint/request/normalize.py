"""A Messages request, or one of OpenAI's chat API → the request that is counted.

What `count_tokens` doesn't take is dropped where it only says how to answer, as docs/counting.md lists, and
refused where it brings tokens: those must never be missed without a word.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from prompt_lint.model.values import PLACEHOLDER_MESSAGE, REQUEST_KEYS, Request
from prompt_lint.request import extra_keys
from prompt_lint.request import tools as tooldefs
from prompt_lint.request.content_blocks import (
    MAX_REQUEST_SIZE,
    RequestContext,
    check_identifier,
    check_images,
    measure_sources,
    normalize_content,
)
from prompt_lint.request.extra_keys import REQUEST_EXAMPLE
from prompt_lint.text.json_reader import parse_json
from prompt_lint.text.location import (
    KeyPath,
    ParseError,
    ShapeError,
    describe_type,
    format_key_path,
    list_keys,
    shorten,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from prompt_lint.request.content_blocks import IncludedFiles

ANSWER_ADDED = (
    "ends with the assistant, which newer models refuse: a shortest answer of the user is counted behind it"
)
# "Handle tool calls" in Anthropic's documentation, November 2026.
RESULTS_LATE = "has something before the results of the tool calls, which the API refuses by its documentation: let the `tool_result` blocks come first"
SYSTEM_MOVED = "has a system message behind other messages: it is counted as part of the system prompt, as most models take it"

SYSTEM_ROLES = ("system", "developer")
_ROLES = ("user", "assistant", *SYSTEM_ROLES, "tool")


class NormalizedRequest(NamedTuple):
    """`remarks` are sentences on the request, each with the place in it that it is about."""

    request: Request
    remarks: list[tuple[str, KeyPath]]


class _Turn(NamedTuple):
    """One message. `from_tools`: made of OpenAI's messages of the role `tool`, so that more may join it."""

    role: str
    content: str | list[dict[str, Any]]
    key_path: KeyPath
    from_tools: bool = False


def normalize_request(given: Mapping[str, Any], beside: IncludedFiles) -> NormalizedRequest:
    """Raises `ShapeError` for what the API would refuse, as far as that can be seen; `Unreadable` by `beside`."""
    gathered = RequestContext(beside, [], [])
    extra_keys.refuse_keys(given)
    gathered.remarks.extend((told, (key,)) for key, told in extra_keys.note_request_keys(given))
    found = {key: given[key] for key in REQUEST_KEYS if given.get(key) is not None}
    found |= _normalize_output_format(given)
    if "tools" in found:
        found["tools"] = _normalize_tools(found["tools"])
    if "tool_choice" in found:
        found |= _normalize_tool_choice(found.pop("tool_choice"), found.get("tools") or [])
    told, said = _split_messages(found.pop("messages", None), gathered)
    system = [_check_system(found["system"], ("system",))] if found.get("system", "") != "" else []
    found.pop("system", None)
    if not (said or told or system or found.get("tools")):
        raise ShapeError(("messages",), "`messages` has nothing but empty system prompts", REQUEST_EXAMPLE)
    if told or system:
        found["system"] = join_system_prompts([*system, *told])
    _check_calls(said)
    gathered.remarks.extend((RESULTS_LATE, where) for where in _find_late_results(said))
    check_images(gathered)
    found["messages"] = [{"role": turn.role, "content": turn.content} for turn in said]
    found["messages"] += _make_last_messages(said, gathered)
    if (
        sum(measure_sources(turn.content) for turn in said if isinstance(turn.content, list))
        > MAX_REQUEST_SIZE
    ):
        raise ShapeError((), f"has more than {MAX_REQUEST_SIZE:,} bytes, and the API takes no larger request")
    return NormalizedRequest(
        Request({key: found[key] for key in REQUEST_KEYS if key in found}), gathered.remarks
    )


# ---------------------------------------------------------------------------------------------------------
# Beside the messages


def _normalize_output_format(given: Mapping[str, Any]) -> dict[str, Any]:
    """Structured output in its older spelling, or in OpenAI's: its schema is read by the model, so it counts."""
    config = given.get("output_config")
    if isinstance(config, dict) and config.get("format"):
        return {}
    wanted = given.get("output_format")
    openai = given.get("response_format")
    if wanted is None and isinstance(openai, dict) and openai.get("type") == "json_schema":
        inner = openai.get("json_schema")
        schema = inner.get("schema") if isinstance(inner, dict) else None
        if not isinstance(schema, dict):
            raise ShapeError(("response_format",), "`response_format` has no `json_schema` with a `schema`")
        wanted = {"type": "json_schema", "schema": schema}
    if wanted is None:
        return {}
    return {"output_config": {**(config if isinstance(config, dict) else {}), "format": wanted}}


def _normalize_tools(tools: object) -> list[dict[str, Any]]:
    if not isinstance(tools, list):
        raise ShapeError(("tools",), f"`tools` is {describe_type(tools)}, not a list", REQUEST_EXAMPLE)
    return tooldefs.normalize_tools((("tools", number), tool, "") for number, tool in enumerate(tools))


def _normalize_tool_choice(choice: object, tools: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """`tool_choice`; OpenAI's words for it say nothing where there are no tools."""
    if isinstance(choice, str) and choice in _CHOICES_OF_OPENAI:
        return {"tool_choice": {"type": _CHOICES_OF_OPENAI[choice]}} if tools else {}
    if not isinstance(choice, dict) or choice.get("type") not in _CHOICE_TYPES:
        message = "`tool_choice` is not one of the types auto, any, tool and none"
        raise ShapeError(("tool_choice",), message, 'as in {"type": "tool", "name": "find"}')
    if choice["type"] not in {"tool", "function"}:
        return {"tool_choice": choice}
    name = tooldefs.get_tool_name(choice)
    if name not in [tool.get("name") for tool in tools]:
        raise ShapeError(
            ("tool_choice",), f"`tool_choice` names `{shorten(name)}`, which isn't one of `tools`"
        )
    return {"tool_choice": choice if choice["type"] == "tool" else {"type": "tool", "name": name}}


# Tuples: what is looked for in them may be a list, which no set takes.
_CHOICE_TYPES = ("auto", "any", "none", "tool", "function")
_CHOICES_OF_OPENAI = {"auto": "auto", "required": "any", "none": "none"}


def _check_system(value: object, where: KeyPath) -> str | list[dict[str, Any]]:
    """A system prompt: text, or blocks of text."""
    blocks = [value] if isinstance(value, str) else value
    if not isinstance(blocks, list) or not blocks:
        message = (
            f"`{format_key_path(where)}` is {describe_type(value)}, not a text or a list of content blocks"
        )
        raise ShapeError(where, message, REQUEST_EXAMPLE)
    for number, block in enumerate(blocks):
        at = where if isinstance(value, str) else (*where, number)
        text = block if isinstance(value, str) else block.get("text") if isinstance(block, dict) else None
        if not isinstance(value, str) and not (isinstance(block, dict) and block.get("type") == "text"):
            raise ShapeError(
                at, f"`{format_key_path(at)}` is not a block of text, all that a system prompt may hold"
            )
        if not isinstance(text, str) or not text.strip():
            raise ShapeError(at, f"`{format_key_path(at)}` is blank, and the API refuses a blank text")
    return value  # type: ignore[return-value]


def join_system_prompts(contents: list[Any]) -> object:
    """Several system prompts as one: texts with a blank line between them, else their blocks in a row."""
    if all(isinstance(one, str) for one in contents):
        return "\n\n".join(contents)
    blocks: list[Any] = []
    for one in contents:
        blocks += [{"type": "text", "text": one}] if isinstance(one, str) else one
    return blocks


# ---------------------------------------------------------------------------------------------------------
# The messages


def _split_messages(messages: object, gathered: RequestContext) -> tuple[list[Any], list[_Turn]]:
    """The system prompts among the messages, and the turns of the conversation."""
    if messages is None:
        return [], []
    if not isinstance(messages, list):
        raise ShapeError(
            ("messages",), f"`messages` is {describe_type(messages)}, not a list", REQUEST_EXAMPLE
        )
    if not messages:
        raise ShapeError(
            ("messages",), "`messages` is empty: at least one message is required", REQUEST_EXAMPLE
        )
    told: list[Any] = []
    said: list[_Turn] = []
    for number, message in enumerate(messages):
        where: KeyPath = ("messages", number)
        role = _check_role(message, where)
        gathered.remarks.extend(
            (remark, (*where, key)) for key, remark in extra_keys.note_message_keys(message, role)
        )
        if role in SYSTEM_ROLES:
            if said:
                gathered.remarks.append((SYSTEM_MOVED, where))
            if message.get("content", "") != "":
                told.append(_check_system(message["content"], (*where, "content")))
        elif role == "tool":
            _add_result(said, _normalize_result(message, where, gathered), where)
        else:
            said.append(_Turn(role, _normalize_content(message, where, role, gathered), where))
    return told, said


def _check_role(message: object, where: KeyPath) -> str:
    if not isinstance(message, dict):
        raise ShapeError(
            where, f"`{format_key_path(where)}` is {describe_type(message)}, not an object", REQUEST_EXAMPLE
        )
    if "role" not in message:
        raise ShapeError(where, f"`{format_key_path(where)}` has no `role`", REQUEST_EXAMPLE)
    role = message["role"]
    if role == "function" or message.get("function_call"):
        hint = "say it as `tool_calls`, and the answer as a message of the role `tool`"
        raise ShapeError(where, f"`{format_key_path(where)}` is a function call in OpenAI's older form", hint)
    if role not in _ROLES:
        told = f"has the role `{shorten(role)}`; known are {', '.join(_ROLES)}"
        raise ShapeError(where, f"`{format_key_path(where)}` {told}", REQUEST_EXAMPLE)
    return str(role)


def _normalize_content(
    message: Mapping[str, Any], where: KeyPath, role: str, gathered: RequestContext
) -> str | list[dict[str, Any]]:
    """The content of a turn, with OpenAI's tool calls as blocks."""
    calls = message.get("tool_calls")
    given = message.get("content")
    if given is None and isinstance(message.get("refusal"), str):
        given = message["refusal"]
    if given is None and not calls:
        raise ShapeError(where, f"`{format_key_path(where)}` has no `content`", REQUEST_EXAMPLE)
    if not calls:
        return normalize_content(given, (*where, "content"), role, gathered)
    if role != "assistant" or not isinstance(calls, list):
        raise ShapeError(
            where, f"`{format_key_path(where)}` has `tool_calls` that aren't a list of the assistant's"
        )
    blocks: list[dict[str, Any]] = []
    if isinstance(given, list) and given:
        blocks += normalize_content(given, (*where, "content"), role, gathered)  # type: ignore[arg-type]
    elif isinstance(given, str) and given.strip():
        blocks.append({"type": "text", "text": given})
    return blocks + [
        _normalize_call(call, (*where, "tool_calls", number)) for number, call in enumerate(calls)
    ]


def _normalize_call(call: object, where: KeyPath) -> dict[str, Any]:
    function = call.get("function") if isinstance(call, dict) else None
    if (
        not isinstance(call, dict)
        or not isinstance(function, dict)
        or not isinstance(function.get("name"), str)
    ):
        raise ShapeError(where, f"`{format_key_path(where)}` isn't the call of a function with a name")
    arguments = function.get("arguments", "{}")
    at = (*where, "function", "arguments")
    if isinstance(arguments, str):
        try:
            arguments = parse_json(arguments or "{}")
        except ParseError as error:
            raise ShapeError(at, f"`{format_key_path(at)}` {error.message}") from None
    if not isinstance(arguments, dict):
        raise ShapeError(at, f"`{format_key_path(at)}` is {describe_type(arguments)}, not an object")
    ident = check_identifier(call.get("id"), (*where, "id"))
    return {"type": "tool_use", "id": ident, "name": function["name"], "input": arguments}


def _normalize_result(message: Mapping[str, Any], where: KeyPath, gathered: RequestContext) -> dict[str, Any]:
    block: dict[str, Any] = {
        "type": "tool_result",
        "tool_use_id": check_identifier(message.get("tool_call_id"), (*where, "tool_call_id")),
    }
    if message.get("content") in (None, []):
        return block
    return {**block, "content": normalize_content(message["content"], (*where, "content"), "tool", gathered)}


def _add_result(said: list[_Turn], block: dict[str, Any], where: KeyPath) -> None:
    """The results of calls that were made together are one message, as the API documents them."""
    if said and said[-1].from_tools and isinstance(said[-1].content, list):
        said[-1].content.append(block)
    else:
        said.append(_Turn("user", [block], where, from_tools=True))


# ---------------------------------------------------------------------------------------------------------
# Tool calls and their results


def _check_calls(said: Iterable[_Turn]) -> None:
    """Each call is answered in the next turn, and each answer has its call in the turn before. Raises `ShapeError`."""
    open_: dict[str, KeyPath] = {}
    seen: set[str] = set()
    for role, blocks in _merge_turns(said):
        if role == "assistant":
            for block, where in blocks:
                if block.get("type") == "tool_use":
                    if block["id"] in seen:
                        raise ShapeError(
                            where, f"`{format_key_path(where)}` has the id `{shorten(block['id'])}` again"
                        )
                    seen.add(block["id"])
                    open_[block["id"]] = where
            continue
        answers = {
            block["tool_use_id"]: where for block, where in blocks if block.get("type") == "tool_result"
        }
        for ident, where in answers.items():
            if ident not in open_:
                told = f"answers the tool call `{shorten(ident)}`, which the turn before doesn't make"
                raise ShapeError(where, f"`{format_key_path(where)}` {told}")
        for ident, where in open_.items():
            if ident not in answers:
                told = f"makes the tool call `{shorten(ident)}`, which the next turn doesn't answer"
                raise ShapeError(where, f"`{format_key_path(where)}` {told}")
        open_ = {}


def _find_late_results(said: Iterable[_Turn]) -> Iterator[KeyPath]:
    """Results of tool calls that other blocks of their turn stand before: the first of each turn."""
    for _, blocks in _merge_turns(said):
        kinds = [block.get("type") for block, _ in blocks]
        first = next((at for at, one in enumerate(kinds) if one != "tool_result"), len(kinds))
        if "tool_result" in kinds[first:]:
            yield blocks[kinds.index("tool_result", first)][1]


def _merge_turns(said: Iterable[_Turn]) -> Iterator[tuple[str, list[tuple[dict[str, Any], KeyPath]]]]:
    """The blocks of consecutive messages of one role together, as the API takes them, with their messages' places."""
    role, blocks = "", list[tuple[dict[str, Any], KeyPath]]()
    for turn in said:
        if turn.role != role and role:
            yield role, blocks
            blocks = []
        role = turn.role
        content: list[dict[str, Any]] = turn.content if isinstance(turn.content, list) else [{"type": "text"}]
        blocks += [(block, turn.key_path) for block in content]
    if role:
        yield role, blocks


def _make_last_messages(said: Sequence[_Turn], gathered: RequestContext) -> list[dict[str, Any]]:
    """What the user says last, where the file leaves that open: newer models refuse to go on with an assistant's text."""
    if not said:
        return [dict(PLACEHOLDER_MESSAGE)]
    if said[-1].role != "assistant":
        return []
    gathered.remarks.append((ANSWER_ADDED, said[-1].key_path))
    *_, (_, blocks) = _merge_turns(said)
    calls = [block["id"] for block, _ in blocks if block.get("type") == "tool_use"]
    if not calls:
        return [dict(PLACEHOLDER_MESSAGE)]
    answer = PLACEHOLDER_MESSAGE["content"]
    results = [{"type": "tool_result", "tool_use_id": ident, "content": answer} for ident in calls]
    return [{"role": "user", "content": results}]


def describe_data(data: object) -> str:
    """What a file holds that isn't a request, for the message that says so."""
    if isinstance(data, dict):
        return f"its keys are {list_keys(data)}"
    first = data[0] if isinstance(data, list) and data else None
    if isinstance(first, dict):
        return f"it is a list, and the keys of its first entry are {list_keys(first)}"
    return f"it is {describe_type(data)}" + (
        f" of which the first is {describe_type(first)}" if isinstance(data, list) and data else ""
    )
