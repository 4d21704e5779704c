"""The first-parent history of HEAD: its commits, and what each of them changed."""

from __future__ import annotations

import os
import re
from datetime import UTC, datetime
from itertools import pairwise
from typing import TYPE_CHECKING

from prompt_lint.model.errors import Fatal
from prompt_lint.model.history import Point
from prompt_lint.repo import git
from prompt_lint.repo.base_commit import MAX_NAME, find_fetch_hint, is_shallow, read_parents, suggest_ref
from prompt_lint.repo.changes import MAX_RENAMES, parse_raw_change
from prompt_lint.repo.clone import HINT_KNOWN
from prompt_lint.repo.paths import decode

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from prompt_lint.repo.changes import RawChange
    from prompt_lint.repo.working_tree import WorkingTree

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
# The last second of the year 9999: git takes later ones.
_MAX_TIME = 253_402_300_799


def list_commits(
    tree: WorkingTree, since: str, env: Mapping[str, str]
) -> tuple[Sequence[Point], Sequence[str]]:
    """Return the first-parent history of HEAD, the newest commit first, and notes on what of it this clone lacks.

    It goes back to the last commit before `since`: a date, a revision, or "" for all. Raises `Fatal` where there is no git, no
    commit, or no such date or revision.
    """
    if not tree.has_git:
        raise Fatal(f"{tree.top} is in no git repository, so it has no history", "run it in a git repository")
    head = git.find_commit(tree.top, "HEAD")
    if head is None:
        raise Fatal("there is no commit yet, so there is no history", "commit the prompts first")
    first_day, revision = _read_since(tree, since, env)
    output = git.run(["rev-list", "--first-parent", "--timestamp", head], tree.top)
    lines = (line.split(" ") for line in os.fsdecode(output).splitlines())
    commits = [Point(commit, min(int(time), _MAX_TIME)) for time, commit in lines]
    if revision:
        query = ["rev-list", "--first-parent", "--count", head, f"^{revision}"]
        number = int(git.run(query, tree.top))
    else:
        # Of commits whose clocks were wrong, none later in the history is lost.
        later = (number for number, commit in enumerate(commits, 1) if commit.time >= first_day)
        number = max(later, default=0)
    notes = _note_shallow(tree, commits[-1], env) if number >= len(commits) else []
    return commits[: number + 1], notes


def _read_since(tree: WorkingTree, since: str, env: Mapping[str, str]) -> tuple[int, str]:
    """Return the first second of a date, in UTC, or the id of a commit. Raises `Fatal`."""
    if not since:
        return 0, ""
    if _DATE.fullmatch(since):
        try:
            return int(datetime.strptime(since, "%Y-%m-%d").replace(tzinfo=UTC).timestamp()), ""
        except ValueError:
            raise Fatal(f"--since: there is no day {since}", "write it as YYYY-MM-DD, in UTC") from None
    is_possible = not since.startswith("-") and len(since) <= MAX_NAME
    commit = git.find_commit(tree.top, since) if is_possible else None
    if commit is None:
        near = suggest_ref(tree, since) if is_possible else ""
        hint = f"{near}write a date as YYYY-MM-DD, or {HINT_KNOWN}"
        if is_shallow(tree.top):
            hint += f"\nthis clone is shallow, so old commits are missing; {find_fetch_hint(env)}"
        raise Fatal(f"--since: `{since[:60]}` is neither a date nor a commit of this clone", hint)
    return 0, commit


def _note_shallow(tree: WorkingTree, oldest: Point, env: Mapping[str, str]) -> list[str]:
    """Return that the history goes on behind `oldest`, which is the last commit that a shallow clone has."""
    if not read_parents(tree.top, oldest.commit):
        return []
    missing = f"the history before {oldest.day} ({oldest.commit[:10]}) is missing"
    return [f"this clone is shallow, so {missing}; {find_fetch_hint(env)}"]


def stream_changes(tree: WorkingTree, commits: Sequence[Point]) -> Iterator[list[tuple[str, RawChange]]]:
    """Yield what each of the commits changed, but for the last one: new paths, and what was there before.

    Raises `Fatal` where git refuses, or folders aren't in this clone.
    """
    pairs = pairwise(commits)
    questions = "".join(f"{commit.commit} {parent.commit}\n" for commit, parent in pairs).encode()
    # Similar contents can't be compared where they may be on the server alone.
    is_partial = git.run_or_none(["config", "--get-regexp", r"^remote\..*\.promisor$"], tree.top)
    renames = "-M100%" if is_partial else "-M"
    options = ["-r", "-z", "--raw", "--no-abbrev", "--always", renames, f"-l{MAX_RENAMES}"]
    safe = ["--no-ext-diff", "--no-textconv", "--ignore-submodules=none"]
    fields = map(decode, git.stream_fields(["diff-tree", "--stdin", *options, *safe], tree.top, questions))
    changes: list[tuple[str, RawChange]] | None = None
    for field in fields:
        if field.startswith(":") and changes is not None:
            with git.expect_format("diff-tree"):
                changes.append(parse_raw_change(field, fields))
            continue
        if changes is not None:
            yield changes
        changes = []  # the field is the id of the next commit
    if changes is not None:
        yield changes
