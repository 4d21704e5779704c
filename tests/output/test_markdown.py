"""The Markdown output: what a reviewer reads, and that no name in it is obeyed."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from tests.support import make, reports

from prompt_lint.model.values import Note
from prompt_lint.output import View, markdown
from prompt_lint.text import markdown_escape
from prompt_lint.text.escape import visible

if TYPE_CHECKING:
    from collections.abc import Iterator

    from markdown_it.token import Token
    from syrupy.assertion import SnapshotAssertion

    from prompt_lint.model.values import Report

# As GitHub has it: tables, strikethrough, and HTML that comes through.
PARSER = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])

# The HTML that is ours, all of it.
OURS = re.compile(r"<details><summary>[\w ,]*</summary>\n?|</details>\n?|</?(?:sub|code)>|<br>")
# What GitHub and GitLab look for in what is shown, outside of code.
LINKING = re.compile(
    r"://|\bwww\.|[@#!&~%$][A-Za-z0-9]|\bGH-\d|:[\w+-]+:|\b[0-9a-f]{40}\b", re.ASCII | re.IGNORECASE
)

anything = st.text() | st.binary().map(lambda data: data.decode("utf-8", "surrogateescape"))
names = (
    anything | st.text("|`\\<>&@#!$~*_[](){}:/. \n-=x1\u05d0", min_size=1) | st.sampled_from(reports.NAMES)
)


def tokens(text: str) -> Iterator[Token]:
    for token in PARSER.parse(text):
        yield token
        yield from token.children or ()


def shape(text: str) -> list[str]:
    """The blocks of a page, less what is in them."""
    return [token.type for token in PARSER.parse(text)]


def shown(text: str) -> str:
    """What a reader sees of a line; code without marks."""
    parts = []
    for token in tokens(text):
        if token.type in {"text", "code_inline"}:
            parts.append(token.content)
        elif token.type == "softbreak":
            parts.append("\n")
    return "".join(parts)


def linkable(text: str) -> str:
    """What stands outside of code in the page: there mentions and links are looked for."""
    depth, parts = 0, []
    for token in tokens(text):
        if token.type == "html_inline":
            depth += {"<code>": 1, "</code>": -1}.get(token.content, 0)
            parts.append("\0")
        elif token.type == "text" and not depth:
            parts.append(token.content)
        elif token.type != "text_special":
            parts.append("\0")
    return "".join(parts)


def page(report: Report) -> str:
    return markdown.render(report, View())


@pytest.mark.parametrize("name", ["empty", "passing", "failure", "comparison"])
def test_the_page_of_a_reviewer(name: str, snapshot: SnapshotAssertion) -> None:
    """One sentence, what changed, what to do; the rest is folded."""
    assert page(reports.REPORTS[name]) == snapshot


def test_a_prompt_for_four_models_has_a_row_for_each(snapshot: SnapshotAssertion) -> None:
    """A few prompts are told with all their models, the worst first, and the name once."""
    models = ("claude-sonnet-5-5", "claude-opus-5-5", "claude-haiku-4-5", "claude-sonnet-4-6")
    verdicts = [
        reports.row("prompts/a.md", 3_000 + 600 * n, base=3_000, standing="changed", model=model, limit=4_000)
        for n, model in enumerate(models)
    ]

    assert page(reports.finish(*verdicts, base=reports.BASE)) == snapshot


def test_many_prompts_for_many_models_are_told_by_their_worst() -> None:
    """Of a change with hundreds of numbers, those that fail and the worst of the others are told."""
    rows = [
        reports.row(f"prompts/{n:03}.md", 300 + n, base=300, standing="changed", model=f"claude-{name}")
        for n in range(1, 40)
        for name in ("a", "b", "c", "d")
    ]

    text = page(reports.finish(*rows, base=reports.BASE))

    assert text.count("more</sub>") == 39
    assert text.count("| `prompts/") == 39
    assert "<summary>14 more that changed</summary>" in text


@pytest.mark.parametrize(
    ("report", "told"),
    [
        (reports.EMPTY, "⚠️ Nothing was measured"),
        (reports.PASSING, "✅ Every prompt is within its limit"),
        (reports.finish(make.verdict("a", 1, "ok")), "✅ The prompt is within its limit"),
        (reports.FAILURE, "❌ 1 prompt is over its limit"),
        (reports.finish(make.verdict("a", 100, "unsure")), "⚠️ No prompt fails: 1 unsure"),
        (
            reports.RAISED._replace(verdicts=(), problems=(), removed=()),
            "❌ limits are loosened",
        ),
    ],
)
def test_the_first_line_is_the_verdict(report: Report, told: str) -> None:
    """Who reads nothing else knows whether it fails, and how badly."""
    assert page(report).splitlines()[0] == f"### {told}"


@pytest.mark.parametrize(
    ("now", "base", "told"),
    [
        (1_120, 1_000, "this change adds 120 tokens (+12%)"),
        (1_001, 1_000, "this change adds 1 token (+0.1%)"),
        (954, 1_000, "this change removes 46 tokens (-4.6%)"),
        (1_000, 1_000, "the total is what it was"),
        (640, None, "all is new: 640 tokens"),
    ],
)
def test_the_first_line_has_the_total_growth(now: int, base: int | None, told: str) -> None:
    """What the change costs, as a number and as a share."""
    row = reports.row("a.md", now, base=base, standing="changed" if base else "new")

    assert page(reports.finish(row, base=reports.BASE)).splitlines()[0] == f"### ✅ No prompt fails; {told}"


@pytest.mark.parametrize(
    ("prompt", "group", "limit", "told"),
    [
        (80, (575, 868), 4000, "✅ Nothing fails; no prompt changed; 1 group grew by 293"),
        (80, (868, 575), 4000, "✅ Nothing fails; no prompt changed; 1 group shrank by 293"),
        (80, (575, 575), 4000, "✅ Nothing fails; the total is what it was"),
        (90, (575, 868), 4000, "✅ Nothing fails; this change adds 10 tokens (+12%); 1 group grew by 293"),
        (80, (575, 868), 600, "❌ 1 group is over its limit; no prompt changed; 1 group grew by 293"),
        (80, (None, 868), 4000, "✅ Nothing fails; no prompt changed; 1 group can't be compared"),
    ],
)
def test_a_group_that_changed_is_in_the_first_line(
    prompt: int, group: tuple[int | None, int], limit: int, told: str
) -> None:
    """Totals are of prompts, so groups are told beside them, and counted apart; also those of which nobody knows."""
    before, now = group
    rows = (
        reports.row("a.md", prompt, base=80, standing="unchanged" if prompt == 80 else "changed"),
        reports.row("c.yaml", now, base=before, standing="changed", limit=limit,
                    of_prompt={"name": "agent", "format": "group"}),
    )  # fmt: skip

    first, _, context, *_ = page(reports.finish(*rows, base=reports.BASE)).splitlines()

    assert first == f"### {told}"
    assert context.startswith("1 prompt and 1 group for ")


def test_what_is_over_in_the_first_change_was_not_over_before() -> None:
    """A base without a configuration has no prompts: what is over there is new."""
    row = reports.row("a.md", 4001, standing="new")._replace(is_preexisting=True)

    text = page(reports.finish(row, base=reports.BASE))

    assert "| ⚠️\u00a0new,\u00a0over | `a.md` | *new* | 4,001 |" in text
    assert text.startswith("### ⚠️ No prompt fails: 1 new and over; all is new: 4,001 tokens\n")
    assert "before" not in text


@pytest.mark.parametrize(
    ("now", "told"),
    [(1_000, "this change adds 0 tokens"), (1_120, "this change adds 120 tokens (+12%)")],
)
def test_the_total_growth_is_without_what_cannot_be_compared(now: int, told: str) -> None:
    """What can't be compared may have changed, so no total has it, and the first line says so."""
    rows = (
        reports.row("a.md", now, base=1_000, standing="changed"),
        reports.row("b.md", 9, standing="changed"),
    )

    first, _, context, *_ = page(reports.finish(*rows, base=reports.BASE)).splitlines()

    assert first == f"### ✅ No prompt fails; {told}, without 1 prompt that can't be compared"
    assert f"1,000 → **{now:,} tokens**, without 1 prompt that can't be compared" in context


