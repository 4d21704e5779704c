"""`markdown`: a text whose frontmatter isn't sent. Only where the rule says so: many tools send it with the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prompt_lint.model.values import Prompt
from prompt_lint.request.from_text import build_request
from prompt_lint.text import frontmatter
from prompt_lint.text.decode import decode
from prompt_lint.text.markdown_sections import split_sections
from prompt_lint.text.template_markers import note_placeholders

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from prompt_lint.model.values import Note, Part, ReadFile, Rule


def recognise(path: str, data: bytes) -> str | None:  # noqa: ARG001  # the same signature for every format
    """Never by itself."""
    return None


def parse(path: str, data: bytes, rule: Rule, read: ReadFile) -> Iterable[Prompt | Note]:  # noqa: ARG001
    """One prompt: what stands below the frontmatter."""
    front, body, line = frontmatter.split_frontmatter(decode(data))
    yield Prompt(path, "", 1, build_request(body, rule.role or "user"))
    if front:
        yield from frontmatter.note_fault(path, frontmatter.parse_fields(front))
    yield from note_placeholders(path, body, line)


def parts(path: str, data: bytes, prompt: Prompt, read: ReadFile) -> Sequence[Part]:  # noqa: ARG001
    """The sections of the body, by heading, with their lines in the file."""
    _, body, line = frontmatter.split_frontmatter(decode(data))
    return split_sections(body, line)
