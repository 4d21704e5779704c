"""The text output: what a person at a terminal reads first, and what it leaves for the last line."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support import make, reports
from tests.support.reports import BASE, OPUS, row

from prompt_lint.model.errors import ExitCode
from prompt_lint.model.rules import Loosening, MaxGrowth
from prompt_lint.model.values import ImportShares, Problem, RemovedPrompt, Request
from prompt_lint.output import View
from prompt_lint.output.text import report as text_output
from prompt_lint.output.text.pieces import INDENT
from prompt_lint.text.wrapping import wrap_lines

if TYPE_CHECKING:
    from syrupy.assertion import SnapshotAssertion

    from prompt_lint.model.values import Report, Status, Verdict


def text(report: Report, verbosity: int = 0, *, color: bool = False) -> str:
    return text_output.render(report, View(color, verbosity))


def compared(*verdicts: Verdict) -> Report:
    return reports.finish(*verdicts, base=BASE)


def test_what_fails_comes_first_with_what_to_do(snapshot: SnapshotAssertion) -> None:
    """The text output of a run with one of everything."""
    assert text(reports.SAMPLE) == snapshot


def batch(number: int) -> Report:
    """A file of many prompts, all of them over and of each a line that can't be read; and another that is fine."""
    path = "prompts/batch.jsonl"
    verdicts = [
        one._replace(prompt=make.prompt(path, name=f"line {n}", line=n))
        for n, one in enumerate((make.verdict(path, 100 + n, "over") for n in range(1, number + 1)), 1)
    ]
    problems = tuple(Problem(path, n, "is not JSON", "each line is a request") for n in range(1, number + 1))
    return make.report(*verdicts, make.verdict("prompts/ok.md", 50, "ok"), problems=problems)


def test_a_file_of_many_prompts_does_not_drown_the_rest(snapshot: SnapshotAssertion) -> None:
    """Of 500 failing lines the worst three are shown in full, and how many are left; so are the errors."""
    assert text(batch(500)) == snapshot


def test_a_model_that_is_not_counted_any_more_is_named() -> None:
    """Though all prompts are counted for a single other one."""
    gone = Loosening("prompts/**", "is not counted any more", 3, OPUS, 100, config_path=".prompt-lint.yaml")
    report = reports.PASSING._replace(base=BASE, loosened=(gone,))

    assert f" for {OPUS}\n" in text_output.render(report, View())


@pytest.mark.parametrize("number", [1, 3, 4, 5, 6, 7])
def test_every_prompt_of_a_file_is_shown_or_counted(number: int) -> None:
    """What isn't shown is in the number of those left; with `-v` all are shown."""
    short, long = (text(batch(number), verbosity) for verbosity in (0, 1))

    assert short.count("Cut ") == min(number, 3)
    assert long.count("Cut ") == number
    assert (f"{number - 3} more prompt" in short) is (number > 3)
    assert (f"{number - 5} more error" in short) is (number > 5)
    assert "more prompt" not in long


def test_two_files_of_many_prompts_are_shown_apart() -> None:
    """Two files of many prompts: of each the worst three, and how many are left."""
    one = batch(8)
    other = [v._replace(prompt=v.prompt._replace(path="prompts/other.jsonl")) for v in one.verdicts[:-1]]

    shown = text(one._replace(verdicts=[*one.verdicts, *other]))

    assert (
        shown.count("\nOVER      prompts/batch.jsonl (line ")
        == shown.count("\nOVER      prompts/other.jsonl (line ")
        == 3
    )
    assert shown.count("5 more prompts, up to 5 over") == 2


@pytest.mark.parametrize(
    ("status", "label", "full"), [("over", "OVER", 7), ("unsure", "unsure", 2), ("warn", "near", 4)]
)
@pytest.mark.parametrize("number", [2, 7, 8, 17, 18, 1_100])
def test_any_number_of_prompts_fits_on_a_screen(status: Status, label: str, full: int, number: int) -> None:
    """Of each kind as many in full as there is room for, ten in a line each, the rest as a number; with `-v` all in full."""
    tokens = {"over": 110, "unsure": 100, "warn": 95}[status]
    report = make.report(*(make.verdict(f"prompts/{n}.md", tokens, status) for n in range(number)))

    shown = text(report)

    assert shown.count("          claude-sonnet-5-5") == min(number, full)
    assert shown.count(f"{label:<9} prompts/") == min(number, full + 10)
    assert (f"and {number - full - 10:,} more (all with -v)" in shown) is (number > full + 10)
    assert shown.count("\n") <= 43
    assert text(report, 1).count("          claude-sonnet-5-5") == number


