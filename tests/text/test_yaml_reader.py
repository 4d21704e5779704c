"""The strict part of YAML that is read, and that nothing else gets through."""

from __future__ import annotations

import math
import re
import subprocess
import sys
import time
from typing import Any

import pytest
import yaml
from fuzz.parsers import check_yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from prompt_lint.text.location import ParseError
from prompt_lint.text.yaml_reader import CONFIG_LIMITS, PROMPT_LIMITS, Limits, YamlDocument, parse_yaml

PARSERS = [pytest.param(False, id="c"), pytest.param(True, id="pure")]


def read(text: str | bytes, *, pure: bool = False, limits: Limits = CONFIG_LIMITS) -> YamlDocument:
    return parse_yaml(text.encode() if isinstance(text, str) else text, limits, pure=pure)


def error_in(data: bytes, *, pure: bool) -> ParseError | None:
    try:
        parse_yaml(data, pure=pure)
    except ParseError as error:
        return error
    return None


def test_the_c_parser_is_there() -> None:
    """The tests compare two parsers, so both have to be installed."""
    assert yaml.__with_libyaml__


@pytest.mark.parametrize("pure", PARSERS)
@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("true", True), ("True", True), ("TRUE", True), ("false", False), ("False", False), ("FALSE", False), ("null", None), ("~", None), ("", None), ("NULL", None),
        ("0", 0), ("-7", -7), ("+7", 7), ("8000", 8000), ("0x1F", 31), ("0o17", 15), ("9223372036854775807", 2**63 - 1),
        ("1.5", 1.5), ("-.5", -0.5), ("1.", 1.0), ("1e3", 1000.0), ("1.5E-3", 0.0015), ("010.5", 10.5),
        ("no", "no"), ("yes", "yes"), ("on", "on"), ("off", "off"), ("n", "n"), ("010", "010"), ("1:30", "1:30"),
        ("190:20:30", "190:20:30"), ("2026-11-22", "2026-11-22"), ("1_000", "1_000"), ("0b11", "0b11"), ("tRue", "tRue"),
        ("1e", "1e"), ("5%", "5%"), ("8k", "8k"), ("=", "="), ("'1'", "1"), ('"true"', "true"), ("''", ""), ("٣", "٣"),
        ('"\\u00e9\\t"', "é\t"), ("[a, 1, {b: c}]", ["a", 1, {"b": "c"}]), ("- a\n- - b", ["a", ["b"]]),
        ("|\n  a\n   b\n", "a\n b\n"), (">-\n  a\n  b\n", "a b"), ("a: b # c", {"a": "b"}), ("{a: , b: 1}", {"a": None, "b": 1}),
        ("'<<': 1", {"<<": 1}), ("'5': x", {"5": "x"}), ("---\na: 1\n...\n", {"a": 1}), ('{"a": [1.0, "x"]}', {"a": [1.0, "x"]}),
    ],
)  # fmt: skip
def test_values_are_those_of_yaml_1_2(text: str, value: object, pure: bool) -> None:
    """Plain words become what the core schema of YAML 1.2 says; everything that YAML 1.1 made of others is text."""
    found = read(text, pure=pure).data

    assert (found, type(found)) == (value, type(value))


