"""The laws of the fuzz targets, with small inputs, and with those that have broken one."""

from __future__ import annotations

from random import Random

import pytest
from fuzz.mutations import mutate, split_words
from fuzz.targets import TARGETS, read_regressions
from hypothesis import given, settings
from hypothesis import strategies as st


@pytest.mark.parametrize("name", TARGETS)
def test_any_bytes_obey_the_law_of_a_target(name: str) -> None:
    """The seeds, what has broken the law once, random bytes, and what mutations make of the seeds."""
    seeds = TARGETS[name].read_seeds()
    words = split_words(seeds)
    for data in (*seeds, *read_regressions(name)):
        TARGETS[name].check(data)

    def mutate_seed(number: int) -> bytes:
        return mutate(seeds, words, Random(number))  # noqa: S311  # a mutation is no secret

    @settings(max_examples=settings().max_examples // 5)
    @given(st.binary(max_size=99) | st.integers(0, 2**32).map(mutate_seed))
    def check(data: bytes) -> None:
        TARGETS[name].check(data)

    check()
