"""The formats whose files are one text each, perhaps below frontmatter: a table of roles, frontmatter and size limits.

Sources: the documentation of each tool, August to November 2026; docs/formats.md says which.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal, NamedTuple

from prompt_lint.formats import skill_listing
from prompt_lint.model.errors import ExitCode, Unreadable
from prompt_lint.model.rules import BODY, METADATA
from prompt_lint.model.values import Note, Problem, Prompt
from prompt_lint.request.from_text import build_request
from prompt_lint.text.decode import decode
from prompt_lint.text.frontmatter import SplitText, has_key, note_fault, parse_fields, split_frontmatter
from prompt_lint.text.markdown_sections import split_sections
from prompt_lint.text.template_markers import CLAUDE_PLACEHOLDERS, COPILOT_PLACEHOLDERS, note_placeholders

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from prompt_lint.model.rules import Role, Rule
    from prompt_lint.model.values import Part, ReadFile
    from prompt_lint.text.frontmatter import Fields

# Names from before these tools had frontmatter.
_WITHOUT_FRONTMATTER = frozenset({".cursorrules", ".windsurfrules", ".clinerules"})


class SizeLimit(NamedTuple):
    """How much a tool takes: `maximum` characters of the whole file or of its body, or lines of its body.

    More is a problem if there is a `hint`, since the tool then refuses the file, else a note. `exempt` is a regular expression
    for the frontmatter of files that the limit doesn't apply to.
    """

    maximum: int
    unit: Literal["characters of file", "characters of body", "lines of body"]
    message: str
    hint: str = ""
    exempt: str = ""

    def check(self, path: str, text: str, split: SplitText) -> Iterator[Problem | Note]:
        """Report the line where a file gets too large, if it does."""
        measured, line = (text, 1) if self.unit == "characters of file" else (split.body, split.body_line)
        if self.unit == "lines of body":
            is_exceeded = measured.rstrip("\n").count("\n") >= self.maximum
            line += self.maximum
        else:
            is_exceeded = len(measured) > self.maximum
            line += measured.count("\n", 0, self.maximum)
        if not is_exceeded or (self.exempt and re.search(self.exempt, split.frontmatter or "")):
            return
        if self.hint:
            message = f"{self.message}; this one has {len(measured):,}"
            yield Problem(path, line, message, self.hint, ExitCode.OVER_LIMIT)
        else:
            yield Note(self.message, path, line, "advice")


class TextFormat(NamedTuple):
    """A prompt format. `description` says what a file is whose path matches; it is empty for a format that only rules name.

    Where other tools use such paths, too, the frontmatter has to have all `required_keys` and none of the `foreign_keys`
    (each may have alternatives, as `a|b`), unless `sure_paths` has a piece of the path. `frontmatter` says whether the tool
    cuts it off, and reads it as YAML. With a `listing`, name and description are in the context from the start, as a prompt
    of their own, whole or cut. `placeholders` is a regular expression for what the tool fills in. `uncounted_keys` of the
    frontmatter bring text that isn't counted; each has the message that says so.
    """

    description: str
    role: Role
    frontmatter: Literal["none", "YAML", "other"] = "YAML"
    sure_paths: tuple[str, ...] = ()
    required_keys: tuple[str, ...] = ()
    foreign_keys: str = ""
    listing: Literal["none", "whole", "cut"] = "none"
    placeholders: str = ""
    uncounted_keys: Mapping[str, str] = {}
    size_limits: tuple[SizeLimit, ...] = ()

    def recognise(self, path: str, data: bytes) -> str | None:
        """By its path; where that isn't enough, by the keys of its frontmatter."""
        if not self.required_keys or any(f"/{sure}" in f"/{path}" for sure in self.sure_paths):
            return self.description
        try:
            frontmatter = split_frontmatter(decode(data)).frontmatter or ""
        except Unreadable:
            return None
        if self.foreign_keys and has_key(frontmatter, self.foreign_keys):
            return None
        if all(has_key(frontmatter, key) for key in self.required_keys):
            return f"{self.description}, and its frontmatter says so"
        return None

    def parse(self, path: str, data: bytes, rule: Rule, read: ReadFile) -> Iterator[Prompt | Problem | Note]:
        """Yield one prompt, or `metadata` and `body`. Blank text is a prompt without a request: the API would refuse it."""
        text = decode(data)
        split = self._split(path, text)
        request = build_request(split.body, rule.role or self.role)
        fields = parse_fields(split.frontmatter) if split.frontmatter and self.frontmatter == "YAML" else None
        if self.listing != "none":
            if fields:
                yield from self._list(path, fields)
            yield Prompt(path, BODY, split.body_line, request)
        else:
            yield Prompt(path, "", 1, request)
        if fields:
            yield from note_fault(path, fields)
            for key, message in self.uncounted_keys.items():
                if fields.values.get(key):
                    yield Note(message, path, fields.lines[key], "content")
        for limit in self.size_limits:
            yield from limit.check(path, text, split)
        yield from note_placeholders(path, split.body, split.body_line, also=self.placeholders)

    def _list(self, path: str, fields: Fields) -> Iterator[Prompt | Note]:
        """Yield what is listed of a command or an agent that has a description."""
        if not fields.get_text("description") or not skill_listing.can_be_listed(fields):
            return
        name = path.rpartition("/")[2].partition(".")[0]
        line, is_cut = fields.lines["description"], self.listing == "cut"
        yield skill_listing.metadata_prompt(path, line, name, fields, is_cut=is_cut)
        if is_cut:
            yield from skill_listing.note_cut(path, fields)

    def parts(self, path: str, data: bytes, prompt: Prompt, read: ReadFile) -> Sequence[Part]:
        split = self._split(path, decode(data))
        if prompt.name == METADATA:
            return skill_listing.listing_parts(parse_fields(split.frontmatter or ""), split.body_line)
        return split_sections(split.body, split.body_line)

    def _split(self, path: str, text: str) -> SplitText:
        if self.frontmatter == "none" or path.rpartition("/")[2] in _WITHOUT_FRONTMATTER:
            return SplitText(None, text, 1)
        return split_frontmatter(text)


