"""Values: what a count decides."""

from __future__ import annotations

import pytest

from prompt_lint.model.counts import Count


@pytest.mark.parametrize(
    ("low", "high", "limit", "decides"),
    [
        (90, 100, 100, True),
        (101, 110, 100, True),
        (95, 101, 100, False),
        (100, 101, 100, False),
        (95, 101, None, True),
    ],
)
def test_a_count_decides_where_its_whole_interval_is_on_one_side_of_the_limit(
    low: int, high: int, limit: int | None, decides: bool
) -> None:
    """A limit itself may be reached."""
    assert Count((low + high) // 2, low, high, "offline").decides(limit) is decides


@pytest.mark.parametrize("limit", [None, 1, 1000])
def test_a_count_by_a_tokenizer_that_was_not_measured_decides_nothing(limit: int | None) -> None:
    """Its interval may be wrong."""
    assert not Count(100, 90, 110, "offline", is_unverified=True).decides(limit)
