"""What the models of one tokenizer have in common, and those of one generation. Data.

Sources: recorded requests to the real API (docs/accuracy.md says how many); for images the documentation of vision, 2026.
"""

from __future__ import annotations

from typing import NamedTuple


class CallCosts(NamedTuple):
    """The tokens of calls that aren't read as text: of each call, of each of its arguments, and of several in one turn."""

    call: int
    argument: int
    several_calls: int


class Family(NamedTuple):
    """The models of one tokenizer.

    `vocabulary` is the name of its file. Words in capitals of at least `min_caps_length` characters have a marker of their
    own; 0 means that none has. With `has_frame_space` the frame before a message ends in the space that precedes a first
    word. `request_frame` and `turn_frame` are the tokens around a request and around each turn. Without `call_costs` calls of
    tools and their results are read as text. With `has_system_turns` a system message behind others is a turn of its own. An
    image is scaled down to `max_image_side` pixels along its longer side, and to `max_image_tokens`.
    """

    name: str
    vocabulary: str
    folds_quotes: bool
    min_caps_length: int
    has_frame_space: bool
    request_frame: int
    turn_frame: int
    call_costs: CallCosts | None
    has_system_turns: bool
    max_image_side: int
    max_image_tokens: int

    @property
    def are_calls_text(self) -> bool:
        return self.call_costs is None


class Generation(NamedTuple):
    """Models of one family whose counts follow the same rules.

    `thinking_tokens` are what a thinking budget costs. `continues_after_results`: a blank line is behind results of tools
    that are the last of a conversation.
    """

    name: str
    family: Family
    thinking_tokens: int
    continues_after_results: bool


_V3 = Family(
    "v3", "older", folds_quotes=True, min_caps_length=4, has_frame_space=True, request_frame=4, turn_frame=3,
    call_costs=None, has_system_turns=False, max_image_side=1568, max_image_tokens=1568,
)  # fmt: skip
_V4_7 = Family(
    "v4.7", "newer", folds_quotes=False, min_caps_length=0, has_frame_space=True, request_frame=6, turn_frame=5,
    call_costs=None, has_system_turns=False, max_image_side=2576, max_image_tokens=4784,
)  # fmt: skip
_V4_8 = Family(
    "v4.8", "newer", folds_quotes=False, min_caps_length=0, has_frame_space=False, request_frame=4, turn_frame=2,
    call_costs=CallCosts(24, 17, 28), has_system_turns=True, max_image_side=2576, max_image_tokens=4784,
)  # fmt: skip
FAMILIES = {family.name: family for family in (_V3, _V4_7, _V4_8)}

CLAUDE_3 = Generation("3 to 3.7", _V3, thinking_tokens=28, continues_after_results=False)
CLAUDE_4 = Generation("4 to 4.6", _V3, thinking_tokens=29, continues_after_results=True)
OPUS_4_7 = Generation("4.7", _V4_7, thinking_tokens=0, continues_after_results=True)
NEWEST = Generation("4.8 and newer", _V4_8, thinking_tokens=0, continues_after_results=True)
# The oldest first.
GENERATIONS = (CLAUDE_3, CLAUDE_4, OPUS_4_7, NEWEST)
