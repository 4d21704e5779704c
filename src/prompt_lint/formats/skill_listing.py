"""How Claude Code lists a skill, a command or an agent, which is in the context from the start.

Source: documentation of Claude Code (skills), 2026.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from prompt_lint.model.rules import METADATA
from prompt_lint.model.values import Part, Prompt
from prompt_lint.request.from_text import build_request

if TYPE_CHECKING:
    from prompt_lint.text.frontmatter import Fields

# Characters of `description` and `when_to_use` that are listed.
MAX_CHARACTERS = 1536


def can_be_listed(fields: Fields) -> bool:
    """Whether the model may start it by itself, and so is told of it."""
    return fields.get_text("disable-model-invocation") != "true"


def metadata_prompt(path: str, line: int, default_name: str, fields: Fields) -> Prompt:
    """Return the listing as a prompt that has `line` for its place in the file."""
    listing = render_listing(fields.get_text("name") or default_name, fields)
    return Prompt(path, METADATA, line, build_request(listing, "system"))


def render_listing(name: str, fields: Fields) -> str:
    """Return the line that the model reads, near enough for its tokens."""
    texts = (fields.get_text(key) for key in ("description", "when_to_use"))
    description = " - ".join(filter(None, texts))[:MAX_CHARACTERS]
    return f"- {name}: {description}" if description else f"- {name}"


def listing_parts(fields: Fields, body_line: int) -> list[Part]:
    """Return the keys that the listing is made of, with their lines."""
    starts = sorted({*fields.lines.values(), max(body_line - 1, 2)})
    return [
        Part(key, line, max(line, next((s for s in starts if s > line), body_line) - 1), fields.get_text(key))
        for key, line in fields.lines.items()
        if key in {"name", "description", "when_to_use"}
    ]
