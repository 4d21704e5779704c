"""What a file is to a run, so that no output overwrites it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from prompt_lint.check.groups import find_affected_groups
from prompt_lint.check.importers import find_importers
from prompt_lint.check.targets import find_targets
from prompt_lint.cli.project import load_project, working_directory
from prompt_lint.config.load import NAMES
from prompt_lint.config.rule_matching import compile_config
from prompt_lint.model.errors import Fatal
from prompt_lint.repo import git
from prompt_lint.repo.arguments import resolve_argument
from prompt_lint.repo.paths import to_native
from prompt_lint.repo.working_tree import open_tree

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from prompt_lint.cli.options import ConfigOptions
    from prompt_lint.config.configuration import Config
    from prompt_lint.repo.working_tree import WorkingTree

_UNKNOWN = "which may be a prompt: the rules can't be read"


def describe_input(path: str, tree: WorkingTree, config: Config) -> str:
    """Return what an existing file is to a run in this tree: the configuration, a prompt, a part of one; or "".

    Whether this run reads it doesn't matter: with other arguments it would.
    """
    if is_among(path, (os.path.join(tree.top, name) for name in (*config.list_paths(), *NAMES))):
        return "the configuration"
    name = _find_name(path, tree)
    if name and config.find_governing(name).mistakes:
        return _UNKNOWN
    rule = name and compile_config(config).find_rule(name)
    if rule and rule.line:
        return f"a prompt by the rule at {rule.config_path}:{rule.line}"
    if is_among(path, (os.path.join(tree.top, to_native(name)) for name in tree.read_paths)):
        return "which this run reads"
    return _describe_use(name, tree, config) if name else ""


def describe_file_here(path: str, env: Mapping[str, str], options: ConfigOptions) -> str:
    """Return what an existing file is to a `check` in the working directory; "" where none can run there."""
    try:
        tree, config, _ = load_project(env, (), options)
        return describe_input(path, tree, config)
    except Fatal:
        return "the configuration" if os.path.basename(os.path.realpath(path)) in NAMES else ""


def describe_possible_input(path: str, env: Mapping[str, str], options: ConfigOptions) -> str:
    """Return what an existing file may be to a `check` in the working directory.

    Where that can't read its rules, each file that git tracks may be a prompt; without git, each file.
    """
    try:
        tree, config, _ = load_project(env, (), options)
        return describe_input(path, tree, config)
    except Fatal:
        tree = open_tree(working_directory(), use_git=not options.no_git)
        name = _find_name(path, tree)
        command = ["--literal-pathspecs", "ls-files", "-z", "--", name]
        may_be_read = name and (not tree.has_git or git.run(command, tree.top))
        return _UNKNOWN if may_be_read else ""


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


def _find_name(path: str, tree: WorkingTree) -> str:
    """Return the real path of an existing file in the tree; "" where it is outside of it."""
    try:
        return resolve_argument(tree, os.path.realpath(path), working_directory())
    except Fatal:
        return ""


def _describe_use(name: str, tree: WorkingTree, config: Config) -> str:
    """Return which rule, group or prompt takes the file in, "" if none does. All prompts are looked at, also untracked ones."""
    if not config.list_paths():
        return ""
    targets = find_targets(tree, config, ())
    for file in targets.matched:
        if file.path == name:
            return f"a prompt by the rule at {file.rule.config_path}:{file.rule.line}"
    for group, _ in find_affected_groups(targets.groups, tree, [name], None):
        return f"a part of the group at {group.rule.config_path}:{group.rule.line}"
    for file in find_importers(tree, targets.matched, [name], None):
        return f"a part of the prompt {file.display_path}"
    return ""
