"""The files that a prompt imports, read within bounds. What a stranger may have written can't take forever."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Generic, NamedTuple, Protocol, TypeVar

from prompt_lint.model.errors import MissingFile, NotInRepository, Unreadable
from prompt_lint.model.values import ImportedFile, Note
from prompt_lint.text.markdown_sections import split_sections

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from prompt_lint.model.values import NoteKind, Part, ReadFile

# A request has 32 MB at most, so more can't be sent anyway.
MAX_FILES = 1_000
MAX_PATHS = 10_000
MAX_WORDS = 10_000
MAX_BYTES = 32_000_000

# Characters that may follow a path in a sentence without being part of the file's name.
CLOSING_PUNCTUATION = ":,;.!?)]}>\"'*_~\u201d\u2019\u00bb\u2026"
# Of files that people import into prompts. A name with another ending counts as one only with a folder.
_TEXT_ENDINGS = (
    ".md",
    ".mdc",
    ".mdx",
    ".markdown",
    ".txt",
    ".rst",
    ".adoc",
    ".json",
    ".yaml",
    ".yml",
    ".toml",
)
_DRIVE = re.compile("[A-Za-z]:/")


def resolve_import(path: str, importer: str) -> str | None:
    """Return the path below the top that the file at `importer` means by `path`; None if that is outside.

    Links aren't followed.
    """
    if path.startswith(("/", "~/")) or _DRIVE.match(path):
        return None
    names = importer.split("/")[:-1]
    for name in path.split("/"):
        if name == "..":
            if not names:
                return None
            names.pop()
        elif name not in {"", "."}:
            names.append(name)
    return "/".join(names)


def is_meant_as_import(word: str) -> bool:
    """Return whether a word behind `@` that names no file was meant to name one, judged by how it is written.

    Most such words aren't: `@param`, `@Next.js`, `@acme/sdk` (a package of npm), `@app.get("/x")`.
    """
    path = word.partition("#")[0].rstrip(CLOSING_PUNCTUATION)
    if re.search(r"""["'`()<>{}\[\]=|*$:]""", path):
        return False
    name = path.rpartition("/")[2]
    has_ending = re.search(r"[^.]\.[A-Za-z][A-Za-z0-9]{0,9}$", name) is not None
    if path.startswith(("./", "../")):
        return bool(name)
    return has_ending and ("/" in path or name.lower().endswith(_TEXT_ENDINGS))


class LoadedText(Protocol):
    """The text of a file as its tool loads it. `lines` are the numbers that its lines have in the file."""

    @property
    def text(self) -> str: ...
    @property
    def lines(self) -> Sequence[int]: ...


Content = TypeVar("Content", bound=LoadedText)


class LoadedFile(NamedTuple, Generic[Content]):
    """A file that a tool loads.

    An import names it by `path`; without links that is `real_path`. `import_chain` lists the files that lead to it, the
    first of which does so in its line `importing_line`.
    """

    path: str
    real_path: str
    import_chain: tuple[str, ...]
    importing_line: int
    content: Content

    def find_line(self, line: int) -> int:
        """Return the line in the file of a line of the text as it is loaded."""
        return self.content.lines[line - 1]

    def parts(self) -> Iterator[Part]:
        """Yield the sections of the text, with their lines in the file."""
        path = self.real_path if self.import_chain else ""
        for part in split_sections(self.content.text):
            if part.text.strip():
                first, last = self.find_line(part.first_line), self.find_line(part.last_line)
                yield part._replace(
                    first_line=first, last_line=last, path=path, import_chain=self.import_chain
                )


