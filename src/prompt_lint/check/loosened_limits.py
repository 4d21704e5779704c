"""Which limits a change loosens, over the files of both sides."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from prompt_lint.check.groups import list_folders
from prompt_lint.config.loosenings import find_loosenings
from prompt_lint.config.rule_matching import compile_config
from prompt_lint.repo.links import select_intact
from prompt_lint.repo.paths import to_native

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from prompt_lint.check.base_prompts import FileChanges
    from prompt_lint.check.comparison import Comparison
    from prompt_lint.check.targets import Targets
    from prompt_lint.config.configuration import Config
    from prompt_lint.model.rules import Loosening
    from prompt_lint.repo.changes import Changes
    from prompt_lint.repo.working_tree import WorkingTree


def list_loosenings(
    tree: WorkingTree, comparison: Comparison, config: Config, targets: Targets, changes: FileChanges
) -> list[Loosening]:
    """Return what is allowed now and wasn't in the base: by a change of the configuration, or because a file was moved.

    A deleted file loosens nothing. A file that was moved to where no rule applies does. What the base's configuration says of
    the path of a new file counts, too: else a new prompt could bring its own limit.
    """
    base_config = comparison.config
    moved = {old: new for old, new in _map_renames(changes.by_git) if not _is_there(tree, old)}
    if base_config is None or (base_config == config and not moved):
        return []
    if base_config == config:  # each other file has the rule that it had
        return find_loosenings(base_config, config, {new: old for old, new in moved.items()})
    # All that the base had: a file that no rule applies to any more may be where nothing is looked for now.
    entries = comparison.commit.list_entries()
    links = select_intact(comparison.commit.find_aliases(entries))
    base_paths = [path for path, entry in entries.items() if entry.kind == "file"]
    base_paths += links
    current_paths = {*targets.files, *targets.links, *_list_base_folders(tree, base_config)}
    current_paths.difference_update(config.list_paths())
    paths = {
        moved.get(path, path): path
        for path in base_paths
        if path in moved or path in current_paths or _is_there(tree, path)
    }
    return find_loosenings(base_config, config, {path: path for path in current_paths} | paths)


def _list_base_folders(tree: WorkingTree, base_config: Config) -> Iterable[str]:
    """Return the files and links that are now in the folders that the base's configuration looked at."""
    within = compile_config(base_config).list_folders() | list_folders(base_config.list_groups())
    return (path for path, entry in tree.list_entries((), within).items() if entry.kind != "submodule")


def _map_renames(changes: Changes) -> Iterator[tuple[str, str]]:
    """Yield the path in the base and the current one of each renamed file, wherever it is now."""
    yield from changes.moved_away.items()
    for path, change in changes.paths.items():
        if change.kind == "renamed":
            yield change.base_path, path


def _is_there(tree: WorkingTree, path: str) -> bool:
    """Return whether there is a file or a link at a path, or a sparse checkout leaves it out."""
    return os.path.lexists(os.path.join(tree.top, to_native(path))) or tree.is_sparse(path)
