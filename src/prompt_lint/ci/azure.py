"""Azure Pipelines: which merge is checked out, beside its line in the table of systems."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prompt_lint.ci.context import Context, is_merge_ref, parse_commit_id, parse_repository
from prompt_lint.ci.systems import AZURE, describe_run

if TYPE_CHECKING:
    from collections.abc import Mapping

_PUSHES = {"IndividualCI", "BatchedCI"}


def detect(env: Mapping[str, str]) -> Context | None:
    if env.get(AZURE.sign, "").lower() != "true":
        return None
    context = describe_run(AZURE, env)._replace(
        platform="azure", repository=parse_repository(env.get("BUILD_REPOSITORY_NAME"))
    )
    if context.kind != "pull_request":
        # No variable has the commit before a push.
        return context._replace(kind="push") if context.event in _PUSHES else context
    is_merge = is_merge_ref(env.get("BUILD_SOURCEBRANCH", ""))
    return context._replace(
        merge_commit=parse_commit_id(env.get("BUILD_SOURCEVERSION")) if is_merge else "",
        is_fork=env.get("SYSTEM_PULLREQUEST_ISFORK", "").lower() != "false",
    )
