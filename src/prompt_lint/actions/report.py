"""What report/action.yml runs (`python -I -m prompt_lint.actions.report`): inputs → a `report` and its outputs.

Its Markdown goes to the summary of the job by itself.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from prompt_lint.actions import step
from prompt_lint.actions.inputs import read_input, read_lines, refuse_link, split_lines
from prompt_lint.model.errors import ExitCode

if TYPE_CHECKING:
    from collections.abc import Mapping, MutableMapping

_OPTIONS = ("days", "month", "bucket", "source", "check")
_PURPOSE = "make the report"


def main() -> None:
    """Ends with the exit code of the run."""
    sys.exit(run(os.environ))


def run(env: MutableMapping[str, str]) -> int:
    return step.run_step(env, _make_report, _PURPOSE, {"report-file": ""})


def _make_report(env: Mapping[str, str]) -> tuple[int, Mapping[str, str]]:
    html_file = step.create_file_path(env, "usage.html")
    target = read_input(env, "html-file")
    refuse_link(target, env)
    exit_code, complaint = step.run_prompt_lint(env, build_arguments(env, html_file))
    has_page = os.path.exists(html_file)
    if exit_code == ExitCode.UNCOUNTED and not step.find_errors(complaint):
        exit_code = ExitCode.OK  # an output that isn't written is annotated already, and no verdict
    elif not has_page and exit_code != ExitCode.OVER_LIMIT:
        step.report_failure(
            env, _PURPOSE, step.find_errors(complaint) or "it ended without a report; its log says why"
        )
    has_report = has_page and exit_code in {ExitCode.OK, ExitCode.OVER_LIMIT}
    return exit_code, {"report-file": step.find_copy(html_file, target) if has_report else ""}


def build_arguments(env: Mapping[str, str], html_file: str) -> list[str]:
    """Return the command line that the inputs mean. A value is joined to its option, so that none is taken for another."""
    options = [(name, read_input(env, name)) for name in _OPTIONS]
    if target := read_input(env, "html-file"):
        options.append(("output", f"html={target}"))
    options += [("group-by", name) for name in split_lines(read_input(env, "group-by").replace(",", "\n"))]
    options += [("fail-on", condition) for condition in read_lines(env, "fail-on")]
    return [
        "report",
        f"--output=html={html_file}",
        *(f"--{name}={value}" for name, value in options if value),
    ]


if __name__ == "__main__":
    main()
