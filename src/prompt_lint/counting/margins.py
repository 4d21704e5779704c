"""How far the API's count may be from an offline one, and how many recorded requests say so."""

from __future__ import annotations

from typing import NamedTuple

# A margin that rests on fewer recorded requests is wider than their differences are.
FEW_REQUESTS = 30


class Margin(NamedTuple):
    """How far the API's count may be to either side: the larger of a share of the count and a number of tokens."""

    share: float
    tokens: int

    def compute_tokens(self, count: int) -> int:
        return max(self.tokens, round(count * self.share))


class MeasuredMargin(NamedTuple):
    """The margin of a kind of request in a generation, and the recorded requests that it rests on.

    It is the 99.5 % quantile of their differences, and more where there are few. So `largest`, the largest difference in
    tokens, may exceed it.
    """

    margin: Margin
    requests: int
    largest: int

    @property
    def rests_on_few(self) -> bool:
        return self.requests < FEW_REQUESTS


# Where nobody has derived one: as wide as with few requests in all generations together.
WIDEST_MARGIN = MeasuredMargin(Margin(0.06, 20), 0, 0)
