"""How Claude Code lists a skill, a command or an agent, which is in the context from the start.

Source: documentation of Claude Code (skills, sub-agents), November 2026. It cuts the list of skills and commands; of
agents it loads each description in full, and warns when they have more than 15,000 tokens together.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from prompt_lint.model.rules import METADATA
from prompt_lint.model.values import Note, Part, Prompt
from prompt_lint.request.from_text import build_request

if TYPE_CHECKING:
    from collections.abc import Iterator

    from prompt_lint.text.frontmatter import Fields

# Characters of `description` and `when_to_use` that are listed of a skill or a command.
_MAX_CHARACTERS = 1536
_CUT = (
    f"`description` and `when_to_use` have more than {_MAX_CHARACTERS:,} characters together: "
    "Claude Code lists no more, so no more is counted"
)


def can_be_listed(fields: Fields) -> bool:
    """Whether the model may start it by itself, and so is told of it."""
    return fields.get_text("disable-model-invocation") != "true"


def metadata_prompt(path: str, line: int, default_name: str, fields: Fields, *, is_cut: bool) -> Prompt:
    """Return the listing as a prompt that has `line` for its place in the file."""
    listing = render_listing(fields.get_text("name") or default_name, fields, is_cut=is_cut)
    return Prompt(path, METADATA, line, build_request(listing, "system"))


def render_listing(name: str, fields: Fields, *, is_cut: bool) -> str:
    """Return the line that the model reads, near enough for its tokens."""
    description = _join_texts(fields)[: _MAX_CHARACTERS if is_cut else None]
    return f"- {name}: {description}" if description else f"- {name}"


def note_cut(path: str, fields: Fields) -> Iterator[Note]:
    """Note that the listing of a skill or a command is cut."""
    if len(_join_texts(fields)) > _MAX_CHARACTERS:
        line = fields.lines.get("description") or fields.lines.get("when_to_use") or 1
        yield Note(_CUT, path, line, "content")


def _join_texts(fields: Fields) -> str:
    texts = (fields.get_text(key) for key in ("description", "when_to_use"))
    return " - ".join(filter(None, texts))


def listing_parts(fields: Fields, body_line: int) -> list[Part]:
    """Return the keys that the listing is made of, with their lines."""
    starts = sorted({*fields.lines.values(), max(body_line - 1, 2)})
    return [
        Part(key, line, max(line, next((s for s in starts if s > line), body_line) - 1), fields.get_text(key))
        for key, line in fields.lines.items()
        if key in {"name", "description", "when_to_use"}
    ]
