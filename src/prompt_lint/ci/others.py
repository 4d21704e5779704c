"""CI systems of which only the target of a pull request is read. Source: the variables in their documentation, November 2026."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prompt_lint.ci.context import Context, parse_branch, parse_number

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
    for number_variable, target_variable in _PULL_REQUESTS:
        number = parse_number(env.get(number_variable))  # some say `false` where there is no pull request
        if number:
            target = parse_branch(env.get(target_variable))
            return Context(
                "other",
                "unknown",
                "pull_request",
                target_branch=target,
                pull_request=number,
                is_fork=True,  # no variable says whose it is
                missing_variables=() if target else (target_variable,),
            )
    return None
