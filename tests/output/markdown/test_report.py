"""The Markdown output: what a reviewer reads, and that no name in it is obeyed."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.support import make, reports
from tests.support.hostile_names import MARKDOWN_NAME
from tests.support.rendered_markdown import ELEMENTS, LINKING, render_page

from prompt_lint.model.rules import MaxGrowth
from prompt_lint.model.values import Note
from prompt_lint.output import View
from prompt_lint.output.markdown import report as markdown_report

if TYPE_CHECKING:
    from syrupy.assertion import SnapshotAssertion

    from prompt_lint.model.values import Report


def page(report: Report) -> str:
    return markdown_report.render(report, View())


@pytest.mark.parametrize("name", ["empty", "passing", "failure", "comparison"])
def test_the_page_of_a_reviewer(name: str, snapshot: SnapshotAssertion) -> None:
    """One sentence, what changed, what to do; the rest is folded."""
    assert page(reports.REPORTS[name]) == snapshot


def test_a_prompt_for_four_models_has_a_row_for_each(snapshot: SnapshotAssertion) -> None:
    """A few prompts are shown with all their models, the worst first, and the name once."""
    models = ("claude-sonnet-5-5", "claude-opus-5-5", "claude-haiku-4-5", "claude-sonnet-4-6")
    verdicts = [
        reports.row("prompts/a.md", 3_000 + 600 * n, base=3_000, change="changed", model=model, limit=4_000)
        for n, model in enumerate(models)
    ]

    assert page(reports.finish(*verdicts, base=reports.BASE)) == snapshot


def test_of_many_prompts_for_many_models_the_worst_are_shown() -> None:
    """Of a change with hundreds of numbers, those that fail and the worst of the others are shown."""
    rows = [
        reports.row(f"prompts/{n:03}.md", 300 + n, base=300, change="changed", model=f"claude-{name}")
        for n in range(1, 40)
        for name in ("a", "b", "c", "d")
    ]

    text = page(reports.finish(*rows, base=reports.BASE))

    assert text.count("more</sub>") == 39
    assert text.count("| `prompts/") == 39
    assert "<summary>14 more that changed</summary>" in text


@pytest.mark.parametrize(
    ("report", "sentence"),
    [
        (reports.EMPTY, "⚠️ Nothing was checked"),
        (reports.PASSING, "✅ 2 prompts within their limits (fullest: `prompts/support.md`, 31% of 4,000)"),
        (reports.finish(make.verdict("a", 1, "ok")), "✅ 1 prompt within its limit (`a`, 1% of 100)"),
        (reports.FAILURE, "❌ 1 prompt over its limit"),
        (reports.finish(make.verdict("a", 100, "unsure")), "⚠️ 1 prompt unsure"),
        (
            reports.RAISED._replace(verdicts=(), problems=(), removed=()),
            "❌ 5 limits or rules loosened; nothing was checked",
        ),
    ],
)
def test_the_first_line_is_the_verdict(report: Report, sentence: str) -> None:
    """Who reads nothing else knows whether it fails, and how badly."""
    assert page(report).splitlines()[0] == f"### {sentence}"


@pytest.mark.parametrize(
    ("now", "base", "sentence"),
    [
        (1_120, 1_000, "this change adds 120 tokens (+12%)"),
        (1_001, 1_000, "this change adds 1 token (+0.1%)"),
        (954, 1_000, "this change removes 46 tokens (-4.6%)"),
        (1_000, 1_000, "the total is what it was"),
        (640, None, "all is new: 640 tokens"),
    ],
)
def test_the_first_line_has_the_total_growth(now: int, base: int | None, sentence: str) -> None:
    """What the change costs, as a number and as a share."""
    row = reports.row("a.md", now, base=base, change="changed" if base else "new")

    first = page(reports.finish(row, base=reports.BASE)).splitlines()[0]

    assert first.startswith("### ✅ 1 prompt within its limit (`a.md`, ")
    assert first.endswith(f"% of 4,000); {sentence}")


@pytest.mark.parametrize(
    ("prompt", "group", "limit", "sentence"),
    [
        (80, (575, 868), 4000, "✅ no prompt changed; 1 group grew by 293"),
        (80, (868, 575), 4000, "✅ no prompt changed; 1 group shrank by 293"),
        (80, (575, 575), 4000, "✅ the total is what it was"),
        (90, (575, 868), 4000, "✅ this change adds 10 tokens (+12%); 1 group grew by 293"),
        (80, (575, 868), 600, "❌ no prompt changed; 1 group grew by 293"),
        (80, (None, 868), 4000, "✅ no prompt changed; 1 group can't be compared"),
    ],
)
def test_a_group_that_changed_is_in_the_first_line(
    prompt: int, group: tuple[int | None, int], limit: int, sentence: str
) -> None:
    """Totals are of prompts, so groups are beside them, and counted apart; also those that can't be compared."""
    before, now = group
    rows = (
        reports.row("a.md", prompt, base=80, change="unchanged" if prompt == 80 else "changed"),
        reports.row("c.yaml", now, base=before, change="changed", limit=limit,
                    of_prompt={"name": "agent", "format": "group"}),
    )  # fmt: skip

    first, _, context, *_ = page(reports.finish(*rows, base=reports.BASE)).splitlines()

    mark, _, change = sentence.partition(" ")
    assert first.startswith(f"### {mark} 1 ")
    assert first.endswith(f"; {change}")
    assert context.startswith("1 prompt and 1 group for ")


