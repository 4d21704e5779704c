"""What Gemini CLI makes of a GEMINI.md: it replaces each `@path` by the file. Source: memoryImportProcessor.ts, 2026."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from prompt_lint.formats.imported_files import (
    CLOSING_PUNCTUATION,
    LoadedFiles,
    is_meant_as_import,
    resolve_import,
)
from prompt_lint.formats.memory_imports import find_gemini_imports
from prompt_lint.model.errors import MissingFile, Unreadable
from prompt_lint.text.decode import decode

if TYPE_CHECKING:
    from collections.abc import Sequence

    from prompt_lint.formats.imported_files import LoadedFile
    from prompt_lint.model.values import ReadFile

MAX_HOPS = 5

_FAILED = "has an `@` word that names no file, so Gemini CLI puts a message of failure in its place, which is counted"
_LOST = "imports `%s`, which isn't there, so Gemini CLI puts an error message in its place; fix the path, or put it in backticks if it isn't an import"


class _Text(NamedTuple):
    """A text as it is in its file. `lines` are the numbers of its lines."""

    text: str
    lines: Sequence[int]


class GeminiMemory(LoadedFiles[_Text]):
    """The `text` of a memory file in which the files that it imports replace its imports; and these files.

    Raises `Unreadable` where an import can't be measured, or there are too many.
    """

    def __init__(self, path: str, text: str, read: ReadFile) -> None:
        super().__init__(read)
        self.text = self._expand(self.add_own(path, _make_text(text)), frozenset())
        self.raise_failure()

    def _expand(self, file: LoadedFile[_Text], ancestors: frozenset[str]) -> str:
        """Return the text of a file with its imports replaced. `ancestors` are the paths of the imports that lead to it."""
        text = file.content.text
        if len(file.import_chain) >= MAX_HOPS:
            return text
        pieces: list[str] = []
        offset, line = 0, 1
        for import_ in find_gemini_imports(text):
            self.count_word()
            line += text.count("\n", offset, import_.start)
            replacement = self._make_replacement(file, import_.path, line, ancestors)
            self.add_bytes(len(replacement))
            pieces += [text[offset : import_.start], replacement]
            offset = import_.end
        return "".join((*pieces, text[offset:]))

    def _make_replacement(
        self, file: LoadedFile[_Text], import_path: str, line: int, ancestors: frozenset[str]
    ) -> str:
        """Return the text by which Gemini CLI replaces `@import_path` in `line` of the file."""
        is_url = re.match("(?:file|https?)://", import_path)
        path = None if is_url else resolve_import(import_path, file.path)
        if path is None:
            return f"<!-- Import failed: {import_path} - Path traversal attempt -->"
        if path in ancestors:
            return f"<!-- File already processed: {import_path} -->"
        result = self.read_import(path, import_path, file, line) if path else MissingFile("is a folder")
        if isinstance(result, MissingFile):
            self._note_missing(import_path, file, line)
        if result is None or isinstance(result, MissingFile):
            return (
                f"<!-- Import failed: {import_path} - ENOENT: no such file or directory, access '{path}' -->"
            )
        try:
            text = decode(result[1])
        except Unreadable as error:
            self.fail(error, import_path, file, line)
            return ""
        imported = self.add_import(file, line, path, result[0], _make_text(text))
        expanded = self._expand(imported, ancestors | {path})
        return (
            f"<!-- Imported from: {import_path} -->\n{expanded}\n<!-- End of import from: {import_path} -->"
        )

    def _note_missing(self, import_path: str, file: LoadedFile[_Text], line: int) -> None:
        if is_meant_as_import(import_path):
            message = _LOST % import_path.rstrip(CLOSING_PUNCTUATION)[:200]
            self.note(message, file, line, "lost-import")
        else:
            self.note(_FAILED, file, line)


def _make_text(text: str) -> _Text:
    return _Text(text, range(1, text.count("\n") + 2))
