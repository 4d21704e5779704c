"""Values: the digest that a count is known by, and what a verdict says of its prompt and its base."""

from __future__ import annotations

import hashlib
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from tests.support import make

from prompt_lint.model.counts import Count
from prompt_lint.model.values import (
    PLACEHOLDER_MESSAGE,
    Request,
    Section,
    Verdict,
    group_by_prompt,
)

if TYPE_CHECKING:
    from prompt_lint.model.values import ChangeKind

USER = {"role": "user", "content": "é"}


def test_a_request_is_known_by_its_canonical_json() -> None:
    """With another digest every count in a cache would be a miss: that is for another version to say."""
    request = Request({"messages": [USER], "system": "S"})
    canonical = '{"system":"S","messages":[{"role":"user","content":"é"}]}'
    text = f"prompt-lint request 1\n{canonical}"

    assert request.canonical_json() == canonical
    assert request.digest() == hashlib.sha256(text.encode()).hexdigest()
    assert Request({"messages": ["\ud800"]}).digest() != Request({"messages": ["\ud801"]}).digest()


@pytest.mark.parametrize(
    ("fields", "role"),
    [
        ({"system": "S", "messages": [PLACEHOLDER_MESSAGE]}, "system"),
        ({"tools": [], "messages": [PLACEHOLDER_MESSAGE]}, "tools"),
        ({"system": "S", "tools": [], "messages": [PLACEHOLDER_MESSAGE]}, "chat"),
        ({"system": "S", "messages": [USER]}, "chat"),
        ({"messages": [USER]}, "user"),
        ({"messages": [USER, USER]}, "chat"),
        ({"messages": [USER | {"role": "assistant"}]}, "chat"),
    ],
)
def test_a_request_has_the_role_of_its_only_part(fields: dict[str, Any], role: str) -> None:
    """A placeholder is no part."""
    assert Request(fields).role() == role


def make_verdict(tokens: int = 80, spread: int = 2, *, reserve: int = 0, **given: Any) -> Verdict:
    return make.verdict("a.md", tokens, "ok", spread=spread, reserve=reserve)._replace(**given)


def test_a_reserve_fills_the_limit() -> None:
    """What the prompt itself may have is less by it."""
    reserved = make_verdict(30, reserve=20)

    assert (reserved.own_limit, reserved.fill_percent, reserved.tokens) == (80, 50, 30)
    assert (reserved._replace(limit=None).own_limit, reserved._replace(limit=None).fill_percent) == (
        None,
        None,
    )
    assert (reserved._replace(token_count=None).fill_percent, reserved._replace(token_count=None).tokens) == (
        None,
        0,
    )


@pytest.mark.parametrize(
    ("low", "limit", "reserve", "was_over"),
    [
        (101, 100, 0, True),
        (100, 100, 0, False),
        (91, 100, 10, True),
        (90, 100, 10, False),
        (101, None, 0, False),
    ],
)
def test_a_prompt_was_over_by_the_limit_of_its_base(
    low: int, limit: int | None, reserve: int, was_over: bool
) -> None:
    """Where even the lowest count was."""
    base = Count(low + 5, low, low + 9, "offline")

    assert make_verdict(base_count=base, base_limit=limit, base_reserve=reserve).was_over is was_over
    assert not make_verdict(base_limit=1).was_over


@pytest.mark.parametrize(
    ("change", "base", "growth", "count"),
    [
        ("new", None, None, Count(80, 78, 82, "offline")),
        ("changed", None, None, None),
        ("changed", make.count(70, 3), 10, Count(10, 5, 15, "offline")),
        ("unchanged", make.count(80, 2), 0, Count(0, 0, 0, "offline")),
        # counted again by the API, by which it has 100 tokens; offline, in the base's margin: 3 of 60 are 5 of 100
        ("changed", make.count(60, 3), 40, Count(40, 32, 48, "offline")),
    ],
)
def test_growth_has_the_interval_of_both_sides(
    change: ChangeKind, base: Count | None, growth: int | None, count: Count | None
) -> None:
    """Of a new prompt all is growth; of one that is the same, nothing can be."""
    verdict = make_verdict(change=change, base_count=base, growth=growth)

    assert verdict.growth_count == count
    assert verdict.has_changed == (change != "unchanged")
    assert verdict._replace(token_count=None).growth_count is None


def test_growth_is_measured_by_the_count_that_it_fits() -> None:
    """The gateway's, the one that it was compared with, or one that is made for both sides."""
    disputed = make.count(90, disputed_count=make.count(95, 1))
    verdict = make_verdict(token_count=disputed, base_count=make.count(0, 0), change="changed")

    assert verdict._replace(growth=90).compared_count == disputed
    assert verdict._replace(growth=95).compared_count == disputed.disputed_count
    assert verdict._replace(growth=93).compared_count == Count(93, 93, 93, "api")
    assert verdict._replace(growth=None).compared_count == disputed
    assert verdict.is_disputed


def test_what_fails_is_over_or_grew_by_this_change() -> None:
    """A group is a prompt like any other."""
    over, grew, warned = (make_verdict(status=status) for status in ("over", "grew", "warn"))

    assert [one.fails for one in (over, grew, warned)] == [True, True, False]
    assert not over._replace(is_preexisting=True).fails
    assert (over.over_by, over.is_preexisting) == (0, False)
    assert [make.prompt(format=name).is_group for name in ("group", "text")] == [True, False]


def test_a_number_that_is_not_given_is_zero() -> None:
    """Readers of older reports leave them out."""
    verdict = Verdict(make.prompt(), make.MODEL, make.rule(), 100, make.count(5), "ok")

    assert (verdict.over_by, verdict.base_reserve) == (0, 0)
    assert Section("", 1, 2, 3).margin == 0
    assert (make.report().unread_files, make.report().requests_sent, make.report().requests_failed) == (
        0,
        0,
        0,
    )


def test_the_verdicts_of_a_prompt_are_together() -> None:
    """As they are in a report."""
    first, second = make_verdict(), make_verdict(model="another")
    other = make_verdict(prompt=make.prompt("b.md"))

    assert list(group_by_prompt([first, second, other])) == [
        (first.prompt, [first, second]),
        (other.prompt, [other]),
    ]


def test_calls_cost_what_the_price_of_their_model_says() -> None:
    """A thousand calls of 500 tokens are half a million."""
    report = make.report(prices={make.MODEL: Decimal(3)})

    assert report.cost_of_calls(500, make.MODEL) == Decimal("1.5")
    assert report.cost_of_calls(500, "another") is None
