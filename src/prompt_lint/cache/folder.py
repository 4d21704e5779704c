"""Where the cache is on this machine, and clearing it."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from prompt_lint.model.errors import Fatal

if TYPE_CHECKING:
    from collections.abc import Mapping

# Files of this version and of earlier ones.
_PREFIXES = ("counts-v", "files-v", "run-v", "config-v")


def cache_folder(
    env: Mapping[str, str], named: str | None, top: str | None = None, platform: str = sys.platform
) -> str | None:
    """Return the cache's folder: the named one, or the platform's folder for caches; None for none.

    A folder that nobody named is refused inside the checkout at `top`: whoever wrote the repository could have put
    counts there.
    """
    if named:
        return os.path.abspath(os.path.expanduser(named))
    usual = _platform_folder(env, platform)
    return None if usual and top and _is_inside(usual, top) else usual


def _platform_folder(env: Mapping[str, str], platform: str) -> str | None:
    """Follow the XDG Base Directory Specification, Apple's File System Programming Guide, and Windows' local app data."""
    shared = env.get("XDG_CACHE_HOME", "")
    if os.path.isabs(shared):
        return os.path.join(shared, "prompt-lint")
    if platform == "win32":
        local = env.get("LOCALAPPDATA", "")
        return os.path.join(local, "prompt-lint", "Cache") if os.path.isdir(local) else None
    home = env.get("HOME", "")
    if not (os.path.isabs(home) and os.path.isdir(home)):
        return None
    return os.path.join(home, "Library/Caches" if platform == "darwin" else ".cache", "prompt-lint")


def _is_inside(path: str, top: str) -> bool:
    path, top = os.path.realpath(path), os.path.realpath(top)
    return path == top or path.startswith(os.path.join(top, ""))


def clear_cache(folder: str) -> int:
    """Remove what caches of any version left in `folder`; return the number of bytes freed.

    Raises `Fatal` where a file can't be removed.
    """
    freed = 0
    try:
        for entry in list(os.scandir(folder)):
            if entry.name.startswith(_PREFIXES) and entry.is_file(follow_symlinks=False):
                freed += entry.stat(follow_symlinks=False).st_size
                os.unlink(entry.path)
    except FileNotFoundError:
        pass
    except OSError as error:
        raise Fatal(f"could not clear the cache in {folder}: {error.strerror}") from None
    return freed
