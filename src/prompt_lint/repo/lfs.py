"""Recognise the pointers that Git LFS leaves in the place of files."""

from __future__ import annotations

import re

from prompt_lint.model.errors import Unreadable

# All from git-lfs/lfs/pointer.go (read in November 2026): it trims the text, splits it into lines with or without a carriage
# return, passes over empty lines and those of extensions, and accepts the addresses of its two predecessors.
# A pointer is shorter than 1,024 bytes (docs/spec.md there).
_MAX_SIZE = 1024
_VERSIONS = {
    b"version https://git-lfs.github.com/spec/v1",
    b"version https://hawser.github.com/spec/v1",
    b"version http://git-media.io/v/2",
}
_EXTENSION = rb"ext-\d-\w"


def is_pointer(data: bytes) -> bool:
    """Return whether the contents of a file are a pointer of Git LFS, in any spelling that git-lfs accepts."""
    if len(data) >= _MAX_SIZE or b"version http" not in data:
        return False
    lines = (line.removesuffix(b"\r") for line in data.strip().split(b"\n"))
    first = next((line for line in lines if line and not re.match(_EXTENSION, line)), b"")
    return first in _VERSIONS


def refuse_pointer(data: bytes) -> bytes:
    """Return the contents of a file on disk. Raises `Unreadable` if they are a pointer."""
    if is_pointer(data):
        raise Unreadable("is a Git LFS pointer, not the file itself", "run `git lfs pull`")
    return data
