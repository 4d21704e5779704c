"""What a run compares with, as flags and environment say: the base, its configuration, the policy."""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from prompt_lint import ci
from prompt_lint.config import load
from prompt_lint.config.mistakes import ConfigErrors
from prompt_lint.model.errors import Fatal, MissingFile, Unreadable
from prompt_lint.repo.base_commit import AUTO, HINT_BASE, NoBase, find_base, read_current_branch
from prompt_lint.repo.commit_tree import CommitTree

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from prompt_lint.ci.context import Context
    from prompt_lint.config.schema import Config
    from prompt_lint.model.values import Base
    from prompt_lint.repo.working_tree import WorkingTree

    # The bytes of a configuration and its name → what they say. Raises `ConfigErrors`.
    Parse = Callable[[bytes, str], Config]


class Comparison(NamedTuple):
    """What a run compares with. `config` is the base's; None where it has none, so that nothing had a limit."""

    base: Base
    commit: CommitTree
    config: Config | None
    policy: str


@contextmanager
def open_comparison(
    tree: WorkingTree, ref: str, policy: str, config: Config, parse: Parse, env: Mapping[str, str]
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
    with compare_with(tree, base, policy, config, parse) as comparison:
        yield comparison


@contextmanager
def compare_with(
    tree: WorkingTree, base: Base, policy: str, config: Config, parse: Parse
) -> Iterator[Comparison]:
    """Open the comparison with a base that was found."""
    with CommitTree(tree.top, base.commit, tree.left_out) as commit:
        base_config = _read_config(tree, commit, config, parse)
        yield Comparison(base, commit, base_config, policy or config.policy or "changed")


def _find_earlier_base(
    tree: WorkingTree, ref: str, context: Context | None, env: Mapping[str, str]
) -> Base | NoBase:
    """Return the base; `NoBase` where it is HEAD itself, and nobody can have meant that.

    Somebody at work on a branch compares what isn't committed with HEAD. In CI everything is committed, so nothing would
    be compared at all: after a push to `main`, `main` is HEAD.

    Raises:
        Fatal: as `find_base`; or what is checked out has nothing of the pull request that the run is for.
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


def _read_config(tree: WorkingTree, commit: CommitTree, config: Config, parse: Parse) -> Config | None:
    """Return the configuration of the base; None where it has none; the current one where the base's can't be used."""
    if not config.path:
        return config  # rules of the command line were in no commit
    try:
        data, name = _read_config_file(commit, config.path)
        return parse(data, name)
    except MissingFile:
        tree.notes.append(
            f"{commit.name} has no configuration, so no prompt had a limit there: a prompt over its limit doesn't fail yet"
        )
        return None
    except (Unreadable, ConfigErrors):
        tree.notes.append(
            f"the configuration in {commit.name} has mistakes, so loosened limits can't be reported"
        )
        return config


def _read_config_file(commit: CommitTree, name: str) -> tuple[bytes, str]:
    """Return the bytes of the commit's configuration, and its name there. Raises `MissingFile`, `Unreadable`."""
    for candidate in dict.fromkeys((name, *load.NAMES)):  # also where this change has moved it
        try:
            return commit.read(commit.resolve(candidate), load.MAX_SIZE), candidate
        except MissingFile:
            continue
    raise MissingFile("is not there")


def read_trusted_config(tree: WorkingTree, ref: str, name: str, env: Mapping[str, str]) -> tuple[bytes, str]:
    """Return the bytes and the name of the configuration in the base `ref`, for those who don't trust the change.

    Raises `Fatal` where there is none: then nothing is trusted.
    """
    base = find_base(tree, ref, env)
    if isinstance(base, NoBase):
        raise Fatal(f"no base to take the configuration from: {base.message}", base.hint)
    with CommitTree(tree.top, base.commit) as commit:
        try:
            return _read_config_file(commit, name)
        except MissingFile:
            raise Fatal(f"{commit.name} has no {name}", "name a commit that has one") from None
        except Unreadable as error:
            raise Fatal(f"{name} in {commit.name} {error.message}", error.hint) from None
