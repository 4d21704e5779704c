"""The table of words for a status."""

from __future__ import annotations

from typing import get_args

from prompt_lint.model.rules import Loosening
from prompt_lint.model.values import OnRaise, Status
from prompt_lint.output.status_words import STATUS_WORDS, ShownStatus, list_labels, loosening_words


def test_every_status_has_words() -> None:
    """Also those of verdicts that were over before."""
    assert set(STATUS_WORDS) == {*get_args(ShownStatus)}
    assert set(STATUS_WORDS) > {*get_args(Status)}


def test_only_what_fails_is_in_capitals() -> None:
    """A raised limit is in capitals where that fails; the legend has each label once."""
    raised = Loosening("a.md", "limit raised", 1, "", 1, 2)
    labels = [label for label, _ in list_labels()]

    assert [loosening_words(raised, policy).label for policy in get_args(OnRaise)] == [
        "raised", "raised", "RAISED",
    ]  # fmt: skip
    assert loosening_words(raised._replace(new_limit=None), "fail").label == "LOOSENED"
    assert [label for label in labels if label.isupper()] == ["OVER", "GREW", "ERROR", "INVALID"]
    assert len(labels) == len(set(labels)) == len(STATUS_WORDS) + 3
