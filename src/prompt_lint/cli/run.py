"""Options and environment → a run: how it counts, what fails, and what `--base` compares it with."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from time import gmtime, strftime
from typing import TYPE_CHECKING, cast

from prompt_lint import ci
from prompt_lint.check.pipeline import Run, Settings, check_prompts
from prompt_lint.cli.count_sources import open_count_sources
from prompt_lint.cli.options import JudgingOptions
from prompt_lint.cli.project import make_search, working_directory
from prompt_lint.cli.usage_errors import blame_variable
from prompt_lint.config.keys import read_raise_label
from prompt_lint.repo.arguments import resolve_argument

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from prompt_lint.ci.context import Context
    from prompt_lint.cli.options import ConfigOptions, CountingOptions
    from prompt_lint.config.configuration import Config
    from prompt_lint.model.values import OnRaise, Report
    from prompt_lint.repo.working_tree import WorkingTree


@contextmanager
def open_run(
    env: Mapping[str, str],
    tree: WorkingTree,
    config: Config,
    counting_options: CountingOptions,
    judging_options: JudgingOptions | None = None,
    *,
    is_dry_run: bool = False,
    is_quiet: bool = False,
) -> Iterator[Run]:
    """Yield a run in a tree. Its counts are saved, and it raises `Fatal`, as `open_count_sources` says."""
    settings = make_settings(env, config, judging_options or JudgingOptions())
    with open_count_sources(
        env, config, tree.top, counting_options, is_dry_run=is_dry_run, is_quiet=is_quiet
    ) as sources:
        yield Run(tree, config, sources, settings)


def make_settings(env: Mapping[str, str], config: Config, options: JudgingOptions) -> Settings:
    """Return the settings of a run. An API that can't be reached fails it in CI, unless the configuration says otherwise."""
    outage_fails = config.on_unavailable == "fail" or (not config.on_unavailable and ci.is_set(env, "CI"))
    accept_label, on_raise = options.accept_label or "", config.on_raise or "warn"
    context = ci.detect_context(env) if accept_label or read_raise_label(on_raise) else None
    on_raise, raise_label = decide_on_raise(on_raise, context)
    return Settings(
        options.exit_zero,
        outage_fails,
        strftime("%Y-%m-%d", gmtime()),
        options.allow_unmatched,
        accept_label if context and context.labels is not None else "",
        bool(context and accept_label and context.has_label(accept_label)),
        on_raise,
        raise_label,
    )


def decide_on_raise(on_raise: str, context: Context | None) -> tuple[OnRaise, str]:
    """Return what a raised limit means in this run, and the label that decides it, "" for none.

    With `label:NAME` it is a warning where the pull request has the label, and fails where it hasn't, or nobody says which
    labels it has. Where there is no pull request, nobody could add the label, so it is a warning.
    """
    label = read_raise_label(on_raise)
    if not label:
        return cast("OnRaise", on_raise), ""
    if context is None or context.kind != "pull_request":
        return "warn", ""
    return "warn" if context.has_label(label) else "fail", label


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
    from prompt_lint.check.comparison import open_comparison  # noqa: PLC0415  # only with a base

    with ExitStack() as stack:
        with blame_variable("base"):
            comparison = stack.enter_context(open_comparison(tree, base, policy, run.config, search, env))
        return check_prompts(run, paths, comparison)
