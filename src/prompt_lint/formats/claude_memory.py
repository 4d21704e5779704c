"""What Claude Code loads for a memory file: its text, then each file that it imports. Source: its documentation (memory), 2026."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from prompt_lint.formats.imported_files import ImportedFiles, describe_exclusion, resolve_import
from prompt_lint.formats.memory_imports import parse_for_claude
from prompt_lint.model.errors import MissingFile, NotInRepository, Unreadable
from prompt_lint.model.values import Note
from prompt_lint.text.decode import decode
from prompt_lint.text.markdown_sections import split_sections

if TYPE_CHECKING:
    from collections.abc import Iterator

    from prompt_lint.formats.memory_imports import ClaudeText, Import
    from prompt_lint.model.values import Part, ReadFile

MAX_HOPS = 4
MAX_FILE_SIZE = 4 * 1024 * 1024
# What may follow a path, and is no part of the name of the file that is meant.
CLOSING_PUNCTUATION = ":,;.!?)]}>\"'*_~\u201d\u2019\u00bb\u2026"

_OUTSIDE = (
    "imports a file from outside of the repository, which isn't counted: every machine has its own, or none"
)
_TOO_DEEP = f"imports a file that is more than {MAX_HOPS} hops away, so Claude Code doesn't load it"
_TOO_LARGE = "imports a file of more than 4 MiB, which Claude Code skips: it isn't counted"
_BINARY = "imports a binary file, which Claude Code leaves out: it isn't counted"
_IN_HTML = "names a file with `@` in an HTML block, where Claude Code doesn't import it; a blank line before it ends the block"
_PUNCTUATED = "names a file with `@` and punctuation right before or behind it, which isn't counted as an import; leave spaces between"
_FRAGMENT = "names a file with `@` and a `#` behind it, which isn't counted as an import; leave out what begins with `#`"


class LoadedFile(NamedTuple):
    """A file that Claude Code loads. It was imported as `path`, and is the file `real_path`.

    `import_chain` leads there from `importing_line` of the first file. The text begins in line `first_line` of the file.
    """

    path: str
    real_path: str
    import_chain: tuple[str, ...]
    importing_line: int
    first_line: int
    content: ClaudeText

    def line_of(self, line: int) -> int:
        """Return the line of the file that is a line of the text."""
        return line + self.first_line - 1

    def parts(self) -> Iterator[Part]:
        """Yield the sections of the text, with their lines in the file."""
        path = self.real_path if self.import_chain else ""
        for part in split_sections(self.content.text):
            if part.text.strip():
                first, last = (
                    self.line_of(self.content.lines[line - 1]) for line in (part.first_line, part.last_line)
                )
                yield part._replace(
                    first_line=first, last_line=last, path=path, import_chain=self.import_chain
                )


class ClaudeMemory:
    """The file itself and what it imports, each file once, the nearest first; and `notes` on them. Raises `Unreadable`."""

    def __init__(self, path: str, text: str, first_line: int, read: ReadFile) -> None:
        self._imported = ImportedFiles(read)
        self._notes: dict[Note, None] = {}
        self._followed: set[str] = set()
        self._in_html: set[str] = set()
        self._real_paths = {path}
        self._near_misses: list[tuple[LoadedFile, Import]] = []
        self.files = [LoadedFile(path, path, (), 0, first_line, parse_for_claude(text))]
        for file in self.files:  # each adds those that it imports
            for found in file.content.imports:
                self._follow(file, found)
            for found in file.content.in_html:
                self._note_in_html(file, found)
            self._near_misses += [(file, found) for found in file.content.punctuated]
        for file, found in self._near_misses:
            self._note_near_miss(file, found)
        self._imported.raise_failure()
        self.notes = list(self._notes)

    @property
    def text(self) -> str:
        texts = [file.content.text for file in self.files]
        if len(texts) > 1:
            texts = [text.rstrip("\n") for text in texts if text.strip()]
        return "\n\n".join(texts)

    def parts(self) -> Iterator[Part]:
        """Yield the sections of each file."""
        for file in self.files:
            yield from file.parts()

    def _follow(self, file: LoadedFile, found: Import) -> None:
        """Load the file that an import names, if there is one: most words with `@` name none."""
        path = resolve_import(found.path, file.path)
        if path is None and _is_meant(found.path):
            self._note(_OUTSIDE, file, found)
        if not path or path in self._followed:
            return
        self._followed.add(path)
        result = self._imported.read(path)
        if isinstance(result, MissingFile):
            self._near_misses.append((file, found))
        elif isinstance(result, NotInRepository):
            self._note(describe_exclusion(result), file, found)
        elif isinstance(result, Unreadable):
            self._fail(file, found, result)
        elif result[0] not in self._real_paths:
            self._load(file, found, path, *result)

    def _load(self, file: LoadedFile, found: Import, path: str, real_path: str, data: bytes) -> None:
        if len(file.import_chain) >= MAX_HOPS:
            self._note(_TOO_DEEP, file, found)
            return
        self._real_paths.add(real_path)
        if len(data) > MAX_FILE_SIZE:
            self._note(_TOO_LARGE, file, found)
        elif _is_binary(data):
            self._note(_BINARY, file, found)
        else:
            try:
                content = parse_for_claude(decode(data))
            except Unreadable as error:
                self._fail(file, found, error)
            else:
                chain, line = (*file.import_chain, file.real_path), self._importing_line(file, found)
                self.files.append(LoadedFile(path, real_path, chain, line, 1, content))

    def _note_in_html(self, file: LoadedFile, found: Import) -> None:
        path = resolve_import(found.path, file.path)
        if path and path not in self._in_html:
            self._in_html.add(path)
            if not isinstance(self._imported.read(path), Unreadable):
                self._note(_IN_HTML, file, found)

    def _note_near_miss(self, file: LoadedFile, found: Import) -> None:
        """Note a path that would name a file without its fragment, or without the punctuation around it."""
        path = resolve_import(found.path, file.path) or ""
        base, mark, _ = path.partition("#")
        if self._is_not_imported(path.rstrip(CLOSING_PUNCTUATION)):
            self._note(_PUNCTUATED, file, found)
        elif mark and self._is_not_imported(base.rstrip(CLOSING_PUNCTUATION)):
            self._note(_FRAGMENT, file, found)

    def _is_not_imported(self, path: str) -> bool:
        """Whether a path names a file, and no import names it in other words."""
        if not path or path.endswith("/"):
            return False
        result = self._imported.read(path)
        return not isinstance(result, Unreadable) and result[0] not in self._real_paths

    def _note(self, message: str, file: LoadedFile, found: Import) -> None:
        self._notes[Note(message, file.real_path, file.line_of(found.line))] = None

    def _fail(self, file: LoadedFile, found: Import, error: Unreadable) -> None:
        importer = file.real_path if file.import_chain else ""
        self._imported.fail(found.path, importer, self._importing_line(file, found), error)

    @staticmethod
    def _importing_line(file: LoadedFile, found: Import) -> int:
        """Return the line of the first file that leads to an import."""
        return file.importing_line or file.line_of(found.line)


def _is_meant(path: str) -> bool:
    """Whether a path outside of the repository is one: in many texts `@/` is an alias for a folder of the sources."""
    is_text = path.lower().endswith((".md", ".mdc", ".txt"))
    return is_text or path.startswith("~/") or ".." in path.split("/")


def _is_binary(data: bytes) -> bool:
    """Whether the bytes are an image or a document. UTF-16 is text, though none that can be counted."""
    return data.startswith(b"%PDF-") or (b"\0" in data and not data.startswith((b"\xff\xfe", b"\xfe\xff")))