def test_a_long_block_is_shown_whole() -> None:
    """The worst is shown in full however long it is."""
    message = "\n".join(f"Line {n}." for n in range(60))
    report = make.report(*(make.verdict(f"{n}.md", 110, "over", message=message) for n in range(2)))

    shown = text(report)

    assert shown.count("Line 59.") == 1
    assert shown.count("OVER      ") == 2


def test_any_number_of_errors_fits_on_a_screen() -> None:
    """The first eight, and how many are left; what concerns no file is always shown."""
    problems = [Problem(f"prompts/{n}.md", 1, "is not JSON", "mend it") for n in range(100)]
    report = make.report(
        make.verdict("a", 1, "ok"), problems=(*problems, Problem("", 0, "No answer", "try again"))
    )

    shown = text(report)

    assert shown.count("is not JSON") == 8
    assert "ERROR     No answer" in shown
    assert "ERROR     92 more errors (all with -v)" in shown
    assert text(report, 1).count("is not JSON") == 100


def test_the_errors_of_one_file_leave_room_for_others() -> None:
    """Five of the first file, three of the next, and a number for each and for all others."""
    problems = [
        Problem(f"prompts/{n}.jsonl", line, "is not JSON", "") for n in range(4) for line in range(1, 8)
    ]

    shown = text(make.report(problems=tuple(problems)))

    assert [line[10:] for line in shown.splitlines() if "more error" in line] == [
        "prompts/0.jsonl: 2 more errors (all with -v)",
        "prompts/1.jsonl: 4 more errors (all with -v)",
        "14 more errors (all with -v)",
    ]


def test_verbose_text_shows_what_passes(snapshot: SnapshotAssertion) -> None:
    """`-v` has a block for each prompt."""
    assert text(reports.SAMPLE, 1) == snapshot


def test_quiet_text_shows_only_failures(snapshot: SnapshotAssertion) -> None:
    """`-q` is for those who want silence where all is well."""
    assert text(reports.SAMPLE, -1) == snapshot
    assert text(make.report(make.verdict("a", 1, "ok")), -1) == ""


def test_a_terminal_gets_colours(snapshot: SnapshotAssertion) -> None:
    """The text of a terminal is the text of a pipe, painted."""
    assert text(reports.SAMPLE, color=True) == snapshot


@pytest.mark.parametrize("width", [60, 80])
def test_text_fits_a_terminal(width: int, snapshot: SnapshotAssertion) -> None:
    """Lines break at spaces: no path, no model and no place in the configuration is torn apart."""
    shown = wrap_lines(text_output.render(reports.SAMPLE, View(width=width)), width, len(INDENT))

    assert shown == snapshot
    assert [line for line in shown.splitlines() if len(line) > width] == []


def test_a_prompt_that_imports_has_own_and_imported_tokens(snapshot: SnapshotAssertion) -> None:
    """Who has to cut sees which file the tokens are in, and by which way they come."""
    verdict = make.verdict("CLAUDE.md", 4684, "over", limit=4000, sections=reports.IMPORTS)
    report = make.report(
        verdict._replace(import_shares=ImportShares(1204, 3480, 2, 0, 0)), exit_code=ExitCode.OVER_LIMIT
    )

    shown = text(report)

    assert shown == snapshot


@pytest.mark.parametrize("name", ["comparison", "raised", "many"])
def test_a_comparison_on_a_terminal(name: str, snapshot: SnapshotAssertion) -> None:
    """What fails, what was allowed, what changed; what was over before in one block; the rest is a number."""
    assert text(reports.REPORTS[name]) == snapshot


def test_the_first_lines_say_what_to_do() -> None:
    """Who made the commit learns from three lines what is wrong, by how much, and what ends it."""
    grown = row("a.md", 400, base=300, change="changed", limit=350, spread=2)

    assert text(compared(grown)).splitlines()[:3] == [
        "OVER      a.md",
        "          claude-sonnet-5-5  400 ±2  +100 ±4  of 350  50 over (114%)",
        "          Cut 52 tokens to be sure, or raise the limit: .prompt-lint.yaml:9",
    ]


