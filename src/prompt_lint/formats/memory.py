"""`memory`: CLAUDE.md, AGENTS.md, GEMINI.md and the rules of Claude Code, with what they import as `@path`.

Sources: documentation of Claude Code (memory) and of Codex, the source of Gemini CLI (memoryImportProcessor.ts), 2026.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from prompt_lint.formats.memory_imports import claude, gemini
from prompt_lint.model.errors import MissingFile, NotInRepository, Unreadable
from prompt_lint.model.values import Note, Prompt
from prompt_lint.request.from_text import build_request
from prompt_lint.text import frontmatter
from prompt_lint.text.decode import decode
from prompt_lint.text.markdown_sections import split_sections

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from prompt_lint.formats.memory_imports import Import, Loaded
    from prompt_lint.model.values import Part, ReadFile, Rule


# The name of the prompt in a file that isn't loaded at the start, but with the files that its `paths:` name.
ON_DEMAND = "on demand"

CLAUDE_HOPS = 4
GEMINI_HOPS = 5
# Bounds for what a stranger may have written. A request has 32 MB at most, so more can't be sent anyway.
MOST_FILES = 1_000
MOST_NAMES = 10_000
MOST_BYTES = 32_000_000

_SKIPPED = 4 * 1024 * 1024
_WARNED = 40_000
_CODEX = 32 * 1024

_WHY = {
    "AGENTS.md": "coding agents load a file of that name; `@path` imports a file, as in Claude Code",
    "GEMINI.md": "Gemini CLI loads a file of that name, with the file in the place of each `@path`",
}
_RULES = ".claude/rules/"

_OUTSIDE = (
    "imports a file from outside of the repository, which isn't counted: every machine has its own, or none"
)
_TOO_DEEP = f"imports a file that is more than {CLAUDE_HOPS} hops away, so Claude Code doesn't load it"
_TOO_LARGE = "imports a file of more than 4 MiB, which Claude Code skips: it isn't counted"
_BINARY = "imports a binary file, which Claude Code leaves out: it isn't counted"
_IN_HTML = "names a file with `@` in an HTML block, where Claude Code doesn't import it; a blank line before it ends the block"
_PUNCTUATED = "names a file with `@` and punctuation right before or behind it, which isn't counted as an import; leave spaces between"
_FRAGMENT = "names a file with `@` and a `#` behind it, which isn't counted as an import; leave out what begins with `#`"
# What may stand behind a path, and is no part of the name of the file that is meant.
BEHIND = ":,;.!?)]}>\"'*_~\u201d\u2019\u00bb\u2026"
_SKIPPED_WHOLE = "is larger than 4 MiB, so Claude Code skips it; it is counted all the same"
_LONG = (
    f"has more than {_WARNED:,} characters, at which Claude Code used to warn when it starts; newer versions warn later, "
    "by the model's context window"
)
_LONG_FOR_CODEX = "has more than the 32 KiB that Codex loads of all AGENTS.md files together"
_FAILED = "has an `@` word that names no file, so Gemini CLI puts a message of failure in its place, which is counted"


def recognise(path: str, data: bytes) -> str | None:
    """By name alone."""
    if _is_rules(path):
        return "Claude Code loads what lies in .claude/rules, with what is imported there as `@path`"
    return _WHY.get(_name(path), "Claude Code loads a file of that name, with what it imports as `@path`")


def parse(path: str, data: bytes, rule: Rule, read: ReadFile) -> Iterable[Prompt | Note]:
    """One prompt: the text and all that it imports. Raises `Unreadable` where that can't be measured."""
    text, name, line, notes = _own(path, data)
    if _is_gemini(path):
        inlined = _Inlining(path, text, read)
        yield Prompt(path, name, 1, build_request(inlined.text, rule.role or "user"))
        yield from inlined.notes
        return
    following = _Following(path, text, line, read)
    whole = [block.loaded.text for block in following.blocks]
    if len(whole) > 1:
        whole = [one.rstrip("\n") for one in whole if one.strip()]
    yield Prompt(path, name, 1, build_request("\n\n".join(whole), rule.role or "user"))
    yield from notes
    yield from _sizes(path, data, following.blocks)
    yield from following.notes


