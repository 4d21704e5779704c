"""The counts that the cache of GitHub Actions keeps: where they are, and whether a run has added any.

action.yml runs this module (`python -I -m prompt_lint.actions.counts`) for the key and the folder of its cache.
"""

from __future__ import annotations

import os
from hashlib import sha256
from typing import TYPE_CHECKING

from prompt_lint.actions.inputs import read_input
from prompt_lint.cache.counts import open_counts
from prompt_lint.ci.workflow_commands import set_outputs

if TYPE_CHECKING:
    from collections.abc import Mapping


def main() -> None:
    """Set the outputs `key` and `folder`. Uses of the Action that check something else have others, also in one job."""
    key = name_use(os.environ)
    folder = os.path.join(os.environ["RUNNER_TEMP"], f"prompt-lint-counts-{key}")
    set_outputs(os.environ, {"key": key, "folder": folder})


def name_use(env: Mapping[str, str]) -> str:
    """Return a name for what this use of the Action checks: its folder and its configuration. No input is readable in it."""
    values = (os.path.normpath(read_input(env, name) or ".") for name in ("working-directory", "config"))
    return sha256("\0".join(values).encode("utf-8", "surrogateescape")).hexdigest()[:16]


def describe_counts(folder: str) -> tuple[int, int, int | None]:
    """Return how many counts of the API and of the tokenizer a folder holds, and when the last one was made.

    That changes with each count that is added.
    """
    if not os.path.isdir(folder):
        return 0, 0, None
    info = open_counts(folder).read_info()
    return info.api, info.offline, info.newest


if __name__ == "__main__":
    main()