@pytest.mark.parametrize(
    ("allowed", "sentence"),
    [
        (MaxGrowth(200, None), "`max_growth` of 200 tokens allows 200."),
        (MaxGrowth(None, 50_000), "`max_growth` of 5% allows 50."),
        (MaxGrowth(10, 125_000), "`max_growth` of 10 tokens or 12.5% allows 125."),
    ],
)
def test_what_grew_too_much_sees_what_is_allowed(allowed: MaxGrowth, sentence: str) -> None:
    """By how much it grew, from what, and how much of that is too much."""
    verdict = row("a.md", 1300, base=1000, change="changed", max_growth=allowed)

    lines = text(compared(verdict)).splitlines()

    most = int(re.findall(r"\d+", sentence)[-1])
    assert lines[0] == "GREW      a.md"
    assert lines[2] == f"          Cut {300 - most} tokens, or allow more growth: .prompt-lint.yaml:11"
    assert lines[3] == f"          Was 1,000, grew by 300 (+30%): {sentence}"


@pytest.mark.parametrize(
    ("verdict", "line"),
    [
        (row("a.md", 120, base=100, change="changed"), "larger    a.md  120  +20  of 4,000  3%"),
        (row("a.md", 80, base=100, change="changed"), "shrank    a.md  80  -20  of 4,000  2%"),
        (row("a.md", 80, base=80, change="changed"), "changed   a.md  80  same  of 4,000  2%"),
        (row("a.md", 80, change="changed"), "changed   a.md  80  ?  of 4,000  2%"),
        (row("a.md", 80, change="new"), "new       a.md  80  new  of 4,000  2%"),
        (row("a.md", 3900, base=3800, change="changed"), "larger    a.md  3,900  +100  of 4,000  98%, near"),
        (row("a.md", 80, base=79, change="renamed", renamed_from="b.md"), "renamed   a.md  80  +1  of 4,000  2%"),
        (
            row("a.md", 5000, base=6000, change="changed"),
            "shrank    a.md  5,000  -1,000  of 4,000  125%, was over",
        ),
        (row("a.md", 80, base=80, change="unchanged"), "Compared with the merge base with origin/main: the same total, 80 → 80."),
    ],
)  # fmt: skip
def test_what_does_not_fail_is_a_line(verdict: Verdict, line: str) -> None:
    """A change that fails nothing takes one line; what is unchanged is in the last lines only."""
    assert text(compared(verdict)).splitlines()[0] == line


def test_of_many_changes_the_largest_are_listed() -> None:
    """Twenty lines are enough; how many there are besides is a number, and `-v` shows all."""
    report = compared(*(row(f"p/{n:02}.md", 500 + n, base=500, change="changed") for n in range(1, 31)))

    lines = text(report).splitlines()

    assert (lines[0], lines[19]) == (
        "larger    p/30.md  530  +30  of 4,000  13%",
        "larger    p/11.md  511  +11  of 4,000  13%",
    )
    assert lines[20] == "          and 10 more that changed (all with -v)"
    assert text(report, 1).count("ok        p/") == 30


def test_each_of_several_models_has_its_line() -> None:
    """The name once, a line for each model, and a total for each."""
    a = row("a.md", 120, base=100, change="changed")
    other = row("a.md", 90, base=80, change="changed", model=OPUS)

    assert text(compared(a, other)).splitlines()[:6] == [
        "larger    a.md",
        "          claude-sonnet-5-5  120  +20  of 4,000  3%",
        "          claude-opus-5-5     90  +10  of 4,000  2%",
        "Compared with the merge base with origin/main:",
        "          claude-sonnet-5-5  100 → 120  +20 tokens (+20%)",
        "          claude-opus-5-5      80 → 90  +10 tokens (+12%)",
    ]


def test_the_total_says_what_the_change_costs() -> None:
    """What is gone counts as well."""
    gone = RemovedPrompt(make.prompt("b.md"), reports.SONNET, make.count(300))
    report = compared(row("a.md", 120, base=100, change="changed"))._replace(removed=(gone,))

    lines = text(report).splitlines()

    assert "removed   b.md  300  -300" in lines
    assert "Compared with the merge base with origin/main: -280 tokens (-70%), 400 → 120." in lines


