"""Refuse to make a report where a pull request is at work: an Admin key can manage the whole organization."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prompt_lint.ci.systems import find_pull_request_sign
from prompt_lint.model.errors import Fatal

if TYPE_CHECKING:
    from collections.abc import Mapping

# Events of GitHub that anybody can cause, or that carry what a pull request made.
_EVENTS = ("pull_request", "issue", "discussion", "workflow_run", "fork", "watch", "merge_group", "check_")


def refuse_pull_request(env: Mapping[str, str]) -> None:
    """Raises `Fatal` where the environment says that the run is, or may be, for a pull request."""
    if evidence := _find_evidence(env):
        raise Fatal(
            f"a report doesn't run for a pull request ({evidence}): its Admin key can manage the whole organization",
            "run it on `schedule`, `workflow_dispatch` or a `push` to the default branch, with the key in an environment\n"
            "for pull requests, `prompt-lint check` needs no such key",
        )


def _find_evidence(env: Mapping[str, str]) -> str:
    """Return what says that a pull request is at work, in whichever CI; "" where nothing does."""
    ref, event = env.get("GITHUB_REF", ""), env.get("GITHUB_EVENT_NAME", "")
    if ref.startswith("refs/heads/gh-readonly-queue/"):  # whatever the event is called
        return f"GITHUB_REF is {ref[:60]}"
    if event.startswith(_EVENTS):
        return f"GITHUB_EVENT_NAME is {event[:40]}"
    variable = find_pull_request_sign(env)
    return f"{variable} is {env[variable][:60]}" if variable else ""
