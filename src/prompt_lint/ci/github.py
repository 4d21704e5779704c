"""GitHub Actions: the payload of the event, beside its line in the table of systems.

Source: the webhook payloads in GitHub's documentation, November 2026.
"""

from __future__ import annotations

import errno
import json
import os
import stat
from typing import TYPE_CHECKING, Any, NamedTuple

from prompt_lint.ci.context import (
    Context,
    is_merge_ref,
    parse_branch,
    parse_commit_id,
    parse_event,
    parse_labels,
    parse_number,
    parse_repository,
)
from prompt_lint.ci.systems import GITHUB, is_started_by_hand

if TYPE_CHECKING:
    from collections.abc import Mapping

# GitHub sends no larger ones.
MAX_PAYLOAD_BYTES = 25 << 20


def detect(env: Mapping[str, str]) -> Context | None:
    if env.get(GITHUB.sign) != "true":
        return None
    event = parse_event(env.get(GITHUB.event))
    payload, notes = _read_payload(env.get("GITHUB_EVENT_PATH", ""))
    context = Context(
        "github",
        event,
        "other",
        default_branch=parse_branch(get_nested(payload, "repository", "default_branch")),
        repository=parse_repository(env.get("GITHUB_REPOSITORY")),
        fetch_hint=GITHUB.fetch_hint,
        notes=notes,
    )
    if event.startswith("pull_request"):  # the reviews and comments of one, too
        return _describe_pull_request(context, env, payload)
    if event == "merge_group":
        return context._replace(
            kind="merge_group",
            base=parse_commit_id(get_nested(payload, "merge_group", "base_sha")),
            base_is_ancestor=True,
            target_branch=parse_branch(get_nested(payload, "merge_group", "base_ref")),
        )
    if event == "push":
        return context._replace(
            kind="push",
            # Of a branch that was deleted it is the last commit, and what is checked out is the default branch.
            base="" if payload.get("deleted") is True else parse_commit_id(payload.get("before")),
            base_is_ancestor=payload.get("forced") is False and payload.get("created") is False,
            pushed_branch=parse_branch(env.get("GITHUB_REF")) if env.get("GITHUB_REF_TYPE") != "tag" else "",
        )
    return context._replace(kind="unknown") if is_started_by_hand(event) else context


def _describe_pull_request(context: Context, env: Mapping[str, str], payload: Mapping[str, Any]) -> Context:
    base, head = get_nested(payload, "pull_request", "base"), get_nested(payload, "pull_request", "head")
    is_merge = is_merge_ref(env.get("GITHUB_REF", ""))
    repository = parse_repository(get_nested(base, "repo", "full_name"))
    base_commit = parse_commit_id(get_nested(base, "sha"))
    target = parse_branch(env.get(GITHUB.target[0])) or parse_branch(get_nested(base, "ref"))
    labels = get_nested(payload, "pull_request", "labels")
    names = [get_nested(label, "name") for label in labels] if isinstance(labels, list) else None
    return context._replace(
        kind="pull_request",
        base=base_commit,
        merge_commit=parse_commit_id(env.get("GITHUB_SHA")) if is_merge else "",
        target_branch=target,
        missing_variables=() if target or base_commit else GITHUB.target,
        pull_request=parse_number(get_nested(payload, "pull_request", "number") or payload.get("number")),
        labels=None if names is None else parse_labels(names),
        # A fork may have been deleted, and then has no name; without a payload it may be one.
        is_fork=not repository or get_nested(head, "repo", "full_name") != repository,
    )


def get_nested(value: object, *keys: str) -> object:
    """Return the value at these keys of nested JSON objects; None where a key is missing."""
    for key in keys:
        if not isinstance(value, dict):
            return None
        value = value.get(key)
    return value


def _read_payload(path: str) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Return the JSON object of the event, empty where it can't be read, and notes that say why."""
    if not path:
        return {}, ()
    payload: object = None
    try:
        payload = json.loads(_read_regular_file(path))
        reason = "it isn't a JSON object"
    except OSError as error:
        reason = error.strerror or "it can't be read"
    except (ValueError, RecursionError):
        reason = "it isn't JSON"
    if isinstance(payload, dict):
        return payload, ()
    return {}, (f"nothing is known of the event, for want of the file of GITHUB_EVENT_PATH: {reason}",)


def _read_regular_file(path: str) -> bytes:
    """Raises `OSError`, also for what isn't a regular file, and for one that is too large."""
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0))
    with open(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "it isn't a file")
        data = file.read(MAX_PAYLOAD_BYTES + 1)
    if len(data) > MAX_PAYLOAD_BYTES:
        raise OSError(errno.EFBIG, f"it is larger than {MAX_PAYLOAD_BYTES:,} bytes")
    return data


class FinishedRun(NamedTuple):
    """The run that a `workflow_run` event is about. Its `branch` is in `repository`, which may be a fork."""

    number: int
    attempt: int
    event: str
    commit: str
    branch: str
    repository: str


def find_finished_run(env: Mapping[str, str]) -> FinishedRun | None:
    """Return the run that has finished; None where the event is another one, or lacks something."""
    if env.get("GITHUB_EVENT_NAME") != "workflow_run":
        return None
    payload, _ = _read_payload(env.get("GITHUB_EVENT_PATH", ""))
    raw = get_nested(payload, "workflow_run")
    run = FinishedRun(
        parse_number(get_nested(raw, "id")),
        parse_number(get_nested(raw, "run_attempt")),
        parse_event(get_nested(raw, "event")),
        parse_commit_id(get_nested(raw, "head_sha")),
        parse_branch(get_nested(raw, "head_branch")),
        parse_repository(get_nested(raw, "head_repository", "full_name")),
    )
    return run if run.number and run.commit and run.branch and "/" in run.repository else None


def lacks_secrets(env: Mapping[str, str], context: Context | None) -> bool:
    """Whether GitHub gives this run no secrets and no right to write: a fork's pull request, or Dependabot's."""
    if context is None or context.kind != "pull_request" or context.event == "pull_request_target":
        return False
    return context.is_fork or env.get("GITHUB_ACTOR") == "dependabot[bot]"
