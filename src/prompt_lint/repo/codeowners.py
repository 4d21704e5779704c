r"""CODEOWNERS: who owns a file, as GitHub and GitLab read it.

A file in `.gitlab/`, or one with a section heading that isn't in `.github/`, is read as GitLab's, any other as GitHub's.

| | GitHub | GitLab |
|---|---|---|
| places, the first one is read | `.github/`, the top, `docs/` | the top, `docs/`, `.gitlab/` |
| which line decides | the last that matches | the last that matches in each section |
| a pattern without `/` at its start | as in .gitignore | matches at any depth |
| what is below a folder that matches | matches, unless the pattern ends with `/*` | only with `/` at the pattern's end |
| `!pattern` | doesn't work | nobody owns what it matches, in its section |
| `[a-z]`, `\#` at the start | don't work | work |
| a word that is no owner | the line is skipped | the word is skipped |

Sources: GitHub's documentation, "About code owners"; GitLab's, "Syntax of CODEOWNERS file" and "Advanced CODEOWNERS
configuration"; the order of GitLab's places: its issue 219916. Read in November 2026.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from itertools import takewhile
from typing import TYPE_CHECKING, NamedTuple

from prompt_lint.model.errors import MissingFile, Unreadable
from prompt_lint.model.values import Note
from prompt_lint.text.patterns import compile_patterns, find_folders, weigh_pattern
from prompt_lint.text.plural import pluralize

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from prompt_lint.repo import Tree

# In the order of both hosts, of which each passes over the folder of the other.
_PATHS = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS", ".gitlab/CODEOWNERS")
# In bytes; GitHub reads no larger file.
MAX_SIZE = 3 << 20
# Nobody has so many. Compiling them takes seconds.
_MAX_RULES = 20_000
# A longer line is in nobody's file, and its owners would fill a screen.
_MAX_LINE = 4096
_MAX_NOTES = 10

_HEADING = re.compile(r"\^?\[([^\]]+)\](?:\[\d*\])?(?:\s+(.*))?")
# A pattern, in which a backslash keeps a space, and what follows it.
_LINE = re.compile(r"((?:\\.|\S)+)(.*)")
_OWNER = re.compile(r"@[^\s@]{1,254}|@@[a-z]{1,20}|[^\s@]{1,64}@[^\s@]{1,255}")
_LAST_CHARACTER = "\U0010ffff"


class Owners(NamedTuple):
    """The owners of those files that have any, and what there is to note of the file that says so."""

    by_path: Mapping[str, Sequence[str]]
    notes: Sequence[Note]


class _Rule(NamedTuple):
    """A line with a pattern, in the words of `compile_patterns`. What an `exclusion` matches has no owner in its section."""

    pattern: str
    owners: Sequence[str]
    is_exact: bool
    is_exclusion: bool


def find_owners(tree: Tree, paths: Iterable[str]) -> Owners:
    """Return the owners of files, by the CODEOWNERS of their tree. Of several sections a file has the owners of all."""
    for path in _PATHS:
        try:
            data = tree.read(tree.resolve(path), MAX_SIZE)
        except MissingFile:
            continue
        except Unreadable as error:
            return Owners({}, [Note(f"{error.message}, so no owner is known", path)])
        parser = _Parser(path, data.decode("utf-8-sig", "surrogateescape"))
        return Owners(_assign_owners(parser.sections.values(), sorted(paths)), parser.notes)
    return Owners({}, [Note(f"no owner is known: there is none of {', '.join(_PATHS)}")])


class _Parser:
    """Reads a CODEOWNERS: `sections` are its rules by the name of their section in lower case, "" without one."""

    def __init__(self, path: str, text: str) -> None:
        lines = [line.strip() for line in text.split("\n")]
        has_heading = any(map(_HEADING.fullmatch, lines))
        self.is_gitlab = path.startswith(".gitlab/") or (has_heading and not path.startswith(".github/"))
        self.sections: dict[str, list[_Rule]] = {"": []}
        self.notes: list[Note] = []
        if sum(bool(line) and not line.startswith("#") for line in lines) > _MAX_RULES:
            self.notes.append(Note(f"has more than {_MAX_RULES:,} patterns, so no owner is known", path))
        else:
            self._read_lines(path, lines)

    def _read_lines(self, path: str, lines: Sequence[str]) -> None:
        section, default = self.sections[""], list[str]()
        mistakes: list[Note] = []
        for number, line in enumerate(lines, 1):
            heading = self.is_gitlab and len(line) <= _MAX_LINE and _HEADING.fullmatch(line)
            if heading:
                section = self.sections.setdefault(heading[1].casefold(), [])
                default = self._read_owners(heading[2] or "")
            elif line and not line.startswith("#"):
                try:
                    section.append(self._read_rule(line, default))
                except ValueError as error:
                    mistakes.append(Note(f"{error}, so the line is skipped", path, number))
        self.notes += mistakes[:_MAX_NOTES]
        if len(mistakes) > _MAX_NOTES:
            self.notes.append(
                Note(f"{pluralize(len(mistakes) - _MAX_NOTES, 'more line')} can't be read", path)
            )

    def _read_rule(self, line: str, default: Sequence[str]) -> _Rule:
        """Return what a line says. Raises `ValueError`, with a sentence, for one that doesn't count."""
        if len(line) > _MAX_LINE:
            raise ValueError(f"the line has more than {_MAX_LINE:,} characters")
        is_exclusion = self.is_gitlab and line.startswith("!")
        match = _LINE.fullmatch(line.removeprefix("!") if is_exclusion else line)
        if not match:
            raise ValueError("there is no pattern")
        pattern = match[1]
        if not self.is_gitlab and (sign := re.search(r"^!|^\\#|[][]", pattern)):
            raise ValueError(f"`{sign[0]}` doesn't work in a CODEOWNERS of GitHub")
        owners = self._read_owners(match[2]) or ([] if is_exclusion else default)
        # Braces mean nothing here.
        pattern = re.sub(r"\\.|([{}])", lambda part: f"\\{part[1]}" if part[1] else part[0], pattern)
        is_exact = self.is_gitlab or pattern.endswith("/*")
        if self.is_gitlab and not pattern.startswith("/"):
            pattern = f"**/{pattern}"
        weigh_pattern(pattern)
        return _Rule(pattern, owners, is_exact, is_exclusion)

    def _read_owners(self, text: str) -> list[str]:
        """Return the owners in a text. Raises `ValueError` for a word that is none, where the host refuses the line."""
        words = text.split()
        if self.is_gitlab:  # also in comments
            return list(filter(_OWNER.fullmatch, words))
        words = list(takewhile(lambda word: not word.startswith("#"), words))
        if wrong := next((word for word in words if not _OWNER.fullmatch(word)), ""):
            raise ValueError(
                f"`{wrong[:40]}` is no owner: expected @user, @organization/team or an email address"
            )
        return words


def _assign_owners(sections: Iterable[Sequence[_Rule]], paths: Sequence[str]) -> dict[str, Sequence[str]]:
    """Return the owners of those sorted `paths` that have any, of all sections together."""
    owners: dict[str, dict[str, None]] = {}
    for rules in sections:
        for path, of_section in _match_section(rules, paths):
            owners.setdefault(path, {}).update(dict.fromkeys(of_section))
    return {path: list(of_path) for path, of_path in owners.items() if of_path}


def _match_section(rules: Sequence[_Rule], paths: Sequence[str]) -> Iterator[tuple[str, Sequence[str]]]:
    """Yield the sorted `paths` that a section has a rule for, with the owners by the one that decides."""
    decided: set[str] = set()
    exclusions_last = sorted(rules, key=lambda rule: rule.is_exclusion)
    for rule in reversed(exclusions_last):
        [start] = find_folders([rule.pattern])
        first, end = bisect_left(paths, start), bisect_left(paths, start + _LAST_CHARACTER)
        if undecided := [path for path in paths[first:end] if path not in decided]:
            matches = compile_patterns([rule.pattern], is_exact=rule.is_exact)
            matched = list(filter(matches, undecided))
            decided.update(matched)
            yield from ((path, rule.owners) for path in matched)
