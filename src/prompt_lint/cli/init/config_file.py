"""Where the configuration goes, and writing it."""

from __future__ import annotations

import os

from prompt_lint.config.load import NAMES, find_config
from prompt_lint.model.errors import SYSTEM_HINTS, ExitCode, Fatal
from prompt_lint.output.file_writing import write_temporary_file


def choose_name(top: str, *, replaces: bool) -> str:
    """Return the name of the configuration in the folder `top`. Raises `Fatal` for one that exists, unless it is replaced."""
    name = find_config(top)
    if name and not replaces:
        raise Fatal(
            f"there is a `{name}` already", "--force replaces it; --dry-run only shows what init would write"
        )
    return name or NAMES[0]


def write_file(top: str, name: str, text: str, *, replaces: bool) -> None:
    """Write the whole file or nothing. A link of that name is replaced, not followed. Raises `Fatal`."""
    target = os.path.join(top, name)
    folder = os.path.dirname(target)
    try:
        os.makedirs(folder, exist_ok=True)
        with write_temporary_file(folder, text.encode(), like=target) as temporary:
            _move(temporary, target, replaces=replaces)
    except OSError as error:
        hint = SYSTEM_HINTS.get(error.errno, "")
        raise Fatal(f"could not write {name}: {error.strerror}", hint, ExitCode.UNCOUNTED) from None


def _move(temporary: str, target: str, *, replaces: bool) -> None:
    if replaces:
        os.replace(temporary, target)
        return
    try:
        os.link(temporary, target)  # unlike a rename it fails for a target that was written meanwhile
    except FileExistsError:
        choose_name(os.path.dirname(target), replaces=False)
        raise
    except OSError:  # a file system without hard links
        if os.path.lexists(target):
            raise
        os.rename(temporary, target)
