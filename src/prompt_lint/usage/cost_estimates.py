"""Costs by API key and by account where the API has none: estimates, which divide its costs by the tokens of each."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from prompt_lint.text.money import round_half_up
from prompt_lint.usage.groups import group_selector
from prompt_lint.usage.sums import sum_amounts_by
from prompt_lint.usage.values import TOKEN_KINDS, CostRow, midnight

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime
    from decimal import Decimal

    from prompt_lint.usage.values import UsageData

    # A day, the values of what a price depends on, and a kind of cost.
    _Priced = tuple[datetime, tuple[str, ...], str]

# Dimensions that no price depends on, so that costs can be divided by tokens; by speed, for one, they can't.
_ESTIMABLE = ("api-key", "account", "service-account")
_PRICE_DIMENSIONS = ("model", "service-tier", "context-window", "inference-geo")
# Stands for the group of costs that neither tokens nor searches divide, such as code execution.
_UNDIVIDED = "(not by tokens)"
# Of a part of a cost, in dollars. What rounding leaves goes to the last part, so that sums stay exact.
_PLACES = 10


def estimate_costs(data: UsageData, dimensions: Sequence[str]) -> UsageData:
    """Divide the costs among the values of the dimensions by which the API doesn't split them.

    The data stay as they are where there is no such dimension, or where usage isn't split by all that a price depends on:
    the API takes five dimensions at most.
    """
    missing = tuple(name for name in dimensions if name in _ESTIMABLE and name not in data.cost_dimensions)
    if not missing or not set(_PRICE_DIMENSIONS) <= set(data.usage_dimensions):
        return data
    kept = tuple(name for name in data.cost_dimensions if name in data.usage_dimensions)
    select = group_selector(data.cost_dimensions, kept)
    costs = sum_amounts_by(((row.start, select(row.group), row.kind), row.amount) for row in data.cost_rows)
    rows = [
        CostRow(day, (*group, *values), kind, part)
        for (day, group, kind), amount, weights in _weigh(data, costs, kept, missing)
        for values, part in _divide(amount, weights, len(missing))
    ]
    return data._replace(cost_rows=rows, cost_dimensions=(*kept, *missing), estimated_dimensions=missing)


def _weigh(
    data: UsageData, costs: Mapping[_Priced, Decimal], kept: Sequence[str], missing: Sequence[str]
) -> Iterator[tuple[_Priced, Decimal, Mapping[tuple[str, ...], int]]]:
    """Yield each cost with the tokens, or searches, of each value that it may be divided by.

    A dimension that the costs of tokens don't name at all, as inference geography in some reports, tells nothing apart.
    """
    named = [
        index for index, name in enumerate(kept)
        if any(group[index] for _, group, kind in costs if kind in TOKEN_KINDS)
    ]  # fmt: skip
    tokens = _sum_weights(data, [kept[index] for index in named], missing, TOKEN_KINDS)
    # A search has no model, and costs the same with each.
    workspace = ["workspace"] if "workspace" in kept else []
    searches = _sum_weights(data, workspace, missing, ("web_searches",))
    for key, amount in costs.items():
        day, group, kind = key
        if kind == "web_search":
            values = tuple(group[kept.index(name)] for name in workspace)
            yield key, amount, searches.get((day, values, "web_searches"), {})
        else:
            yield key, amount, tokens.get((day, tuple(group[index] for index in named), kind), {})


def _sum_weights(
    data: UsageData, matched: Sequence[str], missing: Sequence[str], kinds: Sequence[str]
) -> Mapping[_Priced, Mapping[tuple[str, ...], int]]:
    """Sum the tokens of each kind by day, by the values of `matched`, and then by those of `missing`."""
    indices = [[data.usage_dimensions.index(name) for name in names] for names in (matched, missing)]
    weights: defaultdict[_Priced, defaultdict[tuple[str, ...], int]] = defaultdict(lambda: defaultdict(int))
    for row in data.usage_rows:
        matching, values = (tuple(row.group[index] for index in part) for part in indices)
        for kind in kinds:
            if number := getattr(row.usage, kind):
                weights[midnight(row.start), matching, kind][values] += number
    return weights


def _divide(
    amount: Decimal, weights: Mapping[tuple[str, ...], int], width: int
) -> Iterator[tuple[tuple[str, ...], Decimal]]:
    """Yield the part of each value. Their sum is the amount."""
    if not weights:
        yield (_UNDIVIDED,) * width, amount
        return
    total, rest = sum(weights.values()), amount
    *others, last = sorted(weights)
    for values in others:
        part = round_half_up(amount * weights[values] / total, _PLACES)
        rest -= part
        yield values, part
    yield last, rest
