"""What a hook of git is about: what is staged, what is pushed, and the commits that are merged."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from typing import TYPE_CHECKING

from prompt_lint.model.errors import Fatal, Unreadable
from prompt_lint.model.values import COMMIT_ID
from prompt_lint.repo import git, safe_read
from prompt_lint.repo.paths import decode

if TYPE_CHECKING:
    from collections.abc import Mapping

_DIFF_OPTIONS = ("-z", "--name-status", "--no-renames", "--ignore-submodules=all")
# `git merge` names the commits that it merges in variables, and in a file once it has stopped for a conflict.
_MERGED = rf"GITHEAD_({COMMIT_ID})"
# In bytes: more commits than anybody merges at once.
_MAX_MERGE_HEAD = 1 << 16


def list_staged(top: str, index_file: str) -> dict[str, str] | None:
    """Return the paths that differ between HEAD and the index, with git's letter for how (`A`, `M`, `D`, `T`).

    None where there is no commit yet. `index_file` is what git set in GIT_INDEX_FILE: `git commit --all` and `git commit
    FILE` stage in a temporary index. Raises `Fatal`.
    """
    command = ["diff-index", "--cached", "--ita-invisible-in-index", *_DIFF_OPTIONS, "HEAD", "--"]
    try:
        return _parse(git.run(command, top, index_file))
    except Fatal:
        if git.find_commit(top, "HEAD"):
            raise
        return None


def list_committed(top: str, start: str, end: str) -> dict[str, str]:
    """Return the paths that differ between two commits, as `list_staged` does. `start` is an id. Raises `Fatal`."""
    commit = git.find_commit(top, end)
    if commit is None:
        raise Fatal(f"there is no commit `{end}` in this clone", "name a commit that `git log` knows")
    return _parse(git.run(["diff-tree", "-r", *_DIFF_OPTIONS, start, commit, "--"], top))


def find_merged_commits(top: str, env: Mapping[str, str]) -> list[str]:
    """Return the ids of the commits that are merged into HEAD by the commit that is being made."""
    found = [match[1] for name in env if (match := re.fullmatch(_MERGED, name))]
    path = os.fsdecode(git.run(["rev-parse", "--git-path", "MERGE_HEAD"], top)).removesuffix("\n")
    with suppress(OSError, Unreadable):
        found += os.fsdecode(safe_read.read_file(os.path.join(top, path), _MAX_MERGE_HEAD)).split()
    commits = (git.find_commit(top, revision) for revision in dict.fromkeys(found))
    return [commit for commit in commits if commit]


def _parse(output: bytes) -> dict[str, str]:
    fields = decode(output).split("\0")[:-1]
    with git.expect_format("diff"):
        if not all(len(status) == 1 for status in fields[::2]):
            raise ValueError("no status")
        return dict(zip(fields[1::2], fields[::2], strict=True))
