"""Where the cache is on this machine."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


def cache_folder(
    env: Mapping[str, str], flag: str | None, top: str | None = None, platform: str = sys.platform
) -> str | None:
    """Where the cache is: the flag, PROMPT_LINT_CACHE_DIR, or the platform's place for caches; None if there is none.

    A place that nobody named is refused inside the checkout at `top`: whoever wrote the repository could have put
    counts there.
    """
    named = flag or env.get("PROMPT_LINT_CACHE_DIR")
    if named:
        return os.path.abspath(os.path.expanduser(named))
    usual = _usual_folder(env, platform)
    return None if usual and top and _inside(usual, top) else usual


def _usual_folder(env: Mapping[str, str], platform: str) -> str | None:
    """By the XDG Base Directory Specification, Apple's File System Programming Guide and Windows' local app data."""
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


def _inside(path: str, top: str) -> bool:
    path, top = os.path.realpath(path), os.path.realpath(top)
    return path == top or path.startswith(os.path.join(top, ""))
