"""A Messages request, or one of OpenAI's chat API → the request that is counted.

What `count_tokens` doesn't take is dropped where it only says how to answer, as docs/counting.md lists, and
refused where it brings tokens: they must not be missed silently.
"""

from __future__ import annotations

from itertools import dropwhile, groupby, islice
from typing import TYPE_CHECKING, Any, NamedTuple

from prompt_lint.model.values import PLACEHOLDER_MESSAGE, REQUEST_KEYS, Request
from prompt_lint.request import cache_control, extra_keys
from prompt_lint.request.content_blocks import (
    MAX_REQUEST_SIZE,
    RequestContext,
    check_call_name,
    check_identifier,
    check_images,
    measure_sources,
    normalize_content,
)
from prompt_lint.request.extra_keys import REQUEST_EXAMPLE
from prompt_lint.request.flatten import join_contents
from prompt_lint.request.tools import get_tool_name, normalize_tools
from prompt_lint.text.json_reader import parse_json
from prompt_lint.text.location import KeyPath, ParseError, ShapeError, describe_type, list_keys, shorten
from prompt_lint.text.template_markers import FILE_ADDRESS_NOTE, is_file_address

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from prompt_lint.request.included_files import IncludedFiles

ANSWER_ADDED = (
    "ends with an assistant message, which newer models reject; counted with a one-token user reply"
)
# "Handle tool calls" in Anthropic's documentation, November 2026.
RESULTS_LATE = "has something before the results of the tool calls, which the API refuses by its documentation: let the `tool_result` blocks come first"
SYSTEM_BETWEEN = "has a system message after other messages: Opus 4.8 and newer models read it there; for older ones it is part of the system prompt"

SYSTEM_ROLES = ("system", "developer")
_ROLES = ("user", "assistant", *SYSTEM_ROLES, "tool")

# A block, and the key path of its message.
_PlacedBlock = tuple[dict[str, Any], KeyPath]


class _Turn(NamedTuple):
    """One message. `is_from_tools`: made of OpenAI's messages of the role `tool`, so that more of them may join it."""

    role: str
    content: str | list[dict[str, Any]]
    key_path: KeyPath
    is_from_tools: bool = False


def normalize_request(
    raw: Mapping[str, Any], included_files: IncludedFiles
) -> tuple[Request, list[tuple[str, KeyPath]]]:
    """Return the request that is counted, and messages about it, each with its key path. `raw` are fields in any spelling.

    Raises `ShapeError` where the API would refuse the request, as far as that can be seen, `Unreadable` where the files that it
    includes are too large.
    """
    context = RequestContext(included_files, [], [])
    extra_keys.refuse_keys(raw)
    context.remarks.extend((message, (key,)) for key, message in extra_keys.note_request_keys(raw))
    fields = {key: raw[key] for key in REQUEST_KEYS if raw.get(key) is not None}
    fields |= _normalize_output_format(raw)
    if "tools" in fields:
        fields["tools"] = _normalize_tools(fields["tools"])
    if "tool_choice" in fields:
        fields |= _normalize_tool_choice(fields.pop("tool_choice"), fields.get("tools") or [])
    if raw.get("parallel_tool_calls") is False and fields.get("tools"):
        choice = fields.get("tool_choice") or {"type": "auto"}
        fields["tool_choice"] = choice | (
            {"disable_parallel_tool_use": True} if choice["type"] != "none" else {}
        )
    _check_thinking(fields.get("thinking"))
    system_messages, turns = _split_messages(fields.pop("messages", None), context)
    system = fields.pop("system", "")
    prompts = [*([] if system == "" else [_check_system(system, ("system",))]), *system_messages]
    if not (turns or prompts or fields.get("tools")):
        raise ShapeError.at(("messages",), "has nothing but empty system prompts", REQUEST_EXAMPLE)
    if prompts:
        fields["system"] = join_contents(prompts)
    _check_calls(turns)
    context.remarks.extend((RESULTS_LATE, key_path) for key_path in _find_late_results(turns))
    context.remarks.extend((FILE_ADDRESS_NOTE, key_path) for key_path in _find_file_addresses(raw))
    check_images(context)
    cache_control.check_request(raw)
    size = sum(measure_sources(turn.content) for turn in turns if isinstance(turn.content, list))
    if size > MAX_REQUEST_SIZE:
        raise ShapeError((), f"has more than {MAX_REQUEST_SIZE:,} bytes, and the API takes no larger request")
    messages = [{"role": turn.role, "content": turn.content} for turn in turns]
    fields["messages"] = messages + _make_last_messages(turns, context)
    return Request({key: fields[key] for key in REQUEST_KEYS if key in fields}), context.remarks


