"""Azure Pipelines. Facts: the predefined variables in Microsoft's documentation, November 2026."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from prompt_lint.ci import context as event
from prompt_lint.ci.context import Context

if TYPE_CHECKING:
    from collections.abc import Mapping

_DEEPER = "give the step `checkout: self` `fetchDepth: 0`"
_MERGE = re.compile(r"refs/pull/[0-9]{1,18}/merge")
_PUSHED = {"IndividualCI", "BatchedCI"}


def detect(env: Mapping[str, str]) -> Context | None:
    if env.get("TF_BUILD", "").lower() != "true":
        return None
    reason = event.parse_event_name(env.get("BUILD_REASON"))
    context = Context(
        "azure",
        reason,
        "push" if reason in _PUSHED else "other",  # what was there before the push, nobody tells
        pushed_branch=event.parse_branch(env.get("BUILD_SOURCEBRANCH")),
        repository=event.parse_repository(env.get("BUILD_REPOSITORY_NAME")),
        fetch_hint=_DEEPER,
    )
    # Of a repository at GitHub the id is GitHub's own, and the number what people call it by.
    number = event.parse_number(env.get("SYSTEM_PULLREQUEST_PULLREQUESTNUMBER"))
    number = number or event.parse_number(env.get("SYSTEM_PULLREQUEST_PULLREQUESTID"))
    if not number and reason != "PullRequest":
        return context
    merged = _MERGE.fullmatch(env.get("BUILD_SOURCEBRANCH", "")) is not None
    target = event.parse_branch(env.get("SYSTEM_PULLREQUEST_TARGETBRANCH"))
    return context._replace(
        kind="pull_request",
        merge_commit=event.parse_commit_id(env.get("BUILD_SOURCEVERSION")) if merged else "",
        # Written with refs/heads/ or without, depending on where the repository is.
        target_branch=target,
        pushed_branch="",
        pull_request=number,
        missing_variables=() if target else ("SYSTEM_PULLREQUEST_TARGETBRANCH",),
        is_fork=env.get("SYSTEM_PULLREQUEST_ISFORK", "").lower() != "false",
    )