@given(names)
@example("a|b\\")
@example("`")
@example("\\|")
def test_a_name_as_code_stays_in_its_cell(name: str) -> None:
    """Whatever a name is, its cell shows it as it is on a terminal, as code and nothing else."""
    text = f"| a | b |\n|--|--|\n| {markdown_escape.code(name)} | x |\n"

    [first, second] = [token for token in PARSER.parse(text) if token.type == "inline"][2:]
    kinds = {
        (token.type, token.content if token.type == "html_inline" else "") for token in first.children or ()
    }
    told = visible(name)
    assert second.content == "x"
    assert kinds <= {("text", ""), ("code_inline", ""), ("html_inline", "<code>"), ("html_inline", "</code>")}
    assert bare(shown(markdown_escape.code(name))) == bare(told)
    assert linkable(markdown_escape.code(name)).strip("\0\u2068\u2069") == ""


@given(names)
@example("see https://x.example/a_b, or ask @org/team about #12!")
@example("`a` and ``b")
def test_words_stay_in_their_cell_and_are_words(name: str) -> None:
    """A message is shown as written; what would be a link, a mention or a reference is code."""
    told = markdown_escape.words(name)
    text = f"| a | b |\n|--|--|\n| {told} | x |\n"

    [first, second] = [token for token in PARSER.parse(text) if token.type == "inline"][2:]
    kinds = {
        (token.type, token.content if token.type == "html_inline" else "") for token in first.children or ()
    }
    assert second.content == "x"
    assert kinds <= {("text", ""), ("code_inline", ""), ("html_inline", "<code>"), ("html_inline", "</code>")}
    assert bare(shown(told)) == bare(visible(name))
    assert LINKING.search(linkable(told)) is None


