"""Counts of files that haven't changed since they were counted: they aren't even opened.

docs/cache.md says what a file is known by, and why that can't be mistaken.
"""

from __future__ import annotations

from hashlib import sha256
from itertools import islice
from typing import TYPE_CHECKING

from prompt_lint.measure import suffices
from prompt_lint.model import CANONICAL_VERSION

if TYPE_CHECKING:
    from collections.abc import Sequence

    from prompt_lint.measure import Means
    from prompt_lint.model import Count, Rule
    from prompt_lint.selection import Owned
    from prompt_lint.tree import WorkingTree

# Files in one question to the cache: few enough that what is said of them takes little room.
_TOGETHER = 20_000
# Of a file's stamp: what tells it from others. The rest tells whether it has changed.
_INODE_BYTES = 16


def recall(tree: WorkingTree, owned: Sequence[Owned], means: Means, cap: int) -> dict[str, tuple[Count, ...]]:
    """The counts, one for each model of its rule, of every file of at most `cap` bytes that needs no reading."""
    found: dict[str, tuple[Count, ...]] = {}
    if not means.cache.path:
        return found
    by_rule: dict[int, tuple[Rule, list[str]]] = {}
    for path, rule, *_ in owned:
        by_rule.setdefault(id(rule), (rule, []))[1].append(path)
    for rule, paths in by_rule.values():
        todo = iter(paths)
        while some := list(islice(todo, _TOGETHER)):
            _recall(tree, rule, some, means, cap, found)
    return found


def _recall(
    tree: WorkingTree,
    rule: Rule,
    paths: Sequence[str],
    means: Means,
    cap: int,
    found: dict[str, tuple[Count, ...]],
) -> None:
    """Add to `found` what is known of the files of one rule."""
    files = {
        _name(path, stamp): (path, stamp[_INODE_BYTES:])
        for path, stamp in zip(paths, tree.stamps(paths, cap), strict=True)
        if stamp
    }
    # A run that takes offline counts finds exact ones, too, and takes them first.
    for exact in (True,) if means.mode == "exact" else (True, False):
        states = {name: state for name, (_, state) in files.items()}
        for name, counts in means.cache.unchanged(_scope(rule, means, exact=exact), states).items():
            path, _ = files.pop(name)
            if all(map(suffices, counts, map(rule.limits.get, rule.models), (means,) * len(counts))):
                found[path] = counts


def remember(path: str, rule: Rule, stamp: bytes, counts: Sequence[Count], means: Means) -> None:
    """For the next run: the counts of the file that had this stamp."""
    exact = all(count.origin == "api" for count in counts)
    if exact or means.mode != "exact":
        scope = _scope(rule, means, exact=exact)
        means.cache.put_unchanged(scope, _name(path, stamp), stamp[_INODE_BYTES:], counts)


def _name(path: str, stamp: bytes) -> bytes:
    """What tells a file from all others: its inode, and its path, on which hangs what a format makes of it."""
    return sha256(stamp[:_INODE_BYTES] + path.encode("utf-8", "surrogateescape")).digest()[:_INODE_BYTES]


def _scope(rule: Rule, means: Means, *, exact: bool) -> bytes:
    """What counts are kept under, by all that decides them beside a file."""
    meaning = "\0".join((str(CANONICAL_VERSION), rule.format, rule.role))
    return means.cache.scope_of_files(meaning, rule.models, exact=exact)
