"""The comment on a pull request: one, found again, only where there is something to say, and never somebody else's."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_socket import socket_allow_hosts
from tests.support import make
from tests.support.api_server import always, retry_after, status
from tests.support.github_server import BOT, TOKEN, GitHubServer, comment, pull

from prompt_lint.cli import main
from prompt_lint.comment.post import Options, _body, _size, run, worth_telling
from prompt_lint.model.errors import ExitCode, Fatal
from prompt_lint.model.values import Base, Loosening, Problem, RemovedPrompt, Report
from prompt_lint.output import View, report_reader
from prompt_lint.output import json as as_json

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HEAD = "a" * 40
BASE = Base("b" * 40, "origin/main", "the merge base with origin/main")
STRANGER = {"login": "stranger", "type": "User"}


@pytest.fixture
def server(socket_enabled: None) -> Iterator[GitHubServer]:
    socket_allow_hosts(["127.0.0.1"], allow_unix_socket=True)
    with GitHubServer() as found:
        yield found


def grown(tokens: int = 150, **given: Any) -> Report:
    """A prompt that this change has made too large."""
    one = make.verdict("prompts/a.md", tokens, "over")._replace(
        change="changed", base_count=make.count(90, 2), growth=tokens - 90
    )
    return make.report(one, base=BASE, exit_code=ExitCode.OVER_LIMIT, **given)


def calm() -> Report:
    """Nothing has changed, and nothing fails."""
    one = make.verdict("prompts/a.md", 50, "ok")._replace(
        change="unchanged", base_count=make.count(50, 2), growth=0
    )
    return make.report(one, base=BASE)


def saved(report: Report, folder: Path) -> str:
    path = folder / "report.json"
    path.write_text(as_json.render(report, View()), encoding="utf-8")
    return str(path)


def environment(
    server: GitHubServer, folder: Path, *, fork: bool = False, run_id: int = 7, **more: str
) -> dict[str, str]:
    """A run for pull request 12."""
    payload = {
        "pull_request": {
            "number": 12, "base": {"sha": "b" * 40, "ref": "main", "repo": {"full_name": "o/r"}},
            "head": {"sha": HEAD, "ref": "topic", "repo": {"full_name": "stranger/r" if fork else "o/r"}},
        }
    }  # fmt: skip
    path = folder / "event.json"
    path.write_text(json.dumps(payload), encoding="utf-8")
    return {
        "GITHUB_ACTIONS": "true", "GITHUB_API_URL": server.url, "GITHUB_REPOSITORY": "o/r", "GITHUB_TOKEN": TOKEN,
        "GITHUB_EVENT_NAME": "pull_request", "GITHUB_EVENT_PATH": str(path), "GITHUB_RUN_ID": str(run_id),
        "GITHUB_RUN_ATTEMPT": "1", **more,
    }  # fmt: skip


def finished(server: GitHubServer, folder: Path, **of_run: Any) -> dict[str, str]:
    """The `workflow_run` event that follows a run for a fork's pull request."""
    known = {
        "id": 7, "run_attempt": 1, "event": "pull_request", "head_sha": HEAD, "head_branch": "topic",
        "head_repository": {"full_name": "stranger/r"},
    }  # fmt: skip
    path = folder / "event.json"
    path.write_text(json.dumps({"workflow_run": known | of_run}), encoding="utf-8")
    return environment(server, folder) | {
        "GITHUB_EVENT_NAME": "workflow_run", "GITHUB_EVENT_PATH": _written(path, known | of_run), "GITHUB_RUN_ID": "99",
    }  # fmt: skip


def _written(path: Path, run: Any) -> str:
    path.write_text(json.dumps({"workflow_run": run}), encoding="utf-8")
    return str(path)


# ---------------------------------------------------------------------------------------------------------
# One comment


def test_a_failure_is_told_once_and_then_updated(server: GitHubServer, tmp_path: Path) -> None:
    """The first run creates the comment, the next one replaces its text."""
    env = environment(server, tmp_path)

    assert run(env, Options(saved(grown(), tmp_path), "k")) == ExitCode.OK
    [first] = server.comments[12]
    assert "50 over" in first["body"]
    run(environment(server, tmp_path, run_id=8), Options(saved(grown(170), tmp_path), "k"))

    [second] = server.comments[12]
    assert second["id"] == first["id"]
    assert "70 over" in second["body"]
    assert "[from this run](https://github.com/o/r/actions/runs/8)" in second["body"]
    assert server.written == [
        "POST /repos/o/r/issues/12/comments",
        f"PATCH /repos/o/r/issues/comments/{first['id']}",
    ]