def test_a_group_that_grew_is_beside_the_total() -> None:
    """The total is of prompts; a group that changed is below it, and counted apart."""
    group = {"name": "agent", "format": "group"}
    report = compared(
        row("a.md", 80, base=80, change="unchanged"),
        row(".prompt-lint.yaml", 868, base=575, change="changed", of_prompt=group),
    )

    lines = text(report).splitlines()

    assert [lines[1], lines[2], lines[-1]] == [
        "Compared with the merge base with origin/main: the same total, 80 → 80.",
        "1 group grew by 293 (groups aren't added to the total).",
        "1 prompt and 1 group within their limits (fullest: agent (group), 22% of 4,000)",
    ]


def test_a_prompt_that_was_not_counted_is_left_out_of_the_total() -> None:
    """It still has its request, and is like any other that can't be compared."""
    request = Request({"messages": [{"role": "user", "content": "Hello."}]})
    report = compared(row("a.md", None, change="changed", of_prompt={"request": request}))

    assert "nothing to add up, without 1 prompt that can't be compared." in text(report)


def test_the_message_of_a_rule_is_shown_once() -> None:
    """What the people of a rule say of it stands below the first of its prompts; other rules have their own."""
    verdicts = [row(f"{n}.md", 4_900 - n, message="Ask us." if n < 3 else "Ask them.") for n in range(4)]

    shown = text(reports.finish(*verdicts))

    assert (shown.count("Ask us."), shown.count("Ask them.")) == (1, 1)
    assert shown.index("0.md") < shown.index("Ask us.") < shown.index("1.md")


def test_what_is_over_a_new_or_lower_limit_was_not_over_before() -> None:
    """Touched or not; the limit before is told where there was one."""
    report = compared(
        row("a.md", 4001, change="new")._replace(is_preexisting=True),
        row("b.md", 4001, base=4001, change="unchanged", base_limit=None),
        row("c.md", 4001, base=4001, change="unchanged", base_limit=5000),
        row("d.md", 4001, base=4001, change="unchanged"),
    )

    lines, verbose = text(report).splitlines(), text(report, 1)

    assert lines[:6] == [
        "new       a.md  4,001  new  of 4,000  100.03%, over a new or lower limit",
        "tighter   over a limit that this change added or lowered; they haven't changed, so they don't fail:",
        "          b.md  4,001  of 4,000  100.03%",
        "          c.md  4,001  of 4,000  100.03%",
        "inherited over their limits before this change, too, and not larger now, so they don't fail:",
        "          d.md  4,001  of 4,000  100.03%",
    ]
    assert lines[-1] == "3 of 4 prompts over a new or lower limit, 1 over before this change"
    assert verbose.count("No limit applied to it before this change, so it doesn't fail yet.") == 2
    assert "Its limit was 5,000 before this change; it isn't larger now, so it doesn't fail." in verbose


def test_what_is_over_and_has_grown_too_much_is_told_the_larger_cut() -> None:
    """After the smaller one it would be red again; both lines of the configuration are named."""
    growth: dict[str, Any] = {"max_growth": MaxGrowth(10, None), "max_growth_line": 5}
    over = row("over.md", 4012, base=3627, change="changed", **growth)
    far_over = row("far.md", 5000, base=4985, change="changed", **growth)
    grown = row("grown.md", 3900, base=3600, change="changed", **growth)

    out = text(compared(over, far_over, grown))

    assert (
        "Cut 375 tokens, or raise the limit: .prompt-lint.yaml:9, and allow more growth: .prompt-lint.yaml:5"
        in out
    )
    assert "Cut 1,000 tokens, or raise the limit: .prompt-lint.yaml:9, and allow more" in out
    assert "Cut 290 tokens, or allow more growth: .prompt-lint.yaml:5" in out


def test_what_its_tool_refuses_is_not_called_over() -> None:
    """A bad name has no size."""
    problem = Problem("s/SKILL.md", 2, "the skill's name `Foo` isn't valid", "", ExitCode.OVER_LIMIT)

    assert text(reports.finish(row("a.md", 10), problems=(problem,))).startswith(
        "INVALID   s/SKILL.md:2: the skill's"
    )


