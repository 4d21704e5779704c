"""Counts a request without the API: the tokens of its texts, the frame around them, and the interval of the API's count.

docs/counting.md states the rules, docs/accuracy.md the measurements behind them.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from prompt_lint.counting.coverage import is_image, needs_api, read_covered_texts, refuse_uncovered
from prompt_lint.counting.intervals import compute_margin, find_texts_margin, rests_on_few
from prompt_lint.counting.tokenizer.engine import count_tokens
from prompt_lint.counting.transcript import merge_messages, read_result, render_argument, render_messages
from prompt_lint.model.counts import Count
from prompt_lint.model.errors import Unreadable
from prompt_lint.model.models import Model, assume_model
from prompt_lint.request.flatten import render_tool
from prompt_lint.request.for_model import adapt_request

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from prompt_lint.model.families import CallCosts
    from prompt_lint.model.values import Request

# Tokens of a text by itself, the tokenizer family, and whether the text follows a space.
TextTokens = dict[tuple[str, str, bool], int]


class Range(NamedTuple):
    """How far the API's count may be below and above, where a rule was seen too seldom, or an image has no known size."""

    below: int = 0
    above: int = 0


# What a conversation costs that the assistant begins.
_MISSING_FIRST_TURN = 12
# The blank line behind results that are the last.
_LINE_AFTER_RESULTS = 1
# Behind each tool; and what a named choice costs beside the name, which is compared with a name of one token.
_AFTER_TOOL, _FORCED_NAME, _ONE_TOKEN = 1, 2, "a"
# Structured output, beside the schema, and the models for which that is measured.
_SCHEMA_PROMPT = 81
_MEASURED_SCHEMAS = frozenset({
    "claude-haiku-4-5", "claude-sonnet-4-5", "claude-opus-4-5", "claude-sonnet-4-6", "claude-opus-4-6",
})  # fmt: skip

# What `disable_parallel_tool_use` saves, with an automatic choice and with a forced one; None where nobody has measured.
_PARALLEL_SAVINGS: dict[str, tuple[int | None, int | None]] = {
    **dict.fromkeys(("claude-haiku-4-5", "claude-sonnet-4-5", "claude-opus-4-5"), (208, 0)),
    "claude-sonnet-4": (None, 43),
    "claude-sonnet-5": (0, None),
}
# The most that it saved in any recording: 207 to 209 in those of the 4.5 models that no rule was made from (docs/accuracy.md).
_LARGEST_PARALLEL_SAVING = 209
# Models whose rendering of tools in other scripts than Latin has been seen.
_SEEN_IN_OTHER_SCRIPTS = frozenset({"claude-sonnet-4", "claude-sonnet-4-5", "claude-sonnet-4-6"})

# The models that an assumed one may count as, beside the newest family: one of each family, and of the newest the one with
# the longest hidden tool prompt. A model that isn't in the table may be of any family.
_NEWER_MODELS = ("claude-opus-4-7", "claude-sonnet-5")
_ANY_MODELS = ("claude-sonnet-4-6", *_NEWER_MODELS)
# Of a model whose hidden tool prompt nobody has measured: those of Opus 4.8, and how far the family's are apart.
_ASSUMED_TOOL_PROMPT, _TOOL_PROMPT_SPREAD = (290, 410), 68

# Claude Code's own system block, which the API doesn't charge.
_BILLING_HEADER = "x-anthropic-billing-header:"

# The fields of the last request and the tokens of its texts. All models of a request are counted in a row, so those of
# one family tokenize it once.
_last_request: tuple[object, TextTokens] = (None, {})


def count_request(model_id: str, request: Request) -> Count:
    """Return the tokens that the API's `count_tokens` would return, with the interval that contains them.

    Raises `Unreadable` for a request that the offline rules don't cover ("needs the API: …"), or that the model refuses.
    """
    global _last_request  # noqa: PLW0603  # a memo of one entry, replaced as a whole
    if _last_request[0] is not request.fields:
        _last_request = (request.fields, {})
    model = assume_model(model_id)
    fields = adapt_request(request, model_id).fields
    try:
        tokens, (below, above) = _RequestCounter(model, _last_request[1]).count_request(fields)
    except RecursionError:
        raise needs_api("it is nested too deeply to be counted here") from None
    margin = compute_margin(model, fields, tokens)
    likely = [count_request(other, request).tokens for other in _list_likely_models(model)]
    low, high = min(tokens - margin - below, *likely, tokens), max(tokens + margin + above, *likely, tokens)
    is_assumed, has_few = model.basis == "assumed", rests_on_few(model, fields)
    return Count(tokens, max(0, low), high, "offline", is_assumed, rests_on_few=has_few)


