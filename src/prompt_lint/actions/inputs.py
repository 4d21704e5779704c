"""The inputs of an action. Each arrives as a variable, so that none stands in a script; docs/github.md says what they mean."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from prompt_lint.model.errors import Fatal

if TYPE_CHECKING:
    from collections.abc import Mapping


def read_input(env: Mapping[str, str], name: str) -> str:
    """Return the value without blanks around it, "" where it is left out. `name` is that of action.yml."""
    return env.get(f"INPUT_{name.upper().replace('-', '_')}", "").strip()


def read_lines(env: Mapping[str, str], name: str) -> list[str]:
    return split_lines(read_input(env, name))


def split_lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def refuse_link(path: str, env: Mapping[str, str]) -> None:
    """Raises `Fatal` where a link of the checkout would lead a file that is written to `path` elsewhere."""
    workspace = os.path.abspath(env["GITHUB_WORKSPACE"])
    top, full_path = os.path.realpath(workspace), os.path.join(os.getcwd(), path)
    if full_path.startswith(workspace + os.sep):  # which may itself be behind a link, as on macOS
        full_path = top + full_path[len(workspace) :]
    if not path or not full_path.startswith(top + os.sep):
        return
    folder = os.path.dirname(full_path)
    is_direct = os.path.normcase(os.path.realpath(folder)) == os.path.normcase(os.path.normpath(folder))
    if os.path.islink(full_path) or not is_direct:
        raise Fatal(
            f"{path} isn't written: a symbolic link of the checkout is in its way", "write it elsewhere"
        )
