"""A step of an action: prompt-lint runs in this process, and the job gets outputs, annotations and a summary."""

from __future__ import annotations

import filecmp
import os
import sys
import tempfile
from contextlib import redirect_stderr
from io import StringIO
from typing import TYPE_CHECKING

from prompt_lint.ci.workflow_commands import append_summary, format_command, set_outputs
from prompt_lint.cli import faults
from prompt_lint.cli import main as cli
from prompt_lint.model.errors import ExitCode, Fatal
from prompt_lint.output.terminal import write_stdout
from prompt_lint.text.escape import escape_line

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, MutableMapping, Sequence
    from typing import TextIO

    # Does the work of a step. Returns its exit code and its outputs.
    Work = Callable[[MutableMapping[str, str]], tuple[int, Mapping[str, str]]]

_MAX_COMPLAINT = 20_000


def run_step(
    env: MutableMapping[str, str], work: Work, purpose: str, failure_outputs: Mapping[str, str]
) -> int:
    """Do the work, set the outputs of the step, and return its exit code.

    Work that raises an exception fails to do its `purpose`, and has the `failure_outputs`.
    """
    exit_code, outputs = int(ExitCode.UNCOUNTED), failure_outputs
    try:
        exit_code, outputs = work(env)
    except Fatal as error:
        exit_code = int(error.exit_code)
        report_failure(env, purpose, "\n".join(map(escape_line, filter(None, (error.message, error.hint)))))
    except Exception as error:  # noqa: BLE001  # Python's own exit code for it would mean "over the limit"
        annotate("\n".join(map(escape_line, faults.describe_exception(error))))
    set_outputs(env, {**outputs, "exit-code": str(exit_code)})
    return exit_code


def create_file_path(env: Mapping[str, str], name: str) -> str:
    """Return a path in a new folder of the runner, so that nothing in the checkout can be taken for the file."""
    return os.path.join(tempfile.mkdtemp(prefix="prompt-lint-", dir=env["RUNNER_TEMP"]), name)


def run_prompt_lint(env: Mapping[str, str], arguments: Sequence[str]) -> tuple[int, str]:
    """Return the exit code of a run with these arguments, and what it wrote to stderr."""
    stderr = _Tee(sys.stderr)
    with redirect_stderr(stderr):
        try:
            faults.run_and_exit(lambda: cli.run(arguments, env))
        except SystemExit as end:
            exit_code = end.code if isinstance(end.code, int) else ExitCode.UNCOUNTED
    return exit_code, stderr.getvalue()[:_MAX_COMPLAINT]


class _Tee(StringIO):
    """Remembers what is written, and passes it on to a stream."""

    def __init__(self, stream: TextIO) -> None:
        super().__init__()
        self._stream = stream

    def write(self, text: str) -> int:
        super().write(text)
        return self._stream.write(text)

    def flush(self) -> None:
        self._stream.flush()


def find_copy(path: str, target: str) -> str:
    """Return the absolute path of the copy at `target` (may be empty), or `path` where that is no copy of it."""
    try:
        is_copy = bool(target) and filecmp.cmp(path, target, shallow=False)
    except OSError:
        is_copy = False
    return os.path.abspath(target) if is_copy else path


def find_errors(complaint: str) -> str:
    """Return the lines from the first error on, out of what a run wrote to stderr; "" without one.

    What is announced as an annotation already is none.
    """
    start = f"\n{complaint}".find("\nerror: ")
    return complaint[start:].strip() if start >= 0 else ""


def annotate(message: str) -> None:
    write_stdout(format_command("error", message, title="prompt-lint") + "\n", for_machines=True)


def report_failure(env: Mapping[str, str], purpose: str, complaint: str) -> None:
    """Write an annotation and a summary for a run without a report. `complaint` is escaped, as it is in the log."""
    lines = complaint.strip().split("\n")
    annotate("\n".join(line.removeprefix("error: ") for line in lines))
    indented = "".join(f"    {line}\n" for line in lines)
    add_to_summary(env, f"### ❌ prompt-lint could not {purpose}\n\n{indented}")


def add_to_summary(env: Mapping[str, str], text: str) -> None:
    path = env.get("GITHUB_STEP_SUMMARY")
    if path and text:
        append_summary(path, lambda _: text)
