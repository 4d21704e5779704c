"""What a CI system says of a run: what has happened, and which commit it changes. All of it may be untrue."""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

from prompt_lint.model.rules import MAX_LABEL
from prompt_lint.model.values import COMMIT_ID

# Less than git allows, but whatever people call branches: no controls, nothing that git gives a meaning.
_BRANCH = r"(?![-/.])(?!.*(?:\.\.|@\{|//))[^\x00-\x20\x7f~^:?*\[\\]{1,250}"
_REPOSITORY = r"[\w. -]{1,100}(?:/[\w. -]{1,100}){0,20}"
_NUMBER = r"[1-9][0-9]{0,17}"
_EVENT = r"[\w-]{1,50}"
# A commit, or a range that begins with it; Travis CI shortens both.
_START = r"([0-9a-f]{10,64})(?:\.{2,3}[0-9a-f]{10,64})?"

# GitHub allows 100 of them.
_MOST_LABELS = 1_000


class Context(NamedTuple):
    """A run in CI. What isn't known, or isn't well formed, is empty.

    `event` is the platform's own name of what has happened, `kind` is ours: `unknown` where the platform doesn't say, or somebody
    has started the run by hand, so that its change is what the branch has; `other` for what changes nothing, such as a schedule.
    `base` is the id of a commit to compare with: the target of a pull request, or the commit before a push (its id may be
    shortened).
    With `base_is_ancestor` the platform vouches that HEAD is built on it, so that no history is needed to know.
    With `is_in_fork` the clone is the fork's, whose branches aren't those of the target.
    `merge_commit` is the id of a merge that the platform made of a pull request and its target, which is its first parent.
    `pull_request` is its number. It `is_fork` unless the platform says that it is none.
    `labels` are those that it had when the run was started, None where the platform doesn't say.
    `fetch_hint` says how to make the platform fetch the whole history.
    `missing_variables` should say what a pull request is merged into, where none of them does; they are empty, too, where
    the platform has no such variable.
    """

    platform: Literal["github", "gitlab", "azure", "other"]
    event: str
    kind: Literal["pull_request", "merge_group", "push", "other", "unknown"]
    base: str = ""
    base_is_ancestor: bool = False
    merge_commit: str = ""
    target_branch: str = ""
    pushed_branch: str = ""
    default_branch: str = ""
    pull_request: int = 0
    repository: str = ""
    is_fork: bool = False
    is_in_fork: bool = False
    fetch_hint: str = ""
    notes: tuple[str, ...] = ()
    missing_variables: tuple[str, ...] = ()
    labels: tuple[str, ...] | None = None

    def has_label(self, label: str) -> bool:
        """Return whether the pull request has a label. GitHub takes upper and lower case for the same."""
        return label.casefold() in {name.casefold() for name in self.labels or ()}


def is_merge_ref(ref: str) -> bool:
    """Return whether a ref is of the merge that a platform makes of a pull request and its target."""
    return re.fullmatch(r"refs/pull/[0-9]{1,18}/merge", ref) is not None


def parse_commit_id(value: object) -> str:
    """Return a full id of a commit; "" for anything else, and for the zeros that mean none."""
    commit_id = value if isinstance(value, str) and re.fullmatch(COMMIT_ID, value) else ""
    return commit_id if commit_id.strip("0") else ""


def parse_start(value: object) -> str:
    """Return the id of a commit, or of the first one of a range, as it is written; "" for anything else and for zeros."""
    match = re.fullmatch(_START, value) if isinstance(value, str) else None
    return match[1] if match and match[1].strip("0") else ""


def parse_branch(value: object) -> str:
    """Return the short name of a branch; "" for a tag and anything else."""
    if not isinstance(value, str):
        return ""
    branch = value.removeprefix("refs/heads/")
    return branch if re.fullmatch(_BRANCH, branch) and not branch.startswith("refs/") else ""


def parse_number(value: object) -> int:
    """Return a number from 1 on; 0 for anything else."""
    return int(text) if not isinstance(value, bool) and re.fullmatch(_NUMBER, text := str(value)[:20]) else 0


def parse_repository(value: object) -> str:
    """Return the path of a repository, `owner/name` at GitHub; "" for anything else."""
    if not isinstance(value, str) or not re.fullmatch(_REPOSITORY, value, re.ASCII):
        return ""
    return "" if {".", ".."} & set(value.split("/")) else value


def parse_labels(values: object) -> tuple[str, ...]:
    """Return the names of labels, without those that can't be one."""
    names = values[:_MOST_LABELS] if isinstance(values, list) else ()
    return tuple(name for name in names if isinstance(name, str) and 0 < len(name) <= MAX_LABEL)


def parse_event(value: object) -> str:
    """Return the platform's name of an event, `unknown` for anything that is no name."""
    return value if isinstance(value, str) and re.fullmatch(_EVENT, value, re.ASCII) else "unknown"
