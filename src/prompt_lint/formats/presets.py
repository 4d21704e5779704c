"""Files of one text each, as Claude Code and other tools know them: a table of names, roles and limits.

Sources: the documentation of each tool, August to November 2026; docs/formats.md says which.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from prompt_lint.model.errors import ExitCode, Unreadable
from prompt_lint.model.values import Note, Problem, Prompt
from prompt_lint.request.from_text import build_request
from prompt_lint.text import frontmatter
from prompt_lint.text.decode import decode
from prompt_lint.text.markdown_sections import split_sections
from prompt_lint.text.template_markers import CLAUDE_PLACEHOLDERS, COPILOT_PLACEHOLDERS, note_placeholders

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from prompt_lint.model.values import Part, ReadFile, Role, Rule
    from prompt_lint.text.frontmatter import SplitText

# The names of the two prompts of a file that is listed; the same as a skill's.
METADATA, BODY = "metadata", "body"

_NEVER = r"(?!)"


class Cap(NamedTuple):
    """What a tool takes: `most` characters of the `file` or of its `body`, or `lines` of the body.

    Where the tool refuses more, `hint` says what to do, and more is a problem; else `told` is a note. `unless` is an
    expression of a frontmatter for which the limit doesn't hold.
    """

    most: int
    of: str
    told: str
    hint: str = ""
    unless: str = _NEVER

    def exceeded(self, whole: str, cut: SplitText) -> int:
        """The line with the first thing that is too much; 0 if nothing is."""
        if cut.frontmatter and re.search(self.unless, cut.frontmatter):
            return 0
        text, line = (whole, 1) if self.of == "file" else (cut.body, cut.body_line)
        if self.of == "lines":
            return line + self.most if text.rstrip("\n").count("\n") >= self.most else 0
        return line + text.count("\n", 0, self.most) if len(text) > self.most else 0


class Preset(NamedTuple):
    """A prompt format. `what` says what a file with such a name is.

    Where others use such names, too, `keys` are expressions that the frontmatter of a file has to match, `foreign` is
    one that it mustn't, and `sure` are the names that need no look inside. The frontmatter is cut off where `cut`
    says so, unless the name starts with a dot; `yaml` says that the tool reads it as YAML. `listed`: name and
    description are in the context from the start, as a prompt of their own. `also` is what the tool fills in.
    """

    what: str
    role: Role
    sure: str = _NEVER
    keys: tuple[str, ...] = ()
    foreign: str = _NEVER
    cut: bool = True
    yaml: bool = True
    listed: bool = False
    also: str = ""
    caps: tuple[Cap, ...] = ()

    def recognise(self, path: str, data: bytes) -> str | None:
        """By its name; where that isn't enough, by the keys of its frontmatter."""
        if not self.keys or re.search(self.sure, path):
            return self.what
        try:
            front = frontmatter.split_frontmatter(decode(data)).frontmatter or ""
        except Unreadable:
            return None
        if all(re.search(key, front) for key in self.keys) and not re.search(self.foreign, front):
            return f"{self.what}, and its frontmatter says so"
        return None

    def parse(self, path: str, data: bytes, rule: Rule, read: ReadFile) -> Iterable[Prompt | Problem | Note]:  # noqa: ARG002  # nothing is taken in
        """One prompt, or `metadata` and `body`."""
        whole = decode(data)
        cut = self.taken_apart(path, whole)
        found = frontmatter.parse_fields(cut.frontmatter) if cut.frontmatter and self.yaml else None
        if found and self.listed and _is_listed(found):
            told = frontmatter.listed(found.get_text("name") or _stem(path), found)
            yield Prompt(path, METADATA, found.lines["description"], build_request(told, "system"))
        request = build_request(cut.body, rule.role or self.role)
        yield Prompt(path, BODY, cut.body_line, request) if self.listed else Prompt(path, "", 1, request)
        if found:
            yield from frontmatter.note_fault(path, found)
        yield from self.excess(path, whole, cut)
        yield from note_placeholders(path, cut.body, cut.body_line, also=self.also)

    def parts(self, path: str, data: bytes, prompt: Prompt, read: ReadFile) -> Sequence[Part]:  # noqa: ARG002
        """The sections of the body, by heading; or the keys that are listed."""
        cut = self.taken_apart(path, decode(data))
        if prompt.name == METADATA:
            return frontmatter.listed_parts(frontmatter.parse_fields(cut.frontmatter or ""), cut.body_line)
        return split_sections(cut.body, cut.body_line)

    def taken_apart(self, path: str, text: str) -> SplitText:
        """The frontmatter and the body, or a body alone."""
        if self.cut and not path.rpartition("/")[2].startswith("."):
            return frontmatter.split_frontmatter(text)
        return frontmatter.SplitText(None, text, 1)

    def excess(self, path: str, whole: str, cut: SplitText) -> Iterator[Problem | Note]:
        """What the tool doesn't take."""
        for cap in self.caps:
            line = cap.exceeded(whole, cut)
            if line and cap.hint:
                length = len(whole if cap.of == "file" else cut.body)
                yield Problem(
                    path, line, f"{cap.told}; this one has {length:,}", cap.hint, ExitCode.OVER_LIMIT
                )
            elif line:
                yield Note(cap.told, path, line)


