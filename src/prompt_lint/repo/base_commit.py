"""Which commit the working tree is compared with."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, NamedTuple

from prompt_lint import ci
from prompt_lint.model.errors import Fatal
from prompt_lint.model.values import Base
from prompt_lint.repo import git
from prompt_lint.repo.objects import ObjectLost, ObjectReader, ObjectTooLarge

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from prompt_lint.ci.context import Context
    from prompt_lint.repo.working_tree import WorkingTree

AUTO = "auto"
MAX_NAME = 500
# Nobody writes a longer message, and the parents stand before it.
_MAX_COMMIT = 1 << 20

# What default branches are called, where no remote tells.
_CONVENTIONAL = ("main", "master", "trunk", "develop")

_ID = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_RANGE = re.compile(r"\.\.|\A\^")
_NO_REF = re.compile(r"^[-/]|[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{")


class Absent(NamedTuple):
    """Why there is nothing to compare with, and what to do about it. It never means that nothing has changed."""

    message: str
    hint: str = ""


class _Place(NamedTuple):
    """Where the search goes on: HEAD, the remote that is the upstream ("" for none), and how CI fetches more."""

    top: str
    head: str
    remote: str
    shallow: bool
    deeper: str = ""


class _Candidate(NamedTuple):
    """A revision to look up, and its name. `exact` ones are ancestors of HEAD by somebody's word; `branch` is a remote's."""

    rev: str
    name: str
    exact: bool = False
    branch: str = ""


def resolve(tree: WorkingTree, wanted: str, env: Mapping[str, str]) -> Base | Absent:
    """The commit that `wanted` stands for: where HEAD and that revision part, or what `auto` finds.

    `env` is the environment, for what a CI system says in it. Only `auto` may be `Absent`.

    Raises:
        Fatal: there is none, and it was asked for by name; or git refuses.
    """
    found = _automatic(tree, env) if wanted == AUTO else _named(tree, wanted, env)
    if isinstance(found, Absent) and wanted != AUTO:
        raise Fatal(found.message, found.hint)
    return found


def _named(tree: WorkingTree, wanted: str, env: Mapping[str, str]) -> Base | Absent:
    place = _misnamed(wanted) or _place(tree)
    if isinstance(place, Absent):
        return place
    context = ci.detect_context(env)
    place = place._replace(deeper=context.fetch_hint if context else "")
    if _ID.fullmatch(wanted):
        return _exactly(place, wanted)
    if _NO_REF.search(wanted):
        return _expression(place, wanted)
    if _commit(tree.top, wanted) is None and place.remote:
        # Of most branches a clone knows the remote's only.
        branch = wanted.removeprefix(f"{place.remote}/")
        found = _part(place, _of_remote(place, branch))
        if isinstance(found, Absent) and _commit(tree.top, f"refs/remotes/{place.remote}/{branch}") is None:
            return found._replace(hint=f"{found.hint}, if {branch} is a branch of {place.remote}")
        return found
    return _part(place, _Candidate(wanted, wanted))


def _misnamed(wanted: str) -> Absent | None:
    """What can't be the name of a commit."""
    odd = wanted.startswith("-") or len(wanted) > MAX_NAME or re.search(r"[\x00-\x1f\x7f]", wanted)
    if not wanted or odd:
        what = f"`{wanted[:60]}` names no commit" if wanted else "the base has no name"
        return Absent(what, "name a branch, a tag or a commit, or say `--base auto`")
    if _RANGE.search(wanted):
        return Absent(
            f"`{wanted}` is a range of commits, and a base is one of them",
            "name the branch, the tag or the commit that the change is to be compared with",
        )
    return None


def _expression(place: _Place, wanted: str) -> Base | Absent:
    """Where HEAD parts with what is no name, but how git spells a commit: `HEAD~1`, `@{upstream}`."""
    try:
        known = _commit(place.top, wanted)
    except Fatal:  # a log of a branch that doesn't reach so far, or that this git can't read
        known = None
    if known is None and not (place.shallow and place.remote):
        return Absent(
            f"`{wanted}` names no commit of this clone",
            "name a branch, a tag or a commit that `git log` knows",
        )
    return _part(place, _Candidate(known or wanted, wanted))


def _exactly(place: _Place, commit: str) -> Base | Absent:
    found = _part(place, _Candidate(commit, commit[:10], exact=True))
    if not place.shallow or isinstance(found, Absent) or found.commit != commit:
        return found
    if git.run_or_none(["merge-base", "--is-ancestor", commit, place.head], place.top) is not None:
        return found
    how = f"{found.name} itself: the history in this clone is too short to tell where HEAD left it"
    return found._replace(description=how)


