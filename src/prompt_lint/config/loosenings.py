"""Compare the configuration of the base with the current one: what does the current one allow that the base's didn't?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from prompt_lint.config.keys import ON_RAISE, read_raise_label
from prompt_lint.config.load import settle_run
from prompt_lint.config.rule_matching import compile_config
from prompt_lint.model.rules import Loosening
from prompt_lint.text import patterns
from prompt_lint.text.plural import pluralize

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from prompt_lint.config.configuration import Config
    from prompt_lint.model.rules import Group, MaxGrowth, Rule


def find_loosenings(base: Config, current: Config, base_paths: Mapping[str, str]) -> list[Loosening]:
    """Return what `current` allows and `base` didn't, in the order of the configuration.

    `base_paths` maps the path of every file to its path in the base. Rules are compared by the files that they apply to:
    a rule that was rewritten, and has the same limits for every file, loosens nothing.
    """
    loosenings = list(_compare_rules(base, current, base_paths))
    folders = dict.fromkeys(config.folder for config in (*current.list_all(), *base.list_all()))
    for folder in folders:
        old, new = base.find_governing(folder), current.find_governing(folder)
        loosenings += _compare_groups(_select_groups(old, folder), _select_groups(new, folder), base_paths)
        loosenings += _compare_exemptions(base, new) if new.folder == folder else ()
        loosenings += _compare_policies(old, new)
    return [*loosenings, *_compare_on_raise(base, current)]


def _select_groups(config: Config, folder: str) -> Sequence[Group]:
    """Return the groups of the configuration in the folder; none where it has none of its own."""
    return config.groups if config.folder == folder else ()


def _compare_policies(base: Config, current: Config) -> Iterator[Loosening]:
    if base.policy == "project" and current.policy != "project":
        description = "`project` became `changed`: what a change doesn't make worse doesn't fail any more"
        yield Loosening("policy", description, 0, config_path=current.path)


def _compare_on_raise(base: Config, current: Config) -> Iterator[Loosening]:
    """Yield a loosening where the one `on_raise` of the run is weaker, whichever configurations set it."""
    old, new = (settle_run(config).on_raise or "warn" for config in (base, current))
    if _is_weaker(new, old):
        configs = (*current.list_all(), *base.list_all())
        path = next(each.path for each in configs if "on_raise" in each.lines)
        config_path = current.find_governing(path).path
        yield Loosening("on_raise", f"`{old}` became `{new}`", 0, config_path=config_path)


def _is_weaker(on_raise: str, base: str) -> bool:
    """Return whether `on_raise` is milder than the base's. Another label may be one that more people can add."""
    if read_raise_label(on_raise) and read_raise_label(base):
        return on_raise != base
    ranks = [
        max(rank for rank, name in enumerate(ON_RAISE) if value.startswith(name))
        for value in (on_raise, base)
    ]
    return ranks[0] < ranks[1]


def _compare_rules(base: Config, current: Config, base_paths: Mapping[str, str]) -> Iterator[Loosening]:
    base_rules, current_rules = compile_config(base), compile_config(current)
    pairs: dict[tuple[int, int], tuple[Rule, Rule | None, list[str]]] = {}
    for path, base_path in base_paths.items():
        if old := base_rules.find_rule(base_path):
            new = current_rules.find_rule(path)
            pairs.setdefault((id(old), id(new)), (old, new, []))[2].append(path)
    for old, new, paths in pairs.values():
        if new is None:
            others = f" and {pluralize(len(paths) - 1, 'other file')}" if len(paths) > 1 else ""
            description = f"no rule applies to `{min(paths)}`{others} any more"
            line = _find_line(current, old)
            yield Loosening(", ".join(old.files), description, line, config_path=old.config_path)
        else:
            yield from _compare_rule(old, new)


def _find_line(config: Config, old: Rule) -> int:
    """Return the line of the rule with the patterns of `old`; 0 if there is none any more."""
    rules = config.find_governing(old.config_path).rules
    return next((rule.line for rule in rules if rule.files == old.files), 0)


def _compare_rule(base: Rule, current: Rule) -> Iterator[Loosening]:
    subject = ", ".join(current.files)
    yield from _compare_limits(subject, base, current)
    yield from _compare_growth(subject, base, current)
    if current.format not in {"", base.format}:
        yield _at(current, subject, f"is read as `{current.format}` now, whatever it was before")
    if current.format == base.format and current.names != base.names:
        yield _at(current, subject, "looks for other names of prompts now")
    if current.allow_empty and not base.allow_empty and current.files == base.files:
        yield _at(current, subject, "may match nothing now")


def _at(rule: Rule, subject: str, description: str) -> Loosening:
    return Loosening(subject, description, rule.line, config_path=rule.config_path)


def _compare_limits(subject: str, base: Rule, current: Rule) -> Iterator[Loosening]:
    """Yield what allows prompts more tokens of their own: models left out, limits raised, a reserve lowered.

    What concerns a model or the reserve is yielded once for the rule, and not again for its parts.
    """
    config_path = current.config_path
    for model in (each for each in base.limits if each not in current.models):
        description, limit = "is not counted any more", base.limits[model]
        yield Loosening(subject, description, current.line, model, limit, config_path=config_path)
    with_more_room: dict[str, None] = {}
    for name in dict.fromkeys(("", *current.parts, *base.parts)):
        where = f"{subject} ({name})" if name else subject
        old, new = base.limits_for(name), current.limits_for(name)
        old_own, new_own = base.own_limits_for(name), current.own_limits_for(name)
        for model in (each for each in old if each in new and new_own[each] > old_own[each]):
            with_more_room[model] = None
            if new[model] > old[model]:
                line = current.limit_line(name, model) or current.line
                yield Loosening(where, "limit raised", line, model, old[model], new[model], config_path)
    if current.reserve < base.reserve:
        description = f"reserve lowered from {base.reserve:,} to {current.reserve:,}"
        for model in with_more_room:
            yield Loosening(subject, description, current.line, model, config_path=config_path)


