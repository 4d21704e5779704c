"""Usage and costs by dimension: the groups of each, and what changed most from one window to the next."""

from __future__ import annotations

from decimal import Decimal
from operator import itemgetter
from typing import TYPE_CHECKING, NamedTuple

from prompt_lint.usage.sums import sum_amounts_by, sum_usage_by
from prompt_lint.usage.values import ZERO, Group, GroupChange, Usage

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from prompt_lint.usage.values import UsageData, Window

_NULL_NAMES = {
    "workspace": "Default workspace",
    "api-key": "no key (Console)",
    "account": "no account",
    "service-account": "no service account",
    "model": "no model (web search, …)",
}


def name_group(dimension: str, value: str, names: Mapping[str, str]) -> str:
    """Return the name of a value of `dimension` for people. The API's null ("") has a meaning of its own in each dimension."""
    if value:
        return names.get(value, value)
    return _NULL_NAMES.get(dimension, "not reported")


def group_selector(
    row_dimensions: Sequence[str], dimensions: Sequence[str]
) -> Callable[[tuple[str, ...]], tuple[str, ...]]:
    """Return a function that takes the values of `dimensions` out of a group by `row_dimensions`."""
    first, *others = (row_dimensions.index(name) for name in dimensions)
    return itemgetter(first, *others) if others else lambda group: (group[first],)


def has_cost_by(data: UsageData, dimensions: Sequence[str]) -> bool:
    return all(name in data.cost_dimensions for name in dimensions)


def compute_groups(current: UsageData, previous: UsageData, window: Window, dimension: str) -> list[Group]:
    """Sum up each value of a dimension, the largest first: by cost where there is one, else by tokens."""
    has_cost = has_cost_by(current, (dimension,))
    daily = _sum_days(current, window, dimension, has_cost=has_cost)
    zeros = (ZERO,) * window.days
    groups = [
        Group(
            value, name_group(dimension, value, current.names), sums.usage, sums.cost if has_cost else None,
            sums.previous_usage, sums.previous_cost if has_cost else None, daily.get(value, zeros),
        )
        for (value,), sums in _sum_groups(current, previous, (dimension,)).items()
    ]  # fmt: skip
    return sorted(
        groups, key=lambda g: (-(g.cost or 0), -g.usage.tokens, -(g.previous_cost or 0), g.name, g.id)
    )


def compute_group_changes(
    current: UsageData, previous: UsageData, dimensions: Sequence[str]
) -> list[GroupChange]:
    """Compare each combination of values with the window before; the largest change first, up or down."""
    is_cost = has_cost_by(current, dimensions)
    changes = []
    for values, sums in _sum_groups(current, previous, dimensions).items():
        pairs = zip(dimensions, values, strict=True)
        names = tuple(name_group(dimension, value, current.names) for dimension, value in pairs)
        amounts = (
            (sums.cost, sums.previous_cost)
            if is_cost
            else (Decimal(sums.usage.tokens), Decimal(sums.previous_usage.tokens))
        )
        changes.append(GroupChange(names, *amounts, is_cost))
    changed = (change for change in changes if change.difference)
    return sorted(changed, key=lambda change: (-abs(change.difference), change.group_names))


class _GroupSums(NamedTuple):
    usage: Usage
    previous_usage: Usage
    cost: Decimal
    previous_cost: Decimal


def _sum_groups(
    current: UsageData, previous: UsageData, dimensions: Sequence[str]
) -> dict[tuple[str, ...], _GroupSums]:
    """Usage and cost of both windows for each combination of values."""
    usage, costs = _sum_usage(current, dimensions), _sum_costs(current, dimensions)
    previous_usage, previous_costs = _sum_usage(previous, dimensions), _sum_costs(previous, dimensions)
    return {
        group: _GroupSums(usage[group], previous_usage[group], costs[group], previous_costs[group])
        for group in {**usage, **previous_usage, **costs, **previous_costs}
    }


def _sum_usage(data: UsageData, dimensions: Sequence[str]) -> Mapping[tuple[str, ...], Usage]:
    select = group_selector(data.usage_dimensions, dimensions)
    return sum_usage_by((select(row.group), row.usage) for row in data.usage_rows)


def _sum_costs(data: UsageData, dimensions: Sequence[str]) -> Mapping[tuple[str, ...], Decimal]:
    if not has_cost_by(data, dimensions):
        return sum_amounts_by(())
    select = group_selector(data.cost_dimensions, dimensions)
    return sum_amounts_by((select(row.group), row.amount) for row in data.cost_rows)


def _sum_days(
    data: UsageData, window: Window, dimension: str, *, has_cost: bool
) -> dict[str, tuple[Decimal, ...]]:
    """The cost, or the tokens, of each value on each day of the window."""
    index = (data.cost_dimensions if has_cost else data.usage_dimensions).index(dimension)
    rows = (
        ((row.start, row.group[index], row.amount) for row in data.cost_rows)
        if has_cost
        else ((row.start, row.group[index], Decimal(row.usage.tokens)) for row in data.usage_rows)
    )
    days: dict[str, list[Decimal]] = {}
    for start, value, amount in rows:
        days.setdefault(value, [ZERO] * window.days)[(start - window.start).days] += amount
    return {value: tuple(series) for value, series in days.items()}
