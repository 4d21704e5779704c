"""Compare the configuration of the base with the current one: what does the current one allow that the base's didn't?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from prompt_lint.config.keys import ON_RAISE, read_raise_label
from prompt_lint.config.load import settle_run
from prompt_lint.config.rule_matching import compile_config, compile_references
from prompt_lint.model.rules import ON_DEMAND, Loosening
from prompt_lint.text import patterns
from prompt_lint.text.plural import pluralize

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from prompt_lint.config.configuration import Config
    from prompt_lint.model.rules import Exemption, Group, MaxGrowth, Rule


# How much a run fails for what isn't known for sure, by the values of a setting; "" leaves it to the environment.
_CERTAINTY = {
    "counting": {"offline": 0, "": 1, "auto": 2, "exact": 2},
    "on_unavailable": {"offline": 0, "": 1, "fail": 2},
}


def find_loosenings(
    base: Config,
    current: Config,
    base_paths: Mapping[str, str],
    links: Mapping[str, str] = {},
    new_links: Mapping[str, str] = {},
) -> list[Loosening]:
    """Return what `current` allows and `base` didn't, in the order of the configuration.

    `base_paths` maps the path of every file to its path in the base, `links` further names of a file to its path, and
    `new_links` those that a prompt of the base didn't have to its path there. Rules are compared by the files that they apply to:
    a rule that was rewritten, and has the same limits for every file, loosens nothing.
    """
    list_names = _compile_names(links)
    moves = {old: new for new, old in base_paths.items()}
    folders = _map_folders(base, current, moves)
    loosenings = list(_compare_rules(base, current, base_paths, list_names))
    for old, new in pair_groups(base, current, moves):
        loosenings += _compare_group(old, new, base, current, base_paths, list_names)
    moved = {folders[config.folder]: config for config in base.list_all()}
    for folder in dict.fromkeys([*(config.folder for config in current.list_all()), *moved]):
        old_config = moved.get(folder) or base.find_governing(folder)
        loosenings += _compare_policies(old_config, current.find_governing(folder))
    loosenings += _compare_exemptions(base, current, folders, base_paths, new_links)
    return [*loosenings, *_compare_run_settings(base, current)]


def _map_folders(base: Config, current: Config, moves: Mapping[str, str]) -> dict[str, str]:
    """Return the folder of each configuration of the base, and where it is now: elsewhere, if `moves` has its path."""
    now = {config.path: config.folder for config in current.list_all()}
    taken = set(now.values())
    return {
        config.folder: config.folder
        if config.folder in taken
        else now.get(moves.get(config.path, ""), config.folder)
        for config in base.list_all()
    }


def _compare_policies(base: Config, current: Config) -> Iterator[Loosening]:
    if base.policy == "project" and current.policy != "project":
        description = "`project` became `changed`: what a change doesn't make worse doesn't fail any more"
        line = current.lines.get("policy", 0)
        yield Loosening("policy", description, line, config_path=current.path)


def _compare_run_settings(base: Config, current: Config) -> Iterator[Loosening]:
    """Yield a loosening for each setting of the run that is weaker, whichever configurations set it."""
    old_run, new_run = settle_run(base), settle_run(current)
    for key, ranks in _CERTAINTY.items():
        old, new = getattr(old_run, key), getattr(new_run, key)
        if ranks[new] < ranks[old]:
            yield _describe_setting(key, old, new, base, current)
    old, new = old_run.on_raise or "warn", new_run.on_raise or "warn"
    if _is_weaker(new, old):
        yield _describe_setting("on_raise", old, new, base, current)


def _describe_setting(key: str, old: str, new: str, base: Config, current: Config) -> Loosening:
    """Return the loosening of a setting of the run, at its line of now, or where it was if it is gone."""
    configs = (*current.list_all(), *base.list_all())
    path = next(each.path for each in configs if key in each.lines)
    place = current.find_governing(path)
    before, now = (f"`{value}`" if value else "unset" for value in (old, new))
    return Loosening(key, f"{before} became {now}", place.lines.get(key, 0), config_path=place.path)


def _is_weaker(on_raise: str, base: str) -> bool:
    """Return whether `on_raise` is milder than the base's. Another label may be one that more people can add."""
    if read_raise_label(on_raise) and read_raise_label(base):
        return on_raise != base
    ranks = [
        max(rank for rank, name in enumerate(ON_RAISE) if value.startswith(name))
        for value in (on_raise, base)
    ]
    return ranks[0] < ranks[1]


