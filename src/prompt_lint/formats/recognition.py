"""Which format a file has: the one that its rule names, else the first that matches by path and content."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from prompt_lint.formats import FORMATS, IMPORT_SIGNS, TABLE

if TYPE_CHECKING:
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
    return looks_importing(path) and any(name in IMPORT_SIGNS for name in _match_formats(path))


def looks_importing(path: str) -> bool:
    """Whether a path ends as those of formats that can import do, or is in one of their folders.

    A hook asks this of every file of a repository, so nothing else is looked at.
    """
    path = f"/{path}".lower()
    return path.endswith(_IMPORTING_ENDINGS) or any(folder in path for folder in _IMPORTING_FOLDERS)


def is_for_gemini(path: str) -> bool:
    """Whether the tool that loads a memory file of this name is Gemini CLI, which has its own rules for imports."""
    return path.rpartition("/")[2] == "GEMINI.md"


def seems_to_import(path: str, data: bytes, rule: Rule) -> bool:
    """Whether a file may import others, by its path, its rule and its bytes. Parsing it tells which."""
    names = possible_formats(path, rule)
    return any(re.search(IMPORT_SIGNS[name], data) for name in names if name in IMPORT_SIGNS)


def possible_formats(path: str, rule: Rule) -> tuple[str, ...]:
    """Return the names of the formats that a file may have by its path and its rule, in the order of recognition."""
    return (rule.format,) if rule.format else _match_formats(path)


def _match_formats(path: str) -> tuple[str, ...]:
    path = f"/{path}"
    folder_end = path.rindex("/")
    includes = {
        pattern.format: pattern.includes
        for pattern in _list_patterns(_extension(path[folder_end:]))
        if path.endswith(pattern.ending)
        and pattern.folder in path
        and (pattern.is_deep or path[: folder_end + 1].endswith(pattern.folder))
    }  # the last of a format decides
    return tuple(name for name in includes if includes[name])


class _PathPattern(NamedTuple):
    """A pattern of the table, for paths that start with a slash.

    It is compared as text: dozens of regular expressions would take 10 ms to compile. `folder` has a slash at both ends,
    or is empty; `is_deep` says that a file may also be in folders below it. `extension` is empty for a pattern of any.
    """

    format: str
    includes: bool
    folder: str
    is_deep: bool
    ending: str
    extension: str


@lru_cache(100)
def _list_patterns(extension: str) -> list[_PathPattern]:
    """Return the patterns that files with an extension may match, in the order of the table."""
    patterns = (_parse(pattern, line) for line in TABLE for pattern in line.paths)
    return [pattern for pattern in patterns if pattern.extension in {"", extension}]


def _parse(pattern: str, line: Format) -> _PathPattern:
    """Read `name`, `*ending`, `folder/name`, `folder/*ending`, `folder/**` or `folder/**/*ending`, with or without `!`."""
    start, star, rest = pattern.removeprefix("!").partition("*")
    folder = f"/{start}" if start and star else ""
    ending = rest.rpartition("*")[2] if star else f"/{start}"
    return _PathPattern(
        line.name,
        not pattern.startswith("!"),
        folder,
        not folder or rest.startswith("*"),
        # A format that ignores case has patterns for extensions alone, which are looked up in small letters.
        "" if line.ignores_case else ending,
        _extension(ending),
    )


def _extension(name: str) -> str:
    """Return what is behind the last dot of `/name`, in small letters; the whole where there is no dot."""
    return name.rpartition(".")[2].lower()


# Of the formats that can import, in small letters: what their paths end with, or in which folders they are.
_IMPORTING = [_parse(pattern, line) for line in TABLE if line.import_sign for pattern in line.paths]
_IMPORTING_FOLDERS = [each.folder.lower() for each in _IMPORTING if each.folder]
_IMPORTING_ENDINGS = tuple(
    each.ending.lower() or f".{each.extension}" for each in _IMPORTING if not each.folder
)
