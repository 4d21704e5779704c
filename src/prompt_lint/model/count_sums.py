"""The sum of several counts, with what is known of its sureness."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prompt_lint.model.values import Count

if TYPE_CHECKING:
    from collections.abc import Sequence

    from prompt_lint.model.values import Origin


def sum_counts(counts: Sequence[Count]) -> Count:
    """Return the sum of at least one count, with the sum of the intervals."""
    tokens, low, high = (sum(column) for column in zip(*(count[:3] for count in counts), strict=True))
    origin: Origin = "api" if all(count.is_exact for count in counts) else "offline"
    disputed_tokens = None
    if any(count.is_disputed for count in counts):
        disputed_tokens = sum(
            count.tokens if count.disputed_tokens is None else count.disputed_tokens for count in counts
        )
    return Count(tokens, low, high, origin, any(count.is_unverified for count in counts), disputed_tokens)
