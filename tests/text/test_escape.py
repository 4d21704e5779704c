"""What untrusted text looks like when it is printed."""

from __future__ import annotations

import json
import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.hostile_names import SPECIAL

from prompt_lint.text.escape import dump_json, escape_line, escape_surrogates

TEXT = st.text(st.one_of(SPECIAL, st.characters(exclude_categories=()), st.characters(codec="ascii")))

UNESCAPE = re.compile(r"\\(?:(?P<short>[nrt\\])|x(?P<x>[0-9a-f]{2})|u(?P<u>[0-9a-f]{4})|U(?P<U>[0-9a-f]{8}))")


def original(shown: str) -> str:
    """What a reader who knows the rules takes `shown` for."""

    def char(match: re.Match[str]) -> str:
        if short := match["short"]:
            return {"n": "\n", "r": "\r", "t": "\t", "\\": "\\"}[short]
        number = int(match["x"] or match["u"] or match["U"], 16)
        return chr(number + 0xDC00) if match["x"] and number >= 0x80 else chr(number)

    return UNESCAPE.sub(char, shown)


def is_runner_command(line: str) -> bool:
    """Whether GitHub's or Azure's runner may take the line for a command (ActionCommand.cs, Command.cs)."""
    return line.strip().startswith("::") or re.search(r"##\w*\[", line) is not None


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("prompts/système été.md", "prompts/système été.md"),
        ("提示词/🎉.md", "提示词/🎉.md"),
        (r"C:\prompts\#1.md", r"C:\prompts\#1.md"),
        ("a\nb\r\tc", r"a\nb\r\tc"),
        ("\x1b[31mred\x7f", r"\x1b[31mred\x7f"),
        ("\x9b31m\x85", r"\u009b31m\u0085"),
        ("photo\u202egnp.md", r"photo\u202egnp.md"),
        ("\u2066\u200f\u061c", r"\u2066\u200f\u061c"),
        ("a\u2028b\u2029", r"a\u2028b\u2029"),
        ("zero\u200bwidth\ufeff", r"zero\u200bwidth\ufeff"),
        ("tag\U000e0041", r"tag\U000e0041"),
        ("filler\u3164 selector\ufe0f", r"filler\u3164 selector\ufe0f"),
        ("caf\udce9.md", r"caf\xe9.md"),
        ("half\ud83d", r"half\ud83d"),
        ("\udc7f\udc80\udcff\udd00", r"\udc7f\x80\xff\udd00"),
        ("\ufffe\uffff\U0001ffff\U0010ffff", r"\ufffe\uffff\U0001ffff\U0010ffff"),
        ("\x00\x1f ~\x7f\x80", r"\x00\x1f ~\x7f\u0080"),
        (r"literal \x1b and \name", r"literal \\x1b and \\name"),
        ("::error::x", r"\x3a:error::x"),
        ("  ::set-output", r"  \x3a:set-output"),
        ("a::b", "a::b"),
        ("x##[add-mask]y", r"x#\x23[add-mask]y"),
        ("##vso[task.x]", r"#\x23vso[task.x]"),
        ("## Heading", "## Heading"),
    ],
)  # fmt: skip
def test_shows(text: str, shown: str) -> None:
    """Readable text stays as it is; what can't be seen, misleads or commands is spelled out."""
    assert escape_line(text) == shown


# Unicode 16: Default_Ignorable_Code_Point in https://www.unicode.org/Public/16.0.0/ucd/DerivedCoreProperties.txt
IGNORABLE = (
    (0xAD, 0xAD), (0x34F, 0x34F), (0x61C, 0x61C), (0x115F, 0x1160), (0x17B4, 0x17B5), (0x180B, 0x180F), (0x200B, 0x200F),
    (0x202A, 0x202E), (0x2060, 0x206F), (0x3164, 0x3164), (0xFE00, 0xFE0F), (0xFEFF, 0xFEFF), (0xFFA0, 0xFFA0), (0xFFF0, 0xFFF8),
    (0x1BCA0, 0x1BCA3), (0x1D173, 0x1D17A), (0xE0000, 0xE0FFF),
)  # fmt: skip


def test_no_character_that_is_not_drawn_is_shown_as_it_is() -> None:
    """Unicode says which ones a font may leave out. What is beside them stays as it is."""
    ignorable = {chr(number) for first, last in IGNORABLE for number in range(first, last + 1)}
    beside = {chr(number) for first, last in IGNORABLE for number in (first - 1, last + 1)} - ignorable

    assert all(re.fullmatch(r"\\[uU][0-9a-f]+", escape_line(char)) for char in ignorable)
    assert all(escape_line(char) == char for char in beside if char.isprintable())
    assert sum(char.isprintable() for char in beside) > 15


def test_json_shows_a_log_no_command_and_says_the_same() -> None:
    """The runners of GitHub and Azure read it in the log of a job."""
    document = {"##vso[a]": ["##[b]", "é## c"]}

    assert dump_json(document, indent=None) == '{"#\\u0023vso[a]": ["#\\u0023[b]", "\\u00e9## c"]}\n'
    assert json.loads(dump_json(document)) == document
    assert dump_json([1]) == "[\n  1\n]\n"


def test_bytes_that_are_not_utf_8_are_spelled_out_and_nothing_else() -> None:
    """So a file can be named in a document that must be UTF-8."""
    assert escape_surrogates("a\udce9\n\ud800\udfff\ue000") == "a\\xe9\n\\ud800\\udfff\ue000"


@given(TEXT)
def test_json_spells_them_out_in_every_text_and_key(text: str) -> None:
    """No output has to think of it, and a backslash that is there already means itself."""
    text = re.sub(
        "[\ud800-\udbff](?=[\udc00-\udfff])", "", text
    )  # both halves together are a character to JSON
    spelled = escape_surrogates(text)

    assert json.loads(dump_json({text: [text, "\\udce9"]})) == {spelled: [spelled, "\\udce9"]}


@given(TEXT)
def test_is_one_printable_line(text: str) -> None:
    """Whatever comes in, one line of drawn characters comes out, and UTF-8 can carry it."""
    shown = escape_line(text)

    assert shown.isprintable()
    assert shown.encode("utf-8").decode("utf-8") == shown
    assert not any(unicodedata.category(char).startswith("C") for char in shown)


@given(TEXT)
def test_can_be_read_back(text: str) -> None:
    """Two different texts never look the same, because the text can be told from what is shown."""
    assert original(escape_line(text)) == text


@given(st.sampled_from(["", " ", "prompts/a.md: "]), TEXT, TEXT)
def test_commands_no_runner(before: str, first: str, second: str) -> None:
    """Pieces put together in one line, as messages are, never make a workflow command."""
    line = before + escape_line(first) + escape_line(second)

    assert not is_runner_command(line)
    assert len(line) >= len(before + first + second)


SPELLED = st.lists(st.sampled_from(["::", ":", "#", "##", "[", "vso", "error", " ", "\n", "\\"])).map("".join)


@given(SPELLED, SPELLED)
def test_commands_no_runner_however_they_are_spelled(first: str, second: str) -> None:
    """The same, for texts made of nothing but pieces of commands."""
    assert not is_runner_command(escape_line(first) + escape_line(second))
    assert original(escape_line(first)) == first
