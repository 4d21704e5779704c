"""CI systems of which no more is taken than the target of a pull request. Facts: the variables in their documentation, November 2026."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prompt_lint.ci import context
from prompt_lint.ci.context import Context

if TYPE_CHECKING:
    from collections.abc import Mapping

# The variables with a pull request's number, and with the branch that it is to be merged into.
_PULL_REQUESTS = (
    ("APPVEYOR_PULL_REQUEST_NUMBER", "APPVEYOR_REPO_BRANCH"),
    ("BITBUCKET_PR_ID", "BITBUCKET_PR_DESTINATION_BRANCH"),
    ("BUILDKITE_PULL_REQUEST", "BUILDKITE_PULL_REQUEST_BASE_BRANCH"),
    ("CHANGE_ID", "CHANGE_TARGET"),  # Jenkins
    ("CIRRUS_PR", "CIRRUS_BASE_BRANCH"),
    ("DRONE_PULL_REQUEST", "DRONE_TARGET_BRANCH"),
    ("TRAVIS_PULL_REQUEST", "TRAVIS_BRANCH"),
)


def detect(env: Mapping[str, str]) -> Context | None:
    for name, target in _PULL_REQUESTS:
        if number := context.parse_number(env.get(name)):  # elsewhere than in a pull request some say `false`
            branch = context.parse_branch(env.get(target))
            missing = () if branch else (target,)
            # Nobody says whose it is.
            return Context(
                "other",
                "unknown",
                "pull_request",
                target_branch=branch,
                pull_request=number,
                is_fork=True,
                missing_variables=missing,
            )
    return None
