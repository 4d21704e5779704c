"""`gemini-command`: a custom command of Gemini CLI, a TOML file whose `prompt` is sent.

Source: documentation of Gemini CLI, custom commands, 2026.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from prompt_lint.model.errors import Unreadable
from prompt_lint.model.values import Prompt
from prompt_lint.request.from_text import build_request
from prompt_lint.text.decode import decode, decode_leniently
from prompt_lint.text.location import ParseError
from prompt_lint.text.markdown_sections import split_sections
from prompt_lint.text.template_markers import note_placeholders
from prompt_lint.text.toml_reader import parse_toml

if TYPE_CHECKING:
    from collections.abc import Iterator

    from prompt_lint.model.rules import Rule
    from prompt_lint.model.values import Note, Part, ReadFile

# What Gemini CLI replaces: arguments, the output of a command, the content of a file. Braces in it may be a level deep.
_PLACEHOLDERS = r"[!@]\{(?:[^{}\n]++|\{[^{}\n]*+\})*+\}"
_HINT = "a command is TOML with the text in `prompt`; if the file is sent as it is, set `format: text` in its rule"


def recognise(path: str, data: bytes) -> str | None:
    """Recognise a command by its folder; in another folder `commands` by a line that sets `prompt`."""
    if "/.gemini/commands/" in f"/{path}" or re.search(
        r"(?m)^[ \t]*[\"']?prompt[\"']?[ \t]*=", decode_leniently(data)
    ):
        return "a .toml file in a folder `commands` is a command of Gemini CLI"
    return None


def parse(path: str, data: bytes, rule: Rule, read: ReadFile) -> Iterator[Prompt | Note]:
    """Yield one prompt, the user's, and the notes on its placeholders. Raises `Unreadable` for what has no `prompt`."""
    prompt, line = _read_prompt(decode(data))
    yield Prompt(path, "", line, build_request(prompt, rule.role or "user"))
    yield from note_placeholders(path, prompt, line, also=_PLACEHOLDERS, is_template=True)


def parts(path: str, data: bytes, prompt: Prompt, read: ReadFile) -> Iterator[Part]:
    text = decode(data)
    last_line = text.count("\n") + 1  # escaped newlines give the prompt lines that the file hasn't
    for part in split_sections(*_read_prompt(text)):
        if part.first_line <= last_line:
            yield part._replace(last_line=min(part.last_line, last_line))


def _read_prompt(text: str) -> tuple[str, int]:
    """Return the text of `prompt`, and its first line in the file."""
    try:
        fields = parse_toml(text)
    except ParseError as error:
        raise Unreadable(error.message, _HINT, error.line) from None
    prompt = fields.get("prompt")
    if not isinstance(prompt, str):
        raise Unreadable("has no text named `prompt`", _HINT, 1)
    key = re.search(r"(?m)^[ \t]*[\"']?prompt[\"']?[ \t]*=[ \t]*(?:(?:\"\"\"|''')\n)?", text)
    return prompt, text.count("\n", 0, key.end()) + 1 if key else 1
