"""What a run says that exact counts need: only what it lacks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.support.api_server import KEY

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.program import Done
    from tests.support.repo import Repo

# One prompt whose limit lies inside its interval, and one that only the API can count.
CONFIG = "models: [claude-sonnet-4-6]\nprompts: [{files: a.md, limit: 24}, {files: b.json, limit: 99}]\n"
ONLY_API = '{"messages": [{"role": "user", "content": "a"}], "output_config": {"task_budget": {"total": 5}}}'


@pytest.mark.parametrize(
    ("key", "top", "arguments", "needs"),
    [
        ("", "", (), "set ANTHROPIC_API_KEY"),
        (KEY, "", ("--offline",), "run without --offline"),
        ("", "", ("--offline",), "set ANTHROPIC_API_KEY, and run without --offline"),
        (KEY, "counting: offline\n", (), "run with --counting auto"),
        (f"{KEY} ", "", ("--offline",), "run without --offline"),  # a key that would be refused
    ],
)
def test_advice_names_what_the_run_lacks_for_exact_counts(
    repo: Repo,
    lint: Callable[..., Done],
    monkeypatch: pytest.MonkeyPatch,
    key: str,
    top: str,
    arguments: tuple[str, ...],
    needs: str,
) -> None:
    """Nobody is advised to set a key that is set, or to leave out an option that wasn't given."""
    if key:
        monkeypatch.setenv("ANTHROPIC_API_KEY", key)
    repo.write(".prompt-lint.yaml", CONFIG + top)
    repo.write("a.md", "Greet the customer by name, and answer in one short sentence, please.\n")
    repo.write("b.json", ONLY_API)

    out = lint("check", *arguments).out

    assert f"or count with the API: {needs}.\n" in out
    assert f"\n          to count it with the API, {needs}; or exclude the file\n" in out
