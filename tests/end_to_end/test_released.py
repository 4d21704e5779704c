"""A release as its users get it, from a repository with tags: hooks that are updated to it, and the Action pinned to it."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml
from tests.support import composite
from tests.support.github_job import LONG, open_pull_request, workflow_job
from tests.support.paths import ROOT, load_tool
from tests.support.repo import ENVIRONMENT, Repo
from tests.support.wheels import OFFLINE

if TYPE_CHECKING:
    from tests.support.composite import Job

__all__ = ["workflow_job"]  # a fixture

pytestmark = pytest.mark.slow
release, set_address = load_tool("release"), load_tool("set_address")
ADDRESS = "an-owner/prompt-lint"
CONFIG = "models: [claude-sonnet-5-5]\nlimit: 50\nprompts:\n  - files: prompts/\n"


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Repo:
    """This repository with the releases 0.8.0 and 0.9.0, each made by tools/release.py, and work on the next one."""
    repo = Repo(tmp_path_factory.mktemp("published") / "prompt-lint")
    for name in subprocess.check_output(["git", "ls-files", "-z"], cwd=ROOT, text=True).split("\0"):
        if name and (ROOT / name).is_file():
            repo.write(name, (ROOT / name).read_bytes())
    repo.git("add", "--all")
    set_address.replace_address(repo.path, ADDRESS)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in ENVIRONMENT.items():
            patch.setenv(name, value)
        for version in ("0.8.0", "0.9.0"):
            changelog = repo.path / "CHANGELOG.md"
            changelog.write_text(
                changelog.read_text().replace("## [Unreleased]\n", "## [Unreleased]\n\n- A change.\n", 1)
            )
            repo.commit()
            release.make_release(repo.path, version, date(2026, 12, 1))
    repo.write("next.md")
    repo.commit("Work on the next release")
    return repo


@pytest.mark.parametrize(("manager", "command"), [("pre-commit", "autoupdate"), ("prek", "update")])
def test_hooks_are_updated_to_the_newest_release(
    manager: str, command: str, published: Repo, repo: Repo, tmp_path: Path
) -> None:
    """From the one before, to the tag of the version and never to the tag of the major version; and that one runs."""
    programs = Path(sys.executable).parent
    path = f"{programs}{os.pathsep}{os.environ['PATH']}"
    env = {"PATH": path, "HOME": str(tmp_path), **ENVIRONMENT, **OFFLINE}
    hooks = f"repos:\n  - repo: {published.path}\n    rev: v0.8.0\n    hooks: [{{id: prompt-lint}}]\n"
    repo.write(".pre-commit-config.yaml", hooks)
    repo.write(".prompt-lint.yaml", CONFIG)
    repo.write("prompts/a.md", LONG)
    repo.commit()

    updated = subprocess.run(
        [programs / manager, command], cwd=repo.path, env=env, capture_output=True, check=False
    )
    done = subprocess.run(
        [programs / manager, "run", "--all-files"], cwd=repo.path, env=env, capture_output=True, check=False, encoding="utf-8"
    )  # fmt: skip

    assert updated.returncode == 0, updated
    assert (repo.path / ".pre-commit-config.yaml").read_text() == hooks.replace("v0.8.0", "v0.9.0")
    assert done.returncode == 1, done
    assert "prompts/a.md" in done.stdout
    installed = {path.name for path in tmp_path.rglob("prompt_lint-*.dist-info")}
    assert installed == {"prompt_lint-0.9.0.dist-info"}


def test_the_pinned_action_is_the_release(
    published: Repo, repo: Repo, workflow_job: Job, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The commit that the example pins is that of the tag and of the major tag; checked out as a runner does, it installs and checks."""
    for name, value in OFFLINE.items():
        monkeypatch.setenv(name, value)
    example = published.path / "examples/workflows/prompts.yml"
    steps = yaml.safe_load(example.read_text())["jobs"]["prompts"]["steps"]
    [commit] = [
        step["uses"].removeprefix(f"{ADDRESS}@") for step in steps if step["uses"].startswith(ADDRESS)
    ]
    action = Repo(tmp_path / "action")
    action.git("fetch", "--quiet", "--depth=1", str(published.path), commit)
    action.git("checkout", "--quiet", "--detach", "FETCH_HEAD")
    workflow_job.actions, workflow_job.shell = {ADDRESS: action.path}, composite.bash
    open_pull_request(repo, workflow_job, {"prompts/b.md": LONG})

    done = composite.workflow(example, workflow_job)

    assert {published.git("rev-parse", f"{tag}^{{commit}}") for tag in ("v0.9.0", "v0")} == {commit}
    assert done.outcome == "failure"
    assert "prompts/b.md" in done.summary, done.log
    [version] = workflow_job.temp.rglob("prompt_lint/__init__.py")
    assert '__version__ = "0.9.0"' in version.read_text()