REFUSED = [
    ("a: &x 1", "anchors", 1, 4), ("- &x a\n- *x", "anchors", 1, 3), ("*x", "aliases", 1, 1), ("a: *x", "aliases", 1, 4),
    ("!!str a", "tags", 1, 1), ("a: !x b", "tags", 1, 4), ('! "12"', "tags", 1, 1), ("!<tag:x> a", "tags", 1, 1),
    ("!!python/object/apply:os.system ['true']", "tags", 1, 1), ("a: !!binary aGk=", "tags", 1, 4),
    ("<<: {a: 1}", "merge keys", 1, 1), ("a: 1\na: 2", "duplicate key `a` (first on line 1)", 2, 1),
    ('{a: 1, "a": 2}', "duplicate key `a` (first on line 1)", 1, 8), ("1: a", "the key `1` isn't text", 1, 1), ("true: a", "the key `true`", 1, 1),
    ("~: a", "the key `~`", 1, 1), ("? \n: b", "a key is missing", 1, 2), ("a: {? }", "a key is missing", None, None), ("[a]: b", "can't be a key", 1, 1), ("? {a: b}\n: c", "can't be a key", 1, 3),
    ("a\n---\nb", "more than one document", 2, 1), ("%YAML 1.2\n---\na", "directives", 1, 1), ("# x\n\n%TAG ! a\n---\nb", "directives", 3, 1),
    (".inf", "isn't a finite number", 1, 1), ("a: -.INF", "isn't a finite number", 1, 4), (".nan", "isn't a finite number", 1, 1),
    ("1e400", "too large", 1, 1), ("9223372036854775808", "too large", 1, 1), ("9" * 5000, f"the number `{'9' * 39}…` is too large;", 1, 1), ("0x" + "f" * 99, "too large", 1, 1),
    ("a: [", "isn't valid YAML", None, None), ("a: b: c", "isn't valid YAML", 1, 5), ("\ta: 1", "isn't valid YAML", 1, 1), ("'a", "isn't valid YAML", None, None),
    ("a\0b", "U+0000", 1, 2), ("a\nb\x07", "U+0007", 2, 2), ("a\x7f", "U+007F", 1, 2), ("a\ufeffb", "U+FEFF", 1, 2), ("\ufffe", "U+FFFE", 1, 1),
    (b"a\n\xff", "is not UTF-8: byte 0xff", 2, 1), (b"\xff\xfea\x00", "is not UTF-8", 1, 1), (b"\xed\xa0\x80", "is not UTF-8", 1, 1),
    ("[" * 33 + "]" * 33, "more than 32 levels", 1, 33),
    ("[" + "1," * 20_000 + "]", "more than 20,000 values", 1, 40_000),
    ("#" * (256 * 1024 + 1), "is 262,145 bytes long; the most is 262,144", 0, 0),
]  # fmt: skip


@pytest.mark.parametrize("pure", PARSERS)
@pytest.mark.parametrize(
    ("text", "message", "line", "column"), REFUSED, ids=[str(one[0])[:20].strip() for one in REFUSED]
)
def test_everything_else_is_refused_with_its_place(
    text: str | bytes, message: str, line: int | None, column: int | None, pure: bool
) -> None:
    """What could stall, surprise or run is refused, in words, with line and column."""
    with pytest.raises(ParseError) as caught:
        read(text, pure=pure)

    assert message in caught.value.message
    if line is not None:
        assert (caught.value.line, caught.value.column) == (line, column)


@pytest.mark.parametrize("pure", PARSERS)
def test_as_much_as_the_limits_allow_is_read(pure: bool) -> None:
    """Depth and number are allowed up to the limit, not only below it."""
    deep = read("[" * 32 + "]" * 32, pure=pure).data
    long = read("[" + "1," * 19_999 + "]", pure=pure).data

    for _ in range(31):
        deep = deep[0]
    assert deep == []
    assert len(long) == 19_999


@pytest.mark.parametrize("pure", PARSERS)
def test_places_are_known_for_values_and_keys(pure: bool) -> None:
    """Every value has a place, by the keys and indices that lead to it, in characters from 1."""
    text = "# é😀\nä: 1\nlist:\n  - {x: '😀', y: z}\n  -\n  - |\n    text\n"

    found = read(text, pure=pure)

    assert found.data == {"ä": 1, "list": [{"x": "😀", "y": "z"}, None, "text\n"]}
    assert found.positions[()] == (2, 1)
    assert found.positions[("ä",)] == (2, 4)
    assert found.positions[("list", 0)] == (4, 5)
    assert found.positions[("list", 0, "y")] == (4, 17)
    assert found.positions[("list", 2)] == (6, 5)
    assert found.key_positions == {
        ("ä",): (2, 1),
        ("list",): (3, 1),
        ("list", 0, "x"): (4, 6),
        ("list", 0, "y"): (4, 14),
    }
    assert found.positions.keys() - found.key_positions.keys() == {(), ("list", 0), ("list", 1), ("list", 2)}


