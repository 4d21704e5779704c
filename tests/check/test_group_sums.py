"""Sums of counts, of offline counts that stand in during an outage, and of what can't be counted."""

from __future__ import annotations

import pytest

from prompt_lint.check.group_sums import make_sum_prompt, sum_members
from prompt_lint.check.read_prompts import ReadPrompt
from prompt_lint.counting.sources import OfflineStandIn, find_count, find_reason
from prompt_lint.model.counts import Count, Outcome
from prompt_lint.model.errors import Unreadable
from prompt_lint.model.rules import Group, Rule
from prompt_lint.model.values import ImportedFile, Prompt, Section

OUTAGE = Unreadable("the API doesn't answer")
BROKEN = Unreadable("is not UTF-8")
EXACT = Count(10, 10, 10, "api")
OFFLINE = Count(7, 5, 8, "offline")
LARGER = Count(20, 19, 22, "offline")
RULE = Rule(
    (),
    (),
    ("claude-opus-4-8",),
    "",
    "",
    {},
    0.9,
    "",
    allow_empty=False,
    line=4,
    config_path="sub/.prompt-lint.yaml",
)


def member(
    path: str, *outcomes: Outcome | OfflineStandIn, name: str = "", line: int = 1, imports: int = 0
) -> tuple[ReadPrompt, list[Outcome | OfflineStandIn]]:
    files = tuple(ImportedFile(f"docs/{number}.md", f"docs/{number}.md") for number in range(imports))
    return ReadPrompt(Prompt(path, name, line, None, imports=files), RULE), list(outcomes)


def test_a_sum_is_a_prompt_at_its_line_in_the_configuration() -> None:
    """It has the name of its group, and the rule with its limits."""
    group = Group("all", RULE, ())

    read = make_sum_prompt(group)

    assert (read.prompt.path, read.prompt.name, read.prompt.line) == ("sub/.prompt-lint.yaml", "all", 4)
    assert (read.prompt.is_group, read.prompt.request, read.rule, read.group) == (True, None, RULE, group)


@pytest.mark.parametrize(
    ("outcomes", "total"),
    [
        ([EXACT, EXACT], Count(20, 20, 20, "api")),
        ([EXACT, OFFLINE], Count(17, 15, 18, "offline")),
        ([EXACT, OfflineStandIn(OFFLINE, OUTAGE)], OfflineStandIn(Count(17, 15, 18, "offline"), OUTAGE)),
        ([OfflineStandIn(OFFLINE, OUTAGE), BROKEN], BROKEN),
        ([EXACT, BROKEN, OUTAGE], BROKEN),
    ],
)  # fmt: skip
def test_a_sum_is_only_as_sure_as_its_members(
    outcomes: list[Outcome | OfflineStandIn], total: Outcome | OfflineStandIn
) -> None:
    """One offline count gives it an interval, one that stands in makes it one that stands in, and without one there is no sum."""
    [(found, _)] = sum_members([member(f"{number}.md", each) for number, each in enumerate(outcomes)])

    assert found == total


def test_each_model_has_its_own_sum() -> None:
    """What one model can't count, another one can."""
    totals = [
        total for total, _ in sum_members([member("a.md", EXACT, BROKEN), member("b.md", EXACT, LARGER)])
    ]

    assert totals == [Count(20, 20, 20, "api"), BROKEN]


def test_the_members_of_a_sum_are_listed_by_size_then_by_place() -> None:
    """Each with its margin and what it brings in; one that can't be counted has no tokens to list."""
    members = [
        member("b.md", EXACT), member("c.py", EXACT, name="SYSTEM", line=9), member("c.py", EXACT, line=3),
        member("a.md", OfflineStandIn(LARGER, OUTAGE), name="body", imports=2), member("d.md", BROKEN),
    ]  # fmt: skip

    [(_, sections)] = sum_members(members)

    assert sections == (
        Section("body, with 2 imports", 1, 1, 20, "a.md", margin=2), Section("", 1, 1, 10, "b.md"),
        Section("", 3, 3, 10, "c.py"), Section("SYSTEM", 9, 9, 10, "c.py"),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("outcome", "count", "reason"),
    [(EXACT, EXACT, None), (OfflineStandIn(OFFLINE, OUTAGE), OFFLINE, OUTAGE), (OUTAGE, None, OUTAGE)],
)
def test_an_offline_count_that_stands_in_has_a_reason_beside_it(
    outcome: Outcome | OfflineStandIn, count: Count | None, reason: Unreadable | None
) -> None:
    """A count has no reason, and a reason alone has no count."""
    assert (find_count(outcome), find_reason(outcome)) == (count, reason)
