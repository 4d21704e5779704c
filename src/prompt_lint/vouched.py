"""Files whose contents git knows: what lies on disk is the blob that is staged, so a fresh checkout needn't be read."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from prompt_lint import git
from prompt_lint.errors import Fatal
from prompt_lint.tree import native, text

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

# What git is asked of its settings: programs that would make other contents of a blob, and comparing files by less than it could.
_SETTINGS = r"^(filter\..*\.(smudge|clean|process)|core\.(checkstat|trustctime))$"
# The filters of Git LFS are nearly everybody's. What they change is longer than the pointer that is staged.
_LFS = "filter.lfs."
# Attributes that may change contents and leave their length. All others (line ends) add or remove something.
_ATTRIBUTES = ("filter", "ident", "working-tree-encoding")
_NONE = {"unspecified", "unset"}


def mark(blob: bytes, size: int) -> bytes:
    """What contents are known by, in the place of a file's stamp and as long as one: the id of the blob, the size in bytes."""
    return blob[:20] + size.to_bytes(20, "little")


def blob_of(data: bytes, length: int = 20) -> bytes:
    """The id that git gives to these bytes, in a repository whose ids are `length` bytes long."""
    new = hashlib.sha1 if length == 20 else hashlib.sha256  # git has these two
    return new(b"blob %d\0" % len(data) + data, usedforsecurity=False).digest()


def vouched(top: str, paths: Collection[str], within: Sequence[str]) -> Collection[str]:
    """Those of `paths` that are as git checked them out, for all that it knows, and that it didn't convert but for line ends.

    Converted line ends show in the size, which has to be compared with the blob's. `paths` are tracked files, and have a blob;
    `within` are files and folders around them, for git to look no further, or empty for everything.
    """
    options = _options(top) if paths else None
    if options is None:
        return ()
    comparison = [
        *options,
        "diff-files",
        "-z",
        "--name-only",
        "--ignore-submodules=all",
        "--",
        *map(native, within),
    ]
    asked = "".join(f"{path}\0" for path in paths).encode("utf-8", "surrogateescape")
    try:
        told = git.together([comparison, ["check-attr", "-z", "--stdin", *_ATTRIBUTES]], top, [], asked)
        changed, attributes = told
    except Fatal:
        return ()
    others = set(text(changed).split("\0"))
    words = text(attributes).split("\0")
    if not _NONE.issuperset(words[2::3]):
        others.update(
            path for path, value in zip(words[::3], words[2::3], strict=False) if value not in _NONE
        )
    return set(paths) - others


def _options(top: str) -> list[str] | None:
    """What keeps git from running anything; None where its settings speak against believing it."""
    found = text(git.ask(["config", "-z", "--get-regexp", _SETTINGS], top) or b"")
    names = {setting.partition("\n")[0] for setting in found.split("\0")[:-1]}
    if any(not name.startswith(_LFS) for name in names):
        return None
    off = [f"{name}=" for name in sorted(names)]
    return [word for setting in (*off, f"{_LFS}required=false") for word in ("-c", setting)]
