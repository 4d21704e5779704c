"""The weekly look at the real API notices what has changed, here of an API on the loopback."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import pytest
from tests.support import api_server
from tests.support.api_server import KEY, ApiServer, always
from tests.support.paths import ROOT, load_tool
from tests.support.program import Done, call_main, run

from prompt_lint.cli import main

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.repo import Repo

TOOL = ROOT / "tools" / "canary.py"
canary = load_tool("canary")


@pytest.fixture
def key(api: ApiServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """A credential for the server; prompt-lint runs in this process."""
    monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)
    monkeypatch.setenv("ANTHROPIC_BASE_URL", api.url)

    def run_prompt_lint(folder: Path, *arguments: str) -> tuple[int, str, str]:
        return *call_main(main.main, arguments, dict(os.environ), folder), ""

    monkeypatch.setattr(canary, "run_prompt_lint", run_prompt_lint)


def test_it_is_content_with_what_it_knows(repo: Repo, api: ApiServer, key: None) -> None:
    """Five requests, five numbers as expected."""
    done = run(repo, sys.executable, TOOL)

    assert (done.code, done.err) == (0, "")
    assert len(api.requests) == 5
    assert "claude-haiku-4-5-20251001  text.md: 16, expected 14 to 18\n" in done.out
    assert done.out.endswith("\nthe API answers as it did\n")


def test_it_is_skipped_without_a_key(repo: Repo) -> None:
    """A fork has no secret, and no failing job either."""
    assert run(repo, sys.executable, TOOL) == Done(0, "skipped: ANTHROPIC_API_KEY is not set\n", "")


def test_it_notices_numbers_that_changed(
    api: ApiServer, key: None, capsys: pytest.CaptureFixture[str]
) -> None:
    """A tokenizer that changed fails the job with the family."""
    api.count = lambda model, fields: api_server.offline_count(model, fields) + 20

    assert canary.main() == 1

    printed = capsys.readouterr().out
    assert "changed: claude-haiku-4-5-20251001: offline counts of the tokenizer v3 run " in printed
    assert "changed: claude-opus-5: text.md: 3" in printed


@pytest.mark.parametrize("fault", ["missing_count", "string_count", "400", "401"])
def test_it_notices_responses_that_changed(
    api: ApiServer, key: None, capsys: pytest.CaptureFixture[str], fault: str
) -> None:
    """A renamed field, another type, a field or header that is no longer taken."""
    api.plan = always(fault)

    assert canary.main() == 1

    printed = capsys.readouterr().out
    assert "changed: claude-opus-5: " in printed
    assert KEY not in printed