def test_where_all_is_well_nothing_is_written(server: GitHubServer, tmp_path: Path) -> None:
    """A pull request without prompts in it gets no comment."""
    run(environment(server, tmp_path), Options(saved(calm(), tmp_path), "k"))

    assert (server.written, server.comments[12]) == ([], [])


def test_what_is_settled_shrinks_to_a_line(server: GitHubServer, tmp_path: Path) -> None:
    """An older complaint is taken back in place."""
    run(environment(server, tmp_path), Options(saved(grown(), tmp_path), "k"))

    run(environment(server, tmp_path, run_id=8), Options(saved(calm(), tmp_path), "k"))

    [only] = server.comments[12]
    lines = [line for line in only["body"].splitlines() if line and not line.startswith("<")]
    assert lines == ["✅ No prompt has changed, and none fails."]


def test_a_run_without_a_result_takes_back_what_an_earlier_one_has_told(
    server: GitHubServer, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """What stood there isn't current. Without a comment nothing is written, and its own is left as it is."""
    nothing = Options(str(tmp_path / "nowhere.json"), "k", missing_ok=True)
    run(environment(server, tmp_path), nothing)
    assert server.written == []
    run(environment(server, tmp_path), Options(saved(grown(), tmp_path), "k"))
    run(environment(server, tmp_path), nothing)
    assert "50 over" in server.comments[12][0]["body"]

    run(environment(server, tmp_path, run_id=8), nothing)

    [told] = server.comments[12]
    assert "50 over" not in told["body"]
    assert "without a result: [its log](https://github.com/o/r/actions/runs/8) tells why" in told["body"]
    run(environment(server, tmp_path, run_id=9), Options(saved(grown(), tmp_path), "k"))
    assert "50 over" in server.comments[12][0]["body"]


def test_a_report_that_is_refused_is_no_result(server: GitHubServer, tmp_path: Path) -> None:
    """The run after a fork's takes back what it had told, and fails; where a report has to be, nothing is done."""
    run(environment(server, tmp_path), Options(saved(grown(), tmp_path), "k"))
    (tmp_path / "report.json").write_text("{}", encoding="utf-8")
    later = environment(server, tmp_path, run_id=8)

    with pytest.raises(Fatal):
        run(later, Options(str(tmp_path / "report.json"), "k"))
    assert "50 over" in server.comments[12][0]["body"]
    with pytest.raises(Fatal):
        run(later, Options(str(tmp_path / "report.json"), "k", missing_ok=True))

    assert "without a result" in server.comments[12][0]["body"]


def test_the_same_run_again_writes_nothing(server: GitHubServer, tmp_path: Path) -> None:
    """What stands there already isn't sent again, though GitHub has changed the ends of its lines."""
    options = Options(saved(grown(), tmp_path), "k")

    run(environment(server, tmp_path), options)
    run(environment(server, tmp_path), options)

    assert len(server.written) == 1


def test_each_key_has_a_comment_of_its_own(server: GitHubServer, tmp_path: Path) -> None:
    """As the jobs of a matrix do."""
    path = saved(grown(), tmp_path)

    for key in ("one", "two", "one", "two"):
        run(environment(server, tmp_path), Options(path, key))

    assert len(server.comments[12]) == 2


def test_it_is_found_over_pages(server: GitHubServer, tmp_path: Path) -> None:
    """Behind 250 comments of others."""
    options = Options(saved(grown(), tmp_path), "k")
    run(environment(server, tmp_path), options)
    [ours] = server.comments[12]
    server.comments[12][:0] = [comment(n, f"comment {n}") for n in range(250)]

    run(environment(server, tmp_path, run_id=8), options)

    assert len(server.comments[12]) == 251
    assert "runs/8" in ours["body"]


@pytest.mark.parametrize("association", ["NONE", "CONTRIBUTOR", "FIRST_TIME_CONTRIBUTOR"])
def test_a_stranger_who_writes_our_mark_is_not_updated(
    server: GitHubServer, tmp_path: Path, association: str
) -> None:
    """Else they could change our words afterwards."""
    options = Options(saved(grown(), tmp_path), "k")
    run(environment(server, tmp_path), options)
    forged = server.comments[12].pop()["body"]
    server.comments[12] = [comment(1, forged, STRANGER, association), comment(2, f"> {forged}", BOT)]

    run(environment(server, tmp_path, run_id=8), options)

    assert [one["body"] for one in server.comments[12][:2]] == [forged, f"> {forged}"]
    assert len(server.comments[12]) == 3


def test_a_member_s_token_finds_its_comment(server: GitHubServer, tmp_path: Path) -> None:
    """Where a personal token comments, its owner is no bot."""
    options = Options(saved(grown(), tmp_path), "k")
    run(environment(server, tmp_path), options)
    server.comments[12][0] |= {"user": STRANGER, "author_association": "MEMBER"}

    run(environment(server, tmp_path, run_id=8), options)

    assert len(server.comments[12]) == 1


# ---------------------------------------------------------------------------------------------------------
# Several runs


def test_two_runs_at_the_same_time_leave_one_comment(server: GitHubServer, tmp_path: Path) -> None:
    """Whoever comes second folds its comment into the older one."""
    paths = [tmp_path / name for name in ("one", "two")]
    for path in paths:
        path.mkdir()
    other = environment(server, paths[1], run_id=8), Options(saved(grown(170), paths[1]), "k")
    done: list[ExitCode] = []

    def meanwhile() -> None:
        """The other run has looked, found nothing and written, before this one's comment is there."""
        server.comments[12].append(comment(500, _body(grown(170), "k", (8, 1), "")))

    server.before_write = meanwhile
    run(environment(server, paths[0]), Options(saved(grown(), paths[0]), "k"))
    threads = [threading.Thread(target=lambda: done.append(run(*other))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert done == [ExitCode.OK] * 3
    [only] = server.comments[12]
    assert "70 over" in only["body"]


def test_an_earlier_run_that_ends_later_says_nothing(server: GitHubServer, tmp_path: Path) -> None:
    """The comment is the later run's."""
    run(environment(server, tmp_path, run_id=9), Options(saved(grown(170), tmp_path), "k"))

    run(environment(server, tmp_path, run_id=8), Options(saved(grown(), tmp_path), "k"))

    assert "70 over" in server.comments[12][0]["body"]
    assert len(server.written) == 1


# ---------------------------------------------------------------------------------------------------------
# Refusals and faults


def test_on_a_fork_a_403_is_a_notice(
    server: GitHubServer, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Nobody can do anything about it, so nothing fails."""
    server.writes = False

    assert (
        run(environment(server, tmp_path, fork=True), Options(saved(grown(), tmp_path), "k")) == ExitCode.OK
    )

    told = capfd.readouterr().err
    assert told.startswith("::notice title=prompt-lint::no comment: ")
    assert told.count("\n") == 1


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"writes": False}, "pull-requests: write"),
        ({"token": "another"}, "valid"),
        ({"comments": {}}, "is it there?"),
    ],
)
def test_elsewhere_a_refusal_is_an_error_that_says_what_is_missing(
    server: GitHubServer, tmp_path: Path, change: dict[str, Any], told: str
) -> None:
    """403, 401 and 404, with GitHub's own words."""
    for name, value in change.items():
        setattr(server, name, value)

    with pytest.raises(Fatal) as caught:
        run(environment(server, tmp_path), Options(saved(grown(), tmp_path), "k"))

    assert caught.value.exit_code == ExitCode.UNCOUNTED
    assert told in caught.value.hint
    assert TOKEN not in caught.value.message + caught.value.hint


def test_a_rate_limit_is_waited_for(server: GitHubServer, tmp_path: Path) -> None:
    """A short one; and a server that stumbles is asked again."""
    server.plan = [retry_after("0.1", 429), status(502), None]

    run(environment(server, tmp_path), Options(saved(grown(), tmp_path), "k"))

    assert len(server.comments[12]) == 1


@pytest.mark.parametrize(
    "headers",
    [(("retry-after", "3600"),), (("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "99999999999"))],
)
def test_a_long_rate_limit_ends_the_run_at_once(
    server: GitHubServer, tmp_path: Path, headers: tuple[tuple[str, str], ...]
) -> None:
    """A 403 that is a rate limit is told apart from one that is a refusal, also on a fork."""
    server.plan = always(status(403, *headers))

    with pytest.raises(Fatal) as caught:
        run(environment(server, tmp_path, fork=True), Options(saved(grown(), tmp_path), "k"))

    assert caught.value.exit_code == ExitCode.UNCOUNTED
    assert "permissions" not in caught.value.hint


@pytest.mark.parametrize(
    "fault", [status(302, ("location", "http://127.0.0.1:9/"), html=True), "html_200", "huge", "list"]
)
def test_odd_answers_write_nothing_twice(server: GitHubServer, tmp_path: Path, fault: Any) -> None:
    """No redirect is followed, and what isn't a list of comments isn't taken for one without ours."""
    from tests.support import api_server  # noqa: PLC0415  # beside its use

    bodies = {
        "html_200": b"<html></html>",
        "huge": b"[" + b" " * (33 << 20) + b"]",
        "list": b'{"message": "hm"}',
    }
    server.plan = always(api_server.body(bodies[fault]) if isinstance(fault, str) else fault)

    with pytest.raises(Fatal):
        run(environment(server, tmp_path), Options(saved(grown(), tmp_path), "k"))

    assert server.comments[12] == []


def test_a_created_comment_whose_answer_got_lost_is_not_doubled(server: GitHubServer, tmp_path: Path) -> None:
    """The second try makes a second one, and it is folded into the first."""

    def lost(seen: Any) -> Any:
        if seen.method == "POST" and len(server.comments[12]) == 0:
            server.respond(seen)
            return status(502)
        return None

    server.plan = lost

    run(environment(server, tmp_path), Options(saved(grown(), tmp_path), "k"))

    assert len(server.comments[12]) == 1


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"GITHUB_TOKEN": ""}, "GITHUB_TOKEN"),
        ({"GITHUB_TOKEN": "ghs_x\n"}, "white space"),
        ({"GITHUB_API_URL": "http://example.com"}, "https"),
        ({"GITHUB_REPOSITORY": "o/r/../x y z\n"}, "GITHUB_REPOSITORY"),
    ],
)
def test_what_is_missing_is_told_before_anything_is_sent(
    server: GitHubServer, tmp_path: Path, change: dict[str, str], told: str
) -> None:
    """Token, address and repository come from the environment alone."""
    with pytest.raises(Fatal) as caught:
        run(environment(server, tmp_path) | change, Options(saved(grown(), tmp_path), "k"))

    assert told in caught.value.message
    assert server.requests == []


@pytest.mark.parametrize("address", ["ftp://api.example.com", "http://api.example.com"])
def test_an_address_that_is_none_of_github_s_is_told_as_one(
    server: GitHubServer, tmp_path: Path, address: str
) -> None:
    """Neither a gateway for prompts nor a key has anything to do with it."""
    env = environment(server, tmp_path) | {"GITHUB_API_URL": address}

    with pytest.raises(Fatal) as caught:
        run(env, Options(saved(grown(), tmp_path), "k"))

    said = f"{caught.value.message}\n{caught.value.hint}"
    assert "anthropic" not in said
    assert "prompts" not in said
    assert "https://" in said


def test_a_run_of_no_pull_request_says_so(
    server: GitHubServer, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """On a push there is nothing to comment on, unless a number is given."""
    env = environment(server, tmp_path) | {"GITHUB_EVENT_NAME": "push"}

    run(env, Options(saved(grown(), tmp_path), "k"))
    assert "of no pull request" in capfd.readouterr().err
    run(env, Options(saved(grown(), tmp_path), "k", number=12))

    assert len(server.comments[12]) == 1


# ---------------------------------------------------------------------------------------------------------
# After the run of a fork


def test_the_report_of_a_fork_is_told_where_its_head_is(server: GitHubServer, tmp_path: Path) -> None:
    """The pull request is found by what GitHub says of the run; the comment links to that run."""
    server.pulls = [pull(12, HEAD)]

    run(finished(server, tmp_path), Options(saved(grown(), tmp_path), "k"))

    assert "actions/runs/7)" in server.comments[12][0]["body"]


@pytest.mark.parametrize(
    "pulls",
    [
        [],
        [pull(12, "c" * 40)],
        [pull(12, HEAD, home="stranger/another")],
        [pull(12, HEAD, base="o/another")],
        [pull(12, HEAD), pull(13, HEAD)],
        [
            {
                "number": "12; rm",
                "head": {"sha": HEAD, "ref": "topic", "repo": {"full_name": "stranger/r"}},
                "base": {"repo": {"full_name": "o/r"}},
            }
        ],
    ],
    ids=["none", "moved on", "another repository", "another base", "several", "odd"],
)
def test_without_its_pull_request_nothing_is_written(
    server: GitHubServer, tmp_path: Path, pulls: list[Any]
) -> None:
    """Above all not once the head is another commit than the one that was checked."""
    server.pulls = pulls

    assert run(finished(server, tmp_path), Options(saved(grown(), tmp_path), "k")) == ExitCode.OK
    assert server.written == []


def test_a_run_of_another_event_is_not_commented_on(server: GitHubServer, tmp_path: Path) -> None:
    """A push has no pull request."""
    run(finished(server, tmp_path, event="push"), Options(saved(grown(), tmp_path), "k"))

    assert server.requests == []


@pytest.mark.parametrize(
    "of_run",
    [
        {"head_sha": "x"},
        {"head_branch": None},
        {"head_repository": None},
        {"id": "7\n8"},
        {"head_repository": {"full_name": "x"}},
    ],
)
def test_an_event_that_says_too_little_is_refused(server: GitHubServer, tmp_path: Path, of_run: Any) -> None:
    """Nothing is made up."""
    with pytest.raises(Fatal):
        run(finished(server, tmp_path, **of_run), Options(saved(grown(), tmp_path), "k"))

    assert server.requests == []


def test_a_branch_may_have_any_name(server: GitHubServer, tmp_path: Path) -> None:
    """It is a value in the address, whatever it holds."""
    name = "a&head=o/main#x%00é"
    server.pulls = [pull(12, HEAD)]
    server.pulls[0]["head"]["ref"] = name

    run(finished(server, tmp_path, head_branch=name), Options(saved(grown(), tmp_path), "k"))

    assert len(server.comments[12]) == 1


# ---------------------------------------------------------------------------------------------------------
# What it says


@pytest.mark.parametrize("names", [10, 3_000])
def test_a_comment_is_never_too_long(names: int) -> None:
    """Also where each character counts twice."""
    paths = [f"prompts/{n}" + "\U0001d4b6" * 90 for n in range(names)]
    verdicts = [make.verdict(path, 150, "over")._replace(change="new") for path in paths]
    report = make.report(*verdicts, base=BASE, exit_code=ExitCode.OVER_LIMIT)

    body = _body(report, "k", (10**17, 10**8), "https://github.com/o/r/actions/runs/7")

    assert _size(body) <= 65_536
    assert body.endswith("</sub>\n")
    assert "prompts are over" in body


def test_what_is_worth_telling() -> None:
    """Failures and changes, and nothing else."""
    same = calm().verdicts[0]

    assert not worth_telling(calm())
    assert worth_telling(grown())
    assert worth_telling(calm()._replace(verdicts=(same._replace(change="new"),)))
    assert worth_telling(calm()._replace(removed=(RemovedPrompt(make.prompt(), make.MODEL, make.count(10)),)))
    assert worth_telling(calm()._replace(loosened=(Loosening("x", "y", 1),)))
    assert worth_telling(calm()._replace(exit_code=ExitCode.UNCOUNTED))


def test_a_dry_run_prints_and_sends_nothing(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """No token is needed."""
    assert main.run(["comment", "--report", saved(grown(), tmp_path), "--dry-run"]) == ExitCode.OK
    assert "50 over" in capfd.readouterr().out


@given(st.text(max_size=80))
def test_no_text_of_a_report_becomes_a_mention_a_tag_or_our_mark(text: str) -> None:
    """The mark is at the very beginning, and nobody's text is there; no other comment of HTML is in it."""
    one = make.verdict(f"prompts/{text}.md", 150, "over", message=text)._replace(change="new")
    report = make.report(
        one, base=BASE, exit_code=ExitCode.OVER_LIMIT, problems=(Problem(text, 1, text, text),)
    )
    again = report_reader.parse_report(as_json.render(report, View()).encode(), "r.json")

    body = _body(again, "k", (1, 1), "")

    import re  # noqa: PLC0415  # beside its use

    bare = re.sub(r"`[^`\n]*`|<code>.*?</code>", "", body.split("\n", 1)[1])
    assert "<!--" not in bare
    assert not re.search(r"(?<!&)@\w", bare)
    assert "\r" not in body
