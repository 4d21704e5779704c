"""The scripts that let a shell complete the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.program import Done
    from tests.support.repo import Repo


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_prints_a_script(repo: Repo, lint: Callable[..., Done], shell: str) -> None:
    """What the shell's start-up file takes."""
    done = lint("completion", shell)

    assert done.code == 0
    assert "_PROMPT_LINT_COMPLETE" in done.out
