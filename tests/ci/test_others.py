"""What the other CI systems say of a pull request."""

from __future__ import annotations

from prompt_lint.ci import others
from prompt_lint.ci.context import Context


def test_a_pull_request_in_another_ci() -> None:
    """Only its target is read. A push has no number, whatever else is set."""
    cirrus = {"CIRRUS_CI": "true", "CIRRUS_PR": "7", "CIRRUS_BASE_BRANCH": "release/2"}
    travis = {"TRAVIS_PULL_REQUEST": "false", "TRAVIS_BRANCH": "main"}

    assert others.detect(cirrus) == Context(
        "other", "unknown", "pull_request", target_branch="release/2", pull_request=7, is_fork=True
    )
    assert others.detect(travis) is None
    assert others.detect(travis | {"TRAVIS_PULL_REQUEST": "3"}) is not None
