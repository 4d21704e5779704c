"""Find the commit that the working tree is compared with."""

from __future__ import annotations

import os
import re
from operator import itemgetter
from typing import TYPE_CHECKING, NamedTuple

from prompt_lint import ci
from prompt_lint.model.errors import Fatal
from prompt_lint.model.nearest import find_nearest
from prompt_lint.model.values import COMMIT_ID, Base
from prompt_lint.repo import git
from prompt_lint.repo.clone import HINT_KNOWN, Candidate, Clone, hint_all_branches, hint_fetch
from prompt_lint.repo.objects import ObjectLost, ObjectReader, ObjectTooLarge
from prompt_lint.text.escape import escape_line

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from prompt_lint.ci.context import Context
    from prompt_lint.repo.working_tree import WorkingTree

AUTO = "auto"
MAX_NAME = 500
# In bytes. A larger commit isn't read: nobody writes so long a message.
_MAX_COMMIT = 1 << 20

# The usual names of default branches, in order, for a clone whose remote doesn't say which branch is its default.
_DEFAULT_BRANCHES = ("main", "master", "trunk", "develop")

_RANGE = r"\.\.|\A\^"
# Matches what the name of a branch or tag can't contain.
_NOT_IN_REFS = r"^[-/]|[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{"

HINT_BASE = "use `--base REF` to name a base"


class NoBase(NamedTuple):
    """Why there is nothing to compare with, and what to do about it. It never means that nothing has changed.

    With `is_fetchable` there is a base, but this clone lacks it, or the history that leads there.
    """

    message: str
    hint: str
    is_fetchable: bool = False


def find_base(tree: WorkingTree, wanted: str, env: Mapping[str, str]) -> Base | NoBase:
    """Return the base: the merge base of HEAD and the revision `wanted`, or the commit that `auto` selects.

    It may be HEAD itself. `env` is the environment, for what a CI system says in it. Only `auto` returns `NoBase`: a revision
    that is named raises `Fatal` where there is no base for it.
    """
    context = ci.detect_context(env)
    base = _find_automatically(tree, context) if wanted == AUTO else _find_by_name(tree, wanted, context)
    if isinstance(base, NoBase) and wanted != AUTO:
        raise Fatal(base.message, f"{suggest_ref(tree, wanted)}{base.hint}")
    return base


def suggest_ref(tree: WorkingTree, name: str) -> str:
    """Return a line with the branch or tag that `name` is probably a slip of; "" if there is none."""
    command = ["for-each-ref", "--count=1000", "--format=%(refname:lstrip=2)"]
    output = (git.run_or_none(command, tree.top) if tree.has_git else None) or b""
    names = output.decode(errors="replace").split("\n")
    near = "" if name in names else find_nearest(name, names)
    return near and f"did you mean `{escape_line(near)}`?\n"


def find_fetch_hint(env: Mapping[str, str]) -> str:
    """Return how to have the whole history of a shallow clone: by a setting of CI, or by a command."""
    context = ci.detect_context(env)
    command = "run `git fetch --unshallow`"
    return f"{context.fetch_hint}, or {command} before" if context and context.fetch_hint else command


# A revision that is named


def _find_by_name(tree: WorkingTree, rev: str, context: Context | None) -> Base | NoBase:
    clone = _refuse_name(rev) or _inspect_clone(tree, context)
    if isinstance(clone, NoBase):
        return clone
    if re.fullmatch(COMMIT_ID, rev):
        return _find_by_id(clone, rev)
    if re.search(_NOT_IN_REFS, rev):
        return _find_by_expression(clone, rev)
    if git.find_commit(tree.top, rev) is None and clone.remote:
        # Of most branches a clone has the remote's only.
        branch = rev.removeprefix(f"{clone.remote}/")
        base = _find_merge_base(clone, _make_remote_candidate(clone, branch))
        if isinstance(base, NoBase) and not git.find_commit(
            tree.top, f"refs/remotes/{clone.remote}/{branch}"
        ):
            return base._replace(hint=f"{base.hint}, if {branch} is a branch of {clone.remote}")
        return base
    return _find_merge_base(clone, Candidate(rev, rev))


