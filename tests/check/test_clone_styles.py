"""Pull requests as CI systems clone them: with its own variables, each judges what the change made worse, and nothing else."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

import pytest
from tests.support.paths import ROOT
from tests.support.repo import Repo

from prompt_lint.ci.systems import SYSTEMS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.program import Done

CONFIG = "models: [claude-sonnet-5-5]\nprompts: [{files: prompts/**, limit: 100}]\n"
LARGE = "word " * 300
HEADS, HEAD, MERGE = "+refs/heads/*:refs/remotes/origin/*", "refs/pull/7/head", "refs/pull/7/merge"


class Style(NamedTuple):
    """How a system gets a pull request: the references that it fetches, and what it checks out; `{topic}` and `{merge}` are ids.

    `shallow` are those that it fetches where only the last commits are asked for.
    """

    env: dict[str, str]
    whole: tuple[str, ...]
    shallow: tuple[str, ...]
    checkout: str


STYLES = {
    "GitHub Actions": Style(
        {"GITHUB_ACTIONS": "true", "GITHUB_EVENT_NAME": "pull_request", "GITHUB_BASE_REF": "main", "GITHUB_HEAD_REF": "topic",
         "GITHUB_REF": MERGE, "GITHUB_SHA": "{merge}"},
        (HEADS, f"+{MERGE}:refs/remotes/pull/7/merge"), (f"+{MERGE}:refs/remotes/pull/7/merge",), "--detach {merge}"),
    "GitLab": Style(
        {"GITLAB_CI": "true", "CI_PIPELINE_SOURCE": "merge_request_event", "CI_MERGE_REQUEST_IID": "7",
         "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main", "CI_DEFAULT_BRANCH": "main",
         # Of an earlier pipeline: main has been merged into the branch since.
         "CI_MERGE_REQUEST_DIFF_BASE_SHA": "{before}"},
        (HEADS, f"+{HEAD}:refs/pipelines/1"), (f"+{HEAD}:refs/pipelines/1",), "--detach {topic}"),
    "Azure Pipelines": Style(
        {"TF_BUILD": "True", "BUILD_REASON": "PullRequest", "SYSTEM_PULLREQUEST_PULLREQUESTID": "7",
         "SYSTEM_PULLREQUEST_TARGETBRANCH": "refs/heads/main", "BUILD_SOURCEBRANCH": MERGE, "BUILD_SOURCEVERSION": "{merge}"},
        (HEADS, f"+{MERGE}:refs/remotes/pull/7/merge"), (f"+{MERGE}:refs/remotes/pull/7/merge",), "--detach {merge}"),
    "Buildkite": Style(
        {"BUILDKITE": "true", "BUILDKITE_BRANCH": "topic", "BUILDKITE_PULL_REQUEST": "7",
         "BUILDKITE_PULL_REQUEST_BASE_BRANCH": "main", "BUILDKITE_PIPELINE_DEFAULT_BRANCH": "main"},
        (HEADS, HEAD), (HEAD,), "--force --detach {topic}"),
    "CircleCI": Style(
        {"CIRCLECI": "true", "CIRCLE_BRANCH": "topic", "CIRCLE_PULL_REQUEST": "https://github.com/o/r/pull/7"},
        (HEADS,), ("+refs/heads/topic:refs/remotes/origin/topic",), "-B topic {topic}"),
    "Jenkins": Style(
        {"JENKINS_URL": "http://j", "BRANCH_NAME": "PR-7", "CHANGE_ID": "7", "CHANGE_TARGET": "main"},
        (f"+{HEAD}:refs/remotes/origin/PR-7", "+refs/heads/main:refs/remotes/origin/main"),
        (f"+{HEAD}:refs/remotes/origin/PR-7", "+refs/heads/main:refs/remotes/origin/main"), "--force {topic}"),
    "Bitbucket Pipelines": Style(
        {"BITBUCKET_BUILD_NUMBER": "3", "BITBUCKET_BRANCH": "topic", "BITBUCKET_PR_ID": "7",
         "BITBUCKET_PR_DESTINATION_BRANCH": "main"},
        (HEADS,), ("+refs/heads/topic:refs/remotes/origin/topic",), "-B topic {topic}"),
}  # fmt: skip


# The page that has a job for it, and the heading above that.
PAGES = {
    "GitLab": ("gitlab.md", "# GitLab"), "Azure Pipelines": ("azure.md", "# Azure"), "Buildkite": ("buildkite.md", "# Build"),
    "CircleCI": ("ci.md", "## CircleCI"), "Jenkins": ("ci.md", "## Jenkins"),
    "Bitbucket Pipelines": ("ci.md", "## Bitbucket"),
}  # fmt: skip


def read_command(name: str) -> list[str]:
    """Return the arguments of the documented job, with its files in the working directory."""
    if name not in PAGES:
        return ["check", "--base", "auto"]
    page, heading = PAGES[name]
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    match = re.search(r"prompt-lint\"? (check --base auto[^\n'|]*)", text[text.index(heading) :])
    assert match
    return re.sub(r"=(?:\$\(Agent.TempDirectory\)|reports|test-results)/", "=", match[1]).split()


@pytest.fixture
def ids(tmp_path: Path, repo: Repo) -> dict[str, str]:
    """Commits of a server with a pull request: `main` has grown after the branch was made, and was merged into it."""
    server = Repo(tmp_path / "server")
    server.write(".prompt-lint.yaml", CONFIG)
    server.write("prompts/old.md", LARGE)
    before = server.commit("before")
    server.git("checkout", "--quiet", "-b", "topic")
    server.write("prompts/topic.md", LARGE)
    server.commit("topic")
    server.git("checkout", "--quiet", "main")
    server.write("prompts/merged.md", LARGE)
    server.commit("another change")
    server.git("checkout", "--quiet", "topic")
    server.git("merge", "--quiet", "--no-ff", "-m", "main into topic", "main")
    topic = server.git("rev-parse", "HEAD")
    server.git("checkout", "--quiet", "--detach", "main")
    server.git("merge", "--quiet", "--no-ff", "-m", "merge", "topic")
    merge = server.git("rev-parse", "HEAD")
    for ref, commit in ((HEAD, topic), (MERGE, merge)):
        server.git("update-ref", ref, commit)
    repo.git("remote", "add", "origin", f"file://{server.path}")
    return {"before": before, "topic": topic, "merge": merge, "main": server.git("rev-parse", "main")}


@pytest.mark.parametrize("name", STYLES)
def test_a_pull_request_as_each_system_clones_it(
    name: str, repo: Repo, ids: dict[str, str], lint: Callable[..., Done], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the whole history only the change's own prompt fails; with one commit, the first warning has the line to add."""
    style = STYLES[name]
    for variable, value in style.env.items():
        monkeypatch.setenv(variable, value.format(**ids))
    checkout = ["checkout", "--quiet", *style.checkout.format(**ids).split()]

    repo.git("fetch", "--quiet", "--depth=1", "origin", *style.shallow)
    repo.git(*checkout)
    shallow = lint(*read_command(name), "--offline", "--output-format", "json")
    repo.git("fetch", "--quiet", "--unshallow", "origin", *style.whole)
    repo.git(*checkout)
    whole = lint(*read_command(name), "--offline", "--output-format", "json")

    [hint] = [system.fetch_hint for system in SYSTEMS if system.name == name]
    assert shallow.report["against"] is None
    assert hint in shallow.report["warnings"][0]["message"]
    assert shallow.report["warnings"][0]["kind"] == "no-base"
    failing = {v["path"] for v in whole.report["verdicts"] if v["status"] == "over" and not v["inherited"]}
    assert whole.report["against"]["commit"] == ids["main"]
    assert failing == {"prompts/topic.md"}
