"""Counts and limits → verdicts and exit codes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests import make

from prompt_lint.errors import Exit
from prompt_lint.judge import exit_code, judge
from prompt_lint.model import Count, Problem, Verdict


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
    verdict = judge(make.prompt(), make.MODEL, make.rule(), count)

    assert (verdict.status, verdict.over_by) == (status, over_by)


def test_warn_at_100_percent_never_warns() -> None:
    """Who wants no headroom says so."""
    assert judge(make.prompt(), make.MODEL, make.rule(warn_at=1.0), make.count(100)).status == "ok"


def test_a_model_without_a_limit_is_only_measured() -> None:
    """No limit, no failure."""
    assert judge(make.prompt(), "another", make.rule(), make.count(10**6)).status == "ok"


@given(st.integers(0, 200), st.integers(0, 20), st.integers(1, 200), st.floats(0, 1))
def test_more_tokens_never_mean_a_better_status(tokens: int, spread: int, limit: int, warn_at: float) -> None:
    """The status gets worse, or stays, as a prompt grows."""
    rule = make.rule(limits={make.MODEL: limit}, warn_at=warn_at)
    order = ["ok", "warn", "unsure", "over"]

    here, there = (
        order.index(judge(make.prompt(), make.MODEL, rule, make.count(n, spread)).status)
        for n in (tokens, tokens + 1)
    )

    assert here <= there


OVER = make.verdict("a", 110, "over")
UNSURE = make.verdict("a", 100, "unsure")
UNCOUNTED = make.verdict("a", None, "uncounted")
UNREADABLE = Problem("b", 0, "is gone")
MISCONFIGURED = Problem("c", 0, "matches nothing", code=Exit.USAGE)


@pytest.mark.parametrize(
    ("verdicts", "problems", "code"),
    [
        ([], [], Exit.OK),
        ([UNSURE], [], Exit.OK),
        ([OVER, UNCOUNTED], [UNREADABLE], Exit.OVER),
        ([UNCOUNTED], [], Exit.UNCOUNTED),
        ([UNSURE], [UNREADABLE], Exit.UNCOUNTED),
        ([OVER], [MISCONFIGURED, UNREADABLE], Exit.USAGE),
    ],
)
def test_the_exit_code_is_that_of_the_first_thing_to_mend(
    verdicts: list[Verdict], problems: list[Problem], code: Exit
) -> None:
    """Configuration, then what is over, then what isn't known."""
    assert exit_code(verdicts, problems) == code
