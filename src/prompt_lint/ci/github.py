"""GitHub Actions. Facts: the default environment variables and webhook payloads in GitHub's documentation, November 2026."""

from __future__ import annotations

import errno
import os
import re
import stat
from typing import TYPE_CHECKING, Any, NamedTuple

from prompt_lint.ci import context as event
from prompt_lint.ci.context import Context

if TYPE_CHECKING:
    from collections.abc import Mapping

# GitHub sends no larger ones.
MAX_PAYLOAD_BYTES = 25 << 20

_DEEPER = "give `actions/checkout` `with: {fetch-depth: 0}`"
_MERGE = re.compile(r"refs/pull/[0-9]{1,18}/merge")


def detect(env: Mapping[str, str]) -> Context | None:
    if env.get("GITHUB_ACTIONS") != "true":
        return None
    name = event.parse_event_name(env.get("GITHUB_EVENT_NAME"))
    payload, notes = _payload(env.get("GITHUB_EVENT_PATH", ""))
    context = Context(
        "github",
        name,
        "other",
        default_branch=event.parse_branch(_at(payload, "repository", "default_branch")),
        repository=event.parse_repository(env.get("GITHUB_REPOSITORY")),
        summary_file=env.get("GITHUB_STEP_SUMMARY", ""),
        fetch_hint=_DEEPER,
        notes=notes,
    )
    if name.startswith("pull_request"):  # the reviews and comments of one, too
        return _pull_request(context, env, payload)
    if name == "merge_group":
        base = event.parse_commit_id(_at(payload, "merge_group", "base_sha"))
        target = event.parse_branch(_at(payload, "merge_group", "base_ref"))
        return context._replace(kind="merge_group", base=base, base_is_ancestor=True, target_branch=target)
    if name == "push":
        return context._replace(
            kind="push",
            base=event.parse_commit_id(_at(payload, "before")),
            base_is_ancestor=_at(payload, "forced") is False and _at(payload, "created") is False,
            pushed_branch=event.parse_branch(env.get("GITHUB_REF"))
            if env.get("GITHUB_REF_TYPE") != "tag"
            else "",
        )
    return context


def _pull_request(context: Context, env: Mapping[str, str], payload: object) -> Context:
    base, head = _at(payload, "pull_request", "base"), _at(payload, "pull_request", "head")
    target = event.parse_branch(env.get("GITHUB_BASE_REF")) or event.parse_branch(_at(base, "ref"))
    merged = _MERGE.fullmatch(env.get("GITHUB_REF", "")) is not None
    home = event.parse_repository(_at(base, "repo", "full_name"))
    return context._replace(
        kind="pull_request",
        base=event.parse_commit_id(_at(base, "sha")),
        merge_commit=event.parse_commit_id(env.get("GITHUB_SHA")) if merged else "",
        target_branch=target,
        pull_request=event.parse_number(_at(payload, "pull_request", "number") or _at(payload, "number")),
        # Without a repository the fork has been deleted; without a payload nobody knows, so it may be one.
        is_fork=not home or _at(head, "repo", "full_name") != home,
    )


def _at(value: object, *keys: str) -> object:
    """What lies behind the keys of nested JSON objects; None if anything on the way isn't one."""
    for key in keys:
        if not isinstance(value, dict):
            return None
        value = value.get(key)
    return value


def _payload(path: str) -> tuple[dict[str, Any], tuple[str, ...]]:
    """What the event brought along, and what is wrong with it."""
    if not path:
        return {}, ()
    import json  # noqa: PLC0415  # nobody else needs it so early

    found: object = None
    try:
        found = json.loads(_read(path))
        why = "" if isinstance(found, dict) else "it holds no JSON object"
    except OSError as error:
        why = error.strerror or "it can't be read"
    except (ValueError, RecursionError):
        why = "it isn't JSON"
    if not isinstance(found, dict):
        return {}, (f"nothing is known of the event, for want of the file of GITHUB_EVENT_PATH: {why}",)
    return found, ()


def _read(path: str) -> bytes:
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0))
    with open(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "it isn't a file")
        data = file.read(MAX_PAYLOAD_BYTES + 1)
    if len(data) > MAX_PAYLOAD_BYTES:
        raise OSError(errno.EFBIG, f"it is larger than {MAX_PAYLOAD_BYTES:,} bytes")
    return data


class FinishedRun(NamedTuple):
    """The run whose end a `workflow_run` event tells: its number, its event, and the head that it was of.

    `branch` is in the repository `home`, which is a stranger's where a fork is.
    """

    number: int
    attempt: int
    event: str
    commit: str
    branch: str
    repository: str


def find_finished_run(env: Mapping[str, str]) -> FinishedRun | None:
    """None where the event is another one, or doesn't say what it should."""
    if env.get("GITHUB_EVENT_NAME") != "workflow_run":
        return None
    run = _at(_payload(env.get("GITHUB_EVENT_PATH", ""))[0], "workflow_run")
    found = FinishedRun(
        event.parse_number(_at(run, "id")),
        event.parse_number(_at(run, "run_attempt")),
        event.parse_event_name(_at(run, "event")),
        event.parse_commit_id(_at(run, "head_sha")),
        event.parse_branch(_at(run, "head_branch")),
        event.parse_repository(_at(run, "head_repository", "full_name")),
    )
    return found if found.number and found.commit and found.branch and "/" in found.repository else None


def lacks_secrets(env: Mapping[str, str], context: Context | None) -> bool:
    """Whether GitHub keeps secrets, and the right to write, from this run: a fork's pull request, or Dependabot's."""
    if context is None or context.kind != "pull_request" or context.event == "pull_request_target":
        return False
    return context.is_fork or env.get("GITHUB_ACTOR") == "dependabot[bot]"
