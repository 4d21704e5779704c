"""What tokens really cost: prices by model, and the costs of the prompts that `check` counted."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from prompt_lint.model.models import find_model
from prompt_lint.text.plural import pluralize
from prompt_lint.usage.savings import compute_token_prices, select_billed
from prompt_lint.usage.sums import sum_amounts_by, sum_usage_by
from prompt_lint.usage.values import (
    DAYS_PER_MONTH,
    INPUT_KINDS,
    MILLION,
    TOKEN_KINDS,
    ZERO,
    GrowthCost,
    Interval,
    ModelPrice,
    PromptCost,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from prompt_lint.model.counts import Count
    from prompt_lint.usage.values import CheckedPrompts, Trends, Usage, UsageData


def compute_prices(data: UsageData) -> list[ModelPrice]:
    """Return what a million tokens of each model cost, the model that cost most first."""
    usage = sum_usage_by((row.group[0], row.usage) for row in select_billed(data))
    costs = sum_amounts_by(((row.group[0], row.kind), row.amount) for row in data.price_cost_rows)
    model_costs = sum_amounts_by((row.group[0], row.amount) for row in data.price_cost_rows)
    prices = [
        _compute_price(model, tokens, {kind: costs[model, kind] for kind in TOKEN_KINDS})
        for model, tokens in usage.items()
        if model
    ]
    return sorted(prices, key=lambda price: (-model_costs[price.model], price.model))


def _compute_price(model: str, usage: Usage, costs: Mapping[str, Decimal]) -> ModelPrice:
    by_kind = {kind: price * MILLION for kind, price in compute_token_prices(usage, costs).items()}
    input_cost = sum((costs[kind] for kind in INPUT_KINDS), ZERO)
    token_cost = input_cost + costs["output"]
    return ModelPrice(
        model,
        usage,
        by_kind,
        input_cost * MILLION / usage.input if usage.input and input_cost else None,
        token_cost * MILLION / usage.tokens if usage.tokens and token_cost else None,
    )


def compute_prompt_costs(checked: CheckedPrompts, trends: Trends) -> list[PromptCost]:
    """Return what each prompt costs at the price of its model: the costliest growth first, then the costliest call.

    Growth a month assumes that each request to the model carries the prompt.
    """
    prices = {model: _find_price(model, trends.prices) for model in {p.model for p in checked.prompts}}
    costs = []
    for prompt in checked.prompts:
        price = prices[prompt.model]
        if price is None:
            costs.append(PromptCost(prompt, None, None, None))
            continue
        per_million, requests = price
        monthly_growth = None
        if prompt.growth is not None and trends.data.has_requests:
            monthly_requests = Decimal(requests * DAYS_PER_MONTH) / trends.period.window.days
            monthly_growth = _multiply(prompt.growth, monthly_requests * per_million / MILLION)
        calls = _multiply(prompt.tokens, 1000 * per_million / MILLION)
        costs.append(PromptCost(prompt, per_million, calls, monthly_growth))
    return sorted(costs, key=_sort_key)


def _multiply(count: Count, price: Decimal) -> Interval:
    return Interval(count.tokens * price, count.low * price, count.high * price)


def _find_price(model: str, prices: Sequence[ModelPrice]) -> tuple[Decimal, int] | None:
    """Return the price of a million tokens of a model's input, and its requests; None where it wasn't used.

    Usage may have the model under several ids: with a date, and as an alias without one.
    """
    known = find_model(model)
    costs, tokens, requests = ZERO, 0, 0
    for price in prices:
        other = find_model(price.model)
        is_same = price.model == model or (known and other and other.id == known.id)
        if is_same and price.input is not None:
            costs += price.input * price.usage.input
            tokens += price.usage.input
            requests += price.usage.requests
    return (costs / tokens, requests) if tokens else None


def _sort_key(cost: PromptCost) -> tuple[bool, Decimal, Decimal, str, str, str]:
    growth, calls = cost.monthly_growth, cost.per_thousand_calls
    return (
        calls is None,
        -abs(growth.value) if growth else ZERO,
        -calls.value if calls else ZERO,
        cost.prompt.path,
        cost.prompt.name,
        cost.prompt.model,
    )


def sum_growth_costs(checked: CheckedPrompts, costs: Sequence[PromptCost]) -> GrowthCost:
    """Return what a change costs a month, each prompt counted once: so without groups, where there are prompts, too."""
    prompts = [cost for cost in costs if not cost.prompt.is_group]
    summed = prompts or costs
    growths = [cost.monthly_growth for cost in summed if cost.monthly_growth]
    grown = [cost for cost in summed if (growth := cost.prompt.growth) and any(growth[:3])]
    unpriced = [cost for cost in grown if not cost.monthly_growth]
    numbers = (
        ("group", _count_prompts(costs) - _count_prompts(summed), "(so that no prompt counts twice)"),
        ("prompt", _count_prompts([c for c in summed if c.prompt.growth is None]), "that can't be compared"),
        ("prompt", _count_prompts(unpriced), "whose model has no usage in this window"),
        ("prompt", checked.uncounted, "without a count"),
    )
    return GrowthCost(
        sum((min(growth.low, ZERO) for growth in growths), ZERO),
        sum((max(growth.high, ZERO) for growth in growths), ZERO),
        [f"{pluralize(number, noun)} {reason}" for noun, number, reason in numbers if number],
    )


def _count_prompts(costs: Iterable[PromptCost]) -> int:
    """Return how many prompts there are, each counted once for all of its models."""
    return len({cost.prompt[:2] for cost in costs})
