"""The known models, with their context windows and tokenizers. Data and pure functions.

Sources, November 2026: the API's documentation for windows and generations; for tokenizers and hidden tool prompts
recorded requests to the real API (docs/accuracy.md says how many).
"""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

NEWEST_FAMILY = "v4.8"

# Whether counts of the model were measured, or its documentation says that they are those of
# the model before it, or neither.
Basis = Literal["measured", "documented", "assumed"]

_MILLION = 1_000_000
_OLDER_WINDOW = 200_000


class Model(NamedTuple):
    """One model. `context_window` is in tokens.

    `tool_prompt_tokens` are what the API adds to a request with tools: with an automatic choice, with a forced one, which
    is None where the model refuses it. Where nobody knows either, there is no pair.
    `has_system_line`: the system prompt starts on a line of its own.
    """

    id: str
    tokenizer_family: str
    context_window: int
    basis: Basis
    tool_prompt_tokens: tuple[int, int | None] | None
    has_system_line: bool


def _make_newer(
    name: str, basis: Basis, tool_prompt: tuple[int, int | None] | None, family: str = "v4.8"
) -> Model:
    return Model(name, family, _MILLION, basis, tool_prompt, has_system_line=True)


def _make_older(name: str, tool_prompt: tuple[int, int]) -> Model:
    return Model(name, "v3", _OLDER_WINDOW, "measured", tool_prompt, has_system_line=False)


# Newest first: the order in which names are suggested.
MODELS = (
    _make_newer("claude-fable-5-2", "assumed", None),
    _make_newer("claude-opus-5-5", "documented", (286, None)),
    _make_newer("claude-sonnet-5-5", "documented", (286, None)),
    _make_newer("claude-haiku-5-5", "documented", (286, 406)),
    _make_newer("claude-fable-5-1", "documented", (290, None)),
    _make_newer("claude-fable-5", "measured", (290, 410)),
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
    _make_older("claude-3-7-sonnet", (313, 314)),
    _make_older("claude-3-5-sonnet", (313, 314)),
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


def find_model(model_id: str) -> Model | None:
    """Return the model that an id names, as the API or a reseller writes it; None for an unknown one."""
    undecorated = _PREFIX.sub("", model_id[:200])
    model = _BY_ID.get(_SUFFIX.sub("", undecorated, count=1))
    dated_prompt = _DATED_PROMPT.get(undecorated)
    return model._replace(tool_prompt_tokens=dated_prompt) if model and dated_prompt else model


def find_tokenizer_family(model_id: str) -> tuple[str, bool]:
    """Return the tokenizer family of a model, and whether that was measured or is documented.

    An unknown model has the newest family: a new model is likelier to count more tokens than fewer.
    """
    model = find_model(model_id)
    return (model.tokenizer_family, model.basis != "assumed") if model else (NEWEST_FAMILY, False)


def find_context_window(model_id: str) -> int | None:
    """Return the tokens that fit into the model's context; None for an unknown model."""
    model = find_model(model_id)
    return model.context_window if model else None
