"""What a run compares with in CI: never HEAD with itself, and never without saying so. Real clones, each system's environment."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from tests.support.repo import Repo

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from tests.support.program import Done

CONFIG = "models: [claude-sonnet-5-5]\nprompts: [{files: prompts/**, limit: 100}]\n"
LARGE, SMALL = "word " * 300, "Be kind.\n"


class Upstream:
    """The repository that `repo` is a clone of: `main` was pushed with a prompt over its limit; `before` is the push before."""

    def __init__(self, path: Path, repo: Repo) -> None:
        self.upstream, self.clone = Repo(path / "upstream"), repo
        self.upstream.write(".prompt-lint.yaml", CONFIG)
        self.upstream.write("prompts/old.md", LARGE)
        self.before = self.upstream.commit("before")
        self.upstream.write("prompts/new.md", LARGE)
        self.pushed = self.upstream.commit("pushed")
        repo.git("remote", "add", "origin", f"file://{self.upstream.path}")

    def check_out(self, ref: str = "origin/main", *options: str) -> None:
        self.clone.git("fetch", "--quiet", *options, "origin", "+refs/heads/*:refs/remotes/origin/*")
        self.clone.git("checkout", "--quiet", "--detach", ref)


@pytest.fixture
def upstream(tmp_path: Path, repo: Repo) -> Upstream:
    return Upstream(tmp_path, repo)


def failing(done: Done) -> set[str]:
    return {
        verdict["path"]
        for verdict in done.report["verdicts"]
        if verdict["status"] == "over" and not verdict["inherited"]
    }


@pytest.fixture
def check(lint: Callable[..., Done], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Done]:
    """Run `check` in an environment: `check({"CI": "true"}, "--base", "auto")`."""

    def run(env: Mapping[str, str], *arguments: str) -> Done:
        for name, value in env.items():
            monkeypatch.setenv(name, value)
        return lint("check", "--offline", "--output-format", "json", *(arguments or ("--base", "auto")))

    return run


PUSHES: list[dict[str, str]] = [
    {"CI": "true"},
    {"CI": "true", "CIRCLECI": "true", "CIRCLE_BRANCH": "main"},
    {"BUILDKITE": "true", "BUILDKITE_BRANCH": "main", "BUILDKITE_PULL_REQUEST": "false"},
    {"JENKINS_URL": "http://j", "BRANCH_NAME": "main"},
    {"TRAVIS": "true", "TRAVIS_BRANCH": "main", "TRAVIS_EVENT_TYPE": "push", "TRAVIS_PULL_REQUEST": "false"},
    {"DRONE": "true", "DRONE_BRANCH": "main", "DRONE_BUILD_EVENT": "push", "DRONE_REPO_BRANCH": "main",
     "DRONE_COMMIT_BEFORE": "0" * 40},
    {"BITBUCKET_BUILD_NUMBER": "1", "BITBUCKET_BRANCH": "main"},
    {"APPVEYOR": "True", "APPVEYOR_REPO_BRANCH": "main"},
    {"TF_BUILD": "True", "BUILD_REASON": "IndividualCI", "BUILD_SOURCEBRANCH": "refs/heads/main"},
    {"TEAMCITY_VERSION": "2026.1"},
]  # fmt: skip


@pytest.mark.parametrize("options", [(), ("--depth=1",)], ids=["whole", "shallow"])
def test_a_push_to_the_default_branch_is_never_compared_with_itself(
    upstream: Upstream, check: Callable[..., Done], monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...]
) -> None:
    """Where nobody names the commit before it, everything is judged, and a note says why; also in a CI that isn't known."""
    upstream.check_out("origin/main", *options)

    for env in PUSHES:
        done = check(env)
        for name in env:
            monkeypatch.delenv(name)

        assert done.code == 1, env
        assert failing(done) == {"prompts/old.md", "prompts/new.md"}, env
        assert done.report["against"] is None, env
        warnings = [warning["message"] for warning in done.report["warnings"]]
        [note] = [note for note in (*done.report["notes"], *warnings) if "no base found" in note]
        assert "everything is checked" in note


@pytest.mark.parametrize("shallow", [False, True])
def test_a_push_is_compared_with_the_commit_before_it_where_ci_names_that(
    upstream: Upstream, check: Callable[..., Done], monkeypatch: pytest.MonkeyPatch, shallow: bool
) -> None:
    """Then what was over before isn't this push's; Travis CI names the commit by a part of its id."""
    upstream.check_out("origin/main", *(["--depth=2"] if shallow else []))
    before = upstream.before
    runs = [
        {"TRAVIS": "true", "TRAVIS_BRANCH": "main", "TRAVIS_EVENT_TYPE": "push",
         "TRAVIS_COMMIT_RANGE": f"{before[:12]}...{upstream.pushed[:12]}"},
        {"DRONE": "true", "DRONE_BUILD_EVENT": "push", "DRONE_COMMIT_BEFORE": before, "DRONE_BRANCH": "main"},
        {"SEMAPHORE": "true", "SEMAPHORE_GIT_REF_TYPE": "branch", "SEMAPHORE_GIT_BRANCH": "main",
         "SEMAPHORE_GIT_COMMIT_RANGE": f"{before}...{upstream.pushed}"},
        {"CODEBUILD_BUILD_ID": "x", "CODEBUILD_WEBHOOK_EVENT": "PUSH", "CODEBUILD_WEBHOOK_PREV_COMMIT": before,
         "CODEBUILD_WEBHOOK_TRIGGER": "branch/main", "CODEBUILD_WEBHOOK_HEAD_REF": "refs/heads/main"},
    ]  # fmt: skip
    for env in runs:
        done = check(env)
        for name in env:
            monkeypatch.delenv(name)

        assert failing(done) == {"prompts/new.md"}
        assert done.report["against"]["commit"] == before
        assert (
            done.report["against"]["how"] == f"{done.report['against']['name']}, the commit before this push"
        )


