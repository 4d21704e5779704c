"""Options and paths of the command line → the tree and its configuration."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from prompt_lint.cli.options import ConfigOptions
from prompt_lint.cli.usage_errors import blame_variable, has_parameter
from prompt_lint.config import load
from prompt_lint.config.schema import Config, parse_config, rule_from_flags
from prompt_lint.formats import FORMATS
from prompt_lint.model.errors import Fatal
from prompt_lint.model.models import DEFAULT_MODEL
from prompt_lint.output.terminal import write_stderr
from prompt_lint.repo.arguments import resolve_argument, resolve_arguments
from prompt_lint.repo.working_tree import open_tree
from prompt_lint.text.escape import escape_line

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from prompt_lint.repo.working_tree import WorkingTree

_NO_CONFIG_HINT = """run `prompt-lint init`, which looks for prompts and writes one; or write it yourself:

  models: [claude-sonnet-5-5]
  limit: 8000
  prompts:
    - files: prompts/**/*.md"""
_FLAGS_HINT = "or check without one: prompt-lint check FILE --limit 8000"


def load_project(
    env: Mapping[str, str], paths: Sequence[str], options: ConfigOptions
) -> tuple[WorkingTree, Config, list[str]]:
    """Return the tree around the working directory, its configuration, and `paths` relative to the tree's top.

    Raises `Fatal`.
    """
    start = working_directory()
    tree = open_tree(start, use_git=not options.no_git)
    relative = resolve_arguments(tree, paths, start)
    data, name = _read_config(env, tree, options, start)
    config = parse_project_config(data, name, options) if name else Config("", (), ())
    if not name or (paths and options.models and options.limit):
        # Files that were named together with all that a verdict needs are judged by that, whichever rule matches.
        rule = rule_from_flags(options.models or (DEFAULT_MODEL,), options.limit)
        config = config._replace(rules=(rule._replace(allow_empty=bool(name)), *config.rules))
    return tree, config, relative


def needs_config() -> bool:
    """Return whether the working directory is in a git repository that has no configuration. Raises `Fatal`."""
    tree = open_tree(working_directory())
    return tree.has_git and not load.find_config(tree.top)


def find_models(env: Mapping[str, str]) -> tuple[Sequence[str], str]:
    """Return the models of the configuration here and its name; the default and "" where there is none that can be read."""
    try:
        _, config, _ = load_project(env, (), ConfigOptions())
    except Fatal:
        return (DEFAULT_MODEL,), ""
    rules = [*config.rules, *(group.rule for group in config.groups)]
    return tuple(dict.fromkeys(model for rule in rules for model in rule.models)), config.path


def announce_models(models: Sequence[str], config_path: str) -> None:
    """Say on stderr which models a run counts for where none was named, and why."""
    reason = f"as {escape_line(config_path)} says" if config_path else "the default"
    write_stderr(f"note: counted for {', '.join(models)}, {reason}; --model names another\n")


def working_directory() -> str:
    """Return the path of the working directory. Raises `Fatal` where it is gone."""
    try:
        return os.getcwd()
    except FileNotFoundError:
        raise Fatal("the working directory is gone", "change to one that is there") from None


def _read_config(
    env: Mapping[str, str], tree: WorkingTree, options: ConfigOptions, start: str
) -> tuple[bytes, str]:
    """Return the bytes and the name of the configuration; no name where the options are all there is."""
    path = options.config_path
    if options.policy_from:
        from prompt_lint.check.base import read_trusted_config  # noqa: PLC0415  # only with --policy-from

        name = _name_in(tree, os.path.join(start, path)) if path else load.NAMES[0]
        with blame_variable("policy_from"):
            return read_trusted_config(tree, options.policy_from, name, env)
    if path:  # a file that was named by hand may lie anywhere
        path = os.path.join(start, path)
        with blame_variable("config_path"):
            return load.read_outside_config(path), _name_in(tree, path)
    found = load.find_config(tree.top)
    if found:  # one that was found may not lead out of the repository
        return load.read_config(tree, found), found
    if options.limit is None:
        raise _explain_no_config(tree, options)
    return b"", ""


def _explain_no_config(tree: WorkingTree, options: ConfigOptions) -> Fatal:
    """Return what is missing where there is no configuration: the limit, or the file."""
    place = tree.top if tree.has_git else f"{tree.top} (not a git repository)"
    if options.models and has_parameter("limit"):
        example = f"--model {options.models[0]} --limit 8000"
        return Fatal("--model needs --limit where there is no configuration", f"example: {example}")
    hint = f"{_NO_CONFIG_HINT}\n\n{_FLAGS_HINT}" if has_parameter("limit") else _NO_CONFIG_HINT
    return Fatal(f"no .prompt-lint.yaml in {place}", hint)


def parse_project_config(data: bytes, name: str, options: ConfigOptions) -> Config:
    """Return what a configuration says, and the options say in the place of it. Raises `ConfigErrors`."""
    return parse_config(data, name, FORMATS, models=options.models, limit=options.limit)


def _name_in(tree: WorkingTree, path: str) -> str:
    """Return `path` as the tree names it, to be found among PATHS; unchanged where it lies outside."""
    try:
        return resolve_argument(tree, path, tree.top)
    except Fatal:
        return path
