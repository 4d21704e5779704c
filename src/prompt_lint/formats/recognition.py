"""Which format a file has: the one that its rule names, else the first that matches by path and content."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from prompt_lint.formats import FORMATS, IMPORT_SIGNS, TABLE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from prompt_lint.formats import Format
    from prompt_lint.model.values import Rule


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
    return any(name in IMPORT_SIGNS for name in possible_formats(path, rule))


def seems_to_import(path: str, data: bytes, rule: Rule) -> bool:
    """Whether a file may import others, by its path, its rule and its bytes. Parsing it tells which."""
    names = possible_formats(path, rule)
    return any(re.search(IMPORT_SIGNS[name], data) for name in names if name in IMPORT_SIGNS)


def possible_formats(path: str, rule: Rule) -> tuple[str, ...]:
    """Return the names of the formats that a file may have by its path and its rule, in the order of recognition."""
    if rule.format:
        return (rule.format,)
    path = f"/{path}"
    patterns = _patterns_by_extension()
    names = {
        name: includes  # the last pattern of a format that matches decides
        for name, includes, folder, is_deep, ending in patterns.get(_extension(path), patterns[""])
        if path.endswith(ending) and folder in path and (is_deep or _is_directly_in(folder, path))
    }
    return tuple(name for name, is_included in names.items() if is_included)


class _PathPattern(NamedTuple):
    """A pattern of the table, for paths that start with a slash.

    It is compared as text: dozens of regular expressions would take 10 ms to compile. `folder` has a slash at both ends,
    or is empty; `is_deep` says that a file may also be in folders below it.
    """

    format: str
    includes: bool
    folder: str
    is_deep: bool
    ending: str


@cache
def _patterns_by_extension() -> Mapping[str, Sequence[_PathPattern]]:
    """Return the patterns that can match a file with an extension (in small letters), or with any other ("")."""
    patterns = [(_extension(pattern), _parse(pattern, line)) for line in TABLE for pattern in line.paths]
    extensions = {extension for extension, _ in patterns if "*" not in extension}
    return {
        wanted: [pattern for extension, pattern in patterns if extension == wanted or "*" in extension]
        for wanted in (*extensions, "")
    }


def _parse(pattern: str, line: Format) -> _PathPattern:
    """Read `name`, `*ending`, `folder/name`, `folder/*ending`, `folder/**` or `folder/**/*ending`, with or without `!`."""
    includes = not pattern.startswith("!")
    start, star, rest = pattern.removeprefix("!").partition("*")
    if not star:
        return _PathPattern(line.name, includes, "", is_deep=True, ending=f"/{start}")
    # A format that ignores case has patterns for extensions alone, which are looked up in small letters.
    ending = "" if line.ignores_case else rest.rpartition("*")[2]
    folder = f"/{start}" if start else ""
    return _PathPattern(
        line.name, includes, folder, is_deep=not folder or rest.startswith("*"), ending=ending
    )


def _extension(path: str) -> str:
    return path.rpartition(".")[2].lower()


def _is_directly_in(folder: str, path: str) -> bool:
    return path[: path.rindex("/") + 1].endswith(folder)
