"""Refuse to make a report where a pull request is at work: an Admin key can manage the whole organization."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prompt_lint.model.errors import Fatal

if TYPE_CHECKING:
    from collections.abc import Mapping

# Variables by which CI systems say that a pull request is at work, and the values that say that none is.
_VARIABLES = (
    "GITHUB_HEAD_REF", "CI_MERGE_REQUEST_IID", "CI_EXTERNAL_PULL_REQUEST_IID", "SYSTEM_PULLREQUEST_PULLREQUESTID",
    "BITBUCKET_PR_ID", "CIRCLE_PULL_REQUEST", "BUILDKITE_PULL_REQUEST", "TRAVIS_PULL_REQUEST", "CHANGE_ID",
    "DRONE_PULL_REQUEST", "APPVEYOR_PULL_REQUEST_NUMBER", "CIRRUS_PR",
)  # fmt: skip
_NO_PULL_REQUEST = {"", "false", "0"}
# Events that anybody can cause, or that carry what a pull request made.
_EVENTS = ("pull_request", "issue", "discussion", "workflow_run", "fork", "watch", "merge_group", "check_")


def refuse_pull_request(env: Mapping[str, str]) -> None:
    """Raises `Fatal` where the environment says that the run is, or may be, for a pull request."""
    evidence = _find_evidence(env)
    if evidence:
        raise Fatal(
            f"a report doesn't run for a pull request ({evidence}): its Admin key can manage the whole organization",
            "run it on `schedule`, `workflow_dispatch` or a `push` to the default branch, with the key in an environment\n"
            "for pull requests, `prompt-lint check` needs no such key",
        )


def _find_evidence(env: Mapping[str, str]) -> str:
    """What says that a pull request is at work; "" where nothing does."""
    ref, event = env.get("GITHUB_REF", ""), env.get("GITHUB_EVENT_NAME", "")
    if ref.startswith(("refs/pull/", "refs/heads/gh-readonly-queue/")):  # whatever the event is called
        return f"GITHUB_REF is {ref[:60]}"
    if event.startswith(_EVENTS):
        return f"GITHUB_EVENT_NAME is {event[:40]}"
    if env.get("CI_PIPELINE_SOURCE", "") in {"merge_request_event", "external_pull_request_event"}:
        return "CI_PIPELINE_SOURCE is a merge request's"
    if env.get("BUILD_REASON", "") == "PullRequest":
        return "BUILD_REASON is PullRequest"
    variable = next((name for name in _VARIABLES if env.get(name, "").lower() not in _NO_PULL_REQUEST), "")
    return f"{variable} is set" if variable else ""
