"""The table of prompt formats. A new one is a module and a line here."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, NamedTuple, Protocol

from prompt_lint.model.lazy_table import LazyTable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from prompt_lint.model.values import Note, Part, Problem, Prompt, ReadFile, Rule


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

    def parse(self, path: str, data: bytes, rule: Rule, read: ReadFile) -> Iterable[Prompt | Problem | Note]:
        """The prompts of a file, and what is to be said of it. Raises `Unreadable` for what can't be measured."""

    def parts(self, path: str, data: bytes, prompt: Prompt, read: ReadFile) -> Iterable[Part]:
        """Where in the file the tokens of one of its prompts are. Called for what `parse` has accepted."""


_PRESETS = "prompt_lint.formats.presets:PRESETS"

# In the order of recognition; `text` takes what is left. The tests hold each to the protocol.
FORMATS: Mapping[str, PromptFormat] = LazyTable({
    "memory": "prompt_lint.formats.memory",
    "skill": "prompt_lint.formats.skill",
    "copilot-agent": _PRESETS,
    "copilot-prompt": _PRESETS,
    "copilot-instructions": _PRESETS,
    "command": _PRESETS,
    "agent": _PRESETS,
    "style": _PRESETS,
    "cursor-rules": _PRESETS,
    "windsurf-rules": _PRESETS,
    "cline-rules": _PRESETS,
    "continue-rules": _PRESETS,
    "junie-guidelines": _PRESETS,
    "zed-rules": _PRESETS,
    "prompt-yml": "prompt_lint.formats.prompt_yml",
    "prompty": "prompt_lint.formats.prompty",
    "continue-prompt": "prompt_lint.formats.continue_prompt",
    "dotprompt": "prompt_lint.formats.dotprompt",
    "gemini-command": "prompt_lint.formats.gemini_command",
    "tools": "prompt_lint.formats.tools",
    "request": "prompt_lint.formats.request",
    "markdown": "prompt_lint.formats.markdown",
    "text": "prompt_lint.formats.text",
})  # fmt: skip


# The names of all formats in that order, but for the two that no name tells: so that the modules needn't be imported to
# know that a file is text. A test compares them.
SPECIAL = (
    r"/(?:CLAUDE(?:\.local)?\.md|AGENTS\.md|GEMINI\.md|\.claude/rules/(?s:.+)\.md)\Z",
    r"/(?:SKILL\.md\Z|skills/)",
    r"\.(?:agent|chatmode)\.md\Z|/\.github/agents/[^/]+(?<=\.md)\Z",
    r"\.prompt\.md\Z",
    r"/\.github/copilot-instructions\.md\Z|\.instructions\.md\Z",
    r"/commands/(?s:.++)(?:(?<=\.md))",
    r"/agents/(?s:.++)(?:(?<=\.md))",
    r"/output-styles/(?s:.++)(?:(?<=\.md))",
    r"\.mdc\Z|/\.cursorrules\Z|/\.cursor/rules/(?s:.++)(?:(?<=\.md))",
    r"/\.windsurfrules\Z|/\.(?:windsurf|devin)/rules/(?s:.++)(?:(?<=\.md))",
    r"/\.clinerules\Z|/\.clinerules/(?!(?:workflows|hooks)/)(?s:.++)(?:(?<=\.md)|(?<=\.txt))",
    r"/\.continue/rules/(?s:.++)(?:(?<=\.md))",
    r"/\.junie/guidelines\.md\Z",
    r"/\.rules\Z",
    r"[._]prompt\.ya?ml\Z",
    r"\.prompty\Z",
    r"\.prompt\Z",
    r"\.prompt\Z",
    r"/commands/(?:[^/]+/)*[^/]+\.toml\Z",
    r"\.(?i:json|yaml|yml)\Z",
    r"\.(?i:json|jsonl|ndjson|yaml|yml)\Z",
)


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
    return re.compile("|".join(SPECIAL))


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