def _compile_names(links: Mapping[str, str]) -> Callable[[str], list[str]]:
    """Return a function: a path → the names of its file, that one first."""
    by_path: dict[str, list[str]] = {}
    for link, path in links.items():
        by_path.setdefault(path, [path]).append(link)
    return lambda path: [path, *by_path.get(links.get(path, path), ())]


def _compare_rules(
    base: Config, current: Config, base_paths: Mapping[str, str], list_names: Callable[[str], list[str]]
) -> Iterator[Loosening]:
    base_rules, current_rules = compile_config(base), compile_config(current)
    pairs: dict[tuple[int, int], tuple[Rule, Rule | None, list[str]]] = {}
    for path, base_path in base_paths.items():
        if old := base_rules.find_rule(base_path):
            new = next(filter(None, map(current_rules.find_rule, list_names(path))), None)
            pairs.setdefault((id(old), id(new)), (old, new, []))[2].append(path)
    for old, new, paths in sorted(pairs.values(), key=_find_place):
        if new is None:
            description = f"no rule applies to {describe_paths(paths)} any more"
            line = _find_line(current, old)
            yield Loosening(", ".join(old.files), description, line, config_path=old.config_path)
        else:
            yield from _compare_rule(old, new)


def _find_place(pair: tuple[Rule, Rule | None, list[str]]) -> tuple[str, int, int, str]:
    """Return what sorts a rule, that of now, and the files for which it took its place; rules may share a line."""
    old, new, paths = pair
    return old.config_path, old.line, new.line if new else 0, min(paths)


def describe_paths(paths: Sequence[str]) -> str:
    others = f" and {pluralize(len(paths) - 1, 'other file')}" if len(paths) > 1 else ""
    return f"`{min(paths)}`{others}"


def _find_line(config: Config, old: Rule) -> int:
    """Return the line of the rule with the patterns of `old`; 0 if there is none any more."""
    rules = config.find_governing(old.config_path).rules
    return next((rule.line for rule in rules if rule.files == old.files), 0)


def _compare_rule(base: Rule, current: Rule) -> Iterator[Loosening]:
    subject = ", ".join(current.files)
    yield from _compare_limits(subject, base, current)
    yield from _compare_growth(subject, base, current)
    if current.format != base.format:
        now, before = (
            f"as `{rule.format}`" if rule.format else "by its name and content" for rule in (current, base)
        )
        yield _at(current, subject, f"is read {now} now, not {before}")
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


def pair_groups(
    base: Config, current: Config, moves: Mapping[str, str]
) -> Iterator[tuple[Group, Group | None]]:
    """Yield each group of the base with the one that it is now, or None.

    That is the one of the same name in the same configuration, else a new one of the same files in any. `moves` maps paths
    of the base to where these files are now, so that a configuration may have been moved.
    """
    folders = _map_folders(base, current, moves)
    groups = {(config.folder, group.name): group for config in current.list_all() for group in config.groups}
    base_groups = {
        (folders[config.folder], group.name): group for config in base.list_all() for group in config.groups
    }
    added = [group for key, group in groups.items() if key not in base_groups]
    for key, old in base_groups.items():
        renamed = (group for group in added if _list_references(group) == _list_references(old))
        yield old, groups.get(key) or next(renamed, None)


def _list_references(group: Group) -> set[tuple[str, str]]:
    return {(reference.path, reference.name) for reference in group.references}


def _compare_group(
    old: Group,
    new: Group | None,
    base: Config,
    current: Config,
    base_paths: Mapping[str, str],
    list_names: Callable[[str], list[str]],
) -> Iterator[Loosening]:
    """Yield what a group allows now."""
    if new is None:
        yield Loosening(old.name, "this group is not counted any more", 0, config_path=old.rule.config_path)
        return
    yield from _compare_limits(old.name, old.rule, new.rule)
    yield from _compare_growth(old.name, old.rule, new.rule)
    if new.rule.allow_empty and not old.rule.allow_empty:
        yield _at(new.rule, old.name, "may match nothing now")
    if lost := _find_lost(old, new, base, current, base_paths, list_names):
        yield _at(new.rule, old.name, f"this group doesn't count {describe_paths(lost)} any more")


