"""One comment on a pull request, kept up to date: found again by a hidden mark, never a second one.

GitHub's REST API: "Issue comments" and "Pull requests" in its reference, November 2026.
"""

from __future__ import annotations

import hashlib
import os
import re
import sys
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote, urlencode

from prompt_lint import ci
from prompt_lint.api import json_client
from prompt_lint.api.credentials import Secret, is_printable_ascii
from prompt_lint.api.endpoint import validate_endpoint
from prompt_lint.ci import github
from prompt_lint.ci.context import parse_number, parse_repository
from prompt_lint.ci.workflow_commands import format_command, has_runner
from prompt_lint.model.errors import ExitCode, Fatal
from prompt_lint.output.markdown import COMMENT, render_within
from prompt_lint.output.report_reader import read_report
from prompt_lint.output.terminal import write_stdout
from prompt_lint.text.escape import visible

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from prompt_lint.api.json_client import Call, JsonResponse
    from prompt_lint.model.values import Report

_API = "https://api.github.com"
_TOKENS = ("GITHUB_TOKEN", "GH_TOKEN")
_PAGE, _PAGES = 100, 50
# A hundred comments of the greatest length, in characters of four bytes, and what is told beside each.
_LARGEST = 32 << 20
_HEADERS = {"accept": "application/vnd.github+json", "x-github-api-version": "2022-11-28"}
_MARK = re.compile(r"<!-- prompt-lint ([0-9a-f]{16}) run ([0-9]{1,18})\.([0-9]{1,9}) -->")
# Whose comments may be ours: whoever else writes our mark gets no say in where we write.
_INSIDE = {"OWNER", "MEMBER", "COLLABORATOR"}
_CALM = "✅ No prompt has changed, and none fails.\n"
_NOTHING = "⚠️ The latest run has ended without a result: "
_PERMISSION = (
    "give the job `permissions: {pull-requests: write}`; for pull requests from forks, see docs/github.md"
)


class Options(NamedTuple):
    """`report` is the JSON of a `check`; `key` tells apart the comments of one pull request; 0 is the event's `number`."""

    report: str
    key: str
    number: int = 0
    missing_ok: bool = False
    dry_run: bool = False


class _Place(NamedTuple):
    """The pull request, and the run that speaks: of two, the later one is right."""

    repository: str
    number: int
    run: tuple[int, int]
    link: str


class _Comment(NamedTuple):
    id: int
    run: tuple[int, int]
    body: str


class _Refused(Exception):
    """An answer that says no."""

    def __init__(self, told: JsonResponse) -> None:
        super().__init__()
        self.told = told


def run(env: Mapping[str, str], options: Options) -> ExitCode:
    """Comments on the pull request that the environment is about. Raises `Fatal`.

    Where the report is of a fork, it may hold anything: only `reread` looks into it, and only `gfm` prints of it.
    """
    report, fault = _report(options)
    if options.dry_run:
        write_stdout(_body(report, options.key, (0, 0), ""))
        return ExitCode.OK
    context = ci.detect_context(env)
    secret, base = (
        _secret(env),
        validate_endpoint(
            env.get("GITHUB_API_URL") or _API, "GITHUB_API_URL", _API, "the token and the comment"
        ),
    )
    with json_client.connect(base, secret, headers=_HEADERS, max_bytes=_LARGEST) as ask:
        try:
            place = _place(env, options, ask)
            told = place if isinstance(place, str) else _keep(ask, place, report, options.key)
        except _Refused as refused:
            told = _refusal(refused.told, harmless=github.lacks_secrets(env, context))
    print(_notice(told, env), file=sys.stderr)
    if fault:
        raise fault
    return ExitCode.OK


def _report(options: Options) -> tuple[Report | None, Fatal | None]:
    """The report; or none, for a run that may have left none, and what is wrong with the one that it has left."""
    if not options.missing_ok:
        return read_report(options.report), None
    if not os.path.lexists(options.report):
        return None, None
    try:
        return read_report(options.report), None
    except Fatal as error:
        return None, error


