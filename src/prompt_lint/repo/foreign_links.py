"""Links of a repository on the way to a file that somebody names: it may be a stranger's, and lead anywhere."""

from __future__ import annotations

import os

from prompt_lint.model.errors import NotInRepository, Unreadable
from prompt_lint.repo.links import path_inside
from prompt_lint.repo.paths import from_native
from prompt_lint.repo.safe_read import is_link
from prompt_lint.repo.working_tree import open_tree


def refuse_foreign_link(path: str) -> None:
    """Check a file that is to be read, in a repository or not: a link in one may lead to what everybody has there.

    Raises `Unreadable` where it leads out of the repository, in circles, or to what git ignores.
    """
    absolute = os.path.abspath(path)
    link, top = _find_link(absolute)
    if not link or os.path.isdir(absolute):
        return
    tree = open_tree(top)
    real = tree.resolve(from_native(os.path.relpath(absolute, top)))
    try:
        tree.require_shared(from_native(os.path.relpath(link, top)), real)
    except NotInRepository as error:
        hint = "name the file itself, if you mean that one"
        raise Unreadable(f"leads to a file that {error.message}", hint) from None


def leads_out_of_repository(path: str) -> bool:
    """Return whether a link of a repository leads a file that is to be written out of it, or into its `.git`."""
    absolute = os.path.abspath(path)
    link, top = _find_link(absolute)
    try:
        if link:
            path_inside(os.path.realpath(top), os.path.realpath(absolute))
    except Unreadable:
        return True
    return False


def _find_link(absolute: str) -> tuple[str, str]:
    """Return the outermost link on the way to a path that is in a repository, and the repository's top; "" twice for none."""
    folder, *names = absolute.split(os.sep)
    folder += os.sep
    for name in names:
        here = os.path.join(folder, name)
        try:
            is_one = is_link(os.lstat(here))
        except OSError:
            break
        if is_one and (top := _find_top(folder)):
            return here, top
        folder = here
    return "", ""


def _find_top(folder: str) -> str:
    """Return the nearest folder, this one or above it, that has a `.git`; "" if there is none."""
    while not os.path.lexists(os.path.join(folder, ".git")):
        folder, name = os.path.split(folder)
        if not name:
            return ""
    return folder