def _automatic(tree: WorkingTree, env: Mapping[str, str]) -> Base | Absent:
    place = _place(tree)
    if isinstance(place, Absent):
        return place
    context = ci.detect_context(env)
    if context is None:
        return _local(place)
    place = place._replace(deeper=context.fetch_hint)
    if context.kind == "pull_request":
        return _pull_request(place, context)
    if context.kind == "merge_group":
        return _first(place, [_Candidate(context.base, context.target_branch or "the target", exact=True)])
    if context.kind == "push":
        return _push(place, context)
    return Absent(
        f"a run by `{context.event}` has no change of its own, so there is nothing to compare with",
        "name what to compare with: `--base REF`",
    )


def _place(tree: WorkingTree) -> _Place | Absent:
    if not tree.has_git:
        return Absent(
            f"{tree.top} is no git repository, or git is left out, so there is nothing to compare with",
            "run it inside of a repository without `--no-git`, or leave `--base` out",
        )
    head = _commit(tree.top, "HEAD")
    if head is None:
        return Absent("there is no commit yet, so there is nothing to compare with", "commit first")
    remotes = os.fsdecode(git.run_or_none(["remote"], tree.top) or b"").split()
    remote = "origin" if "origin" in remotes else remotes[0] if len(remotes) == 1 else ""
    shallow = git.run(["rev-parse", "--is-shallow-repository"], tree.top).strip() == b"true"
    return _Place(tree.top, head, remote if not _NO_REF.search(remote) else "", shallow)


def _pull_request(place: _Place, context: Context) -> Base | Absent:
    candidates = []
    if context.merge_commit == place.head and (parents := _parents(place)):
        candidates.append(_Candidate(parents[0], context.target_branch or "the target", exact=True))
    elif context.base_is_ancestor and context.base:
        candidates.append(_Candidate(context.base, context.target_branch or "the target", exact=True))
    if context.target_branch and place.remote:
        candidates.append(_of_remote(place, context.target_branch))
    if context.base:
        candidates.append(_Candidate(context.base, context.target_branch or "the target"))
    found = _first(place, candidates)
    if isinstance(found, Absent) and context.missing_variables and not any(one.rev for one in candidates):
        names = " or ".join(f"`{name}`" for name in context.missing_variables)
        return found._replace(
            hint=f"{names} should, but is missing or malformed; set it, or say `--base REF`"
        )
    if isinstance(found, Base) and found.commit == place.head:
        return Absent(
            f"what is checked out is a part of {found.name}, without anything of the pull request",
            "check out the pull request itself: for `pull_request` that is the default of `actions/checkout`"
            if context.platform == "github"
            else "check out the pull request itself",
        )
    return found


def _push(place: _Place, context: Context) -> Base | Absent:
    """The commit before the push; where that is none, or not in the history, what the branch has left the default one by."""
    found: Base | Absent = Absent(
        f"nobody tells what was there before this run by `{context.event}`",
        "name what to compare with: `--base REF`",
    )
    if context.base:
        found = _part(place, _Candidate(context.base, context.base[:10], exact=context.base_is_ancestor))
        if isinstance(found, Base):
            if found.commit == context.base:
                return found._replace(description=f"{found.name}, the commit before this push")
            found = Absent(
                f"this push has replaced history: {found.name}, the commit before it, is no part of what is there now",
                "name what to compare with: `--base REF`",
            )
    default = context.default_branch or _default(place)[1]
    if context.pushed_branch and default and context.pushed_branch != default and place.remote:
        return _part(place, _of_remote(place, default))
    return found


def _local(place: _Place) -> Base | Absent:
    """What has become of the branch since it left the default branch of the remote; on that one, since it was pushed."""
    name = git.run_or_none(["symbolic-ref", "--quiet", "HEAD"], place.top) or b""
    current = os.fsdecode(name).strip().removeprefix("refs/heads/")
    ref, default = _default(place)
    if current and (current == default or not default):
        upstream = (
            git.run_or_none(["for-each-ref", "--format=%(upstream)", f"refs/heads/{current}"], place.top)
            or b""
        )
        ref = os.fsdecode(upstream.split(b"\n")[0]) or ref
        if not default and place.remote and ref in {"", f"refs/remotes/{place.remote}/{current}"}:
            # Its own upstream is no base, unless it is the default branch: what was pushed would be no change.
            return Absent(
                f"this clone doesn't know the default branch of {place.remote}, only {current}",
                f"{_discovering(place)}, or name what to compare with: `--base REF`",
            )
    if not ref or ref == f"refs/heads/{current}":
        return Absent(
            "there is no other branch that this one could be compared with: no remote's, none called "
            f"{', '.join(_CONVENTIONAL[:-1])} or {_CONVENTIONAL[-1]}",
            "name what to compare with: `--base REF`",
        )
    return _part(place, _Candidate(ref, ref.removeprefix("refs/heads/").removeprefix("refs/remotes/")))


