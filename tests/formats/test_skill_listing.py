"""The line by which Claude Code lists a skill, a command or an agent."""

from __future__ import annotations

import pytest

from prompt_lint.formats.skill_listing import note_cut, render_listing
from prompt_lint.text.frontmatter import parse_fields


def test_a_listing_is_cut_where_claude_code_cuts_it() -> None:
    """Of description and `when_to_use` together, 1,536 characters are in the context."""
    fields = parse_fields(f"description: {'a' * 1000}\nwhen_to_use: {'b' * 1000}\n")

    assert render_listing("x", fields, is_cut=True) == f"- x: {'a' * 1000} - {'b' * 533}"
    assert render_listing("x", fields, is_cut=False) == f"- x: {'a' * 1000} - {'b' * 1000}"
    assert render_listing("x", parse_fields("name: y"), is_cut=True) == "- x"


@pytest.mark.parametrize(("when_to_use", "is_noted"), [("b" * 533, False), ("b" * 534, True)])
def test_a_cut_is_noted_from_the_first_character_on(when_to_use: str, is_noted: bool) -> None:
    """What joins description and `when_to_use` is part of what is cut."""
    fields = parse_fields(f"description: {'a' * 1000}\nwhen_to_use: {when_to_use}\n")

    assert [(note.line, note.kind) for note in note_cut("a.md", fields)] == [(2, "content")] * is_noted
