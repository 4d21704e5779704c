"""What GitLab CI says of a run."""

from __future__ import annotations

from prompt_lint.ci import gitlab
from prompt_lint.ci.context import Context

ID, OTHER = "a" * 40, "b" * 64


def test_a_merge_request_on_gitlab() -> None:
    """The target's own commit where there is one, else the merge base; forks by their paths."""
    env = {
        "GITLAB_CI": "true", "CI_PIPELINE_SOURCE": "merge_request_event", "CI_MERGE_REQUEST_IID": "3",
        "CI_MERGE_REQUEST_DIFF_BASE_SHA": ID, "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main",
        "CI_MERGE_REQUEST_PROJECT_PATH": "g/s/r", "CI_MERGE_REQUEST_SOURCE_PROJECT_PATH": "g/s/r",
        "CI_PROJECT_PATH": "g/s/r", "CI_DEFAULT_BRANCH": "main",
    }  # fmt: skip

    context = gitlab.detect(env)
    merged = gitlab.detect(env | {"CI_MERGE_REQUEST_TARGET_BRANCH_SHA": OTHER})
    fork = gitlab.detect(env | {"CI_MERGE_REQUEST_SOURCE_PROJECT_PATH": "stranger/r"})

    assert context == Context(
        "gitlab", "merge_request_event", "pull_request", base=ID, base_is_ancestor=True, target_branch="main", default_branch="main", pull_request=3, labels=(),
        repository="g/s/r", fetch_hint='set `variables: {GIT_DEPTH: "0"}` in the job',
    )  # fmt: skip
    assert merged
    assert merged.base == OTHER
    assert fork
    assert fork.is_fork
