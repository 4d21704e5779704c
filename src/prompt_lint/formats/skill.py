"""`skill`: SKILL.md as two prompts (what is always listed, and what comes on use), and the resources of a skill.

Sources: the Agent Skills specification, documentation of Claude Code (skills), 2026.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from prompt_lint.formats import skill_listing
from prompt_lint.model.errors import ExitCode
from prompt_lint.model.rules import BODY
from prompt_lint.model.values import Note, Problem, Prompt
from prompt_lint.request.from_text import build_request
from prompt_lint.text.decode import decode
from prompt_lint.text.frontmatter import Fields, note_fault, parse_fields, split_frontmatter
from prompt_lint.text.location import shorten
from prompt_lint.text.markdown_sections import split_sections
from prompt_lint.text.template_markers import CLAUDE_PLACEHOLDERS, note_placeholders

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from prompt_lint.model.rules import Rule
    from prompt_lint.model.values import Part, ReadFile

_MAX_LINES = 500
_MAX_CHARACTERS = {"name": 64, "description": 1024, "compatibility": 500}
_NAME = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*+")
_RESOURCE_FOLDERS = frozenset({"references", "assets", "scripts"})

_NO_FRONTMATTER = "has no frontmatter, so Claude Code lists the skill by its folder and first paragraph, and other tools don't load it"
_OPEN_FRONTMATTER = "the frontmatter isn't closed by a line `---`, so Claude Code lists the skill by its folder and first paragraph, and other tools don't load it"
_NO_NAME = "has no `name`, so Claude Code takes the folder's, and other tools don't load the skill"
_OTHER_NAME = "the `name` differs from the folder's, and the specification of skills requires the same"
_LONG = f"the body has more than the {_MAX_LINES} lines that the specification of skills recommends at most"


def recognise(path: str, data: bytes) -> str | None:
    """By its path: a SKILL.md, or a file of a skill's folder that may be read with it."""
    if not _is_resource(path):
        return "a file of that name is a skill: what is listed of it, and its body"
    *folders, name = path.split("/")
    inside = folders[folders.index("skills") + 1 :] if "skills" in folders else []
    if inside and (name.endswith(".md") or not _RESOURCE_FOLDERS.isdisjoint(inside[1:])):
        return "a resource of a skill, by its folder: text that is read when the skill asks for it"
    return None


def parse(path: str, data: bytes, rule: Rule, read: ReadFile) -> Iterator[Prompt | Problem | Note]:
    """Yield `metadata` (unless the model may not start the skill) and `body`; of a resource, one prompt."""
    text = decode(data)
    if _is_resource(path):
        yield Prompt(path, "", 1, build_request(text, rule.role or "user"))
        yield from note_placeholders(path, text)
        return
    frontmatter, body, body_line = split_frontmatter(text)
    fields = parse_fields(frontmatter or "")
    if skill_listing.can_be_listed(fields):
        line = fields.lines.get("name") or fields.lines.get("description") or 1
        listed = fields if fields.get_text("description") else _describe_by_body(fields, body)
        yield skill_listing.metadata_prompt(path, line, _folder(path), listed, is_cut=True)
    yield Prompt(path, BODY, body_line, build_request(body, rule.role or "user"))
    if frontmatter is None:
        yield Note(_OPEN_FRONTMATTER if text.startswith("---\n") else _NO_FRONTMATTER, path, 1, "advice")
    else:
        yield from note_fault(path, fields)
        yield from _check_fields(path, fields)
        if skill_listing.can_be_listed(fields):
            yield from skill_listing.note_cut(path, fields)
    if body.rstrip("\n").count("\n") >= _MAX_LINES:
        yield Note(_LONG, path, body_line + _MAX_LINES, "advice")
    yield from note_placeholders(path, body, body_line, also=CLAUDE_PLACEHOLDERS)


def parts(path: str, data: bytes, prompt: Prompt, read: ReadFile) -> Sequence[Part]:
    text = decode(data)
    if prompt.name == "":
        return split_sections(text)
    frontmatter, body, body_line = split_frontmatter(text)
    if prompt.name == BODY:
        return split_sections(body, body_line)
    return skill_listing.listing_parts(parse_fields(frontmatter or ""), body_line)


def _is_resource(path: str) -> bool:
    folders, _, name = path.rpartition("/")
    return name.lower() != "skill.md" and "skills" in folders.split("/")


def _describe_by_body(fields: Fields, body: str) -> Fields:
    """Return the fields with the first paragraph of the body as the description, as Claude Code does."""
    paragraphs = (paragraph.strip() for paragraph in body.split("\n\n"))
    first = next((text for text in paragraphs if text and not text.startswith("#")), "")
    return fields._replace(values={**fields.values, "description": first})


def _folder(path: str) -> str:
    return path.rpartition("/")[0].rpartition("/")[2]


def _check_fields(path: str, fields: Fields) -> Iterator[Problem | Note]:
    """Report what the specification refuses, and what a tool passes over."""

    def refuse(key: str, message: str, hint: str) -> Problem:
        return Problem(path, fields.lines.get(key, 1), message, hint, ExitCode.OVER_LIMIT)

    name, description = fields.get_text("name"), fields.get_text("description")
    for key, maximum in _MAX_CHARACTERS.items():
        length = len(fields.get_text(key))
        if length > maximum:
            message = f"the skill's `{key}` has {length:,} characters; the most is {maximum:,}"
            yield refuse(key, message, "shorten it")
    if name and not _NAME.fullmatch(name):
        message = (
            f"the skill's name `{shorten(name)}` isn't valid: use a-z, 0-9 and single hyphens between them"
        )
        plain = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
        yield refuse(
            "name", message, f"rename it and its folder, such as to `{shorten(plain) or 'review-code'}`"
        )
    if not description and not fields.fault_line:
        hint = "say what the skill does and when to use it, in up to 1,024 characters"
        yield refuse("description", "the skill has no `description`", hint)
    if not name and not fields.fault_line:
        yield Note(_NO_NAME, path, 1, "advice")
    if name and _folder(path) not in {"", name}:
        yield Note(_OTHER_NAME, path, fields.lines["name"], "advice")