def _notice(told: str, env: Mapping[str, str]) -> str:
    """A line that a runner shows beside the job."""
    line = visible(told)
    return format_command("notice", line, title="prompt-lint") if has_runner(env) else line


def _secret(env: Mapping[str, str]) -> Secret:
    value = next((env[name] for name in _TOKENS if env.get(name)), "")
    if not value:
        raise Fatal(
            f"neither {' nor '.join(_TOKENS)} is set, so nothing can be written",
            "in a workflow: `env: {GITHUB_TOKEN: ${{ github.token }}}`",
        )
    if not is_printable_ascii(value):
        raise Fatal("the token for GitHub holds white space, or what no token holds", "store it again")
    return Secret(value)


def _refusal(told: JsonResponse, *, harmless: bool) -> str:
    said = f": {told.message()}" if told.message() else ""
    if told.status == 403 and harmless:
        return f"no comment: GitHub lets a pull request from a fork write nothing (403){said}"
    hints = {
        401: "is the token valid, and not expired?",
        403: _PERMISSION,
        404: f"is it there? Else {_PERMISSION}",
    }
    hint = hints.get(told.status, "run the job again")
    raise Fatal(f"no comment: GitHub answered {told.status}{said}", hint, ExitCode.UNCOUNTED)


# ---------------------------------------------------------------------------------------------------------
# Where


def _place(env: Mapping[str, str], options: Options, ask: Call) -> _Place | str:
    """The pull request; or why there is none, which is no fault."""
    repository = parse_repository(env.get("GITHUB_REPOSITORY"))
    if repository.count("/") != 1:
        raise Fatal("GITHUB_REPOSITORY doesn't say whose pull request it is", "set it to OWNER/NAME")
    if env.get("GITHUB_EVENT_NAME") == "workflow_run" and not options.number:
        return _finished(env, repository, ask)
    context = ci.detect_context(env)
    number = options.number or (context.pull_request if context else 0)
    if not number and context and context.kind == "pull_request":
        raise Fatal("the event doesn't tell which pull request this run is of", "name it with --pull-request")
    if not number:
        return "no comment: this run is of no pull request"
    current = parse_number(env.get("GITHUB_RUN_ID")), parse_number(env.get("GITHUB_RUN_ATTEMPT"))
    return _Place(repository, number, current, _link(env, repository, current[0]))


def _finished(env: Mapping[str, str], repository: str, ask: Call) -> _Place | str:
    """The one whose head is still the commit that the finished run was of. GitHub says so, nothing of the run does."""
    done = github.find_finished_run(env)
    if done is None:
        raise Fatal("the event doesn't tell which run has ended, and of what", "is it `workflow_run`?")
    if done.event != "pull_request":
        return f"no comment: the run that ended was of `{done.event}`, and no pull request"
    head = f"{done.repository.partition('/')[0]}:{done.branch}"
    query = urlencode({"state": "open", "head": head, "per_page": _PAGE})
    found = [
        parse_number(one.get("number"))
        for one in _listed(ask("GET", f"/repos/{quote(repository)}/pulls?{query}", None))
        if github.get_nested(one, "head", "sha") == done.commit
        and github.get_nested(one, "head", "repo", "full_name") == done.repository
        and github.get_nested(one, "base", "repo", "full_name") == repository
    ]
    if len(found) != 1 or not found[0]:
        many = "several open pull requests have" if len(found) > 1 else "no open pull request has (any more)"
        return f"no comment: {many} {done.commit[:10]} as its head"
    return _Place(repository, found[0], (done.number, done.attempt), _link(env, repository, done.number))


def _link(env: Mapping[str, str], repository: str, number: int) -> str:
    """The address of the run; "" where GitHub's own isn't plain."""
    server = env.get("GITHUB_SERVER_URL") or "https://github.com"
    plain = re.fullmatch(r"https://[A-Za-z0-9.-]{1,200}(:[0-9]{1,5})?", server)
    return f"{server}/{quote(repository)}/actions/runs/{number}" if plain and number else ""


# ---------------------------------------------------------------------------------------------------------
# What


