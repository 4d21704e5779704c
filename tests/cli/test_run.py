"""What a run takes from the environment and the configuration, together."""

from __future__ import annotations

import pytest

from prompt_lint.cli.options import JudgingOptions
from prompt_lint.cli.run import make_settings
from prompt_lint.config.configuration import Config


@pytest.mark.parametrize(
    ("env", "on_unavailable", "fails"),
    [
        ({}, "", False),
        ({"CI": "true"}, "", True),
        ({"CI": "true"}, "offline", False),
        ({}, "fail", True),
    ],
)
def test_an_outage_fails_in_ci_unless_the_configuration_says_otherwise(
    env: dict[str, str], on_unavailable: str, fails: bool
) -> None:
    """What can't be asked for exactly is no reason to stop a commit, but it is one to stop a merge."""
    config = Config(on_unavailable=on_unavailable)

    assert make_settings(env, config, JudgingOptions()).outage_fails is fails
