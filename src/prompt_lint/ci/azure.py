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
    reason = event.word(env.get("BUILD_REASON"))
    context = Context(
        "azure",
        reason,
        "push" if reason in _PUSHED else "other",  # what was there before the push, nobody tells
        branch=event.branch(env.get("BUILD_SOURCEBRANCH")),
        repository=event.repository(env.get("BUILD_REPOSITORY_NAME")),
        deeper=_DEEPER,
    )
    # Of a repository at GitHub the id is GitHub's own, and the number what people call it by.
    number = event.number(env.get("SYSTEM_PULLREQUEST_PULLREQUESTNUMBER"))
    number = number or event.number(env.get("SYSTEM_PULLREQUEST_PULLREQUESTID"))
    if not number and reason != "PullRequest":
        return context
    merged = _MERGE.fullmatch(env.get("BUILD_SOURCEBRANCH", "")) is not None
    target = event.branch(env.get("SYSTEM_PULLREQUEST_TARGETBRANCH"))
    return context._replace(
        kind="pull_request",
        merge=event.commit_id(env.get("BUILD_SOURCEVERSION")) if merged else "",
        # Written with refs/heads/ or without, depending on where the repository is.
        target=target,
        branch="",
        number=number,
        missing=() if target else ("SYSTEM_PULLREQUEST_TARGETBRANCH",),
        fork=env.get("SYSTEM_PULLREQUEST_ISFORK", "").lower() != "false",
    )
