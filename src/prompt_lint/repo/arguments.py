"""Paths of the command line → paths of a tree."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, NamedTuple

from prompt_lint.model.errors import ExitCode, Fatal, Unreadable
from prompt_lint.model.nearest import find_nearest
from prompt_lint.repo.links import explain_left_out
from prompt_lint.repo.paths import from_native, is_in_git_folder
from prompt_lint.text.patterns import compile_patterns

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from prompt_lint.repo.working_tree import WorkingTree

_WILDCARDS = frozenset("*?[")


def resolve_arguments(tree: WorkingTree, arguments: Iterable[str], cwd: str) -> list[str]:
    """Return the paths of the command line as those of the tree, each once.

    A pattern that no shell has expanded, on Windows or in an input of the Action, stands for the files that it matches below
    `cwd`. A file of that very name comes first. Raises `Fatal` where there is no such file, or none that matches, and for what
    is in another repository below.
    """
    paths: dict[str, None] = {}
    for argument in arguments:
        if set(argument) & _WILDCARDS and not os.path.lexists(os.path.join(cwd, argument)):
            paths |= dict.fromkeys(_expand_pattern(tree, argument, cwd))
            continue
        path = resolve_argument(tree, argument, cwd)
        _require_own(tree, argument, path)
        paths[path] = None
    return list(paths)


def _require_own(tree: WorkingTree, argument: str, path: str) -> None:
    """Raise `Fatal` for a path in another repository, of which git has nothing in this one."""
    folder, _, name = path.rpartition("/")
    try:
        real = f"{tree.resolve(folder)}/{name}".lstrip("/")
    except Unreadable:  # which reading it explains
        return
    repository = tree.find_inner_repository(real) if tree.has_git else ""
    if repository and not any(f"{own}/".startswith(f"{real}/") for own in tree.list_entries()):
        message = f"`{argument}` is in `{repository}`, a repository of its own"
        raise Fatal(message, f"run prompt-lint there, in `{repository}`")


class PastPath(NamedTuple):
    """A file, a folder or a pattern of the command line, which may be of an old commit.

    `path` is where it is in the tree, or the working directory for a pattern; `matches` says which paths it means.
    """

    argument: str
    path: str
    matches: Callable[[str], bool]


def resolve_past_argument(tree: WorkingTree, argument: str, cwd: str) -> PastPath:
    """Return a path of the command line, whether or not it is there today. Raises `Fatal` for one outside of the tree."""
    if set(argument) & _WILDCARDS and not os.path.lexists(os.path.join(cwd, argument)):
        return PastPath(argument, resolve_argument(tree, ".", cwd), _compile_pattern(tree, argument, cwd))
    path = _find_inner_path(os.path.normpath(os.path.join(cwd, argument)), tree.top)
    if path is None:
        raise _explain_outside(tree, argument)
    return PastPath(argument, path, lambda other: not path or f"{other}/".startswith(f"{path}/"))


def _compile_pattern(tree: WorkingTree, pattern: str, cwd: str) -> Callable[[str], bool]:
    folder = re.sub(r"([*?\[\]{}\\])", r"\\\1", resolve_argument(tree, ".", cwd))
    anchored = "/" + os.path.normpath(os.path.join(folder, pattern)).replace(os.sep, "/")
    try:
        return compile_patterns([anchored])
    except ValueError as error:
        raise Fatal(f"`{pattern}` can't be used: {error}") from None


def _explain_outside(tree: WorkingTree, argument: str) -> Fatal:
    hint = "run prompt-lint in the repository that the file belongs to"
    return Fatal(f"`{argument}` is outside of {tree.top}", hint)


def _expand_pattern(tree: WorkingTree, pattern: str, cwd: str) -> list[str]:
    matches = _compile_pattern(tree, pattern, cwd)
    found = [path for path in tree.list_entries() if matches(path)]
    deleted = tree.find_missing(found)
    if not set(found) - deleted:
        hint = "see `prompt-lint list` for the prompts that there are"
        raise Fatal(f"no file matches the pattern `{pattern}`", hint)
    return [path for path in found if path not in deleted]


def resolve_argument(tree: WorkingTree, argument: str, cwd: str) -> str:
    """Return a path of the command line as one of the tree; "" is the top. Links keep their own name.

    Raises `Fatal` where there is no such file, or where it isn't in this repository.
    """
    absolute = os.path.normpath(os.path.join(cwd, argument))
    inner = _find_inner_path(absolute, tree.top)
    if not argument or not os.path.lexists(absolute):
        if argument and inner and tree.is_sparse(inner):
            error = explain_left_out()
            raise Fatal(f"`{argument}` {error.message}", error.hint, ExitCode.UNCOUNTED)
        raise Fatal(f"there is no file or folder `{argument}`", _hint_at_name(tree, argument, inner))
    if inner is None:
        raise _explain_outside(tree, argument)
    if is_in_git_folder(inner):
        raise Fatal(f"`{argument}` belongs to git itself", "name a file of the repository")
    return inner


def _hint_at_name(tree: WorkingTree, argument: str, inner: str | None) -> str:
    """Return what was probably meant by a path that isn't there: a pattern of the shell, or a file of a similar name."""
    if argument == "-":
        return "only `prompt-lint count -` reads stdin"
    if set(argument) & _WILDCARDS:
        return "the shell found no file that matches this pattern"
    near = find_nearest(inner, tree.list_entries().keys() - {inner}) if inner else ""
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
