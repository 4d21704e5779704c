"""The actions as GitHub's runner runs them: bash, a real installation, real Python and git; only `uses:` is stubbed.

What a detail does is held by tests/actions, which runs the same steps in one process.
"""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from tests.support import composite
from tests.support.admin_server import ADMIN_KEY, WORKSPACES, AdminServer, busy
from tests.support.github_job import (
    LONG,
    follow_fork,
    forget_counts,
    open_pull_request,
    read_report,
    set_event,
)
from tests.support.github_server import REQUEST_TOKEN, TOKEN
from tests.support.paths import ROOT
from tests.support.wheels import OFFLINE

from prompt_lint.cache.counts import FILE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.composite import Job
    from tests.support.github_job import Caches
    from tests.support.github_server import GitHubServer
    from tests.support.repo import Repo


@pytest.fixture(scope="module")
def runner_temp(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The runner's temporary folder, where the first use installs what the others find."""
    return tmp_path_factory.mktemp("runner")


@pytest.fixture
def real_job(job: Job, runner_temp: Path, monkeypatch: pytest.MonkeyPatch) -> Job:
    """A job whose scripts are run by bash. Packages come from the wheels of the set-up."""
    for name, value in OFFLINE.items():
        monkeypatch.setenv(name, value)
    job.temp, job.shell = runner_temp, composite.bash
    return job


@pytest.fixture
def admin(loopback: None) -> Iterator[AdminServer]:
    """A busy organization of today."""
    now = datetime.now(UTC)
    with AdminServer(busy(now, 40)) as server:
        server.now = now
        server.workspaces = list(WORKSPACES)
        yield server


def test_nothing_in_the_workspace_is_imported_or_obeyed(
    repo: Repo, real_job: Job, admin: AdminServer, tmp_path: Path, runner_temp: Path
) -> None:
    """Modules, pip's and uv's settings, hooks: none of it has run, neither in the installation nor in the two actions."""
    mark = tmp_path / "mark"
    trap = f"import pathlib\npathlib.Path({str(mark)!r}).touch()\nraise SystemExit(99)\n"
    modules = (
        "click.py", "yaml.py", "json.py", "sitecustomize.py", "usercustomize.py", "prompt_lint/__init__.py", "pip/__init__.py",
        "pip/__main__.py", "venv.py", "site.py",
    )  # fmt: skip
    files: dict[str, str | bytes] = dict.fromkeys(modules, trap)
    files |= {
        "pyproject.toml": '[build-system]\nrequires = ["evil"]\nbuild-backend = "evil"\nbackend-path = ["."]\n'
        '[tool.uv]\nindex-url = "http://127.0.0.1:9/"\n',
        "uv.toml": 'index-url = "http://127.0.0.1:9/"\n',
        "pip.conf": "[global]\nindex-url = http://127.0.0.1:9/\n",
        "setup.cfg": "[easy_install]\nindex_url = http://127.0.0.1:9/\n",
        "requirements/run.txt": "evil\n",
        "tools/install.py": trap,
        ".env": "ANTHROPIC_API_KEY=sk-ant-api03-stolen-stolen-stolen\n",
        "bash_env": f"touch {mark}\n",
    }
    open_pull_request(repo, real_job, {**files, "prompts/b.md": LONG})
    real_job.env |= {
        "PYTHONPATH": str(repo.path),
        "PIP_CONFIG_FILE": "pip.conf",
        "PIP_TARGET": str(tmp_path / "target"),
        "PIP_REQUIREMENT": "evil.txt",
        "PROMPT_LINT_ADMIN_URL": admin.url,
    }
    assert not [*runner_temp.iterdir()]  # the first test of this file, which so installs

    checked = composite.run(ROOT, real_job)
    set_event(real_job, "schedule", {}, ref="refs/heads/main", base_ref="", head_ref="")
    reported = composite.run(ROOT / "report", real_job, {"anthropic-admin-key": ADMIN_KEY})

    assert checked.outputs["status"] == "fail", checked.log
    assert reported.outcome == "success", reported.log
    assert reported.step("Report").summary.startswith("## Claude usage and cost")
    assert not mark.exists()
    assert not (tmp_path / "target").exists()


def test_a_pull_request_is_checked_and_commented(
    repo: Repo, real_job: Job, caches: Caches, github: GitHubServer
) -> None:
    """All that packages need is there, though nobody looks at that in the installation; a second use installs nothing."""
    real_job.github |= {"api_url": github.url, "token": TOKEN}
    open_pull_request(repo, real_job, {"prompts/b.md": LONG})
    forget_counts(real_job)

    done = composite.run(ROOT, real_job, {"comment": "true"})

    assert (done.outcome, done.step("Comment").outcome) == ("failure", "success"), done.log
    assert (done.outputs["status"], done.outputs["over"]) == ("fail", "1")
    check = done.step("Check the prompts")
    assert [command.properties["file"] for command in check.annotations("error")] == ["prompts/b.md"]
    assert check.summary.startswith("### ❌ 1 of 2 prompts over its limit")
    assert "prompts/b.md" in github.comments[12][0]["body"]
    assert [FILE in files for _, files in caches.saved] == [True]

    python = done.step("Install prompt-lint").outputs["python"]
    pip = [sys.executable, "-I", "-m", "pip", "--python", python, "check"]
    assert subprocess.run(pip, capture_output=True, check=False).returncode == 0
    again = composite.run(ROOT, real_job)
    assert again.step("Install prompt-lint").outputs["python"] == python
    assert again.outputs["total"] == done.outputs["total"]


def test_the_comment_of_a_fork_is_made_by_the_next_workflow(
    repo: Repo, real_job: Job, github: GitHubServer, tmp_path: Path
) -> None:
    """The report that the first workflow uploads is what the second one comments, with nothing checked out."""
    open_pull_request(repo, real_job, {"prompts/b.md": LONG}, fork=True)
    report = json.dumps(read_report(composite.run(ROOT, real_job))).encode()
    follow_fork(real_job, github, {"report.json": report})
    real_job.workspace = tmp_path / "empty"
    real_job.workspace.mkdir()

    done = composite.run(ROOT / "comment", real_job)

    assert done.outcome == "success", done.log
    assert "`prompts/b.md`" in github.comments[12][0]["body"]


@pytest.mark.slow
def test_the_sdk_that_is_installed_exchanges_the_token_of_the_job(
    repo: Repo, real_job: Job, github: GitHubServer
) -> None:
    """Python compiles the whole SDK for it. tests/actions has the details."""
    open_pull_request(repo, real_job, {"prompts/b.md": LONG})
    real_job.env |= {
        "ANTHROPIC_BASE_URL": github.url, "ACTIONS_ID_TOKEN_REQUEST_URL": f"{github.url}/oidc?api-version=2.0",
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN": REQUEST_TOKEN,
    }  # fmt: skip
    identity = {
        "anthropic-federation-rule-id": "fdrl_1", "anthropic-organization-id": "00000000-0000-0000-0000-000000000001",
    }  # fmt: skip

    done = composite.run(ROOT, real_job, identity)

    assert read_report(done)["summary"]["api"] == 2, done.log
    assert len(github.exchanged) == 1
