"""`gemini-command`: a custom command of Gemini CLI, a TOML file whose `prompt` is sent.

Source: documentation of Gemini CLI, custom commands, 2026.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from prompt_lint.model.errors import Unreadable
from prompt_lint.model.values import Prompt
from prompt_lint.request.from_text import build_request
from prompt_lint.text.decode import decode
from prompt_lint.text.markdown_sections import split_sections
from prompt_lint.text.template_markers import note_placeholders

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from prompt_lint.model.values import Note, Part, ReadFile, Rule


# What the tool replaces: arguments, the output of a command, the content of a file.
_REPLACED = r"\{\{args\}\}|!\{[^}\n]*\}|@\{[^}\n]*\}"
_HINT = "a command is TOML with the text in `prompt`; if the file is sent as it stands, say `format: text` in its rule"


class _Command(NamedTuple):
    """The text that is sent, and its first line in the file."""

    prompt: str
    line: int


def recognise(path: str, data: bytes) -> str | None:
    """By its folder; in another tool's `commands` folder also by its `prompt`."""
    if re.search(r"(?:^|/)\.gemini/commands/", path) or re.search(rb"(?m)^[ \t]*prompt[ \t]*=", data):
        return "a .toml file in a folder `commands` is a command of Gemini CLI"
    return None


def parse(path: str, data: bytes, rule: Rule, read: ReadFile) -> Iterable[Prompt | Note]:
    """One prompt, the user's. Raises `Unreadable`, with the line, for what isn't TOML or has no `prompt`."""
    prompt, line = _load(decode(data))
    yield Prompt(path, "", line, build_request(prompt, rule.role or "user"))
    yield from note_placeholders(path, prompt, line, also=_REPLACED, is_template=True)


def parts(path: str, data: bytes, prompt: Prompt, read: ReadFile) -> Sequence[Part]:
    """The sections of the text, by heading."""
    text = decode(data)
    found, line = _load(text)
    last = text.count("\n") + 1
    return [
        one._replace(last_line=min(one.last_line, last))
        for one in split_sections(found, line)
        if one.first_line <= last
    ]


def _load(text: str) -> _Command:
    import tomllib  # noqa: PLC0415  # only these files need it

    try:
        found = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        why, _, place = str(error).partition(" (at ")
        where = re.match(r"line ([0-9]+),", place)
        line = int(where[1]) if where else text.count("\n") + 1 if place else 0
        told = why if place else "it is nested too deeply, or a number in it is too long"
        raise Unreadable(f"is not TOML: {told}", _HINT, line) from None
    prompt = found.get("prompt")
    if not isinstance(prompt, str):
        raise Unreadable("has no text named `prompt`", _HINT, 1)
    key = re.search(r"(?m)^[ \t]*[\"']?prompt[\"']?[ \t]*=[ \t]*(?:(?:\"\"\"|''')\n)?", text)
    return _Command(prompt, text.count("\n", 0, key.end()) + 1 if key else 1)
