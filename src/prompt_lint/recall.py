"""Counts of files that haven't changed since they were counted: they aren't even opened.

docs/cache.md says what a file is known by, and why that can't be mistaken.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from prompt_lint.formats import candidates
from prompt_lint.measure import suffices
from prompt_lint.model import CANONICAL_VERSION

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from prompt_lint.measure import Means
    from prompt_lint.model import Count, Rule
    from prompt_lint.selection import Owned
    from prompt_lint.tree import WorkingTree

# Formats that read files of the same extension alike.
_BY_SUFFIX = frozenset({"text", "markdown", "request", "tools"})
# Files in one question to the cache: few enough that what is said of them takes little room.
_TOGETHER = 20_000


def recall(tree: WorkingTree, owned: Sequence[Owned], means: Means, cap: int) -> dict[str, tuple[Count, ...]]:
    """The counts, one for each model of its rule, of every file of at most `cap` bytes that needs no reading."""
    found: dict[str, tuple[Count, ...]] = {}
    if not means.cache.path:
        return found
    scopes = _scopes(means, exact_only=means.mode == "exact")
    todo = iter(owned)
    while some := list(islice(todo, _TOGETHER)):
        stamps = tree.stamps((one.path for one in some), cap)
        wanted = {
            one.path: (scopes(one.path, one.rule), stamp)
            for one, stamp in zip(some, stamps, strict=True)
            if stamp
        }
        found.update(means.cache.unchanged(wanted))
    if means.mode != "auto":
        return found
    limits = {one.path: [one.rule.limits.get(model) for model in one.rule.models] for one in owned}
    return {
        path: counts
        for path, counts in found.items()
        if all(suffices(*known, means) for known in zip(counts, limits[path], strict=True))
    }


def remember(path: str, rule: Rule, stamp: bytes, counts: Sequence[Count], means: Means) -> None:
    """For the next run: the counts of the file that had this stamp."""
    exact = all(count.origin == "api" for count in counts)
    if exact or means.mode != "exact":
        [scope] = _scopes(means, exact_only=exact)(path, rule)[-1:]
        means.cache.put_unchanged(scope, stamp, counts)


def _scopes(means: Means, *, exact_only: bool) -> Callable[[str, Rule], Sequence[bytes]]:
    """What a file's counts are kept under, by all that decides them beside its bytes; the best comes first.

    A run that takes offline counts finds exact ones, too.
    """
    known: dict[tuple[tuple[str, ...], str, str, tuple[str, ...]], tuple[bytes, ...]] = {}

    def scopes(path: str, rule: Rule) -> tuple[bytes, ...]:
        names = candidates(path, rule)
        # What the special formats make of a file hangs on its name, and so may a hard link's count on which name it has.
        place = path[path.rfind(".") :].lower() if _BY_SUFFIX.issuperset(names) else path
        meaning = (names, rule.role, place, rule.models)
        found = known.get(meaning)
        if found is None:
            text = "\0".join((str(CANONICAL_VERSION), *meaning[0], *meaning[1:3]))
            kinds = (True,) if exact_only else (True, False)
            found = tuple(means.cache.scope_of_files(text, rule.models, exact=kind) for kind in kinds)
            known[meaning] = found
        return found

    return scopes
