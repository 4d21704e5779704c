"""What Gemini CLI makes of a GEMINI.md: it replaces each `@path` by the file. Source: memoryImportProcessor.ts, 2026."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from prompt_lint.formats.imported_files import (
    CLOSING_PUNCTUATION,
    ImportedFiles,
    describe_exclusion,
    is_meant_as_import,
    resolve_import,
)
from prompt_lint.formats.memory_imports import find_gemini_imports
from prompt_lint.model.errors import MissingFile, NotInRepository, Unreadable
from prompt_lint.model.values import ImportedFile, Note
from prompt_lint.text.decode import decode
from prompt_lint.text.markdown_sections import split_sections

if TYPE_CHECKING:
    from collections.abc import Iterator

    from prompt_lint.model.values import Part, ReadFile

MAX_HOPS = 5

_FAILED = "has an `@` word that names no file, so Gemini CLI puts a message of failure in its place, which is counted"
_LOST = "imports `%s`, which isn't there, so Gemini CLI puts an error message in its place; fix the path, or put it in backticks if it isn't an import"


class _File(NamedTuple):
    """A file whose imports are to be replaced.

    An import names it by `path`; without links that is `real_path`. `import_chain` lists the real paths of the files
    that lead to it, the first of which does so in its line `importing_line`. `ancestors` are the paths of the imported
    files on the way, itself among them.
    """

    path: str
    real_path: str
    import_chain: tuple[str, ...]
    importing_line: int
    ancestors: frozenset[str]
    text: str


class GeminiMemory:
    """The `text` of a memory file in which the files that it imports replace its imports, and `notes` on them.

    Raises:
        Unreadable: an import can't be measured, or there are too many.
    """

    def __init__(self, path: str, text: str, read: ReadFile) -> None:
        self._imported = ImportedFiles(read)
        self._files: list[_File] = []
        self._notes: dict[Note, None] = {}
        self.text = self._expand(_File(path, path, (), 0, frozenset(), text))
        self._imported.raise_failure()
        self.notes = list(self._notes)

    @property
    def imports(self) -> tuple[ImportedFile, ...]:
        files = (ImportedFile(file.path, file.real_path) for file in self._files[1:])
        return tuple(dict.fromkeys(files))

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
        for import_ in find_gemini_imports(file.text):
            line += file.text.count("\n", offset, import_.start)
            replacement = self._make_replacement(file, import_.path, line)
            self._imported.add_bytes(len(replacement))
            pieces += [file.text[offset : import_.start], replacement]
            offset = import_.end
        return "".join((*pieces, file.text[offset:]))

    def _make_replacement(self, file: _File, import_path: str, line: int) -> str:
        """Return the text by which Gemini CLI replaces `@import_path` in `line` of the file."""
        is_url = re.match("(?:file|https?)://", import_path)
        path = None if is_url else resolve_import(import_path, file.path)
        if path is None:
            return f"<!-- Import failed: {import_path} - Path traversal attempt -->"
        if path in file.ancestors:
            return f"<!-- File already processed: {import_path} -->"
        result = self._imported.read(path) if path else MissingFile("is a folder")
        if isinstance(result, (MissingFile, NotInRepository)):
            self._notes[_make_note(result, import_path, file.real_path, line)] = None
            return (
                f"<!-- Import failed: {import_path} - ENOENT: no such file or directory, access '{path}' -->"
            )
        importing_line = file.importing_line or line
        try:
            if isinstance(result, Unreadable):
                raise result
            text = decode(result[1])
        except Unreadable as error:
            importer = file.real_path if file.import_chain else ""
            self._imported.fail(import_path, importer, importing_line, error)
            return ""
        chain = (*file.import_chain, file.real_path)
        ancestors = file.ancestors | {path}
        expanded = self._expand(_File(path, result[0], chain, importing_line, ancestors, text))
        return (
            f"<!-- Imported from: {import_path} -->\n{expanded}\n<!-- End of import from: {import_path} -->"
        )


def _make_note(error: MissingFile | NotInRepository, import_path: str, path: str, line: int) -> Note:
    if isinstance(error, NotInRepository):
        return Note(describe_exclusion(error), path, line, "import")
    if is_meant_as_import(import_path):
        return Note(_LOST % import_path.rstrip(CLOSING_PUNCTUATION)[:200], path, line, "lost-import")
    return Note(_FAILED, path, line, "import")
