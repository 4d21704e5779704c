"""Counts and limits → verdicts and exit codes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.support import make

from prompt_lint.check.judge import (
    accept_by_label,
    apply_exemption,
    apply_exemptions_to_problems,
    decide_exit_code,
    exceeds_growth,
    judge_count,
    judge_growth,
    list_exempt_paths,
    mark_preexisting,
)
from prompt_lint.model.errors import ExitCode
from prompt_lint.model.rules import Exemption, Loosening, MaxGrowth
from prompt_lint.model.values import Note, Problem, Verdict

if TYPE_CHECKING:
    from prompt_lint.model.counts import Count
    from prompt_lint.model.values import Status


@pytest.mark.parametrize(
    ("count", "status", "over_by"),
    [
        (make.count(89), "ok", 0),
        (make.count(90), "warn", 0),
        (make.count(100), "warn", 0),
        (make.count(101), "over", 1),
        (make.count(98, 2), "warn", 0),
        (make.count(99, 2), "unsure", 0),
        (make.count(102, 2), "unsure", 0),
        (make.count(103, 2), "over", 3),
        (None, "uncounted", 0),
    ],
)
def test_a_count_decides_where_its_interval_is_on_one_side(
    count: Count | None, status: str, over_by: int
) -> None:
    """Of a limit of 100: over only if even the lowest is over, unsure if the limit lies inside."""
    verdict = judge_count(make.prompt(), make.MODEL, make.rule(), count)

    assert verdict[:5] == (make.prompt(), make.MODEL, make.rule(), 100, count)
    assert (verdict.status, verdict.over_by) == (status, over_by)


@given(st.integers(0, 120), st.integers(0, 5), st.integers(1, 99))
@example(40, 0, 55)
def test_a_reserve_counts_as_if_the_prompt_had_its_tokens(tokens: int, spread: int, reserve: int) -> None:
    """A prompt of 40 tokens with 60 reserved is judged as one of 100; and fills its limit as much."""
    reserved = judge_count(make.prompt(), make.MODEL, make.rule(reserve=reserve), make.count(tokens, spread))
    larger = judge_count(make.prompt(), make.MODEL, make.rule(), make.count(tokens + reserve, spread))

    assert reserved.status == larger.status
    assert reserved.over_by == larger.over_by
    assert reserved.fill_percent == larger.fill_percent
    assert reserved.token_count == make.count(tokens, spread)


def test_warn_at_100_percent_never_warns() -> None:
    """Who wants no headroom says so."""
    assert judge_count(make.prompt(), make.MODEL, make.rule(warn_at=1.0), make.count(100)).status == "ok"


def test_a_model_without_a_limit_is_only_measured() -> None:
    """No limit, no failure."""
    assert judge_count(make.prompt(), "another", make.rule(), make.count(10**6)).status == "ok"


@given(st.integers(0, 200), st.integers(0, 20), st.integers(1, 200), st.floats(0, 1))
def test_more_tokens_never_mean_a_better_status(tokens: int, spread: int, limit: int, warn_at: float) -> None:
    """The status gets worse, or stays, as a prompt grows."""
    rule = make.rule(limits={make.MODEL: limit}, warn_at=warn_at)
    order = ["ok", "warn", "unsure", "over"]

    here, there = (
        order.index(judge_count(make.prompt(), make.MODEL, rule, make.count(n, spread)).status)
        for n in (tokens, tokens + 1)
    )

    assert here <= there


OVER = make.verdict("a", 110, "over")
GREW = make.verdict("a", 90, "grew")
INHERITED = OVER._replace(is_preexisting=True)
EXEMPT = make.verdict("a", 110, "exempt")
UNSURE = make.verdict("a", 100, "unsure")
UNCOUNTED = make.verdict("a", None, "uncounted")
UNREADABLE = Problem("b", 0, "is gone", "")
TOO_LONG = Problem("b", 0, "is too long for its tool", "", exit_code=ExitCode.OVER_LIMIT)
MISCONFIGURED = Problem("c", 0, "matches nothing", "", exit_code=ExitCode.USAGE)
RAISED = Loosening("*.md", "limit raised", 3, make.MODEL, 100, 200)


@pytest.mark.parametrize(
    ("verdicts", "problems", "code"),
    [
        ([], [], ExitCode.OK),
        ([UNSURE], [], ExitCode.OK),
        ([GREW], [], ExitCode.OVER_LIMIT),
        ([INHERITED, EXEMPT], [], ExitCode.OK),
        ([INHERITED], [UNREADABLE], ExitCode.UNCOUNTED),
        ([OVER, UNCOUNTED], [UNREADABLE], ExitCode.OVER_LIMIT),
        ([], [UNREADABLE, TOO_LONG], ExitCode.OVER_LIMIT),
        ([UNCOUNTED], [], ExitCode.UNCOUNTED),
        ([UNSURE], [UNREADABLE], ExitCode.UNCOUNTED),
        ([OVER], [MISCONFIGURED, UNREADABLE], ExitCode.USAGE),
    ],
)
def test_the_exit_code_is_that_of_the_first_thing_to_mend(
    verdicts: list[Verdict], problems: list[Problem], code: ExitCode
) -> None:
    """Configuration, then what is over, then what isn't known."""
    assert decide_exit_code(make.report(*verdicts, problems=tuple(problems))) == code


