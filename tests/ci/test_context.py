"""Nothing that a CI system says of a run is believed unless it is well formed."""

from __future__ import annotations

import string
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prompt_lint import ci
from prompt_lint.ci import PLATFORMS
from prompt_lint.ci.context import parse_branch, parse_commit_id, parse_number, parse_repository, parse_start
from prompt_lint.ci.systems import SYSTEMS

ID, OTHER, ZERO = "a" * 40, "b" * 64, "0" * 40


def test_outside_of_ci_there_is_no_context() -> None:
    """Also where variables say that this is none."""
    assert ci.detect_context({}) is None
    assert (
        ci.detect_context({"CI": "false", "GITHUB_ACTIONS": "false", "GITLAB_CI": "", "BUILDKITE": "0"})
        is None
    )


@pytest.mark.parametrize(
    ("check", "good", "bad"),
    [
        (parse_commit_id, [ID, OTHER], [ZERO, "0" * 64, ID[:39], ID + "\n", ID.upper(), "--help", None, 7, [ID]]),
        (
            parse_branch,
            ["main", "feature/a-b_c.d", "été", "x;y", "refs/heads/main"],
            ["", "-x", "--output=x", "a..b", "a b", "a\n", "a~1", "a^", "a:b", "a*", "@{-1}", "a@{1}", "/a", "a//b",
             "refs/tags/v1", "a\\b", "a[b", "x" * 251, None, 7, "a\x7f", ".a"],
        ),
        (
            parse_start, [ID, ID[:12], f"{ID}...{OTHER}", f"{ID[:12]}..{ID[:12]}"],
            [ZERO, f"{ZERO}...{ID}", ID[:9], f"{ID}...", f"...{ID}", f"{ID}....{ID}", f"{ID}...{ID}\n", "main...topic", None],
        ),
        (parse_number, [1, "1", 999, "123456"], [0, "0", -1, "-1", "1x", "1\n", True, None, 1.5, "٣", "9" * 19, [1]]),
        (parse_repository, ["o/r", "g/s/s/r", "My Repo"], ["", "o/r\n", "a`b", "a|b", "o//r", "x" * 101, None, 7]),
    ],
)  # fmt: skip
def test_only_well_formed_values_are_parsed(check: Any, good: list[Any], bad: list[Any]) -> None:
    """Ids, branches, numbers and repositories, to the last character; else the value is empty."""
    assert all(check(value) for value in good)
    assert [value for value in bad if check(value)] == []


VARIABLES = sorted(
    {
        variable
        for system in SYSTEMS
        for variable in (
            system.sign, *system.pull_request, *system.target, *system.branch, system.default_branch, system.before,
            system.event,
        )
        if variable
    }
    | {
        "GITHUB_SHA", "GITHUB_REPOSITORY", "CI_MERGE_REQUEST_DIFF_BASE_SHA", "CI_MERGE_REQUEST_TARGET_BRANCH_SHA",
        "BUILD_SOURCEVERSION",
    }
)  # fmt: skip
VALUES = st.one_of(
    st.sampled_from(
        [
            "true",
            "True",
            "push",
            "pull_request",
            "merge_request_event",
            "refs/pull/1/merge",
            ID,
            ZERO,
            "1",
            "pr/12",
            f"{ID}...{ID}",
        ]
    ),
    st.text(max_size=50),
)


@given(st.dictionaries(st.sampled_from(VARIABLES), VALUES))
def test_any_environment_gives_well_formed_values(env: dict[str, str]) -> None:
    """Or no context at all."""
    context = ci.detect_context(env)

    if context:
        assert all(
            not commit or set(commit) <= set(string.hexdigits)
            for commit in (context.base, context.merge_commit)
        )
        for name in (context.target_branch, context.pushed_branch, context.default_branch):
            assert not name.startswith("-")
            assert not set(name) & set(" \t\n\x00~^:?*[\\")
        assert set(context.event) <= {*string.ascii_letters, *string.digits, "_", "-"}


def test_each_platform_says_how_to_fetch_more() -> None:
    """Where a base is missing, the reader learns what to write into the job."""
    signs = {
        "github": {"GITHUB_ACTIONS": "true"},
        "gitlab": {"GITLAB_CI": "true"},
        "azure": {"TF_BUILD": "True"},
    }

    assert signs.keys() == PLATFORMS.keys() - {"systems"}
    for name, sign in signs.items():
        context = ci.detect_context(sign)
        assert context
        assert context.platform == name
        assert "`" in context.fetch_hint
