"""Recognise the pointers that Git LFS leaves in the place of files."""

from __future__ import annotations

# https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md, which also says that a pointer is shorter than 1,024 bytes.
_FIRST_LINE = b"version https://git-lfs.github.com/spec/v1\n"


def is_pointer(data: bytes) -> bool:
    """Return whether the contents of a file are a pointer of Git LFS."""
    return len(data) < 1024 and data.startswith(_FIRST_LINE)