@pytest.mark.parametrize("pure", PARSERS)
def test_lines_are_those_of_git(pure: bool) -> None:
    """YAML knows more ends of lines; a place counts the characters since the last line feed."""
    found = read("a: 1\rb: 2\nc: 3\u2028d: 4\x85e: [\r\n5, 6]", pure=pure)

    assert found.key_positions == {
        ("a",): (1, 1),
        ("b",): (1, 6),
        ("c",): (2, 1),
        ("d",): (2, 6),
        ("e",): (2, 11),
    }
    assert found.positions[("e", 1)] == (3, 4)


@pytest.mark.parametrize("pure", PARSERS)
@pytest.mark.parametrize("text", ["", "# nothing\n\n"])
def test_a_document_without_a_value_starts_with_its_file(text: str, pure: bool) -> None:
    """A message about it needs a place, too."""
    assert read(text, pure=pure) == YamlDocument(None, {(): (1, 1)}, {})


def test_the_c_parser_reads_unless_the_pure_one_is_asked_for() -> None:
    """It is faster, and takes a question mark in a list, which the other one doesn't."""
    assert parse_yaml(b"[why?]").data == ["why?"]
    with pytest.raises(ParseError):
        parse_yaml(b"[why?]", pure=True)


@pytest.mark.parametrize("pure", PARSERS)
def test_a_value_that_is_left_out_is_where_its_key_is(pure: bool) -> None:
    """In a list of braces one parser has it at the key and the other one at the brace."""
    found = read("{a:\n}", pure=pure)

    assert found.positions["a",] == found.key_positions["a",] == (1, 2)


@pytest.mark.parametrize("pure", PARSERS)
def test_windows_files_read_like_others(pure: bool) -> None:
    """A byte order mark and CRLF change neither data nor places."""
    plain = read("a: |\n  x\nb: [1]\n", pure=pure)

    assert read(b"\xef\xbb\xbfa: |\r\n  x\r\nb: [1]\r\n", pure=pure) == plain


def test_mistakes_can_be_collected() -> None:
    """With a list given, mistakes that don't keep the rest from being read are all told; the first key counts."""
    mistakes: list[ParseError] = []

    found = parse_yaml(b"a: 1\na: {b: 1, b: 2}\nc: .nan\n5: x\nd: e", mistakes=mistakes)

    assert found.data == {"a": 1, "c": 0, "5": "x", "d": "e"}
    assert [(one.line, one.column) for one in mistakes] == [(2, 1), (2, 11), (3, 4), (4, 1)]
    assert ("a", "b") not in found.positions


def test_larger_limits_read_larger_files() -> None:
    """A prompt file of a megabyte in ten thousand messages is read with the limits for prompts."""
    data = b"messages:\n" + b"- {role: user, content: %s}\n" % (b"word " * 20) * 10_000

    with pytest.raises(ParseError, match="bytes long"):
        parse_yaml(data)
    assert len(parse_yaml(data, PROMPT_LIMITS).data["messages"]) == 10_000


@pytest.mark.parametrize(("source", "unit"), [("é" * 9, "characters"), (b"a" * 9, "bytes")])
def test_what_is_too_long_has_its_length_in_what_was_given(source: str | bytes, unit: str) -> None:
    """A text is measured in characters, and the bytes of a file in bytes."""
    with pytest.raises(ParseError, match=f"^is 9 {unit} long; the most is 8$"):
        parse_yaml(source, Limits(8, 1, 1))


# Hostile input

