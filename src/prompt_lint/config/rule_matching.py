"""Which rule applies to a path: the last one that matches it, as in .gitignore and CODEOWNERS."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from prompt_lint.repo.paths import find_nearest_folder
from prompt_lint.text import patterns

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

    from prompt_lint.config.configuration import Config
    from prompt_lint.model.rules import Group, Reference, Rule


class MatchedFile(NamedTuple):
    """A file by its real path, the rule that applies to it, and the symbolic links that lead to it.

    `read_as` is the link by whose name it is read, where that isn't its own: because the link has another rule, is in
    another folder to import from, or is named for another tool.
    """

    path: str
    rule: Rule
    aliases: tuple[str, ...] = ()
    read_as: str = ""

    @property
    def display_path(self) -> str:
        return self.read_as or self.path

    @property
    def prompt_names(self) -> tuple[str, ...]:
        """The names that make this prompt of the file: the one by which it is read, and links."""
        return (self.display_path, *self.aliases)

    @property
    def all_names(self) -> tuple[str, ...]:
        """The same, and the name of the file itself."""
        return (self.path, *self.prompt_names)


class CompiledRule(NamedTuple):
    """A rule with its patterns compiled. Each path that it can match begins with one of `starts`."""

    rule: Rule
    starts: tuple[str, ...]
    includes: Callable[[str], bool]
    excludes: Callable[[str], bool]

    def matches(self, path: str) -> bool:
        return path.startswith(self.starts) and self.includes(path) and not self.excludes(path)


class RuleMatcher(NamedTuple):
    """The rules of a configuration, compiled. `excludes` is the `exclude` at the top of the file.

    What is in the folder of one of `nested`, which are by their folders, is for that one alone.
    """

    rules: Sequence[CompiledRule]
    excludes: Callable[[str], bool]
    nested: Mapping[str, RuleMatcher] = {}

    def find_rule(self, path: str) -> Rule | None:
        if self.nested and (matcher := self.find_governing(path)) is not self:
            return matcher.find_rule(path)
        for rule, starts, includes, excludes in reversed(self.rules):
            if path.startswith(starts) and includes(path) and not excludes(path):
                return None if self.excludes(path) else rule
        return None

    def find_governing(self, path: str) -> RuleMatcher:
        """Return the matcher of the configuration that governs a path."""
        folder = find_nearest_folder(path, self.nested)
        return self if folder is None else self.nested[folder]

    def find_rules(self, paths: Iterable[str]) -> dict[str, Rule]:
        """Return the paths to which a rule applies, with that rule."""
        return {path: rule for path in paths if (rule := self.find_rule(path))}

    def list_folders(self) -> set[str]:
        """Return files and folders that together hold every path that a rule can match; "" is the whole tree."""
        return patterns.find_folders(self.list_patterns())

    def list_endings(self) -> set[str]:
        """Return texts; each path that a rule can match contains one of them."""
        return patterns.find_endings(self.list_patterns())

    def list_patterns(self) -> Iterator[str]:
        for matcher in (self, *self.nested.values()):
            yield from (pattern for compiled in matcher.rules for pattern in compiled.rule.files)


def compile_config(config: Config) -> RuleMatcher:
    """Compile the rules of a configuration and of those nested in it. Raises `ValueError` for a pattern that is refused."""
    nested = {each.folder: compile_rules(each.rules, each.exclude) for each in config.nested}
    return compile_rules(config.rules, config.exclude)._replace(nested=nested)


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


def compile_references(group: Group) -> Callable[[Collection[str]], list[Reference]]:
    """Return a function: the names of a file → the references of a group that match one of them.

    What a `!` matches is taken back from those before it. A sum has patterns, a request has paths.
    """
    matchers = [
        (one, patterns.compile_patterns([one.path.removeprefix("!")]) if group.sum else one.path.__eq__)
        for one in group.references
    ]

    def match(names: Collection[str]) -> list[Reference]:
        matching: list[Reference] = []
        for reference, matches in matchers:
            if any(map(matches, names)):
                matching = [] if reference.path.startswith("!") else [*matching, reference]
        return matching

    return match


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
    files: Iterable[MatchedFile], matcher: RuleMatcher, paths: Sequence[str]
) -> tuple[list[Rule], list[Rule]]:
    """Return two lists of rules that apply to no file and don't say `allow_empty`.

    The patterns of the first match no file; for each file that those of the second match, a later rule wins. What the
    `exclude` of the configuration matches isn't considered. A rule that applies to broken links alone is in neither.
    """
    used = {id(file.rule) for file in files}
    without_match: list[Rule] = []
    overridden: list[Rule] = []
    for of_config in (matcher, *matcher.nested.values()):
        unused = [each for each in of_config.rules if id(each.rule) not in used and not each.rule.allow_empty]
        if not unused:
            continue
        governed = (path for path in paths if matcher.find_governing(path) is of_config)
        candidates = [path for path in governed if not of_config.excludes(path)]
        for compiled in unused:
            winners = [of_config.find_rule(path) for path in candidates if compiled.matches(path)]
            if compiled.rule not in winners:
                (overridden if winners else without_match).append(compiled.rule)
    return without_match, overridden
