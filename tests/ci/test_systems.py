"""What the table of CI systems makes of a run: an environment as each system sets it for a push and for a pull request."""

from __future__ import annotations

import re

import pytest

from prompt_lint import ci
from prompt_lint.ci.systems import SYSTEMS, find_pull_request_sign

ID, NEW = "a" * 40, "b" * 40

# By system: what it sets for a push to `main`, and what it sets instead for pull request 7 into `release/2`.
RUNS: dict[str, tuple[dict[str, str], dict[str, str]]] = {
    "AppVeyor": (
        {"APPVEYOR": "True", "APPVEYOR_REPO_BRANCH": "main"},
        {"APPVEYOR_PULL_REQUEST_NUMBER": "7", "APPVEYOR_REPO_BRANCH": "release/2"},
    ),
    "AWS CodeBuild": (
        {"CODEBUILD_BUILD_ID": "x:1", "CODEBUILD_WEBHOOK_EVENT": "PUSH", "CODEBUILD_WEBHOOK_TRIGGER": "branch/main",
         "CODEBUILD_WEBHOOK_HEAD_REF": "refs/heads/main", "CODEBUILD_WEBHOOK_PREV_COMMIT": ID},
        {"CODEBUILD_WEBHOOK_EVENT": "PULL_REQUEST_CREATED", "CODEBUILD_WEBHOOK_TRIGGER": "pr/7",
         "CODEBUILD_WEBHOOK_HEAD_REF": "refs/heads/topic", "CODEBUILD_WEBHOOK_BASE_REF": "refs/heads/release/2"},
    ),
    "Bitbucket Pipelines": (
        {"BITBUCKET_BUILD_NUMBER": "3", "BITBUCKET_BRANCH": "main"},
        {"BITBUCKET_BRANCH": "topic", "BITBUCKET_PR_ID": "7", "BITBUCKET_PR_DESTINATION_BRANCH": "release/2"},
    ),
    "Bitrise": (
        {"BITRISE_IO": "true", "BITRISE_GIT_BRANCH": "main", "BITRISE_PULL_REQUEST": ""},
        {"BITRISE_PULL_REQUEST": "7", "BITRISEIO_GIT_BRANCH_DEST": "release/2"},
    ),
    "Buildkite": (
        {"BUILDKITE": "true", "BUILDKITE_BRANCH": "main", "BUILDKITE_PULL_REQUEST": "false",
         "BUILDKITE_PIPELINE_DEFAULT_BRANCH": "trunk"},
        {"BUILDKITE_PULL_REQUEST": "7", "BUILDKITE_PULL_REQUEST_BASE_BRANCH": "release/2"},
    ),
    "CircleCI": (
        {"CIRCLECI": "true", "CIRCLE_BRANCH": "main"},
        {"CIRCLE_PULL_REQUEST": "https://github.com/o/r/pull/7"},
    ),
    "Codefresh": (
        {"CF_BUILD_ID": "1", "CF_BRANCH": "main"},
        {"CF_PULL_REQUEST_NUMBER": "7", "CF_PULL_REQUEST_TARGET": "release/2"},
    ),
    "Drone": (
        {"DRONE": "true", "DRONE_BUILD_EVENT": "push", "DRONE_BRANCH": "main", "DRONE_COMMIT_BEFORE": ID,
         "DRONE_REPO_BRANCH": "trunk", "DRONE_TARGET_BRANCH": "main"},
        {"DRONE_BUILD_EVENT": "pull_request", "DRONE_PULL_REQUEST": "7", "DRONE_TARGET_BRANCH": "release/2"},
    ),
    "Semaphore": (
        {"SEMAPHORE": "true", "SEMAPHORE_GIT_REF_TYPE": "branch", "SEMAPHORE_GIT_BRANCH": "main",
         "SEMAPHORE_GIT_COMMIT_RANGE": f"{ID}...{NEW}"},
        {"SEMAPHORE_GIT_REF_TYPE": "pull-request", "SEMAPHORE_GIT_PR_NUMBER": "7", "SEMAPHORE_GIT_BRANCH": "release/2"},
    ),
    "Travis CI": (
        {"TRAVIS": "true", "TRAVIS_EVENT_TYPE": "push", "TRAVIS_BRANCH": "main", "TRAVIS_PULL_REQUEST": "false",
         "TRAVIS_COMMIT_RANGE": f"{ID[:12]}...{NEW[:12]}"},
        {"TRAVIS_EVENT_TYPE": "pull_request", "TRAVIS_PULL_REQUEST": "7", "TRAVIS_BRANCH": "release/2"},
    ),
    "Woodpecker": (
        {"CI": "woodpecker", "CI_WORKFLOW_NAME": "lint", "CI_PIPELINE_EVENT": "push", "CI_COMMIT_BRANCH": "main",
         "CI_REPO_DEFAULT_BRANCH": "trunk", "CI_PREV_COMMIT_SHA": ID},
        {"CI_PIPELINE_EVENT": "pull_request", "CI_COMMIT_PULL_REQUEST": "7", "CI_COMMIT_TARGET_BRANCH": "release/2"},
    ),
    "Gerrit Trigger of Jenkins": (
        {"JENKINS_URL": "http://j", "GERRIT_EVENT_TYPE": "ref-updated", "GERRIT_REFNAME": "main"},
        {"GERRIT_EVENT_TYPE": "patchset-created", "GERRIT_CHANGE_NUMBER": "7", "GERRIT_BRANCH": "release/2"},
    ),
    "Jenkins": (
        {"JENKINS_URL": "http://j", "BRANCH_NAME": "main"},
        {"BRANCH_NAME": "PR-7", "CHANGE_ID": "7", "CHANGE_TARGET": "release/2"},
    ),
    "another CI": ({"CI": "true"}, {}),
}  # fmt: skip
BEFORE = {"AWS CodeBuild": ID, "Drone": ID, "Semaphore": ID, "Travis CI": ID[:12]}
DEFAULT = {"Buildkite", "Drone", "Woodpecker"}
EVENT = {"AWS CodeBuild", "Drone", "Semaphore", "Travis CI", "Woodpecker", "Gerrit Trigger of Jenkins"}


