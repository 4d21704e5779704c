"""Phrases that several outputs have in common."""

from __future__ import annotations

import pytest

from prompt_lint.model.counts import Count
from prompt_lint.output.phrases import format_count


@pytest.mark.parametrize(
    ("count", "phrase"),
    [
        (Count(1234, 1234, 1234, "api"), "1,234"),
        (Count(1234, 1232, 1236, "offline"), "1,234 ±2"),
        (Count(1234, 1230, 1236, "offline"), "1,234 ±4"),
        (Count(1234, 1049, 1419, "offline", is_unverified=True), "1,234 ±185 unverified"),
    ],
)
def test_a_number_says_how_sure_it_is(count: Count, phrase: str) -> None:
    """Nobody takes an offline count for the API's."""
    assert format_count(count) == phrase
