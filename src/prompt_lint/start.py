"""The console script: an answer that is there already, or a run."""

from __future__ import annotations

import os
import sys

from prompt_lint import quick


def main() -> None:
    """Ends with the exit code of the run."""
    try:
        text = quick.answer(sys.argv[1:], os.environ)
        if text is not None and quick.tell(text):
            return
    except KeyboardInterrupt:
        sys.exit(130)
    from prompt_lint import cli  # noqa: PLC0415  # everything that a run needs; an answer needs none of it

    cli.main()