def _refuse_name(rev: str) -> NoBase | None:
    """Return why `rev` can't be the name of a commit; None if it can."""
    is_odd = rev.startswith("-") or len(rev) > MAX_NAME or re.search(r"[\x00-\x1f\x7f]", rev)
    if not rev or is_odd:
        message = f"`{rev[:60]}` can't be the name of a commit" if rev else "the base has no name"
        return NoBase(message, "name a branch, a tag or a commit, or use `--base auto`")
    if re.search(_RANGE, rev):
        hint = "name the branch, tag or commit to compare with"
        return NoBase(f"`{rev}` is a range of commits, and a base is a single commit", hint)
    return None


def _find_by_id(clone: Clone, commit: str) -> Base | NoBase:
    base = _find_merge_base(clone, Candidate(commit, commit[:10], is_ancestor=True))
    if not clone.is_shallow or isinstance(base, NoBase) or base.commit != commit:
        return base
    if _is_ancestor(clone, commit, clone.head):
        return base
    reason = "the history in this clone is too short to find where HEAD diverged from it"
    return base._replace(description=f"{base.name} itself: {reason}")


def _find_by_expression(clone: Clone, rev: str) -> Base | NoBase:
    """Find the merge base with a revision that git computes, such as `HEAD~1` or `@{upstream}`."""
    try:
        commit = git.find_commit(clone.top, rev)
    except Fatal:  # a reflog that doesn't reach back so far, or that this git can't read
        commit = None
    if commit is None and not (clone.is_shallow and clone.remote):
        return NoBase(f"there is no commit `{rev}` in this clone", HINT_KNOWN)
    return _find_merge_base(clone, Candidate(commit or rev, rev))


# `auto`


def _find_automatically(tree: WorkingTree, context: Context | None) -> Base | NoBase:
    clone = _inspect_clone(tree, context)
    if isinstance(clone, NoBase):
        return clone
    if context is None or context.kind == "unknown":
        return _find_for_branch(clone, context.default_branch if context else "")
    if context.kind == "pull_request":
        return _find_for_pull_request(clone, context)
    if context.kind == "merge_group":
        return _find_latest_base(clone, [_make_target_candidate(context, context.base)])
    if context.kind == "push":
        return _find_for_push(clone, context)
    return NoBase(
        f"CI reports neither a pull request nor a push (the run was started by `{context.event}`)", HINT_BASE
    )


def _find_for_pull_request(clone: Clone, context: Context) -> Base | NoBase:
    candidates = []
    parents = read_parents(clone.top, clone.head) if context.merge_commit == clone.head else []
    if len(parents) == 2:
        candidate = _make_target_candidate(context, parents[0])
        if git.find_commit(clone.top, candidate.rev):
            return _find_merge_base(clone, candidate)  # by now the target may have the pull request itself
        candidates.append(candidate)
    if context.target_branch and clone.remote and not context.is_in_fork:
        candidates.append(_make_remote_candidate(clone, context.target_branch))
    if context.base:
        candidates.append(_make_target_candidate(context, context.base, is_ancestor=context.base_is_ancestor))
    if not candidates and not context.missing_variables:  # the platform has no variable for the target
        return _find_for_branch(clone, context.default_branch)
    base = _find_latest_base(clone, candidates)
    if isinstance(base, NoBase) and context.missing_variables and not candidates:
        names = " or ".join(f"`{name}`" for name in context.missing_variables)
        return base._replace(hint=f"{names} is missing or malformed; set it, or use `--base REF`")
    return base


def _find_for_push(clone: Clone, context: Context) -> Base | NoBase:
    """Find the commit before the push; if it isn't in the history, the merge base with the default branch."""
    base: Base | NoBase = NoBase(
        f"CI doesn't report the commit before this push (event `{context.event}`)", HINT_BASE
    )
    if context.base:
        candidate = Candidate(context.base, context.base[:10], is_ancestor=context.base_is_ancestor)
        base = _find_merge_base(clone, candidate)
        if isinstance(base, Base):
            if base.commit.startswith(context.base):
                return base._replace(description=f"{base.name}, the commit before this push")
            base = NoBase(
                f"this push replaced history: {base.name}, the commit before it, isn't an ancestor of HEAD",
                HINT_BASE,
            )
    default = context.default_branch or _find_default_branch(clone.top, clone.remote)[1]
    if context.pushed_branch and default and context.pushed_branch != default and clone.remote:
        return _find_merge_base(clone, _make_remote_candidate(clone, default))
    return base


