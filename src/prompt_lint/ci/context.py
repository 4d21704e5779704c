"""What a CI system says of a run: what has happened, and what it is to be compared with. All of it may be untrue."""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

_ID = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
# Less than git allows, but whatever people call branches: no controls, nothing that git gives a meaning.
_BRANCH = re.compile(r"(?![-/.])(?!.*(?:\.\.|@\{|//))[^\x00-\x20\x7f~^:?*\[\\]{1,250}")
_REPOSITORY = re.compile(r"[\w. -]{1,100}(?:/[\w. -]{1,100}){0,20}", re.ASCII)
_NUMBER = re.compile(r"[1-9][0-9]{0,17}")


class Context(NamedTuple):
    """A run in CI. What isn't known, or isn't what it should be, is empty.

    `event` is the platform's own word for what has happened, `kind` ours.
    `base` is the id of a commit to compare with: the target of a pull request or the commit before a push.
    It is `exact` where the platform vouches that HEAD is built on it, so that no history is needed to tell.
    `merge` is the id of a merge that the platform made of a pull request and its target, which is its first parent.
    `target` and `default` are branches, `branch` is the one that was pushed to.
    `summary` is the file that takes Markdown for people to read.
    `missing` are the variables that should say what a pull request is merged into, where none of them does.
    `deeper` says how the platform is told to fetch the whole history.
    """

    platform: Literal["github", "gitlab", "azure", "other"]
    event: str
    kind: Literal["pull_request", "merge_group", "push", "other"]
    base: str = ""
    base_is_ancestor: bool = False
    merge_commit: str = ""
    target_branch: str = ""
    pushed_branch: str = ""
    default_branch: str = ""
    pull_request: int = 0
    repository: str = ""
    is_fork: bool = False
    summary_file: str = ""
    fetch_hint: str = ""
    notes: tuple[str, ...] = ()
    missing_variables: tuple[str, ...] = ()


def parse_commit_id(value: object) -> str:
    """A full id of a commit; "" for anything else, and for the zeros that stand for none."""
    found = value if isinstance(value, str) and _ID.fullmatch(value) else ""
    return found if found.strip("0") else ""


def parse_branch(value: object) -> str:
    """A branch by its short name; "" for a tag and anything else."""
    if not isinstance(value, str):
        return ""
    name = value.removeprefix("refs/heads/")
    return name if _BRANCH.fullmatch(name) and not name.startswith("refs/") else ""


def parse_number(value: object) -> int:
    return int(text) if not isinstance(value, bool) and _NUMBER.fullmatch(text := str(value)[:20]) else 0


def parse_repository(value: object) -> str:
    if not isinstance(value, str) or not _REPOSITORY.fullmatch(value):
        return ""
    return "" if {".", ".."} & set(value.split("/")) else value


def parse_event_name(value: object) -> str:
    """The platform's name of an event."""
    return value if isinstance(value, str) and re.fullmatch(r"\w{1,50}", value, re.ASCII) else "unknown"
