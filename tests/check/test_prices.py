"""`prices`: what the tokens of prompts cost, where the configuration says it."""

from __future__ import annotations

import json
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support import make
from tests.support.json_schema import DOCS, validate

if TYPE_CHECKING:
    from collections.abc import Callable

    from syrupy.assertion import SnapshotAssertion
    from tests.support.program import Done
    from tests.support.repo import Repo

SONNET, OPUS = "claude-sonnet-5-5", "claude-opus-5-5"
RULE = "limit: 2k\nprompts: [{files: prompts/*.md}]\n"
SENTENCE = "Answer the customer in one sentence.\n"


@pytest.fixture
def changed(repo: Repo) -> Repo:
    """A prompt of some 400 tokens, which grows by a third, and a small one."""
    repo.write(".prompt-lint.yaml", f"models: {SONNET}\nprices: {{{SONNET}: 2.00}}\n{RULE}")
    repo.write("prompts/large.md", SENTENCE * 30)
    repo.write("prompts/small.md", SENTENCE)
    repo.commit()
    repo.write("prompts/large.md", SENTENCE * 40)
    return repo


def test_what_1000_calls_cost_is_shown(
    changed: Repo, lint: Callable[..., Done], snapshot: SnapshotAssertion
) -> None:
    """A column of `list`, and the growth of a change; of several models each its own, where it has a price."""
    check = ("check", "--offline", "--base=HEAD")

    assert lint("list", "--offline").out == snapshot
    assert lint(*check).out == snapshot
    assert lint(*check, "--output-format=markdown").out == snapshot
    prices = f"prices: {{{SONNET}: 2.00, {OPUS}: 4.5}}\n"
    changed.write(".prompt-lint.yaml", f"models: [{SONNET}, {OPUS}, claude-haiku-4-5]\n{prices}{RULE}")
    assert lint("list", "--offline", "-v").out == snapshot
    assert lint("list", "--offline", "--by=folder").out == snapshot
    assert " per 1,000 calls," in lint("list", "--offline", "--output-format=html").out
    assert lint(*check).out == snapshot
    assert lint(*check, "--output-format=markdown").out == snapshot


def test_json_has_exact_dollars(changed: Repo, lint: Callable[..., Done]) -> None:
    """As text: 413 tokens at $2.00 a million are $0.826 in 1,000 calls."""
    report = lint("check", "--offline", "--base=HEAD", "--output-format=json").report
    listing = json.loads(lint("list", "--offline", "--output-format=json").out)

    large = report["verdicts"][0]
    [total] = report["summary"]["totals"]
    growth = Decimal(large["growth"]) * 2 / 1000
    assert report["prices"] == listing["prices"] == {SONNET: "2.0"}
    assert Decimal(large["cost_per_1000_calls"]) == Decimal(large["tokens"]) * 2 / 1000
    assert Decimal(large["growth_cost_per_1000_calls"]) == growth
    assert Decimal(total["growth_cost_per_1000_calls"]) == growth
    assert listing["prompts"][0]["counts"][0]["cost_per_1000_calls"] == large["cost_per_1000_calls"]
    validate(listing, DOCS / "list.schema.json")


@given(st.integers(-(2**31), 2**31), st.integers(1, 10**10))
def test_no_cost_is_rounded(tokens: int, micro_dollars: int) -> None:
    """Whatever the price is; a model without one has no cost."""
    report = make.report(prices={SONNET: Decimal(micro_dollars).scaleb(-6)})

    cost = report.cost_of_calls(tokens, SONNET)

    assert cost is not None
    assert Fraction(cost) == Fraction(tokens * micro_dollars, 1000 * 10**6)
    assert report.cost_of_calls(tokens, OPUS) is None


def test_a_price_for_a_model_that_no_rule_counts_for_is_an_error(
    repo: Repo, lint: Callable[..., Done]
) -> None:
    """It is a slip, or left over. With `--model`, prices of other models don't matter."""
    repo.write("prompts/a.md", SENTENCE)
    repo.write(
        ".prompt-lint.yaml", f"models: {SONNET}\n{RULE}prices:\n  claude-sonnet-5-4: 2\n  {SONNET}: 2\n"
    )

    done = lint("check", "--offline")

    assert (done.code, done.err.splitlines()) == (
        2,
        [
            "error: a mistake in the configuration",
            ".prompt-lint.yaml:5:1: no rule counts for `claude-sonnet-5-4`; did you mean `claude-sonnet-5-5`?",
            "    remove the price, or add the model to `models`",
        ],
    )
    assert lint("check", "--offline", "--model", SONNET).code == 0


def test_configurations_have_one_price_for_a_model(repo: Repo, lint: Callable[..., Done]) -> None:
    """Those at the top may be for a project below; two that differ are an error with both lines."""
    repo.write(".prompt-lint.yaml", f"models: {SONNET}\nprices: {{{SONNET}: 2, {OPUS}: 4}}\n{RULE}")
    repo.write("prompts/a.md", SENTENCE)
    repo.write("sub/prompts/a.md", SENTENCE)
    project = f"models: [{SONNET}, {OPUS}]\nprices:\n  {SONNET}: PRICE\n{RULE}"

    repo.write("sub/.prompt-lint.yaml", project.replace("PRICE", "2.0"))
    same = lint("check", "--offline", "--output-format=json")
    repo.write("sub/.prompt-lint.yaml", project.replace("PRICE", "2.5"))
    other = lint("check", "--offline")

    assert (same.code, same.report["prices"]) == (0, {SONNET: "2", OPUS: "4"})
    assert other.code == 2
    assert f"sub/.prompt-lint.yaml:3: `{SONNET}` costs 2.5 here, and 2 in .prompt-lint.yaml:2" in other.out
