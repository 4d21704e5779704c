"""Limits that a person would write."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from prompt_lint.cli.headroom import choose_limit
from prompt_lint.cli.init.config_text import render_limit
from prompt_lint.config.values import parse_limit


@given(tokens=st.integers(0, 700_000_000))
def test_limits_are_numbers_that_a_person_writes(tokens: int) -> None:
    """About 30 % above the largest, far enough not to be near, in two digits; and what is written is what is meant."""
    found = choose_limit(tokens)

    assert max(tokens * 1.2, 500) <= found <= max(tokens * 1.37, 500)
    assert len(str(found).rstrip("0")) <= 3 - (found > 999)
    assert parse_limit(render_limit(found)).tokens == found
