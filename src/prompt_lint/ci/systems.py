"""The table of CI systems: in which variables each says what a run is about.

What one system alone says (GitHub's payload, the commits of GitLab) is read by its own module.
Sources: the documentation that each line names, read in November 2026.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal, NamedTuple

from prompt_lint.ci import is_set
from prompt_lint.ci.context import Context, parse_branch, parse_event, parse_number, parse_start

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class System(NamedTuple):
    """A CI system and its variables; "" or () for what it has none for.

    `sign` is set in every run. One of `pull_request` is set in a run for a pull request: to its number, address, ref or
    branch. `target` has the branch that it is to be merged into, `branch` what is built otherwise, `default_branch` the
    repository's. `before` has the commit before a push, or a range that begins with it: the commit of the run before won't
    do, which may have been cancelled. `event` has what has happened.
    `fetch_hint` says how to fetch the whole history, `source` where the variables are documented.
    """

    name: str
    source: str
    sign: str
    pull_request: tuple[str, ...] = ()
    target: tuple[str, ...] = ()
    branch: tuple[str, ...] = ()
    default_branch: str = ""
    before: str = ""
    event: str = ""
    fetch_hint: str = ""


GITHUB = System(
    "GitHub Actions", "https://docs.github.com/en/actions/reference/workflows-and-actions/variables", "GITHUB_ACTIONS",
    pull_request=("GITHUB_HEAD_REF", "GITHUB_REF"), target=("GITHUB_BASE_REF",), branch=("GITHUB_REF",),
    event="GITHUB_EVENT_NAME", fetch_hint="give `actions/checkout` `with: {fetch-depth: 0}`",
)  # fmt: skip
GITLAB = System(
    "GitLab", "https://docs.gitlab.com/ci/variables/predefined_variables/", "GITLAB_CI",
    pull_request=("CI_MERGE_REQUEST_IID", "CI_EXTERNAL_PULL_REQUEST_IID"),
    target=("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "CI_EXTERNAL_PULL_REQUEST_TARGET_BRANCH_NAME"),
    branch=("CI_COMMIT_BRANCH",), default_branch="CI_DEFAULT_BRANCH", before="CI_COMMIT_BEFORE_SHA",
    event="CI_PIPELINE_SOURCE", fetch_hint='set `variables: {GIT_DEPTH: "0"}` in the job',
)  # fmt: skip
AZURE = System(
    "Azure Pipelines", "https://learn.microsoft.com/azure/devops/pipelines/build/variables", "TF_BUILD",
    # Of a repository at GitHub the id is GitHub's own, and the number what people call it by.
    pull_request=("SYSTEM_PULLREQUEST_PULLREQUESTNUMBER", "SYSTEM_PULLREQUEST_PULLREQUESTID"),
    target=("SYSTEM_PULLREQUEST_TARGETBRANCH",), branch=("BUILD_SOURCEBRANCH",), event="BUILD_REASON",
    fetch_hint="give the step `checkout: self` `fetchDepth: 0`",
)  # fmt: skip

# Jenkins is last but one: its plugins' variables have names that anybody could have. The last is any other system.
SYSTEMS: Sequence[System] = (
    GITHUB,
    GITLAB,
    AZURE,
    System(
        "AppVeyor", "https://www.appveyor.com/docs/environment-variables/", "APPVEYOR",
        pull_request=("APPVEYOR_PULL_REQUEST_NUMBER",), target=("APPVEYOR_REPO_BRANCH",), branch=("APPVEYOR_REPO_BRANCH",),
        fetch_hint="take `clone_depth` out of appveyor.yml",
    ),
    System(
        "AWS CodeBuild", "https://docs.aws.amazon.com/codebuild/latest/userguide/build-env-ref-env-vars.html",
        "CODEBUILD_BUILD_ID", pull_request=("CODEBUILD_WEBHOOK_TRIGGER",), target=("CODEBUILD_WEBHOOK_BASE_REF",),
        branch=("CODEBUILD_WEBHOOK_HEAD_REF",), before="CODEBUILD_WEBHOOK_PREV_COMMIT", event="CODEBUILD_WEBHOOK_EVENT",
        fetch_hint="set the project's Git clone depth to Full",
    ),
    System(
        "Bitbucket Pipelines", "https://support.atlassian.com/bitbucket-cloud/docs/variables-and-secrets/",
        "BITBUCKET_BUILD_NUMBER", pull_request=("BITBUCKET_PR_ID",), target=("BITBUCKET_PR_DESTINATION_BRANCH",),
        branch=("BITBUCKET_BRANCH",), fetch_hint="set `clone: {depth: full}` in the step",
    ),
    System(
        "Bitrise", "https://devcenter.bitrise.io/en/references/available-environment-variables.html", "BITRISE_IO",
        pull_request=("BITRISE_PULL_REQUEST",), target=("BITRISEIO_GIT_BRANCH_DEST",), branch=("BITRISE_GIT_BRANCH",),
        fetch_hint="give the step `git-clone` `clone_depth: -1`",
    ),
    System(
        "Buildkite", "https://buildkite.com/docs/pipelines/configure/environment-variables", "BUILDKITE",
        pull_request=("BUILDKITE_PULL_REQUEST",), target=("BUILDKITE_PULL_REQUEST_BASE_BRANCH",),
        branch=("BUILDKITE_BRANCH",), default_branch="BUILDKITE_PIPELINE_DEFAULT_BRANCH",
        fetch_hint="take `--depth` out of BUILDKITE_GIT_CLONE_FLAGS and BUILDKITE_GIT_FETCH_FLAGS",
    ),
    System(  # it says nothing of a pull request's target; its number alone is set for forks
        "CircleCI", "https://circleci.com/docs/reference/variables/", "CIRCLECI",
        pull_request=("CIRCLE_PR_NUMBER", "CIRCLE_PULL_REQUEST"), branch=("CIRCLE_BRANCH",),
        fetch_hint="give the step `checkout` `method: full`",
    ),
    System(
        "Codefresh", "https://codefresh.io/docs/docs/pipelines/variables/", "CF_BUILD_ID",
        pull_request=("CF_PULL_REQUEST_NUMBER",), target=("CF_PULL_REQUEST_TARGET",), branch=("CF_BRANCH",),
        fetch_hint="take `depth` out of the step `git-clone`",
    ),
    System(
        "Drone", "https://docs.drone.io/pipeline/environment/reference/", "DRONE",
        pull_request=("DRONE_PULL_REQUEST",), target=("DRONE_TARGET_BRANCH",), branch=("DRONE_BRANCH",),
        default_branch="DRONE_REPO_BRANCH", before="DRONE_COMMIT_BEFORE", event="DRONE_BUILD_EVENT",
        fetch_hint="take `depth` out of `clone`",
    ),
    System(
        "Semaphore", "https://docs.semaphore.io/reference/env-vars", "SEMAPHORE",
        pull_request=("SEMAPHORE_GIT_PR_NUMBER",), target=("SEMAPHORE_GIT_BRANCH",), branch=("SEMAPHORE_GIT_BRANCH",),
        before="SEMAPHORE_GIT_COMMIT_RANGE", event="SEMAPHORE_GIT_REF_TYPE",
        fetch_hint="raise SEMAPHORE_GIT_DEPTH above 50 before `checkout`",
    ),
    System(
        "Travis CI", "https://docs.travis-ci.com/user/environment-variables/", "TRAVIS",
        pull_request=("TRAVIS_PULL_REQUEST",), target=("TRAVIS_BRANCH",), branch=("TRAVIS_BRANCH",),
        before="TRAVIS_COMMIT_RANGE", event="TRAVIS_EVENT_TYPE", fetch_hint="set `git: {depth: false}`",
    ),
    System(  # it sets CI to `woodpecker`, and no variable of its own in every run
        "Woodpecker", "https://woodpecker-ci.org/docs/usage/environment", "CI_WORKFLOW_NAME",
        pull_request=("CI_COMMIT_PULL_REQUEST",), target=("CI_COMMIT_TARGET_BRANCH",), branch=("CI_COMMIT_BRANCH",),
        default_branch="CI_REPO_DEFAULT_BRANCH", event="CI_PIPELINE_EVENT",
        fetch_hint="give the step `clone` `settings: {partial: false}`, and no `depth`",
    ),
    System(
        "Gerrit Trigger of Jenkins", "https://plugins.jenkins.io/gerrit-trigger/", "GERRIT_EVENT_TYPE",
        pull_request=("GERRIT_CHANGE_NUMBER",), target=("GERRIT_BRANCH",), branch=("GERRIT_REFNAME",),
        event="GERRIT_EVENT_TYPE",
        fetch_hint="turn `shallow` off in the checkout's `CloneOption`",
    ),
    System(  # the multibranch plugins, the GitHub Pull Request Builder, the GitLab plugin
        "Jenkins", "https://www.jenkins.io/doc/book/pipeline/multibranch/", "JENKINS_URL",
        pull_request=("CHANGE_ID", "ghprbPullId", "gitlabMergeRequestIid"),
        target=("CHANGE_TARGET", "ghprbTargetBranch", "gitlabTargetBranch"), branch=("BRANCH_NAME", "GIT_BRANCH"),
        fetch_hint="turn `shallow` off in the checkout's `CloneOption`",
    ),
    System("another CI", "by convention: set to anything but `false`", "CI"),
)  # fmt: skip

# Of variables with a ref: what is no pull request's.
_OTHER_REFS = ("refs/heads/", "refs/tags/", "branch/", "tag/")
_PULL_REQUEST_EVENT = r"(?:pull|merge)[_-]?request|patchset"
# A pull request that has been merged or closed is no change any more.
_ENDED = r"merged|closed|abandoned"
# GitLab's child pipeline has the commits of its parent, also the one before a push.
_PUSH_EVENTS = {"push", "branch", "ref-updated", "parent_pipeline"}
# GitHub Actions, GitLab, Azure Pipelines.
_EVENTS_BY_HAND = {"workflow_dispatch", "web", "manual"}
_NUMBER = r"(?:[^\s]{0,400}/)?([0-9]{1,18})"


def detect(env: Mapping[str, str]) -> Context | None:
    """Return what the table says of a run, also of a system that it doesn't know."""
    for system in SYSTEMS:
        if is_set(env, system.sign) or find_pull_request_sign(env, [system]):
            return describe_run(system, env)
    return None


