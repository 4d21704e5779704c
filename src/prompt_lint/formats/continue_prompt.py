"""`continue-prompt`: prompt files of Continue, with a head of YAML that nothing opens, and `<system>` (its source, 2026)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from prompt_lint.formats.role_prompts import RoleFormat, RolePrompt, strip_piece
from prompt_lint.request.from_roles import BAD_FRONTMATTER, Piece, Turn
from prompt_lint.text.decode import decode_leniently
from prompt_lint.text.yaml_head import parse_head

if TYPE_CHECKING:
    from prompt_lint.model.rules import Role
    from prompt_lint.model.values import ReadFile

_RULER = "\n---\n"
_NOT_READ = (
    "contains text that Continue doesn't read (above `<system>`, below a second `---`); it isn't counted"
)
_HEAD = re.compile(
    r"(?:[ \t]*(?:#[^\n]*)?\n)*+(?:name|description|version|model|temperature|maxTokens)[ \t]*:\s"
)
_DOTPROMPT_HELPER = re.compile(r"{{~?#?(?:>|\s*+(?:role\s|history|media\s))")


def recognise(path: str, data: bytes) -> str | None:
    """By its folder and its content: a `.prompt` file may also be plain text or dotprompt."""
    text = decode_leniently(data)
    has_system = "<system>" in text
    if "/.continue/" in f"/{path}" and (_RULER in text or has_system):
        return "a .prompt file in a `.continue` folder is read as Continue's"
    if _HEAD.match(text) and _RULER in text:
        return "a .prompt file with a head of YAML that no `---` opens is read as Continue's"
    if has_system and "</system>" in text and text.startswith("---\n") and not _DOTPROMPT_HELPER.search(text):
        return "a .prompt file with frontmatter and a `<system>` element is read as Continue's"
    return None


def _read_file(path: str, text: str, first_role: Role, read: ReadFile) -> RolePrompt:
    """What is in `<system>` is the system prompt, what is below it a message of the `first_role`."""
    head, ruler, rest = text.partition(_RULER)
    if not ruler:
        head, rest = "", text
    body, _, below = rest.partition(_RULER)
    line = (head + ruler).count("\n") + 1
    unread_line = line + body.count("\n") + 2 if below.strip() else 0
    above, opening, inside = body.partition("<system>")
    system, closing, after = inside.partition("</system>")
    if opening and closing:
        message, _, unread = after.partition("</system>")
        system_line = line + above.count("\n")
        turns = [
            Turn("system", (strip_piece(system, system_line),)),
            Turn(first_role, (strip_piece(message, system_line + system.count("\n")),)),
        ]
        if above.strip() or unread.strip():
            unread_line = line
    else:
        turns = [Turn(first_role, (Piece(body, line),))]
    messages = [(BAD_FRONTMATTER, 1)] if head.strip() and parse_head(head, 1) is None else []
    return RolePrompt(turns, (), [*messages, (_NOT_READ, unread_line)] if unread_line else messages)


_FORMAT = RoleFormat(_read_file, "user")
parse, parts = _FORMAT.parse, _FORMAT.parts
