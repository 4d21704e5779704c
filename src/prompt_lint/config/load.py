"""Find .prompt-lint.yaml at the top of a repository, and read its bytes."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from prompt_lint.model.errors import Fatal, Unreadable
from prompt_lint.repo import safe_read

if TYPE_CHECKING:
    from prompt_lint.repo import Tree

NAMES = (".prompt-lint.yaml", ".prompt-lint.yml")

# In bytes.
MAX_SIZE = 256 * 1024

_TOO_LARGE = "let patterns such as prompts/**/*.md take the place of single files"


def find_config(top: str) -> str | None:
    """Return the name of the configuration in the folder `top`, and look in no other. Raises `Fatal` for two."""
    names = [name for name in NAMES if os.path.lexists(os.path.join(top, name))]
    if len(names) > 1:
        raise Fatal(f"there are both `{names[0]}` and `{names[1]}`", "keep one of them")
    return names[0] if names else None


def read_config(tree: Tree, name: str) -> bytes:
    """Return the bytes of the configuration `name` in a tree. Raises `Fatal` where that can't be read."""
    try:
        return tree.read(tree.resolve(name), MAX_SIZE)
    except safe_read.TooLarge as error:
        raise Fatal(f"the configuration `{name}` {error.message}", _TOO_LARGE, path=name) from None
    except safe_read.NotRegular as error:
        raise Fatal(f"the configuration `{name}` {error.message}", path=name) from None
    except Unreadable as error:
        raise Fatal(f"the configuration `{name}` {error.message}", error.hint, path=name) from None


def read_outside_config(path: str) -> bytes:
    """Return the bytes of a configuration that may lie anywhere. Raises `Fatal` where that can't be read.

    Its path comes from the command line, so links are followed wherever they lead.
    """
    try:
        return safe_read.read_file(path, MAX_SIZE, follow_links=True)
    except safe_read.TooLarge as error:
        raise Fatal(f"the configuration `{path}` {error.message}", _TOO_LARGE) from None
    except safe_read.NotRegular as error:
        raise Fatal(f"the configuration `{path}` {error.message}") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "not a usable path"
        hint = "a path is relative to the working directory; `prompt-lint init` writes a configuration"
        raise Fatal(f"the configuration `{path}` can't be read: {reason}", hint) from None