def test_with_exit_zero_nothing_fails_for_its_size() -> None:
    """Not even what is too long for its tool; what can't be read fails all the same."""
    sizes, both = (make.report(OVER, problems=one) for one in ((TOO_LONG,), (TOO_LONG, UNREADABLE)))

    assert decide_exit_code(sizes, exit_zero=True) == ExitCode.OK
    assert decide_exit_code(both, exit_zero=True) == ExitCode.UNCOUNTED


@pytest.mark.parametrize(
    ("on_raise", "code"), [("note", ExitCode.OK), ("warn", ExitCode.OK), ("fail", ExitCode.OVER_LIMIT)]
)
def test_a_raised_limit_fails_only_where_it_is_said_to(on_raise: str, code: ExitCode) -> None:
    """`on_raise` decides; with `--exit-zero` nothing that is over does."""
    report = make.report(loosened=(RAISED,), on_raise=on_raise)

    assert decide_exit_code(report) == code
    assert decide_exit_code(report, exit_zero=True) == ExitCode.OK


@pytest.mark.parametrize(
    ("allowed", "growth", "too_much"),
    [
        (None, 10_000, False),
        (MaxGrowth(200, None), 200, False),
        (MaxGrowth(200, None), 201, True),
        (MaxGrowth(None, 100_000), 100, False),
        (MaxGrowth(None, 100_000), 101, True),
        (MaxGrowth(None, 999_999), 1_000, True),
        (MaxGrowth(200, 100_000), 150, False),  # 15 %, but few tokens
        (MaxGrowth(50, 100_000), 90, False),  # many tokens, but 9 %
        (MaxGrowth(50, 50_000), 60, True),
        (MaxGrowth(0, None), 0, False),
        (MaxGrowth(0, None), 1, True),
        (MaxGrowth(0, 0), -5, False),
    ],
)
def test_growth_fails_where_all_that_is_given_is_exceeded(
    allowed: MaxGrowth | None, growth: int, too_much: bool
) -> None:
    """Of 1,000 tokens in the base: a number of tokens, a share, or both at once."""
    assert exceeds_growth(allowed, 1000, growth) is too_much


@pytest.mark.parametrize(
    ("status", "expected"), [("ok", "grew"), ("warn", "grew"), ("unsure", "grew"), ("over", "over")]
)
def test_growth_is_seen_under_the_limit(status: Status, expected: Status) -> None:
    """A prompt that grew too much fails though it is within its limit; one over it is that first."""
    one = make.verdict("a", 90, status, max_growth=MaxGrowth(10, None))

    assert judge_growth(one._replace(base_count=make.count(70), growth=20)).status == expected


@pytest.mark.parametrize(("growth", "blamed"), [(0, False), (-5, False), (1, True), (None, True)])
def test_only_what_became_worse_is_blamed_on_a_change(growth: int | None, blamed: bool) -> None:
    """What was over before and didn't grow is inherited; what can't be compared may have grown."""
    one = OVER._replace(change="changed", growth=growth)

    assert mark_preexisting(one).fails is blamed


