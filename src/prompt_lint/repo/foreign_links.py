"""Links of a repository on the way to a file that somebody names: it may be a stranger's, and lead anywhere."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from prompt_lint.model.errors import NotInRepository, Unreadable
from prompt_lint.repo.links import path_inside
from prompt_lint.repo.paths import from_native
from prompt_lint.repo.safe_read import is_link
from prompt_lint.repo.working_tree import open_tree

if TYPE_CHECKING:
    from collections.abc import Iterator


def refuse_foreign_link(path: str) -> None:
    """Check a file that is to be read, in a repository or not: a link in one may lead to what everybody has there.

    Raises `Unreadable` where it leads out of the repository, in circles, or to what git ignores.
    """
    absolute = os.path.abspath(path)
    if os.path.isdir(absolute):
        return
    for link, top in _list_links(absolute):
        tree = open_tree(top)
        real = tree.resolve(from_native(os.path.relpath(absolute, top)))
        try:
            tree.require_shared(from_native(os.path.relpath(link, top)), real)
        except NotInRepository as error:
            hint = "name the file itself, if you mean that one"
            raise Unreadable(f"leads to a file that {error.message}", hint) from None
        return


def leads_out_of_repository(path: str) -> bool:
    """Return whether a link of a repository leads a file that is to be written out of it, or into its `.git`."""
    absolute = os.path.abspath(path)
    for _, top in _list_links(absolute):
        try:
            path_inside(os.path.realpath(top), os.path.realpath(absolute))
        except Unreadable:
            return True
        break
    return False


def _list_links(absolute: str) -> Iterator[tuple[str, str]]:
    """Yield the links on the way to a path that are in a repository, the outermost first, each with its repository's top."""
    folder, *names = absolute.split(os.sep)
    folder += os.sep
    for name in names:
        here = os.path.join(folder, name)
        try:
            is_one = is_link(os.lstat(here))
        except OSError:
            return
        if is_one and (top := _find_top(folder)):
            yield here, top
        folder = here


def _find_top(folder: str) -> str:
    """Return the nearest folder, this one or above it, that has a `.git`; "" if there is none."""
    while not os.path.lexists(os.path.join(folder, ".git")):
        folder, name = os.path.split(folder)
        if not name:
            return ""
    return folder
