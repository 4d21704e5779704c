"""What Claude Code loads for a memory file: its text, then each file that it imports. Source: its documentation (memory), 2026."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prompt_lint.formats.imported_files import (
    CLOSING_PUNCTUATION,
    LoadedFiles,
    is_meant_as_import,
    resolve_import,
)
from prompt_lint.formats.memory_imports import ClaudeText, parse_for_claude
from prompt_lint.model.errors import MissingFile, Unreadable
from prompt_lint.text.decode import decode

if TYPE_CHECKING:
    from prompt_lint.formats.imported_files import LoadedFile
    from prompt_lint.formats.memory_imports import Import
    from prompt_lint.model.values import ReadFile

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


class ClaudeMemory(LoadedFiles[ClaudeText]):
    """A memory file and the files that it imports, each once, those with the fewest hops first; and `notes` on them.

    Raises `Unreadable` where an import can't be measured, or there are too many.
    """

    def __init__(self, path: str, text: str, first_line: int, read: ReadFile) -> None:
        super().__init__(read)
        self._followed: set[str] = set()
        self._in_html: set[str] = set()
        self._real_paths = {path}
        self._near_misses: list[tuple[LoadedFile[ClaudeText], Import]] = []
        self.add_own(path, parse_for_claude(text, first_line))
        for file in self.files:  # grows: each file adds the files that it imports
            for import_ in file.content.imports:
                self._follow(file, import_)
            for import_ in file.content.in_html:
                self._note_in_html(file, import_)
            self._near_misses += [(file, near_miss) for near_miss in file.content.punctuated]
        for file, near_miss in self._near_misses:
            self._note_missing(file, near_miss)
        self.raise_failure()

    @property
    def text(self) -> str:
        texts = [file.content.text for file in self.files]
        if len(texts) > 1:
            texts = [text.rstrip("\n") for text in texts if text.strip()]
        return "\n\n".join(texts)

    def _follow(self, file: LoadedFile[ClaudeText], import_: Import) -> None:
        """Load the file that an import names, if it exists: most words with `@` name no file."""
        path = resolve_import(import_.path, file.path)
        if path is None and _is_meant_from_outside(import_.path):
            self.note(_OUTSIDE, file, import_.line)
        if not path or path in self._followed:
            return
        self._followed.add(path)
        result = self.read_import(path, import_.path, file, import_.line)
        if isinstance(result, MissingFile):
            self._near_misses.append((file, import_))
        elif result and result[0] not in self._real_paths:
            self._load(file, import_, path, *result)

    def _load(
        self, file: LoadedFile[ClaudeText], import_: Import, path: str, real_path: str, data: bytes
    ) -> None:
        if len(file.import_chain) >= MAX_HOPS:
            self.note(_TOO_DEEP, file, import_.line)
            return
        self._real_paths.add(real_path)
        if len(data) > MAX_FILE_SIZE:
            self.note(_TOO_LARGE, file, import_.line)
        elif _is_binary(data):
            self.note(_BINARY, file, import_.line)
        else:
            try:
                content = parse_for_claude(decode(data))
            except Unreadable as error:
                self.fail(error, import_.path, file, import_.line)
            else:
                self.add_import(file, import_.line, path, real_path, content)

    def _note_in_html(self, file: LoadedFile[ClaudeText], import_: Import) -> None:
        path = resolve_import(import_.path, file.path)
        if path and path not in self._in_html:
            self._in_html.add(path)
            if not isinstance(self.read(path), Unreadable):
                self.note(_IN_HTML, file, import_.line)

    def _note_missing(self, file: LoadedFile[ClaudeText], near_miss: Import) -> None:
        """Note a path that would name a file without its fragment or the punctuation around it, or that was to name one."""
        path = resolve_import(near_miss.path, file.path) or ""
        without_fragment, number_sign, _ = path.partition("#")
        plain = path.rstrip(CLOSING_PUNCTUATION)
        unfragmented = without_fragment.rstrip(CLOSING_PUNCTUATION) if number_sign else plain
        if self._is_unimported_file(plain):
            self.note(_PUNCTUATED, file, near_miss.line)
        elif self._is_unimported_file(unfragmented):
            self.note(_FRAGMENT, file, near_miss.line)
        elif (
            near_miss in file.content.imports
            and is_meant_as_import(near_miss.path)
            and all(isinstance(self.read(each), MissingFile) for each in (plain, unfragmented))
        ):
            message = _LOST % near_miss.path.rstrip(CLOSING_PUNCTUATION)[:200]
            self.note(message, file, near_miss.line, "lost-import")

    def _is_unimported_file(self, path: str) -> bool:
        """Return whether a path leads to a file that no import names, not even by another path."""
        if not path or path.endswith("/"):
            return False
        result = self.read(path)
        return not isinstance(result, Unreadable) and result[0] not in self._real_paths


def _is_meant_from_outside(path: str) -> bool:
    """Return whether a path outside of the repository is meant as an import.

    In many texts it isn't: `@/` is an alias for a folder of the sources there.
    """
    is_text = path.lower().endswith((".md", ".mdc", ".txt"))
    return is_text or path.startswith("~/") or ".." in path.split("/")


def _is_binary(data: bytes) -> bool:
    """Return whether the bytes are an image or a document. UTF-16 is text, although it can't be counted."""
    return data.startswith(b"%PDF-") or (b"\0" in data and not data.startswith((b"\xff\xfe", b"\xfe\xff")))
