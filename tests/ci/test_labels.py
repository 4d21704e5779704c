"""Labels of a pull request, as CI says them, and what they decide."""

from __future__ import annotations

from typing import Any

import pytest

from prompt_lint.ci import gitlab
from prompt_lint.ci.context import MAX_LABEL, Context, parse_labels
from prompt_lint.ci.labels import decide_on_raise, has_label

PULL_REQUEST = Context("github", "pull_request", "pull_request", labels=("Limits-OK", "bug"))
PUSH = Context("github", "push", "push")


def test_only_names_are_labels() -> None:
    """Whatever the payload has in their place."""
    assert parse_labels(["a", "", None, 7, ["x"], "x" * (MAX_LABEL + 1), "b c"]) == ("a", "b c")
    assert parse_labels("abc") == parse_labels(None) == ()


def test_a_label_is_found_in_either_case() -> None:
    """GitHub has no two labels that differ in case alone."""
    assert has_label(PULL_REQUEST, "limits-ok")
    assert not has_label(PULL_REQUEST, "limits")
    assert not has_label(PULL_REQUEST, "")
    assert not has_label(None, "limits-ok")


@pytest.mark.parametrize(
    ("on_raise", "context", "decided"),
    [
        ("note", PULL_REQUEST, ("note", "")),
        ("fail", PULL_REQUEST, ("fail", "")),
        ("label:limits-ok", PULL_REQUEST, ("warn", "limits-ok")),
        ("label:other", PULL_REQUEST, ("fail", "other")),
        ("label:limits-ok", PULL_REQUEST._replace(labels=None), ("fail", "limits-ok")),
        ("label:limits-ok", PUSH, ("warn", "")),
        ("label:limits-ok", None, ("warn", "")),
    ],
)
def test_what_a_raised_limit_means(on_raise: str, context: Context | None, decided: Any) -> None:
    """A missing label fails, also where nobody says which there are; without a pull request there is nothing to label."""
    assert decide_on_raise(on_raise, context) == decided


def test_gitlab_names_labels_in_a_list() -> None:
    """With commas between them."""
    env = {"GITLAB_CI": "true", "CI_MERGE_REQUEST_IID": "3", "CI_MERGE_REQUEST_LABELS": "limits::ok,bug"}

    context = gitlab.detect(env)

    assert context
    assert context.labels == ("limits::ok", "bug")
