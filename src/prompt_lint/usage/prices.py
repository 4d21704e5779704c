"""What tokens really cost: prices by model, and the costs of the prompts that `check` counted."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from prompt_lint.model.models import find_model
from prompt_lint.usage.savings import select_billed
from prompt_lint.usage.sums import sum_amounts_by, sum_usage_by
from prompt_lint.usage.values import (
    DAYS_PER_MONTH,
    INPUT_KINDS,
    MILLION,
    TOKEN_KINDS,
    ZERO,
    ModelPrice,
    PromptCost,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from prompt_lint.usage.values import PromptTokens, Trends, Usage, UsageData


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
    by_kind = {
        kind: costs[kind] * MILLION / getattr(usage, kind)
        for kind in TOKEN_KINDS
        if costs[kind] and getattr(usage, kind)
    }
    input_cost = sum((costs[kind] for kind in INPUT_KINDS), ZERO)
    token_cost = input_cost + costs["output"]
    return ModelPrice(
        model,
        usage,
        by_kind,
        input_cost * MILLION / usage.input if usage.input and input_cost else None,
        token_cost * MILLION / usage.tokens if usage.tokens and token_cost else None,
    )


def compute_prompt_costs(prompts: Sequence[PromptTokens], trends: Trends) -> list[PromptCost]:
    """Return what each prompt costs at the price of its model: the costliest growth first, then the costliest call.

    Growth a month assumes that each request to the model carries the prompt.
    """
    prices = {model: _find_price(model, trends.prices) for model in {prompt.model for prompt in prompts}}
    costs = []
    for prompt in prompts:
        price = prices[prompt.model]
        if price is None or price.input is None:
            costs.append(PromptCost(prompt, None, None, None))
            continue
        token_price = price.input / MILLION
        monthly_growth = None
        if prompt.growth is not None and trends.data.has_requests:
            monthly_requests = Decimal(price.usage.requests * DAYS_PER_MONTH) / trends.period.window.days
            monthly_growth = prompt.growth * monthly_requests * token_price
        costs.append(PromptCost(prompt, price.input, prompt.tokens * token_price * 1000, monthly_growth))
    return sorted(costs, key=_sort_key)


def _find_price(model: str, prices: Sequence[ModelPrice]) -> ModelPrice | None:
    """The price of a model, also where usage has it under another id: with a date, or as an alias without one."""
    same_id = [price for price in prices if price.model == model]
    known = find_model(model)
    same_model = [
        price for price in prices if known and (other := find_model(price.model)) and other.id == known.id
    ]
    return next(iter([*same_id, *same_model]), None)


def _sort_key(cost: PromptCost) -> tuple[bool, Decimal, Decimal, PromptTokens]:
    return (
        cost.per_thousand_calls is None,
        -abs(cost.monthly_growth or ZERO),
        -(cost.per_thousand_calls or ZERO),
        cost.prompt._replace(growth=0),
    )