def parts(path: str, data: bytes, prompt: Prompt, read: ReadFile) -> Iterable[Part]:
    """The sections of the file, and those of each file that it imports, with the way there."""
    text, _, line, _ = _own(path, data)
    if _is_gemini(path):
        for one in _Inlining(path, text, read).parts:
            real = one.real if one.via else ""
            yield from (
                part._replace(path=real, import_chain=one.via)
                for part in split_sections(one.text)
                if part.text.strip()
            )
        return
    for block in _Following(path, text, line, read).blocks:
        yield from block.sections()


def _name(path: str) -> str:
    return path.rpartition("/")[2]


def _is_gemini(path: str) -> bool:
    return _name(path) == "GEMINI.md"


def _is_rules(path: str) -> bool:
    return _RULES in f"/{path}"


class _Own(NamedTuple):
    """The text of the file itself, which begins in `line`; and the name of the prompt."""

    text: str
    name: str
    line: int
    notes: list[Note]


def _own(path: str, data: bytes) -> _Own:
    """Of a rule without its frontmatter, whose `paths:` say with which files it is loaded."""
    text = decode(data)
    if not _is_rules(path):
        return _Own(text, "", 1, [])
    front, body, line = frontmatter.split_frontmatter(text)
    fields = frontmatter.parse_fields(front or "")
    return _Own(
        body, ON_DEMAND if fields.values.get("paths") else "", line, [*frontmatter.note_fault(path, fields)]
    )


def _sizes(path: str, data: bytes, blocks: Iterable[_Block]) -> Iterator[Note]:
    if _name(path) == "AGENTS.md":
        if len(data) > _CODEX:
            yield Note(_LONG_FOR_CODEX, path)
        return
    if len(data) > _SKIPPED:
        yield Note(_SKIPPED_WHOLE, path)
    yield from (Note(_LONG, block.real) for block in blocks if len(block.loaded.text) > _WARNED)


def _joined(path: str, named: str) -> str | None:
    """The path below the top that a file at `path` means by `named`; None where that lies outside. No link is looked at."""
    if named.startswith(("/", "~/")) or re.match(r"[A-Za-z]:/", named):
        return None
    names = path.split("/")[:-1]
    for name in named.split("/"):
        if name == "..":
            if not names:
                return None
            names.pop()
        elif name not in {"", "."}:
            names.append(name)
    return "/".join(names)


class _Files:
    """The files that are named, each read once, and no more than the bounds allow.

    `failure` is the first that can't be measured; it waits until all that is named has been asked for.
    """

    def __init__(self, read: ReadFile) -> None:
        self.read = read
        self.known: dict[str, tuple[str, bytes] | Unreadable] = {}
        self.number = 0
        self.room = MOST_BYTES
        self.failure: Unreadable | None = None

    def find(self, path: str) -> tuple[str, bytes] | Unreadable:
        """The real path of a file and its bytes, or why there are none. Raises `Unreadable` where it is one too many."""
        found = self.known.get(path)
        if found is None:
            if len(self.known) >= MOST_NAMES:
                raise Unreadable(
                    f"has more than {MOST_NAMES:,} different words with `@` that could be imports",
                    "put them into code spans, or leave the file out with `exclude`",
                )
            try:
                found = self.read(path)
                self.number += 1
                self.spend(len(found[1]))
            except Unreadable as error:
                if self.number > MOST_FILES or self.room < 0:
                    raise
                found = error
            self.known[path] = found
        return found

    def spend(self, size: int) -> None:
        """Raises `Unreadable` for the file, or the byte, that is too much."""
        self.room -= size
        if self.number > MOST_FILES or self.room < 0:
            bound = f"{MOST_BYTES:,} bytes" if self.room < 0 else f"{MOST_FILES:,} files"
            raise Unreadable(
                f"imports more than {bound}, which is as far as imports are followed",
                "import less, or leave the file out with `exclude`",
            )

    def fail(self, named: str, inside: str, error: Unreadable, line: int) -> None:
        told = f"imports `{named[:200]}`{inside and f' (in {inside})'}, which {error.message}"
        self.failure = self.failure or Unreadable(told, error.hint, line)