def find_pull_request_sign(env: Mapping[str, str], systems: Sequence[System] = SYSTEMS) -> str:
    """Return the variable that says that a run is for a pull request, of whichever system; "" if none does."""
    for system in systems:
        for variable in system.pull_request:
            if is_set(env, variable) and not env[variable].startswith(_OTHER_REFS):
                return variable
        if re.search(_PULL_REQUEST_EVENT, env.get(system.event, "")[:100], re.IGNORECASE):
            return system.event
    return ""


def describe_run(system: System, env: Mapping[str, str]) -> Context:
    """Return what the variables of a system say of a run. It is a fork's, unless its own module knows better."""
    event = parse_event(env.get(system.event))
    context = Context(
        "other",
        event,
        _find_kind(event),
        pushed_branch=_find_branch(env, system.branch),
        default_branch=parse_branch(env.get(system.default_branch)),
        fetch_hint=system.fetch_hint,
    )
    if not find_pull_request_sign(env, [system]) or re.search(_ENDED, event, re.IGNORECASE):
        is_push = context.kind == "push"
        return context._replace(base=parse_start(env.get(system.before)) if is_push else "")
    numbers = (re.fullmatch(_NUMBER, env.get(variable, "")[:500]) for variable in system.pull_request)
    target = _find_branch(env, system.target)
    return context._replace(
        kind="pull_request",
        pushed_branch="",
        target_branch=target,
        pull_request=next((number for match in numbers if match and (number := parse_number(match[1]))), 0),
        missing_variables=() if target else system.target[:1],
        is_fork=True,
    )


def is_started_by_hand(event: str) -> bool:
    return event.lower() in _EVENTS_BY_HAND


def _find_kind(event: str) -> Literal["push", "other", "unknown"]:
    if event == "unknown" or is_started_by_hand(event):
        return "unknown"
    return "push" if event.lower() in _PUSH_EVENTS else "other"


def _find_branch(env: Mapping[str, str], variables: Sequence[str]) -> str:
    return next((branch for variable in variables if (branch := parse_branch(env.get(variable)))), "")
