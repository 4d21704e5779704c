"""Azure Pipelines. Source: the predefined variables in Microsoft's documentation, November 2026."""

from __future__ import annotations

import re
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

_FETCH_HINT = "give the step `checkout: self` `fetchDepth: 0`"
_MERGE_REF = re.compile(r"refs/pull/[0-9]{1,18}/merge")
_PUSHES = {"IndividualCI", "BatchedCI"}
_TARGET = "SYSTEM_PULLREQUEST_TARGETBRANCH"


def detect(env: Mapping[str, str]) -> Context | None:
    if env.get("TF_BUILD", "").lower() != "true":
        return None
    reason = parse_event(env.get("BUILD_REASON"))
    source = env.get("BUILD_SOURCEBRANCH", "")
    context = Context(
        "azure",
        reason,
        "push" if reason in _PUSHES else "other",  # no variable has the commit before the push
        pushed_branch=parse_branch(source),
        repository=parse_repository(env.get("BUILD_REPOSITORY_NAME")),
        fetch_hint=_FETCH_HINT,
    )
    # Of a repository at GitHub the id is GitHub's own, and the number what people call it by.
    number = parse_number(env.get("SYSTEM_PULLREQUEST_PULLREQUESTNUMBER"))
    number = number or parse_number(env.get("SYSTEM_PULLREQUEST_PULLREQUESTID"))
    if not number and reason != "PullRequest":
        return context
    target = parse_branch(
        env.get(_TARGET)
    )  # with refs/heads/ or without, depending on where the repository is
    return context._replace(
        kind="pull_request",
        merge_commit=parse_commit_id(env.get("BUILD_SOURCEVERSION")) if _MERGE_REF.fullmatch(source) else "",
        target_branch=target,
        pushed_branch="",
        pull_request=number,
        missing_variables=() if target else (_TARGET,),
        is_fork=env.get("SYSTEM_PULLREQUEST_ISFORK", "").lower() != "false",
    )
