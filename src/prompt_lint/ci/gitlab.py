"""GitLab CI. Facts: the predefined variables in GitLab's documentation, November 2026."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prompt_lint.ci import context as event
from prompt_lint.ci.context import Context

if TYPE_CHECKING:
    from collections.abc import Mapping

_DEEPER = 'set `variables: {GIT_DEPTH: "0"}` in the job'
_TARGETS = ("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "CI_MERGE_REQUEST_DIFF_BASE_SHA")


def detect(env: Mapping[str, str]) -> Context | None:
    if env.get("GITLAB_CI") != "true":
        return None
    context = Context(
        "gitlab",
        event.parse_event_name(env.get("CI_PIPELINE_SOURCE")),
        "other",
        default_branch=event.parse_branch(env.get("CI_DEFAULT_BRANCH")),
        repository=event.parse_repository(env.get("CI_PROJECT_PATH")),
        fetch_hint=_DEEPER,
    )
    number = event.parse_number(env.get("CI_MERGE_REQUEST_IID"))
    if number or context.event == "merge_request_event":
        home = env.get("CI_MERGE_REQUEST_PROJECT_PATH")
        # Only where a merge of both is checked out is there an id of the target; the other is the merge base.
        target = event.parse_commit_id(env.get("CI_MERGE_REQUEST_TARGET_BRANCH_SHA"))
        base = target or event.parse_commit_id(env.get("CI_MERGE_REQUEST_DIFF_BASE_SHA"))
        branch = event.parse_branch(env.get("CI_MERGE_REQUEST_TARGET_BRANCH_NAME"))
        return context._replace(
            kind="pull_request",
            base=base,
            base_is_ancestor=True,
            target_branch=branch,
            pull_request=number,
            missing_variables=() if base or branch else _TARGETS,
            is_fork=not home or env.get("CI_MERGE_REQUEST_SOURCE_PROJECT_PATH") != home,
        )
    if context.event == "push":
        before = event.parse_commit_id(env.get("CI_COMMIT_BEFORE_SHA"))
        return context._replace(
            kind="push", base=before, pushed_branch=event.parse_branch(env.get("CI_COMMIT_BRANCH"))
        )
    return context
