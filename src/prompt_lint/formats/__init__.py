"""The table of prompt formats. A new one is a module and a line here."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

from prompt_lint.formats import request, text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from prompt_lint.model import Part, Prompt, Rule


class PromptFormat(Protocol):
    """Bytes → prompts."""

    def recognise(self, path: str) -> str | None:
        """Why a file of this name is of this format, as a sentence; None if it isn't."""

    def parse(self, path: str, data: bytes, rule: Rule) -> Iterable[Prompt]:
        """The prompts of a file. Raises `Unreadable` for what can't be measured."""

    def parts(self, data: bytes, prompt: Prompt) -> Iterable[Part]:
        """Where in the file the tokens of one of its prompts are. Called for what `parse` has accepted."""


# In the order of recognition; `text` takes what is left.
FORMATS: Mapping[str, PromptFormat] = {"request": request, "text": text}


class Recognised(NamedTuple):
    """A format's name, and why it was chosen."""

    name: str
    why: str


def recognise(path: str, rule: Rule) -> Recognised:
    """The format that the rule names, else the first that knows the file's name."""
    if rule.format:
        return Recognised(rule.format, f"the rule says `format: {rule.format}`")
    for name, one in FORMATS.items():
        if why := one.recognise(path):
            return Recognised(name, why)
    raise AssertionError("`text` takes what is left")
