"""GitLab CI: which commits a pipeline is about, beside its line in the table of systems.

The pipeline of a fork's merge request runs in the fork, unless a member of the target's project starts it there. On a merge
train, a merge request is merged with those before it, and the target's commit is theirs. Sources: its documentation, and
`MergeTrains::CreatePipelineService` in its source, November 2026.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from prompt_lint.ci.context import Context, parse_commit_id, parse_labels, parse_repository
from prompt_lint.ci.systems import GITLAB, describe_run

if TYPE_CHECKING:
    from collections.abc import Mapping

# Which the target is, or where the merge request left it.
_TARGETS = ("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "CI_MERGE_REQUEST_DIFF_BASE_SHA")


def detect(env: Mapping[str, str]) -> Context | None:
    if env.get(GITLAB.sign) != "true":
        return None
    context = describe_run(GITLAB, env)._replace(
        platform="gitlab", repository=parse_repository(env.get("CI_PROJECT_PATH"))
    )
    if context.kind != "pull_request":
        return context
    repository = env.get("CI_MERGE_REQUEST_PROJECT_PATH")
    # The target's commit is known only where a merge of both is checked out; the other one is the merge base.
    target = parse_commit_id(env.get("CI_MERGE_REQUEST_TARGET_BRANCH_SHA"))
    base = target or parse_commit_id(env.get("CI_MERGE_REQUEST_DIFF_BASE_SHA"))
    return context._replace(
        base=base,
        base_is_ancestor=True,
        missing_variables=() if base or context.target_branch else _TARGETS,
        # Set where there are labels, separated by commas, which no label can have.
        labels=parse_labels(env.get("CI_MERGE_REQUEST_LABELS", "").split(",")),
        is_fork=not repository or env.get("CI_MERGE_REQUEST_SOURCE_PROJECT_PATH") != repository,
        is_in_fork=bool(repository) and env.get("CI_PROJECT_PATH") != repository,
    )
