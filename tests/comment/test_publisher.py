"""One comment on a pull request: found again, written only where there is news, and never somebody else's."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest
from tests.support import api_server, log_commands, make
from tests.support.api_server import always, retry_after, status
from tests.support.comments import (
    environment,
    grown_report,
    save,
    unchanged_report,
)
from tests.support.github_server import BOT, TOKEN, GitHubServer, comment

from prompt_lint.cli import main
from prompt_lint.comment.body import render_body
from prompt_lint.comment.publisher import Options, run
from prompt_lint.comment.pull_request import RunId
from prompt_lint.model.errors import ExitCode

if TYPE_CHECKING:
    from pathlib import Path

    from prompt_lint.model.values import Report

STRANGER = {"login": "stranger", "type": "User"}


def test_a_later_run_updates_the_comment(github: GitHubServer, tmp_path: Path) -> None:
    """The first run creates the comment, the next one replaces its text."""
    env = environment(github, tmp_path)

    assert run(env, Options(save(grown_report(), tmp_path), "k")) == ExitCode.OK
    [first] = github.comments[12]
    assert "50 ±2 over" in first["body"]
    run(environment(github, tmp_path, run_id=8), Options(save(grown_report(170), tmp_path), "k"))

    [second] = github.comments[12]
    assert second["id"] == first["id"]
    assert "70 ±2 over" in second["body"]
    assert "[from this run](https://github.com/o/r/actions/runs/8)" in second["body"]
    assert github.written == [
        "POST /repos/o/r/issues/12/comments",
        f"PATCH /repos/o/r/issues/comments/{first['id']}",
    ]


def test_without_news_no_comment_is_created(github: GitHubServer, tmp_path: Path) -> None:
    """A pull request without prompts in it gets no comment."""
    run(environment(github, tmp_path), Options(save(unchanged_report(), tmp_path), "k"))

    assert (github.written, github.comments[12]) == ([], [])


def test_a_comment_shrinks_to_a_line_once_nothing_fails(github: GitHubServer, tmp_path: Path) -> None:
    """An older complaint is taken back in place."""
    run(environment(github, tmp_path), Options(save(grown_report(), tmp_path), "k"))

    run(environment(github, tmp_path, run_id=8), Options(save(unchanged_report(), tmp_path), "k"))

    [only] = github.comments[12]
    lines = [line for line in only["body"].splitlines() if line and not line.startswith("<")]
    assert lines == ["✅ 1 prompt within its limit (`prompts/a.md`, 50% of 100); no prompt has changed."]


@pytest.mark.parametrize(
    ("report", "sentence"),
    [
        (
            unchanged_report()._replace(base=None),
            "1 prompt within its limit (`prompts/a.md`, 50% of 100); nothing was compared with a base.",
        ),
        (make.report(), "Nothing was checked."),
    ],
    ids=["without a base", "without prompts"],
)
def test_nothing_is_called_unchanged_that_was_not_compared(
    github: GitHubServer, tmp_path: Path, capfd: pytest.CaptureFixture[str], report: Report, sentence: str
) -> None:
    """Neither in the comment that is there nor where none is written."""
    run(environment(github, tmp_path), Options(save(report, tmp_path), "k"))
    reason = capfd.readouterr().err
    run(environment(github, tmp_path), Options(save(grown_report(), tmp_path), "k"))
    run(environment(github, tmp_path, run_id=8), Options(save(report, tmp_path), "k"))

    assert f"no comment: {sentence[:-1].replace('`', '').replace('%', '%25')}" in reason
    assert sentence in github.comments[12][0]["body"]


def test_a_run_without_a_report_replaces_an_earlier_comment(
    github: GitHubServer, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """What stood there isn't current. Without a comment nothing is written, and its own is left as it is."""
    nothing = Options(str(tmp_path / "nowhere.json"), "k", missing_ok=True)
    run(environment(github, tmp_path), nothing)
    assert github.written == []
    run(environment(github, tmp_path), Options(save(grown_report(), tmp_path), "k"))
    run(environment(github, tmp_path), nothing)
    assert "50 ±2 over" in github.comments[12][0]["body"]

    run(environment(github, tmp_path, run_id=8), nothing)

    [told] = github.comments[12]
    assert "50 ±2 over" not in told["body"]
    assert "without a result: [its log](https://github.com/o/r/actions/runs/8) says why" in told["body"]
    run(environment(github, tmp_path, run_id=9), Options(save(grown_report(), tmp_path), "k"))
    assert "50 ±2 over" in github.comments[12][0]["body"]


