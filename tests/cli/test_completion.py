"""The scripts that let a shell complete the command line. What they do in real shells, tests/end_to_end/test_completion.py tries."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from prompt_lint.cli.completion import REPAIRS

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.program import Done
    from tests.support.repo import Repo


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish", "powershell"])
def test_completion_prints_a_script(repo: Repo, lint: Callable[..., Done], shell: str) -> None:
    """Click's, with what it lacks: in another version of Click each repair must still find its place."""
    done = lint("completion", shell)

    assert done.code == 0
    assert "_PROMPT_LINT_COMPLETE" in done.out
    assert [replacement for _, replacement in REPAIRS[shell] if replacement not in done.out] == []