def bare(text: str) -> str:
    """A text without what code and isolation add, or HTML draws as one space."""
    return re.sub(r"[`\s\u2068\u2069]", "", text)


@given(names)
def test_no_name_does_anything_to_a_page(name: str) -> None:
    """As a path, a heading, a reason, a model, a branch: no link, mention, heading or HTML comes of it."""
    text = page(reports.hostile((name,)))

    for token in tokens(text):
        assert token.type not in {
            "link_open",
            "image",
            "hr",
            "fence",
            "code_block",
            "blockquote_open",
            "s_open",
        }
        if token.type in {"html_block", "html_inline"}:
            assert OURS.sub("", token.content).strip() == ""
    assert shape(text).count("heading_open") == shape(page(reports.hostile(("x",)))).count("heading_open")
    assert LINKING.search(linkable(text)) is None
    assert not re.search(r"^\s*(?:/|::|##\[)|##(?:vso)?\[", text, re.MULTILINE)
    text.encode()


def test_scripts_from_the_right_move_nothing_else() -> None:
    """A Hebrew name can't change places with the number beside it."""
    assert markdown_escape.code("שלום.md") == "&#8296;`שלום.md`&#8297;"
    assert markdown_escape.words("see שלום") == "&#8296;see שלום&#8297;"


@given(st.integers(0, 30_000), st.booleans())
def test_a_page_is_cut_between_rows(most: int, in_bytes: bool) -> None:
    """It is never larger than what takes it, and what is there is whole."""

    def size(text: str) -> int:
        return len(text.encode()) if in_bytes else len(text)

    text = markdown.render_within(reports.MANY, most, size)

    assert size(text) <= most
    assert text.count("<details>") == text.count("</details>")
    assert all(line.count("|") == 8 for line in text.splitlines() if line.startswith("|"))
    assert not text or text.startswith(
        "### ❌ 19 prompts are over their limits; this change adds 63,090 tokens (+11%)\n"
    )


@pytest.mark.parametrize("most", [3_000, 9_000, 20_000, 65_536])
def test_what_is_left_out_is_counted(most: int) -> None:
    """Rows that are there and rows that didn't fit are all that there are, and the worst are there."""
    text = markdown.render_within(reports.MANY, most)

    left = sum(
        int(number)
        for number in re.findall(
            r"^(?:Didn't fit here: (?=\d)|(?=\d+ more didn't fit))(\d+)", text, re.MULTILINE
        )
    )
    assert text.count("| `prompts/") + text.count("- ❌ `") + text.count("- ❓ `") + left == 300 + 20
    assert "`prompts/f/285.md` is **286 over**" in text
    assert (left == 0) is (most == 65_536)


@given(st.integers(0, 20_000))
@example(3_000)
def test_nothing_is_folded_away_that_is_not_there(most: int) -> None:
    """What has no room at all is told in a line: who unfolds something finds rows."""
    text = markdown.render_within(reports.MANY, most)

    folds = re.findall(r"<details>.*?</details>", text, re.DOTALL)
    assert all("\n| " in fold or "\n- " in fold for fold in folds)
    assert most != 3_000 or re.search(r"^Didn't fit here: \d+ prompts unchanged \(`", text, re.MULTILINE)


def test_a_message_that_ends_in_a_space_is_set_in_italics() -> None:
    """A space before the closing mark would leave both marks on the page."""
    verdict = reports.row("a.md", 5_000, message="  Ask us. \nOr them.\t")

    text = page(reports.finish(verdict))

    assert "- *Ask us.*\n  - *Or them.*\n" in text
    assert "*" not in shown(text)


def test_nothing_of_a_page_that_fits_is_left_out() -> None:
    """A page as large as it may be is whole."""
    text = page(reports.COMPARISON)

    assert markdown.render_within(reports.COMPARISON, 65_536) == text
    assert "didn't fit" not in text
    assert len(page(reports.HOSTILE)) <= markdown.COMMENT


def test_notes_are_words() -> None:
    """What the notes name does no harm either."""
    text = page(reports.EMPTY._replace(notes=(Note("<b>x</b> @all"),)))

    assert "&#60;b&#62;x&#60;/b&#62; `@all`" in text
    assert html.unescape(text).count("<b>") == 1
