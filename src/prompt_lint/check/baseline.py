"""What a run compares with, as flags and environment say: the base, its configuration, the policy."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from prompt_lint import ci
from prompt_lint.check.compare import Comparison
from prompt_lint.config import load
from prompt_lint.config.mistakes import ConfigErrors
from prompt_lint.model.errors import Fatal, MissingFile, Unreadable
from prompt_lint.repo.base_commit import Absent, resolve
from prompt_lint.repo.commit_tree import Commit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from prompt_lint.config.schema import Config
    from prompt_lint.repo.working_tree import WorkingTree

    # The bytes of a configuration and its name → what they say. Raises `ConfigErrors`.
    Parse = Callable[[bytes, str], Config]


@contextmanager
def open_comparison(
    tree: WorkingTree, wanted: str, policy: str, config: Config, parse: Parse, env: Mapping[str, str]
) -> Iterator[Comparison | None]:
    """What is compared with. Where `auto` finds nothing, that is a note of the tree, and everything is judged.

    Raises `Fatal` where a base was asked for by name and there is none.
    """
    context = ci.detect_context(env)
    tree.notes.extend(context.notes if context else ())
    found = resolve(tree, wanted, env)
    if isinstance(found, Absent):
        hint = f"; {found.hint}" if found.hint else ""
        tree.notes.append(f"not compared with a base, so all that is there is judged: {found.message}{hint}")
        yield None
        return
    with Commit(tree.top, found.commit) as commit:
        before = _before(tree, commit, config, parse)
        yield Comparison(found, commit, before, policy or config.policy or "changed")


def _before(tree: WorkingTree, commit: Commit, config: Config, parse: Parse) -> Config | None:
    """The configuration of the base; None where it has none. One that can't be used counts as the one of now."""
    if not config.path:
        return config  # rules of the command line were never in a commit
    try:
        data, name = read_base_config(commit, config.path)
        return parse(data, name)
    except MissingFile:
        tree.notes.append(
            f"{commit.name} has no configuration, so every prompt is new, and none of them fails yet"
        )
        return None
    except (Unreadable, ConfigErrors):
        tree.notes.append(
            f"the configuration in {commit.name} can't be used, so what this change loosens can't be told"
        )
        return config


def read_base_config(commit: Commit, name: str) -> tuple[bytes, str]:
    """The configuration of a commit, and its name there. Raises `Missing` where it has none, `Unreadable`."""
    for one in dict.fromkeys((name, *load.NAMES)):  # also where this change has moved it
        try:
            return commit.read(commit.resolve(one), load.MAX_SIZE), one
        except MissingFile:
            continue
    raise MissingFile("is not there")


def read_trusted_config(
    tree: WorkingTree, wanted: str, name: str, env: Mapping[str, str]
) -> tuple[bytes, str]:
    """The bytes and the name of the configuration in the base `wanted`, for those who don't trust the change.

    Raises `Fatal` where there is none: then nothing is trusted.
    """
    found = resolve(tree, wanted, env)
    if isinstance(found, Absent):
        raise Fatal(f"there is no configuration to trust: {found.message}", found.hint)
    with Commit(tree.top, found.commit) as commit:
        try:
            return read_base_config(commit, name)
        except Unreadable as error:
            raise Fatal(f"{name} in {commit.name} {error.message}", "name a commit that has one") from None