def test_a_branch_is_compared_with_the_default_branch_that_ci_names(
    upstream: Upstream, check: Callable[..., Done]
) -> None:
    """Whatever it is called: of `production` nothing in the clone says that it is the default."""
    upstream.upstream.git("branch", "--move", "main", "production")
    upstream.upstream.git("branch", "develop", upstream.before)
    upstream.upstream.git("checkout", "--quiet", "-b", "topic")
    upstream.upstream.write("prompts/topic.md", LARGE)
    upstream.upstream.commit("topic")
    upstream.check_out("origin/topic")

    env = {
        "BUILDKITE": "true",
        "BUILDKITE_BRANCH": "topic",
        "BUILDKITE_PIPELINE_DEFAULT_BRANCH": "production",
    }
    done = check(env)

    assert done.report["against"]["commit"] == upstream.pushed
    assert failing(done) == {"prompts/topic.md"}


def test_a_pull_request_without_a_variable_for_its_target_is_compared_with_the_default_branch(
    upstream: Upstream, check: Callable[..., Done]
) -> None:
    """CircleCI has none."""
    upstream.upstream.git("checkout", "--quiet", "-b", "topic")
    upstream.upstream.write("prompts/topic.md", LARGE)
    upstream.upstream.commit("topic")
    upstream.check_out("origin/topic")

    done = check({"CIRCLECI": "true", "CIRCLE_PULL_REQUEST": "https://github.com/o/r/pull/7"})

    assert done.report["against"]["commit"] == upstream.pushed
    assert failing(done) == {"prompts/topic.md"}


@pytest.mark.parametrize("base", ["auto", "origin/main"])
def test_a_pull_request_of_which_nothing_is_checked_out_is_an_error(
    upstream: Upstream, check: Callable[..., Done], tmp_path: Path, base: str
) -> None:
    """`pull_request_target` checks out the target: that nothing has changed there says nothing."""
    upstream.check_out()
    event = tmp_path / "event.json"
    target = {"sha": upstream.pushed, "ref": "main"}
    event.write_text(json.dumps({"pull_request": {"number": 7, "base": target}}))
    env = {
        "GITHUB_ACTIONS": "true", "GITHUB_EVENT_NAME": "pull_request_target", "GITHUB_EVENT_PATH": str(event),
        "GITHUB_BASE_REF": "main", "GITHUB_REF": "refs/heads/main", "GITHUB_SHA": upstream.pushed,
    }  # fmt: skip

    done = check(env, "--base", base)

    assert done.code == 2
    assert "is already in origin/main, so the pull request wouldn't be checked" in done.err
    assert "run on `pull_request`" in done.err
    assert "refs/pull/7/merge" in done.err


def test_a_named_branch_that_is_head_itself_is_no_base_in_ci(
    upstream: Upstream, check: Callable[..., Done]
) -> None:
    """A job for all events names `origin/main`, which after a push is HEAD. Who says HEAD, means HEAD."""
    upstream.check_out()

    named = check({"CI": "true"}, "--base", "origin/main")
    head = check({"CI": "true"}, "--base", "HEAD")
    commit = check({"CI": "true"}, "--base", upstream.pushed)

    assert named.code == 1
    assert any("origin/main is HEAD itself" in note for note in named.report["notes"])
    assert [head.code, commit.code] == [0, 0]


def test_somebody_at_work_compares_what_is_not_committed_with_head(
    upstream: Upstream, check: Callable[..., Done]
) -> None:
    """On the default branch, with everything pushed; the report says that this is HEAD. A detached HEAD is no such place."""
    upstream.check_out()
    detached = check({})
    upstream.clone.git("checkout", "--quiet", "-B", "main", "origin/main")
    upstream.clone.write("prompts/mine.md", LARGE)

    attached = check({})

    assert detached.report["against"] is None
    assert attached.report["against"]["how"] == "origin/main, which is HEAD itself"
    assert failing(attached) == {"prompts/mine.md"}


def test_the_configuration_of_a_base_that_is_head_can_be_trusted(
    upstream: Upstream, check: Callable[..., Done]
) -> None:
    """What has been merged already is trusted, though there is nothing to compare with."""
    upstream.check_out()

    done = check({"CI": "true"}, "--base", "auto", "--policy-from", "origin/main")

    assert done.code == 1
    assert failing(done) == {"prompts/old.md", "prompts/new.md"}
