"""Which prompts include one of the files that a run names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prompt_lint.check.read_prompts import IncludeReader, parse_prompts
from prompt_lint.formats.recognition import can_import, seems_to_import
from prompt_lint.model.errors import Unreadable

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence

    from prompt_lint.check.remembered_files import RememberedFiles
    from prompt_lint.config.rule_matching import MatchedFile
    from prompt_lint.repo.working_tree import WorkingTree


def find_importers(
    tree: WorkingTree,
    targets: Iterable[MatchedFile],
    paths: Sequence[str],
    remembered: RememberedFiles | None,
) -> list[MatchedFile]:
    """Return those of the files whose prompts include a file that is one of `paths`, or below one."""
    able = [target for target in targets if may_import(target)]
    if remembered:
        remembered.look_up(able)
    is_named = match_below(paths)
    return [
        target for target in able if any(is_named(path) for path in list_included(tree, target, remembered))
    ]


def may_import(file: MatchedFile) -> bool:
    """Return whether a file may import others, by the name by which it is read, and its rule."""
    return can_import(file.display_path, file.rule)


def list_included(
    tree: WorkingTree, target: MatchedFile, remembered: RememberedFiles | None
) -> Collection[str]:
    """Return the paths that a file asks for, whether they are there or not."""
    if not may_import(target):
        return ()
    entry = remembered.find(target) if remembered else None
    if entry:
        return entry.includes
    reader = IncludeReader(tree)
    try:
        data = tree.read(target.path)
        if seems_to_import(target.display_path, data, target.rule):
            list(parse_prompts(target.display_path, data, target.rule, reader))
    except Unreadable:  # reported when the file itself is checked
        pass
    return reader.requested


def match_below(paths: Collection[str]) -> Callable[[str], bool]:
    """Return a function that says whether a path is one of `paths` or below one; "" among them is the top."""
    exact = set(paths)
    folders = tuple(f"{path}/" if path else "" for path in paths)
    return lambda path: path in exact or path.startswith(folders)
