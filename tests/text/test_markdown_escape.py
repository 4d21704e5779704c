"""Untrusted text in Markdown: it is shown as it is, and does nothing."""

from __future__ import annotations

import re

from hypothesis import example, given
from tests.support.hostile_names import MARKDOWN_NAME
from tests.support.rendered_markdown import LINKING, PARSER, read_linkable, read_shown

from prompt_lint.text.escape import escape_line
from prompt_lint.text.markdown_escape import escape_as_code, escape_as_text


@given(MARKDOWN_NAME)
@example("a|b\\")
@example("`")
@example("\\|")
def test_a_name_as_code_stays_in_its_cell(name: str) -> None:
    """Whatever a name is, its cell shows it as it is on a terminal, as code and nothing else."""
    text = f"| a | b |\n|--|--|\n| {escape_as_code(name)} | x |\n"

    [first, second] = [token for token in PARSER.parse(text) if token.type == "inline"][2:]
    kinds = {
        (token.type, token.content if token.type == "html_inline" else "") for token in first.children or ()
    }
    assert second.content == "x"
    assert kinds <= {("text", ""), ("code_inline", ""), ("html_inline", "<code>"), ("html_inline", "</code>")}
    assert bare(read_shown(escape_as_code(name))) == bare(escape_line(name))
    assert read_linkable(escape_as_code(name)).strip("\0\u2068\u2069") == ""


@given(MARKDOWN_NAME)
@example("see https://x.example/a_b, or ask @org/team about #12!")
@example("`a` and ``b")
def test_words_stay_in_their_cell_and_are_words(name: str) -> None:
    """A message is shown as written; what would be a link, a mention or a reference is code."""
    escaped = escape_as_text(name)
    text = f"| a | b |\n|--|--|\n| {escaped} | x |\n"

    [first, second] = [token for token in PARSER.parse(text) if token.type == "inline"][2:]
    kinds = {
        (token.type, token.content if token.type == "html_inline" else "") for token in first.children or ()
    }
    assert second.content == "x"
    assert kinds <= {("text", ""), ("code_inline", ""), ("html_inline", "<code>"), ("html_inline", "</code>")}
    assert bare(read_shown(escaped)) == bare(escape_line(name))
    assert LINKING.search(read_linkable(escaped)) is None


def bare(text: str) -> str:
    """A text without what code and isolation add, or HTML draws as one space."""
    return re.sub(r"[`\s\u2068\u2069]", "", text)


def test_scripts_from_the_right_move_nothing_else() -> None:
    """A Hebrew name can't change places with the number beside it."""
    assert escape_as_code("שלום.md") == "&#8296;`שלום.md`&#8297;"
    assert escape_as_text("see שלום") == "&#8296;see שלום&#8297;"
