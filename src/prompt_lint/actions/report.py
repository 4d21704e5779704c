"""What report/action.yml runs (`python -I -m prompt_lint.actions.report`): inputs from the environment → a `report`, its outputs."""

from __future__ import annotations

import os
import sys
import tempfile
from typing import TYPE_CHECKING

from prompt_lint.actions.check import (
    asked,
    command,
    complaint,
    each_line,
    fail,
    started,
    tell,
    text_of,
    unlinked,
)
from prompt_lint.model.errors import ExitCode, Fatal
from prompt_lint.output.terminal import write_file

if TYPE_CHECKING:
    from collections.abc import Mapping

_FLAGS = ("days", "bucket", "source")
_WHAT = "make the report"


def main() -> None:
    """Ends with the exit code of the run."""
    try:
        code = run(os.environ)
    except Exception as error:  # noqa: BLE001  # a fault of ours: Python's own exit code for it would mean "over"
        print(command("error", f"the Action failed ({type(error).__name__}): please report it"))
        code = int(ExitCode.UNCOUNTED)
        tell({"report-file": "", "exit-code": str(code)}, os.environ)
    sys.exit(code)


def run(env: Mapping[str, str]) -> int:
    """One report, as the inputs say. Its Markdown goes to the step's summary by itself."""
    wanted = asked(env, "html-file")
    # In a folder of its own, so that nothing which the checkout holds can be taken for it.
    made = os.path.join(tempfile.mkdtemp(prefix="prompt-lint-", dir=env["RUNNER_TEMP"]), "usage.html")
    place = ""
    try:
        unlinked(wanted, env)
        code, complaints = started(arguments(env, made))
        page = text_of(made)
        if page and wanted:
            write_file(wanted, page)
        place = os.path.abspath(wanted or made) if page else ""
        if not page or code not in {ExitCode.OK, ExitCode.OVER_LIMIT}:
            fail(complaints or "prompt-lint ended without a report", env, _WHAT)
    except Fatal as error:
        fail(complaint(error), env, _WHAT)
        code = int(error.exit_code)
    tell({"report-file": place, "exit-code": str(code)}, env)
    return code


def arguments(env: Mapping[str, str], html_file: str) -> list[str]:
    """The command line that the inputs stand for. A value is joined to its option, so that none is taken for another."""
    found = ["report", f"--output=html={html_file}"]
    found += [f"--{name}={value}" for name in _FLAGS if (value := asked(env, name))]
    found += [f"--group-by={name}" for name in each_line(asked(env, "group-by").replace(",", "\n"))]
    return found + [f"--fail-on={condition}" for condition in each_line(asked(env, "fail-on"))]


if __name__ == "__main__":
    main()
