"""A clone as the search for the base sees it: what it lacks, and how to fetch that."""

from __future__ import annotations

import re
import shlex
from typing import NamedTuple

from prompt_lint.model.values import COMMIT_ID

HINT_KNOWN = "name a branch, a tag or a commit that `git log` knows"


class Clone(NamedTuple):
    """A clone: its top folder, the id of HEAD, and the remote that it comes from, "" for none.

    `fetch_hint` says how to make CI fetch the whole history, "" outside of CI.
    """

    top: str
    head: str
    remote: str
    is_shallow: bool
    fetch_hint: str


class Candidate(NamedTuple):
    """A revision that may have the base, and its name in messages.

    With `is_ancestor` CI or the user says that HEAD is built on it. A branch of the remote is called `branch` there.
    """

    rev: str
    name: str
    is_ancestor: bool = False
    branch: str = ""


def hint_fetch(clone: Clone, candidate: Candidate) -> str:
    """Return how to fetch what a candidate needs: what to change in CI, and the command to run."""
    remote, branch = clone.remote, candidate.branch
    if not remote:
        return HINT_KNOWN
    fetch = ["git", "fetch"]
    if candidate.is_ancestor and clone.is_shallow:
        fetch += ["--depth=1", remote, candidate.rev]
    else:
        fetch += ["--unshallow"] if clone.is_shallow else []
        fetch.append(remote)
        if branch:
            fetch.append(f"+refs/heads/{branch}:refs/remotes/{remote}/{branch}")
        elif re.fullmatch(COMMIT_ID, candidate.rev):
            fetch.append(candidate.rev)
        elif not clone.is_shallow:
            return HINT_KNOWN
    hint = f"run `{shlex.join(fetch)}`"
    return _add_fetch_hint(clone, hint)


def hint_all_branches(clone: Clone) -> str:
    """Return how to fetch all branches of the remote, and the name of its default branch."""
    fetch = ["git", "fetch", *(["--unshallow"] if clone.is_shallow else []), clone.remote]
    fetch.append(f"+refs/heads/*:refs/remotes/{clone.remote}/*")
    set_head = ["git", "remote", "set-head", clone.remote, "--auto"]
    return _add_fetch_hint(clone, f"run `{shlex.join(fetch)} && {shlex.join(set_head)}`")


def _add_fetch_hint(clone: Clone, hint: str) -> str:
    """Return the hint to run a command; in CI, which setting makes that unnecessary comes first."""
    return f"{clone.fetch_hint}, or {hint} before" if clone.fetch_hint else hint
