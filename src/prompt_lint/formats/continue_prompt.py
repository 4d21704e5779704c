"""`continue-prompt`: prompt files of Continue, a head of YAML that nothing opens, and `<system>` (source of Continue, 2026)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from prompt_lint.model.values import Prompt
from prompt_lint.request import from_roles as turns
from prompt_lint.text.decode import decode
from prompt_lint.text.yaml_head import parse_head

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from prompt_lint.model.values import Note, Part, ReadFile, Role, Rule


_LINE = "\n---\n"
_NOT_READ = "holds text that Continue doesn't read (above `<system>`, below a second `---`); it isn't counted"
_IN_FOLDER = r"(?:^|/)\.continue/"
_HEAD = r"(?:[ \t]*(?:#[^\n]*)?\n)*(?:name|description|version|model|temperature|maxTokens)[ \t]*:\s"
_HELPER = r"{{~?#?(?:role\s|>|history|media\s)"


class _File(NamedTuple):
    head: str
    turns: list[turns.Turn]
    unread: int  # the line of text that Continue drops; 0 for none


def recognise(path: str, data: bytes) -> str | None:
    """A `.prompt` file may be plain text, dotprompt or this, so its folder and its content decide."""
    text = data.decode("utf-8", "replace").removeprefix("\ufeff").replace("\r\n", "\n")
    if re.compile(_IN_FOLDER).search(path) and (_LINE in text or "<system>" in text):
        return "a .prompt file in a `.continue` folder is read as Continue's"
    if re.compile(_HEAD).match(text) and _LINE in text:
        return "a .prompt file with a head of YAML that no `---` opens is read as Continue's"
    if (
        "<system>" in text
        and "</system>" in text
        and text.startswith("---\n")
        and not re.compile(_HELPER).search(text)
    ):
        return "a .prompt file with frontmatter and a `<system>` element is read as Continue's"
    return None


def parse(path: str, data: bytes, rule: Rule, read: ReadFile) -> Iterable[Prompt | Note]:
    """One prompt: what is in `<system>` is the system prompt, what is below it the user's message."""
    found = _read(decode(data), rule.role or "user")
    yield Prompt(path, "", 1, turns.build_request(found.turns))
    yield from turns.make_notes(path, found.turns, _said(found))


def parts(path: str, data: bytes, prompt: Prompt, read: ReadFile) -> Iterable[Part]:
    """The system prompt and the message, by heading."""
    return turns.split_parts(_read(decode(data), "user").turns)


def _read(text: str, role: Role) -> _File:
    head, line, rest = text.partition(_LINE)
    if not line:
        head, rest = "", text
    rest, _, behind = rest.partition(_LINE)
    first = (head + line).count("\n") + 1
    unread = first + rest.count("\n") + 2 if behind.strip() else 0
    before, opens, inside = rest.partition("<system>")
    system, closes, said = inside.partition("</system>")
    if not opens or not closes:
        return _File(head, _turn(role, rest, first), unread)
    told, _, after = said.partition("</system>")
    begins = first + before.count("\n")
    if before.strip() or after.strip():
        unread = first
    return _File(
        head,
        [*_turn("system", system.strip(), begins + _blank(system)),
         *_turn(role, told.strip(), begins + system.count("\n") + _blank(told))],
        unread,
    )  # fmt: skip


def _blank(text: str) -> int:
    """The lines above the first that isn't blank."""
    return text[: len(text) - len(text.lstrip())].count("\n")


def _turn(role: str, text: str, line: int) -> list[turns.Turn]:
    return [turns.Turn(role, (turns.Piece(text, line),))] if text.strip() else []


def _said(found: _File) -> Iterator[tuple[str, int]]:
    if found.head.strip() and parse_head(found.head, 1) is None:
        yield turns.BAD_FRONTMATTER, 1
    if found.unread:
        yield _NOT_READ, found.unread
