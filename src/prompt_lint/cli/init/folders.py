"""Folders whose files are likelier somebody's example, test or translation than a prompt of this repository."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

_DOCUMENTATION = frozenset({"doc", "docs", "documentation", "site", "website"})
_TESTS = frozenset({"__tests__", "e2e", "spec", "specs"})
_TESTS_NAME = re.compile(r"(?i)tests?(?:[-_].*)?\Z|.*[-_.]tests?\Z")
# What is in these isn't the repository's own, or isn't read as what it is called.
_FOREIGN = frozenset({
    "__fixtures__", "__snapshots__", "build", "cassettes", "dist", "fixtures", "node_modules", "recordings", "snapshots", "testdata",
    "third_party", "third-party", "vendor",
})  # fmt: skip
_TRANSLATIONS = frozenset({"i18n", "l10n", "locales", "translations"})
_LANGUAGE = re.compile(r"[a-z]{2}(?:[-_](?:[A-Za-z]{2}|[A-Z][a-z]{3}))?\Z")


def find_doubtful_folder(path: str, folders: Collection[str] = (), *, is_certain: bool = False) -> str:
    """Return the path of the outermost folder that makes a file doubtful; "" for none.

    Below one of `folders`, which hold nothing but prompts, no name makes it so. Where a kind `is_certain`, tests and documentation
    may have files of it, too, but not other people's folders and translations.
    """
    names = path.split("/")[:-1]
    for depth, name in enumerate(names):
        if name in folders:
            return ""
        if name in _FOREIGN or _is_translation(names, depth) or (not is_certain and _is_aside(name)):
            return "/".join(names[: depth + 1])
    return ""


def _is_aside(name: str) -> bool:
    return name in _DOCUMENTATION or name in _TESTS or bool(_TESTS_NAME.match(name))


def _is_translation(names: Sequence[str], depth: int) -> bool:
    if names[depth] in _TRANSLATIONS:
        return True
    return depth > 0 and names[depth - 1] in _DOCUMENTATION and bool(_LANGUAGE.match(names[depth]))
