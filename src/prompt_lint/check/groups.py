"""Groups: files that are counted together, as one request or as a sum. Which files these are."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from prompt_lint.check.importers import find_importers, match_below
from prompt_lint.check.readings import split_by_name
from prompt_lint.config.rule_matching import MatchedFile, compile_rules, match_files
from prompt_lint.model.values import PromptKey
from prompt_lint.repo.links import list_names
from prompt_lint.text import patterns

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from prompt_lint.check.remembered_files import RememberedFiles
    from prompt_lint.config.rule_matching import RuleMatcher
    from prompt_lint.model.rules import Group
    from prompt_lint.repo.working_tree import WorkingTree


class GroupFiles(NamedTuple):
    """A group and its files; those of a sum once for each way of reading them, those of a request in its order."""

    group: Group
    files: Sequence[MatchedFile]


def make_key(group: Group) -> PromptKey:
    """Return the key of the prompt that stands for a group."""
    return PromptKey(group.rule.config_path, group.name, is_group=True)


def list_folders(groups: Iterable[Group]) -> set[str]:
    """Return files and folders that together hold every path that the sums can match."""
    return patterns.find_folders(reference.path for group in groups for reference in group.sum)


def list_endings(groups: Iterable[Group]) -> set[str]:
    """Return texts of which each path that the sums can match has at least one."""
    return patterns.find_endings(reference.path for group in groups for reference in group.sum)


def match_group_files(
    groups: Iterable[Group],
    files: Sequence[str],
    aliases: Mapping[str, str],
    matcher: RuleMatcher,
    read: Callable[[str], bytes],
) -> list[GroupFiles]:
    """Return the files of each group, out of all `files`. A file that a request names needn't be there.

    A sum has no files of folders that another configuration than its own governs. `read` returns the bytes of a file by
    its real path.
    """
    return [
        GroupFiles(group, _match_sum(group, files, aliases, matcher, read))
        if group.sum
        else GroupFiles(group, _list_named_files(group, matcher))
        for group in groups
    ]


def _match_sum(
    group: Group,
    files: Sequence[str],
    aliases: Mapping[str, str],
    matcher: RuleMatcher,
    read: Callable[[str], bytes],
) -> list[MatchedFile]:
    """Return what the patterns of a sum match, each with the rule that applies to it, or the group's where none does."""
    sum_matcher, config = compile_sum(group, matcher), matcher.find_governing(group.rule.config_path)
    if matcher.nested:
        files = [path for path in files if matcher.find_governing(path) is config]
        aliases = {link: real for link, real in aliases.items() if matcher.find_governing(link) is config}
    matched: list[MatchedFile] = []
    for file in match_files(sum_matcher.find_rules(files), aliases, sum_matcher):
        found = {name: matcher.find_rule(name) for name in file.all_names if sum_matcher.find_rule(name)}
        rule = next(filter(None, found.values()), group.rule)
        rules = {name: own or rule for name, own in found.items()}
        matched += split_by_name(file._replace(rule=rule), rules.get, read, is_judged=False)
    return matched


def compile_sum(group: Group, matcher: RuleMatcher) -> RuleMatcher:
    """Return the patterns of a sum as those of a rule."""
    rule = group.rule._replace(files=tuple(reference.path for reference in group.sum))
    excludes = matcher.find_governing(group.rule.config_path).excludes
    return compile_rules([rule], ())._replace(excludes=excludes)


def _list_named_files(group: Group, matcher: RuleMatcher) -> list[MatchedFile]:
    return [MatchedFile(path, matcher.find_rule(path) or group.rule) for path, _, _ in group.references]


def drop_members(groups: Iterable[GroupFiles], missing: Collection[str]) -> list[GroupFiles]:
    """Return the groups without the `missing` files in sums. A request can't do without a file."""
    return [
        GroupFiles(group, [file for file in files if file.path not in missing] if group.sum else files)
        for group, files in groups
    ]


def find_affected_groups(
    groups: Iterable[GroupFiles], tree: WorkingTree, paths: Sequence[str], remembered: RememberedFiles | None
) -> list[GroupFiles]:
    """Return the groups that one of `paths` belongs to: as a file, in a folder, or included by a file of the group.

    `paths` have links and where these lead. A request names its files itself, so their links are followed here.
    """
    is_named = match_below(paths)

    def is_affected(group: GroupFiles) -> bool:
        names = (name for file in group.files for name in (*list_names(tree, file.path), *file.aliases))
        return any(map(is_named, names)) or bool(find_importers(tree, group.files, paths, remembered))

    return list(filter(is_affected, groups))