def test_an_invalid_report_counts_as_none(github: GitHubServer, tmp_path: Path) -> None:
    """The run after a fork's takes back what it had told, and fails; where a report has to be, nothing is done."""
    run(environment(github, tmp_path), Options(save(grown_report(), tmp_path), "k"))
    (tmp_path / "report.json").write_text("{}", encoding="utf-8")
    later = environment(github, tmp_path, run_id=8)

    assert run(later, Options(str(tmp_path / "report.json"), "k")) == ExitCode.USAGE
    assert "50 ±2 over" in github.comments[12][0]["body"]
    assert run(later, Options(str(tmp_path / "report.json"), "k", missing_ok=True)) == ExitCode.USAGE

    assert "without a result" in github.comments[12][0]["body"]


def test_an_up_to_date_comment_is_not_written_again(github: GitHubServer, tmp_path: Path) -> None:
    """What stands there already isn't sent again, though GitHub has changed the ends of its lines."""
    options = Options(save(grown_report(), tmp_path), "k")

    run(environment(github, tmp_path), options)
    run(environment(github, tmp_path), options)

    assert len(github.written) == 1


def test_each_key_has_a_comment_of_its_own(github: GitHubServer, tmp_path: Path) -> None:
    """As the jobs of a matrix do."""
    path = save(grown_report(), tmp_path)

    for key in ("one", "two", "one", "two"):
        run(environment(github, tmp_path), Options(path, key))

    assert len(github.comments[12]) == 2


def test_the_comment_is_found_on_a_later_page(github: GitHubServer, tmp_path: Path) -> None:
    """Behind 250 comments of others."""
    options = Options(save(grown_report(), tmp_path), "k")
    run(environment(github, tmp_path), options)
    [ours] = github.comments[12]
    github.comments[12][:0] = [comment(n, f"comment {n}") for n in range(250)]

    run(environment(github, tmp_path, run_id=8), options)

    assert len(github.comments[12]) == 251
    assert "runs/8" in ours["body"]


@pytest.mark.parametrize("association", ["NONE", "CONTRIBUTOR", "FIRST_TIME_CONTRIBUTOR"])
def test_a_stranger_with_our_mark_is_not_updated(
    github: GitHubServer, tmp_path: Path, association: str
) -> None:
    """Else they could change our words afterwards."""
    options = Options(save(grown_report(), tmp_path), "k")
    run(environment(github, tmp_path), options)
    forged = github.comments[12].pop()["body"]
    github.comments[12] = [comment(1, forged, STRANGER, association), comment(2, f"> {forged}", BOT)]

    run(environment(github, tmp_path, run_id=8), options)

    assert [one["body"] for one in github.comments[12][:2]] == [forged, f"> {forged}"]
    assert len(github.comments[12]) == 3


def test_a_comment_by_a_personal_token_is_found(github: GitHubServer, tmp_path: Path) -> None:
    """Where a personal token comments, its owner is no bot."""
    options = Options(save(grown_report(), tmp_path), "k")
    run(environment(github, tmp_path), options)
    github.comments[12][0] |= {"user": STRANGER, "author_association": "MEMBER"}

    run(environment(github, tmp_path, run_id=8), options)

    assert len(github.comments[12]) == 1


