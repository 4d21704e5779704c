"""The table of words for a status."""

from __future__ import annotations

from typing import get_args

from prompt_lint.model.values import OnRaise, Status
from prompt_lint.output.status_words import LOOSENED_WORDS, STATUS_WORDS, ShownStatus


def test_every_status_has_words() -> None:
    """Also those of verdicts that were over before, and each policy for loosened limits."""
    assert set(STATUS_WORDS) == {*get_args(ShownStatus)}
    assert set(STATUS_WORDS) > {*get_args(Status)}
    assert set(LOOSENED_WORDS) == {*get_args(OnRaise)}