def _list_likely_models(model: Model) -> tuple[str, ...]:
    """Return the models of which an assumed one may have the tokenizer. A snapshot has that of its model."""
    if model.basis != "assumed" or model.tool_prompt_tokens:
        return ()
    return _NEWER_MODELS if model.id else _ANY_MODELS


def count_text(model_id: str, text: str) -> Count:
    """Return the tokens of a text without any frame: nearly what a section contributes to a prompt."""
    model = assume_model(model_id)
    tokens = count_tokens(text, model.tokenizer_family)
    margin = find_texts_margin(model).compute_tokens(tokens) if text else 0
    return Count(tokens, max(0, tokens - margin), tokens + margin, "offline", model.basis == "assumed")


def _find_images(fields: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield the images of all messages, including those in the results of tools."""
    for message in fields.get("messages") or []:
        for block in message["content"] if isinstance(message["content"], list) else []:
            result = block.get("content") if block.get("type") == "tool_result" else None
            yield from filter(is_image, [block, *(result if isinstance(result, list) else [])])


class _RequestCounter(NamedTuple):
    """Counts one request for one model. `text_tokens` is shared between the models."""

    model: Model
    text_tokens: TextTokens

    def count_request(self, fields: Mapping[str, Any]) -> tuple[int, Range]:
        refuse_uncovered(fields)
        tools, choice = fields.get("tools") or [], fields.get("tool_choice") or {}
        messages = fields.get("messages") or []
        family = self.model.generation.family
        costs = family.call_costs
        has_budget = (fields.get("thinking") or {}).get("type") == "enabled"
        parts = [
            (family.request_frame, Range()),
            self._count_system(fields.get("system") or "", own_line=bool(tools)),
            self._count_tools(tools),
            self._count_hidden_prompt(choice) if tools else (0, Range()),
            (self._count_forced_name(choice) if tools else 0, Range()),
            (self._count_schema((fields.get("output_config") or {}).get("format")), Range()),
            (self.model.generation.thinking_tokens if has_budget else 0, Range()),
            (self._count_turns(messages, costs) if costs else self._count_transcript(messages), Range()),
            *(self._count_image(image) for image in _find_images(fields)),
        ]
        below, above = (sum(sides) for sides in zip(*(doubt for _, doubt in parts), strict=True))
        return sum(tokens for tokens, _ in parts), Range(below, above)

    def _count_text(self, text: str, *, after_space: bool = True) -> int:
        key = (text, self.model.tokenizer_family, after_space)
        tokens = self.text_tokens.get(key)
        if tokens is None:
            tokens = self.text_tokens[key] = count_tokens(
                text, self.model.tokenizer_family, after_space=after_space
            )
        return tokens

    def _count_system(self, system: Any, *, own_line: bool) -> tuple[int, Range]:
        texts = read_covered_texts(system, "the system prompt")
        headers = [text for text in texts if text.startswith(_BILLING_HEADER) and not isinstance(system, str)]
        text = "".join(text for text in texts if text not in headers)
        line = "\n" if own_line or self.model.has_system_line else ""
        tokens = self._count_text(line + text, after_space=False) if text else 0
        return tokens, Range(above=sum(map(self._count_text, headers)))

    # Hidden prompts

    def _count_tools(self, tools: Sequence[Mapping[str, Any]]) -> tuple[int, Range]:
        escapes = self.model.escapes_tools
        tokens = self._count_definitions(tools, escapes=escapes)
        if self.model.id in _SEEN_IN_OTHER_SCRIPTS:
            return tokens, Range()
        doubt = self._count_definitions(tools, escapes=not escapes) - tokens
        return tokens, Range(max(0, -doubt), max(0, doubt))

    def _count_definitions(self, tools: Sequence[Mapping[str, Any]], *, escapes: bool) -> int:
        return sum(self._count_text(render_tool(tool, escapes=escapes)) + _AFTER_TOOL for tool in tools)

    def _count_forced_name(self, choice: Mapping[str, Any]) -> int:
        """Count the name of a tool that must be called. It is read between quotes, which may be one piece with its ends."""
        if choice.get("type") != "tool":
            return 0
        with_name, with_letter = (
            self._count_text(f'name="{name}">') for name in (choice.get("name", ""), _ONE_TOKEN)
        )
        return _FORCED_NAME + 1 + with_name - with_letter

    def _count_hidden_prompt(self, choice: Mapping[str, Any]) -> tuple[int, Range]:
        is_forced = choice.get("type") in ("any", "tool")
        tokens = (self.model.tool_prompt_tokens or _ASSUMED_TOOL_PROMPT)[is_forced]
        if tokens is None:
            hint = 'use `{"type": "auto"}`, and say in the prompt which tool to call'
            raise Unreadable(f"{self.model.id} refuses a forced `tool_choice`", hint)
        below = above = 0 if self.model.tool_prompt_tokens else _TOOL_PROMPT_SPREAD
        if choice.get("disable_parallel_tool_use") is True:
            saving = _PARALLEL_SAVINGS.get(self.model.id, (None, None))[is_forced]
            below += _LARGEST_PARALLEL_SAVING if saving is None else 0
            tokens -= saving or 0
        return tokens, Range(below, above)

    def _count_schema(self, output_format: Any) -> int:
        if not output_format:
            return 0
        schema = output_format.get("schema") if isinstance(output_format, dict) else None
        is_measured = self.model.id in _MEASURED_SCHEMAS
        if not is_measured or not isinstance(schema, dict):
            measured = ", which is counted offline for Claude 4.5 and 4.6 only" if not is_measured else ""
            raise needs_api(f"it asks for structured output (`output_config.format`){measured}")
        return _SCHEMA_PROMPT + self._count_text(json.dumps(schema, ensure_ascii=False, indent=2))

    # The conversation

    def _count_transcript(self, messages: Sequence[Mapping[str, Any]]) -> int:
        """Count a conversation in which calls and results are text of the assistant's."""
        turns, is_open = render_messages(messages)
        frame = self.model.generation.family.turn_frame
        total = sum(
            frame + self._count_text(turn.text, after_space=not turn.begins_with_call) for turn in turns
        )
        if turns and turns[0].role == "assistant":
            total += _MISSING_FIRST_TURN
        if turns and turns[-1].role == "assistant":
            total -= frame  # it needs no cue for an answer
        if is_open and self.model.generation.continues_after_results:
            total += _LINE_AFTER_RESULTS
        return total

    def _count_turns(self, messages: Sequence[Mapping[str, Any]], costs: CallCosts) -> int:
        """Count a conversation in which calls and results aren't text, and a system message is a turn of its own."""
        turns = merge_messages(messages)
        frame = self.model.generation.family.turn_frame
        total = sum(frame + self._count_turn(blocks, costs) for _, blocks in turns)
        return total - (frame if turns and turns[-1][0] == "assistant" else 0)

    def _count_turn(self, blocks: Sequence[Mapping[str, Any]], costs: CallCosts) -> int:
        texts = [block["text"] for block in blocks if block["type"] == "text"]
        calls = [block for block in blocks if block["type"] == "tool_use"]
        results = [read_result(block) for block in blocks if block["type"] == "tool_result"]
        total = self._count_text("".join(texts)) if texts else 0
        total += sum(self._count_call(call, costs) for call in calls) + sum(
            self._count_text(text) for text in results
        )
        return total + (costs.several_calls if len(calls) > 1 else 0)

    def _count_call(self, block: Mapping[str, Any], costs: CallCosts) -> int:
        tool_input = block.get("input")
        arguments = tool_input if isinstance(tool_input, dict) else {"": tool_input}
        total = costs.call + self._count_text(str(block.get("name", "")))
        for name, value in arguments.items():
            total += costs.argument + self._count_text(str(name)) + self._count_text(render_argument(value))
        return total

    def _count_image(self, block: Mapping[str, Any]) -> tuple[int, Range]:
        from prompt_lint.counting.image_tokens import compute_image_range  # noqa: PLC0415  # few requests have images

        least, most = compute_image_range(self.model.generation.family, block)
        return most, Range(below=most - least)
