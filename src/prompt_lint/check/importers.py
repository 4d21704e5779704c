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
    tree: WorkingTree, files: Iterable[MatchedFile], paths: Sequence[str], remembered: RememberedFiles | None
) -> list[MatchedFile]:
    """Return those of the files whose prompts include a file that is one of `paths`, or below one."""
    able = [file for file in files if may_import(file)]
    if remembered:
        remembered.look_up(able)
    is_named = match_below(paths)
    return [file for file in able if any(is_named(path) for path in list_included(tree, file, remembered))]


def may_import(file: MatchedFile) -> bool:
    """Return whether a file may import others, by the name by which it is read, and its rule."""
    return can_import(file.display_path, file.rule)


def list_included(
    tree: WorkingTree, file: MatchedFile, remembered: RememberedFiles | None
) -> Collection[str]:
    """Return the paths that a file asks for, whether they are there or not."""
    if not may_import(file):
        return ()
    entry = remembered.find(file) if remembered else None
    if entry:
        return entry.includes
    reader = IncludeReader(tree)
    try:
        data = tree.read(tree.resolve(file.path))
        if seems_to_import(file.display_path, data, file.rule):
            list(parse_prompts(file.display_path, data, file.rule, reader))
    except Unreadable:  # reported when the file itself is checked
        pass
    return reader.requested


def match_below(paths: Collection[str]) -> Callable[[str], bool]:
    """Return a function that says whether a path is one of `paths` or below one; "" among them is the top."""
    exact = set(paths)
    folders = tuple(f"{path}/" if path else "" for path in paths)
    return lambda path: path in exact or path.startswith(folders)
