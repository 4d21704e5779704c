"""A job of GitHub Actions in which our actions run: its checkout, its event, its caches. Fixtures and what fills them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.support import composite
from tests.support.composite import Job
from tests.support.github_server import TOKEN, GitHubServer, pull
from tests.support.json_schema import validate
from tests.support.paths import ROOT
from tests.support.program import SCHEMA

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tests.support.composite import Run
    from tests.support.repo import Repo

CONFIG = "models: [claude-sonnet-5-5]\nlimit: 100\nprompts:\n  - files: prompts/*.md\n"
SHORT, LONG = "Be brief.\n", "Say it again, and again. " * 60 + "\n"
HEAD = "a" * 40
# The names by which workflows use the actions of this repository.
ACTIONS = {
    "OWNER/prompt-lint": ROOT, "OWNER/prompt-lint/comment": ROOT / "comment", "OWNER/prompt-lint/report": ROOT / "report",
    "./": ROOT,
}  # fmt: skip


class Caches:
    """`actions/cache`: what was saved, by its key, and what was asked for."""

    def __init__(self) -> None:
        self.saved: list[tuple[str, dict[str, bytes]]] = []
        self.restored: list[Mapping[str, str]] = []

    def save(self, inputs: Mapping[str, str], _: Job) -> Mapping[str, str]:
        folder = Path(inputs["path"])
        if folder.exists():  # the real one warns, and passes
            files = {path.name: path.read_bytes() for path in folder.iterdir()}
            self.saved.append((inputs["key"], files))
        return {}

    def restore(self, inputs: Mapping[str, str], _: Job) -> Mapping[str, str]:
        self.restored.append(inputs)
        folder = Path(inputs["path"])
        prefixes = [inputs["key"], *inputs["restore-keys"].split()]
        for key, files in reversed(self.saved):
            if any(key.startswith(prefix) for prefix in prefixes):
                folder.mkdir(exist_ok=True)
                for name, data in files.items():
                    (folder / name).write_bytes(data)
                return {"cache-matched-key": key}
        return {}


@pytest.fixture
def caches() -> Caches:
    return Caches()


@pytest.fixture
def job(repo: Repo, tmp_path: Path, caches: Caches) -> Job:
    """A job whose checkout is an empty repository, and whose scripts run in this process.

    `open_pull_request` makes it one of a pull request; with `job.shell = composite.bash` its scripts run as on GitHub.
    """
    home, temp = tmp_path / "home", tmp_path / "runner"
    home.mkdir()
    temp.mkdir()
    github = {
        "event_name": "push", "event_path": str(tmp_path / "event.json"), "repository": "o/r", "ref": "refs/heads/main",
        "ref_type": "branch", "sha": "0" * 40, "workflow": "CI", "job": "prompts", "run_id": "7", "run_attempt": "1",
        "actor": "somebody", "token": "ghs_canary", "api_url": "https://api.github.invalid",
    }  # fmt: skip
    stubs: dict[str, composite.Stub] = {
        "actions/setup-python": composite.setup_python,
        "actions/cache/save": caches.save,
        "actions/cache/restore": caches.restore,
    }
    job = Job(repo.path, temp, home, github, stubs=stubs, shell=composite.in_process)
    set_event(job, "push", {})
    return job


@pytest.fixture
def workflow_job(job: Job) -> Job:
    """A job that finds the Action by its name; what is uploaded is kept in `job.variables`."""

    def upload(given: Mapping[str, str], job: Job) -> Mapping[str, str]:
        with open(job.workspace / (given.get("path") or given["sarif_file"]), encoding="utf-8") as file:
            job.variables["uploaded"] = file.read()
        return {}

    def checkout(given: Mapping[str, str], _: Job) -> Mapping[str, str]:
        assert given["persist-credentials"] == "false"
        return {}

    job.actions = dict(ACTIONS)
    job.stubs |= {
        "actions/checkout": checkout, "actions/upload-artifact": upload, "github/codeql-action/upload-sarif": upload,
    }  # fmt: skip
    return job


def forget_counts(job: Job) -> None:
    """Empty the runner's temporary folder of counts, as a new job finds it."""
    for folder in job.temp.glob("prompt-lint-counts-*"):
        shutil.rmtree(folder)


