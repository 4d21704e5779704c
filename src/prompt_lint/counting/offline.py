"""Counts a request without the API: the tokens of its texts, the frame around them, and the interval of the API's count.

docs/counting.md states the rules, docs/accuracy.md the measurements behind them.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from prompt_lint.counting.coverage import HINT, read_texts, refuse_uncovered
from prompt_lint.counting.image_tokens import count_image, find_images
from prompt_lint.counting.intervals import compute_margin, find_texts_margin, has_few_witnesses
from prompt_lint.counting.tokenizer.engine import count_tokens
from prompt_lint.counting.transcript import merge_messages, read_result, render_argument, render_messages
from prompt_lint.model.counts import Count
from prompt_lint.model.errors import Unreadable
from prompt_lint.model.models import NEWEST_FAMILY, Model, find_model
from prompt_lint.request.for_model import adapt_request
from prompt_lint.request.tools import render_tool

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from prompt_lint.model.values import Request

# Tokens of a text by itself, the tokenizer family, and whether the text follows a space.
TextTokens = dict[tuple[str, str, bool], int]


class Frame(NamedTuple):
    """The tokens that a family adds to a request and to each turn."""

    request: int
    turn: int


class Range(NamedTuple):
    """How far the API's count may be below and above, where a rule has too few witnesses, or an image no known size."""

    below: int = 0
    above: int = 0


_FRAMES = {"v3": Frame(4, 3), "v4.7": Frame(6, 5), "v4.8": Frame(4, 2)}

# From Opus 4.8 on calls aren't read as text: what a call, each of its arguments, and several calls in a turn add.
_CALL, _ARGUMENT, _SEVERAL_CALLS = 24, 17, 28
# What a conversation costs that the assistant begins.
_MISSING_FIRST_TURN = 12
_THINKING, _THINKING_OF_CLAUDE_3 = 29, 28
# Structured output, beside the schema; Claude 4.5 and 4.6.
_SCHEMA_PROMPT = 81

# What `disable_parallel_tool_use` saves, with an automatic choice and with a forced one; None where nobody has measured.
_PARALLEL_SAVINGS: dict[str, tuple[int | None, int | None]] = {
    **dict.fromkeys(("claude-haiku-4-5", "claude-sonnet-4-5", "claude-opus-4-5"), (208, 0)),
    "claude-sonnet-4": (None, 43),
    "claude-sonnet-5": (0, None),
}
_LARGEST_PARALLEL_SAVING = 209
# Models whose rendering of tools in other scripts than Latin has been seen.
_SEEN_IN_OTHER_SCRIPTS = frozenset({"claude-sonnet-4", "claude-sonnet-4-5", "claude-sonnet-4-6"})

# An unknown model counts as the newest family.
_UNKNOWN_MODEL = Model("", NEWEST_FAMILY, 0, "assumed", None, has_system_line=True)
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
    global _last_request  # noqa: PLW0603 - a memo of one entry, replaced as a whole
    if _last_request[0] is not request.fields:
        _last_request = (request.fields, {})
    model = find_model(model_id) or _UNKNOWN_MODEL
    fields = adapt_request(request, model_id).fields
    try:
        tokens, (below, above) = _RequestCounter(model, _last_request[1]).count_request(fields)
    except RecursionError:
        raise Unreadable("needs the API: it is nested too deeply to be counted here", HINT) from None
    margin = compute_margin(model, fields, tokens)
    likely = [count_request(other, request).tokens for other in _list_likely_models(model)]
    low, high = min(tokens - margin - below, *likely, tokens), max(tokens + margin + above, *likely, tokens)
    is_assumed, has_few = model.basis == "assumed", has_few_witnesses(model, fields)
    return Count(tokens, max(0, low), high, "offline", is_assumed, has_few_witnesses=has_few)


def _list_likely_models(model: Model) -> tuple[str, ...]:
    """Return the models of which an assumed one may have the tokenizer. A snapshot has that of its model."""
    if model.basis != "assumed" or model.tool_prompt_tokens:
        return ()
    return _NEWER_MODELS if model.id else _ANY_MODELS


def count_text(model_id: str, text: str) -> Count:
    """Return the tokens of a text without any frame: nearly what a section contributes to a prompt."""
    model = find_model(model_id) or _UNKNOWN_MODEL
    tokens = count_tokens(text, model.tokenizer_family)
    margin = find_texts_margin(model).compute_tokens(tokens) if text else 0
    return Count(tokens, max(0, tokens - margin), tokens + margin, "offline", model.basis == "assumed")


