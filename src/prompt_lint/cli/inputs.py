"""Flags → the tree, its configuration, and what to compare with."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from prompt_lint.config import load as config
from prompt_lint.config.schema import Config, parse_config, rule_from_flags
from prompt_lint.formats import FORMATS
from prompt_lint.model.errors import Fatal
from prompt_lint.repo.working_tree import open_tree

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from prompt_lint.check.base import Comparison
    from prompt_lint.repo.working_tree import WorkingTree

_NO_CONFIG = "no .prompt-lint.yaml at the top of this repository, and no --limit"
_NO_CONFIG_HINT = """run `prompt-lint init`, which looks for prompts and writes one; or write it yourself:

  models: [claude-sonnet-5-5]
  limit: 8000
  prompts:
    - files: prompts/**/*.md

or check without one: prompt-lint check FILE --limit 8000 --model claude-sonnet-5-5"""


class Flags(NamedTuple):
    """What the command line says of the tree and the configuration."""

    config_path: str | None = None
    limit: str | None = None
    models: Sequence[str] = ()
    policy_from: str = ""
    no_git: bool = False


def load(paths: Sequence[str], flags: Flags) -> tuple[WorkingTree, Config, list[str]]:
    """The tree, its rules, and `paths` relative to its top. Raises `Fatal`."""
    start = here()
    tree = open_tree(start, use_git=not flags.no_git)
    relative = [tree.resolve_argument(path, start) for path in paths]
    return tree, _configuration(tree, flags, paths, start), relative


def here() -> str:
    """The working directory. Raises `Fatal`."""
    try:
        return os.getcwd()
    except FileNotFoundError:
        raise Fatal("the working directory is gone", "change to one that is there") from None


@contextmanager
def comparison(
    tree: WorkingTree, base: str | None, policy: str, found: Config, flags: Flags
) -> Iterator[Comparison | None]:
    """What the tree is compared with, if anything. Raises `Fatal`."""
    if base is None:
        yield None
        return
    from prompt_lint.check.base import open_comparison  # only with a base

    def parse(data: bytes, name: str) -> Config:
        return _parsed(data, name, flags)

    with open_comparison(tree, base, policy, found, parse, os.environ) as against:
        yield against


def _configuration(tree: WorkingTree, flags: Flags, paths: Sequence[str], start: str) -> Config:
    """The rules of the file, with the flags over them; or rules of the flags alone."""
    data, name = _written(tree, flags, start)
    found = _parsed(data, name, flags) if name else Config("", (), ())
    if name and not (paths and flags.models and flags.limit):
        return found
    # Files that were named together with all that a verdict needs are judged, whoever owns them.
    own = rule_from_flags(flags.models, flags.limit)
    return found._replace(rules=(own._replace(allow_empty=bool(name)), *found.rules))


def _written(tree: WorkingTree, flags: Flags, start: str) -> tuple[bytes, str]:
    """The configuration, as it stands in its file, and the name of that; no name where flags are all there is."""
    given = flags.config_path
    if given == "":
        raise Fatal("--config names no file", "is a variable empty? without --config it is .prompt-lint.yaml")
    if flags.policy_from:
        from prompt_lint.check.base import read_trusted_config  # only with another commit's configuration

        name = _name_in(tree, os.path.join(start, given)) if given else config.NAMES[0]
        return read_trusted_config(tree, flags.policy_from, name, os.environ)
    found = None if given else config.find_config(tree.top)
    if not given and not found:
        if flags.limit is None or not flags.models:
            raise Fatal(_NO_CONFIG, _NO_CONFIG_HINT)
        return b"", ""
    path = os.path.join(start, given) if given else os.path.join(tree.top, found or "")
    # A file that was named by hand may lie anywhere; one that was found may not lead out of the repository.
    return config.read_config(path, None if given else tree.top), _name_in(tree, path)


def _parsed(data: bytes, name: str, flags: Flags) -> Config:
    return parse_config(data, name, FORMATS, models=flags.models, limit=flags.limit)


def _name_in(tree: WorkingTree, path: str) -> str:
    """The path as the tree would name it, to be found among PATHS again; as given where it lies outside."""
    try:
        return tree.resolve_argument(path, tree.top)
    except Fatal:
        return path
