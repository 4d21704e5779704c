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
        event.word(env.get("CI_PIPELINE_SOURCE")),
        "other",
        default=event.branch(env.get("CI_DEFAULT_BRANCH")),
        repository=event.repository(env.get("CI_PROJECT_PATH")),
        deeper=_DEEPER,
    )
    number = event.number(env.get("CI_MERGE_REQUEST_IID"))
    if number or context.event == "merge_request_event":
        home = env.get("CI_MERGE_REQUEST_PROJECT_PATH")
        # Only where a merge of both is checked out is there an id of the target; the other is the merge base.
        target = event.commit_id(env.get("CI_MERGE_REQUEST_TARGET_BRANCH_SHA"))
        base = target or event.commit_id(env.get("CI_MERGE_REQUEST_DIFF_BASE_SHA"))
        branch = event.branch(env.get("CI_MERGE_REQUEST_TARGET_BRANCH_NAME"))
        return context._replace(
            kind="pull_request",
            base=base,
            exact=True,
            target=branch,
            number=number,
            missing=() if base or branch else _TARGETS,
            fork=not home or env.get("CI_MERGE_REQUEST_SOURCE_PROJECT_PATH") != home,
        )
    if context.event == "push":
        before = event.commit_id(env.get("CI_COMMIT_BEFORE_SHA"))
        return context._replace(kind="push", base=before, branch=event.branch(env.get("CI_COMMIT_BRANCH")))
    return context
