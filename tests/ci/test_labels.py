"""Labels of a pull request, as CI says them."""

from __future__ import annotations

from prompt_lint.ci import gitlab
from prompt_lint.ci.context import Context, parse_labels
from prompt_lint.model.rules import MAX_LABEL

PULL_REQUEST = Context("github", "pull_request", "pull_request", labels=("Limits-OK", "bug"))


def test_only_names_are_labels() -> None:
    """Whatever the payload has in their place."""
    assert parse_labels(["a", "", None, 7, ["x"], "x" * (MAX_LABEL + 1), "b c"]) == ("a", "b c")
    assert parse_labels("abc") == parse_labels(None) == ()


def test_a_label_is_found_in_either_case() -> None:
    """GitHub has no two labels that differ in case alone."""
    assert PULL_REQUEST.has_label("limits-ok")
    assert not PULL_REQUEST.has_label("limits")
    assert not PULL_REQUEST._replace(labels=None).has_label("limits-ok")


def test_gitlab_names_labels_in_a_list() -> None:
    """With commas between them."""
    env = {"GITLAB_CI": "true", "CI_MERGE_REQUEST_IID": "3", "CI_MERGE_REQUEST_LABELS": "limits::ok,bug"}

    context = gitlab.detect(env)

    assert context
    assert context.labels == ("limits::ok", "bug")
