"""What ends a run early → a report that says so, in every output that was asked for: who waits for a file finds one.

stderr and the exit code are left to `faults`.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

import click

from prompt_lint.cli.commands import Command
from prompt_lint.cli.faults import explain_failure
from prompt_lint.cli.input_files import describe_possible_input, is_among
from prompt_lint.cli.options import ConfigOptions, select_fields
from prompt_lint.model.errors import Fatal
from prompt_lint.model.values import Problem, Report
from prompt_lint.output.announcements import announce
from prompt_lint.output.delivery import (
    OutputOptions,
    WrongOutputs,
    add_ci_targets,
    choose_targets,
    deliver,
    make_document,
)
from prompt_lint.output.terminal import ClosedPipe

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from prompt_lint.output.delivery import Document

    MakeDocument = Callable[[Report], Document]


class ReportingCommand(Command):
    """A command whose outputs are written also where it ends early.

    With `in_ci` it writes to a CI system what nobody asked for, too, such as annotations. `make_document` makes its outputs
    of a report.
    """

    def __init__(
        self,
        *arguments: Any,
        in_ci: bool = False,
        make_document: MakeDocument = make_document,
        **settings: Any,
    ) -> None:
        super().__init__(*arguments, **settings)
        self.in_ci = in_ci
        self.make_document = make_document

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        words = list(args)
        try:
            return super().make_context(info_name, args, parent, **extra)
        except (Fatal, click.UsageError) as error:
            # Parsed once more for the outputs, whatever else is wrong.
            lenient = {"resilient_parsing": True, "ignore_unknown_options": True}
            with super().make_context(info_name, words, parent, **extra, **lenient) as context:
                self._report(error, context)
            raise

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except (ClosedPipe, click.exceptions.Exit, click.Abort):
            raise
        except Exception as error:
            self._report(error, ctx)
            raise

    def _report(self, error: Exception, context: click.Context) -> None:
        """Write to each output what ended the run. That may be what keeps a report from being made: then there is none."""
        with suppress(Exception):
            params = {name: value for name, value in context.params.items() if value is not None}
            deliver_fault(error, params, context.obj, in_ci=self.in_ci, make_document=self.make_document)


def deliver_fault(
    error: Exception,
    params: Mapping[str, Any],
    env: Mapping[str, str],
    *,
    in_ci: bool = False,
    make_document: MakeDocument = make_document,
) -> None:
    """Write a report of the error to the outputs that the options `params` ask for; but nothing over what may be an input.

    Text on stdout is left out: stderr has the error.
    """
    if isinstance(error, WrongOutputs):
        return
    options = select_fields(OutputOptions, params)
    config_options = select_fields(ConfigOptions, params)

    def describe(path: str) -> str:
        if is_among(path, (*params.get("paths", ()), *params.get("files", ()), params.get("check", ""))):
            return "which this run reads"
        return describe_possible_input(path, env, config_options)

    try:
        targets = choose_targets(options, env, describe)
        targets = add_ci_targets(targets, options, env, describe) if in_ci else targets
    except WrongOutputs as refusal:
        announce(env, "warning", f"no output says so: {refusal.message}", refusal.hint)
        return
    targets = [target for target in targets if target.file or target.format != "text"]
    deliver(make_document(make_fault_report(error)), targets, options, env)


def make_fault_report(error: Exception) -> Report:
    """Return a report of nothing but what ended the run."""
    fault, exit_code = explain_failure(error)
    faults = error.faults() if isinstance(error, Fatal) else [fault]
    problems = [
        Problem(fault.path, fault.line, fault.message, _shorten(fault.hint), exit_code) for fault in faults
    ]
    return Report("", [], problems, [], 0, exit_code)


def _shorten(hint: str) -> str:
    """Return the first paragraph of a hint, on one line: examples follow it."""
    return " ".join(hint.partition("\n\n")[0].split()).removesuffix(":")
