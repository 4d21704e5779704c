"""What a file is to a run, so that no output overwrites it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from prompt_lint.cli.project import load_project, working_directory
from prompt_lint.config.load import NAMES
from prompt_lint.config.rule_matching import compile_rules
from prompt_lint.model.errors import Fatal
from prompt_lint.repo.arguments import resolve_argument
from prompt_lint.repo.paths import to_native

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from prompt_lint.cli.options import ConfigOptions
    from prompt_lint.config.schema import Config
    from prompt_lint.repo.working_tree import WorkingTree


def describe_input(path: str, tree: WorkingTree, config: Config) -> str:
    """Return what an existing file is to a run in this tree: the configuration, a prompt, something it has read; or ""."""
    if is_among(path, (os.path.join(tree.top, name) for name in (config.path, *NAMES))):
        return "the configuration"
    if place := _find_rule(path, tree, config):
        return f"a prompt by the rule at {place}"
    if is_among(path, (os.path.join(tree.top, to_native(name)) for name in tree.read_paths)):
        return "which this run reads"
    return ""


def describe_file_here(path: str, env: Mapping[str, str], options: ConfigOptions) -> str:
    """Return what an existing file is to a `check` in the working directory; "" where none can run there."""
    try:
        tree, config, _ = load_project(env, (), options)
    except Fatal:
        return "the configuration" if os.path.basename(os.path.realpath(path)) in NAMES else ""
    return describe_input(path, tree, config)


def is_among(path: str, others: Iterable[str]) -> bool:
    """Return whether an existing file is one of the others, also by another name: a link, or other letters where case doesn't matter."""
    status = os.stat(path)
    for other in others:
        try:
            if os.path.samestat(status, os.stat(other)):
                return True
        except OSError:  # what doesn't exist is no other file
            continue
    return False


def _find_rule(path: str, tree: WorkingTree, config: Config) -> str:
    """Return the place of the configuration's rule that makes a prompt of the file, "" without one."""
    try:
        name = resolve_argument(tree, os.path.realpath(path), working_directory())
    except Fatal:  # outside of the repository
        return ""
    rule = compile_rules(config.rules, config.exclude).find_rule(name)
    return f"{config.path}:{rule.line}" if rule and rule.line else ""