def worth_telling(report: Report | None) -> bool:
    """Whether something fails, or has changed."""
    if report is None:
        return False
    if report.exit_code or report.problems or report.loosened or report.removed:
        return True
    return any(one.fails or one.change not in {"", "unchanged"} for one in report.verdicts)


def _body(report: Report | None, key: str, number: tuple[int, int], link: str) -> str:
    """At most as many characters as a comment may have; two for those that count twice in UTF-16."""
    mark = f"<!-- prompt-lint {_digest(key)} run {number[0]}.{number[1]} -->\n"
    if report is None:
        return f"{mark}{_NOTHING}{f'[its log]({link})' if link else 'its log'} tells why.\n"
    foot = f"\n<sub>prompt-lint, [from this run]({link})</sub>\n" if link else ""
    if not worth_telling(report):
        return f"{mark}{_CALM}{foot}"
    return f"{mark}{render_within(report, COMMENT - _size(mark + foot), _size)}{foot}"


def _size(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode("utf-8", "surrogateescape")).hexdigest()[:16]


# ---------------------------------------------------------------------------------------------------------
# Keeping one


def _keep(ask: Call, place: _Place, report: Report | None, key: str) -> str:
    """What has been done. A run without a report only takes back what an earlier one has said."""
    body = _body(report, key, place.run, place.link)
    known = _ours(ask, place, key)
    if any(one.run > place.run for one in known):
        return "no comment: a later run has written it"
    if report is None and all(one.run == place.run for one in known):
        return "no comment: the run has left no report"
    if not known:
        if not worth_telling(report):
            return "no comment: no prompt has changed, and none fails"
        _expect(ask("POST", f"{_issue(place)}/comments", {"body": body}), 201)
        # Another run may have done the same at the same time: then the older comment is the one.
        known = _ours(ask, place, key)
        if len(known) < 2:
            return "commented"
        if any(one.run > place.run for one in known):
            body = max(known, key=lambda one: one.run).body
    oldest, *others = known
    if oldest.body != body:
        _expect(ask("PATCH", f"{_comments(place)}/{oldest.id}", {"body": body}), 200)
    for one in others:
        _expect(ask("DELETE", f"{_comments(place)}/{one.id}", None), 204, 404)
    return "the comment is up to date"


def _issue(place: _Place) -> str:
    return f"/repos/{quote(place.repository)}/issues/{place.number}"


def _comments(place: _Place) -> str:
    return f"/repos/{quote(place.repository)}/issues/comments"


def _ours(ask: Call, place: _Place, key: str) -> Sequence[_Comment]:
    """Our comments, the oldest first: by our mark at their very beginning, written by somebody who may write here."""
    found = []
    for page in range(1, _PAGES + 1):
        listed = _listed(ask("GET", f"{_issue(place)}/comments?per_page={_PAGE}&page={page}", None))
        found += [one for raw in listed if (one := _comment(raw, key))]
        if len(listed) < _PAGE:
            return sorted(found)
    raise Fatal(
        f"no comment: the pull request has over {_PAGES * _PAGE:,} of them", exit_code=ExitCode.UNCOUNTED
    )


def _comment(raw: Mapping[str, Any], key: str) -> _Comment | None:
    body, number = raw.get("body"), parse_number(raw.get("id"))
    match = _MARK.match(body) if isinstance(body, str) else None
    if match is None or not number or match[1] != _digest(key):
        return None
    inside = github.get_nested(raw, "user", "type") == "Bot" or raw.get("author_association") in _INSIDE
    # GitHub gives the ends of lines back as a browser would have sent them.
    return (
        _Comment(number, (int(match[2]), int(match[3])), str(body).replace("\r\n", "\n")) if inside else None
    )


def _listed(told: JsonResponse) -> Sequence[Mapping[str, Any]]:
    _expect(told, 200)
    if not isinstance(told.value, list) or not all(isinstance(one, dict) for one in told.value):
        raise Fatal(
            "no comment: GitHub answered with no list where one should be", exit_code=ExitCode.UNCOUNTED
        )
    return told.value


def _expect(told: JsonResponse, *statuses: int) -> None:
    if told.status not in statuses:
        raise _Refused(told)
