"""The command `check`, whatever its options: tree, configuration and means, then the report."""

from __future__ import annotations

import os
from time import gmtime, strftime
from typing import TYPE_CHECKING, Any, NamedTuple

from prompt_lint.check.pipeline import Options, check_prompts
from prompt_lint.cli import inputs
from prompt_lint.cli.session import means, outage_fails
from prompt_lint.model.values import Note
from prompt_lint.output.delivery import OutputOptions, choose_targets, deliver_report

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from prompt_lint.counting.sources import CountSources
    from prompt_lint.model.errors import ExitCode
    from prompt_lint.model.values import Report


class Asked(NamedTuple):
    """What the command line of a `check` asks for. `counting` is what `session.means` takes."""

    paths: Sequence[str]
    flags: inputs.Flags
    counting: Mapping[str, Any]
    output: OutputOptions
    max_file_size: int
    exit_zero: bool = False
    base: str | None = None
    policy: str = ""


def run(asked: Asked) -> ExitCode:
    """The exit code, once everything is written."""
    env = os.environ
    tree, config, relative = inputs.load(asked.paths, asked.flags)
    options = Options(asked.max_file_size, asked.exit_zero, outage_fails(env, config), today())
    with (
        means(env, config, tree.top, **asked.counting) as using,
        inputs.comparison(tree, asked.base, asked.policy, config, asked.flags) as comparison,
    ):
        report = check_prompts(tree, config, relative, using, options, comparison)
    targets = choose_targets(asked.output, env)
    deliver_report(with_warnings(report, using), targets, asked.output, env)
    return report.exit_code


def today() -> str:
    """In UTC, as YYYY-MM-DD."""
    return strftime("%Y-%m-%d", gmtime())


def with_warnings(report: Report, using: CountSources) -> Report:
    """Trouble with the cache is only known once it is closed."""
    return report._replace(notes=(*report.notes, *map(Note, using.counts.warnings or using.files.warnings)))
