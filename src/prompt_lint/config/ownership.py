"""Which rule owns a path."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from prompt_lint.text import patterns

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from prompt_lint.model.values import Rule


class Owned(NamedTuple):
    """A file that a rule owns, by its real path, with the links that lead to it.

    `name` is the link by which it is read, where it is read by one: another tool's name, another folder to import from, or
    another rule.
    """

    path: str
    rule: Rule
    aliases: tuple[str, ...]
    name: str = ""

    @property
    def shown(self) -> str:
        return self.name or self.path


class Match(NamedTuple):
    """How one rule takes one path, for `explain`."""

    rule: Rule
    files: bool
    excluded: bool


class Selector(NamedTuple):
    """Compiled rules. The last rule that matches owns a path, as in .gitignore and CODEOWNERS."""

    rules: Sequence[tuple[Rule, Callable[[str], bool], Callable[[str], bool]]]
    excluded: Callable[[str], bool]

    def owner(self, path: str) -> Rule | None:
        for rule, files, exclude in reversed(self.rules):
            if files(path) and not exclude(path):
                return None if self.excluded(path) else rule
        return None

    def owners(self, paths: Iterable[str]) -> dict[str, Rule]:
        """Those of `paths` that a rule owns, with their rules."""
        return {path: rule for path in paths if (rule := self.owner(path))}

    def folders(self) -> set[str]:
        """Paths at or below which all lies that any rule can own; "" among them is the whole tree."""
        return patterns.folders(pattern for rule, _, _ in self.rules for pattern in rule.files)

    def ends(self) -> set[str]:
        """Texts of which one is in every path that any rule can own."""
        return patterns.ends(pattern for rule, _, _ in self.rules for pattern in rule.files)

    def explain(self, path: str) -> list[Match]:
        return [Match(rule, files(path), exclude(path)) for rule, files, exclude in self.rules]


def selector(rules: Iterable[Rule], exclude: Sequence[str]) -> Selector:
    compiled = [(rule, patterns.compile(rule.files), patterns.compile(rule.exclude)) for rule in rules]
    return Selector(compiled, patterns.compile(exclude))


def select(owners: Mapping[str, Rule], aliases: Mapping[str, str], chosen: Selector) -> list[Owned]:
    """Each file once, in the order of its path, whatever the links that lead to it.

    `owners` are those that are owned by their own path, `aliases` maps a link's path to the path of the file behind it. A
    file that no rule owns by its own path is owned through the first of its links that a rule owns.
    """
    owners = dict(owners)
    links: dict[str, list[str]] = {}
    for link, target in aliases.items():
        if rule := chosen.owner(link):
            links.setdefault(target, []).append(link)
            owners.setdefault(target, rule)
    return [Owned(path, owners[path], tuple(sorted(links.get(path, ())))) for path in sorted(owners)]


def idle(owned: Iterable[Owned], chosen: Selector, paths: Iterable[str]) -> tuple[list[Rule], list[Rule]]:
    """Rules that own nothing, unless they say `allow_empty`: those that match no file, and those that do.

    The latter are overruled by later rules in all that they match. What the `exclude` of the whole
    configuration takes out is matched by nobody.
    """
    owning = {id(one.rule) for one in owned}
    suspects = [each for each in chosen.rules if id(each[0]) not in owning and not each[0].allow_empty]
    if not suspects:
        return [], []
    known = [path for path in paths if not chosen.excluded(path)]
    empty: list[Rule] = []
    overruled: list[Rule] = []
    for rule, files, exclude in suspects:
        matches = any(files(path) and not exclude(path) for path in known)
        (overruled if matches else empty).append(rule)
    return empty, overruled
