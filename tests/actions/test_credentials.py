"""Which credential a check of the Action has, and what it says where there is none."""

from __future__ import annotations

import pytest

from prompt_lint.actions.credentials import take_credential
from prompt_lint.ci.context import Context
from prompt_lint.model.errors import Fatal

FORK = Context("github", "pull_request", "pull_request", is_fork=True)
OWN = Context("github", "pull_request", "pull_request")


@pytest.mark.parametrize(
    ("context", "env", "expected"),
    [
        (None, {}, True),
        (FORK, {}, False),
        (OWN, {}, True),
        (OWN, {"GITHUB_ACTOR": "dependabot[bot]"}, False),
        (FORK._replace(event="pull_request_target"), {}, True),
        (FORK, {"INPUT_ANTHROPIC_API_KEY": "k" * 20}, True),
    ],
)
def test_only_runs_without_secrets_lack_a_key(
    context: Context | None, env: dict[str, str], expected: bool
) -> None:
    """Those from whom GitHub keeps secrets, unless a key is there all the same."""
    assert take_credential(env, context) is expected


def test_an_exchange_without_a_token_says_which_permission_is_missing() -> None:
    """A job without `id-token: write`, in a repository of one's own."""
    with pytest.raises(Fatal) as caught:
        take_credential({"INPUT_ANTHROPIC_FEDERATION_RULE_ID": "fdrl_1"}, None)

    assert "id-token: write" in caught.value.hint
