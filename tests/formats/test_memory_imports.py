"""Which words of a Markdown text are imports: not those in code, by the rules of CommonMark and of each tool."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prompt_lint.formats.memory_imports import Import, find_gemini_imports, parse_for_claude

PIECES = [
    "a", "b", "@a", "`", "``", "```", "~~~", "- ", "* ", "+", "-", "1. ", "2) ", "10. ", "> ", " ", "    ", "\t", "\n",
    "\n", "\n\n", "#", "# ", "---", "===", "\\", "<!--", "-->", "<div>", "</div>", "<x>", "<x a='b'>", "<?", "?>",
    "<pre>", "</pre>", "<!A", "<![CDATA[", "]]>",
]  # fmt: skip
markdown = st.lists(st.sampled_from(PIECES), max_size=25).map("".join)


def paths(text: str) -> list[str]:
    return [found.path for found in parse_for_claude(text).imports]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("@a.md", ["a.md"]),
        ("See @docs/a.md and\t@b.md.\n@c", ["docs/a.md", "b.md.", "c"]),
        ("- @a\n> @b\n\n# @c\n\n1. x\n\n   @d\n", ["a", "b", "c", "d"]),
        ('me@example.com x@a (@b) *@c* "@d" [@e](@f)', []),
        (r"@with\ space\ s.md @with space @back\slash", ["with space s.md", "with", "back"]),
        ("`@a` ``@b ` @c`` @d ` @e", ["d", "e"]),
        (r"\`@a\` \` @b `", ["b"]),
        ("`@a\n@b` @c", ["c"]),
        ("```\n@a\n```\n@b\n~~~ x\n@c\n```\n@d\n", ["b"]),
        ("    @a\n\nx\n    @b\n", ["b"]),
        ("- x\n\n      @a\n\n  @b\n\n- ```\n  @c\n@d", ["b", "d"]),
        ("> ```\n> @a\n@b", ["b"]),
        ("x `a@b` @", []),
        ("\u00a0@a\u2003@b", ["a", "b"]),
        ("x\r@a\r\r```\r@b", ["a"]),
    ],
)  # fmt: skip
def test_imports_of_claude_code(text: str, expected: list[str]) -> None:
    """An `@` at the start of the text or after white space, anywhere but in spans, fences and indented code."""
    assert paths(text) == expected


def test_an_import_has_its_line() -> None:
    """The line of the file, also in a paragraph of several."""
    assert parse_for_claude("x\n\n> a\n> @b c\n> @d\n").imports == (Import("b", 4), Import("d", 5))


@pytest.mark.parametrize(
    ("text", "left", "lines"),
    [
        ("a\n<!-- x -->\nb", "a\nb", [1, 3]),
        ("<!--\n@x\n\n-->\nb\n", "b\n", [5, 6]),
        ("<!-- x --> y\nb", " y\nb", [1, 2]),
        ("a\n\n  <!-- x\n y --> <!-- z -->  \n<!-- w -->", "a\n\n", [1, 2, 5]),
        ("a <!-- x --> b", "a <!-- x --> b", [1]),
        ("- a\n  <!-- x -->\n", "- a\n  <!-- x -->\n", [1, 2, 3]),
        ("```\n<!-- x -->\n```", "```\n<!-- x -->\n```", [1, 2, 3]),
        ("    <!-- x -->", "    <!-- x -->", [1]),
        ("a\n<!-- never closed\nb", "a\n<!-- never closed\nb", [1, 2, 3]),
        ("<div>\n<!-- x -->\n</div>", "<div>\n<!-- x -->\n</div>", [1, 2, 3]),
        ("<!-->a\n<!-- x -->", "a\n", [1, 2]),
    ],
)  # fmt: skip
def test_comments_that_are_blocks_vanish(text: str, left: str, lines: list[int]) -> None:
    """With their lines; those in code, in a paragraph, in a list, in other HTML stay, as does one that never ends."""
    loaded = parse_for_claude(text)

    assert (loaded.text, list(loaded.lines)) == (left, lines)
    assert loaded.imports == ()


@given(markdown)
def test_each_line_that_is_left_is_a_line_of_the_text(text: str) -> None:
    """What a breakdown shows of a file are lines of that file."""
    loaded = parse_for_claude(text)
    before = text.split("\n")

    assert len(loaded.lines) == loaded.text.count("\n") + 1
    assert all(
        before[n - 1].endswith(line)
        for n, line in zip(loaded.lines, loaded.text.split("\n"), strict=True)
        if line
    )
    assert list(loaded.lines) == sorted(loaded.lines)


def test_imports_in_html_are_kept_apart() -> None:
    """Claude Code passes HTML blocks over, of unknown tags, too; a blank line ends one. In a paragraph, tags are text."""
    text = "<rules_x>\n@a\n</rules_x>\n\n<b>\n\n@c\n</b> @d\n\n<!-- x --> @e\n\nx <b> @f\n"

    loaded = parse_for_claude(text)

    assert [found.path for found in loaded.imports] == ["c", "d", "f"]
    assert loaded.in_html == (Import("a", 2), Import("e", 10))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("@a.md @./b @../c @/d", ["a.md", "./b", "../c", "/d"]),
        ("@~/x @1 @-x @_x @ @ü", []),
        ("`@a` ```\n@b\n``` @c ` @d", ["c", "d"]),
        ("    @indented\n<!-- @comment -->\n~~~\n@tilde\n~~~", ["indented", "comment", "tilde"]),
        ("x@a @b, @c:\u00a0d", ["b,", "c:\u00a0d"]),
    ],
)
def test_imports_of_gemini(text: str, expected: list[str]) -> None:
    """A path starts with a letter, `.` or `/`, and ends at white space; only back-ticks make code."""
    inlines = list(find_gemini_imports(text))

    assert [inline.path for inline in inlines] == expected
    assert [text[inline.start : inline.end] for inline in inlines] == [f"@{path}" for path in expected]


@given(st.text("`` a@\n"))
def test_code_of_gemini_is_what_its_expression_finds(text: str) -> None:
    """The expression is its own, and takes quadratic time."""
    regions = [match.span() for match in re.finditer(r"(`+)([\s\S]*?)\1", text)]

    starts_of_imports = {inline.start for inline in find_gemini_imports(text)}

    starts = {match.start() for match in re.finditer(r"(?<![^ \n])@(?=a)", text)}
    assert starts_of_imports == {n for n in starts if not any(start <= n < end for start, end in regions)}


@pytest.mark.parametrize("marks", ["> ", "- ", "> - ", "1. > "])
def test_depth_is_bounded(marks: str) -> None:
    """Beyond the bound the marks of quotes and lists are text; and every line below them costs no more than the bound."""
    started = time.process_time()

    imports = parse_for_claude(marks * 5000 + "@a\n" + ("\n" + " " * 300) * 3000).imports

    assert imports in {(Import("a", 1),), ()}
    assert time.process_time() - started < 30
