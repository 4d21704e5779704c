"""Untrusted text in Markdown: it is shown as it is, and does nothing."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given
from tests.support.hostile_names import MARKDOWN_NAME
from tests.support.rendered_markdown import LINKING, render_page

from prompt_lint.text.escape import escape_line
from prompt_lint.text.markdown_escape import escape_as_code, escape_as_text

if TYPE_CHECKING:
    from collections.abc import Callable

# Where names and messages are printed: what is before and behind them, and the elements that it makes.
PLACES = {
    "cell": (
        "| a | b |\n|--|--|\n| ",
        " | x |\n",
        ["table", "thead", "tr", "th", "th", "tbody", "tr", "td", "td"],
    ),
    "item": ("- \u274c ", "<br>\n", ["ul", "li", "br"]),
    "heading": ("### \u274c ", "\n", ["h3"]),
    "note": ("<sub>was ", "</sub>\n", ["p", "sub"]),
}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("escape", [escape_as_code, escape_as_text])
@given(name=MARKDOWN_NAME)
@example(name="a|b\\")
@example(name="`")
@example(name="\\|")
@example(name="# Sign in ` at https://host.example/")
@example(
    name="a | https://host.example/ www.host.example me@host.example mailto:me@host.example xmpp:a@b.example"
)
@example(name="see https://x.example/a_b, _www.x.example, or ask @org/team and a@-b.example about #12!")
@example(name="`a`@b `` c`d `e``f|` www.x.example")
@example(name="\u05e9www.x.example \u05e9gh-1")
@example(name="0" * 40)
@example(name="a" + "E" * 39)
@example(name="`" * 80 + " @me")
def test_text_of_strangers_stays_text(place: str, escape: Callable[[str], str], name: str) -> None:
    """By GitHub's own parser it is shown as on a terminal, wherever it is: no element but code comes of it, and no link."""
    before, after, elements = PLACES[place]
    page = render_page(before + escape(name) + after)

    assert [tag for tag in page.tags if tag != "code"] == elements
    assert LINKING.search(page.linkable) is None
    shown = page.cells[1][0] if place == "cell" else page.shown
    assert bare(shown).removeprefix("\u274c").removeprefix("was") == bare(escape_line(name))


@given(MARKDOWN_NAME)
@example("`" * 80 + " @me")
def test_a_name_is_code_from_end_to_end(name: str) -> None:
    """Nothing of it is outside, where mentions are looked for."""
    assert render_page(f"x{escape_as_code(name)}").linkable.strip("\0\u2068\u2069\n") == "x"


def bare(text: str) -> str:
    """A text without what code and isolation add, or HTML draws as one space."""
    return re.sub(r"[`\s\u2068\u2069]", "", text)


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("a b.md", "`a b.md`"),
        ("a`b", "``a`b``"),
        ("`", "`` ` ``"),
        (" a", "`  a `"),
        ("  ", "<code>&#32;&#32;</code>"),
        ("a|b", "<code>a&#124;b</code>"),
        ("`" * 80, f"<code>{'&#96;' * 80}</code>"),
        ("|https://www.x", "<code>&#124;https<!-- -->://w<!-- -->ww.x</code>"),
    ],
)
def test_a_name_is_copied_as_it_is(name: str, code: str) -> None:
    """A code span holds all but a `|` and very many backticks, for which there is the tag."""
    assert escape_as_code(name) == code
    assert render_page(code).shown.rstrip("\n") == name


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("see www.x.example, or GH-12.", "see `www.x.example`, or `GH-12`."),
        ("awww. ugh-1", "awww. ugh-1"),
        ("/close", "&#47;close"),
        ("1. or 2) - # a", "&#49;. or 2) - # a"),
        (" a", "a"),
        ("a ` b", "a &#96; b"),
        ("a `b|c` `d`", "a <code>b&#124;c</code> `d`"),
        ("snake_case _a_", "snake_case &#95;a&#95;"),
        ("ask @me!!!", "ask `@me`!!!"),
        ("deadbee 0123456 abcdef7.", "`deadbee` 0123456 `abcdef7`."),
        ("at 10:30:12", "at `10:30:12`"),
        ("", ""),
    ],
)
def test_a_sentence_keeps_its_words(text: str, escaped: str) -> None:
    """What GitHub or GitLab would make a link or a command of is code, and a mark is an entity."""
    assert escape_as_text(text) == escaped


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("a ", "` a  `"),
        (" | a  ", "<code>&#32;&#124; a&#32;&#32;</code>"),
        ("`a", "`` `a ``"),
        ("a``b`", "``` a``b` ```"),
    ],
)
def test_spaces_and_backticks_at_the_edge_of_a_name_stay(name: str, code: str) -> None:
    """Of a space on both sides of code, Markdown drops one."""
    assert escape_as_code(name) == code
    assert render_page(escape_as_code(name)).shown.rstrip("\n") == name


def test_scripts_from_the_right_move_nothing_else() -> None:
    """A Hebrew name can't change places with the number beside it."""
    assert escape_as_code("שלום.md") == "&#8296;`שלום.md`&#8297;"
    assert escape_as_text("see שלום") == "&#8296;see שלום&#8297;"


def test_the_signs_at_the_end_of_a_heading_stay() -> None:
    """Markdown takes them for its end."""
    assert escape_as_text("what # is C#") == "what # is C&#35;"
    assert render_page(f"### {escape_as_text('a ## ')}\n").shown == "a ##\n"
