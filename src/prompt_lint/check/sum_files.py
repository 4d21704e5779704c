"""Which files of a sum are counted by themselves: each file once, whether it is a member, an import of one, or both."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping


def choose_files(imports: Mapping[str, Collection[str]]) -> list[str]:
    """Return the members that no other one brings in, in their order. `imports` are each member's, by real path.

    Of members that import each other in a circle, the first is chosen. An import that isn't loaded, because it is too
    many hops away, isn't among `imports`, so it is chosen itself.
    """
    imported = {path for paths in imports.values() for path in paths}
    chosen: set[str] = set()
    brought_in: set[str] = set()
    for path in sorted(imports, key=imported.__contains__):  # those that nothing imports come first
        if path not in brought_in:
            chosen.add(path)
            brought_in.update(imports[path])
    return [path for path in imports if path in chosen]
