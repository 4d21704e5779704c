"""Whether the number of a gateway is believed beside the offline count of the same request, and which is judged if not."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from prompt_lint.model.counts import Count

# A number this far outside of the offline interval is disputed, in tokens and as a share.
DISPUTE_TOKENS, DISPUTE_SHARE = 3, 0.05
# A model that nobody has measured may have another tokenizer. Those known so far are apart by less than this factor.
UNVERIFIED_FACTOR = 2


def settle_dispute(exact: Count, offline: Count) -> Count | None:
    """Return the higher count with the lower as its `disputed_count`: any limit judges the higher more strictly.

    None where `exact` isn't too far outside of the offline interval, so that there is no dispute.
    """
    least, most = _find_bounds(offline)
    if least <= exact.tokens <= most:
        return None
    higher, lower = (exact, offline) if exact.tokens > offline.tokens else (offline, exact)
    return higher._replace(disputed_count=lower)


def is_too_low(tokens: int, offline: Count) -> bool:
    """Return whether a number is too far below the offline interval, which may be that of a part of the request."""
    return tokens < _find_bounds(offline)[0]


def _find_bounds(offline: Count) -> tuple[float, float]:
    """Return the least and the most that a number may be without being disputed."""
    if offline.is_unverified:
        return offline.low / UNVERIFIED_FACTOR, offline.high * UNVERIFIED_FACTOR
    below, above = (max(DISPUTE_TOKENS, DISPUTE_SHARE * bound) for bound in (offline.low, offline.high))
    return offline.low - below, offline.high + above
