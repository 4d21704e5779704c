"""Finds a secret in what was written or sent, however it is encoded there."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path


def forms(secret: str) -> Iterator[bytes]:
    """What a secret may look like in a log."""
    data = secret.encode()
    for text in (secret, repr(secret)[1:-1], json.dumps(secret)[1:-1], quote(secret), quote(secret, safe="")):
        yield text.encode()
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        for skip in range(3):  # inside a longer text: without what its neighbours change
            yield encode(data[skip : skip + (len(data) - skip) // 3 * 3])


def read_files(folders: Iterable[Path]) -> list[bytes]:
    """Return the contents of every file below these folders, through no link."""
    return [
        path.read_bytes()
        for folder in folders
        for path in folder.rglob("*")
        if path.is_file() and not path.is_symlink()
    ]
