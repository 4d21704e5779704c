"""Values that shells offer for options: models and git's refs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from prompt_lint.model.errors import Fatal
from prompt_lint.model.models import KNOWN_IDS

if TYPE_CHECKING:
    import click

_MAX_REFS = 1_000
# A shell may insert a name as it is, so one that means something to a shell isn't offered.
_PLAIN_REF = r"[A-Za-z0-9][A-Za-z0-9._/@+=-]*"


def complete_models(_context: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    return [model for model in KNOWN_IDS if model.startswith(incomplete)]


def complete_refs(_context: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    """Return the branches and tags that begin like this, the latest first; none where git has no answer."""
    from prompt_lint.repo import git  # noqa: PLC0415  # not for a check without git

    fields = ["--format=%(refname:lstrip=2)", f"--count={_MAX_REFS}", "--sort=-creatordate"]
    try:
        output = git.run(["for-each-ref", *fields, "refs/heads", "refs/remotes", "refs/tags"], ".")
    except Fatal:
        return []
    names = output.decode(errors="replace").split("\n")
    return [name for name in names if name.startswith(incomplete) and re.fullmatch(_PLAIN_REF, name)]


def complete_base(context: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    words = [word for word in ("auto", "hook") if word.startswith(incomplete)]
    return [*words, *complete_refs(context, param, incomplete)]
