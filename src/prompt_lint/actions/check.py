"""What action.yml runs (`python -I -m prompt_lint.actions.check`): inputs → a `check`, its outputs and its summary."""

from __future__ import annotations

import os
import shlex
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

from prompt_lint.actions import step
from prompt_lint.actions.counts import describe_counts
from prompt_lint.actions.credentials import take_credential
from prompt_lint.actions.inputs import read_input, read_lines, refuse_link
from prompt_lint.ci import detect_context
from prompt_lint.cli.fault_report import deliver_fault
from prompt_lint.model.counts import EMPTY_COUNT
from prompt_lint.model.errors import ExitCode, Fatal
from prompt_lint.output.phrases import is_accepted
from prompt_lint.output.report_reader import read_report
from prompt_lint.output.terminal import write_stdout
from prompt_lint.output.totals import Total, total_by_model

if TYPE_CHECKING:
    from collections.abc import Mapping, MutableMapping

    from prompt_lint.model.values import Report

_OPTIONS = ("config", "policy", "counting", "accept-label")
_STATUSES = {int(ExitCode.OK): "pass", int(ExitCode.OVER_LIMIT): "fail"}
_PURPOSE = "check the prompts"
_NO_KEY = "No key reaches a pull request from a fork: tokens are counted offline, or as counts of earlier runs in the cache say."


def main() -> None:
    """Ends with the exit code of the run."""
    sys.exit(run(os.environ))


def run(env: MutableMapping[str, str]) -> int:
    """Check as the inputs say. `env` is the environment of this process, and loses what no other program should see."""
    return step.run_step(env, _check, _PURPOSE, {"status": "error"})


def _check(env: MutableMapping[str, str]) -> tuple[int, Mapping[str, str]]:
    report_file = step.create_file_path(env, "report.json")
    _enter_working_directory(env)
    context = detect_context(env)
    try:
        note = "" if take_credential(env, context) else _NO_KEY
        if note:  # whatever the input says: without a key, there is no other way
            env["INPUT_COUNTING"] = "offline"
        arguments = build_arguments(env, report_file)
    except Fatal as error:
        deliver_fault(error, {"outputs": [_split_output(output) for output in _list_outputs(env)]}, env)
        raise
    if note:
        write_stdout(f"{note}\n")
    folder = env.get("ACTION_COUNTS", "")
    known = describe_counts(folder)
    exit_code, complaint = step.run_prompt_lint(env, arguments)
    has_new_counts = describe_counts(folder) != known
    report = None
    with suppress(Fatal):
        report = read_report(report_file)
    if report is None:
        step.report_failure(
            env, _PURPOSE, step.find_errors(complaint) or "it ended without a report; its log says why"
        )
        if exit_code == ExitCode.OK and not os.path.exists(report_file):  # `args: --help` judges nothing
            exit_code = ExitCode.UNCOUNTED
    # Of an output that isn't written, perhaps: that is annotated, and no verdict.
    elif exit_code == ExitCode.UNCOUNTED:
        exit_code = report.exit_code
    step.add_to_summary(env, f"\n{note}\n" if note else "")
    path = step.find_copy(report_file, read_input(env, "report-file")) if report else ""
    status = _STATUSES.get(exit_code, "error")
    figures = _summarize(report) if report and (report.verdicts or not report.problems) else {}
    new_counts = str(has_new_counts).lower()
    return exit_code, {"status": status, "report-file": path, "new-counts": new_counts, **figures}


def build_arguments(env: Mapping[str, str], report_file: str) -> list[str]:
    """Return the command line that the inputs mean. Raises `Fatal` for what can't be read, or must not be written to."""
    arguments = ["check"]
    arguments += [f"--{name}={value}" for name in _OPTIONS if (value := read_input(env, name))]
    if read_input(env, "allow-unmatched") == "true":
        arguments.append("--allow-unmatched")
    if base := read_input(env, "base"):
        arguments.append(f"--base={base}")
    arguments += [f"--output={output}" for output in (f"json={report_file}", *_list_outputs(env))]
    folder = env.get("ACTION_COUNTS")
    arguments.append(f"--cache-dir={folder}" if folder else "--no-cache")
    try:
        arguments += shlex.split(read_input(env, "args"))
    except ValueError:
        raise Fatal(
            "the input `args` has a quotation mark that isn't closed", "quote it as for a shell"
        ) from None
    return [*arguments, "--", *read_lines(env, "paths")]


def _list_outputs(env: Mapping[str, str]) -> list[str]:
    """Return `FORMAT=FILE` of each output that the inputs name. Raises `Fatal` for a path that leads elsewhere."""
    outputs = read_lines(env, "output")
    if sarif := read_input(env, "sarif-file"):
        outputs.append(f"sarif={sarif}")
    if report := read_input(env, "report-file"):
        outputs.append(f"json={report}")
    for output in outputs:
        refuse_link(_split_output(output)[1], env)
    return outputs


def _split_output(output: str) -> tuple[str, str]:
    name, _, path = output.partition("=")
    return name, path


def _enter_working_directory(env: Mapping[str, str]) -> None:
    folder = os.path.join(env["GITHUB_WORKSPACE"], read_input(env, "working-directory"))
    try:
        os.chdir(folder)
    except OSError as error:
        raise Fatal(
            f"the input `working-directory` leads nowhere: {error.strerror}",
            "name a folder below the workspace; has `actions/checkout` run before?",
        ) from None
    top = os.path.realpath(env["GITHUB_WORKSPACE"])
    if os.path.commonpath([top, os.path.realpath(os.getcwd())]) != top:
        raise Fatal(
            "the input `working-directory` leads out of the workspace", "name a folder below the workspace"
        )


def _summarize(report: Report) -> dict[str, str]:
    """Return the outputs about tokens. Of several models, the one with the most counts."""
    nothing = Total("", EMPTY_COUNT, EMPTY_COUNT, EMPTY_COUNT)
    total = max(total_by_model(report), key=lambda total: total.after.tokens, default=nothing)
    failing = {verdict.prompt for verdict in report.verdicts if verdict.fails}
    accepted = {verdict.prompt for verdict in report.verdicts if is_accepted(verdict)} - failing
    return {
        "total": str(total.after.tokens),
        "total-margin": str(total.after.margin),
        "delta": str(total.growth.tokens) if report.base else "",
        "delta-margin": str(total.growth.margin) if report.base else "",
        "over": str(len(failing)),
        "accepted": str(len(accepted)),
    }


if __name__ == "__main__":
    main()
