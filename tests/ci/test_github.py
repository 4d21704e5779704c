"""What GitHub Actions says of a run."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import pytest

from prompt_lint.ci import github
from prompt_lint.ci.context import Context

if TYPE_CHECKING:
    from pathlib import Path

ID, OTHER = "a" * 40, "b" * 64


def payload(path: Path, value: Any) -> str:
    file = path / "event.json"
    file.write_text(json.dumps(value), encoding="utf-8")
    return str(file)


@pytest.mark.parametrize("fork", [False, True])
def test_a_pull_request_on_github(tmp_path: Path, fork: bool) -> None:
    """Number, target, base, the merge that is checked out, and whether it is a fork's."""
    value = {
        "pull_request": {
            "number": 12,
            "base": {"sha": ID, "ref": "main", "repo": {"full_name": "o/r"}},
            "head": {"sha": OTHER, "ref": "x", "repo": {"full_name": "stranger/r" if fork else "o/r"}},
        },
        "repository": {"default_branch": "trunk"},
    }
    env = {
        "GITHUB_ACTIONS": "true", "GITHUB_EVENT_NAME": "pull_request", "GITHUB_EVENT_PATH": payload(tmp_path, value),
        "GITHUB_BASE_REF": "main", "GITHUB_REF": "refs/pull/12/merge", "GITHUB_SHA": OTHER, "GITHUB_REPOSITORY": "o/r",
        "GITHUB_STEP_SUMMARY": "/runner/s",
    }  # fmt: skip

    assert github.detect(env) == Context(
        "github", "pull_request", "pull_request", base=ID, merge_commit=OTHER, target_branch="main", default_branch="trunk", pull_request=12,
        repository="o/r", is_fork=fork, fetch_hint="give `actions/checkout` `with: {fetch-depth: 0}`",
    )  # fmt: skip


@pytest.mark.parametrize("head", [None, {}, {"repo": None}, {"repo": {"full_name": ["o/r"]}}])
def test_an_unknown_repository_may_be_a_fork(tmp_path: Path, head: object) -> None:
    """It may have been deleted; without a payload nothing is known at all."""
    value = {"pull_request": {"base": {"repo": {"full_name": "o/r"}}, "head": head}}
    env = {"GITHUB_ACTIONS": "true", "GITHUB_EVENT_NAME": "pull_request_target"}

    context = github.detect(env | {"GITHUB_EVENT_PATH": payload(tmp_path, value)})
    without = github.detect(env)

    assert context
    assert context.is_fork
    assert without
    assert without.is_fork


@pytest.mark.parametrize("forced", [True, False])
def test_a_push_to_github(tmp_path: Path, forced: bool) -> None:
    """The platform vouches for the commit before it unless the push was forced; a tag is no branch."""
    value = {"before": ID, "forced": forced, "created": False, "repository": {"default_branch": "main"}}
    env = {
        "GITHUB_ACTIONS": "true", "GITHUB_EVENT_NAME": "push", "GITHUB_EVENT_PATH": payload(tmp_path, value),
        "GITHUB_REF": "refs/heads/feature/x", "GITHUB_REF_TYPE": "branch",
    }  # fmt: skip

    context = github.detect(env)
    tagged = github.detect(env | {"GITHUB_REF": "refs/tags/v1", "GITHUB_REF_TYPE": "tag"})

    assert context
    assert (context.kind, context.base, context.base_is_ancestor, context.pushed_branch) == (
        "push",
        ID,
        not forced,
        "feature/x",
    )
    assert tagged
    assert tagged.pushed_branch == ""


def test_a_branch_that_was_deleted_has_no_commit_before_it(tmp_path: Path) -> None:
    """GitHub checks out the default branch then, and its last commit would be compared with that."""
    event = payload(tmp_path, {"before": ID, "after": "0" * 40, "deleted": True})

    context = github.detect(
        {"GITHUB_ACTIONS": "true", "GITHUB_EVENT_NAME": "push", "GITHUB_EVENT_PATH": event}
    )

    assert context
    assert (context.kind, context.base) == ("push", "")


def test_a_payload_is_only_read_from_a_regular_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not from a FIFO, a device or a folder, and not if it is missing or too large: the run goes on with a note."""
    monkeypatch.setattr(github, "MAX_PAYLOAD_BYTES", 100)
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "large").write_text('"' + "x" * 200 + '"')
    (tmp_path / "list").write_text("[1]")

    for name in ("fifo", "large", "list", "nope", ".", "/dev/zero", "nul\0"):
        context = github.detect(
            {
                "GITHUB_ACTIONS": "true",
                "GITHUB_EVENT_NAME": "push",
                "GITHUB_EVENT_PATH": str(tmp_path / name) if name[0] != "/" else name,
            }
        )
        assert context
        assert context.base == ""
        assert len(context.notes) == 1
        assert context.notes[0].startswith("nothing is known of the event")
