"""JSON is read strictly, and the position of each value and each fault is known."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prompt_lint.text.json_reader import find_positions, parse_json
from prompt_lint.text.location import ParseError

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=10,
)


def list_values(value: Any, key_path: tuple[str | int, ...] = ()) -> dict[tuple[str | int, ...], Any]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return {key_path: value} | {
        k: v for key, item in items for k, v in list_values(item, (*key_path, key)).items()
    }


@given(VALUES, st.sampled_from([None, 0, 2]))
def test_every_value_is_read_and_starts_at_its_position(value: Any, indent: int | None) -> None:
    """However the text is laid out, and whatever is in its strings."""
    text = json.dumps(value, indent=indent, ensure_ascii=False)
    lines = text.split("\n")

    assert parse_json(text) == value
    assert {
        key_path: json.JSONDecoder().raw_decode("\n".join([lines[line - 1][column - 1 :], *lines[line:]]))[0]
        for key_path, (line, column) in find_positions(text).items()
    } == list_values(value)


@pytest.mark.parametrize(
    ("text", "message", "line", "column"),
    [
        ('{"a":\n}', "is not JSON: expected a value", 2, 1),
        ('{"a": 1,\n "a": 2}', "duplicate key `a`", 2, 2),
        ('{"b": {"a": 1}, "a": [{"a": 1,\n"a": 2}]}', "duplicate key `a`", 2, 1),
        ('["NaN", NaN]', "NaN is not a JSON number", 1, 9),
        ("[1,\n1e999]", "a number is too large", 2, 1),
        ("[1,\n1e999x]", "a number is too large", 2, 1),
        ("[" + "1" * 5000 + "]", "a number is too long", 1, 2),
        ('["\\ud83d\\ude00",\n"\\ud800"]', "an escape means half a character", 2, 2),
        ("[" * 101 + "]" * 101, "it is nested too deeply", 0, 0),
        ("[" * 100_000, "it is nested too deeply", 0, 0),
        ("[" + "1," * 400_000 + "1]", "it has more than 400,000 values", 0, 0),
    ],
)
def test_what_other_readers_take_otherwise_is_refused(
    text: str, message: str, line: int, column: int
) -> None:
    """A key twice, a number that isn't one, half a character: a count must not depend on who reads the file."""
    with pytest.raises(ParseError) as caught:
        parse_json(text)

    assert message in caught.value.message
    assert (caught.value.line, caught.value.column) == (line, column)


def test_commas_in_texts_are_no_values() -> None:
    """A long text is one."""
    assert parse_json(f'["{",[{" * 200_000}"]') == [",[{" * 200_000]