def _default(place: _Place) -> tuple[str, str]:
    """The default branch: its full name here, and the short one; both "" where there is none."""
    homes = [f"refs/remotes/{place.remote}"] if place.remote else []
    homes.append("refs/heads")
    wanted = [
        f"{home}/{name}"
        for home in homes
        for name in (*_CONVENTIONAL, "HEAD")
        if name != "HEAD" or home != "refs/heads"
    ]
    output = git.run(["for-each-ref", "--format=%(refname) %(symref)", *wanted], place.top)
    known = dict(line.partition(" ")[::2] for line in os.fsdecode(output).splitlines())
    target = known.get(f"{homes[0]}/HEAD", "")
    for ref in (target, *wanted):
        if ref and (ref in known or ref == target):
            home = next(home for home in (*homes, "") if ref.startswith(home))
            return ref, ref.removeprefix(f"{home}/")
    return "", ""


def _first(place: _Place, candidates: list[_Candidate]) -> Base | Absent:
    """The first that is found; else why the first wasn't, for that would have been the best."""
    reasons = []
    for candidate in candidates:
        if candidate.rev:
            found = _part(place, candidate)
            if isinstance(found, Base):
                return found
            reasons.append(found)
    if reasons:
        return reasons[0]
    return Absent(
        "CI doesn't tell what this change is to be merged into", "name what to compare with: `--base REF`"
    )


def _of_remote(place: _Place, branch: str) -> _Candidate:
    return _Candidate(f"refs/remotes/{place.remote}/{branch}", f"{place.remote}/{branch}", branch=branch)


def _part(place: _Place, candidate: _Candidate) -> Base | Absent:
    """Where HEAD and the candidate part: their merge base, which is one of several after merges crosswise."""
    name = candidate.name
    commit = _commit(place.top, candidate.rev)
    if commit is None:
        return Absent(f"{name} is not in this clone", _fetching(place, candidate))
    # Ids, so nothing in a name is obeyed.
    merge = git.run_or_none(["merge-base", place.head, commit], place.top)
    if merge:
        found = os.fsdecode(merge.split()[0])
        return Base(found, name, name if found == commit else f"the merge base with {name}")
    if not place.shallow:
        return Absent(
            f"{name} and HEAD have no commit in common, so there is no merge base to compare with",
            "name a branch or a commit that HEAD comes from",
        )
    if candidate.exact:
        return Base(commit, name, name)
    hint = _fetching(place, candidate)
    return Absent(f"the history in this clone is too short to tell where HEAD and {name} part", hint)


def _fetching(place: _Place, candidate: _Candidate) -> str:
    """The command that brings what is missing, and how to make CI do so from the start."""
    import shlex  # noqa: PLC0415  # only a failure pays for it

    if not place.remote:
        return "name a branch, a tag or a commit that `git log` knows"
    remote, branch = place.remote, candidate.branch
    words = ["git", "fetch"]
    if candidate.exact and place.shallow:
        words += ["--depth=1", remote, candidate.rev]
    else:
        words += ["--unshallow"] if place.shallow else []
        words.append(remote)
        if branch:
            words.append(f"+refs/heads/{branch}:refs/remotes/{remote}/{branch}")
        elif _ID.fullmatch(candidate.rev):
            words.append(candidate.rev)
        elif not place.shallow:
            return "name a branch, a tag or a commit that `git log` knows"
    command = f"run `{shlex.join(words)}`"
    return f"{place.deeper}, or {command} before" if place.deeper else command


def _discovering(place: _Place) -> str:
    """The command that brings all branches of the remote, and which of them is the default one."""
    import shlex  # noqa: PLC0415  # only a failure pays for it

    fetch = ["git", "fetch", *(["--unshallow"] if place.shallow else []), place.remote]
    fetch.append(f"+refs/heads/*:refs/remotes/{place.remote}/*")
    return f"run `{shlex.join(fetch)} && {shlex.join(['git', 'remote', 'set-head', place.remote, '--auto'])}`"


def _commit(top: str, rev: str) -> str | None:
    """The full id of the commit that a revision names; None if there is none."""
    found = git.run_or_none(
        ["rev-parse", "--verify", "--quiet", "--end-of-options", f"{rev}^{{commit}}"], top
    )
    return os.fsdecode(found).strip() if found else None


def _parents(place: _Place) -> list[str]:
    """The parents of a merge that is checked out, as committed: also those that a shallow clone hasn't got."""
    with ObjectReader(place.top) as objects:
        try:
            data = objects.read(place.head, _MAX_COMMIT).data
        except (ObjectLost, ObjectTooLarge):
            return []
    found = [os.fsdecode(parent) for parent in _parent_lines(data)]
    return found if len(found) == 2 else []


def _parent_lines(data: bytes) -> Iterator[bytes]:
    for line in data.partition(b"\n\n")[0].split(b"\n"):
        if line.startswith(b"parent "):
            yield line.removeprefix(b"parent ")
