"""The line by which Claude Code lists a skill, a command or an agent."""

from __future__ import annotations

from prompt_lint.formats.skill_listing import render_listing
from prompt_lint.text.frontmatter import parse_fields


def test_a_listing_is_cut_where_claude_code_cuts_it() -> None:
    """Of description and `when_to_use` together, 1,536 characters are in the context."""
    fields = parse_fields(f"description: {'a' * 1000}\nwhen_to_use: {'b' * 1000}\n")

    assert render_listing("x", fields) == f"- x: {'a' * 1000} - {'b' * 533}"
    assert render_listing("x", parse_fields("name: y")) == "- x"
