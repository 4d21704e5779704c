"""The models that are known by name: context window and tokenizer. Data and pure functions.

Sources, November 2026: the API's documentation for windows and generations; for tokenizers and hidden tool prompts
recorded requests to the real API (docs/counting.md says how many).
"""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

NEWEST_FAMILY = "v4.8"

# Whether requests to the model were measured, or its documentation says that counts carry over from
# the model before it, or neither.
Basis = Literal["measured", "documented", "assumed"]

_MILLION = 1_000_000
_USUAL = 200_000


class Model(NamedTuple):
    """One model. `tool_prompt` is what the API adds when there are tools: automatic choice, forced choice.

    `system_line` marks the models at which a system prompt begins on a line of its own.
    """

    id: str
    tokenizer_family: str
    context_window: int
    basis: Basis
    tool_prompt_tokens: tuple[int, int] | None
    has_system_line: bool


def _make_newer(name: str, basis: Basis, tool_prompt: tuple[int, int] | None, family: str = "v4.8") -> Model:
    return Model(name, family, _MILLION, basis, tool_prompt, has_system_line=True)


def _make_older(name: str, tool_prompt: tuple[int, int]) -> Model:
    return Model(name, "v3", _USUAL, "measured", tool_prompt, has_system_line=False)


# Newest first: the order in which names are suggested.
MODELS = (
    _make_newer("claude-fable-5-2", "assumed", None),
    _make_newer("claude-opus-5-5", "documented", None),
    _make_newer("claude-sonnet-5-5", "documented", None),
    _make_newer("claude-haiku-5-5", "documented", None),
    _make_newer("claude-fable-5-1", "documented", None),
    _make_newer("claude-fable-5", "measured", None),
    _make_newer("claude-opus-5", "measured", (286, 406)),
    _make_newer("claude-sonnet-5", "measured", (354, 474)),
    _make_newer("claude-opus-4-8", "measured", (290, 410)),
    _make_newer("claude-opus-4-7", "measured", (675, 804), "v4.7"),
    Model("claude-opus-4-6", "v3", _MILLION, "measured", (497, 589), has_system_line=True),
    Model("claude-sonnet-4-6", "v3", _MILLION, "measured", (497, 589), has_system_line=True),
    _make_older("claude-opus-4-5", (496, 588)),
    _make_older("claude-sonnet-4-5", (496, 588)),
    _make_older("claude-haiku-4-5", (496, 588)),
    _make_older("claude-opus-4-1", (313, 315)),
    _make_older("claude-opus-4", (313, 315)),
    _make_older("claude-sonnet-4", (313, 315)),
    _make_older("claude-3-7-sonnet", (313, 315)),
    _make_older("claude-3-5-sonnet", (313, 315)),
    _make_older("claude-3-5-haiku", (264, 355)),
    _make_older("claude-3-opus", (533, 281)),
    _make_older("claude-3-sonnet", (159, 235)),
    _make_older("claude-3-haiku", (264, 355)),
)
KNOWN_IDS = tuple(model.id for model in MODELS)

_BY_ID = {model.id: model for model in MODELS} | {
    f"claude-{line}-4-0": next(m for m in MODELS if m.id == f"claude-{line}-4") for line in ("opus", "sonnet")
}
# Ids as the resellers write them: anthropic/…, us.anthropic.…-v1:0, …@20250929, publishers/anthropic/models/….
_PREFIX = re.compile(r"^(?:.*/)?(?:[a-z-]+\.)*(?=claude-)")
_SUFFIX = re.compile(r"(?:[-@]\d{8}|-latest|@latest|@default)?(?:-v\d+(?::\d+[a-z]*)?)?(?:\[1m\])?$")
_DATED_PROMPT = {"claude-3-5-sonnet-20240620": (294, 261)}


def find_model(model: str) -> Model | None:
    """The model that an id names, in the form of the API or of a reseller; None if it is not known."""
    short = _PREFIX.sub("", model[:200])
    name = _SUFFIX.sub("", short, count=1)
    found = _BY_ID.get(name)
    dated = _DATED_PROMPT.get(short)
    return found._replace(tool_prompt_tokens=dated) if found and dated else found


def tokenizer_family(model: str) -> tuple[str, bool]:
    """The tokenizer family of a model, and whether that was measured or is documented.

    A model nobody knows takes the newest family: a new one is likelier to count more tokens than fewer.
    """
    found = find_model(model)
    return (found.tokenizer_family, found.basis != "assumed") if found else (NEWEST_FAMILY, False)


def context_window(model: str) -> int | None:
    """Tokens that fit into the model's context; None for a model that is not known."""
    found = find_model(model)
    return found.context_window if found else None
