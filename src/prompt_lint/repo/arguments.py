"""Paths of the command line → paths of a tree."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from prompt_lint.model.errors import ExitCode, Fatal
from prompt_lint.model.nearest import find_nearest
from prompt_lint.repo.index import explain_left_out
from prompt_lint.repo.paths import from_native, is_in_git_folder

if TYPE_CHECKING:
    from prompt_lint.repo.working_tree import WorkingTree


def resolve_argument(tree: WorkingTree, argument: str, cwd: str) -> str:
    """Return a path of the command line as one of the tree; "" is the top. Links keep their own name.

    Raises:
        Fatal: there is no such file, or it isn't in this repository.
    """
    absolute = os.path.normpath(os.path.join(cwd, argument))
    inner = _find_inner_path(absolute, tree.top)
    if not argument or not os.path.lexists(absolute):
        if argument and inner and tree.is_sparse(inner):
            error = explain_left_out()
            raise Fatal(f"`{argument}` {error.message}", error.hint, ExitCode.UNCOUNTED)
        raise Fatal(f"there is no file or folder `{argument}`", _hint_at_name(tree, argument, inner))
    if inner is None:
        hint = "run prompt-lint in the repository that the file belongs to"
        raise Fatal(f"`{argument}` is outside of {tree.top}", hint)
    if is_in_git_folder(inner):
        raise Fatal(f"`{argument}` belongs to git itself", "name a file of the repository")
    return inner


def _hint_at_name(tree: WorkingTree, argument: str, inner: str | None) -> str:
    """Return what was probably meant by a path that isn't there: a pattern of the shell, or a file of a similar name."""
    if argument == "-":
        return "only `prompt-lint count -` reads stdin"
    if set(argument) & set("*?["):
        return "the shell found no file that matches this pattern"
    near = find_nearest(inner, tree.list_entries()) if inner else ""
    return f"did you mean `{near}`? (from {tree.top})" if near else ""


def _find_inner_path(absolute: str, top: str) -> str | None:
    """Return an absolute path as one of the tree whose top this is; None where it is outside."""
    folder, inner = absolute, ""
    while not _is_same_file(folder, top):
        folder, name = os.path.split(folder)
        if not name:
            return None
        inner = f"{name}/{inner}" if inner else name
    return from_native(inner)


def _is_same_file(path: str, other: str) -> bool:
    try:
        return os.path.samefile(path, other)
    except OSError:
        return False
