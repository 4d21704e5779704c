"""What the Action adds to a job, in seconds: `python -m benchmarks.action`. On this machine; setting Python up and caches are stubs."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from pathlib import Path

from tests.support import composite
from tests.support.composite import Job
from tests.support.paths import ROOT
from tests.support.repo import Repo

RUNS = 3
PROMPTS = 51


def main() -> None:
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    with tempfile.TemporaryDirectory() as folder:
        repo = repository(Path(folder, "repo"))
        for number in range(RUNS):
            temp = Path(folder, f"temp{number}")
            temp.mkdir()
            first = timed(repo, temp, Path(folder))
            known = timed(repo, temp, Path(folder))
            for folder_of_counts in temp.glob("prompt-lint-counts-*"):
                shutil.rmtree(folder_of_counts)
            unknown = timed(repo, temp, Path(folder))
            print(
                f"all {first:4.1f} s, of which installing {first - unknown:4.1f} s and checking {unknown:4.1f} s; {known:4.1f} s with known counts"
            )


def repository(path: Path) -> Repo:
    repo = Repo(path)
    repo.write(
        ".prompt-lint.yaml", "models: [claude-sonnet-5-5]\nlimit: 8000\nprompts:\n  - files: prompts/*.md\n"
    )
    source = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
    for number in range(PROMPTS):
        repo.write(f"prompts/{number}.md", f"# {number}\n{source[number * 100 :][:8000]}")
    repo.commit()
    return repo


def timed(repo: Repo, temp: Path, folder: Path) -> float:
    """The whole action, with what its own steps take."""
    github = {
        "event_name": "push", "event_path": "", "repository": "o/r", "ref": "refs/heads/main", "workflow": "CI", "job": "j",
        "run_id": "1", "run_attempt": "1", "sha": "0" * 40, "token": "",
    }  # fmt: skip
    nothing: composite.Stub = lambda _, __: {}  # noqa: E731  # a stub is an expression
    stubs = {
        "actions/setup-python": composite.setup_python,
        "actions/cache/save": nothing,
        "actions/cache/restore": nothing,
    }
    began = time.perf_counter()
    done = composite.run(ROOT, Job(repo.path, temp, folder, github, stubs=stubs))
    assert done.outcome == "success", done.log
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
