"""What a CI system says of a run, and that nothing of it is believed that can't be."""

from __future__ import annotations

import json
import os
import string
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prompt_lint import ci
from prompt_lint.ci import PLATFORMS, context, github
from prompt_lint.ci.context import Context

if TYPE_CHECKING:
    from pathlib import Path

ID, OTHER, ZERO = "a" * 40, "b" * 64, "0" * 40


def payload(path: Path, value: Any) -> str:
    file = path / "event.json"
    file.write_text(json.dumps(value), encoding="utf-8")
    return str(file)


def test_outside_of_ci_nothing_is_known() -> None:
    """Neither an empty environment nor `CI=true` alone is a platform."""
    assert ci.detect_context({}) is None
    assert (
        ci.detect_context({"CI": "true", "GITHUB_ACTIONS": "false", "GITLAB_CI": "", "TF_BUILD": "no"})
        is None
    )


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

    assert ci.detect_context(env) == Context(
        "github", "pull_request", "pull_request", base=ID, merge_commit=OTHER, target_branch="main", default_branch="trunk", pull_request=12,
        repository="o/r", is_fork=fork, summary_file="/runner/s", fetch_hint="give `actions/checkout` `with: {fetch-depth: 0}`",
    )  # fmt: skip


@pytest.mark.parametrize("head", [None, {}, {"repo": None}, {"repo": {"full_name": ["o/r"]}}])
def test_where_nobody_knows_it_may_be_a_fork(tmp_path: Path, head: object) -> None:
    """The repository of a pull request may have been deleted; without a payload nothing is known at all."""
    value = {"pull_request": {"base": {"repo": {"full_name": "o/r"}}, "head": head}}
    env = {"GITHUB_ACTIONS": "true", "GITHUB_EVENT_NAME": "pull_request_target"}

    found = ci.detect_context(env | {"GITHUB_EVENT_PATH": payload(tmp_path, value)})
    without = ci.detect_context(env)

    assert found
    assert found.is_fork
    assert without
    assert without.is_fork


@pytest.mark.parametrize("forced", [True, False])
def test_a_push_to_github(tmp_path: Path, forced: bool) -> None:
    """What was there before is vouched for unless the push was forced; a tag is no branch."""
    value = {"before": ID, "forced": forced, "created": False, "repository": {"default_branch": "main"}}
    env = {
        "GITHUB_ACTIONS": "true", "GITHUB_EVENT_NAME": "push", "GITHUB_EVENT_PATH": payload(tmp_path, value),
        "GITHUB_REF": "refs/heads/feature/x", "GITHUB_REF_TYPE": "branch",
    }  # fmt: skip

    found = ci.detect_context(env)
    tagged = ci.detect_context(env | {"GITHUB_REF": "refs/tags/v1", "GITHUB_REF_TYPE": "tag"})

    assert found
    assert (found.kind, found.base, found.base_is_ancestor, found.pushed_branch) == (
        "push",
        ID,
        not forced,
        "feature/x",
    )
    assert tagged
    assert tagged.pushed_branch == ""


def test_a_payload_is_only_read_from_a_file_of_a_size(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not from a FIFO, a device or a folder, not if it isn't there or too large: a note, and the run goes on."""
    monkeypatch.setattr(github, "MAX_PAYLOAD_BYTES", 100)
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "large").write_text('"' + "x" * 200 + '"')
    (tmp_path / "list").write_text("[1]")

    for name in ("fifo", "large", "list", "nope", ".", "/dev/zero", "nul\0"):
        found = ci.detect_context(
            {
                "GITHUB_ACTIONS": "true",
                "GITHUB_EVENT_NAME": "push",
                "GITHUB_EVENT_PATH": str(tmp_path / name) if name[0] != "/" else name,
            }
        )
        assert found
        assert found.base == ""
        assert len(found.notes) == 1
        assert found.notes[0].startswith("nothing is known of the event")


def test_a_merge_request_on_gitlab() -> None:
    """The target's own commit where there is one, else the merge base; forks by their paths."""
    env = {
        "GITLAB_CI": "true", "CI_PIPELINE_SOURCE": "merge_request_event", "CI_MERGE_REQUEST_IID": "3",
        "CI_MERGE_REQUEST_DIFF_BASE_SHA": ID, "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main",
        "CI_MERGE_REQUEST_PROJECT_PATH": "g/s/r", "CI_MERGE_REQUEST_SOURCE_PROJECT_PATH": "g/s/r",
        "CI_PROJECT_PATH": "g/s/r", "CI_DEFAULT_BRANCH": "main",
    }  # fmt: skip

    found = ci.detect_context(env)
    merged = ci.detect_context(env | {"CI_MERGE_REQUEST_TARGET_BRANCH_SHA": OTHER})
    fork = ci.detect_context(env | {"CI_MERGE_REQUEST_SOURCE_PROJECT_PATH": "stranger/r"})

    assert found == Context(
        "gitlab", "merge_request_event", "pull_request", base=ID, base_is_ancestor=True, target_branch="main", default_branch="main", pull_request=3,
        repository="g/s/r", fetch_hint='set `variables: {GIT_DEPTH: "0"}` in the job',
    )  # fmt: skip
    assert merged
    assert merged.base == OTHER
    assert fork
    assert fork.is_fork


