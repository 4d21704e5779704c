"""What a configuration allows that another one, that of the base, didn't. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from prompt_lint.config.ownership import selector
from prompt_lint.model.values import Loosening
from prompt_lint.text import patterns

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from prompt_lint.config.schema import Config
    from prompt_lint.model.values import Group, MaxGrowth, Reference, Rule


class _Pair(NamedTuple):
    """The rules that own a file, in the base and now; None where none does."""

    before: Rule | None
    after: Rule | None


def loosened(before: Config, after: Config, paths: Mapping[str, str]) -> list[Loosening]:
    """What `after` allows and `before` didn't, in the order of the configuration.

    `paths` maps every file there is to its path in the base. What concerns rules is told only where a file shows it:
    a rule that was rewritten, and holds every file as it did, loosens nothing.
    """
    found = [*_rules(before, after, paths), *_groups(before, after, paths), *_exemptions(before, after)]
    if before.policy == "project" and after.policy != "project":
        found.append(Loosening("policy", "what this change didn't make worse doesn't fail any more", 0))
    strictness = ("note", "warn", "fail")
    if strictness.index(after.on_raise) < strictness.index(before.on_raise):
        found.append(Loosening("on_raise", f"`{before.on_raise}` became `{after.on_raise}`", 0))
    return found


def _rules(before: Config, after: Config, paths: Mapping[str, str]) -> Iterator[Loosening]:
    then, now = selector(before.rules, before.exclude), selector(after.rules, after.exclude)
    pairs: dict[tuple[int, int], _Pair] = {}
    for path, base in paths.items():
        old, new = then.owner(base), now.owner(path)
        if old:
            pairs.setdefault((id(old), id(new)), _Pair(old, new))
    for old, new in pairs.values():
        if old and new is None:
            yield Loosening(", ".join(old.files), "files that this rule owned have no rule any more", 0)
        elif old and new:
            yield from _rule(old, new)


def _rule(before: Rule, after: Rule) -> Iterator[Loosening]:
    subject = ", ".join(after.files)
    yield from _limits(subject, before, after)
    for name in before.parts.keys() | after.parts.keys():
        old = before._replace(limits=before.limits_for(name))
        new = after._replace(limits=after.limits_for(name), line=after.limit_line(name, ""))
        yield from _limits(f"{subject} ({name})", old, new)
    if _allows_more(before.max_growth, after.max_growth):
        yield Loosening(subject, "may grow more in one change than before", after.line)
    if after.format not in {"", before.format}:
        yield Loosening(subject, f"is read as `{after.format}` now, whatever it was before", after.line)
    if after.allow_empty and not before.allow_empty and after.files == before.files:
        yield Loosening(subject, "may match nothing now", after.line)


def _limits(subject: str, before: Rule, after: Rule) -> Iterator[Loosening]:
    for model, limit in before.limits.items():
        if model not in after.models:
            yield Loosening(subject, "is not counted any more", after.line, model, limit)
        elif after.limits[model] > limit:
            line = after.limit_lines.get(model, after.line)
            yield Loosening(subject, "limit raised", line, model, limit, after.limits[model])


def _allows_more(before: MaxGrowth | None, after: MaxGrowth | None) -> bool:
    """Both parts of a growth have to be exceeded, so one more of them allows more, too."""
    if before is None or before == after:
        return False
    if after is None:
        return True
    return any(new is not None and (old is None or new > old) for old, new in zip(before, after, strict=True))


def _groups(before: Config, after: Config, paths: Mapping[str, str]) -> Iterator[Loosening]:
    now = {group.name: group for group in after.groups}
    then = {group.name for group in before.groups}
    # One with another name and the same files was renamed.
    fresh = [group for group in after.groups if group.name not in then]
    for group in before.groups:
        same = (one for one in fresh if _files(one) == _files(group))
        found = now.get(group.name) or next(same, None)
        if found is None:
            yield Loosening(group.name, "this group is not counted any more", 0)
            continue
        yield from _limits(group.name, group.rule, found.rule)
        if _allows_more(group.rule.max_growth, found.rule.max_growth):
            yield Loosening(group.name, "may grow more in one change than before", found.rule.line)
        (had, spared), (has, spares) = _files(group), _files(found)
        if spares - spared or not all(_still(one, group, found, paths) for one in had - has):
            yield Loosening(group.name, "this group names fewer files than before", found.rule.line)


def _files(group: Group) -> tuple[set[tuple[str, str]], set[tuple[str, str]]]:
    """What a group takes in, and what is taken back from it."""
    every = _references(group)
    back = {(one.path, one.name) for one in every if one.path.startswith("!")}
    return {(one.path, one.name) for one in every} - back, back


def _still(lost: tuple[str, str], before: Group, after: Group, paths: Mapping[str, str]) -> bool:
    """Whether what a reference named that is gone has another one now, as after a folder was renamed."""
    matches, naming = _matching(before, lost[0]), naming_as(after, lost[1])
    moved = [path for path, base in paths.items() if matches(base)]
    return bool(moved) and all(map(naming, moved))


def naming(group: Group) -> Callable[[str], bool]:
    """Whether a group names a path, for whichever of its prompts."""
    each = [naming_as(group, name) for name in {one.name for one in _references(group)}]
    return lambda path: any(matches(path) for matches in each)


def naming_as(group: Group, name: str) -> Callable[[str], bool]:
    """Whether a group names the prompt `name` of a path, and takes nothing of it back."""
    back = [_matching(group, one.path[1:]) for one in _references(group) if one.path.startswith("!")]
    taken = [
        _matching(group, one.path)
        for one in _references(group)
        if one.name == name and not one.path.startswith("!")
    ]
    return lambda path: any(one(path) for one in taken) and not any(one(path) for one in back)


def _matching(group: Group, path: str) -> Callable[[str], bool]:
    """A sum has patterns, a request has paths."""
    return patterns.compile([path]) if group.sum else path.__eq__


def _references(group: Group) -> Sequence[Reference]:
    return (*group.sum, *group.system, *group.tools, *group.messages)


def _exemptions(before: Config, after: Config) -> Iterable[Loosening]:
    known = {(one.files, one.until) for one in before.exempt}
    for one in after.exempt:
        if (one.files, one.until) not in known:
            until = f" until {one.until}" if one.until else ""
            yield Loosening(", ".join(one.files), f"exempt{until}: {one.reason}", one.line)