def set_event(job: Job, name: str, payload: Any, **github: str) -> None:
    """Let the job be run for an event; `github` are further values of that context."""
    job.github.update({"event_name": name, **github})
    payload = {"repository": {"default_branch": "main"}} | payload
    Path(job.github["event_path"]).write_text(json.dumps(payload), encoding="utf-8")


def commit_base(repo: Repo, *, long: bool = False) -> str:
    """Commit a short prompt, and perhaps one that is over its limit; return the commit's id."""
    repo.write(".prompt-lint.yaml", CONFIG)
    repo.write("prompts/a.md", SHORT)
    if long:
        repo.write("prompts/old.md", LONG)
    return repo.commit()


def open_pull_request(
    repo: Repo,
    job: Job,
    files: Mapping[str, str | bytes],
    *,
    fork: bool = False,
    long: bool = False,
    labels: Sequence[str] = (),
) -> None:
    """Make the job one of a pull request with these files, whose merge is checked out as `actions/checkout` does."""
    base = commit_base(repo, long=long)
    repo.git("checkout", "--quiet", "-b", "topic")
    for name, content in files.items():
        repo.write(name, content)
    head = repo.commit()
    repo.git("checkout", "--quiet", "--detach", base)
    repo.git("merge", "--quiet", "--no-ff", "-m", "Merge", head)
    merge = repo.git("rev-parse", "HEAD")
    payload = {
        "number": 12,
        "pull_request": {
            "number": 12,
            "labels": [{"name": label} for label in labels],
            "base": {"sha": base, "ref": "main", "repo": {"full_name": "o/r"}},
            "head": {"sha": head, "ref": "topic", "repo": {"full_name": "stranger/r" if fork else "o/r"}},
        },
    }
    refs = {"ref": "refs/pull/12/merge", "base_ref": "main", "head_ref": "topic"}
    set_event(job, "pull_request", payload, sha=merge, **refs)


def set_labels(job: Job, labels: Sequence[str]) -> None:
    """Give the pull request of the job these labels."""
    event = Path(job.github["event_path"])
    payload = json.loads(event.read_text(encoding="utf-8"))
    payload["pull_request"]["labels"] = [{"name": label} for label in labels]
    event.write_text(json.dumps(payload), encoding="utf-8")


def follow_fork(job: Job, server: GitHubServer, artifact: Mapping[str, bytes] | None) -> None:
    """Make the job one of `workflow_run`, after a fork's run that has left this artifact; nothing is checked out."""

    def download(inputs: Mapping[str, str], _: Job) -> Mapping[str, str]:
        assert inputs["run-id"] == "7"
        if artifact is None:
            raise composite.Failed("Artifact not found")
        shutil.rmtree(inputs["path"], ignore_errors=True)
        for name, data in artifact.items():
            path = Path(inputs["path"], name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        return {}

    run = {
        "id": 7, "run_attempt": 1, "event": "pull_request", "head_sha": HEAD, "head_branch": "topic",
        "head_repository": {"full_name": "stranger/r"},
    }  # fmt: skip
    set_event(job, "workflow_run", {"workflow_run": run}, run_id="99", api_url=server.url, token=TOKEN)
    job.github["event"] = {"workflow_run": run}
    job.stubs["actions/download-artifact"] = download
    server.pulls = [pull(12, HEAD)]


def read_report(run: Run) -> Any:
    """The JSON report that a run has left, validated by its schema."""
    report = json.loads(Path(run.outputs["report-file"]).read_bytes())
    validate(report, SCHEMA)
    return report
