"""The table of prompt formats. A new one is a module and a line here."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, NamedTuple, Protocol

from prompt_lint.formats import (
    continue_prompt,
    dotprompt,
    gemini_command,
    markdown,
    memory,
    prompt_yml,
    prompty,
    request,
    skill,
    text,
    tools,
)
from prompt_lint.formats.presets import PRESETS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from prompt_lint.model import Note, Part, Problem, Prompt, Read, Rule


class PromptFormat(Protocol):
    """Bytes → prompts."""

    @property
    def NAME(self) -> str:  # noqa: N802  # modules spell their constants so
        """A regular expression that is searched in the path of a file: none but those may be of this format."""

    @property
    def INCLUDES(self) -> bytes:  # noqa: N802
        """A regular expression for the bytes of a file that may take others in; empty where none does."""

    def recognise(self, path: str, data: bytes) -> str | None:
        """Why a file of such a name is of this format, as a sentence; None if it isn't."""

    def parse(self, path: str, data: bytes, rule: Rule, read: Read) -> Iterable[Prompt | Problem | Note]:
        """The prompts of a file, and what is to be said of it. Raises `Unreadable` for what can't be measured."""

    def parts(self, path: str, data: bytes, prompt: Prompt, read: Read) -> Iterable[Part]:
        """Where in the file the tokens of one of its prompts are. Called for what `parse` has accepted."""


# In the order of recognition; `text` takes what is left.
FORMATS: Mapping[str, PromptFormat] = {
    "memory": memory,
    "skill": skill,
    **PRESETS,
    "prompt-yml": prompt_yml,
    "prompty": prompty,
    "continue-prompt": continue_prompt,
    "dotprompt": dotprompt,
    "gemini-command": gemini_command,
    "tools": tools,
    "request": request,
    "markdown": markdown,
    "text": text,
}


class Recognised(NamedTuple):
    """A format's name, and why it was chosen."""

    name: str
    why: str


def candidates(path: str, rule: Rule) -> tuple[str, ...]:
    """The formats that a file may have by its name and its rule, in the order in which they are asked."""
    if rule.format:
        return (rule.format,)
    if not _special().search(f"/{path}"):
        return ("text",)
    return tuple(name for name, pattern in _names() if pattern.search(path))


@cache
def _special() -> re.Pattern[str]:
    """One search says of nearly every file of a large repository that it has none of the special names.

    Ten times as fast where every alternative starts with a literal, so all paths get a slash in front.
    """
    names = (one.NAME.replace("(?:^|/)", "/") for one in FORMATS.values())
    return re.compile("|".join(name for name in names if name not in {"", markdown.NAME}))


@cache
def _names() -> list[tuple[str, re.Pattern[str]]]:
    return [(name, re.compile(one.NAME)) for name, one in FORMATS.items()]


def recognise(path: str, data: bytes, rule: Rule) -> Recognised:
    """The format that the rule names, else the first that knows the file by its name and its content."""
    if rule.format:
        return Recognised(rule.format, f"the rule says `format: {rule.format}`")
    for name in candidates(path, rule):
        if why := FORMATS[name].recognise(path, data):
            return Recognised(name, why)
    raise AssertionError("`text` takes what is left")


def inclusions(path: str, rule: Rule) -> tuple[bytes, ...]:
    """Expressions of which one is found in the bytes of the file, if it takes others in; none if it can't."""
    return tuple(found for name in candidates(path, rule) if (found := FORMATS[name].INCLUDES))
