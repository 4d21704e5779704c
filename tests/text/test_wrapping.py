"""Wrapped lines: where they break, and that nothing is lost."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prompt_lint.text.wrapping import measure_width, wrap_lines

WORDS = st.lists(st.text("ab-/.±0\x1b", min_size=1, max_size=40), min_size=1, max_size=12)


@pytest.mark.parametrize(
    ("line", "wrapped"),
    [
        ("short", "short"),
        ("OVER      prompts/a/b/c.md is too large", "OVER      prompts/a/b/c.md is\n          too large"),
        ("note: prompts/a/b/c.md is too large", "note: prompts/a/b/c.md is too\n  large"),
        ("    claude-sonnet-5-5  4,812 ±49  of 400", "    claude-sonnet-5-5\n    4,812 ±49  of 400"),
        ("prompts/a-very-long-name/of-a-file.md:12", "prompts/a-very-long-name/of-a-file.md:12"),
        ("\x1b[1;31mOVER     \x1b[0m \x1b[1ma.md\x1b[0m fits here", "\x1b[1;31mOVER     \x1b[0m \x1b[1ma.md\x1b[0m fits here"),
    ],
)  # fmt: skip
def test_lines_break_at_spaces(line: str, wrapped: str) -> None:
    """Below what they begin with; a name, a place and a number with its margin stay whole, and colours take no room."""
    assert wrap_lines(f"{line}\n", 30, 10) == f"{wrapped}\n"


def test_without_a_width_nothing_is_wrapped() -> None:
    """As in a pipe."""
    assert wrap_lines("word " * 100, None) == "word " * 100


@given(WORDS, st.integers(1, 60), st.booleans())
def test_no_word_is_lost(words: list[str], width: int, is_indented: bool) -> None:
    """And a line is too long only where it is one word."""
    line = "  " * is_indented + " ".join(words)

    wrapped = wrap_lines(line, width, 10)

    assert wrapped.split() == line.split()
    for short in wrapped.split("\n"):
        assert measure_width(short) <= max(width, 20) or len(short.replace(" ±", "±").split()) == 1
