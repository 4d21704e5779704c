"""Which lines open and close fenced code, in one rule for all that reads Markdown."""

from __future__ import annotations

import pytest

from prompt_lint.text.code_fence import update_fence


@pytest.mark.parametrize(
    ("line", "fence"),
    [
        ("```", "```"),
        ("````python", "````"),
        ("~~~", "~~~"),
        ("~~~ a `b` ~", "~~~"),
        ("``", ""),
        ("~~", ""),
        ("``` a`b", ""),
        ("text ```", ""),
        ("", ""),
    ],
)
def test_three_back_ticks_or_tildes_open_a_fence(line: str, fence: str) -> None:
    """What follows is the name of a language; after back-ticks it holds none, or the line is a code span."""
    assert update_fence("", line) == fence


@pytest.mark.parametrize(
    ("fence", "line", "closes"),
    [
        ("```", "```", True),
        ("```", "````` \t", True),
        ("~~~", "~~~", True),
        ("````", "```", False),
        ("```", "~~~", False),
        ("```", "``` python", False),
        ("```", "text", False),
        ("```", "", False),
    ],
)
def test_at_least_as_many_of_the_same_mark_close_it(fence: str, line: str, closes: bool) -> None:
    """And nothing else is in that line."""
    assert update_fence(fence, line) == ("" if closes else fence)
