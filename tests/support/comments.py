"""Reports and environments of runs that comment on pull request 12."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.support import make
from tests.support.github_server import TOKEN, GitHubServer

from prompt_lint.model.errors import ExitCode
from prompt_lint.model.values import Base, Report
from prompt_lint.output import OUTPUTS, View

HEAD = "a" * 40
BASE = Base("b" * 40, "origin/main", "the merge base with origin/main")


def grown_report(tokens: int = 150, **fields: Any) -> Report:
    """A prompt that this change has made too large."""
    verdict = make.verdict("prompts/a.md", tokens, "over")._replace(
        change="changed", base_count=make.count(90, 2), growth=tokens - 90
    )
    return make.report(verdict, base=BASE, exit_code=ExitCode.OVER_LIMIT, **fields)


def unchanged_report() -> Report:
    """Nothing has changed, and nothing fails."""
    verdict = make.verdict("prompts/a.md", 50, "ok")._replace(
        change="unchanged", base_count=make.count(50, 2), growth=0
    )
    return make.report(verdict, base=BASE)


def save(report: Report, folder: Path) -> str:
    path = folder / "report.json"
    path.write_text(OUTPUTS["json"].render(report, View()), encoding="utf-8")
    return str(path)


def environment(
    server: GitHubServer, folder: Path, *, fork: bool = False, run_id: int = 7, **more: str
) -> dict[str, str]:
    """A run for pull request 12."""
    payload = {
        "pull_request": {
            "number": 12, "base": {"sha": "b" * 40, "ref": "main", "repo": {"full_name": "o/r"}},
            "head": {"sha": HEAD, "ref": "topic", "repo": {"full_name": "stranger/r" if fork else "o/r"}},
        }
    }  # fmt: skip
    path = folder / "event.json"
    path.write_text(json.dumps(payload), encoding="utf-8")
    return {
        "GITHUB_ACTIONS": "true", "GITHUB_API_URL": server.url, "GITHUB_REPOSITORY": "o/r", "GITHUB_TOKEN": TOKEN,
        "GITHUB_EVENT_NAME": "pull_request", "GITHUB_EVENT_PATH": str(path), "GITHUB_RUN_ID": str(run_id),
        "GITHUB_RUN_ATTEMPT": "1", **more,
    }  # fmt: skip


def finished_environment(server: GitHubServer, folder: Path, **fields: Any) -> dict[str, str]:
    """The `workflow_run` event that follows a run for a fork's pull request."""
    env = environment(server, folder) | {"GITHUB_EVENT_NAME": "workflow_run", "GITHUB_RUN_ID": "99"}
    run = {
        "id": 7, "run_attempt": 1, "event": "pull_request", "head_sha": HEAD, "head_branch": "topic",
        "head_repository": {"full_name": "stranger/r"}, **fields,
    }  # fmt: skip
    Path(env["GITHUB_EVENT_PATH"]).write_text(json.dumps({"workflow_run": run}), encoding="utf-8")
    return env
