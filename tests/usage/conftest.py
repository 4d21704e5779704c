"""The command in this process, at a set time, and organizations that it reports on."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from tests.support.admin_server import ADMIN_KEY, AdminServer
from tests.support.organizations import NOW, organization

from prompt_lint.cli import main
from prompt_lint.usage import report

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Run = Callable[..., "Done"]


class Done(NamedTuple):
    code: int
    out: str
    err: str


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    """Run `prompt-lint report` at `NOW` in an empty folder, with the key of an organization."""
    monkeypatch.setenv("ANTHROPIC_ADMIN_KEY", ADMIN_KEY)
    monkeypatch.chdir(tmp_path)
    run_report = report.run

    @wraps(run_report)
    def run_at_set_time(env: Any, options: Any, output: Any, _now: Any, describe_input: Any) -> Any:
        return run_report(env, options, output, NOW, describe_input)

    monkeypatch.setattr(report, "run", run_at_set_time)

    def start(server: AdminServer | None, *arguments: str) -> Done:
        if server:
            monkeypatch.setenv("PROMPT_LINT_ADMIN_URL", server.url)
        code = main.run(["report", *arguments])
        return Done(code, *capfd.readouterr())

    return start


@pytest.fixture
def server(loopback: None, request: pytest.FixtureRequest) -> Iterator[AdminServer]:
    """A running organization; the busy one where a test names none."""
    with organization(getattr(request, "param", "busy")) as running:
        yield running