def _compare_growth(subject: str, base: Rule, current: Rule) -> Iterator[Loosening]:
    if _allows_more(base.max_growth, current.max_growth):
        line = current.max_growth_line or current.line
        yield Loosening(
            subject, "may grow more in one change than before", line, config_path=current.config_path
        )


def _allows_more(base: MaxGrowth | None, current: MaxGrowth | None) -> bool:
    """Return whether `current` allows more. A prompt has to exceed both numbers, so a second one allows more, too."""
    if base is None or base == current:
        return False
    if current is None:
        return True
    return any(new is not None and (old is None or new > old) for old, new in zip(base, current, strict=True))


def map_base_groups(base: Config, current: Config) -> dict[tuple[str, str], Group]:
    """Return what each current group was in the base, by the path of its configuration and its name."""
    groups: dict[tuple[str, str], Group] = {}
    for config in current.list_all():
        for old, new in _pair_groups(base.find_governing(config.path).groups, config.groups):
            if new:
                groups.setdefault((config.path, new.name), old)
    return groups


def _pair_groups(base: Sequence[Group], current: Sequence[Group]) -> Iterator[tuple[Group, Group | None]]:
    """Yield each group of the base with the one that it is now: of the same name, or a new one of the same files; or None."""
    by_name = {group.name: group for group in current}
    base_names = {group.name for group in base}
    added = [group for group in current if group.name not in base_names]
    for old in base:
        renamed = (group for group in added if _split_references(group) == _split_references(old))
        yield old, by_name.get(old.name) or next(renamed, None)


def _compare_groups(
    base: Sequence[Group], current: Sequence[Group], base_paths: Mapping[str, str]
) -> Iterator[Loosening]:
    for old, new in _pair_groups(base, current):
        if new is None:
            yield Loosening(
                old.name, "this group is not counted any more", 0, config_path=old.rule.config_path
            )
            continue
        yield from _compare_limits(old.name, old.rule, new.rule)
        yield from _compare_growth(old.name, old.rule, new.rule)
        if _names_fewer(old, new, base_paths):
            yield _at(new.rule, old.name, "this group names fewer files than before")


def _names_fewer(base: Group, current: Group, base_paths: Mapping[str, str]) -> bool:
    (old, old_negated), (new, new_negated) = _split_references(base), _split_references(current)
    if new_negated - old_negated:
        return True
    return any(not _still_names(current, base, reference, base_paths) for reference in old - new)


def _split_references(group: Group) -> tuple[set[tuple[str, str]], set[tuple[str, str]]]:
    """Return path and name of what a group takes in, and of what it takes back with `!`."""
    references = {(reference.path, reference.name) for reference in group.references}
    negated = {(path, name) for path, name in references if path.startswith("!")}
    return references - negated, negated


def _still_names(
    current: Group, base: Group, reference: tuple[str, str], base_paths: Mapping[str, str]
) -> bool:
    """Return whether the current group still includes every file that this reference of the base matched."""
    path, name = reference
    matched, matches = _compile_path(base, path), _compile_name(current, name)
    moved = [path for path, base_path in base_paths.items() if matched(base_path)]
    return bool(moved) and all(map(matches, moved))


def compile_group(group: Group) -> Callable[[str], bool]:
    """Return a function that says whether a group takes in a path, for whichever of its prompts."""
    names = {reference.name for reference in group.references}
    matchers = [_compile_name(group, name) for name in names]
    return lambda path: any(matches(path) for matches in matchers)


def _compile_name(group: Group, name: str) -> Callable[[str], bool]:
    """Return a function that says whether a group takes in the prompt `name` of a path."""
    included, excluded = [], []
    for reference in group.references:
        if reference.path.startswith("!"):
            excluded.append(_compile_path(group, reference.path[1:]))
        elif reference.name == name:
            included.append(_compile_path(group, reference.path))
    return lambda path: (
        any(matches(path) for matches in included) and not any(matches(path) for matches in excluded)
    )


def _compile_path(group: Group, path: str) -> Callable[[str], bool]:
    """Compile the path of a reference. A sum has patterns, a request has paths."""
    return patterns.compile_patterns([path]) if group.sum else path.__eq__


def _compare_exemptions(base: Config, current: Config) -> Iterator[Loosening]:
    """Yield the exemptions of one configuration that none of the base's had."""
    known = {(exemption.files, exemption.until) for each in base.list_all() for exemption in each.exempt}
    for exemption in current.exempt:
        if (exemption.files, exemption.until) not in known:
            until = f" until {exemption.until}" if exemption.until else ""
            subject = ", ".join(exemption.files)
            yield Loosening(
                subject,
                f"exempt{until}: {exemption.reason}",
                exemption.line,
                config_path=exemption.config_path,
            )
