"""Command lines of hooks and of every day, read without Click, which costs as much as checking a few files.

What is read here, Click reads in the same way (a test compares them); all else is left to it, mistakes above all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from prompt_lint import quick
from prompt_lint.cli.check import Asked, Output
from prompt_lint.cli.inputs import Flags

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# The defaults of Click's options; the same test compares them.
JOBS, MAX_REQUESTS, DEADLINE = 64, 5_000, 900
MAX_FILE_SIZE = 1024 * 1024

_FLAGS = {"--offline": "offline", "-q": "quiet", "--quiet": "quiet", "-v": "verbose", "--verbose": "verbose"}
_CHOICES = {"--counting": ("exact", "auto", "offline"), "--color": ("auto", "always", "never")}
# Variables that set options are read by Click, and so is what a shell asks to complete a line.
_SETTING = ("PROMPT_LINT_", "_PROMPT_LINT_")
_NO_OPTION = "PROMPT_LINT_CACHE_DIR"


def read(arguments: Sequence[str], env: Mapping[str, str]) -> Asked | None:
    """What a plain `check` asks for; None for what isn't plain."""
    if any(name.startswith(_SETTING) and name != _NO_OPTION for name in env):
        return None
    words = quick.words(arguments)
    if words is None:
        return None
    flags, given, paths = words
    chosen = all(value in _CHOICES.get(name, ()) for name, value in given.items())
    known = {*_FLAGS, *given, *given.values()}
    return _asked(flags, given, paths) if chosen and known.issuperset(flags) else None


def _asked(flags: Sequence[str], given: Mapping[str, str], paths: Sequence[str]) -> Asked:
    on = {_FLAGS[flag] for flag in flags if flag in _FLAGS}
    counting = {
        "counting": given.get("--counting"), "offline": "offline" in on, "provider": "anthropic",
        "jobs": JOBS, "max_requests": MAX_REQUESTS, "deadline": DEADLINE, "cache_dir": None, "no_cache": False,
    }  # fmt: skip
    output = Output(verbose="verbose" in on, quiet="quiet" in on, color=given.get("--color", "auto"))
    return Asked(tuple(paths), Flags(), counting, output, MAX_FILE_SIZE)