def test_a_new_prompt_over_its_limit_is_blamed_on_the_change() -> None:
    """It has no base to have been over in."""
    assert mark_preexisting(OVER._replace(change="new")).fails


@pytest.mark.parametrize(
    ("until", "status"), [("", "exempt"), ("2026-11-22", "exempt"), ("2026-11-21", "over")]
)
def test_an_exemption_holds_through_its_day(until: str, status: Status) -> None:
    """It is shown either way: as the reason why nothing fails, or as one that has ended."""
    one = Exemption(("a",), "to be split", until, 4)

    found = apply_exemption(OVER, [(one, {"a"})], "2026-11-22")

    assert (found.status, found.exemption) == (status, one)


def test_an_exemption_is_for_its_files_and_for_failures() -> None:
    """Another prompt isn't exempt, and one that doesn't fail needs no excuse."""
    exemptions = [(Exemption(("b",), "why", "", 4), {"b"})]

    assert apply_exemption(OVER, exemptions, "2026-11-22") == OVER
    assert apply_exemption(UNSURE, exemptions, "2026-11-22") == UNSURE


def test_an_exemption_excuses_a_growth_and_whatever_was_over_before() -> None:
    """What is exempt is nothing but that: neither grown nor over before."""
    exemptions = [(Exemption(("a",), "why", "", 4), {"a"})]

    for failing in (GREW, INHERITED):
        exempt = apply_exemption(failing, exemptions, "2026-11-22")
        assert (exempt.status, exempt.is_preexisting) == ("exempt", False)


def test_the_last_exemption_that_matches_a_prompt_applies() -> None:
    """As with rules: also where it has expired, and an earlier one has not."""
    general = (Exemption(("**",), "why", "", 4), {"a", TOO_LONG.path})
    expired = (Exemption(("a",), "why", "2026-11-21", 5), {"a"})

    assert apply_exemption(OVER, [general, expired], "2026-11-22") == OVER._replace(exemption=expired[0])
    assert apply_exemption(OVER, [expired, general], "2026-11-22").status == "exempt"
    of_all = (expired[0], general[1])
    assert apply_exemptions_to_problems([TOO_LONG], [of_all, general], "2026-11-22")[0] == []
    assert apply_exemptions_to_problems([TOO_LONG], [general, of_all], "2026-11-22")[0] == [TOO_LONG]


def test_a_path_is_exempt_where_its_last_exemption_is_valid() -> None:
    """Through its last day, and whatever the ones before it say."""
    general = (Exemption(("**",), "why", "", 4), {"a", "b", "c"})
    expired = (Exemption(("b",), "why", "2026-11-21", 5), {"b"})
    on_its_day = (Exemption(("c",), "why", "2026-11-22", 6), {"c"})

    assert list_exempt_paths([general, expired, on_its_day], "2026-11-22") == {"a", "c"}


def test_a_label_of_the_pull_request_accepts_what_fails_for_its_size() -> None:
    """What passes, and what couldn't be counted, stays as it is; so does everything without a label."""
    for failing in (OVER, GREW):
        accepted = accept_by_label(failing, "size-ok")
        assert accepted == failing._replace(status="exempt", exemption=Exemption((), "", "", 0, "size-ok"))
        assert accept_by_label(failing, "") == failing
    for passing in (UNSURE, INHERITED, UNCOUNTED):
        assert accept_by_label(passing, "size-ok") == passing


def test_an_exemption_covers_a_broken_rule_of_a_tool_until_its_day() -> None:
    """Through its last day it is a note, then it fails again; what can't be read is never exempt."""
    broken = Problem("a.md", 3, "too long", "shorten it", ExitCode.OVER_LIMIT)
    unread = Problem("a.md", 0, "is not UTF-8", "", ExitCode.UNCOUNTED)
    exemptions = [(Exemption(("a.md",), "legacy", "2026-11-30", 9), {"a.md"})]

    on_the_day = apply_exemptions_to_problems([broken, unread], exemptions, "2026-11-30")
    after = apply_exemptions_to_problems([broken], exemptions, "2026-12-01")

    assert on_the_day == ([unread], [Note("exempt: too long", "a.md", 3)])
    assert after == ([broken], [])