def test_the_total_has_only_what_can_be_compared() -> None:
    """What can't be compared may have changed: both sides are without it, and the line says so."""
    a, b = row("a.md", 900, change="changed"), row("b.md", 80, base=80, change="unchanged")

    lines, alone = text(compared(a, b)).splitlines(), text(compared(a)).splitlines()

    how = "Compared with the merge base with origin/main"
    assert f"{how}: 0 tokens, 80 → 80, without 1 prompt that can't be compared." in lines
    assert f"{how}: nothing to add up, without 1 prompt that can't be compared." in alone


@pytest.mark.parametrize(
    ("on_raise", "label", "quiet"), [("note", "raised", 0), ("warn", "raised", 0), ("fail", "RAISED", 1)]
)
def test_what_is_loosened_is_as_loud_as_the_policy_says(on_raise: str, label: str, quiet: int) -> None:
    """A raised limit is a remark, a warning or a failure, with its line and both numbers; `-q` shows failures."""
    one = Loosening("a.md", "limit raised", 9, reports.SONNET, 4000, 4500, reports.CONFIG)
    report = compared(row("a.md", 80, base=80, change="unchanged"))
    report = report._replace(loosened=(one,), on_raise=on_raise)  # type: ignore[arg-type]  # one of the three

    assert text(report).splitlines()[:2] == [
        f"{label}    a.md  .prompt-lint.yaml:9",
        "          limit raised from 4,000 to 4,500",
    ]
    assert text(report, -1).count("RAISED  ") == quiet


def test_quiet_is_only_what_fails() -> None:
    """`-q` shows neither what changed nor what was over before."""
    shown = text(reports.COMPARISON, -1)

    *lines, verdict = shown.splitlines()
    assert {line.split()[0] for line in lines if not line.startswith(" ") and line} == {
        "ERROR", "INVALID", "OVER", "GREW",
    }  # fmt: skip
    assert verdict.startswith("5 of 19 prompts and 1 group over their limits, ")
    assert text(reports.PASSING, -1) == ""


@pytest.mark.parametrize("name", sorted(reports.REPORTS.keys() - {"hostile"}))
@pytest.mark.parametrize("verbosity", [-1, 0, 1])
def test_color_changes_nothing_else(name: str, verbosity: int) -> None:
    """What is painted is what isn't."""
    report = reports.REPORTS[name]

    painted = text(report, verbosity, color=True)

    assert re.sub(r"\x1b\[[0-9;]*m", "", painted) == text(report, verbosity)


def test_no_path_is_cut() -> None:
    """On a terminal, what a long path leaves no room for is on the line below it; in a pipe the line is as long as it is."""
    long = "prompts/a-folder-with-a-long-name/and-a-file-in-it.md"
    report = compared(
        row(long, 198_123, base=210_000, limit=190_000, change="changed", spread=1_234),
        row("a.md", 98_123, base=92_000, limit=100_000, change="changed", spread=234),
    )

    narrow = text_output.render(report, View(width=80)).splitlines()

    assert narrow[:3] == [
        f"shrank    {long}",
        "                198,123 ±1,234  -11,877 ±2,468  of 190,000  104%, was over",
        "larger    a.md     98,123 ±234     +6,123 ±468  of 100,000   98%, near",
    ]
    assert text(report).splitlines()[:2] == [
        f"shrank    {long}  198,123 ±1,234  -11,877 ±2,468  of 190,000  104%, was over",
        f"larger    {'a.md':<{len(long)}}     98,123 ±234     +6,123 ±468  of 100,000   98%, near",
    ]


@given(st.sampled_from(reports.NAMES), st.sampled_from([-1, 0, 1]))
def test_no_name_makes_a_line(name: str, verbosity: int) -> None:
    """Paths, reasons, rules, models and branches stay in their line, and steer no terminal."""
    shown, plain = (text(reports.hostile((given,)), verbosity) for given in (name, "x"))

    assert {char for char in shown if not char.isprintable()} <= {"\n"}
    # A message of several lines stays so, and one of blanks isn't there.
    extra = max(len(name.splitlines()), 1)
    assert abs(shown.count("\n") - plain.count("\n")) <= 2 * extra
