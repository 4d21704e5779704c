"""The console script: an answer that is there already, or a run."""

from __future__ import annotations

import os
import sys

from prompt_lint import quick

TYPE_CHECKING = False  # importing `typing` would cost a fifth of an answer
if TYPE_CHECKING:
    from collections.abc import Sequence


def main() -> None:
    """Ends with the exit code of the run."""
    try:
        text = quick.answer(sys.argv[1:], os.environ)
        if text is not None and quick.tell(text):
            return
    except KeyboardInterrupt:
        sys.exit(130)
    from prompt_lint.cli.exit_status import end  # everything that a run needs; an answer needs none of it

    end(lambda: run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """The exit code of a run. Click is asked where the command line isn't a plain one."""
    from prompt_lint import plain

    asked = plain.read(arguments, os.environ)
    if asked:
        from prompt_lint.cli import check, exit_status

        return exit_status.code_of(lambda: check.run(asked, quick.ask(arguments, os.environ)))
    from prompt_lint.cli import main as cli

    return cli.run(arguments)
