"""The pull request to comment on, and the run that comments: of two runs, the later one is right."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote, urlencode

from prompt_lint import ci
from prompt_lint.ci.context import parse_number, parse_repository
from prompt_lint.ci.github import find_finished_run, get_nested
from prompt_lint.comment.github_api import PAGE_SIZE, read_list
from prompt_lint.model.errors import Fatal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from prompt_lint.api.json_client import Call

_SERVER_URL = re.compile(r"https://[A-Za-z0-9.-]{1,200}(:[0-9]{1,5})?")


class RunId(NamedTuple):
    """A run of a workflow, and the attempt at it. A later run is greater."""

    number: int
    attempt: int


class PullRequest(NamedTuple):
    """A pull request, and the run that comments on it. `run_url` is "" where it isn't known."""

    repository: str
    number: int
    run: RunId
    run_url: str


class NoPullRequest(NamedTuple):
    """No pull request, which is no fault. `reason` is the sentence that says why."""

    reason: str


def find_pull_request(env: Mapping[str, str], number: int, call: Call) -> PullRequest | NoPullRequest:
    """Return the pull request with this number; if that is 0, the one of the event. Raises `Fatal`."""
    repository = parse_repository(env.get("GITHUB_REPOSITORY"))
    if repository.count("/") != 1:
        raise Fatal("GITHUB_REPOSITORY doesn't say whose pull request it is", "set it to OWNER/NAME")
    if env.get("GITHUB_EVENT_NAME") == "workflow_run" and not number:
        return _find_by_finished_run(env, repository, call)
    context = ci.detect_context(env)
    number = number or (context.pull_request if context else 0)
    if not number and context and context.kind == "pull_request":
        raise Fatal("the event doesn't tell which pull request this run is of", "name it with --pull-request")
    if not number:
        return NoPullRequest("no comment: this run is of no pull request")
    run = RunId(parse_number(env.get("GITHUB_RUN_ID")), parse_number(env.get("GITHUB_RUN_ATTEMPT")))
    return PullRequest(repository, number, run, _get_run_url(env, repository, run))


def _find_by_finished_run(env: Mapping[str, str], repository: str, call: Call) -> PullRequest | NoPullRequest:
    """Return the pull request whose head is still the commit of that run, as GitHub says: the run may say anything."""
    finished = find_finished_run(env)
    if finished is None:
        raise Fatal("the event doesn't tell which run has ended, and of what", "is it `workflow_run`?")
    if finished.event != "pull_request":
        return NoPullRequest(f"no comment: the run that ended was of `{finished.event}`, and no pull request")
    head = f"{finished.repository.partition('/')[0]}:{finished.branch}"
    query = urlencode({"state": "open", "head": head, "per_page": PAGE_SIZE})
    numbers = [
        parse_number(pull.get("number"))
        for pull in read_list(call("GET", f"/repos/{quote(repository)}/pulls?{query}"))
        if get_nested(pull, "head", "sha") == finished.commit
        and get_nested(pull, "head", "repo", "full_name") == finished.repository
        and get_nested(pull, "base", "repo", "full_name") == repository
    ]
    if len(numbers) != 1 or not numbers[0]:
        subject = (
            "several open pull requests have" if len(numbers) > 1 else "no open pull request has (any more)"
        )
        return NoPullRequest(f"no comment: {subject} {finished.commit[:10]} as its head")
    run = RunId(finished.number, finished.attempt)
    return PullRequest(repository, numbers[0], run, _get_run_url(env, repository, run))


def _get_run_url(env: Mapping[str, str], repository: str, run: RunId) -> str:
    server = env.get("GITHUB_SERVER_URL") or "https://github.com"
    is_known = run.number and _SERVER_URL.fullmatch(server)
    return f"{server}/{quote(repository)}/actions/runs/{run.number}" if is_known else ""
