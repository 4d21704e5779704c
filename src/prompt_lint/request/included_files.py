"""Files that a request names by path, and that are put into it."""

from __future__ import annotations

import re
from posixpath import dirname, join, normpath
from typing import TYPE_CHECKING

from prompt_lint.model.errors import MissingFile, Unreadable
from prompt_lint.text.location import ShapeError, shorten

if TYPE_CHECKING:
    from prompt_lint.model.values import ReadFile
    from prompt_lint.text.location import KeyPath

# What the requests of one file may include of others, in bytes.
MAX_INCLUDED_SIZE = 128 * 1024 * 1024

_PATH_HINT = "a path is relative to the file that names it"


class IncludedFiles:
    """Reads the files that the requests of one file name, each once."""

    def __init__(self, path: str, read: ReadFile) -> None:
        self.folder = dirname(path)
        self.read = read
        self.total_size = 0
        self._contents: dict[str, bytes] = {}

    def read_file(self, key_path: KeyPath, name: str) -> bytes:
        """Return the bytes of a file; `name` is relative to the folder of the file with the requests.

        Raises `ShapeError` at `key_path`, where it is named, if the name or the file can't be used; `Unreadable` if the files are
        too large, taken together.
        """
        if not name or name.startswith(("/", "~")) or re.match(r"[a-zA-Z]:|.*[\\\0]", name, re.DOTALL):
            message = f"is `{shorten(name)}`, not a path relative to this file"
            raise ShapeError.at(key_path, message, _PATH_HINT)
        path = normpath(join(self.folder, name))
        if path == ".." or path.startswith("../"):
            raise ShapeError.at(key_path, f"is `{shorten(name)}`, which leads out of the repository")
        if path not in self._contents:
            try:
                self._contents[path] = self.read(path)[1]
            except MissingFile:
                raise ShapeError(key_path, f"`{shorten(path)}` is not there", _PATH_HINT) from None
            except Unreadable as error:
                raise ShapeError(key_path, f"`{shorten(path)}` {error.message}", error.hint) from None
        data = self._contents[path]
        self.total_size += len(data)
        if self.total_size > MAX_INCLUDED_SIZE:
            hint = "split it into several files"
            raise Unreadable(f"takes in more than {MAX_INCLUDED_SIZE:,} bytes of other files", hint)
        return data
