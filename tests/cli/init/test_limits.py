"""Limits that a person would write."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from prompt_lint.cli.init.config_text import render_limit
from prompt_lint.cli.init.limits import round_up
from prompt_lint.config.values import parse_limit


@given(tokens=st.integers(0, 800_000_000))
def test_limits_are_numbers_that_a_person_writes(tokens: int) -> None:
    """At least as large, hardly a third larger, at most two digits that aren't 0; and what is written is what is meant."""
    found = round_up(tokens)

    assert max(tokens, 500) <= found <= max(tokens * 1.34, 500)
    assert len(str(found).rstrip("0")) <= 2
    assert parse_limit(render_limit(found)).tokens == found
