"""Which rule applies to a path: the last one that matches it, as in .gitignore and CODEOWNERS."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from prompt_lint.text import patterns

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from prompt_lint.model.values import Rule


class MatchedFile(NamedTuple):
    """A file by its real path, the rule that applies to it, and the symbolic links that lead to it.

    `read_as` is the link by whose name it is read, where that isn't its own: because the link has another rule, is in
    another folder to import from, or is named for another tool.
    """

    path: str
    rule: Rule
    aliases: tuple[str, ...]
    read_as: str = ""

    @property
    def display_path(self) -> str:
        return self.read_as or self.path


class CompiledRule(NamedTuple):
    """A rule with its patterns compiled. Each path that it can match begins with one of `starts`."""

    rule: Rule
    starts: tuple[str, ...]
    includes: Callable[[str], bool]
    excludes: Callable[[str], bool]

    def matches(self, path: str) -> bool:
        return path.startswith(self.starts) and self.includes(path) and not self.excludes(path)


class RuleMatcher(NamedTuple):
    """The rules of a configuration, compiled. `excludes` is the `exclude` at the top of the file."""

    rules: Sequence[CompiledRule]
    excludes: Callable[[str], bool]

    def find_rule(self, path: str) -> Rule | None:
        """Return the rule that applies to a path, or None."""
        for rule, starts, includes, excludes in reversed(self.rules):
            if path.startswith(starts) and includes(path) and not excludes(path):
                return None if self.excludes(path) else rule
        return None

    def find_rules(self, paths: Iterable[str]) -> dict[str, Rule]:
        """Return the paths to which a rule applies, with that rule."""
        return {path: rule for path in paths if (rule := self.find_rule(path))}

    def list_folders(self) -> set[str]:
        """Return files and folders that together hold every path that a rule can match; "" is the whole tree."""
        return patterns.find_folders(pattern for compiled in self.rules for pattern in compiled.rule.files)

    def list_endings(self) -> set[str]:
        """Return texts; each path that a rule can match contains one of them."""
        return patterns.find_endings(pattern for compiled in self.rules for pattern in compiled.rule.files)


def compile_rules(rules: Iterable[Rule], exclude: Sequence[str]) -> RuleMatcher:
    """Compile rules and the `exclude` at the top of their file. Raises `ValueError` for a pattern that is refused."""
    compiled = [
        CompiledRule(
            rule,
            tuple(patterns.find_folders(rule.files)),
            patterns.compile_patterns(rule.files),
            patterns.compile_patterns(rule.exclude),
        )
        for rule in rules
    ]
    return RuleMatcher(compiled, patterns.compile_patterns(exclude))


def match_files(
    rules_by_path: Mapping[str, Rule], aliases: Mapping[str, str], matcher: RuleMatcher
) -> list[MatchedFile]:
    """Return each file to which a rule applies once, in the order of the paths, with the links that lead to it.

    `rules_by_path` are the files that match by their own path. `aliases` maps links to real paths. Where no rule matches
    a file's own path, the rule of its first link that matches one applies.
    """
    rules = dict(rules_by_path)
    links: dict[str, list[str]] = {}
    for link, target in aliases.items():
        if rule := matcher.find_rule(link):
            links.setdefault(target, []).append(link)
            rules.setdefault(target, rule)
    return [MatchedFile(path, rules[path], tuple(sorted(links.get(path, ())))) for path in sorted(rules)]


def find_unused_rules(
    files: Iterable[MatchedFile], matcher: RuleMatcher, paths: Iterable[str]
) -> tuple[list[Rule], list[Rule]]:
    """Return two lists of rules that apply to no file and don't say `allow_empty`.

    The patterns of the first match no file; for each file that those of the second match, a later rule wins. What the
    `exclude` of the configuration matches isn't considered. A rule that applies to broken links alone is in neither.
    """
    used = {id(file.rule) for file in files}
    unused = [each for each in matcher.rules if id(each.rule) not in used and not each.rule.allow_empty]
    if not unused:
        return [], []
    candidates = [path for path in paths if not matcher.excludes(path)]
    without_match: list[Rule] = []
    overridden: list[Rule] = []
    for compiled in unused:
        winners = [matcher.find_rule(path) for path in candidates if compiled.matches(path)]
        if compiled.rule not in winners:
            (overridden if winners else without_match).append(compiled.rule)
    return without_match, overridden
