"""What tokens really cost, and the prompts that `check` counted."""

from __future__ import annotations

from decimal import Decimal

from tests.support.usage_values import DIMENSIONS, GROUP, make_data, make_period, make_report

from prompt_lint.model.counts import Count
from prompt_lint.usage.billed_prices import compute_prompt_costs
from prompt_lint.usage.sentences import list_caveats
from prompt_lint.usage.trends import compute_trends
from prompt_lint.usage.values import (
    CheckedPrompts,
    CostRow,
    PromptTokens,
    Usage,
    UsageRow,
)


def test_prices_are_what_was_paid() -> None:
    """Dollars a million, by kind and together; what the cache saved is reckoned start the price of uncached tokens."""
    period = make_period()
    start, group = period.window.start, GROUP
    usage = Usage(uncached=1_000_000, write_5m=200_000, write_1h=100_000, read=4_000_000, output=500_000)
    costs = {
        "uncached": "2",
        "write_5m": "0.5",
        "write_1h": "0.4",
        "read": "0.8",
        "output": "5",
        "web_search": "1",
    }
    cost_rows = [CostRow(start, group, kind, Decimal(amount)) for kind, amount in costs.items()]
    trends = compute_trends(make_data([UsageRow(start, group, usage)], cost_rows), period, "1d", DIMENSIONS)

    assert trends.totals.cost == Decimal("9.7")
    assert trends.totals.price_per_million == Decimal("8.7") / Decimal("5.8")
    assert trends.totals.cache_hit_share == Decimal(4_000_000) / 5_300_000
    assert trends.totals.saved_by_cache == Decimal("4.3") * 2 - Decimal("1.7")
    assert trends.prices[0].by_kind["read"] == Decimal("0.2")
    assert trends.prices[0].input == Decimal("3.7") / Decimal("5.3")


def test_priority_tier_makes_no_price_cheaper() -> None:
    """Its tokens have no cost in the API, so they are left out of the price, which a caveat says."""
    period = make_period()
    start = period.window.start
    usage = [
        UsageRow(start, ("m", "w", tier), Usage(uncached=1_000_000)) for tier in ("standard", "priority")
    ]
    trends = compute_trends(
        make_data(usage, [CostRow(start, GROUP, "uncached", Decimal(2))]), period, "1d", DIMENSIONS
    )
    caveats = list_caveats(make_report(trends))

    assert trends.totals.price_per_million == 2
    assert any("1.00M tokens of this window, 50.0%" in text for text in caveats)


def test_a_prompt_costs_its_tokens_at_the_price_of_its_models_input() -> None:
    """Of all ids that the report has the model under; growth is multiplied by the month's requests to all of them."""
    period = make_period(days=3)
    start = period.window.start
    ids = ("claude-haiku-4-5-20251001", "claude-haiku-4-5", "claude-opus-5-5")
    usage = [
        UsageRow(start, (model, "w", "standard"), Usage(uncached=1_000_000, requests=150)) for model in ids
    ]
    costs = [CostRow(start, (model, "w", "standard"), "uncached", Decimal(2)) for model in ids]
    trends = compute_trends(make_data(usage, costs, has_requests=True), period, "1d", DIMENSIONS)
    prompt = PromptTokens(
        "a.md", "", "claude-haiku-4-5", Count(5_000, 4_900, 5_200, "offline"), Count(100, 90, 110, "offline")
    )
    [cost] = compute_prompt_costs(CheckedPrompts("result.json", True, [prompt], 0), trends)

    assert cost.per_thousand_calls == (Decimal(10), Decimal("9.8"), Decimal("10.4"))
    assert cost.monthly_growth == (Decimal("0.6"), Decimal("0.54"), Decimal("0.66"))
