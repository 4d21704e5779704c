"""What a run is about: the files and groups that the rules and the paths given choose, out of all that there are."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from prompt_lint.check import groups
from prompt_lint.check.importers import find_importers, is_below
from prompt_lint.config.rule_matching import MatchedFile, compile_rules, find_unused_rules, match_files
from prompt_lint.formats.recognition import can_import, possible_formats, seems_to_import
from prompt_lint.model.errors import ExitCode, Unreadable
from prompt_lint.model.values import Problem

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from prompt_lint.check.groups import GroupFiles
    from prompt_lint.check.unchanged_files import UnchangedFiles
    from prompt_lint.config.rule_matching import RuleMatcher
    from prompt_lint.config.schema import Config
    from prompt_lint.model.values import Rule
    from prompt_lint.repo.working_tree import Entry, WorkingTree


class Targets(NamedTuple):
    """The files and groups to check, and what is wrong with how the rules meet the tree.

    `entries` is all that the tree has told of, or what may matter of it, `files` those of it that may be prompts, `within`
    what the tree was asked for.
    """

    matched: list[MatchedFile]
    groups: list[GroupFiles]
    problems: list[Problem]
    entries: Mapping[str, Entry]
    files: Sequence[str]
    within: Collection[str]
    matcher: RuleMatcher
    is_everything: bool


def find_targets(
    tree: WorkingTree,
    config: Config,
    paths: Sequence[str],
    cap: int,
    unchanged: UnchangedFiles | None = None,
    *,
    whole: bool = False,
) -> Targets:
    """The files and the groups to check, and what is wrong with how the rules meet the tree.

    With `paths` those, the files whose prompts take one of them in, and the groups that they belong to. Files of more than
    `cap` bytes aren't searched. `whole` asks for all entries, also of files that no pattern can match.
    `unchanged` is asked about tracked files while git looks for untracked ones, which takes git the longest.
    """
    chosen = compile_rules(config.rules, config.exclude)
    within = chosen.list_folders() | groups.list_folders(config.groups)
    ends = {""} if whole else chosen.list_endings() | groups.list_endings(config.groups)
    owners: dict[str, Rule] = {}

    def early(tracked: Mapping[str, Entry]) -> None:
        owners.update(chosen.find_rules(_files(tracked, config)))
        if unchanged:
            unchanged.look_up([MatchedFile(path, rule, ()) for path, rule in owners.items()])

    entries = tree.entries(paths, within, ends, None if paths else early)
    aliases = tree.aliases(entries)
    files = _files(entries, config)
    links = {link: to for link, to in aliases.items() if isinstance(to, str)}
    owned = match_files(
        owners | chosen.find_rules(path for path in files if path not in owners), links, chosen
    )
    gathered = groups.match_group_files(config.groups, files, links, chosen, config.exclude)
    problems = list(_astray(aliases, chosen, paths))
    shared = _shared(owned, entries, tree, problems)
    owned = [way for one in shared for way in (_read(one, chosen, tree, cap) if one.aliases else (one,))]
    if paths:
        named = [one for one in owned if any(is_below(paths, name) for name in _names(one))]
        shown = {one.display_path for one in named}
        others = [one for one in owned if one.display_path not in shown]
        found = sorted(
            [*named, *find_importers(tree, others, paths, cap, unchanged)], key=lambda one: one.display_path
        )
        gathered = _whole(
            groups.find_affected_groups(gathered, tree, paths, cap, unchanged), tree, config, chosen
        )
        return Targets(found, gathered, problems, entries, files, within, chosen, is_everything=False)
    owned.sort(key=lambda one: one.display_path)
    empty, overruled = find_unused_rules(owned, chosen, [*files, *aliases])
    tree.notes += (_overruled(config, rule) for rule in overruled)
    problems += (_matches_nothing(config, rule) for rule in empty)
    return Targets(owned, gathered, problems, entries, files, within, chosen, is_everything=True)


def _astray(
    aliases: Mapping[str, str | Unreadable], chosen: RuleMatcher, paths: Sequence[str]
) -> Iterator[Problem]:
    for link, reason in sorted(aliases.items()):
        wanted = not paths or is_below(paths, link)
        if isinstance(reason, Unreadable) and wanted and chosen.find_rule(link):
            yield Problem(link, 0, reason.message, reason.hint)


def _files(entries: Mapping[str, Entry], config: Config) -> list[str]:
    """What may be prompts. The configuration is none, however wide a pattern is."""
    return [path for path, (kind, _) in entries.items() if kind != "link" and path != config.path]


def _whole(
    concerned: list[GroupFiles], tree: WorkingTree, config: Config, chosen: RuleMatcher
) -> list[GroupFiles]:
    """Groups with all of their files, also untracked ones, of which a listing for paths names none but these paths."""
    sums = [one.group for one in concerned if one.group.sum]
    if not sums:
        return concerned
    kinds = tree.kinds
    entries = tree.entries((), groups.list_folders(sums), groups.list_endings(sums))
    tree.kinds = tree.kinds | kinds
    aliases = tree.aliases(entries)
    files = _files(entries, config)
    links = {link: to for link, to in aliases.items() if isinstance(to, str)}
    whole = {
        one.group.name: one for one in groups.match_group_files(sums, files, links, chosen, config.exclude)
    }
    return [whole.get(one.group.name, one) for one in concerned]


def _read(one: MatchedFile, chosen: RuleMatcher, tree: WorkingTree, cap: int) -> Iterator[MatchedFile]:
    """A file once for each way in which it is read: by its own name, and by links that make something else of it.

    A link does that where another rule has other limits for it, where its name says another format (`CLAUDE.md ->
    docs/agents.md`), or where the file imports others, and would import them from another folder or by another tool's rules.
    """
    ways: dict[tuple[object, ...], list[str]] = {}
    for name in (one.path, *one.aliases):
        if rule := chosen.find_rule(name):
            ways.setdefault(_way(name, one.path, rule, tree, cap), []).append(name)
    for first, *others in ways.values():
        rule = chosen.find_rule(first) or one.rule
        own = first == one.path or possible_formats(first, rule) == ("text",)
        aliases = (first, *others) if own and first != one.path else tuple(others)
        yield MatchedFile(one.path, rule, aliases, "" if own else first)


def _way(name: str, path: str, rule: Rule, tree: WorkingTree, cap: int) -> tuple[object, ...]:
    """What decides how the file at `path` is read and judged by one of its names."""
    formats = possible_formats(name, rule)
    imports = _imports(tree, name, path, rule, cap)
    limits = (rule.models, sorted(rule.limits.items()), sorted(rule.parts), rule.warn_at, rule.max_growth)
    folder = name.rpartition("/")[0] if imports else ""
    return (repr(limits), rule.role, formats, folder, imports and "GEMINI" in name)


def _imports(tree: WorkingTree, name: str, path: str, rule: Rule, cap: int) -> bool:
    try:
        return can_import(name, rule) and seems_to_import(name, tree.read(path, cap), rule)
    except Unreadable:  # told when it is checked
        return False


def _shared(
    owned: list[MatchedFile], entries: Mapping[str, Entry], tree: WorkingTree, problems: list[Problem]
) -> list[MatchedFile]:
    """Without what only a link leads to and git ignores: other checkouts don't have it, and it may be secret."""
    behind = [one.path for one in owned if one.path not in entries and one.aliases]
    ignored = tree.ignored_among(behind) if behind else set()
    hint = "let the link lead to a file that git has, or exclude it"
    problems += [
        Problem(
            one.aliases[0], 0, f"leads to `{one.path}`, which git ignores: no other checkout has it", hint
        )
        for one in owned
        if one.path in ignored
    ]
    return [one for one in owned if one.path not in ignored]


def _names(one: MatchedFile) -> tuple[str, ...]:
    return (one.path, *one.aliases, one.read_as) if one.read_as else (one.path, *one.aliases)


def _overruled(config: Config, rule: Rule) -> str:
    patterns = ", ".join(rule.files)
    return f"{config.path}:{rule.line}: the rule for `{patterns}` owns no file: a later rule owns each that it matches"


def _matches_nothing(config: Config, rule: Rule) -> Problem:
    patterns = ", ".join(rule.files)
    return Problem(
        config.path,
        rule.line,
        f"no file in the repository matches `{patterns}`",
        "mend the pattern, remove the rule, or say `allow_empty: true` in it",
        exit_code=ExitCode.USAGE,
    )
