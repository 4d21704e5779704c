"""A run of prompt-lint from the outside: what it printed, and how it ended."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

import jsonschema
import pytest
from tests.support.paths import ROOT

from prompt_lint.cli import main

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.repo import Repo

SCHEMA = json.loads((ROOT / "docs/report.schema.json").read_text(encoding="utf-8"))


class Done(NamedTuple):
    code: int
    out: str
    err: str

    @property
    def report(self) -> Any:
        """The JSON report, which is what its schema says."""
        assert self.out, self.err
        found = json.loads(self.out)
        jsonschema.validate(found, SCHEMA)
        return found

    @property
    def verdicts(self) -> dict[tuple[str, str], tuple[int | None, str | None, str]]:
        """(path, model) → tokens, origin, status."""
        return {
            (v["path"], v["model"]): (v["tokens"], v["origin"], v["status"]) for v in self.report["verdicts"]
        }


@pytest.fixture
def lint(
    repo: Repo, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Callable[..., Done]:
    """Runs prompt-lint at the top of the repository, in this process."""
    monkeypatch.chdir(repo.path)

    def run(*arguments: str) -> Done:
        code = main.run(arguments)
        return Done(code, *capfd.readouterr())

    return run
