"""What Azure Pipelines says of a run."""

from __future__ import annotations

import pytest
from tests.support import log_commands

from prompt_lint.ci import azure
from prompt_lint.ci.context import Context
from prompt_lint.ci.logging_commands import format_issue, has_agent

ID = "a" * 40


@pytest.mark.parametrize("target", ["main", "refs/heads/main"])
def test_a_pull_request_on_azure(target: str) -> None:
    """The target has one of two spellings; of a repository at GitHub the number is the one that people see."""
    env = {
        "TF_BUILD": "True", "BUILD_REASON": "PullRequest", "BUILD_SOURCEBRANCH": "refs/pull/9/merge",
        "BUILD_SOURCEVERSION": ID, "SYSTEM_PULLREQUEST_PULLREQUESTID": "123456789",
        "SYSTEM_PULLREQUEST_PULLREQUESTNUMBER": "9", "SYSTEM_PULLREQUEST_TARGETBRANCH": target,
        "SYSTEM_PULLREQUEST_ISFORK": "False", "BUILD_REPOSITORY_NAME": "o/r",
    }  # fmt: skip

    assert azure.detect(env) == Context(
        "azure", "PullRequest", "pull_request", merge_commit=ID, target_branch="main", pull_request=9, repository="o/r",
        fetch_hint="give the step `checkout: self` `fetchDepth: 0`",
    )  # fmt: skip


def test_an_issue_is_read_as_it_was_meant() -> None:
    """No character of the message or a property ends it."""
    text = "a]b;c=d\r\n##vso[e]%0A%AZP25"

    [command] = log_commands.azure(format_issue("error", text, code=text))

    assert (command.name, command.data) == ("task.logissue", text)
    assert command.properties == {"type": "error", "code": text}


def test_a_long_message_is_cut() -> None:
    """Azure would cut it at the same place, without a sign."""
    whole, cut = (format_issue("error", "x" * length).partition("]")[2] for length in (4_096, 4_097))

    assert (whole, cut) == ("x" * 4_096, f"{'x' * 4_095}…")


@pytest.mark.parametrize(
    ("value", "expected"), [("True", True), ("true", True), ("False", False), ("", False)]
)
def test_azures_agent_is_known_by_its_variable(value: str, expected: bool) -> None:
    """In whatever case."""
    assert has_agent({"TF_BUILD": value}) is expected