class _RequestCounter(NamedTuple):
    """Counts one request for one model. `text_tokens` is shared between the models."""

    model: Model
    text_tokens: TextTokens

    def count_request(self, fields: Mapping[str, Any]) -> tuple[int, Range]:
        refuse_uncovered(fields)
        tools, choice = fields.get("tools") or [], fields.get("tool_choice") or {}
        messages = fields.get("messages") or []
        is_text_family = self.model.tokenizer_family != NEWEST_FAMILY
        parts = [
            (_FRAMES[self.model.tokenizer_family].request, Range()),
            self._count_system(fields.get("system") or "", own_line=bool(tools)),
            self._count_tools(tools, choice),
            self._count_hidden_prompt(choice) if tools else (0, Range()),
            (self._count_schema((fields.get("output_config") or {}).get("format")), Range()),
            (self._count_thinking(fields.get("thinking") or {}), Range()),
            (self._count_transcript(messages) if is_text_family else self._count_turns(messages), Range()),
            *(self._count_image(image) for image in find_images(fields)),
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
        texts = read_texts(system, "the system prompt")
        headers = [text for text in texts if text.startswith(_BILLING_HEADER) and not isinstance(system, str)]
        text = "".join(text for text in texts if text not in headers)
        line = "\n" if own_line or self.model.has_system_line else ""
        tokens = self._count_text(line + text, after_space=False) if text else 0
        return tokens, Range(above=sum(map(self._count_text, headers)))

    # -----------------------------------------------------------------------------------------------------
    # Hidden prompts

    def _count_tools(
        self, tools: Sequence[Mapping[str, Any]], choice: Mapping[str, Any]
    ) -> tuple[int, Range]:
        escapes = not self.model.has_system_line
        tokens = sum(self._count_text(render_tool(tool, escapes=escapes)) + 1 for tool in tools)
        doubt = 0
        if self.model.id not in _SEEN_IN_OTHER_SCRIPTS:
            rendered = (render_tool(tool, escapes=not escapes) for tool in tools)
            doubt = sum(self._count_text(text) + 1 for text in rendered) - tokens
        if choice.get("type") == "tool":
            tag = 'name="{}">'
            name = self._count_text(tag.format(choice.get("name", ""))) - self._count_text(tag.format("a"))
            tokens += 3 + name
        return tokens, Range(max(0, -doubt), max(0, doubt))

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
        is_measured = self.model.tokenizer_family == "v3" and self.model.id.endswith(("-4-5", "-4-6"))
        if not is_measured or not isinstance(schema, dict):
            measured = ", which is counted offline for Claude 4.5 and 4.6 only" if not is_measured else ""
            message = f"needs the API: it asks for structured output (`output_config.format`){measured}"
            raise Unreadable(message, HINT)
        return _SCHEMA_PROMPT + self._count_text(json.dumps(schema, ensure_ascii=False, indent=2))

    def _count_thinking(self, thinking: Mapping[str, Any]) -> int:
        if thinking.get("type") != "enabled" or self.model.tokenizer_family != "v3":
            return 0
        return _THINKING_OF_CLAUDE_3 if self.model.id.startswith("claude-3") else _THINKING

    # -----------------------------------------------------------------------------------------------------
    # The conversation

    def _count_transcript(self, messages: Sequence[Mapping[str, Any]]) -> int:
        """Count a conversation in which calls and results are text of the assistant's."""
        turns, is_open = render_messages(messages)
        frame = _FRAMES[self.model.tokenizer_family].turn
        total = sum(
            frame + self._count_text(turn.text, after_space=not turn.begins_with_call) for turn in turns
        )
        if turns and turns[0].role == "assistant":
            total += _MISSING_FIRST_TURN
        if turns and turns[-1].role == "assistant":
            total -= frame  # it needs no cue for an answer
        return total + (is_open and not self.model.id.startswith("claude-3"))

    def _count_turns(self, messages: Sequence[Mapping[str, Any]]) -> int:
        """Count a conversation in which calls and results aren't text, and a system message is a turn of its own."""
        turns = merge_messages(messages)
        frame = _FRAMES[self.model.tokenizer_family].turn
        total = sum(frame + self._count_turn(blocks) for _, blocks in turns)
        return total - (frame if turns and turns[-1][0] == "assistant" else 0)

    def _count_turn(self, blocks: Sequence[Mapping[str, Any]]) -> int:
        texts = [block["text"] for block in blocks if block["type"] == "text"]
        calls = [block for block in blocks if block["type"] == "tool_use"]
        results = [read_result(block) for block in blocks if block["type"] == "tool_result"]
        total = self._count_text("".join(texts)) if texts else 0
        total += sum(map(self._count_call, calls)) + sum(self._count_text(text) for text in results)
        return total + (_SEVERAL_CALLS if len(calls) > 1 else 0)

    def _count_call(self, block: Mapping[str, Any]) -> int:
        tool_input = block.get("input")
        arguments = tool_input if isinstance(tool_input, dict) else {"": tool_input}
        total = _CALL + self._count_text(str(block.get("name", "")))
        for name, value in arguments.items():
            total += _ARGUMENT + self._count_text(str(name)) + self._count_text(render_argument(value))
        return total

    def _count_image(self, block: Mapping[str, Any]) -> tuple[int, Range]:
        most, least = count_image(self.model.tokenizer_family, block)
        return most, Range(below=most - least)
