"""Where in a text the tokens are."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from prompt_lint.text.markdown_sections import split_sections


def titles(text: str) -> list[tuple[str, int, int]]:
    return [(part.title, part.first_line, part.last_line) for part in split_sections(text)]


def test_a_section_runs_from_its_heading_to_the_next() -> None:
    """Headings of any level open a section; text before the first has no title."""
    text = "Intro.\n\n# One\na\n## Two\nb\n\n# Three\nc\n"

    assert titles(text) == [("", 1, 1), ("# One", 3, 4), ("## Two", 5, 6), ("# Three", 8, 9)]


def test_headings_in_fenced_code_are_code() -> None:
    """A comment in a shell example opens no section, nor does a shorter fence end the example."""
    text = "# One\n````sh\n# not a heading\n```\n# nor this\n````\n# Two\n"

    assert titles(text) == [("# One", 1, 6), ("# Two", 7, 7)]


def test_text_without_headings_is_split_by_paragraph() -> None:
    """Without headings, a paragraph is the best place to look."""
    assert titles("a\nb\n\nc\n") == [("", 1, 2), ("", 4, 4)]


def test_a_word_with_a_hash_is_no_heading() -> None:
    """`#tag` and seven hashes are text (CommonMark 0.31, ATX headings)."""
    assert titles("#tag\n####### seven\n") == [("", 1, 2)]


@given(st.text(alphabet="#`~ ab\n\t"))
def test_every_line_is_in_just_one_section(text: str) -> None:
    """The sections put together are the text, and their lines follow each other."""
    parts = split_sections(text)

    assert "\n".join(part.text for part in parts) == text
    assert parts[0].first_line == 1
    assert all(part.first_line <= part.last_line for part in parts)
    assert all(a.last_line < b.first_line for a, b in pairwise(parts))


def test_the_last_of_ten_thousand_parts_has_the_rest() -> None:
    """A megabyte of headings would be half a million parts."""
    parts = split_sections("#\n" * 10_500)

    assert [part[:3] for part in parts[-2:]] == [("#", 9_999, 9_999), ("#", 10_000, 10_500)]
    assert "".join(f"{part.text}\n" for part in parts) == "#\n" * 10_500 + "\n"
