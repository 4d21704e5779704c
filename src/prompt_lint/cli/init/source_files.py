"""Which files of source code have prompts in them, by a search of git."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from prompt_lint.cli.init.config_text import render_scalar
from prompt_lint.cli.init.draft import Remark
from prompt_lint.cli.init.file_patterns import write_path_pattern
from prompt_lint.cli.init.folders import find_doubtful_folder
from prompt_lint.repo import git
from prompt_lint.repo.paths import decode, to_native
from prompt_lint.text.plural import pluralize

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from prompt_lint.repo.working_tree import WorkingTree

# A text of more than a few words that is assigned to such a name. Reading the file says more; this only finds it.
_CONSTANT = r"""^ *[A-Za-z_]*(PROMPT|INSTRUCTION|SYSTEM_MESSAGE)[A-Z_]*( *:[^=]*)? *= *(\(|[rfRF]*["']|dedent|textwrap)"""
_MARKER = r"prompt-lint: begin"
_SEARCH = ("--no-literal-pathspecs", "grep", "-lzIE", "--untracked", "--no-recurse-submodules", "-e")
_ADVICE = "Remove the `#` to count these"
_MAX_FILES = 10
# In bytes. A command line takes no more than a few times as many.
_MAX_EXCLUDED = 100_000


def describe_source_files(
    tree: WorkingTree, governed: Collection[str], too_large: Collection[str]
) -> Iterator[Remark]:
    """Yield a remark with a rule for each format of source code that has prompts. Raises `Fatal`.

    Git reads a file as a whole, however large it is, so those that are `too_large` are left out of the search; where they are
    so many that no command line holds their names, nothing is searched.
    """
    excluded = [f":(exclude,literal){path}" for path in sorted(too_large)]
    if sum(map(len, excluded)) > _MAX_EXCLUDED:
        return
    python = _search(tree, governed, _CONSTANT, ":(glob)**/*.py", *excluded)
    if python:
        title = f"{pluralize(len(python), 'Python file')} with prompts in constants"
        advice = f"{_ADVICE}; docs/formats.md says which names."
        yield Remark(title, advice, tuple(_render_rule(python, "python")))
    marked = _search(tree, governed, _MARKER, ".", *excluded)
    if marked:
        title = f"{pluralize(len(marked), 'file')} with prompts between markers"
        yield Remark(title, f"{_ADVICE}.", tuple(_render_rule(marked, "marked")))


def _search(tree: WorkingTree, governed: Collection[str], expression: str, *pathspecs: str) -> list[str]:
    """Return the files that have a match, less tests and those of other configurations; none outside of git."""
    if not tree.has_git:
        return []
    output = git.run_or_none([*_SEARCH, expression, "--", *map(to_native, pathspecs)], tree.top) or b""
    return [
        path
        for path in sorted(decode(output).split("\0")[:-1])
        if write_path_pattern(path)
        and not re.search(r"(^|/)(test_|conftest)|_test\.", path)
        and not find_doubtful_folder(path)
        and not any(path.startswith(f"{folder}/") for folder in governed)
    ]


def _render_rule(paths: Sequence[str], format_name: str) -> Iterator[str]:
    shown = ", ".join(render_scalar(write_path_pattern(path)) for path in paths[:_MAX_FILES])
    more = len(paths) - _MAX_FILES
    note = f"  # and {more:,} more: a pattern may be shorter" if more > 0 else ""
    yield f"- files: [{shown}]{note}"
    yield f"  format: {format_name}"
