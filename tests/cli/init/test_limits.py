"""Limits that a person would write."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from prompt_lint.cli.init.config_text import render_limit
from prompt_lint.cli.init.limits import find_outliers, limit_for
from prompt_lint.cli.init.sizes import Size
from prompt_lint.config.values import parse_limit
from prompt_lint.model.counts import Count
from prompt_lint.model.values import Prompt


@given(tokens=st.integers(0, 700_000_000))
def test_limits_are_numbers_that_a_person_writes(tokens: int) -> None:
    """About 30 % above the largest, far enough not to be near, in two digits; and what is written is what is meant."""
    found = limit_for(tokens)

    assert max(tokens * 1.2, 500) <= found <= max(tokens * 1.37, 500)
    assert len(str(found).rstrip("0")) <= 3 - (found > 999)
    assert parse_limit(render_limit(found)).tokens == found


def outliers(*tokens: int) -> list[str]:
    prompts = (Prompt(f"{number}.md", "", 1, None) for number in range(len(tokens)))
    return find_outliers(
        [Size(one, 1.0, Count(n, n, n, "api")) for one, n in zip(prompts, tokens, strict=True)]
    )


def test_outliers() -> None:
    """More than twice the next; of thirty files up to three; never of small ones, and never all."""
    assert outliers(52_805, 11_570, 10_000) == ["0.md"]
    assert outliers(20_000, 11_570) == []
    assert outliers(900, 100) == []
    assert outliers(9_000) == []
    assert outliers(*[500] * 30, 9_000, 8_000) == ["30.md", "31.md"]
    assert outliers(8_000, 3_900, 1_000, 400) == ["0.md"]