BOMB = "a: &a [x, x]\n" + "\n".join(
    f"{b}: &{b} [*{a}, *{a}]" for a, b in zip("abcdefgh", "bcdefghi", strict=False)
)
MERGE = "a: &a {x: 1}\n" + "\n".join(
    f"{b}: &{b} {{<<: [*{a}, *{a}, *{a}]}}" for a, b in zip("abcdefgh", "bcdefghi", strict=False)
)
HOSTILE = {
    "aliases": BOMB,
    "merge keys": MERGE,
    "brackets": "[" * 100_000,
    "braces": "{" * 100_000,
    "pairs": "{a: " * 60_000,
    "dashes": "- " * 100_000,
    "question marks": "? " * 100_000,
    "colons": "a:" * 100_000,
    "indents": "".join(f"{' ' * n}a:\n" for n in range(700)),
    "keys": "".join(f"k{n}: 1\n" for n in range(15_000)),
    "the same key": "a: 1\n" * 9_000,
    "one long word": "x" * 250_000,
    "one long number": "9" * 250_000,
    "one long quotation": '"' + "\\x41" * 60_000 + '"',
    "comments": "#\n" * 120_000,
    "empty lines": "\n" * 250_000 + "%",
    "tags": "!" * 250_000,
    "a code point that is none": '"\\UFFFFFFFF"',
    "half a character": '"\\ud800"',
}


@pytest.mark.parametrize("pure", PARSERS)
@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_input_is_answered_quickly(name: str, pure: bool) -> None:
    """Anything of 256 KiB is read or refused in well under a second; the bound is for slow machines."""
    started = time.process_time()

    error = error_in(HOSTILE[name].encode(), pure=pure)

    assert len(error.message if error else "") < 200
    assert time.process_time() - started < 4


@pytest.mark.parametrize("opening", ["[", "{", "- ", "? ", "[{a: "])
def test_deep_nesting_crashes_nothing(opening: str) -> None:
    """100,000 levels end in a `ParseError`, in a process of their own: PyYAML's own loader would crash it."""
    code = (
        "from prompt_lint.text.yaml_reader import *\n"
        f"try: parse_yaml({opening!r}.encode() * 100_000, PROMPT_LIMITS)\n"
        "except ParseError as error: print(error.message)"
    )

    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False
    )

    assert done.returncode == 0, done.stderr
    assert (
        done.stdout.strip().endswith("is nested more than 100 levels deep") or "can't be a key" in done.stdout
    )


# Laws

# Numbers in YAML 1.2, and text in PyYAML's 1.1, which so leaves it without quotes.
_NEWER_NUMBER = re.compile(r"[-+]?[0-9]+[eE][-+]?[0-9]+|0o[0-7]+")
_TEXTS = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufeff\ufffe\uffff"), max_size=20
)

_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63) + 1, 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False)
    | _TEXTS.filter(lambda text: not _NEWER_NUMBER.fullmatch(text)),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("abc: -#é\n\"'<", max_size=6), inner, max_size=4),
    max_leaves=20,
)  # fmt: skip


@settings(max_examples=2 * settings().max_examples, deadline=None)
@given(_VALUES)
def test_what_pyyaml_writes_is_read_back(value: Any) -> None:
    """Data written by PyYAML comes back the same, by both parsers, wherever it needs neither tags nor anchors."""
    text = yaml.safe_dump(value, allow_unicode=True)
    if any(sign in text for sign in ("&id", "!!", "? ")):
        return

    assert same(read(text).data, value)
    assert read(text) == read(text, pure=True)


def same(found: Any, wanted: Any) -> bool:
    if isinstance(wanted, float):
        return math.isclose(found, wanted, rel_tol=0, abs_tol=0)
    return bool(found == wanted)


_TOKENS = ["a", "b: ", "- ", "\n", "\n  ", "[", "]", "{", "}", ", ", ": ", "? ", "|\n", ">-\n", '"', "'", "#", " ", "é", "😀", "~", "1",
           "0x1f", "!", "!!str ", "&a ", "*a", "<<", "---", "...", "%", ":", "-", "\\x", "\\ud800", "@", "`", "\r\n", "1.5", "\u2028", "\x85"]  # fmt: skip


@settings(max_examples=3 * settings().max_examples, deadline=None)
@given(st.lists(st.sampled_from(_TOKENS), max_size=14).map("".join))
def test_both_parsers_say_the_same(text: str) -> None:
    """The C parser and the pure one read the same data at the same places, and refuse the same, but for what is known."""
    check_yaml(text.encode())