def _is_listed(found: frontmatter.Fields) -> bool:
    return bool(found.get_text("description")) and found.get_text("disable-model-invocation") != "true"


def _stem(path: str) -> str:
    return path.rpartition("/")[2].partition(".")[0]


def _key(name: str) -> str:
    return rf"(?m:^{name}[ \t]*:)"


_REVIEW = Cap(
    4000,
    "file",
    "Copilot's code review may read no more than the first 4,000 characters of an instruction file; all are counted",
    unless=r"(?m)^excludeAgent[ \t]*:[^\n]*code-review",
)
_AGENT = Cap(
    30_000,
    "body",
    "the prompt of a Copilot agent may have 30,000 characters at most",
    "shorten it; if only editors read it, say `target: vscode` in its frontmatter",
    unless=r"(?m)^target[ \t]*:[ \t]*['\"]?vscode\b",
)
_WINDSURF = Cap(
    12_000,
    "file",
    "Windsurf takes 12,000 characters of a rule file at most: what is behind may never arrive, but is counted",
)
_CURSOR = Cap(500, "lines", "has more than the 500 lines that Cursor recommends at most for a rule")

# By the names that `format` knows, in the order of recognition.
PRESETS: Mapping[str, Preset] = {
    "copilot-agent": Preset(
        "a file of that name is an agent of Copilot: a system prompt below frontmatter",
        "system",
        caps=(_AGENT,),
    ),
    "copilot-prompt": Preset(
        "a file of that name is a prompt of Copilot: a message below frontmatter",
        "user",
        also=COPILOT_PLACEHOLDERS,
    ),
    "copilot-instructions": Preset(
        "a file of that name holds instructions for Copilot",
        "user",
        sure=r"(?:^|/)\.github/(?:instructions/|copilot-instructions\.md\Z)",
        keys=(rf"{_key('applyTo')}|{_key('description')}",),
        caps=(_REVIEW,),
    ),
    "command": Preset(
        "a file in such a folder is a command of Claude Code: a message, and a description that is always listed",
        "user",
        sure=r"(?:^|/)\.claude/commands/",
        keys=(_key("description"),),
        foreign=_key("(?:title|layout|slug)"),
        listed=True,
        also=CLAUDE_PLACEHOLDERS,
    ),
    "agent": Preset(
        "a file in such a folder is an agent of Claude Code: a system prompt, and a description that is always listed",
        "system",
        keys=(_key("name"), _key("description")),
        listed=True,
    ),
    "style": Preset(
        "a file in such a folder is an output style of Claude Code: a part of the system prompt",
        "system",
    ),
    "cursor-rules": Preset(
        "a file of that name holds rules for Cursor, whose frontmatter isn't YAML",
        "system",
        yaml=False,
        caps=(_CURSOR,),
    ),
    "windsurf-rules": Preset(
        "a file of that name holds rules for Windsurf",
        "system",
        caps=(_WINDSURF,),
    ),
    "cline-rules": Preset(
        "a file of that name holds rules for Cline",
        "system",
    ),
    "continue-rules": Preset("a file of that name holds rules for Continue", "system"),
    "junie-guidelines": Preset(
        "a file of that name holds guidelines for Junie, which takes all of it",
        "system",
        cut=False,
    ),
    "zed-rules": Preset(
        "a file of that name holds rules for Zed, which takes all of it",
        "system",
        cut=False,
    ),
}
