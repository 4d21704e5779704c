"""TOML is read as `tomllib` reads it, and refused with its line where that would be expensive."""

from __future__ import annotations

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prompt_lint.text.location import ParseError
from prompt_lint.text.toml_reader import parse_toml

LONG = ".".join(["a"] * 33)
MANY = "too = 1\n" * 20_001


@pytest.mark.parametrize(
    ("text", "message", "line"),
    [
        (f"x = 1\n{LONG} = 1", "has a key of more than 32 parts", 2),
        (f"x = 1\n\n[{LONG}]\n", "has a key of more than 32 parts", 3),
        (f"[[{LONG}]]\n", "has a key of more than 32 parts", 1),
        (f"x = {{{LONG} = 1}}", "has a key of more than 32 parts", 1),
        (" . ".join(["'a'", '"b.\\""', "c"] * 11) + " = 1", "has a key of more than 32 parts", 1),
        (f'x = """\n"""\n{LONG} = 1', "has a key of more than 32 parts", 3),
        (f'x = "\\""\n{LONG} = 1', "has a key of more than 32 parts", 2),
        (MANY, "has more than 20,000 keys and values", 10_001),
        ("x = [\n" + "[],\n" * 20_000 + "]", "has more than 20,000 keys and values", 20_000),
    ],
)
def test_what_would_be_expensive_is_refused_with_its_line(text: str, message: str, line: int) -> None:
    """The time and memory for a dotted key grow with the square of its length."""
    with pytest.raises(ParseError) as caught:
        parse_toml(text)

    assert (caught.value.message, caught.value.line) == (message, line)


@pytest.mark.parametrize(
    "text",
    [
        f"{LONG.removesuffix('.a')} = 1",
        f"x = '{LONG}'",
        f'x = "{LONG}"  # {LONG}',
        f"x = '''\n'' {LONG}\n'''",
        f'x = """\n\\""" {LONG}\n"""',
        f'x = """{LONG}"""""\ny = 1',
        f"x = '''\n{MANY}'''\n# {MANY[:1000]!r}\n",
    ],
)
def test_dots_and_words_of_a_text_are_no_keys(text: str) -> None:
    """A prompt may say what it likes."""
    assert parse_toml(text) == tomllib.loads(text)


@given(st.text("a.=\"'\\\n[]{}#, 1", max_size=60))
def test_any_other_text_is_what_tomllib_says(text: str) -> None:
    """Data where that has data, and an error with a line of the file where it has an error."""
    try:
        data = tomllib.loads(text)
    except ValueError:
        with pytest.raises(ParseError, match="is not TOML: ") as caught:
            parse_toml(text)
        assert 1 <= caught.value.line <= text.count("\n") + 1
    else:
        assert parse_toml(text) == data
