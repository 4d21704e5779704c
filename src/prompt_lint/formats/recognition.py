"""Which format a file has: the one that its rule names, else the first that matches by path and content."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from prompt_lint.formats import FORMATS, IMPORT_SIGNS, TABLE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from prompt_lint.formats import Format
    from prompt_lint.model.rules import Rule


class Recognised(NamedTuple):
    """A format's name, and a sentence that says why it was chosen."""

    name: str
    why: str


def recognise(path: str, data: bytes, rule: Rule) -> Recognised:
    """Return the format that the rule names, else the first that knows the file by its path and its content."""
    if rule.format:
        return Recognised(rule.format, f"the rule says `format: {rule.format}`")
    for name in possible_formats(path, rule):
        if why := FORMATS[name].recognise(path, data):
            return Recognised(name, why)
    raise AssertionError("`text` takes every file")


def can_import(path: str, rule: Rule) -> bool:
    """Whether a file may import others, by its path and its rule."""
    if rule.format:
        return rule.format in IMPORT_SIGNS
    return bool(_match_formats(path, _index_patterns(of_importing=True)))


def seems_to_import(path: str, data: bytes, rule: Rule) -> bool:
    """Whether a file may import others, by its path, its rule and its bytes. Parsing it tells which."""
    names = possible_formats(path, rule)
    return any(re.search(IMPORT_SIGNS[name], data) for name in names if name in IMPORT_SIGNS)


def possible_formats(path: str, rule: Rule) -> tuple[str, ...]:
    """Return the names of the formats that a file may have by its path and its rule, in the order of recognition."""
    if rule.format:
        return (rule.format,)
    return _match_formats(path, _index_patterns(of_importing=False))


def _match_formats(path: str, index: _PatternIndex) -> tuple[str, ...]:
    path = f"/{path}"
    patterns = [*index.by_extension.get("*", ()), *index.by_extension.get(_extension(path), ())]
    for name in path.split("/"):
        patterns += index.by_name.get(name, ())
    matching = [
        pattern
        for pattern in patterns
        if path.endswith(pattern.ending)
        and pattern.folder in path
        and (pattern.is_deep or _is_directly_in(pattern.folder, path))
    ]
    includes = {
        pattern.format: pattern.includes for pattern in sorted(matching)
    }  # the last of a format decides
    return tuple(name for name in includes if includes[name])


class _PathPattern(NamedTuple):
    """A pattern of the table, for paths that start with a slash, and its position there.

    It is compared as text: dozens of regular expressions would take 10 ms to compile. `folder` has a slash at both ends,
    or is empty; `is_deep` says that a file may also be in folders below it.
    """

    position: int
    format: str
    includes: bool
    folder: str
    is_deep: bool
    ending: str


class _PatternIndex(NamedTuple):
    """The patterns by the file or folder name that they begin with; and, where that is `*`, by extension."""

    by_name: Mapping[str, Sequence[_PathPattern]]
    by_extension: Mapping[str, Sequence[_PathPattern]]


@cache
def _index_patterns(*, of_importing: bool) -> _PatternIndex:
    """Return the patterns of all formats, or of those that can import: few, and a hook asks that of every prompt."""
    by_name: dict[str, list[_PathPattern]] = {}
    by_extension: dict[str, list[_PathPattern]] = {}
    lines = [line for line in TABLE if line.import_sign or not of_importing]
    patterns = [(line, pattern) for line in lines for pattern in line.paths]
    for position, (line, pattern) in enumerate(patterns):
        name = pattern.removeprefix("!").partition("/")[0]
        index, key = (by_extension, _extension(name)) if name.startswith("*") else (by_name, name)
        index.setdefault(key, []).append(_parse(pattern, position, line))
    return _PatternIndex(by_name, by_extension)


def _parse(pattern: str, position: int, line: Format) -> _PathPattern:
    """Read `name`, `*ending`, `folder/name`, `folder/*ending`, `folder/**` or `folder/**/*ending`, with or without `!`."""
    includes = not pattern.startswith("!")
    start, star, rest = pattern.removeprefix("!").partition("*")
    if not star:
        return _PathPattern(position, line.name, includes, "", is_deep=True, ending=f"/{start}")
    # A format that ignores case has patterns for extensions alone, which are looked up in small letters.
    ending = "" if line.ignores_case else rest.rpartition("*")[2]
    folder = f"/{start}" if start else ""
    return _PathPattern(
        position, line.name, includes, folder, is_deep=not folder or rest.startswith("*"), ending=ending
    )


def _extension(path: str) -> str:
    """Return what is behind the last dot, in small letters; the whole where there is no dot."""
    return path.rpartition(".")[2].lower()


def _is_directly_in(folder: str, path: str) -> bool:
    return path[: path.rindex("/") + 1].endswith(folder)