def _find_for_branch(clone: Clone, default: str) -> Base | NoBase:
    """Find the merge base with the default branch; on the default branch itself, the one with its upstream.

    `default` is the default branch by its short name, where CI says so.
    """
    current = read_current_branch(clone.top)
    if default and clone.remote:
        ref = f"refs/remotes/{clone.remote}/{default}"
    else:
        ref, default = _find_default_branch(clone.top, clone.remote)
    if current and (current == default or not default):
        command = ["for-each-ref", "--format=%(upstream)", f"refs/heads/{current}"]
        upstream = git.run_or_none(command, clone.top) or b""
        ref = os.fsdecode(upstream.split(b"\n")[0]) or ref
        if not default and clone.remote and ref in {"", f"refs/remotes/{clone.remote}/{current}"}:
            # An upstream of the same name is a base only for the default branch: else what was pushed would be no change.
            return NoBase(
                f"this clone doesn't know the default branch of {clone.remote}, only {current}",
                f"{hint_all_branches(clone)}, or {HINT_BASE}",
                is_fetchable=True,
            )
    if ref and ref == f"refs/heads/{current}":
        return NoBase(
            f"this is the default branch, {current}, and it has no upstream to compare with", HINT_BASE
        )
    if not ref:
        return NoBase(
            "there is no default branch to compare with: no remote's, and no local one called "
            f"{', '.join(_DEFAULT_BRANCHES[:-1])} or {_DEFAULT_BRANCHES[-1]}",
            HINT_BASE,
        )
    name = ref.removeprefix("refs/heads/").removeprefix("refs/remotes/")
    branch = default if ref == f"refs/remotes/{clone.remote}/{default}" else ""
    return _find_merge_base(clone, Candidate(ref, name, branch=branch))


def read_current_branch(top: str) -> str:
    """Return the branch that is checked out; "" where HEAD is detached."""
    head = git.run_or_none(["symbolic-ref", "--quiet", "HEAD"], top) or b""
    return os.fsdecode(head).strip().removeprefix("refs/heads/")


def name_default_branch(tree: WorkingTree) -> str:
    """Return the short name of the default branch, or of the current one if the clone doesn't show which that is."""
    if not tree.has_git:
        return _DEFAULT_BRANCHES[0]
    _, name = _find_default_branch(tree.top, _find_remote(tree.top))
    return name or read_current_branch(tree.top) or _DEFAULT_BRANCHES[0]


def _find_default_branch(top: str, remote: str) -> tuple[str, str]:
    """Return the ref of the default branch in this clone, and the branch's short name; both "" if there is none."""
    prefixes = [f"refs/remotes/{remote}"] if remote else []
    refs = [f"{prefix}/{name}" for prefix in prefixes for name in (*_DEFAULT_BRANCHES, "HEAD")]
    refs += [f"refs/heads/{name}" for name in _DEFAULT_BRANCHES]
    prefixes.append("refs/heads")
    output = git.run(["for-each-ref", "--format=%(refname) %(symref)", *refs], top)
    symbolic_targets = dict(line.partition(" ")[::2] for line in os.fsdecode(output).split("\n"))
    head_target = symbolic_targets.get(f"{prefixes[0]}/HEAD", "")
    for ref in (head_target, *refs):
        if ref and (ref in symbolic_targets or ref == head_target):
            prefix = next(prefix for prefix in (*prefixes, "") if ref.startswith(prefix))
            return ref, ref.removeprefix(f"{prefix}/")
    return "", ""


def _make_target_candidate(context: Context, commit: str, *, is_ancestor: bool = True) -> Candidate:
    return Candidate(commit, context.target_branch or "the target", is_ancestor)


def _make_remote_candidate(clone: Clone, branch: str) -> Candidate:
    return Candidate(f"refs/remotes/{clone.remote}/{branch}", f"{clone.remote}/{branch}", branch=branch)


# Shared by named revisions and `auto`


