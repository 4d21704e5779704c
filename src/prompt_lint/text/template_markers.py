"""Placeholders of templates, and addresses of files, in a text. They are noted, never replaced."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from prompt_lint.model.values import Note
from prompt_lint.text.code_fence import update_fence

if TYPE_CHECKING:
    from collections.abc import Iterator

PLACEHOLDERS_NOTE = "contains template placeholders; their values aren't counted"

FILE_ADDRESS_NOTE = (
    "has a text that is only the address of a file (`file://…`): the address is counted, not the file"
)

# For `also`: what the tools of some formats replace, too. Sources: documentation of Claude Code (slash commands,
# skills) and of VS Code (prompt files), 2026.
# Each begins with a fixed character, for which texts are searched quickly.
CLAUDE_PLACEHOLDERS = r"!(?<!\S!)`[^`\n]+`"
COPILOT_PLACEHOLDERS = r"\$\{(?:input:|selection|selectedText|file|workspaceFolder)[^{}\n]*\}"

# `{{name}}`, `{{#each xs}}`, `{{$input}}`, `{% if x %}`, `{# comment #}`; not `${{ x }}` (GitHub), `={{ x }}` (JSX),
# `\frac{{a}}{{b}}` or `{{"a": 1}}`. No class can match what ends it, so each character is looked at twice at most.
_COMMON = (
    r"\\[A-Za-z]*(?:{{[^{}\n]*}})++"  # LaTeX, or an escape: read past
    r"|(?<![$\\{=])(?P<plain>{{[{~]?[#/>^&!*]?[ \t]*[A-Za-z_$@.][^{}\n]*}}"
    r"|{%[-+]?[ \t]*[a-z][^%\n]*%}"
    r"|{#[- \t][^#\n]*#})"
)


def is_file_address(text: str) -> bool:
    """Return whether a text is nothing but the address of a file, which a tool such as promptfoo would replace."""
    return re.fullmatch(r"\s*file://\S+\s*", text) is not None


def note_placeholders(
    path: str, text: str, first_line: int = 1, *, also: str = "", is_template: bool = False
) -> Iterator[Note]:
    """Note the line of the first placeholder, if there is one. `first_line` is that of the text in its file.

    Placeholders in Markdown code are nearly always examples, and are passed over, but not in a format where
    every text is a template (`is_template`). What the format itself replaces, also in code, is a match of `also`.
    """
    may_be_template = "{{" in text or "{%" in text or "{#" in text
    if not may_be_template and not (also and re.search(also, text)):
        return
    number = _find_placeholder(text, also, is_template=is_template)
    if number is not None:
        yield Note(PLACEHOLDERS_NOTE, path, first_line + number, "placeholders")


def _find_placeholder(text: str, also: str, *, is_template: bool) -> int | None:
    """Return the 0-based line of the first placeholder."""
    pattern = _compile_pattern(also)
    fence = ""
    for number, line in enumerate(text.split("\n")):
        # Fences and placeholders have one of these.
        if "{" not in line and "`" not in line and "~" not in line:
            continue
        fence_before = fence
        if not is_template:
            fence = update_fence(fence, line.lstrip(" \t>"))
        if fence == fence_before and _has_placeholder(
            line, pattern, is_fenced=bool(fence), is_template=is_template
        ):
            return number
    return None


def _has_placeholder(line: str, pattern: re.Pattern[str], *, is_fenced: bool, is_template: bool) -> bool:
    span = ""  # the back-ticks that have opened a code span of this line
    for match in pattern.finditer(line):
        if match["ticks"]:
            span = match["ticks"] if not span else "" if span == match["ticks"] else span
        elif match["also"] or (match["plain"] and (is_template or not (span or is_fenced))):
            return True
    return False


@cache
def _compile_pattern(also: str) -> re.Pattern[str]:
    return re.compile(rf"(?P<ticks>`+)|(?P<also>{also or '(?!)'})|{_COMMON}")