def test_a_pull_request_elsewhere() -> None:
    """Its target is all that is taken. A push has no number, whatever else is said of it."""
    cirrus = {"CIRRUS_CI": "true", "CIRRUS_PR": "7", "CIRRUS_BASE_BRANCH": "release/2"}
    travis = {"TRAVIS_PULL_REQUEST": "false", "TRAVIS_BRANCH": "main"}

    assert ci.detect_context(cirrus) == Context(
        "other", "unknown", "pull_request", target_branch="release/2", pull_request=7, is_fork=True
    )
    assert ci.detect_context(travis) is None
    assert ci.detect_context(travis | {"TRAVIS_PULL_REQUEST": "3"}) is not None


@pytest.mark.parametrize("target", ["main", "refs/heads/main"])
def test_a_pull_request_on_azure(target: str) -> None:
    """The target is written either way; of a repository at GitHub the number is the one that people see."""
    env = {
        "TF_BUILD": "True", "BUILD_REASON": "PullRequest", "BUILD_SOURCEBRANCH": "refs/pull/9/merge",
        "BUILD_SOURCEVERSION": ID, "SYSTEM_PULLREQUEST_PULLREQUESTID": "123456789",
        "SYSTEM_PULLREQUEST_PULLREQUESTNUMBER": "9", "SYSTEM_PULLREQUEST_TARGETBRANCH": target,
        "SYSTEM_PULLREQUEST_ISFORK": "False", "BUILD_REPOSITORY_NAME": "o/r",
    }  # fmt: skip

    assert ci.detect_context(env) == Context(
        "azure", "PullRequest", "pull_request", merge_commit=ID, target_branch="main", pull_request=9, repository="o/r",
        fetch_hint="give the step `checkout: self` `fetchDepth: 0`",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("check", "good", "bad"),
    [
        (context.parse_commit_id, [ID, OTHER], [ZERO, "0" * 64, ID[:39], ID + "\n", ID.upper(), "--help", None, 7, [ID]]),
        (
            context.parse_branch,
            ["main", "feature/a-b_c.d", "été", "x;y", "refs/heads/main"],
            ["", "-x", "--output=x", "a..b", "a b", "a\n", "a~1", "a^", "a:b", "a*", "@{-1}", "a@{1}", "/a", "a//b",
             "refs/tags/v1", "a\\b", "a[b", "x" * 251, None, 7, "a\x7f", ".a"],
        ),
        (context.parse_number, [1, "1", 999, "123456"], [0, "0", -1, "-1", "1x", "1\n", True, None, 1.5, "٣", "9" * 19, [1]]),
        (context.parse_repository, ["o/r", "g/s/s/r", "My Repo"], ["", "o/r\n", "a`b", "a|b", "o//r", "x" * 101, None, 7]),
    ],
)  # fmt: skip
def test_what_is_not_of_its_kind_is_nothing(check: Any, good: list[Any], bad: list[Any]) -> None:
    """Ids, branches, numbers and repositories are what they should be, to the last character, or empty."""
    assert all(check(value) for value in good)
    assert [value for value in bad if check(value)] == []


VARIABLES = [
    "GITHUB_ACTIONS", "GITHUB_EVENT_NAME", "GITHUB_BASE_REF", "GITHUB_REF", "GITHUB_SHA", "GITHUB_REPOSITORY",
    "GITLAB_CI", "CI_PIPELINE_SOURCE", "CI_MERGE_REQUEST_IID", "CI_MERGE_REQUEST_DIFF_BASE_SHA", "CI_COMMIT_BEFORE_SHA",
    "CI_MERGE_REQUEST_TARGET_BRANCH_SHA", "CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "CI_DEFAULT_BRANCH", "TF_BUILD",
    "BUILD_REASON", "BUILD_SOURCEBRANCH", "BUILD_SOURCEVERSION", "SYSTEM_PULLREQUEST_TARGETBRANCH",
    "SYSTEM_PULLREQUEST_PULLREQUESTID", "CHANGE_ID", "CHANGE_TARGET", "TRAVIS_PULL_REQUEST", "TRAVIS_BRANCH",
]  # fmt: skip
VALUES = st.one_of(
    st.sampled_from(
        ["true", "True", "push", "pull_request", "merge_request_event", "refs/pull/1/merge", ID, ZERO, "1"]
    ),
    st.text(max_size=50),
)


@given(st.dictionaries(st.sampled_from(VARIABLES), VALUES))
def test_no_environment_gets_past_the_checks(env: dict[str, str]) -> None:
    """Whatever the variables hold: a context of clean values, or none."""
    found = ci.detect_context(env)

    if found:
        assert all(not one or set(one) <= set(string.hexdigits) for one in (found.base, found.merge_commit))
        for name in (found.target_branch, found.pushed_branch, found.default_branch):
            assert not name.startswith("-")
            assert not set(name) & set(" \t\n\x00~^:?*[\\")
        assert found.event.isidentifier() or found.event.isalnum()


def test_each_platform_says_how_to_fetch_more() -> None:
    """Where a base is missing, the reader is told what to write into the job; of the others nobody knows."""
    signs = {
        "github": {"GITHUB_ACTIONS": "true"},
        "gitlab": {"GITLAB_CI": "true"},
        "azure": {"TF_BUILD": "True"},
    }

    assert signs.keys() == PLATFORMS.keys() - {"others"}
    for name, sign in signs.items():
        found = ci.detect_context(sign)
        assert found
        assert found.platform == name
        assert "`" in found.fetch_hint
