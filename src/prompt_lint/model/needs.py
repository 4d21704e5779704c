"""What a run without exact counts lacks for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence

ExactNeed = Literal["key", "without --offline", "with --counting auto"]


def describe_needs(needs: Sequence[ExactNeed]) -> str:
    """Return what to do so that the API counts: `set ANTHROPIC_API_KEY, and run without --offline`."""
    return ", and ".join("set ANTHROPIC_API_KEY" if need == "key" else f"run {need}" for need in needs)
