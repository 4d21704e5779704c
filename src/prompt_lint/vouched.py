"""Files whose contents git knows: what lies on disk is the blob that is staged, so a fresh checkout needn't be read."""

from __future__ import annotations

import hashlib
from itertools import islice
from typing import TYPE_CHECKING

from prompt_lint import git
from prompt_lint.errors import Fatal
from prompt_lint.tree import native, text

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

# What git is asked of its settings: programs that would make other contents of a blob, and comparing files by less than it could.
_SETTINGS = r"^(filter\..*\.(smudge|clean|process)|core\.(checkstat|trustctime))$"
# The filters of Git LFS are nearly everybody's. What they change is longer than the pointer that is staged.
_LFS = "filter.lfs."
# Attributes that may change contents and leave their length. All others (line ends) add or remove something.
_ATTRIBUTES = ("filter", "ident", "working-tree-encoding")
_CHECK = ("check-attr", "-z", "--stdin", *_ATTRIBUTES)
_NONE = {"unspecified", "unset"}
# Beyond so many, comparing with each of them costs more than looking at all files.
_MOST_ENDINGS = 10
# Paths in one question: what is said of them is long.
_TOGETHER = 20_000


def mark(blob: bytes, size: int) -> bytes:
    """What contents are known by, in the place of a file's stamp and as long as one: the id of the blob, the size in bytes."""
    return blob[:20] + size.to_bytes(20, "little")


def blob_of(data: bytes, length: int) -> bytes:
    """The id that git gives to these bytes, in a repository whose ids are `length` bytes long; none in one that has no files."""
    if not length:
        return b""
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
    compare = ["diff-files", "-z", "--name-only", "--ignore-submodules=all", "--"]
    endings = [] if within else _endings(paths)
    # The one call in which git takes a `*` for what it is.
    globs = ["--no-literal-pathspecs"] if endings else []
    comparison = [*globs, *options, *compare, *map(native, within), *(f"*{ending}" for ending in endings)]
    todo = iter(paths)
    try:
        changed, attributes = git.together([comparison, _CHECK], top, [], _listed(islice(todo, _TOGETHER)))
        others = set(text(changed).split("\0")) | _converted(attributes)
        while asked := _listed(islice(todo, _TOGETHER)):
            [attributes] = git.together([_CHECK], top, [], asked)
            others |= _converted(attributes)
    except Fatal:
        return ()
    return set(paths) - others


def _endings(paths: Iterable[str]) -> set[str]:
    """Plain ones, one of which each path has; none where that would be no help."""
    found = {path[path.rfind(".") :] for path in paths}
    plain = all(ending[:1] == "." and ending[1:].isascii() and ending[1:].isalnum() for ending in found)
    return found if plain and len(found) <= _MOST_ENDINGS else set()


def _listed(paths: Iterable[str]) -> bytes:
    return "".join(f"{path}\0" for path in paths).encode("utf-8", "surrogateescape")


def _converted(attributes: bytes) -> set[str]:
    """The paths that have one of the attributes, out of git's answer."""
    words = text(attributes).split("\0")
    if _NONE.issuperset(words[2::3]):
        return set()
    return {path for path, value in zip(words[::3], words[2::3], strict=False) if value not in _NONE}


def _options(top: str) -> list[str] | None:
    """What keeps git from running anything; None where its settings speak against believing it."""
    found = text(git.ask(["config", "-z", "--get-regexp", _SETTINGS], top) or b"")
    names = {setting.partition("\n")[0] for setting in found.split("\0")[:-1]}
    if any(not name.startswith(_LFS) for name in names):
        return None
    off = [f"{name}=" for name in sorted(names)]
    return [word for setting in (*off, f"{_LFS}required=false") for word in ("-c", setting)]
