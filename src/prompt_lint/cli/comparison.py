"""`--base` → what is checked, and what it is compared with."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

from prompt_lint.check.pipeline import check_prompts
from prompt_lint.cli.project import make_search, working_directory
from prompt_lint.cli.usage_errors import blame_variable
from prompt_lint.repo.arguments import resolve_argument

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from prompt_lint.check.pipeline import Run
    from prompt_lint.cli.options import ConfigOptions
    from prompt_lint.model.values import Report


def check_project(
    run: Run,
    paths: Sequence[str],
    base: str | None,
    policy: str,
    options: ConfigOptions,
    env: Mapping[str, str],
) -> Report:
    """Check the tree, compared with `base`: a revision, `auto` or `hook`; None is no comparison. Raises `Fatal`."""
    if base is None:
        return check_prompts(run, paths)

    tree = run.tree
    search = make_search(tree, paths, options)
    if base == "hook":
        from prompt_lint.check.hook import check_hook_change, find_hook_change  # noqa: PLC0415  # as below

        with blame_variable("base"):
            change = find_hook_change(tree, paths, resolve_argument(tree, ".", working_directory()), env)
        if not paths:  # what is staged needn't be a prompt
            run = run._replace(settings=run.settings._replace(allow_unmatched=True))
        return check_hook_change(run, change, policy, search, env)
    from prompt_lint.check.base import open_comparison  # noqa: PLC0415  # only with a base

    with ExitStack() as stack:
        with blame_variable("base"):
            comparison = stack.enter_context(open_comparison(tree, base, policy, run.config, search, env))
        return check_prompts(run, paths, comparison)
