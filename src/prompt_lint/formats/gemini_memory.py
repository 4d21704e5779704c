"""What Gemini CLI makes of a GEMINI.md: the file replaces each `@path`. Source: memoryImportProcessor.ts, 2026."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from prompt_lint.formats.imported_files import ImportedFiles, describe_exclusion, resolve_import
from prompt_lint.formats.memory_imports import find_gemini_imports
from prompt_lint.model.errors import MissingFile, NotInRepository, Unreadable
from prompt_lint.model.values import Note
from prompt_lint.text.decode import decode
from prompt_lint.text.markdown_sections import split_sections

if TYPE_CHECKING:
    from collections.abc import Iterator

    from prompt_lint.model.values import Part, ReadFile

MAX_HOPS = 5

_FAILED = "has an `@` word that names no file, so Gemini CLI puts a message of failure in its place, which is counted"


class _File(NamedTuple):
    """A text in which imports are replaced. It was imported as `path` and is the file `real_path`.

    `import_chain` leads there from `line` of the first file; `ancestors` are the paths on the way.
    """

    path: str
    real_path: str
    import_chain: tuple[str, ...]
    line: int
    ancestors: frozenset[str]
    text: str


class GeminiMemory:
    """The `text` of a file with the files that it imports, and `notes` on them. Raises `Unreadable`."""

    def __init__(self, path: str, text: str, read: ReadFile) -> None:
        self._imported = ImportedFiles(read)
        self._files: list[_File] = []
        self._notes: dict[Note, None] = {}
        self.text = self._expand(_File(path, path, (), 0, frozenset(), text))
        self._imported.raise_failure()
        self.notes = list(self._notes)

    def parts(self) -> Iterator[Part]:
        """Yield the sections of each file, in the order of their imports."""
        for file in self._files:
            path = file.real_path if file.import_chain else ""
            for part in split_sections(file.text):
                if part.text.strip():
                    yield part._replace(path=path, import_chain=file.import_chain)

    def _expand(self, file: _File) -> str:
        self._files.append(file)
        if len(file.import_chain) >= MAX_HOPS:
            return file.text
        pieces: list[str] = []
        offset, line = 0, 1
        for found in find_gemini_imports(file.text):
            line += file.text.count("\n", offset, found.start)
            replacement = self._replace(file, found.path, line)
            self._imported.add_bytes(len(replacement))
            pieces += [file.text[offset : found.start], replacement]
            offset = found.end
        return "".join((*pieces, file.text[offset:]))

    def _replace(self, file: _File, written: str, line: int) -> str:
        """Return what Gemini CLI puts in the place of `@written`."""
        is_url = re.match("(?:file|https?)://", written)
        path = None if is_url else resolve_import(written, file.path)
        if path is None:
            return f"<!-- Import failed: {written} - Path traversal attempt -->"
        if path in file.ancestors:
            return f"<!-- File already processed: {written} -->"
        result = self._imported.read(path) if path else MissingFile("is a folder")
        if isinstance(result, (MissingFile, NotInRepository)):
            message = _FAILED if isinstance(result, MissingFile) else describe_exclusion(result)
            self._notes[Note(message, file.real_path, line)] = None
            return f"<!-- Import failed: {written} - ENOENT: no such file or directory, access '{path}' -->"
        first_line = file.line or line
        try:
            if isinstance(result, Unreadable):
                raise result
            text = decode(result[1])
        except Unreadable as error:
            self._imported.fail(written, file.real_path if file.import_chain else "", first_line, error)
            return ""
        chain = (*file.import_chain, file.real_path)
        inner = self._expand(_File(path, result[0], chain, first_line, file.ancestors | {path}, text))
        return f"<!-- Imported from: {written} -->\n{inner}\n<!-- End of import from: {written} -->"