class LoadedFiles(Generic[Content]):
    """The `files` that a tool loads for a prompt: its own, then those that it imports; and `notes` on them, each once.

    Raises `Unreadable` where the bounds are exceeded. A file that can't be measured doesn't end the reading, so that all
    paths are asked for: a change of any of them may change the prompt. `raise_failure` raises the first such error at the
    end.
    """

    def __init__(self, read: ReadFile) -> None:
        self.files: list[LoadedFile[Content]] = []
        self.notes: dict[Note, None] = {}
        self._read = read
        self._results: dict[str, tuple[str, bytes] | Unreadable] = {}
        self._words = 0
        self._number = 0
        self._bytes = 0
        self._failure: Unreadable | None = None

    @property
    def imports(self) -> tuple[ImportedFile, ...]:
        files = (ImportedFile(file.path, file.real_path) for file in self.files[1:])
        return tuple(dict.fromkeys(files))

    def parts(self) -> Iterator[Part]:
        for file in self.files:
            yield from file.parts()

    def add_own(self, path: str, content: Content) -> LoadedFile[Content]:
        self.files.append(LoadedFile(path, path, (), 0, content))
        return self.files[-1]

    def add_import(
        self, importer: LoadedFile[Content], line: int, path: str, real_path: str, content: Content
    ) -> LoadedFile[Content]:
        chain, importing_line = (*importer.import_chain, importer.real_path), importer.importing_line or line
        self.files.append(LoadedFile(path, real_path, chain, importing_line, content))
        return self.files[-1]

    def note(self, message: str, importer: LoadedFile[Content], line: int, kind: NoteKind = "import") -> None:
        self.notes[Note(message, importer.real_path, line, kind)] = None

    def read(self, path: str) -> tuple[str, bytes] | Unreadable:
        """Return the real path of a file and its bytes, or the error that says why it can't be read."""
        if path in self._results:
            return self._results[path]
        if len(self._results) >= MAX_PATHS:
            raise _has_words(f"{MAX_PATHS:,} different words")
        try:
            file = self._read(path)
        except Unreadable as error:
            self._results[path] = error
            return error
        self._number += 1
        if self._number > MAX_FILES:
            raise _exceeds(f"{MAX_FILES:,} files")
        self.add_bytes(len(file[1]))
        self._results[path] = file
        return file

    def read_import(
        self, path: str, written: str, importer: LoadedFile[Content], line: int
    ) -> tuple[str, bytes] | MissingFile | None:
        """Read what `line` of the importer imports, as it is `written` there. Return None for what is reported.

        That is a note on a file that other checkouts may not have, and a failure for one that can't be read.
        """
        result = self.read(path)
        if isinstance(result, NotInRepository):
            message = (
                f"imports a file that {result.message}; it isn't counted, since not every checkout has it"
            )
            self.note(message, importer, line)
            return None
        if isinstance(result, Unreadable) and not isinstance(result, MissingFile):
            self.fail(result, written, importer, line)
            return None
        return result

    def count_word(self) -> None:
        """Count a word that could be an import, each time that its file is loaded."""
        self._words += 1
        if self._words > MAX_WORDS:
            raise _has_words(f"{MAX_WORDS:,} words")

    def add_bytes(self, number: int) -> None:
        """Add what is read, or made of it, to what may not exceed `MAX_BYTES`."""
        self._bytes += number
        if self._bytes > MAX_BYTES:
            raise _exceeds(f"{MAX_BYTES:,} bytes")

    def fail(self, error: Unreadable, path: str, importer: LoadedFile[Content], line: int) -> None:
        """Remember that a file can't be measured, which `line` of the importer names by `path`."""
        place = f" (in {importer.real_path})" if importer.import_chain else ""
        message = f"imports `{path[:200]}`{place}, which {error.message}"
        self._failure = self._failure or Unreadable(message, error.hint, importer.importing_line or line)

    def raise_failure(self) -> None:
        if self._failure:
            raise self._failure


def _has_words(bound: str) -> Unreadable:
    hint = "put those that aren't into code spans, or leave the file out with `exclude`"
    return Unreadable(f"has more than {bound} that could be imports", hint)


def _exceeds(bound: str) -> Unreadable:
    hint = "import less, or leave the file out with `exclude`"
    return Unreadable(f"imports more than {bound}, which is as far as imports are followed", hint)
