"""What a run is about: the files and groups that the rules and the paths given choose, out of all that there are."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from prompt_lint import groups
from prompt_lint.errors import Exit, Unreadable
from prompt_lint.formats import candidates
from prompt_lint.model import Problem
from prompt_lint.prompts import importers, is_below
from prompt_lint.selection import idle, select, selector

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from prompt_lint.config import Config
    from prompt_lint.groups import Gathered
    from prompt_lint.model import Rule
    from prompt_lint.selection import Owned, Selector
    from prompt_lint.tree import Entry, WorkingTree


class Scope(NamedTuple):
    """The files and groups to check, and what is wrong with how the rules meet the tree.

    `entries` is all that the tree has told of, `files` those of it that may be prompts, `within` what it was asked for.
    """

    owned: list[Owned]
    groups: list[Gathered]
    problems: list[Problem]
    entries: Mapping[str, Entry]
    files: Sequence[str]
    within: Collection[str]
    chosen: Selector
    everything: bool


def find(tree: WorkingTree, config: Config, paths: Sequence[str], cap: int) -> Scope:
    """The files and the groups to check, and what is wrong with how the rules meet the tree.

    With `paths` those, the files whose prompts take one of them in, and the groups that they belong to. Files of more than
    `cap` bytes aren't searched.
    """
    chosen = selector(config.rules, config.exclude)
    within = chosen.folders() | groups.folders(config.groups)
    entries = tree.entries(paths, within)
    aliases = tree.aliases(entries)
    # The configuration is no prompt, however wide a pattern is.
    files = [path for path, entry in entries.items() if entry.kind != "link" and path != config.path]
    links = {link: to for link, to in aliases.items() if isinstance(to, str)}
    owned = select(files, links, chosen)
    gathered = groups.gather(config.groups, files, links, chosen, config.exclude)
    problems = [
        Problem(link, 0, reason.message, reason.hint)
        for link, reason in sorted(aliases.items())
        if isinstance(reason, Unreadable) and chosen.owner(link) and (not paths or is_below(paths, link))
    ]
    empty, overruled = idle(owned, chosen, [*files, *aliases]) if not paths else ([], [])
    owned = list(map(_by_its_links, owned))
    if paths:
        named = [one for one in owned if any(is_below(paths, name) for name in (one.path, *one.aliases))]
        paths_of_named = {one.path for one in named}
        others = [one for one in owned if one.path not in paths_of_named]
        found = sorted([*named, *importers(tree, others, paths, cap)])
        gathered = _whole(groups.concerned(gathered, tree, paths, cap), tree, config, chosen)
        return Scope(found, gathered, problems, entries, files, within, chosen, everything=False)
    tree.notes += [_overruled(config, rule) for rule in overruled]
    problems += [_matches_nothing(config, rule) for rule in empty]
    return Scope(owned, gathered, problems, entries, files, within, chosen, everything=True)


def _whole(concerned: list[Gathered], tree: WorkingTree, config: Config, chosen: Selector) -> list[Gathered]:
    """Groups with all of their files, also untracked ones, of which a listing for paths names none but these paths."""
    sums = [one.group for one in concerned if one.group.sum]
    if not sums:
        return concerned
    kinds = tree.kinds
    entries = tree.entries((), groups.folders(sums))
    tree.kinds = tree.kinds | kinds
    aliases = tree.aliases(entries)
    files = [path for path, entry in entries.items() if entry.kind != "link" and path != config.path]
    links = {link: to for link, to in aliases.items() if isinstance(to, str)}
    whole = {one.group.name: one for one in groups.gather(sums, files, links, chosen, config.exclude)}
    return [whole.get(one.group.name, one) for one in concerned]


def _by_its_links(one: Owned) -> Owned:
    """A text that a link by a special name leads to is read by that name: `CLAUDE.md -> docs/agents.md` is a memory file."""
    if not one.aliases or candidates(one.path, one.rule) != ("text",):
        return one
    forms = (candidates(link, one.rule)[0] for link in one.aliases)
    special = next((form for form in forms if form not in {"text", "tools", "request"}), "")
    return one._replace(rule=one.rule._replace(format=special)) if special else one


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
        code=Exit.USAGE,
    )
