"""Files that a prompt may include, without a tree."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prompt_lint.model.errors import MissingFile, Unreadable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from prompt_lint.model.values import ReadFile


def read_from(files: Mapping[str, str | bytes | Unreadable]) -> ReadFile:
    """Return what reads these files by their paths. An error stands for a file that can't be read."""

    def read(path: str) -> tuple[str, bytes]:
        content = files.get(path, MissingFile("is not there"))
        if isinstance(content, Unreadable):
            raise content
        return path, content if isinstance(content, bytes) else content.encode()

    return read


read_nothing = read_from({})
