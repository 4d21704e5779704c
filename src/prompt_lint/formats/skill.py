"""`skill`: SKILL.md as the two prompts that it is (what is always listed, what comes on use), and its resources.

Sources: the Agent Skills specification, documentation of Claude Code (skills), 2026.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from prompt_lint.model.errors import ExitCode
from prompt_lint.model.values import Note, Problem, Prompt
from prompt_lint.request.from_text import build_request
from prompt_lint.text import frontmatter
from prompt_lint.text.decode import decode
from prompt_lint.text.frontmatter import Fields
from prompt_lint.text.markdown_sections import split_sections
from prompt_lint.text.template_markers import CLAUDE_PLACEHOLDERS, note_placeholders

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from prompt_lint.model.values import Part, ReadFile, Rule


# The names of the prompts of a file, as `parts` in a rule has them.
METADATA, BODY = "metadata", "body"

_MOST_LINES = 500
_MOST = {"name": 64, "description": 1024, "compatibility": 500}
_SKILL_NAME = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_FOLDERS = frozenset({"references", "assets", "scripts"})

_NO_FRONTMATTER = "has no frontmatter, so Claude Code lists the skill by its folder and first paragraph, and other tools don't load it"
_NO_NAME = "has no `name`, so Claude Code takes the folder's, and other tools don't load the skill"
_OTHER_NAME = "the `name` isn't that of the folder, which the specification of skills wants"
_CUT = (
    f"`description` and `when_to_use` have more than {frontmatter.MOST_LISTED:,} characters together: "
    "Claude Code lists no more, so no more is counted"
)
_LONG = f"the body has more than the {_MOST_LINES} lines that the specification of skills recommends at most"


def recognise(path: str, data: bytes) -> str | None:  # noqa: ARG001  # the same signature for every format
    """A SKILL.md; or a file of a skill's folder that may be read with it, which is text."""
    if not _is_resource(path):
        return "a file of that name is a skill: what is listed of it, and its body"
    *folders, name = path.split("/")
    inside = folders[folders.index("skills") + 1 :] if "skills" in folders else []
    if inside and (name.endswith(".md") or not _FOLDERS.isdisjoint(inside[1:])):
        return "a resource of a skill, by its folder: text that is read when the skill asks for it"
    return None


def parse(path: str, data: bytes, rule: Rule, read: ReadFile) -> Iterable[Prompt | Problem | Note]:  # noqa: ARG001
    """`metadata` (unless the model may not start the skill: then it isn't listed) and `body`. A resource is one prompt."""
    text = decode(data)
    if _is_resource(path):
        yield Prompt(path, "", 1, build_request(text, rule.role or "user"))
        yield from note_placeholders(path, text)
        return
    front, body, line = frontmatter.split_frontmatter(text)
    found = frontmatter.parse_fields(front or "")
    if found.get_text("disable-model-invocation") != "true":
        at = found.lines.get("name") or found.lines.get("description") or 1
        yield Prompt(path, METADATA, at, build_request(_listed(path, found, body), "system"))
    yield Prompt(path, BODY, line, build_request(body, rule.role or "user"))
    if front is None:
        yield Note(_NO_FRONTMATTER, path, 1)
    else:
        yield from frontmatter.note_fault(path, found)
        yield from _faults(path, found)
    if body.rstrip("\n").count("\n") >= _MOST_LINES:
        yield Note(_LONG, path, line + _MOST_LINES)
    yield from note_placeholders(path, body, line, also=CLAUDE_PLACEHOLDERS)


def parts(path: str, data: bytes, prompt: Prompt, read: ReadFile) -> Sequence[Part]:  # noqa: ARG001
    """The keys that are listed, or the sections of the body."""
    text = decode(data)
    if prompt.name == "":
        return split_sections(text)
    front, body, line = frontmatter.split_frontmatter(text)
    if prompt.name == BODY:
        return split_sections(body, line)
    return frontmatter.listed_parts(frontmatter.parse_fields(front or ""), line)


def _is_resource(path: str) -> bool:
    folders, _, name = path.rpartition("/")
    return name.lower() != "skill.md" and "skills" in folders.split("/")


def _listed(path: str, found: Fields, body: str) -> str:
    """The skill as Claude Code lists it: by its folder and its first paragraph, where it says no more itself."""
    if not found.get_text("description"):
        texts = (paragraph.strip() for paragraph in body.split("\n\n"))
        first = next((one for one in texts if one and not one.startswith("#")), "")
        found = Fields({**found.values, "description": first}, found.lines)
    return frontmatter.listed(found.get_text("name") or _folder(path), found)


def _folder(path: str) -> str:
    return path.rpartition("/")[0].rpartition("/")[2]


def _faults(path: str, found: Fields) -> Iterator[Problem | Note]:
    """What breaks the specification, and what a tool passes over."""
    name, description = found.get_text("name"), found.get_text("description")
    for key, most in _MOST.items():
        length = len(found.get_text(key))
        if length > most:
            message = f"the skill's `{key}` has {length:,} characters; the most is {most:,}"
            yield _refused(path, found, key, message, "shorten it")
    if name and not _SKILL_NAME.fullmatch(name):
        message = "the skill's `name` isn't made of small letters, digits and single hyphens between them"
        yield _refused(path, found, "name", message, "call it and its folder like `review-code`")
    if not description and not found.fault_line:
        hint = "say what the skill does and when to use it, in up to 1,024 characters"
        yield _refused(path, found, "description", "the skill has no `description`", hint)
    if not name and not found.fault_line:
        yield Note(_NO_NAME, path, 1)
    if name and _folder(path) not in {"", name}:
        yield Note(_OTHER_NAME, path, found.lines["name"])
    if description and len(description) + len(found.get_text("when_to_use")) > frontmatter.MOST_LISTED:
        yield Note(_CUT, path, found.lines["description"])


def _refused(path: str, found: Fields, key: str, message: str, hint: str) -> Problem:
    return Problem(path, found.lines.get(key, 1), message, hint, ExitCode.OVER_LIMIT)
