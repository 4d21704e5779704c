"""What a run is about: the files and groups that the rules and the paths given choose, out of all that there are."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from prompt_lint.check import exemptions, groups
from prompt_lint.check.importers import find_importers, list_included, match_below
from prompt_lint.check.readings import split_by_name
from prompt_lint.config.rule_matching import (
    MatchedFile,
    compile_config,
    compile_rules,
    find_unused_rules,
    match_files,
)
from prompt_lint.formats import IMPORT_SIGNS, recognition
from prompt_lint.model.errors import BrokenLink, ExitCode, Unreadable
from prompt_lint.model.values import Note, Problem
from prompt_lint.repo.links import list_names, select_intact
from prompt_lint.repo.paths import list_parents
from prompt_lint.text.patterns import find_endings

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from prompt_lint.check.groups import GroupFiles
    from prompt_lint.check.remembered_files import RememberedFiles
    from prompt_lint.config.configuration import Config
    from prompt_lint.config.rule_matching import RuleMatcher
    from prompt_lint.model.rules import Exemption, Group, Rule
    from prompt_lint.repo.entries import Entry
    from prompt_lint.repo.working_tree import WorkingTree


class Targets(NamedTuple):
    """The files and groups to check, and the problems of the rules with the files of the tree.

    `entries` is what the tree listed, as far as it may matter; `files` are those of it that may be prompts; `links` are the
    links among it, and where they lead; `within` are the folders that were listed. `exemptions` have the paths of their
    prompts. `is_everything` is False where only some paths are checked.
    """

    matched: list[MatchedFile]
    groups: list[GroupFiles]
    problems: list[Problem]
    entries: Mapping[str, Entry]
    files: Sequence[str]
    links: Mapping[str, str]
    within: Collection[str]
    matcher: RuleMatcher
    exemptions: Sequence[tuple[Exemption, Collection[str]]]
    is_everything: bool

    @property
    def source_count(self) -> int:
        """How many files and groups are to be read."""
        return len(self.matched) + len(self.groups)


def find_targets(
    tree: WorkingTree,
    config: Config,
    paths: Sequence[str],
    remembered: RememberedFiles | None = None,
    *,
    whole: bool = False,
) -> Targets:
    """Find the files and groups to check, and the problems of the rules with the files of the tree.

    What git tracks and is gone from the disk is no file here. With `paths`, these are the files at or below them, the
    files whose prompts include one of those, and the groups that they belong to. `whole` lists all entries, also files
    that no pattern can match. `remembered` looks up tracked files while git looks for untracked ones, which takes git the
    longest.
    """
    matcher, all_groups = compile_config(config), config.list_groups()
    within = matcher.list_folders() | groups.list_folders(all_groups) | exemptions.list_folders(config)
    endings = {""} if whole else matcher.list_endings() | groups.list_endings(all_groups)
    rules: dict[str, Rule] = {}

    def look_up_tracked(tracked: Mapping[str, Entry]) -> None:
        rules.update(matcher.find_rules(_list_files(tracked, config)))
        if remembered:
            remembered.look_up([MatchedFile(path, rule) for path, rule in rules.items()])

    entries = tree.list_entries(paths, within, endings, None if paths else look_up_tracked)
    aliases = tree.find_aliases(entries)
    files = _list_files(entries, config)
    candidates = files if whole or not paths else _list_candidates(files, aliases, paths, config)
    rules |= matcher.find_rules(path for path in candidates if path not in rules)
    present = _match_present(tree, all_groups, matcher, rules, files, aliases)
    files, aliases, matched, group_files, missing = present
    links = select_intact(aliases)
    named = _follow_links(paths, links)
    problems = [*_report_mistakes(config, named), *_report_broken_links(aliases, matcher, all_groups, paths)]
    matched, entries = _list_linked(tree, matched, entries, problems)
    matched = [name for file in matched for name in split_by_name(file, matcher.find_rule, tree.read)]
    exempt = exemptions.find_exempt_paths(config, matched, links, matcher)
    if paths:
        matched = _select(matched, named, tree, remembered)
        affected = groups.find_affected_groups(group_files, tree, named, remembered)
        group_files = _complete_sums(affected, tree, config, matcher, missing)
    else:
        problems += _report_unused_rules(tree, config, matcher, matched, [*files, *aliases])
        problems += exemptions.report_unused(exempt, config)
    matched.sort(key=lambda file: file.display_path)
    return Targets(matched, group_files, problems, entries, files, links, within, matcher, exempt, not paths)


def _list_candidates(
    files: Sequence[str], aliases: Mapping[str, str | Unreadable], paths: Sequence[str], config: Config
) -> Sequence[str]:
    """Return the files that a run for `paths` can be about: these, those behind links, and what may import.

    The other files of a repository, of which there may be 100,000, are neither matched nor looked for.
    """
    if any(rule.format in IMPORT_SIGNS for rule in config.list_rules()):  # whatever its file is called
        return files
    is_named, linked = match_below(paths), set(aliases.values())
    return [path for path in files if is_named(path) or path in linked or recognition.looks_importing(path)]


def _match_present(
    tree: WorkingTree,
    all_groups: Sequence[Group],
    matcher: RuleMatcher,
    rules: Mapping[str, Rule],
    files: list[str],
    aliases: dict[str, str | Unreadable],
) -> tuple[list[str], dict[str, str | Unreadable], list[MatchedFile], list[GroupFiles], set[str]]:
    """Return what is on disk of `files` and `aliases`, what the rules and groups match of it, and what is missing.

    Git lists tracked files that are gone, too; only those that match are looked for.
    """
    links = select_intact(aliases)
    matched = match_files(rules, links, matcher)
    group_files = groups.match_group_files(all_groups, files, links, matcher, tree.read)
    members = (file for group, members in group_files if group.sum for file in members)
    missing = tree.find_missing({file.path for file in (*matched, *members)})
    if missing:
        files = [path for path in files if path not in missing]
        aliases = {link: real for link, real in aliases.items() if real not in missing}
        matched = [file for file in matched if file.path not in missing]
        group_files = groups.drop_members(group_files, missing)
    return files, aliases, matched, group_files, missing


def _follow_links(paths: Sequence[str], links: Mapping[str, str]) -> list[str]:
    """Return `paths`, and where the links at or below them lead."""
    is_named = match_below(paths)
    return [*paths, *dict.fromkeys(real for link, real in links.items() if is_named(link))]


def find_unmatched(
    targets: Targets,
    problems: Iterable[Problem],
    paths: Sequence[str],
    tree: WorkingTree,
    remembered: RememberedFiles | None,
) -> list[str]:
    """Return those of `paths` that lead to no target or problem: neither by name, nor as a folder, nor as an import.

    `problems` are those of prompts and groups.
    """
    files = [*targets.matched, *(file for _, group_files in targets.groups for file in group_files)]
    names = {name for file in files for name in file.all_names}
    names.update(problem.path for problem in (*targets.problems, *problems))
    reachable = _add_folders(names)
    unmatched = [path for path in paths if reachable.isdisjoint(list_names(tree, path))]
    if unmatched:
        included = {path for file in files for path in list_included(tree, file, remembered)}
        reachable = _add_folders(included)
    return [path for path in unmatched if path not in reachable]


def _add_folders(paths: Collection[str]) -> set[str]:
    """Return the paths and all folders above them."""
    return {above for path in paths for above in ("", *list_parents(path), path)}


def _select(
    matched: list[MatchedFile], paths: Sequence[str], tree: WorkingTree, remembered: RememberedFiles | None
) -> list[MatchedFile]:
    """Return the files at or below one of `paths`, by any of their names, and those that include one of these."""
    is_named = match_below(paths)
    named = [file for file in matched if any(map(is_named, file.all_names))]
    shown = {file.display_path for file in named}
    others = [file for file in matched if file.display_path not in shown]
    return [*named, *find_importers(tree, others, paths, remembered)]


def _list_files(entries: Mapping[str, Entry], config: Config) -> list[str]:
    """Return what may be prompts. The configuration is none, however wide a pattern is."""
    config_paths = config.list_paths()
    return [
        path
        for path, (kind, _) in entries.items()
        if kind not in {"link", "sparse link"} and path not in config_paths
    ]


def _complete_sums(
    affected: list[GroupFiles],
    tree: WorkingTree,
    config: Config,
    matcher: RuleMatcher,
    missing: Collection[str],
) -> list[GroupFiles]:
    """Return the groups with all of their files: a listing for paths has only these of the untracked files."""
    sums = [group for group, _ in affected if group.sum]
    if not sums:
        return affected
    entries = tree.list_entries((), groups.list_folders(sums), groups.list_endings(sums))
    links = select_intact(tree.find_aliases(entries))
    files = _list_files(entries, config)
    matched = groups.match_group_files(sums, files, links, matcher, tree.read)
    complete = {id(each.group): each for each in groups.drop_members(matched, missing)}
    return [complete.get(id(group_files.group), group_files) for group_files in affected]


def _list_linked(
    tree: WorkingTree, matched: list[MatchedFile], entries: dict[str, Entry], problems: list[Problem]
) -> tuple[list[MatchedFile], dict[str, Entry]]:
    """Return the files, and `entries` with those to which only a link leads.

    What git ignores is dropped, with a problem: other checkouts don't have it, and it may be secret.
    """
    linked = {file.path for file in matched if file.path not in entries}
    if not linked:
        return matched, entries
    entries = tree.list_entries((), linked) | entries
    hint = "let the link lead to a file that git has, or exclude it"
    for file in matched:
        if file.path not in entries:
            message = f"leads to `{file.path}`, which git ignores: no other checkout has it"
            problems.append(Problem(file.aliases[0], 0, message, hint))
    return [file for file in matched if file.path in entries], entries


def _report_mistakes(config: Config, paths: Sequence[str]) -> Iterator[Problem]:
    for path, line, _, message, hint in config.list_mistakes(paths):
        yield Problem(path, line, message, hint, ExitCode.USAGE)


def _report_broken_links(
    aliases: Mapping[str, str | Unreadable],
    matcher: RuleMatcher,
    all_groups: Sequence[Group],
    paths: Sequence[str],
) -> Iterator[Problem]:
    broken = {link: reason for link, reason in aliases.items() if isinstance(reason, Unreadable)}
    if not broken:
        return
    matchers = _compile_all(matcher, all_groups)
    is_named = match_below(paths or [""])
    for link, reason in sorted(broken.items()):
        # What it led to may be what is named: a hook names deleted files.
        is_cut = isinstance(reason, BrokenLink) and any(map(match_below([reason.end]), paths))
        if (is_cut or is_named(link)) and any(_may_match(link, each) for each in matchers):
            yield Problem(link, 0, reason.message, reason.hint)


def note_submodules(targets: Targets, config: Config) -> Iterator[Note]:
    """Note the submodules that may have files which rules or sums match: they are in another repository.

    One that is matched itself is a problem, as a file that can't be read is.
    """
    submodules = [path for path, entry in targets.entries.items() if entry.kind == "submodule" and entry.blob]
    matchers = _compile_all(targets.matcher, config.list_groups()) if submodules else ()
    for path in submodules:
        if not targets.matcher.find_rule(path) and any(_may_match_inside(path, each) for each in matchers):
            message = "is a submodule, so files in it that the configuration matches aren't checked; check them there, or exclude it"
            yield Note(message, path)


def _compile_all(matcher: RuleMatcher, all_groups: Sequence[Group]) -> list[RuleMatcher]:
    return [matcher, *(groups.compile_sum(group, matcher) for group in all_groups if group.sum)]


def _may_match(link: str, matcher: RuleMatcher) -> bool:
    """Return whether rules match a broken link, or what was behind it if it led to a folder."""
    if matcher.find_rule(link):
        return True
    is_called_as_files_are = "." in link.rpartition("/")[2][1:]
    return not is_called_as_files_are and _may_match_inside(link, matcher)


def _may_match_inside(path: str, matcher: RuleMatcher) -> bool:
    """Return whether rules match files in a folder of which nothing is known.

    It may have the folders that patterns name, or be in one of these. A pattern for any folder says nothing of it.
    """
    folders = matcher.list_folders() - {""}
    inside = {path for folder in folders if path.startswith(f"{folder}/")}
    behind = {folder for folder in folders if f"{folder}/".startswith(f"{path}/")}
    endings = {ending for pattern in matcher.list_patterns() for ending in find_endings([pattern])}
    names = [f"{above}{ending.lstrip('/') or 'x'}" for ending in endings for above in ("", "x/")]
    return any(matcher.find_rule(f"{folder}/{name}") for folder in inside | behind for name in names)


def _report_unused_rules(
    tree: WorkingTree,
    config: Config,
    matcher: RuleMatcher,
    matched: Sequence[MatchedFile],
    paths: Sequence[str],
) -> list[Problem]:
    """Return a problem for each rule that matches none of `paths`. Note in the tree which rules others overrule."""
    unmatched, overruled = find_unused_rules(matched, matcher, paths)
    for rule in overruled:
        message = f"the rule for `{config.describe_patterns(rule.files, rule.config_path)}` applies to no file: a later rule matches each of its files, and wins"
        tree.notes.append(f"{rule.config_path}:{rule.line}: {message}")
    return [_report_unmatched(rule, tree, config, paths) for rule in unmatched]


def _report_unmatched(rule: Rule, tree: WorkingTree, config: Config, paths: Sequence[str]) -> Problem:
    patterns = config.describe_patterns(rule.files, rule.config_path)
    message = f"no file in the repository matches `{patterns}`"
    hint = "correct the pattern, remove the rule, or set `allow_empty: true` in it"
    [compiled] = compile_rules([rule], ()).rules
    if path := next(filter(compiled.matches, paths), ""):
        governing = config.find_governing(path)
        reason, hint = f"{governing.path} governs it", "move the rule there, or remove it"
        if governing.path == rule.config_path:
            reason = "`exclude` at the top of the file removes it"
            hint = "change `exclude`, or remove the rule"
        message = f"the rule for `{patterns}` applies to no file: it matches `{path}`, but {reason}"
    elif any(pattern.startswith(f"{tree.top}/") for pattern in rule.files):
        hint = "patterns start at the top of the repository: leave out its path"
    return Problem(rule.config_path, rule.line, message, hint, exit_code=ExitCode.USAGE)