# Beside the messages


def _normalize_output_format(raw: Mapping[str, Any]) -> dict[str, Any]:
    """Return structured output from its older spelling, or OpenAI's: the model reads the schema, so it counts."""
    config = raw.get("output_config")
    if isinstance(config, dict) and config.get("format"):
        return {}
    output_format = raw.get("output_format")
    openai = raw.get("response_format")
    if output_format is None and isinstance(openai, dict) and openai.get("type") == "json_schema":
        inner = openai.get("json_schema")
        schema = inner.get("schema") if isinstance(inner, dict) else None
        if not isinstance(schema, dict):
            raise ShapeError.at(("response_format",), "has no `json_schema` with a `schema`")
        output_format = {"type": "json_schema", "schema": schema}
    if output_format is None:
        return {}
    return {"output_config": {**(config if isinstance(config, dict) else {}), "format": output_format}}


def _check_thinking(thinking: object) -> None:
    """Raise `ShapeError` for a budget that the API refuses. Source: its error messages, as issues quote them in 2026."""
    if isinstance(thinking, dict) and thinking.get("type") == "enabled":
        budget = thinking.get("budget_tokens")
        if type(budget) is not int or budget < _LEAST_THINKING_BUDGET:
            message = f"is not a whole number of at least {_LEAST_THINKING_BUDGET:,}, which the API asks for"
            raise ShapeError.at(("thinking", "budget_tokens"), message)


def _normalize_tools(tools: object) -> list[dict[str, Any]]:
    if not isinstance(tools, list):
        raise ShapeError.at(("tools",), f"is {describe_type(tools)}, not a list", REQUEST_EXAMPLE)
    return normalize_tools((("tools", number), tool, "") for number, tool in enumerate(tools))


