"""What a run takes from the environment and the configuration, together."""

from __future__ import annotations

from typing import Any

import pytest

from prompt_lint.ci.context import Context
from prompt_lint.cli.options import JudgingOptions
from prompt_lint.cli.run import decide_on_raise, make_settings
from prompt_lint.config.configuration import Config

PULL_REQUEST = Context("github", "pull_request", "pull_request", labels=("Limits-OK", "bug"))
PUSH = Context("github", "push", "push")


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


@pytest.mark.parametrize(
    ("on_raise", "context", "decided"),
    [
        ("note", PULL_REQUEST, ("note", "")),
        ("fail", PULL_REQUEST, ("fail", "")),
        ("label:limits-ok", PULL_REQUEST, ("warn", "limits-ok")),
        ("label:other", PULL_REQUEST, ("fail", "other")),
        ("label:limits-ok", PULL_REQUEST._replace(labels=None), ("fail", "limits-ok")),
        ("label:limits-ok", PUSH, ("warn", "")),
        ("label:limits-ok", None, ("warn", "")),
    ],
)
def test_what_a_raised_limit_means(on_raise: str, context: Context | None, decided: Any) -> None:
    """A missing label fails, also where nobody says which there are; without a pull request there is nothing to label."""
    assert decide_on_raise(on_raise, context) == decided
