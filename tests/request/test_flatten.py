"""The text of contents, and several system prompts as one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prompt_lint.request.flatten import flatten, join_contents

IMAGE = {"type": "image", "source": {"type": "base64", "data": "AAAA"}}
CALL = {"id": "c1", "function": {"name": "find", "arguments": "{}"}}


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("A text.", "A text."),
        (None, ""),
        ([{"type": "text", "text": "A"}, {"type": "text", "text": "B"}], "A\nB"),
        ([IMAGE, {"type": "text", "text": "What is it?"}], "What is it?"),
        ({"role": "user", "name": "ann", "content": "A"}, "A"),
        ({"role": "user", "content": [{"type": "image_url", "image_url": "a.png"}]}, ""),
        (
            {"role": "assistant", "content": "A", "tool_calls": [CALL]},
            'A\n{"id": "c1", "function": {"name": "find", "arguments": "{}"}}',
        ),
        (
            {"type": "tool_result", "tool_use_id": "c1", "content": [IMAGE, {"type": "text", "text": "A"}]},
            "A",
        ),
        ({"type": "tool_result", "tool_use_id": "c1"}, ""),
        (
            {"type": "tool_use", "id": "c1", "name": "find", "input": {"q": "é"}},
            '{"type": "tool_use", "id": "c1", "name": "find", "input": {"q": "é"}}',
        ),
        ({"name": "find", "input_schema": {}}, '{"name": "find", "input_schema": {}}'),
    ],
)
def test_the_text_of_a_content_is_without_its_json_and_its_files(content: object, text: str) -> None:
    """Calls of tools and definitions are read as JSON, so they keep it."""
    assert flatten(content) == text


@given(st.lists(st.text(), min_size=1))
def test_system_prompts_of_text_are_joined_by_a_blank_line(texts: list[str]) -> None:
    """As the API's users do it by hand."""
    assert join_contents(texts) == "\n\n".join(texts)


def test_system_prompts_with_blocks_are_joined_as_blocks() -> None:
    """A text becomes a block, so that the marks of the others stay."""
    block = {"type": "text", "text": "B", "cache_control": {"type": "ephemeral"}}

    assert join_contents(["A", [block]]) == [{"type": "text", "text": "A"}, block]
