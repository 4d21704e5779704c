"""Templates in a text: told, never rendered."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from prompt_lint.model.values import Note

if TYPE_CHECKING:
    from collections.abc import Iterator

PLACEHOLDERS_NOTE = (
    "holds template placeholders, counted as they stand: what is filled in for them isn't counted"
)

# For `also`: what the tools of some formats replace beside the usual. Sources: documentation of Claude Code (slash commands,
# skills) and of VS Code (prompt files), 2026.
CLAUDE_PLACEHOLDERS = r"\$ARGUMENTS\b|\$[0-9](?![0-9.,])|\$\{CLAUDE_[A-Z_]+\}|(?<!\S)!`[^`\n]+`"
COPILOT_PLACEHOLDERS = r"\$\{(?:input:|selection|selectedText|file|workspaceFolder)[^{}\n]*\}"

# `{{name}}`, `{{#each xs}}`, `{{$input}}`, `{% if x %}`, `{# comment #}`; not `${{ x }}` (GitHub), `={{ x }}` (JSX),
# `\frac{{a}}{{b}}` or `{{"a": 1}}`. No class can match what ends it, so each character is looked at twice at most.
_COMMON = (
    r"\\[A-Za-z]*(?:{{[^{}\n]*}})+"  # LaTeX, or an escape: read past
    r"|(?<![$\\{=])(?P<plain>{{[{~]?[#/>^&!*]?[ \t]*[A-Za-z_$@.][^{}\n]*}}"
    r"|{%[-+]?[ \t]*[a-z][^%\n]*%}"
    r"|{#[- \t][^#\n]*#})"
)
_FENCE = re.compile(r"[ \t>]*(`{3,}|~{3,})([^`]*)\Z")


def note_placeholders(
    path: str, text: str, line: int = 1, *, also: str = "", is_template: bool = False
) -> Iterator[Note]:
    """A note with the line of the first placeholder, if there is one. `line` is that of the first line of the text.

    Placeholders in Markdown code are examples, nearly always, and don't count; but they do where the format makes
    every text a template (`templated`). What the format itself replaces, code or not, is a match of `also`.
    """
    if "{{" not in text and "{%" not in text and "{#" not in text and not also:
        return
    number = _find_placeholder(text, also, code=is_template)
    if number is not None:
        yield Note(PLACEHOLDERS_NOTE, path, line + number)


def _find_placeholder(text: str, also: str, *, code: bool) -> int | None:
    """The 0-based line of the first placeholder."""
    fence = ""
    for number, line in enumerate(text.split("\n")):
        if not code and (mark := _FENCE.match(line)):
            if not fence:
                fence = mark[1]
            elif mark[1].startswith(fence) and not mark[2].strip():
                fence = ""
        elif _has_placeholder(line, also, code=code, fenced=bool(fence)):
            return number
    return None


def _has_placeholder(line: str, also: str, *, code: bool, fenced: bool) -> bool:
    span = ""  # the back-ticks that have opened a code span of this line
    for match in _compile_pattern(also).finditer(line):
        if match["ticks"]:
            span = match["ticks"] if not span else "" if span == match["ticks"] else span
        elif match["also"] or (match["plain"] and (code or not (span or fenced))):
            return True
    return False


@cache
def _compile_pattern(also: str) -> re.Pattern[str]:
    return re.compile(rf"(?P<ticks>`+)|(?P<also>{also or '(?!)'})|{_COMMON}")
