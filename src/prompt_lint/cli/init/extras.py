"""What `init --with` writes beside the configuration: the entry for pre-commit, and the workflow for GitHub Actions."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, NamedTuple

from prompt_lint import REPOSITORY, __version__
from prompt_lint.cli.init.config_file import write_file
from prompt_lint.cli.init.config_text import render_scalar
from prompt_lint.model.errors import Fatal
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


class Extra(NamedTuple):
    """A file, the piece of it that is for prompt-lint, and what to do then."""

    path: str
    text: str
    addition: str
    next_step: str


EXTRAS: Mapping[str, Extra] = {
    "hook": Extra(
        ".pre-commit-config.yaml",
        f"repos:\n{_HOOK_ENTRY}",
        _HOOK_ENTRY,
        "Install the hooks: pre-commit install --hook-type pre-commit --hook-type pre-merge-commit --hook-type pre-push",
    ),
    "github": Extra(
        ".github/workflows/prompts.yml",
        _WORKFLOW,
        _WORKFLOW,
        "The workflow checks each pull request, and comments on it.",
    ),
}


def write_extra(tree: WorkingTree, name: str) -> str:
    """Write the file of an extra, unless it is there. Return lines about it: what was written, or what to paste. Raises `Fatal`."""
    top, extra = tree.top, EXTRAS[name]
    if name == "github":
        text = _WORKFLOW.replace(_MAIN, f"branches: [{_write_branch_pattern(name_default_branch(tree))}]")
        extra = extra._replace(text=text, addition=text)
    if os.path.lexists(os.path.join(top, extra.path)):
        where = "below `repos:`" if name == "hook" else "to a workflow"
        return f"{extra.path} exists and stays as it is. Add this {where}:\n\n{extra.addition}\n"
    if leads_out_of_repository(os.path.join(top, extra.path)):
        raise Fatal(
            f"{extra.path} isn't written: a symbolic link leads it out of the repository",
            "put the folder itself into the repository",
        )
    write_file(top, extra.path, extra.text, replaces=False)
    return f"Wrote {os.path.relpath(os.path.join(top, extra.path))}. {extra.next_step}\n"


def _write_branch_pattern(branch: str) -> str:
    r"""Return a pattern of GitHub for one branch, as YAML. Source: "Workflow syntax for GitHub Actions", 2026: `\` escapes."""
    return render_scalar(re.sub(r"([*?+\[\]!])", r"\\\1", branch))
