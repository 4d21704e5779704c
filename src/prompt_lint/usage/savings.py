"""What the cache saved, where the API's figures can tell it.

Cached tokens are compared with uncached ones of the same price, so both have to be of one day and of one model, service tier,
context window, inference geography and speed. Where the API's costs don't keep two prices apart, there is no figure.
"""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from typing import TYPE_CHECKING

from prompt_lint.model.models import find_model
from prompt_lint.usage.sums import sum_amounts_by, sum_usage_by
from prompt_lint.usage.values import INPUT_KINDS, UNBILLED_TIER, ZERO, midnight

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from prompt_lint.usage.values import Usage, UsageData, UsageRow

    # A day, and the values of what a price depends on.
    _Key = tuple[datetime, tuple[str, ...]]

_CACHED_KINDS = INPUT_KINDS[1:]
# Where the inference geography is in the group of a row.
_GEO = 3
# Models with one price for short prompts and another for long ones, which no report keeps apart; and what cached tokens cost
# as a share of uncached ones, which is the same for both. Source: platform.claude.com, models/haiku-5-5/overview, November 2026.
_PRICED_BY_LENGTH: Mapping[str, Mapping[str, Decimal]] = {
    "claude-haiku-5-5": {"write_5m": Decimal("1.25"), "write_1h": Decimal(2), "read": Decimal("0.1")}
}
_TOLERANCE = Decimal("0.001")


def select_billed(data: UsageData) -> list[UsageRow]:
    """Return the usage that appears as cost, by what its price depends on."""
    return [row for row in data.price_usage_rows if row.group[1] != UNBILLED_TIER]


def compute_saving(data: UsageData) -> tuple[Decimal | None, str]:
    """Return what the cached tokens would have cost at the price paid for uncached ones, less what they did cost.

    None without input, and where prices can't be kept apart, of which the text says why.
    """
    usage, geos = _sum_usage(data)
    if not any(tokens.input for tokens in usage.values()):
        return None, ""
    costs: Mapping[tuple[_Key, str], Decimal] = sum_amounts_by(
        (((row.start, row.group), row.kind), row.amount) for row in data.price_cost_rows
    )
    speeds = _list_speeds(data)
    saving = ZERO
    for key, tokens in usage.items():
        if tokens.input == tokens.uncached:
            continue
        _, (model, *_) = key
        prices = compute_token_prices(tokens, {kind: costs[key, kind] for kind in INPUT_KINDS})
        gap = _find_mixed_prices(key, geos[key], speeds) or _find_price_gap(model, prices)
        if gap:
            return None, gap
        saving += (tokens.input - tokens.uncached) * prices["uncached"]
        saving -= sum(costs[key, kind] for kind in _CACHED_KINDS)
    return saving, ""


def _sum_usage(data: UsageData) -> tuple[Mapping[_Key, Usage], Mapping[_Key, set[str]]]:
    """Return billed usage by what costs are grouped by, and the geographies of each, which costs may not have."""
    has_geo = any(row.group[_GEO] for row in data.price_cost_rows)
    geos: dict[_Key, set[str]] = defaultdict(set)
    pairs = []
    for row in select_billed(data):
        group = row.group if has_geo else (*row.group[:_GEO], "", *row.group[_GEO + 1 :])
        key = (midnight(row.start), group)
        geos[key].add(row.group[_GEO])
        pairs.append((key, row.usage))
    return sum_usage_by(pairs), geos


def _list_speeds(data: UsageData) -> Mapping[_Key, set[str]] | None:
    """Return the speeds of each day, model and service tier; None where they aren't known."""
    if data.speed_rows is None:
        return None
    speeds: dict[_Key, set[str]] = defaultdict(set)
    for row in data.speed_rows:
        if row.usage.input:
            speeds[midnight(row.start), row.group[:2]].add(row.group[2])
    return speeds


def _find_mixed_prices(key: _Key, geos: set[str], speeds: Mapping[_Key, set[str]] | None) -> str:
    """Return why the costs of a group are of several prices; "" where they aren't."""
    day, (model, tier, *_) = key
    if speeds is None:
        return "the API refused to report which speeds were used"
    if len(speeds[day, (model, tier)]) > 1:
        return f"{model} was used at several speeds, and this source has no cost by speed; --source analytics does"
    if len(geos) > 1:
        return f"{model} was used in several inference geographies, and this source has no cost by them; --source analytics does"
    return ""


def compute_token_prices(usage: Usage, costs: Mapping[str, Decimal]) -> dict[str, Decimal]:
    """Return the price of a token of each kind that was used and cost something. `costs` are those of the kinds."""
    return {
        kind: cost / getattr(usage, kind) for kind, cost in costs.items() if cost and getattr(usage, kind)
    }


def _find_price_gap(model: str, prices: Mapping[str, Decimal]) -> str:
    """Return why uncached tokens of a group don't tell what its cached ones would have cost; "" where they do."""
    uncached = prices.get("uncached")
    if uncached is None:
        return (
            f"{model} has days with cached tokens and no uncached ones of the same price to compare them with"
        )
    known = find_model(model)
    shares = _PRICED_BY_LENGTH.get(known.id, {}) if known else {}
    if any(
        abs(prices[kind] / uncached - share) > _TOLERANCE for kind, share in shares.items() if kind in prices
    ):
        return f"{model} has one price for short prompts and another for long ones, and no source keeps their tokens apart"
    return ""
