"""What a run compares with, as flags and environment say: the base, its configuration, the policy."""

from __future__ import annotations

import os
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from prompt_lint import ci
from prompt_lint.model.errors import Fatal
from prompt_lint.repo.base_commit import AUTO, HINT_BASE, NoBase, find_base, read_current_branch
from prompt_lint.repo.changes import find_changes
from prompt_lint.repo.commit_tree import CommitTree

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from prompt_lint.ci.context import Context
    from prompt_lint.config.configuration import Config
    from prompt_lint.config.load import ConfigSearch
    from prompt_lint.model.values import Base
    from prompt_lint.repo.working_tree import WorkingTree


class Comparison(NamedTuple):
    """What a run compares with. `config` is the base's; None where it has none, so that nothing had a limit.

    `judges_changes` says of a path whether only changes of it are judged, and not all of it.
    """

    base: Base
    commit: CommitTree
    config: Config | None
    judges_changes: Callable[[str], bool]


@contextmanager
def open_comparison(
    tree: WorkingTree, ref: str, policy: str, config: Config, search: ConfigSearch, env: Mapping[str, str]
) -> Iterator[Comparison | None]:
    """Open what the run compares with. Where there is no earlier commit to compare with, add a note to the tree, and yield None.

    The note is a warning where the clone lacks the base: then the run may fail for what the change didn't do.

    Raises `Fatal` where a base was named and there is none.
    """
    context = ci.detect_context(env)
    tree.notes.extend(context.notes if context else ())
    base = _find_earlier_base(tree, ref, context, env)
    if isinstance(base, NoBase):
        hint = f"; {base.hint}" if base.hint else ""
        notes = tree.warnings if base.is_fetchable else tree.notes
        notes.append(f"no base found, so everything is checked: {base.message}{hint}")
        yield None
        return
    with compare_with(tree, base, policy, config, search) as comparison:
        yield comparison


@contextmanager
def compare_with(
    tree: WorkingTree, base: Base, policy: str, config: Config, search: ConfigSearch
) -> Iterator[Comparison]:
    with CommitTree(tree.top, base.commit, tree.left_out, max_file_size=tree.max_file_size) as commit:
        base_config = _read_config(tree, commit, config, search)

        def judges_changes(path: str) -> bool:
            return (policy or config.find_governing(path).policy or "changed") == "changed"

        yield Comparison(base, commit, base_config, judges_changes)


def _find_earlier_base(
    tree: WorkingTree, ref: str, context: Context | None, env: Mapping[str, str]
) -> Base | NoBase:
    """Return the base; `NoBase` where it is HEAD itself, and nobody can have meant that.

    Somebody at work on a branch compares what isn't committed with HEAD. In CI everything is committed, so nothing would
    be compared at all: after a push to `main`, `main` is HEAD.
    Raises `Fatal` as `find_base` does, and where what is checked out has nothing of the pull request that the run is for.
    """
    base = find_base(tree, ref, env)
    if isinstance(base, NoBase) or not base.is_head or _means_head(ref, base):
        return base
    if context and context.kind == "pull_request" and (context.target_branch or context.base):
        raise Fatal(
            f"the commit that is checked out is already in {base.name}, so the pull request wouldn't be checked",
            _hint_checkout(context),
        )
    if context or (ref == AUTO and not read_current_branch(tree.top)):
        return NoBase(f"{base.name} is HEAD itself, so there is nothing to compare with", HINT_BASE)
    return base


def _means_head(ref: str, base: Base) -> bool:
    return ref in {"HEAD", "@"} or (
        re.fullmatch(r"[0-9a-f]{7,64}", ref) is not None and base.commit.startswith(ref)
    )


def _hint_checkout(context: Context) -> str:
    """Return how to check out the pull request itself, where the target is."""
    if context.event != "pull_request_target":
        return "check out the pull request itself"
    return (
        "run on `pull_request`, where `actions/checkout` checks out the pull request; `pull_request_target` checks out the target\n"
        f"`with: {{ref: refs/pull/{context.pull_request or 'NUMBER'}/merge}}` checks it out there, too: then run no code from it"
    )


def _read_config(
    tree: WorkingTree, commit: CommitTree, config: Config, search: ConfigSearch
) -> Config | None:
    """Return the configuration of the base; None where it has none. What has mistakes on one side is the current one's."""
    if not config.list_paths():
        return config  # rules of the command line are in no commit
    may_be_new = not config.path or _is_tracked(tree, config.path)  # there may be nested ones alone
    if not may_be_new and search.named and not commit.find_file(config.path):
        return config  # whatever configuration there is at the top
    base_config = search.load(commit)
    if base_config is None and may_be_new and search.named:
        change = find_changes(tree, commit, tree.list_entries(), {config.path}).find(config.path)
        if change.kind == "renamed":
            base_config = search._replace(named=change.base_path).load(commit)
    if base_config is None and not may_be_new:
        return config
    if base_config is None:
        tree.notes.append(
            f"{commit.name} has no configuration, so no prompt had a limit there: a prompt over its limit doesn't fail yet (with `policy: project` it does)"
        )
        return None
    for path in dict.fromkeys(mistake.path for mistake in base_config.list_mistakes()):
        tree.notes.append(
            f"{path} has mistakes in {commit.name}, so limits loosened since then can't be reported"
        )
    return _replace_mistaken(base_config, config)


def _is_tracked(tree: WorkingTree, path: str) -> bool:
    """Return whether git tracks a configuration: not one that is outside of the repository, is ignored, or was put there by a job."""
    entry = None if os.path.isabs(path) else tree.list_entries((), {path}).get(path)
    return entry is not None and entry.blob != ""


def _replace_mistaken(base: Config, current: Config) -> Config:
    """Return the base's configuration with the current one in each folder where either has mistakes."""
    governing = {each.folder: each for each in base.list_all()}
    for folder in [each.folder for each in (*base.list_all(), *current.list_all()) if each.mistakes]:
        governing[folder] = current.find_governing(folder)._replace(folder=folder, nested=())
    main = governing.pop(base.folder)
    return main._replace(nested=tuple(governing.values()))


def load_trusted_config(tree: WorkingTree, ref: str, search: ConfigSearch, env: Mapping[str, str]) -> Config:
    """Return the configuration in the base `ref`, for those who don't trust the change.

    Raises `Fatal` where there is none: then nothing is trusted.
    """
    base = find_base(tree, ref, env)
    if isinstance(base, NoBase):
        raise Fatal(f"no base to take the configuration from: {base.message}", base.hint)
    with CommitTree(tree.top, base.commit) as commit:
        config = search.load(commit)
        if config is None:
            name = search.named or ".prompt-lint.yaml"
            raise Fatal(f"there is no {name} in {commit.name}", "name a commit that has one")
        return config
