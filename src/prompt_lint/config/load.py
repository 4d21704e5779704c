"""Find .prompt-lint.yaml at the top of a repository, and read its bytes."""

from __future__ import annotations

import os

from prompt_lint.model.errors import Fatal
from prompt_lint.repo import safe_read

NAMES = (".prompt-lint.yaml", ".prompt-lint.yml")

# In bytes.
MAX_SIZE = 256 * 1024


def find_config(top: str) -> str | None:
    """Return the name of the configuration in the folder `top`, and look in no other. Raises `Fatal` for two."""
    names = [name for name in NAMES if os.path.lexists(os.path.join(top, name))]
    if len(names) > 1:
        raise Fatal(f"there are both `{names[0]}` and `{names[1]}`", "keep one of them")
    return names[0] if names else None


def read_config(path: str, within: str | None = None) -> bytes:
    """Return the bytes of a configuration. Raises `Fatal` for anything but a regular file of at most 256 KiB.

    With `within` (a folder), a symbolic link may not lead out of it, nor into its `.git`.
    """
    try:
        if within is not None:
            path = _resolve_within(path, within)
        return safe_read.read_file(path, MAX_SIZE, follow_links=True)
    except safe_read.NotRegular:
        raise Fatal(f"the configuration `{path}` is not a regular file") from None
    except safe_read.TooLarge:
        raise Fatal(f"the configuration `{path}` is larger than {MAX_SIZE:,} bytes") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "not a usable path"
        raise Fatal(f"the configuration `{path}` can't be read: {reason}") from None


def _resolve_within(path: str, folder: str) -> str:
    """Return the real path of a file in `folder`."""
    real, top = os.path.realpath(path), os.path.realpath(folder)
    first = os.path.relpath(real, top).split(os.sep)[0]
    if first in {os.pardir, ".git"} or os.path.isabs(first):
        raise Fatal(f"the configuration `{path}` is a link that leads out of the repository")
    return real