def _normalize_tool_choice(choice: object, tools: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return `tool_choice`; without tools, OpenAI's words for it mean nothing."""
    if isinstance(choice, str) and choice in _CHOICES_OF_OPENAI:
        return {"tool_choice": {"type": _CHOICES_OF_OPENAI[choice]}} if tools else {}
    if not isinstance(choice, dict) or choice.get("type") not in _CHOICE_TYPES:
        message = "is not one of the types auto, any, tool and none"
        raise ShapeError.at(("tool_choice",), message, extra_keys.CHOICE_EXAMPLE)
    extra_keys.refuse_slips_of_choice(choice)
    if not tools and choice["type"] != "none":
        raise ShapeError.at(("tool_choice",), "is given without `tools`, which the API refuses")
    if choice["type"] not in {"tool", "function"}:
        return {"tool_choice": choice}
    name = get_tool_name(choice)
    if name not in [tool.get("name") for tool in tools]:
        raise ShapeError.at(("tool_choice",), f"names `{shorten(name)}`, which isn't one of `tools`")
    return {"tool_choice": choice if choice["type"] == "tool" else {"type": "tool", "name": name}}


_LEAST_THINKING_BUDGET = 1_024
# A tuple: what is looked for in it may be a list, which no set takes.
_CHOICE_TYPES = ("auto", "any", "none", "tool", "function")
_CHOICES_OF_OPENAI = {"auto": "auto", "required": "any", "none": "none"}


def _check_system(value: object, key_path: KeyPath) -> str | list[dict[str, Any]]:
    blocks = [{"type": "text", "text": value}] if isinstance(value, str) else value
    if not isinstance(blocks, list) or not blocks:
        message = f"is {describe_type(value)}, not a text or a list of content blocks"
        raise ShapeError.at(key_path, message, REQUEST_EXAMPLE)
    for number, block in enumerate(blocks):
        block_path = key_path if isinstance(value, str) else (*key_path, number)
        if not (isinstance(block, dict) and block.get("type") == "text"):
            raise ShapeError.at(block_path, "is not a block of text, all that a system prompt may hold")
        text = block.get("text")
        if not isinstance(text, str) or not text.strip():
            raise ShapeError.at(block_path, "is blank, and the API refuses a blank text")
    return value  # type: ignore[return-value]  # each block was looked at


# The messages


def _split_messages(messages: object, context: RequestContext) -> tuple[list[Any], list[_Turn]]:
    """Return the system prompts among the messages, and the turns of the conversation."""
    if messages is None:
        return [], []
    if not isinstance(messages, list):
        raise ShapeError.at(("messages",), f"is {describe_type(messages)}, not a list", REQUEST_EXAMPLE)
    if not messages:
        raise ShapeError.at(("messages",), "is empty: at least one message is required", REQUEST_EXAMPLE)
    prompts: list[Any] = []
    turns: list[_Turn] = []
    for number, message in enumerate(messages):
        key_path: KeyPath = ("messages", number)
        role = _check_role(message, key_path)
        extra = extra_keys.note_message_keys(message, role)
        context.remarks.extend((remark, (*key_path, key)) for key, remark in extra)
        if role in SYSTEM_ROLES:
            if message.get("content", "") == "":
                continue
            content = _check_system(message["content"], (*key_path, "content"))
            if turns:
                context.remarks.append((SYSTEM_BETWEEN, key_path))
                turns.append(_Turn("system", content, key_path))
            else:
                prompts.append(content)
        elif role == "tool":
            _add_result(turns, _normalize_result(message, key_path, context), key_path)
        else:
            turns.append(_Turn(role, _normalize_content(message, key_path, role, context), key_path))
    return prompts, turns


def _check_role(message: object, key_path: KeyPath) -> str:
    if not isinstance(message, dict):
        raise ShapeError.at(key_path, f"is {describe_type(message)}, not an object", REQUEST_EXAMPLE)
    if "role" not in message:
        raise ShapeError.at(key_path, "has no `role`", REQUEST_EXAMPLE)
    role = message["role"]
    if role == "function" or message.get("function_call"):
        hint = "say it as `tool_calls`, and the answer as a message of the role `tool`"
        raise ShapeError.at(key_path, "is a function call in OpenAI's older form", hint)
    if role not in _ROLES:
        known = ", ".join(_ROLES)
        raise ShapeError.at(key_path, f"has the role `{shorten(role)}`; known are {known}", REQUEST_EXAMPLE)
    return str(role)


def _normalize_content(
    message: Mapping[str, Any], key_path: KeyPath, role: str, context: RequestContext
) -> str | list[dict[str, Any]]:
    """Return the content of a turn, with OpenAI's tool calls as blocks."""
    calls = message.get("tool_calls")
    content = message.get("content")
    if content is None and isinstance(message.get("refusal"), str):
        content = message["refusal"]
    if content is None and not calls:
        raise ShapeError.at(key_path, "has no `content`", REQUEST_EXAMPLE)
    if not calls:
        return normalize_content(content, (*key_path, "content"), role, context)
    if role != "assistant" or not isinstance(calls, list):
        raise ShapeError.at(key_path, "has `tool_calls` that aren't a list of the assistant's")
    blocks: list[dict[str, Any]] = []
    if isinstance(content, list) and content:
        blocks += normalize_content(content, (*key_path, "content"), role, context)  # type: ignore[arg-type]  # it stays a list
    elif isinstance(content, str) and content.strip():
        blocks.append({"type": "text", "text": content})
    return blocks + [
        _normalize_call(call, (*key_path, "tool_calls", number)) for number, call in enumerate(calls)
    ]


def _normalize_call(call: object, key_path: KeyPath) -> dict[str, Any]:
    function = call.get("function") if isinstance(call, dict) else None
    if not isinstance(call, dict) or not isinstance(function, dict):
        raise ShapeError.at(key_path, "isn't the call of a function")
    name = check_call_name(function.get("name"), (*key_path, "function"))
    arguments = function.get("arguments", "{}")
    arguments_path = (*key_path, "function", "arguments")
    if isinstance(arguments, str):
        try:
            arguments = parse_json(arguments or "{}")
        except ParseError as error:
            raise ShapeError.at(arguments_path, error.message) from None
    if not isinstance(arguments, dict):
        raise ShapeError.at(arguments_path, f"is {describe_type(arguments)}, not an object")
    identifier = check_identifier(call.get("id"), (*key_path, "id"))
    return {"type": "tool_use", "id": identifier, "name": name, "input": arguments}


def _normalize_result(
    message: Mapping[str, Any], key_path: KeyPath, context: RequestContext
) -> dict[str, Any]:
    identifier = check_identifier(message.get("tool_call_id"), (*key_path, "tool_call_id"))
    block: dict[str, Any] = {"type": "tool_result", "tool_use_id": identifier}
    if message.get("content") not in (None, []):
        block["content"] = normalize_content(message["content"], (*key_path, "content"), "tool", context)
    return block


def _add_result(turns: list[_Turn], block: dict[str, Any], key_path: KeyPath) -> None:
    """Add a tool's result. Those of calls that were made together are one message, as the API documents them."""
    if turns and turns[-1].is_from_tools and isinstance(turns[-1].content, list):
        turns[-1].content.append(block)
    else:
        turns.append(_Turn("user", [block], key_path, is_from_tools=True))


# Tool calls and their results


def _check_calls(turns: Iterable[_Turn]) -> None:
    """Check that the next turn answers each call, and the turn before makes the call of each answer."""
    unanswered: dict[str, KeyPath] = {}
    seen: set[str] = set()
    for role, blocks in _merge_turns(turn for turn in turns if turn.role != "system"):
        if role == "assistant":
            for identifier, key_path in _find_identifiers(blocks, "tool_use", "id"):
                if identifier in seen:
                    raise ShapeError.at(key_path, f"has the id `{shorten(identifier)}` again")
                seen.add(identifier)
                unanswered[identifier] = key_path
            continue
        answers = dict(_find_identifiers(blocks, "tool_result", "tool_use_id"))
        for identifier, key_path in answers.items():
            if identifier not in unanswered:
                message = f"answers the tool call `{shorten(identifier)}`, which the turn before doesn't make"
                raise ShapeError.at(key_path, message)
        for identifier, key_path in unanswered.items():
            if identifier not in answers:
                message = f"makes the tool call `{shorten(identifier)}`, which the next turn doesn't answer"
                raise ShapeError.at(key_path, message)
        unanswered = {}


def _find_identifiers(blocks: Iterable[_PlacedBlock], block_type: str, key: str) -> list[tuple[str, KeyPath]]:
    return [(block[key], key_path) for block, key_path in blocks if block.get("type") == block_type]


def _find_late_results(turns: Iterable[_Turn]) -> Iterator[KeyPath]:
    """Yield for each turn the first tool's result that comes after another block."""
    for _, blocks in _merge_turns(turns):
        others = dropwhile(lambda placed: placed[0].get("type") == "tool_result", blocks)
        late = (key_path for block, key_path in others if block.get("type") == "tool_result")
        yield from islice(late, 1)


def _merge_turns(turns: Iterable[_Turn]) -> Iterator[tuple[str, list[_PlacedBlock]]]:
    """Yield the blocks of consecutive messages of one role together, as the API takes them."""
    for role, group in groupby(turns, lambda turn: turn.role):
        yield (
            role,
            [
                (block, turn.key_path)
                for turn in group
                for block in (turn.content if isinstance(turn.content, list) else [{"type": "text"}])
            ],
        )


def _find_file_addresses(raw: Mapping[str, Any]) -> Iterator[KeyPath]:
    """Yield the key path of each text that is nothing but the address of a file."""
    messages = raw["messages"] if isinstance(raw.get("messages"), list) else []
    contents: list[tuple[KeyPath, object]] = [(("system",), raw.get("system"))]
    contents += [(("messages", n, "content"), message.get("content")) for n, message in enumerate(messages)]
    for key_path, content in contents:
        if isinstance(content, str):
            texts: list[tuple[KeyPath, object]] = [(key_path, content)]
        else:
            blocks = content if isinstance(content, list) else []
            texts = [((*key_path, n), block.get("text")) for n, block in enumerate(blocks)]
        yield from (text_path for text_path, text in texts if isinstance(text, str) and is_file_address(text))


def _make_last_messages(turns: Sequence[_Turn], context: RequestContext) -> list[dict[str, Any]]:
    """Return what the user says after the assistant: newer models refuse a request that ends with the assistant."""
    if not turns:
        return [dict(PLACEHOLDER_MESSAGE)]
    spoken = [turn for turn in turns if turn.role != "system"]
    if spoken[-1].role != "assistant":
        return []
    context.remarks.append((ANSWER_ADDED, spoken[-1].key_path))
    *_, (_, blocks) = _merge_turns(spoken)
    calls = _find_identifiers(blocks, "tool_use", "id")
    if not calls:
        return [dict(PLACEHOLDER_MESSAGE)]
    answer = PLACEHOLDER_MESSAGE["content"]
    results = [
        {"type": "tool_result", "tool_use_id": identifier, "content": answer} for identifier, _ in calls
    ]
    return [{"role": "user", "content": results}]


def describe_data(data: object) -> str:
    """Describe what a file holds that isn't a request, for the message that says so."""
    if isinstance(data, dict):
        return f"its keys are {list_keys(data)}" if data else "it has no keys"
    first = data[0] if isinstance(data, list) and data else None
    if isinstance(first, dict):
        return f"it is a list, and the keys of its first entry are {list_keys(first)}"
    entries = f" of which the first is {describe_type(first)}" if isinstance(data, list) and data else ""
    return f"it is {describe_type(data)}{entries}"
