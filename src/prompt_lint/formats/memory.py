"""`memory`: CLAUDE.md, AGENTS.md, GEMINI.md and the rules of Claude Code, with what they import as `@path`.

Sources: documentation of Claude Code (memory) and of Codex, the source of Gemini CLI (memoryImportProcessor.ts), 2026.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from prompt_lint.formats.claude_memory import MAX_FILE_SIZE, ClaudeMemory
from prompt_lint.formats.gemini_memory import GeminiMemory
from prompt_lint.formats.recognition import is_for_gemini
from prompt_lint.model.rules import ON_DEMAND
from prompt_lint.model.values import Note, Prompt
from prompt_lint.request.from_text import build_request
from prompt_lint.text.decode import decode
from prompt_lint.text.frontmatter import note_fault, parse_fields, split_frontmatter

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from prompt_lint.model.rules import Rule
    from prompt_lint.model.values import Part, ReadFile

_RULES_FOLDER = ".claude/rules/"
_WARNED_CHARACTERS = 40_000
_CODEX_BYTES = 32 * 1024

_LOADED_BY = {
    "AGENTS.md": "coding agents load a file of that name; `@path` imports a file, as in Claude Code",
    "GEMINI.md": "Gemini CLI loads a file of that name, with the file in the place of each `@path`",
}
_TOO_LARGE = "is larger than 4 MiB, so Claude Code skips it; it is counted all the same"
_LONG = (
    f"has more than {_WARNED_CHARACTERS:,} characters, at which Claude Code used to warn when it starts; newer versions warn later, "
    "by the model's context window"
)
_LONG_FOR_CODEX = "has more than the 32 KiB that Codex loads of all AGENTS.md files together"


def recognise(path: str, data: bytes) -> str | None:
    """By path alone."""
    if _is_rule(path):
        return "Claude Code loads what lies in .claude/rules, with what is imported there as `@path`"
    return _LOADED_BY.get(
        _name(path), "Claude Code loads a file of that name, with what it imports as `@path`"
    )


def parse(path: str, data: bytes, rule: Rule, read: ReadFile) -> Iterator[Prompt | Note]:
    """Yield one prompt: the text and all that it imports. Raises `Unreadable` where that can't be measured."""
    own = _read_own_text(path, data)
    memory = _load(path, own, read)
    request = build_request(memory.text, rule.role or "user")
    yield Prompt(path, own.prompt_name, 1, request, imports=memory.imports)
    yield from own.notes
    if isinstance(memory, ClaudeMemory):
        yield from _note_sizes(path, data, memory)
    yield from memory.notes


def parts(path: str, data: bytes, prompt: Prompt, read: ReadFile) -> Iterable[Part]:
    """Return the sections of the file, and those of each file that it imports, with the way there."""
    return _load(path, _read_own_text(path, data), read).parts()


class _OwnText(NamedTuple):
    """What is counted of the file itself, which begins in `first_line`."""

    text: str
    first_line: int = 1
    prompt_name: str = ""
    notes: tuple[Note, ...] = ()


def _read_own_text(path: str, data: bytes) -> _OwnText:
    """Return the text of a file; of a rule without its frontmatter, whose `paths:` say with which files it is loaded."""
    text = decode(data)
    if not _is_rule(path):
        return _OwnText(text)
    frontmatter, body, line = split_frontmatter(text)
    fields = parse_fields(frontmatter or "")
    name = ON_DEMAND if fields.values.get("paths") else ""
    return _OwnText(body, line, name, tuple(note_fault(path, fields)))


def _load(path: str, own: _OwnText, read: ReadFile) -> ClaudeMemory | GeminiMemory:
    if is_for_gemini(path):
        return GeminiMemory(path, own.text, read)
    return ClaudeMemory(path, own.text, own.first_line, read)


def _note_sizes(path: str, data: bytes, memory: ClaudeMemory) -> Iterator[Note]:
    if _name(path) == "AGENTS.md":
        if len(data) > _CODEX_BYTES:
            yield Note(_LONG_FOR_CODEX, path, 0, "advice")
        return
    if len(data) > MAX_FILE_SIZE:
        yield Note(_TOO_LARGE, path, 0, "content")
    for file in memory.files:
        if len(file.content.text) > _WARNED_CHARACTERS:
            yield Note(_LONG, file.real_path, 0, "advice")


def _is_rule(path: str) -> bool:
    return _RULES_FOLDER in f"/{path}"


def _name(path: str) -> str:
    return path.rpartition("/")[2]
