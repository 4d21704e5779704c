"""How far the API's count may be from an offline one: by the kind of the request, and the generation of the model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from prompt_lint.counting.interval_table import INTERVALS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from prompt_lint.model.models import Model


class Margin(NamedTuple):
    """How far the API's count may differ: the larger of a share of the count and a number of tokens."""

    share: float
    tokens: int

    def compute_tokens(self, count: int) -> int:
        """Return the margin of a count, in tokens."""
        return max(self.tokens, round(count * self.share))


# An interval that rests on fewer recorded requests has few witnesses.
FEW_ROWS = 30
# The least margin of a model. The counts of a documented model are those of the one before it, as its documentation says;
# of an assumed one nothing is known.
_LEAST_MARGINS = {"measured": Margin(0.0, 0), "documented": Margin(0.01, 3), "assumed": Margin(0.15, 15)}


def compute_margin(model: Model, fields: Mapping[str, Any], tokens: int) -> int:
    """Return by how many tokens the API's count may be higher or lower than `tokens`."""
    margins = [_find_margin(model, kind) for kind in list_kinds(model, fields)]
    return max(margin.compute_tokens(tokens) for margin in margins)


def has_few_witnesses(model: Model, fields: Mapping[str, Any]) -> bool:
    """Return whether the interval of one of the request's kinds rests on few recorded requests."""
    return any(INTERVALS[model.generation.name, kind].rows < FEW_ROWS for kind in list_kinds(model, fields))


def find_texts_margin(model: Model) -> Margin:
    """Return the margin of a request of texts alone."""
    return _find_margin(model, "text")


def _find_margin(model: Model, kind: str) -> Margin:
    least, interval = _LEAST_MARGINS[model.basis], INTERVALS[model.generation.name, kind]
    return Margin(max(least.share, interval.share), max(least.tokens, interval.tokens))


def list_kinds(model: Model, fields: Mapping[str, Any]) -> list[str]:
    """Return the kinds of requests that a request belongs to. The first names it best; it is only of text if no other does."""
    return [*_list_kinds(model, fields)] or ["text"]


def _list_kinds(model: Model, fields: Mapping[str, Any]) -> Iterator[str]:
    messages = fields.get("messages") or []
    blocks = [
        block
        for message in messages
        if not isinstance(message["content"], str)
        for block in message["content"]
    ]
    results = [block for block in blocks if block["type"] == "tool_result"]
    if any(_has_image(block.get("content")) for block in results):
        yield "image in a result"
    if _has_image(blocks):
        yield "image"
    if (fields.get("output_config") or {}).get("format"):
        yield "structured output"
    if results or any(block["type"] == "tool_use" for block in blocks):
        yield "tool history" if model.generation.family.are_calls_text else "tool history, not as text"
    if fields.get("tools"):
        is_forced = (fields.get("tool_choice") or {}).get("type") in ("any", "tool")
        yield "tools, forced choice" if is_forced else "tools, automatic choice"
    thinking = (fields.get("thinking") or {}).get("type", "disabled")
    if thinking != "disabled":
        yield "thinking budget" if thinking == "enabled" else "adaptive thinking"
    if messages and messages[0]["role"] == "assistant":
        yield "the assistant first"
    if any(message["role"] == "system" for message in messages):
        yield "system message in between"


def _has_image(blocks: Any) -> bool:
    return isinstance(blocks, list) and any(
        isinstance(block, dict) and block.get("type") == "image" for block in blocks
    )
