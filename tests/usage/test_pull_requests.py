"""Where a pull request is at work there is no report."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from prompt_lint.model.errors import ExitCode
from prompt_lint.usage.pull_requests import refuse_pull_request

if TYPE_CHECKING:
    from tests.support.admin_server import AdminServer
    from tests.usage.conftest import Run


@pytest.mark.parametrize(
    "env",
    [
        *({"GITHUB_EVENT_NAME": name} for name in ("pull_request", "pull_request_target", "pull_request_review", "issue_comment",
          "workflow_run", "merge_group", "issues", "discussion_comment")),
        {"GITHUB_EVENT_NAME": "push", "GITHUB_HEAD_REF": "feature"}, {"CI_MERGE_REQUEST_IID": "5"},
        {"GITHUB_EVENT_NAME": "push", "GITHUB_REF": "refs/heads/gh-readonly-queue/main/pr-1"},
        {"GITHUB_REF": "refs/pull/3/merge"},
        {"CI_PIPELINE_SOURCE": "merge_request_event"}, {"BUILD_REASON": "PullRequest"}, {"BITBUCKET_PR_ID": "1"},
        {"BUILDKITE_PULL_REQUEST": "12"}, {"TRAVIS_PULL_REQUEST": "3"}, {"CHANGE_ID": "4"},
        {"SEMAPHORE_GIT_PR_NUMBER": "12"}, {"CIRCLE_PR_NUMBER": "12"}, {"CODEBUILD_WEBHOOK_TRIGGER": "pr/12"},
        {"CODEBUILD_WEBHOOK_EVENT": "PULL_REQUEST_UPDATED"}, {"CF_PULL_REQUEST_NUMBER": "12"},
        {"GERRIT_CHANGE_NUMBER": "12"}, {"ghprbPullId": "12"}, {"gitlabMergeRequestIid": "12"},
        {"BITRISE_PULL_REQUEST": "12"}, {"CI_COMMIT_PULL_REQUEST": "12"}, {"DRONE_BUILD_EVENT": "pull_request"},
        {"TRAVIS_PULL_REQUEST": "false", "GITHUB_ACTIONS": "true", "CHANGE_ID": "4"},
    ],
    ids=str,
)  # fmt: skip
def test_a_pull_request_is_refused(
    server: AdminServer, run: Run, monkeypatch: pytest.MonkeyPatch, env: dict[str, str]
) -> None:
    """Nothing is sent, and the hint says where the key belongs."""
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    done = run(server)

    assert done.code == ExitCode.USAGE
    assert "doesn't run for a pull request" in done.err
    assert "`schedule`, `workflow_dispatch` or a `push` to the default branch" in done.err
    assert server.requests == []


@pytest.mark.parametrize(
    "env",
    [
        {},
        {"GITHUB_EVENT_NAME": "schedule"},
        {"GITHUB_EVENT_NAME": "workflow_dispatch"},
        {"GITHUB_EVENT_NAME": "push", "GITHUB_HEAD_REF": ""},
        {"BUILDKITE_PULL_REQUEST": "false"},
        {"CODEBUILD_WEBHOOK_TRIGGER": "branch/main", "CODEBUILD_WEBHOOK_EVENT": "PUSH"},
        {"SEMAPHORE_GIT_REF_TYPE": "branch", "CF_PULL_REQUEST_NUMBER": "", "GITHUB_REF": "refs/heads/main"},
    ],
    ids=str,
)
def test_other_events_are_not_refused(env: dict[str, str]) -> None:
    """On a schedule, by hand, after a push."""
    refuse_pull_request(env)