def _find_lost(
    old: Group,
    new: Group,
    base: Config,
    current: Config,
    base_paths: Mapping[str, str],
    list_names: Callable[[str], list[str]],
) -> list[str]:
    """Return the paths of files that the group had in the base, and doesn't have now, or not with the same prompts."""
    had, has = _compile_members(old, base), _compile_members(new, current)
    return [
        path
        for path, base_path in base_paths.items()
        if (names := had(base_path)) and not any(_includes(has(name), names) for name in list_names(path))
    ]


def _compile_members(group: Group, config: Config) -> Callable[[str], set[str]]:
    """Return a function: a path → the names of the prompts that the group counts there, "" for all but those on demand."""
    find_references = compile_references(group)
    own = config.find_governing(group.rule.config_path)
    is_excluded = patterns.compile_patterns(own.exclude if group.sum else ())

    def list_names(path: str) -> set[str]:
        names = {reference.name for reference in find_references([path])}
        is_member = names and not is_excluded(path) and config.find_governing(path) is own
        return names if is_member else set()

    return list_names


def _includes(names: set[str], others: set[str]) -> bool:
    return others <= names or ("" in names and ON_DEMAND not in others)


def _compare_exemptions(
    base: Config,
    current: Config,
    folders: Mapping[str, str],
    base_paths: Mapping[str, str],
    new_links: Mapping[str, str],
) -> Iterator[Loosening]:
    """Yield the exemptions that the base hadn't, and those that are for more of its files now, or for longer."""
    known = {
        _move_patterns(exemption.files, each.folder, folders[each.folder]): exemption
        for each in base.list_all()
        for exemption in each.exempt
    }
    newly_exempt = _find_newly_exempt(base, current, base_paths, new_links)
    for exemption in (one for config in current.list_all() for one in config.exempt):
        is_new = _is_longer(exemption, known.get(exemption.files))
        paths = [] if is_new else newly_exempt.get(id(exemption), [])
        if is_new or paths:
            until = f" until {exemption.until}" if exemption.until else ""
            also = f", now also {describe_paths(paths)}" if paths else ""
            subject, description = ", ".join(exemption.files), f"exempt{until}{also}: {exemption.reason}"
            yield Loosening(subject, description, exemption.line, config_path=exemption.config_path)


def _move_patterns(files: Iterable[str], folder: str, new_folder: str) -> tuple[str, ...]:
    """Return the patterns of a configuration as it has them in its new folder."""
    if folder == new_folder:
        return tuple(files)
    written = (patterns.unanchor_pattern(pattern, folder) for pattern in files)
    return tuple(moved for pattern in written for moved in patterns.anchor_pattern(pattern, new_folder))


def _find_newly_exempt(
    base: Config, current: Config, base_paths: Mapping[str, str], new_links: Mapping[str, str]
) -> dict[int, list[str]]:
    """Return by the id of an exemption the prompts that weren't exempt in the base, or not for so long."""
    find_now, find_before = _compile_exemptions(current), _compile_exemptions(base)
    rules = compile_config(current)
    newly_exempt: dict[int, list[str]] = {}
    for path, base_path in {**base_paths, **new_links}.items():
        now = find_now(path)
        is_prompt = path in new_links or rules.find_rule(path)
        if now and is_prompt and _is_longer(now, find_before(base_path)):
            newly_exempt.setdefault(id(now), []).append(path)
    return newly_exempt


def _is_longer(now: Exemption, before: Exemption | None) -> bool:
    """Return whether an exemption is new, or valid for longer than before."""
    return before is None or bool(before.until and (not now.until or now.until > before.until))


def _compile_exemptions(config: Config) -> Callable[[str], Exemption | None]:
    """Return a function: a path → the exemption that decides, the last one that matches in the configuration that governs it."""
    compiled = {
        each.folder: [(one, patterns.compile_patterns(one.files)) for one in reversed(each.exempt)]
        for each in config.list_all()
    }

    def find(path: str) -> Exemption | None:
        governing = config.find_governing(path)
        return next((one for one, matches in compiled[governing.folder] if matches(path)), None)

    return find