class _Block(NamedTuple):
    """A file that Claude Code loads. `path` is what it was asked for by; `via` leads there from `line` of the first file.

    The text begins in line `first` of the file.
    """

    path: str
    real: str
    via: tuple[str, ...]
    line: int
    first: int
    loaded: Loaded

    def at(self, line: int) -> int:
        return line + self.first - 1

    def sections(self) -> Iterator[Part]:
        for part in split_sections(self.loaded.text):
            if part.text.strip():
                first, last = (self.at(self.loaded.lines[line - 1]) for line in part[1:3])
                yield part._replace(
                    first_line=first,
                    last_line=last,
                    path=self.real if self.via else "",
                    import_chain=self.via,
                )


class _Following:
    """What Claude Code loads: the file in `blocks[0]`, and what it imports, each file once, the nearest first."""

    def __init__(self, path: str, text: str, first: int, read: ReadFile) -> None:
        self.files = _Files(read)
        self.notes: dict[Note, None] = {}
        self.done: set[tuple[str, bool]] = set()
        self.suspects: list[tuple[_Block, Import, str]] = []
        self.real = {path}
        self.blocks = [_Block(path, path, (), 0, first, claude(text))]
        for block in self.blocks:  # which grow on the way
            for one in block.loaded.imports:
                self._follow(block, one, hidden=False)
            for one in block.loaded.hidden:
                self._follow(block, one, hidden=True)
            for one in block.loaded.near:
                self.suspects.append((block, one, _joined(block.path, one.path) or ""))
        for suspect in self.suspects:
            self._suspect(*suspect)
        if self.files.failure:
            raise self.files.failure

    def _follow(self, block: _Block, one: Import, *, hidden: bool) -> None:
        path = _joined(block.path, one.path)
        if path is None:
            if _is_meant(one.path) and not hidden:
                self._note(_OUTSIDE, block, one)
        elif path and (path, hidden) not in self.done:
            self.done.add((path, hidden))
            found = self.files.find(path)
            if isinstance(found, Unreadable):
                if not hidden:
                    self._explain(block, one, path, found)
            elif hidden:
                self._note(_IN_HTML, block, one)
            else:
                self._load(block, one, path, *found)

    def _load(self, block: _Block, one: Import, path: str, real: str, data: bytes) -> None:
        if real in self.real:
            return
        if len(block.via) >= CLAUDE_HOPS:
            self._note(_TOO_DEEP, block, one)
            return
        self.real.add(real)
        if len(data) > _SKIPPED:
            self._note(_TOO_LARGE, block, one)
        elif _is_binary(data):
            self._note(_BINARY, block, one)
        else:
            line = block.line or block.at(one.line)
            try:
                loaded = claude(decode(data))
            except Unreadable as error:
                self._fail(block, one, error)
            else:
                self.blocks.append(_Block(path, real, (*block.via, block.real), line, 1, loaded))

    def _explain(self, block: _Block, one: Import, path: str, error: Unreadable) -> None:
        """Why a file isn't loaded. One that isn't there is nothing, as to Claude Code: most words with `@` name none."""
        if isinstance(error, NotInRepository):
            self._note(_elsewhere(error), block, one)
        elif not isinstance(error, MissingFile):
            self._fail(block, one, error)
        else:
            self.suspects.append((block, one, path))

    def _suspect(self, block: _Block, one: Import, path: str) -> None:
        """A path that isn't imported as it is written, but names a file without its fragment or the punctuation around it."""
        whole, fragment, _ = path.partition("#")
        for meant, message in ((path.rstrip(BEHIND), _PUNCTUATED), (whole.rstrip(BEHIND), _FRAGMENT)):
            if meant and (message is _PUNCTUATED or fragment) and self._is_there(meant):
                self._note(message, block, one)
                return

    def _is_there(self, path: str) -> bool:
        """Whether a path names a file that isn't imported in other words."""
        found = None if path.endswith("/") else self.files.find(path)
        return isinstance(found, tuple) and found[0] not in self.real

    def _note(self, message: str, block: _Block, one: Import) -> None:
        self.notes[Note(message, block.real, block.at(one.line))] = None

    def _fail(self, block: _Block, one: Import, error: Unreadable) -> None:
        self.files.fail(one.path, block.real if block.via else "", error, block.line or block.at(one.line))


