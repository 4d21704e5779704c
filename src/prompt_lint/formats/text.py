"""`text`: the whole file is one message, or one system prompt."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prompt_lint.model.values import Prompt
from prompt_lint.request.from_text import build_request
from prompt_lint.text.decode import decode
from prompt_lint.text.markdown_sections import split_sections
from prompt_lint.text.template_markers import note_placeholders

if TYPE_CHECKING:
    from collections.abc import Iterable

    from prompt_lint.model.values import Note, Part, ReadFile, Rule


def recognise(path: str, data: bytes) -> str | None:  # noqa: ARG001  # the same signature for every format
    """Any file may be text, so this comes last in the table."""
    return "any file that no other format claims is text"


def parse(path: str, data: bytes, rule: Rule, read: ReadFile) -> Iterable[Prompt | Note]:  # noqa: ARG001
    """One prompt. Blank text is a prompt without a request: 0 tokens, and the API would refuse it."""
    text = decode(data)
    yield Prompt(path, "", 1, build_request(text, rule.role or "user"))
    yield from note_placeholders(path, text)


def parts(path: str, data: bytes, prompt: Prompt, read: ReadFile) -> Iterable[Part]:  # noqa: ARG001  # one prompt a file
    """The sections of the text, by heading."""
    return split_sections(decode(data))
