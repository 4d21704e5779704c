"""The program `prompt-lint`, also as `python -m prompt_lint`: what Ctrl-C interrupts while modules are imported ends quietly."""

import os
import sys
from typing import NoReturn


def main() -> NoReturn:
    """Run the console script, and end the process with its exit code."""
    try:
        from prompt_lint.cli.main import main  # noqa: PLC0415  # takes long enough for a person to change their mind
    except KeyboardInterrupt:
        os._exit(130)  # at once: no module may be half imported when Python cleans up
    main()


if __name__ == "__main__":
    # Not with the working directory on the path: a repository may hold a `yaml.py` of its own.
    if not sys.flags.safe_path:
        del sys.path[0]
    main()
