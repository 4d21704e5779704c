"""What Claude Code loads for a memory file: its text, then each file that it imports. Source: its documentation (memory), 2026."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prompt_lint.formats.imported_files import (
    CLOSING_PUNCTUATION,
    ImportedFiles,
    LoadedFile,
    describe_exclusion,
    is_meant_as_import,
    resolve_import,
)
from prompt_lint.formats.memory_imports import parse_for_claude
from prompt_lint.model.errors import MissingFile, NotInRepository, Unreadable
from prompt_lint.model.values import ImportedFile, Note
from prompt_lint.text.decode import decode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from prompt_lint.formats.memory_imports import ClaudeText, Import
    from prompt_lint.model.values import Part, ReadFile

MAX_HOPS = 4
MAX_FILE_SIZE = 4 * 1024 * 1024

_OUTSIDE = (
    "imports a file from outside of the repository, which isn't counted: every machine has its own, or none"
)
_TOO_DEEP = f"imports a file that is more than {MAX_HOPS} hops away, so Claude Code doesn't load it"
_TOO_LARGE = "imports a file of more than 4 MiB, which Claude Code skips: it isn't counted"
_BINARY = "imports a binary file, which Claude Code leaves out: it isn't counted"
_IN_HTML = "names a file with `@` in an HTML block, where Claude Code doesn't import it; a blank line before it ends the block"
_PUNCTUATED = "names a file with `@` and punctuation right before or after it, which isn't counted as an import; put spaces around it"
_LOST = "imports `%s`, which isn't there; fix the path, or put it in backticks if it isn't an import"
_FRAGMENT = "names a file with `@` and a `#` after it, which isn't counted as an import; leave out the part from the `#` on"


class ClaudeMemory:
    """A memory file and the files that it imports, each once, those with the fewest hops first; and `notes` on them.

    Raises:
        Unreadable: an import can't be measured, or there are too many.
    """

    def __init__(self, path: str, text: str, first_line: int, read: ReadFile) -> None:
        self._imported = ImportedFiles(read)
        self._notes: dict[Note, None] = {}
        self._followed: set[str] = set()
        self._in_html: set[str] = set()
        self._real_paths = {path}
        self._near_misses: list[tuple[LoadedFile[ClaudeText], Import]] = []
        self.files = [LoadedFile(path, path, (), 0, first_line, parse_for_claude(text))]
        for file in self.files:  # grows: each file adds the files that it imports
            for import_ in file.content.imports:
                self._follow(file, import_)
            for import_ in file.content.in_html:
                self._note_in_html(file, import_)
            self._near_misses += [(file, near_miss) for near_miss in file.content.punctuated]
        for file, near_miss in self._near_misses:
            self._note_missing(file, near_miss)
        self._imported.raise_failure()
        self.notes = list(self._notes)

    @property
    def text(self) -> str:
        texts = [file.content.text for file in self.files]
        if len(texts) > 1:
            texts = [text.rstrip("\n") for text in texts if text.strip()]
        return "\n\n".join(texts)

    @property
    def imports(self) -> tuple[ImportedFile, ...]:
        return tuple(ImportedFile(file.path, file.real_path) for file in self.files[1:])

    def parts(self) -> Iterator[Part]:
        """Yield the sections of each file."""
        for file in self.files:
            yield from file.parts()

    def _follow(self, file: LoadedFile[ClaudeText], import_: Import) -> None:
        """Load the file that an import names, if it exists: most words with `@` name no file."""
        path = resolve_import(import_.path, file.path)
        if path is None and _is_meant_from_outside(import_.path):
            self._note(_OUTSIDE, file, import_)
        if not path or path in self._followed:
            return
        self._followed.add(path)
        result = self._imported.read(path)
        if isinstance(result, MissingFile):
            self._near_misses.append((file, import_))
        elif isinstance(result, NotInRepository):
            self._note(describe_exclusion(result), file, import_)
        elif isinstance(result, Unreadable):
            self._fail(file, import_, result)
        elif result[0] not in self._real_paths:
            self._load(file, import_, path, *result)

    def _load(
        self, file: LoadedFile[ClaudeText], import_: Import, path: str, real_path: str, data: bytes
    ) -> None:
        if len(file.import_chain) >= MAX_HOPS:
            self._note(_TOO_DEEP, file, import_)
            return
        self._real_paths.add(real_path)
        if len(data) > MAX_FILE_SIZE:
            self._note(_TOO_LARGE, file, import_)
        elif _is_binary(data):
            self._note(_BINARY, file, import_)
        else:
            try:
                content = parse_for_claude(decode(data))
            except Unreadable as error:
                self._fail(file, import_, error)
            else:
                chain, line = (*file.import_chain, file.real_path), self._find_importing_line(file, import_)
                self.files.append(LoadedFile(path, real_path, chain, line, 1, content))

    def _note_in_html(self, file: LoadedFile[ClaudeText], import_: Import) -> None:
        path = resolve_import(import_.path, file.path)
        if path and path not in self._in_html:
            self._in_html.add(path)
            if not isinstance(self._imported.read(path), Unreadable):
                self._note(_IN_HTML, file, import_)

    def _note_missing(self, file: LoadedFile[ClaudeText], near_miss: Import) -> None:
        """Note a path that would name a file without its fragment or the punctuation around it, or that was to name one."""
        path = resolve_import(near_miss.path, file.path) or ""
        without_fragment, number_sign, _ = path.partition("#")
        plain = path.rstrip(CLOSING_PUNCTUATION)
        unfragmented = without_fragment.rstrip(CLOSING_PUNCTUATION) if number_sign else plain
        if self._is_unimported_file(plain):
            self._note(_PUNCTUATED, file, near_miss)
        elif self._is_unimported_file(unfragmented):
            self._note(_FRAGMENT, file, near_miss)
        elif (
            near_miss in file.content.imports
            and is_meant_as_import(near_miss.path)
            and all(isinstance(self._imported.read(each), MissingFile) for each in (plain, unfragmented))
        ):
            message = _LOST % near_miss.path.rstrip(CLOSING_PUNCTUATION)[:200]
            line = file.line_of(near_miss.line)
            self._notes[Note(message, file.real_path, line, "lost-import")] = None

    def _is_unimported_file(self, path: str) -> bool:
        """Return whether a path leads to a file that no import names, not even by another path."""
        if not path or path.endswith("/"):
            return False
        result = self._imported.read(path)
        return not isinstance(result, Unreadable) and result[0] not in self._real_paths

    def _note(self, message: str, file: LoadedFile[ClaudeText], import_: Import) -> None:
        self._notes[Note(message, file.real_path, file.line_of(import_.line), "import")] = None

    def _fail(self, file: LoadedFile[ClaudeText], import_: Import, error: Unreadable) -> None:
        importer = file.real_path if file.import_chain else ""
        self._imported.fail(import_.path, importer, self._find_importing_line(file, import_), error)

    @staticmethod
    def _find_importing_line(file: LoadedFile[ClaudeText], import_: Import) -> int:
        """Return the line of the memory file itself that leads to an import."""
        return file.importing_line or file.line_of(import_.line)


def _is_meant_from_outside(path: str) -> bool:
    """Return whether a path outside of the repository is meant as an import.

    In many texts it isn't: `@/` is an alias for a folder of the sources there.
    """
    is_text = path.lower().endswith((".md", ".mdc", ".txt"))
    return is_text or path.startswith("~/") or ".." in path.split("/")


def _is_binary(data: bytes) -> bool:
    """Return whether the bytes are an image or a document. UTF-16 is text, although it can't be counted."""
    return data.startswith(b"%PDF-") or (b"\0" in data and not data.startswith((b"\xff\xfe", b"\xfe\xff")))
