"""Distinct counts, and runs that save and read them: for tests of the cache and the processes that these start."""

from __future__ import annotations

import hashlib
import os
import random
from contextlib import closing
from typing import TYPE_CHECKING, Any

from prompt_lint.cache.counts import open_counts
from prompt_lint.model.counts import Count, CountKey

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

MODEL = "claude-sonnet-5-5"


def key(number: int, model: str = MODEL) -> CountKey:
    return CountKey(model, hashlib.sha256(b"%d" % number).hexdigest())


def exact(tokens: int) -> Count:
    return Count(tokens, tokens, tokens, "api")


def counts(numbers: Iterable[int]) -> dict[CountKey, Count]:
    """Return a count for each number, which is counted as itself and one more."""
    return {key(number): exact(number + 1) for number in numbers}


def save_counts(folder: Path, entries: dict[CountKey, Count], **options: Any) -> list[str]:
    """Save counts in a run of their own; return its warnings."""
    with closing(open_counts(str(folder), **options)) as cache:
        cache.put(entries)
    return cache.warnings


def read_counts(folder: Path, keys: Iterable[CountKey], **options: Any) -> dict[CountKey, Count]:
    """Return the known counts of `keys`, read in a run of its own that must have no warnings."""
    with closing(open_counts(str(folder), **options)) as cache:
        found = cache.get(list(keys), "api")
    assert cache.warnings == []
    return found


def run_with_cache(folder: Path, known: dict[CountKey, Count]) -> tuple[dict[CountKey, Count], list[str]]:
    """Look up all known counts and save one more in one run; return what was found, and the warnings."""
    with closing(open_counts(str(folder))) as cache:
        found = cache.get(list(known), "api")
        cache.put({key(999_999): exact(7)})
    return found, cache.warnings


def make_random(seed: int) -> random.Random:
    return random.Random(seed)  # noqa: S311  # to be repeatable, not secret


def list_copies(folder: Path) -> list[str]:
    """Return the names of the copies of damaged files."""
    return [name for name in os.listdir(folder) if ".corrupt-" in name]
