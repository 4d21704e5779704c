"""The files that `init` writes: the configuration; with `--with` the entry for pre-commit, and the workflow for GitHub Actions."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, NamedTuple

from prompt_lint import REPOSITORY, __version__
from prompt_lint.cli.init.config_text import render_scalar
from prompt_lint.config.load import NAMES, find_config
from prompt_lint.model.errors import SYSTEM_HINTS, ExitCode, Fatal
from prompt_lint.output.file_writing import write_temporary_file
from prompt_lint.repo.base_commit import name_default_branch
from prompt_lint.repo.foreign_links import leads_out_of_repository

if TYPE_CHECKING:
    from collections.abc import Mapping

    from prompt_lint.repo.working_tree import WorkingTree

_HOOK_ENTRY = f"""\
  - repo: {REPOSITORY}
    rev: v{__version__}
    hooks:
      - id: prompt-lint
      - id: prompt-lint-all
"""
_MAIN = "branches: [main]"
_WORKFLOW = f"""\
name: Prompts

on:
  pull_request:
  push:
    {_MAIN}

permissions: {{}}

jobs:
  prompts:
    name: Token limits
    runs-on: ubuntu-latest
    timeout-minutes: 10
    permissions:
      contents: read
      pull-requests: write # the comment
    steps:
      - uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1
        with:
          fetch-depth: 0 # so that the base can be found
          persist-credentials: false
      - uses: {REPOSITORY.removeprefix("https://github.com/")}@v{__version__}
        with:
          comment: true
"""


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


class Extra(NamedTuple):
    """A file, how a new one begins, what is added to it, where that belongs in one that exists, and what to do then."""

    path: str
    start: str
    addition: str
    place: str
    next_step: str


EXTRAS: Mapping[str, Extra] = {
    "hook": Extra(
        ".pre-commit-config.yaml",
        "repos:\n",
        _HOOK_ENTRY,
        "below `repos:`",
        "Install the hooks: pre-commit install --hook-type pre-commit --hook-type pre-merge-commit --hook-type pre-push",
    ),
    "github": Extra(
        ".github/workflows/prompts.yml",
        "",
        _WORKFLOW,
        "to a workflow",
        "The workflow checks each pull request, and comments on it.",
    ),
}


def write_extra(tree: WorkingTree, name: str) -> str:
    """Write the file of an extra, unless it is there. Return lines about it: what was written, or what to paste. Raises `Fatal`."""
    path, start, addition, place, next_step = EXTRAS[name]
    target = os.path.join(tree.top, path)
    if _MAIN in addition:
        # A pattern, in which `\` escapes. Source: "Workflow syntax for GitHub Actions", 2026.
        pattern = re.sub(r"([*?+\[\]!])", r"\\\1", name_default_branch(tree))
        addition = addition.replace(_MAIN, f"branches: [{render_scalar(pattern)}]")
    if os.path.lexists(target):
        return f"{path} exists and stays as it is. If this isn't there yet, add it {place}:\n\n{addition}\n"
    if leads_out_of_repository(target):
        raise Fatal(
            f"{path} isn't written: a symbolic link leads it out of the repository",
            "put the folder itself into the repository",
        )
    write_file(tree.top, path, start + addition, replaces=False)
    return f"Wrote {os.path.relpath(target)}. {next_step}\n"
