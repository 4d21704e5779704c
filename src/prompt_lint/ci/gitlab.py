"""GitLab CI. Source: the predefined variables in GitLab's documentation, November 2026."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prompt_lint.ci.context import (
    Context,
    parse_branch,
    parse_commit_id,
    parse_event,
    parse_number,
    parse_repository,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

_FETCH_HINT = 'set `variables: {GIT_DEPTH: "0"}` in the job'
_TARGETS = ("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "CI_MERGE_REQUEST_DIFF_BASE_SHA")


def detect(env: Mapping[str, str]) -> Context | None:
    if env.get("GITLAB_CI") != "true":
        return None
    context = Context(
        "gitlab",
        parse_event(env.get("CI_PIPELINE_SOURCE")),
        "other",
        default_branch=parse_branch(env.get("CI_DEFAULT_BRANCH")),
        repository=parse_repository(env.get("CI_PROJECT_PATH")),
        fetch_hint=_FETCH_HINT,
    )
    number = parse_number(env.get("CI_MERGE_REQUEST_IID"))
    if number or context.event == "merge_request_event":
        return _describe_merge_request(context, env, number)
    if context.event == "push":
        return context._replace(
            kind="push",
            base=parse_commit_id(env.get("CI_COMMIT_BEFORE_SHA")),
            pushed_branch=parse_branch(env.get("CI_COMMIT_BRANCH")),
        )
    return context


def _describe_merge_request(context: Context, env: Mapping[str, str], number: int) -> Context:
    repository = env.get("CI_MERGE_REQUEST_PROJECT_PATH")
    # The target's commit is known only where a merge of both is checked out; the other one is the merge base.
    target = parse_commit_id(env.get("CI_MERGE_REQUEST_TARGET_BRANCH_SHA"))
    base = target or parse_commit_id(env.get("CI_MERGE_REQUEST_DIFF_BASE_SHA"))
    branch = parse_branch(env.get("CI_MERGE_REQUEST_TARGET_BRANCH_NAME"))
    return context._replace(
        kind="pull_request",
        base=base,
        base_is_ancestor=True,
        target_branch=branch,
        pull_request=number,
        missing_variables=() if base or branch else _TARGETS,
        is_fork=not repository or env.get("CI_MERGE_REQUEST_SOURCE_PROJECT_PATH") != repository,
    )
