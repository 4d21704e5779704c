"""How far the API's count may be from an offline one: by the kind of the request, and the generation of the model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from prompt_lint.counting.coverage import is_image
from prompt_lint.counting.margin_table import MARGINS
from prompt_lint.counting.margins import WIDEST_MARGIN, Margin

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from prompt_lint.counting.margins import MeasuredMargin
    from prompt_lint.model.models import Model


# The kinds of requests.
Kind = Literal[
    "text", "the assistant first", "system message in between", "thinking budget", "adaptive thinking",
    "tools, automatic choice", "tools, forced choice", "tool history", "tool history, not as text", "structured output",
    "image", "image in a result",
]  # fmt: skip
# The least margin of a model. The counts of a documented model are those of the one before it, as its documentation says;
# of an assumed one nothing is known.
_LEAST_MARGINS = {"measured": Margin(0.0, 0), "documented": Margin(0.01, 3), "assumed": Margin(0.15, 15)}


def compute_margin(model: Model, fields: Mapping[str, Any], tokens: int) -> int:
    """Return by how many tokens the API's count may be higher or lower than `tokens`."""
    margins = [_find_margin(model, kind) for kind in list_kinds(model, fields)]
    return max(margin.compute_tokens(tokens) for margin in margins)


def rests_on_few(model: Model, fields: Mapping[str, Any]) -> bool:
    """Return whether the margin of one of the request's kinds rests on few recorded requests."""
    return any(_find_measured(model, kind).rests_on_few for kind in list_kinds(model, fields))


def find_texts_margin(model: Model) -> Margin:
    """Return the margin of a request of texts alone."""
    return _find_margin(model, "text")


def _find_margin(model: Model, kind: Kind) -> Margin:
    least, margin = _LEAST_MARGINS[model.basis], _find_measured(model, kind).margin
    return Margin(max(least.share, margin.share), max(least.tokens, margin.tokens))


def _find_measured(model: Model, kind: Kind) -> MeasuredMargin:
    return MARGINS.get((model.generation.name, kind), WIDEST_MARGIN)


def list_kinds(model: Model, fields: Mapping[str, Any]) -> list[Kind]:
    """Return the kinds that a request is of, as it is sent to the model; "text" alone where it is of no other.

    The first is the one whose counts are the least sure; requests are grouped by it in docs/accuracy.md.
    """
    return [*_list_kinds(model, fields)] or ["text"]


def _list_kinds(model: Model, fields: Mapping[str, Any]) -> Iterator[Kind]:
    messages = fields.get("messages") or []
    blocks = [
        block
        for message in messages
        if not isinstance(message["content"], str)
        for block in message["content"]
    ]
    results = [block for block in blocks if block["type"] == "tool_result"]
    contents = [block.get("content") for block in results]
    if any(is_image(part) for content in contents if isinstance(content, list) for part in content):
        yield "image in a result"
    if any(map(is_image, blocks)):
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
