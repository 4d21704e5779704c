"""Counts of tokens with their intervals, and how they add up: the only place that knows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

from prompt_lint.model.errors import Unreadable

if TYPE_CHECKING:
    from collections.abc import Sequence

Origin = Literal["api", "offline"]


class CountKey(NamedTuple):
    """What a count is known by: the model, and the digest of the request."""

    model: str
    digest: str


class Count(NamedTuple):
    """Tokens of one request for one model, with the interval that the API's number is in.

    `is_unverified`: nobody has measured the tokenizer of the model, so the interval is a guess. `disputed_count`: the
    gateway's number and the offline one are too far apart; this is the lower, which isn't judged.
    `rests_on_few`: so few requests were recorded that the interval is wider than their differences.
    """

    tokens: int
    low: int
    high: int
    origin: Origin
    is_unverified: bool = False
    disputed_count: Count | None = None
    rests_on_few: bool = False

    @property
    def is_disputed(self) -> bool:
        return self.disputed_count is not None

    @property
    def is_exact(self) -> bool:
        return self.low == self.high

    @property
    def margin(self) -> int:
        """How far `tokens` and the API's number may be apart."""
        return max(self.tokens - self.low, self.high - self.tokens)

    def contains(self, tokens: int) -> bool:
        return self.low <= tokens <= self.high

    def decides(self, limit: int | None) -> bool:
        """Return whether the count is enough to judge by: verified, and its interval on one side of `limit`."""
        return not self.is_unverified and (limit is None or self.low > limit or self.high <= limit)


# What came of counting one request for one model: a count, or why there is none.
Outcome = Count | Unreadable

# A blank prompt is nothing to send, so nothing is estimated.
EMPTY_COUNT = Count(0, 0, 0, "offline")


def sum_counts(counts: Sequence[Count]) -> Count:
    """Return the sum of counts, with the sum of their intervals."""
    if not counts:
        return EMPTY_COUNT
    # Columns, not a loop over the counts: a history may sum up millions.
    tokens, lows, highs, _, unverified, disputed, few = zip(*counts, strict=True)
    origin: Origin = "api" if lows == highs and any(lows) else "offline"
    disputed_count = (
        sum_counts([count.disputed_count or count for count in counts]) if any(disputed) else None
    )
    return Count(sum(tokens), sum(lows), sum(highs), origin, any(unverified), disputed_count, any(few))


def subtract_counts(count: Count, other: Count, common: Count = EMPTY_COUNT) -> Count:
    """Return the difference of two counts, with the interval that it is in wherever both are in theirs.

    `common` is what both are a sum of, besides what differs: it has no part in the margin.
    """
    low, high = -other.high, -other.low
    negative = other._replace(tokens=-other.tokens, low=low, high=high, disputed_count=None)
    difference = sum_counts([count, negative])
    width = common.high - common.low
    return difference._replace(low=difference.low + width, high=difference.high - width)
