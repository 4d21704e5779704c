"""The pull request to comment on is the one that GitHub says, or none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.support.comments import (
    HEAD,
    environment,
    finished_environment,
    grown_report,
    save,
)
from tests.support.github_server import GitHubServer, pull

from prompt_lint.comment.publisher import Options, run
from prompt_lint.model.errors import ExitCode

if TYPE_CHECKING:
    from pathlib import Path


def test_a_push_has_no_pull_request(
    github: GitHubServer, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """On a push there is nothing to comment on, unless a number is given."""
    env = environment(github, tmp_path) | {"GITHUB_EVENT_NAME": "push"}

    run(env, Options(save(grown_report(), tmp_path), "k"))
    assert "of no pull request" in capfd.readouterr().err
    run(env, Options(save(grown_report(), tmp_path), "k", number=12))

    assert len(github.comments[12]) == 1


def test_the_pull_request_of_a_finished_run_is_found_by_its_head(
    github: GitHubServer, tmp_path: Path
) -> None:
    """The pull request is found by what GitHub says of the run; the comment links to that run."""
    github.pulls = [pull(12, HEAD)]

    run(finished_environment(github, tmp_path), Options(save(grown_report(), tmp_path), "k"))

    assert "actions/runs/7)" in github.comments[12][0]["body"]


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
def test_without_exactly_one_such_pull_request_nothing_is_written(
    github: GitHubServer, tmp_path: Path, pulls: list[Any]
) -> None:
    """Above all not once the head is another commit than the one that was checked."""
    github.pulls = pulls

    assert (
        run(finished_environment(github, tmp_path), Options(save(grown_report(), tmp_path), "k"))
        == ExitCode.OK
    )
    assert github.written == []


def test_a_finished_run_of_another_event_has_no_pull_request(github: GitHubServer, tmp_path: Path) -> None:
    """A push has no pull request."""
    run(finished_environment(github, tmp_path, event="push"), Options(save(grown_report(), tmp_path), "k"))

    assert github.requests == []


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
def test_an_incomplete_event_is_refused(github: GitHubServer, tmp_path: Path, of_run: Any) -> None:
    """Nothing is made up."""
    env = finished_environment(github, tmp_path, **of_run)

    assert run(env, Options(save(grown_report(), tmp_path), "k")) == ExitCode.USAGE
    assert github.requests == []


def test_a_branch_may_have_any_name(github: GitHubServer, tmp_path: Path) -> None:
    """It is a value in the address, whatever it holds."""
    name = "a&head=o/main#x%00é"
    github.pulls = [pull(12, HEAD)]
    github.pulls[0]["head"]["ref"] = name

    run(
        finished_environment(github, tmp_path, head_branch=name), Options(save(grown_report(), tmp_path), "k")
    )

    assert len(github.comments[12]) == 1
