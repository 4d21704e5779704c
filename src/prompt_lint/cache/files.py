"""Counts of files that haven't changed since they were counted, which aren't opened, or whose contents are known, which aren't parsed.

docs/cache.md says what a file is known by, and why that can't be mistaken.
"""

from __future__ import annotations

from contextlib import suppress
from hashlib import sha256
from itertools import islice
from typing import TYPE_CHECKING

from prompt_lint.counting.sources import suffices
from prompt_lint.model.errors import Unreadable
from prompt_lint.model.values import CANONICAL_VERSION
from prompt_lint.repo import safe_read

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from prompt_lint.config.rule_matching import MatchedFile
    from prompt_lint.counting.sources import Means
    from prompt_lint.model.values import Count, Rule
    from prompt_lint.repo.working_tree import WorkingTree

# Files in one question to the cache: few enough that what is said of them takes little room.
_TOGETHER = 20_000
# Of a file's stamp: what tells it from others, its inode, or most of what its contents are known by. The rest tells whether it has changed.
_NAMING = 16
# Files that are new to this disk are looked for by their contents where there are so many: fewer are parsed as soon.
_WORTH_READING = 20
# So many at a time; where most of them aren't known, neither will the others be.
_SAMPLE = 500


def recall(
    tree: WorkingTree, owned: Sequence[MatchedFile], means: Means, cap: int
) -> dict[str, tuple[Count, ...]]:
    """The counts, one for each model of its rule, of every file of at most `cap` bytes that is known."""
    found: dict[str, tuple[Count, ...]] = {}
    if not means.cache.path:
        return found
    by_rule: dict[int, tuple[Rule, list[str]]] = {}
    for path, rule, *_ in owned:
        by_rule.setdefault(id(rule), (rule, []))[1].append(path)
    for rule, paths in by_rule.values():
        todo = iter(paths)
        while some := list(islice(todo, _TOGETHER)):
            stamps = {path: one for path, one in zip(some, tree.stamps(some, cap), strict=True) if one}
            left = _look_up(rule, stamps, means, found)
            if len(left) >= _WORTH_READING:
                _by_contents(tree, rule, left, means, cap, found)
    return found


def _look_up(
    rule: Rule, stamps: Mapping[str, bytes], means: Means, found: dict[str, tuple[Count, ...]]
) -> dict[str, bytes]:
    """Add to `found` what is known of files of one rule under these stamps. Those of which nothing is known are left."""
    files = {_name(path, one): (path, one) for path, one in stamps.items()}
    # A run that takes offline counts finds exact ones, too, and takes them first.
    for exact in (True,) if means.mode == "exact" else (True, False):
        states = {name: stamp[_NAMING:] for name, (_, stamp) in files.items()}
        for name, counts in means.cache.unchanged(_scope(rule, means, exact=exact), states).items():
            path, _ = files.pop(name)
            if means.mode != "auto" or all(
                map(suffices, counts, map(rule.limits.get, rule.models), (means,) * len(counts))
            ):
                found[path] = counts
    return dict(files.values())


def _by_contents(
    tree: WorkingTree,
    rule: Rule,
    paths: Iterable[str],
    means: Means,
    cap: int,
    found: dict[str, tuple[Count, ...]],
) -> None:
    """Add to `found` what is known of files that are new only to this disk, as in a fresh checkout. They are read, not parsed."""
    todo = iter(paths)
    while some := list(islice(todo, _SAMPLE)):
        marks: dict[str, bytes] = {}
        stamps: dict[str, bytes] = {}
        for path in some:
            with suppress(Unreadable):  # told when it is checked
                data, stamps[path] = tree.take(path, cap)
                marks[path] = safe_read.mark(data)
        unknown = _look_up(rule, marks, means, found)
        for path in marks.keys() & found.keys():
            if stamps[path]:
                remember(path, rule, (stamps[path],), found[path], means)
        if 2 * len(unknown) > len(marks):
            return  # new contents, as in a first run, needn't be read twice


def remember(path: str, rule: Rule, stamps: Iterable[bytes], counts: Sequence[Count], means: Means) -> None:
    """For the next run: the counts of the file that had these stamps."""
    exact = all(count.origin == "api" for count in counts)
    if exact or means.mode != "exact":
        scope = _scope(rule, means, exact=exact)
        for stamp in stamps:
            means.cache.put_unchanged(scope, _name(path, stamp), stamp[_NAMING:], counts)


def _name(path: str, stamp: bytes) -> bytes:
    """What tells a file from all others: its inode or contents, and its path, on which hangs what a format makes of it."""
    return sha256(stamp[:_NAMING] + path.encode("utf-8", "surrogateescape")).digest()[:_NAMING]


def _scope(rule: Rule, means: Means, *, exact: bool) -> bytes:
    """What counts are kept under, by all that decides them beside a file."""
    meaning = "\0".join((str(CANONICAL_VERSION), rule.format, rule.role))
    return means.cache.scope_of_files(meaning, rule.models, exact=exact)
