"""Keeps one comment on a pull request up to date: it is found by its mark, so there is never a second one."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote

from prompt_lint import ci
from prompt_lint.ci.context import parse_number
from prompt_lint.ci.github import get_nested, lacks_secrets
from prompt_lint.ci.workflow_commands import format_command, has_runner
from prompt_lint.comment.body import describe_no_news, has_news, parse_mark, render_body
from prompt_lint.comment.github_api import PAGE_SIZE, Refused, connect, expect_status, read_list
from prompt_lint.comment.pull_request import NoPullRequest, RunId, find_pull_request
from prompt_lint.model.errors import ExitCode, Fatal
from prompt_lint.output.announcements import announce
from prompt_lint.output.report_reader import read_report
from prompt_lint.output.terminal import write_stderr, write_stdout
from prompt_lint.output.text.pieces import format_short_name
from prompt_lint.text.escape import escape_line

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from prompt_lint.api.json_client import Call
    from prompt_lint.comment.pull_request import PullRequest
    from prompt_lint.model.values import Report

_MAX_PAGES = 50
# Whose comments may be ours: whoever else writes our mark gets no say in where we write.
_INSIDERS = {"OWNER", "MEMBER", "COLLABORATOR"}


class Options(NamedTuple):
    """What the command line says. `report_file` is the JSON of a `check`, `key` tells comments of one pull request apart.

    `number` is that of the pull request, None for the event's. With `missing_ok` there may be no report. A change of fewer
    than `min_delta` tokens is no reason to comment.
    """

    report_file: str
    key: str
    number: int | None = None
    missing_ok: bool = False
    dry_run: bool = False
    min_delta: int = 0


class Comment(NamedTuple):
    """A comment of ours. An older one has a smaller id."""

    id: int
    run: RunId
    body: str


def run(env: Mapping[str, str], options: Options) -> ExitCode:
    """Comment on the pull request that the environment is about.

    What keeps it from that is announced: an outage of GitHub as a warning, after which the run passes; what somebody has to
    correct, such as a missing permission, as an error.
    """
    try:
        return _comment(env, options)
    except Fatal as error:
        is_lost = error.exit_code == ExitCode.UNCOUNTED and not isinstance(error, Refused)
        is_outage = is_lost and not options.dry_run  # which sends nothing
        message = f"no comment: {error.message.removeprefix('no comment: ')}"
        announce(env, "warning" if is_outage else "error", message, error.hint)
        return ExitCode.OK if is_outage else error.exit_code


def _comment(env: Mapping[str, str], options: Options) -> ExitCode:
    report, fault = _read_report(options)
    if options.dry_run:
        write_stdout(render_body(report, options.key, RunId(0, 0), "", options.min_delta), for_machines=True)
        return ExitCode.OK
    result = escape_line(_publish(env, options, report))
    notice = format_command("notice", result, title="prompt-lint") if has_runner(env) else result
    write_stderr(f"{notice}\n")
    if fault:
        raise fault
    return ExitCode.OK


def _read_report(options: Options) -> tuple[Report | None, Fatal | None]:
    """Return the report, None where it may be missing and is; and what is wrong with one that may be missing."""
    if options.missing_ok and not os.path.lexists(options.report_file):
        return None, None
    try:
        return read_report(options.report_file), None
    except Fatal as error:
        if options.missing_ok:
            return None, error
        raise


def _publish(env: Mapping[str, str], options: Options, report: Report | None) -> str:
    """Return the sentence that says what was done. Raises `Fatal`. That a fork's run may not write is no fault."""
    with connect(env) as call:
        try:
            pull_request = find_pull_request(env, options.number or 0, call)
            if isinstance(pull_request, NoPullRequest):
                return pull_request.reason
            return _update_comments(call, pull_request, report, options)
        except Refused as refused:
            if refused.status == 403 and lacks_secrets(env, ci.detect_context(env)):
                return (
                    f"no comment: GitHub lets a pull request from a fork write nothing (403){refused.reason}"
                )
            raise


def _update_comments(call: Call, pull_request: PullRequest, report: Report | None, options: Options) -> str:
    """Create a comment, or update the one there is. A run without a report only takes back what an earlier one said."""
    key, min_delta = options.key, options.min_delta
    body = render_body(report, key, pull_request.run, pull_request.run_url, min_delta)
    comments = _list_comments(call, pull_request, key)
    if any(comment.run > pull_request.run for comment in comments):
        return "no comment: a later run has written it"
    if report is None and all(comment.run == pull_request.run for comment in comments):
        return "no comment: the run has left no report"
    if not comments:
        if report and not has_news(report, min_delta):
            return f"no comment: {describe_no_news(report, min_delta, format_short_name)}"
        expect_status(call("POST", _issue_comments(pull_request), {"body": body}), 201)
        # Another run may have done the same at the same time: then the oldest comment is the one to keep.
        comments = _list_comments(call, pull_request, key)
        if len(comments) < 2:
            return "commented"
        latest = max(comments, key=lambda comment: comment.run)
        body = latest.body if latest.run > pull_request.run else body
    oldest, *others = comments
    if oldest.body != body:
        expect_status(call("PATCH", _comment_path(pull_request, oldest), {"body": body}), 200)
    for comment in others:
        expect_status(call("DELETE", _comment_path(pull_request, comment)), 204, 404)
    return "the comment is up to date"


def _issue_comments(pull_request: PullRequest) -> str:
    return f"/repos/{quote(pull_request.repository)}/issues/{pull_request.number}/comments"


def _comment_path(pull_request: PullRequest, comment: Comment) -> str:
    return f"/repos/{quote(pull_request.repository)}/issues/comments/{comment.id}"


def _list_comments(call: Call, pull_request: PullRequest, key: str) -> Sequence[Comment]:
    """Return our comments, the oldest first."""
    comments = []
    for page in range(1, _MAX_PAGES + 1):
        query = f"per_page={PAGE_SIZE}&page={page}"
        items = read_list(call("GET", f"{_issue_comments(pull_request)}?{query}"))
        comments += [comment for item in items if (comment := _parse_comment(item, key))]
        if len(items) < PAGE_SIZE:
            return sorted(comments)
    raise Fatal(
        f"no comment: the pull request has over {_MAX_PAGES * PAGE_SIZE:,} of them",
        exit_code=ExitCode.UNCOUNTED,
    )


def _parse_comment(item: Mapping[str, Any], key: str) -> Comment | None:
    """Return a comment that has our mark, and is written by somebody who may write here; None for any other."""
    body, number = item.get("body"), parse_number(item.get("id"))
    run_id = parse_mark(body, key) if isinstance(body, str) else None
    is_insider = get_nested(item, "user", "type") == "Bot" or item.get("author_association") in _INSIDERS
    if run_id is None or not number or not is_insider:
        return None
    # GitHub gives the ends of lines back as a browser would have sent them.
    return Comment(number, run_id, str(body).replace("\r\n", "\n"))
