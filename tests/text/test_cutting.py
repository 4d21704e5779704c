"""Texts and paths in a place that is too small for them."""

from __future__ import annotations

import pytest

from prompt_lint.text.cutting import cut_path, cut_text


@pytest.mark.parametrize(
    ("longest", "text", "path"), [(9, "a/b/c.md", "a/b/c.md"), (8, "a/b/c.md", "a/b/c.md"), (7, "a/b/c.…", "…b/c.md")]
)  # fmt: skip
def test_a_text_keeps_its_beginning_and_a_path_its_end(longest: int, text: str, path: str) -> None:
    """What fits stays as it is; else a `…` is one of the characters."""
    assert (cut_text("a/b/c.md", longest), cut_path("a/b/c.md", longest)) == (text, path)