def test_two_runs_at_the_same_time_leave_one_comment(github: GitHubServer, tmp_path: Path) -> None:
    """Whoever comes second folds its comment into the older one."""
    paths = [tmp_path / name for name in ("one", "two")]
    for path in paths:
        path.mkdir()
    other = environment(github, paths[1], run_id=8), Options(save(grown_report(170), paths[1]), "k")
    done: list[ExitCode] = []

    def meanwhile() -> None:
        """The other run has looked, found nothing and written, before this one's comment is there."""
        github.comments[12].append(comment(500, render_body(grown_report(170), "k", RunId(8, 1), "")))

    github.before_write = meanwhile
    run(environment(github, paths[0]), Options(save(grown_report(), paths[0]), "k"))
    threads = [threading.Thread(target=lambda: done.append(run(*other))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert done == [ExitCode.OK] * 3
    [only] = github.comments[12]
    assert "70 ±2 over" in only["body"]


def test_an_earlier_run_does_not_replace_the_comment_of_a_later_one(
    github: GitHubServer, tmp_path: Path
) -> None:
    """The comment is the later run's."""
    run(environment(github, tmp_path, run_id=9), Options(save(grown_report(170), tmp_path), "k"))

    run(environment(github, tmp_path, run_id=8), Options(save(grown_report(), tmp_path), "k"))

    assert "70 ±2 over" in github.comments[12][0]["body"]
    assert len(github.written) == 1


def test_a_403_to_a_run_of_a_fork_is_a_notice(
    github: GitHubServer, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Nobody can do anything about it, so nothing fails."""
    github.writes = False

    assert (
        run(environment(github, tmp_path, fork=True), Options(save(grown_report(), tmp_path), "k"))
        == ExitCode.OK
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
def test_any_other_refusal_is_an_annotated_error_with_a_hint(
    github: GitHubServer,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    change: dict[str, Any],
    told: str,
) -> None:
    """403, 401 and 404, with GitHub's own words."""
    for name, value in change.items():
        setattr(github, name, value)

    code = run(environment(github, tmp_path), Options(save(grown_report(), tmp_path), "k"))

    [error] = log_commands.github(capfd.readouterr().err)
    assert (code, error.name) == (ExitCode.UNCOUNTED, "error")
    assert error.data.startswith("no comment: GitHub answered ")
    assert told in error.data
    assert TOKEN not in error.data


def test_a_short_rate_limit_is_waited_for(github: GitHubServer, tmp_path: Path) -> None:
    """A short one; and a server that stumbles is asked again."""
    github.plan = [retry_after("0.1", 429), status(502), None]

    run(environment(github, tmp_path), Options(save(grown_report(), tmp_path), "k"))

    assert len(github.comments[12]) == 1


@pytest.mark.parametrize(
    "headers",
    [(("retry-after", "3600"),), (("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "99999999999"))],
)
def test_a_long_rate_limit_is_a_warning_at_once(
    github: GitHubServer,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    headers: tuple[tuple[str, str], ...],
) -> None:
    """A 403 that is a rate limit is told apart from one that is a refusal, also on a fork."""
    github.plan = always(status(403, *headers))

    code = run(environment(github, tmp_path, fork=True), Options(save(grown_report(), tmp_path), "k"))

    [warning] = log_commands.github(capfd.readouterr().err)
    assert (code, warning.name) == (ExitCode.OK, "warning")
    assert "permissions" not in warning.data


@pytest.mark.parametrize(
    "fault", [status(302, ("location", "http://127.0.0.1:9/"), html=True), "html_200", "huge", "list"]
)
def test_nothing_is_written_after_an_invalid_response(
    github: GitHubServer, tmp_path: Path, capfd: pytest.CaptureFixture[str], fault: Any
) -> None:
    """No redirect is followed, and what isn't a list of comments isn't taken for one without ours: a warning says so."""
    bodies = {
        "html_200": b"<html></html>",
        "huge": b"[" + b" " * (33 << 20) + b"]",
        "list": b'{"message": "hm"}',
    }
    github.plan = always(api_server.body(bodies[fault]) if isinstance(fault, str) else fault)

    assert run(environment(github, tmp_path), Options(save(grown_report(), tmp_path), "k")) == ExitCode.OK

    assert capfd.readouterr().err.startswith("::warning title=prompt-lint::no comment: ")
    assert github.comments[12] == []


def test_a_comment_whose_response_got_lost_is_not_doubled(github: GitHubServer, tmp_path: Path) -> None:
    """The second try makes a second one, and it is folded into the first."""

    def lost(seen: Any) -> Any:
        if seen.method == "POST" and len(github.comments[12]) == 0:
            github.respond(seen)
            return status(502)
        return None

    github.plan = lost

    run(environment(github, tmp_path), Options(save(grown_report(), tmp_path), "k"))

    assert len(github.comments[12]) == 1


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"GITHUB_TOKEN": ""}, "GITHUB_TOKEN"),
        ({"GITHUB_TOKEN": "ghs_x\n"}, "white space"),
        ({"GITHUB_API_URL": "http://example.com"}, "https"),
        ({"GITHUB_REPOSITORY": "o/r/../x y z\n"}, "GITHUB_REPOSITORY"),
    ],
)
def test_an_unusable_environment_is_refused_before_anything_is_sent(
    github: GitHubServer,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    change: dict[str, str],
    told: str,
) -> None:
    """Token, address and repository come from the environment alone."""
    code = run(environment(github, tmp_path) | change, Options(save(grown_report(), tmp_path), "k"))

    [error] = log_commands.github(capfd.readouterr().err)
    assert (code, error.name) == (ExitCode.USAGE, "error")
    assert told in error.data
    assert github.requests == []


@pytest.mark.parametrize("address", ["ftp://api.example.com", "http://api.example.com"])
def test_an_unusable_address_is_explained_in_terms_of_github(
    github: GitHubServer, tmp_path: Path, capfd: pytest.CaptureFixture[str], address: str
) -> None:
    """Neither a gateway for prompts nor a key has anything to do with it."""
    env = environment(github, tmp_path) | {"GITHUB_API_URL": address}

    assert run(env, Options(save(grown_report(), tmp_path), "k")) == ExitCode.USAGE

    said = capfd.readouterr().err
    assert "anthropic" not in said
    assert "prompts" not in said
    assert "https://" in said


def test_a_dry_run_prints_and_sends_nothing(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """No token is needed."""
    assert main.run(["comment", "--report", save(grown_report(), tmp_path), "--dry-run"]) == ExitCode.OK
    assert "50 ±2 over" in capfd.readouterr().out
