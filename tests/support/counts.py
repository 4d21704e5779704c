"""Counts that can be told from each other, for tests of the cache and the processes that these start."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from prompt_lint.model.values import Count, CountKey

if TYPE_CHECKING:
    from collections.abc import Iterable

MODEL = "claude-sonnet-5-5"


def key(number: int, model: str = MODEL) -> CountKey:
    return CountKey(model, hashlib.sha256(b"%d" % number).hexdigest())


def exact(tokens: int) -> Count:
    return Count(tokens, tokens, tokens, "api")


def counts(numbers: Iterable[int]) -> dict[CountKey, Count]:
    """Return a count for each number, which is counted as itself and one more."""
    return {key(number): exact(number + 1) for number in numbers}