_COPILOT_REVIEW_LIMIT = SizeLimit(
    4000,
    "characters of file",
    "Copilot's code review may read no more than the first 4,000 characters of an instruction file; all are counted",
    exempt=r"(?m)^excludeAgent[ \t]*:[^\n]*code-review",
)
_COPILOT_AGENT_LIMIT = SizeLimit(
    30_000,
    "characters of body",
    "the prompt of a Copilot agent may have 30,000 characters at most",
    "shorten it; if only editors read it, say `target: vscode` in its frontmatter",
    exempt=r"(?m)^target[ \t]*:[ \t]*['\"]?vscode\b",
)
_WINDSURF_LIMIT = SizeLimit(
    12_000,
    "characters of file",
    "Windsurf reads at most 12,000 characters of a rule file: the rest may never arrive, but is counted",
)
_CURSOR_LIMIT = SizeLimit(
    500, "lines of body", "has more than the 500 lines that Cursor recommends at most for a rule"
)
# Source: documentation of Claude Code (sub-agents), November 2026.
_UNCOUNTED_OF_AGENTS = {
    "skills": "names skills that are loaded in full with the agent; they aren't counted with it",
    "initialPrompt": "has an `initialPrompt`, which is sent as a message of its own; it isn't counted",
}

TEXT_FORMATS: Mapping[str, TextFormat] = {
    "copilot-agent": TextFormat(
        "a file of that name is an agent of Copilot: a system prompt below frontmatter",
        "system",
        size_limits=(_COPILOT_AGENT_LIMIT,),
    ),
    "copilot-prompt": TextFormat(
        "a file of that name is a prompt of Copilot: a message below frontmatter",
        "user",
        placeholders=COPILOT_PLACEHOLDERS,
    ),
    "copilot-instructions": TextFormat(
        "a file of that name holds instructions for Copilot",
        "user",
        sure_paths=(".github/instructions/", ".github/copilot-instructions.md"),
        required_keys=("applyTo|description",),
        size_limits=(_COPILOT_REVIEW_LIMIT,),
    ),
    "command": TextFormat(
        "a file in such a folder is a command of Claude Code: a message, and a description that is always listed",
        "user",
        sure_paths=(".claude/commands/",),
        required_keys=("description",),
        foreign_keys="title|layout|slug",
        listing="cut",
        placeholders=CLAUDE_PLACEHOLDERS,
    ),
    "agent": TextFormat(
        "a file in such a folder is an agent of Claude Code: a system prompt, and a description that is always listed",
        "system",
        required_keys=("name", "description"),
        listing="whole",
        uncounted_keys=_UNCOUNTED_OF_AGENTS,
    ),
    "style": TextFormat(
        "a file in such a folder is an output style of Claude Code: a part of the system prompt", "system"
    ),
    "cursor-rules": TextFormat(
        "a file of that name holds rules for Cursor, whose frontmatter isn't YAML",
        "system",
        frontmatter="other",
        size_limits=(_CURSOR_LIMIT,),
    ),
    "windsurf-rules": TextFormat(
        "a file of that name holds rules for Windsurf", "system", size_limits=(_WINDSURF_LIMIT,)
    ),
    "cline-rules": TextFormat("a file of that name holds rules for Cline", "system"),
    "continue-rules": TextFormat("a file of that name holds rules for Continue", "system"),
    "junie-guidelines": TextFormat(
        "a file of that name holds guidelines for Junie, which takes all of it", "system", frontmatter="none"
    ),
    "zed-rules": TextFormat(
        "a file of that name holds rules for Zed, which takes all of it", "system", frontmatter="none"
    ),
    # Many tools send the frontmatter of a Markdown file with the rest, so that it isn't sent is for a rule to say.
    "markdown": TextFormat("", "user"),
    "text": TextFormat("any file that no other format claims is text", "user", frontmatter="none"),
}
