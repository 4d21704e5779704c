"""Options and paths of the command line → the tree and its configuration."""

from __future__ import annotations

import os
import posixpath
from functools import partial
from typing import TYPE_CHECKING

from prompt_lint.cli.options import ConfigOptions
from prompt_lint.cli.usage_errors import blame_variable, name_source
from prompt_lint.config import load
from prompt_lint.config.configuration import Config
from prompt_lint.config.load import ConfigSearch, settle_run
from prompt_lint.config.mistakes import ConfigErrors
from prompt_lint.config.schema import parse_config, rule_from_flags
from prompt_lint.formats import RULE_KEYS
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
    env: Mapping[str, str], paths: Sequence[str], options: ConfigOptions, *, tracked_only: bool = False
) -> tuple[WorkingTree, Config, list[str]]:
    """Return the tree around the working directory, its configuration, and `paths` relative to the tree's top.

    `tracked_only` spares git the walk that finds configurations that nobody has added yet. Raises `Fatal` where there
    is no configuration that can be read, no such path, or neither a configuration nor a path.
    """
    start = working_directory()
    tree = open_tree(start, use_git=not options.no_git, max_file_size=options.max_file_size)
    relative = resolve_arguments(tree, paths, start)
    loaded = _load_config(env, tree, options, make_search(tree, relative, options, tracked_only=tracked_only))
    if loaded is None and options.limit is None:
        raise _explain_no_config(tree, options)
    config = settle_run(loaded or Config())
    if (mistakes := config.list_mistakes()) and not any(
        each.rules or each.groups for each in config.list_all()
    ):
        raise ConfigErrors(mistakes)
    if loaded is None and not paths:
        raise Fatal(
            "--limit needs files where there is no configuration",
            "example: prompt-lint check prompts/ --limit 8000; `prompt-lint init` finds prompts and writes a configuration",
        )
    if loaded is None:
        rule = rule_from_flags(options.models or (DEFAULT_MODEL,), options.limit)
        config = config._replace(rules=(rule,))
    return tree, config, relative


def make_search(
    tree: WorkingTree, paths: Sequence[str], options: ConfigOptions, *, tracked_only: bool = False
) -> ConfigSearch:
    """Return how a run in the working directory finds its configurations. `paths` may be outside of the directory."""
    start = working_directory()
    here = resolve_argument(tree, ".", start)
    named = _name_in(tree, os.path.join(start, options.config_path)) if options.config_path else ""
    parse = partial(_parse_config, options=options)
    former_names = sorted(tree.find_missing(load.NAMES)) if named else ()  # what is still there wasn't moved
    flags_rule = None
    if paths and options.models and options.limit:
        # Files that were named together with all that a verdict needs are judged by that, whichever rule matches.
        flags_rule = rule_from_flags(options.models, options.limit)._replace(allow_empty=True)
    start_folder = posixpath.commonpath([here, *paths])
    return ConfigSearch(parse, start_folder, paths, named, former_names, tracked_only, flags_rule)


def _parse_config(data: bytes, name: str, folder: str, options: ConfigOptions) -> Config:
    return parse_config(data, name, RULE_KEYS, models=options.models, limit=options.limit, folder=folder)


def needs_config() -> bool:
    """Return whether the working directory is in a git repository that has no configuration. Raises `Fatal`."""
    tree = open_tree(working_directory())
    return tree.has_git and not make_search(tree, (), ConfigOptions()).find_paths(tree)


def find_models(env: Mapping[str, str]) -> tuple[Sequence[str], str]:
    """Return the models of the configuration here and its name; the default and "" where there is none that can be read."""
    try:
        _, config, _ = load_project(env, (), ConfigOptions())
    except Fatal:
        return (DEFAULT_MODEL,), ""
    models = (model for rule in config.list_rules() for model in rule.models)
    return tuple(dict.fromkeys(models)), next(iter(config.list_paths()), "")


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


def load_rules(
    env: Mapping[str, str], tree: WorkingTree, options: ConfigOptions, search: ConfigSearch
) -> Config:
    """Return what the configurations say. Raises `Fatal` where there are none."""
    config = _load_config(env, tree, options, search)
    if config is None:
        raise _explain_no_config(tree, options)
    return config


def _load_config(
    env: Mapping[str, str], tree: WorkingTree, options: ConfigOptions, search: ConfigSearch
) -> Config | None:
    """Return what the configurations say, None where there are none. Raises `Fatal`."""
    if options.policy_from:
        from prompt_lint.check.comparison import load_trusted_config  # noqa: PLC0415  # only with --policy-from

        with blame_variable("policy_from"):
            return load_trusted_config(tree, options.policy_from, search, env)
    if options.config_path:  # a file that was named by hand may lie anywhere
        path = os.path.join(working_directory(), options.config_path)
        with blame_variable("config_path"):
            return search.load_outside(path)
    return search.load(tree)


def _explain_no_config(tree: WorkingTree, options: ConfigOptions) -> Fatal:
    """Return what is missing where there is no configuration: the limit, or the file."""
    place = tree.top if tree.has_git else f"{tree.top} (not a git repository)"
    if options.models and name_source("limit"):
        example = f"--model {options.models[0]} --limit 8000"
        return Fatal("--model needs --limit where there is no configuration", f"example: {example}")
    hint = f"{_NO_CONFIG_HINT}\n\n{_FLAGS_HINT}" if name_source("limit") else _NO_CONFIG_HINT
    return Fatal(f"no .prompt-lint.yaml in {place}", hint)


def _name_in(tree: WorkingTree, path: str) -> str:
    """Return `path` as the tree names it, to be found among PATHS; unchanged where it lies outside."""
    try:
        return resolve_argument(tree, path, tree.top)
    except Fatal:
        return path
