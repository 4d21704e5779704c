"""What Azure Pipelines says of a run."""

from __future__ import annotations

import pytest

from prompt_lint.ci import azure
from prompt_lint.ci.context import Context

ID = "a" * 40


@pytest.mark.parametrize("target", ["main", "refs/heads/main"])
def test_a_pull_request_on_azure(target: str) -> None:
    """The target has one of two spellings; of a repository at GitHub the number is the one that people see."""
    env = {
        "TF_BUILD": "True", "BUILD_REASON": "PullRequest", "BUILD_SOURCEBRANCH": "refs/pull/9/merge",
        "BUILD_SOURCEVERSION": ID, "SYSTEM_PULLREQUEST_PULLREQUESTID": "123456789",
        "SYSTEM_PULLREQUEST_PULLREQUESTNUMBER": "9", "SYSTEM_PULLREQUEST_TARGETBRANCH": target,
        "SYSTEM_PULLREQUEST_ISFORK": "False", "BUILD_REPOSITORY_NAME": "o/r",
    }  # fmt: skip

    assert azure.detect(env) == Context(
        "azure", "PullRequest", "pull_request", merge_commit=ID, target_branch="main", pull_request=9, repository="o/r",
        fetch_hint="give the step `checkout: self` `fetchDepth: 0`",
    )  # fmt: skip
