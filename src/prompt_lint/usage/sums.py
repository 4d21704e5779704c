"""Exact sums and ratios of usage and costs. None of them rounds."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from typing import TYPE_CHECKING, TypeVar

from prompt_lint.usage.values import Usage

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable

_Key = TypeVar("_Key", bound="Hashable")


def sum_usage(usages: Iterable[Usage]) -> Usage:
    return Usage(*map(sum, zip(*usages, strict=True)))


def sum_usage_by(pairs: Iterable[tuple[_Key, Usage]]) -> defaultdict[_Key, Usage]:
    """Sum the usage of each key; a key that has none gets an empty `Usage`."""
    usages: dict[_Key, list[Usage]] = defaultdict(list)
    for key, usage in pairs:
        usages[key].append(usage)
    return defaultdict(Usage, {key: sum_usage(rows) for key, rows in usages.items()})


def sum_amounts_by(pairs: Iterable[tuple[_Key, Decimal]]) -> defaultdict[_Key, Decimal]:
    """Sum the amounts of each key; a key that has none gets 0."""
    sums: defaultdict[_Key, Decimal] = defaultdict(Decimal)
    for key, amount in pairs:
        sums[key] += amount
    return sums


def relative_change(current: Decimal | int, previous: Decimal | int) -> Decimal | None:
    """Return the change as a fraction of `previous`; None where that is 0 or less, of which nothing is a share."""
    return (Decimal(current) - previous) / previous if previous > 0 else None


def share(part: Decimal | int, whole: Decimal | int) -> Decimal | None:
    """Return `part` as a fraction of `whole`; None where that is 0."""
    return Decimal(part) / whole if whole else None
