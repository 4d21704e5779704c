"""Which limits a change loosens, over the files of both sides."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from prompt_lint.config.loosenings import find_loosenings
from prompt_lint.repo.links import select_intact

if TYPE_CHECKING:
    from prompt_lint.check.base import Comparison
    from prompt_lint.check.base_prompts import FileChanges
    from prompt_lint.check.targets import Targets
    from prompt_lint.config.configuration import Config
    from prompt_lint.model.rules import Loosening


def list_loosenings(
    comparison: Comparison, config: Config, targets: Targets, changes: FileChanges
) -> list[Loosening]:
    """Return what the configuration allows that the base's didn't."""
    new_paths = {
        change.base_path: path for path, change in changes.changes.paths.items() if change.kind == "renamed"
    }
    if comparison.config is None or (comparison.config == config and not new_paths):
        return []
    # All that the base had: a file that no rule applies to any more may be where nothing is looked for now.
    entries = comparison.commit.list_entries()
    links = select_intact(comparison.commit.find_aliases(entries))
    base_paths = [path for path, entry in entries.items() if entry.kind == "file"]
    base_paths += links
    current_paths = {*targets.files, *targets.links}
    paths = {
        new_paths.get(path, path): path
        for path in base_paths
        if path in new_paths
        or path in current_paths
        or os.path.lexists(os.path.join(comparison.commit.top, path))
    }
    return find_loosenings(comparison.config, config, paths)
