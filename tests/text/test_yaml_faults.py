"""What is said of a text that isn't YAML: the mistake and its place, in words for people, by both parsers."""

from __future__ import annotations

import time

import pytest

from prompt_lint.text.location import ParseError
from prompt_lint.text.yaml_reader import parse_yaml

INDENTATION = "the indentation doesn't match the lines above"


@pytest.mark.parametrize("pure", [False, True])
@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ("a:\n\t- b\n", (2, 1), "the line is indented with a tab; YAML needs spaces"),
        ("a: 1\nb:\n  \tc: 1\n", (3, 3), "the line is indented with a tab; YAML needs spaces"),
        ("a:\n  - b\n c: 1\n", (3, 2), INDENTATION),
        ("a:\r  - b\n\tc: 1\n", (2, 1), "the line is indented with a tab; YAML needs spaces"),
        ("a: 1\r]", (1, 6), "there is no opening bracket for this `]`"),
        ("a: 1\rb: {c\n", (1, 9), "the `{` isn't closed by a `}`"),
        ("a:\n  - b: 1\n      c: 1\n", (3, 7), INDENTATION),
        (" a: 1\nb: 2\n", (2, 1), INDENTATION),
        ("a: [b\nc: 1\n", (1, 4), "the `[` isn't closed by a `]`"),
        ("a: {b: 1\nc: [1]\n", (1, 4), "the `{` isn't closed by a `}`"),
        ('a: ["]", b\n', (1, 4), "the `[` isn't closed by a `]`"),
        ("a: [", (1, 4), "the `[` isn't closed by a `]`"),
        ("a: 1\nb: {c: [d,", (2, 8), "the `[` isn't closed by a `]`"),
        ('a: [\n  "b"\n  "c"\n]\n', (3, 3), "expected `,` or `]` in the list that starts on line 1"),
        ("a: [1]]\n", (1, 7), "there is no opening bracket for this `]`"),
        ('a: "b\nc: 1\n', (1, 4), 'the quote `"` isn\'t closed'),
        ("a: 'b\nc: 1\n", (1, 4), "the quote `'` isn't closed"),
        ('a: "\\d"\n', None, r"a backslash in double quotes starts an escape; write `\\`, or use single quotes"),
        ("a: @b\n", (1, 4), "a value that starts with `@` needs quotes"),
        ("a: `b`\n", (1, 4), "a value that starts with a backtick needs quotes"),
        ("a: **/*.md\n", (1, 4), "a value that starts with `*` needs quotes"),
        ("a: b: c\n", (1, 5), "a value that contains `: ` needs quotes"),
        ("a 1\nb: 1\n", (1, 1), "expected a `:` and a space after the key"),
        ("a: 1\nb:2\nc: 3\n", (2, 1), "expected `key: value`, with a space after the `:`"),
        ("a: 1\nb\nc: 3\n", (2, 1), "expected `key: value`, found no `:`"),
        ("a:\n  -b: 1\n    c: 1\n", (2, 3), "expected a space after the `-`"),
    ],
)  # fmt: skip
def test_a_fault_in_words(text: str, place: tuple[int, int] | None, message: str, pure: bool) -> None:
    """It is found where a person has to write something, which is seldom where the parser gives up."""
    with pytest.raises(ParseError) as caught:
        parse_yaml(text, pure=pure)

    assert caught.value.message == f"isn't valid YAML: {message}"
    assert place in {None, (caught.value.line, caught.value.column)}


@pytest.mark.parametrize("text", ['[{"' + '\\"' * 60_000, "['" + "''" * 60_000, "[" + '"a" #' * 20_000])
def test_a_fault_is_explained_in_linear_time(text: str) -> None:
    """A configuration may be a stranger's."""
    began = time.process_time()
    with pytest.raises(ParseError):
        parse_yaml(text)

    assert time.process_time() - began < 2