def test_what_is_over_a_new_or_lower_limit_was_not_over_before() -> None:
    """The headline counts it, whether this change touched it or not; what was over before has a place of its own."""
    report = reports.finish(
        reports.row("a.md", 4001, change="new")._replace(is_preexisting=True),
        reports.row("b.md", 4001, base=4001, change="unchanged", base_limit=5000),
        reports.row("c.md", 4001, base=4001, change="unchanged"),
        base=reports.BASE,
    )

    text = page(report)

    assert text.startswith(
        "### ⚠️ 2 of 3 prompts over a new or lower limit, 1 over before this change; this change adds 4,001 tokens"
    )
    assert "| ⚠️\u00a0tighter | `a.md` | *new* | 4,001 |" in text
    assert "<summary>1 prompt over a new or lower limit, and not made larger</summary>" in text
    assert "<summary>1 prompt over before this change, and not made worse</summary>" in text


def test_what_is_over_and_has_grown_too_much_is_told_the_larger_cut() -> None:
    """After the smaller one it would be red again."""
    row = reports.row(
        "a.md", 4012, base=3627, change="changed", max_growth=MaxGrowth(10, None), max_growth_line=5
    )

    text = page(reports.finish(row, base=reports.BASE))

    assert (
        "Cut 375 tokens, or raise the limit: `.prompt-lint.yaml:9`, and allow more growth: `.prompt-lint.yaml:5`"
        in text
    )
    assert "before" not in text


@pytest.mark.parametrize(
    ("now", "sentence"),
    [(1_000, "this change adds 0 tokens"), (1_120, "this change adds 120 tokens (+12%)")],
)
def test_the_total_growth_is_without_what_cannot_be_compared(now: int, sentence: str) -> None:
    """What can't be compared may have changed, so no total has it, and the first line says so."""
    rows = (
        reports.row("a.md", now, base=1_000, change="changed"),
        reports.row("b.md", 9, change="changed"),
    )

    first, _, context, *_ = page(reports.finish(*rows, base=reports.BASE)).splitlines()

    assert first.endswith(f"; {sentence}, without 1 prompt that can't be compared")
    assert f"1,000 → **{now:,} tokens**, without 1 prompt that can't be compared" in context


@given(MARKDOWN_NAME)
@example("# Sign in ` at https://host.example/|")
@settings(deadline=None)
def test_no_name_does_anything_to_a_page(name: str) -> None:
    """As a path, a heading, a reason, a model, a branch: no link, mention, heading or HTML comes of it."""
    text = page(reports.hostile((name,)))

    rendered, plain = render_page(text), render_page(page(reports.hostile(("x",))))
    assert set(rendered.tags) <= ELEMENTS
    assert [tag for tag in rendered.tags if tag in {"h3", "h4"}] == [
        tag for tag in plain.tags if tag in {"h3", "h4"}
    ]
    assert LINKING.search(rendered.linkable) is None
    assert not re.search(r"^\s*(?:/|::|##\[)|##(?:vso)?\[", text, re.MULTILINE)
    text.encode()


@given(st.integers(0, 30_000), st.booleans())
def test_a_page_is_cut_between_rows(most: int, in_bytes: bool) -> None:
    """It is never larger than what takes it, and what is there is whole."""

    def size(text: str) -> int:
        return len(text.encode()) if in_bytes else len(text)

    text = markdown_report.render_within(reports.MANY, most, size)

    assert size(text) <= most
    assert text.count("<details>") == text.count("</details>")
    assert all(line.count("|") == 8 for line in text.splitlines() if line.startswith("|"))
    assert not text or text.startswith(
        "### ❌ 19 of 300 prompts over their limits; 1 unsure, 6 over before this change; this change adds 63,090 ±80 tokens (+11%)\n"
    )


@pytest.mark.parametrize("most", [3_000, 9_000, 20_000, 65_536])
def test_what_is_left_out_is_counted(most: int) -> None:
    """Rows that are there and rows that didn't fit are all that there are, and the worst are there."""
    text = markdown_report.render_within(reports.MANY, most)

    left = sum(
        int(number)
        for number in re.findall(
            r"^(?:Didn't fit here: (?=\d)|(?=\d+ more didn't fit))(\d+)", text, re.MULTILINE
        )
    )
    assert text.count("| `prompts/") + text.count("- ❌ `") + text.count("- ❓ `") + left == 300 + 20
    assert "`prompts/f/285.md` is **286 ±2 over**" in text
    assert (left == 0) is (most == 65_536)


@given(st.integers(0, 20_000))
@example(3_000)
def test_nothing_is_folded_away_that_is_not_there(most: int) -> None:
    """What has no room at all is a line: who unfolds something finds rows."""
    text = markdown_report.render_within(reports.MANY, most)

    folds = re.findall(r"<details>.*?</details>", text, re.DOTALL)
    assert all("\n| " in fold or "\n- " in fold for fold in folds)
    assert most != 3_000 or re.search(r"^Didn't fit here: \d+ prompts unchanged \(`", text, re.MULTILINE)


def test_a_message_that_ends_in_a_space_is_set_in_italics() -> None:
    """A space before the closing mark would leave both marks on the page."""
    verdict = reports.row("a.md", 5_000, message="  Ask us. \nOr them.\t")

    text = page(reports.finish(verdict))

    assert "- *Ask us.*\n  - *Or them.*\n" in text
    assert "*" not in render_page(text).shown


def test_nothing_of_a_page_that_fits_is_left_out() -> None:
    """A page as large as it may be is whole."""
    text = page(reports.COMPARISON)

    assert markdown_report.render_within(reports.COMPARISON, 65_536) == text
    assert "didn't fit" not in text
    assert len(page(reports.HOSTILE)) <= markdown_report.COMMENT


def test_notes_are_words() -> None:
    """What the notes name does no harm either."""
    text = page(reports.EMPTY._replace(notes=(Note("<b>x</b> @all"),)))

    assert "&#60;b&#62;x&#60;/b&#62; `@all`" in text
    assert html.unescape(text).count("<b>") == 1