def _is_meant(named: str) -> bool:
    """Whether a path outside of the repository is one: in many texts `@/` is an alias for a folder of the sources."""
    return (
        named.startswith("~/") or ".." in named.split("/") or named.lower().endswith((".md", ".mdc", ".txt"))
    )


def _is_binary(data: bytes) -> bool:
    """Images and documents; UTF-16 is text, though none that can be counted."""
    return data.startswith(b"%PDF-") or (b"\0" in data and not data.startswith((b"\xff\xfe", b"\xfe\xff")))


def _elsewhere(error: NotInRepository) -> str:
    return f"imports a file that {error.message}; it isn't counted, since not every checkout has it"


class _Inlined(NamedTuple):
    """A text in which Gemini CLI replaces imports, of the file that was asked for as `path`.

    `via` leads there from `line` of the first file; `within` are the paths on the way.
    """

    path: str
    real: str
    via: tuple[str, ...]
    line: int
    within: frozenset[str]
    text: str


class _Inlining:
    """What Gemini CLI makes of a file: its `text` with the files that it imports, and the `parts` that they are."""

    def __init__(self, path: str, text: str, read: ReadFile) -> None:
        self.files = _Files(read)
        self.notes: dict[Note, None] = {}
        self.parts: list[_Inlined] = []
        self.text = self._expanded(_Inlined(path, path, (), 0, frozenset(), text))
        if self.files.failure:
            raise self.files.failure

    def _expanded(self, whole: _Inlined) -> str:
        self.parts.append(whole)
        if len(whole.via) >= GEMINI_HOPS:
            return whole.text
        pieces: list[str] = []
        place, line = 0, 1
        for one in gemini(whole.text):
            line += whole.text.count("\n", place, one.start)
            new = self._replacement(whole, one.path, line)
            self.files.spend(len(new))
            pieces += [whole.text[place : one.start], new]
            place = one.end
        return "".join((*pieces, whole.text[place:]))

    def _replacement(self, whole: _Inlined, named: str, line: int) -> str:
        path = None if re.match("(?:file|https?)://", named) else _joined(whole.path, named)
        if path is None:
            return f"<!-- Import failed: {named} - Path traversal attempt -->"
        if path in whole.within:
            return f"<!-- File already processed: {named} -->"
        found = self.files.find(path) if path else MissingFile("is a folder")
        if isinstance(found, (MissingFile, NotInRepository)):
            message = _FAILED if isinstance(found, MissingFile) else _elsewhere(found)
            self.notes[Note(message, whole.real, line)] = None
            return f"<!-- Import failed: {named} - ENOENT: no such file or directory, access '{path}' -->"
        begun = whole.line or line
        try:
            if isinstance(found, Unreadable):
                raise found
            text = decode(found[1])
        except Unreadable as error:
            self.files.fail(named, whole.real if whole.via else "", error, begun)
            return ""
        within = whole.within | {path}
        inner = self._expanded(_Inlined(path, found[0], (*whole.via, whole.real), begun, within, text))
        return f"<!-- Imported from: {named} -->\n{inner}\n<!-- End of import from: {named} -->"
