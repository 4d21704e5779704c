"""How git is called: which program, with which options and environment. Imports next to nothing; `git.py` calls.

A repository may come from a stranger, and its configuration can name programs: `core.fsmonitor`, hooks,
filters, diff drivers, pagers, transports. So only plumbing is called, always from the top of the working
tree, with everything that starts a program turned off on the command line, where nothing overrides it.

All `GIT_*` variables are dropped, those of a hook as well. During `git commit -a` or `git commit FILE`,
`GIT_INDEX_FILE` names a temporary index. Dropping it loses nothing, because files are read from the
working tree and the list of them is *tracked or untracked, unless ignored*: a file moves from one half of
it to the other, never out of it. `GIT_DIR` of a linked worktree or submodule is found again through `.git`.
"""

from __future__ import annotations

import os

HARDENED = (
    "--no-pager",
    "--no-optional-locks",
    "--literal-pathspecs",
    "-c", "safe.bareRepository=explicit",  # a folder that looks like a bare repository isn't entered
    "-c", "core.fsmonitor=false",
    "-c", "core.hooksPath=/dev/null",
)  # fmt: skip

_ENVIRONMENT = {
    "GIT_ALLOW_PROTOCOL": "none",  # a partial clone would fetch a missing object
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",  # objects are what their ids say, histories what was committed
    "GIT_GRAFT_FILE": os.devnull,
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "LC_ALL": "C",  # messages are recognised by their English text
}

# Whatever a hook or a CI job has set for git or for us, credentials included, is none of git's business.
_WITHHELD = ("GIT_", "ANTHROPIC_", "PROMPT_LINT_")


def executable() -> str | None:
    """The absolute path of git, or None.

    Relative entries of PATH are passed over, and on Windows so is the current folder, which the system
    itself would search first: both may be the repository, and it could bring a program called git.
    """
    name = "git.exe" if os.name == "nt" else "git"
    for folder in os.get_exec_path():
        candidate = os.path.join(folder, name)
        if os.path.isabs(folder) and os.path.isfile(candidate) and os.access(candidate, os.X_OK):
            return candidate
    return None


def environment() -> dict[str, str]:
    """The environment that git gets."""
    kept = {name: value for name, value in os.environ.items() if not name.upper().startswith(_WITHHELD)}
    return kept | _ENVIRONMENT