def _inspect_clone(tree: WorkingTree, context: Context | None) -> Clone | NoBase:
    if not tree.has_git:
        hint = "run it in a git repository, and leave out --no-git; or leave out the base"
        return NoBase(f"a base needs git: {tree.top} isn't a git repository, or --no-git was given", hint)
    head = git.find_commit(tree.top, "HEAD")
    if head is None:
        hint = "commit something, or run it without a base"
        return NoBase("there is no commit yet, so there is nothing to compare with", hint)
    fetch_hint = context.fetch_hint if context else ""
    return Clone(tree.top, head, _find_remote(tree.top), is_shallow(tree.top), fetch_hint)


def is_shallow(top: str) -> bool:
    """Return whether a clone has the end of its history only."""
    return git.run(["rev-parse", "--is-shallow-repository"], top).strip() == b"true"


def _find_remote(top: str) -> str:
    """Return the remote that a clone comes from; "" for none, and for several of which none is `origin`."""
    remotes = os.fsdecode(git.run_or_none(["remote"], top) or b"").split()
    remote = "origin" if "origin" in remotes else remotes[0] if len(remotes) == 1 else ""
    return remote if not re.search(_NOT_IN_REFS, remote) else ""


def _find_latest_base(clone: Clone, candidates: Sequence[Candidate]) -> Base | NoBase:
    """Return the latest of the candidates' bases; if there is none, why the candidate that is easiest to fetch has none.

    All are commits of the target that HEAD is built on. An earlier one is of a branch that hasn't been fetched lately, or of
    before the change was rebased: beside it, the change would have to answer for what the target has got since.
    """
    latest, failures = None, []
    for candidate in (each for each in candidates if each.rev):
        base = _find_merge_base(clone, candidate)
        if isinstance(base, NoBase):
            failures.append((not candidate.is_ancestor, base))
        elif latest is None or (
            latest.commit != base.commit and _is_ancestor(clone, latest.commit, base.commit)
        ):
            latest = base
    if latest:
        return latest
    if failures:
        return min(failures, key=itemgetter(0))[1]
    return NoBase("CI doesn't report the branch that this change will be merged into", HINT_BASE)


def _is_ancestor(clone: Clone, commit: str, descendant: str) -> bool:
    command = ["merge-base", "--is-ancestor", commit, descendant]
    return git.run_or_none(command, clone.top) is not None


def _find_merge_base(clone: Clone, candidate: Candidate) -> Base | NoBase:
    """Find the merge base of HEAD and the candidate; any of them if, after merges crosswise, there are several."""
    name = candidate.name
    commit = git.find_commit(clone.top, candidate.rev)
    if commit is None:
        message = (
            f"{name} is not in this clone" if clone.remote else f"there is no branch, tag or commit `{name}`"
        )
        return NoBase(message, hint_fetch(clone, candidate), is_fetchable=bool(clone.remote))
    # Both are ids, so no name can be taken for an option.
    output = git.run_or_none(["merge-base", clone.head, commit], clone.top)
    if output:
        merge_base = os.fsdecode(output.split()[0])
        is_head = merge_base == clone.head
        description = name if merge_base == commit else f"the merge base with {name}"
        if is_head and name != "HEAD" and not candidate.is_ancestor:
            description += ", which is HEAD itself"
        return Base(merge_base, name, description, is_head)
    if not clone.is_shallow:
        return NoBase(
            f"{name} and HEAD have no commit in common, so there is no merge base to compare with",
            "name a branch or a commit that HEAD is built on",
        )
    if candidate.is_ancestor:
        return Base(commit, name, name, commit == clone.head)
    return NoBase(
        f"the history in this clone is too short to find where HEAD and {name} diverged",
        hint_fetch(clone, candidate),
        is_fetchable=True,
    )


def read_parents(top: str, commit: str) -> list[str]:
    """Return the ids of a commit's parents, even where a shallow clone lacks them; [] for a commit that can't be read."""
    with ObjectReader(top) as objects:
        try:
            data = objects.read(commit, _MAX_COMMIT)
        except (ObjectLost, ObjectTooLarge):
            return []
    lines = os.fsdecode(data.partition(b"\n\n")[0]).split("\n")
    return [line.removeprefix("parent ") for line in lines if line.startswith("parent ")]