def test_each_line_of_the_table_is_tried_here_or_has_a_module() -> None:
    """A line has the address of its documentation, and variables that are written as variables are."""
    assert {system.name for system in SYSTEMS} == RUNS.keys() | {
        "GitHub Actions",
        "GitLab",
        "Azure Pipelines",
    }
    for system in SYSTEMS[:-1]:
        assert system.source.startswith("https://")
        for variable in (system.sign, *system.pull_request, *system.target, *system.branch):
            assert re.fullmatch(r"[A-Za-z_]+", variable)


@pytest.mark.parametrize("name", RUNS)
def test_a_push_in_each_system(name: str) -> None:
    """The branch, the default branch and the commit before it, as far as a variable has them."""
    context = ci.detect_context(RUNS[name][0])

    assert context
    assert context.platform == "other"
    assert context.kind == ("push" if name in EVENT else "unknown")
    assert context.pushed_branch == ("" if name == "another CI" else "main")
    assert context.default_branch == ("trunk" if name in DEFAULT else "")
    assert context.base == BEFORE.get(name, "")
    assert find_pull_request_sign(RUNS[name][0]) == ""


@pytest.mark.parametrize("name", sorted(RUNS.keys() - {"another CI"}))
def test_a_pull_request_in_each_system(name: str) -> None:
    """Its number, and the branch that it is to be merged into; nobody says that it is no fork's."""
    push, pull_request = RUNS[name]
    context = ci.detect_context(push | pull_request)

    assert context
    assert context.kind == "pull_request"
    assert context.pull_request == 7
    assert context.target_branch == ("" if name == "CircleCI" else "release/2")
    assert context.is_fork
    assert context.missing_variables == ()
    assert find_pull_request_sign(pull_request)


@pytest.mark.parametrize(
    "env",
    [
        {"TRAVIS": "true", "TRAVIS_EVENT_TYPE": "cron", "TRAVIS_BRANCH": "main", "TRAVIS_COMMIT_RANGE": f"{ID}...{NEW}"},
        {"DRONE": "true", "DRONE_BUILD_EVENT": "promote", "DRONE_COMMIT_BEFORE": ID},
        {"SEMAPHORE": "true", "SEMAPHORE_GIT_REF_TYPE": "tag"},
        {"GERRIT_EVENT_TYPE": "change-merged", "GERRIT_CHANGE_NUMBER": "7", "GERRIT_BRANCH": "main"},
        {"CI_WORKFLOW_NAME": "x", "CI_PIPELINE_EVENT": "pull_request_closed", "CI_COMMIT_PULL_REQUEST": "7"},
    ],
    ids=str,
)  # fmt: skip
def test_a_run_without_a_change_of_its_own(env: dict[str, str]) -> None:
    """A schedule, a tag, what has been merged already: no commit before it is one to compare with."""
    context = ci.detect_context(env)

    assert context
    assert (context.kind, context.base) == ("other", "")


def test_a_pull_request_without_its_target_names_the_variable() -> None:
    """The variable is there by the documentation, so somebody has lost it."""
    context = ci.detect_context({"CHANGE_ID": "7", "CHANGE_TARGET": "-x"})

    assert context
    assert context.missing_variables == ("CHANGE_TARGET",)


def test_circleci_says_whose_pull_request_a_fork_s_is() -> None:
    """Only for forks it sets the number by itself."""
    context = ci.detect_context({"CIRCLECI": "true", "CIRCLE_PR_NUMBER": "12"})

    assert context
    assert (context.kind, context.pull_request) == ("pull_request", 12)
