"""Runs of prompt-lint whose outputs the documentation shows."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def make_pull_request(repo: Path) -> None:
    """Make a repository with the change that examples/pull_request.py describes."""
    _run("examples/pull_request.py", str(repo), cwd=ROOT)


def run_prompt_lint(*arguments: str, cwd: Path, exit_code: int = 0) -> str:
    """Run prompt-lint with next to no environment; return its stdout. Ends this program where the exit code is another one."""
    return _run("-P", "-m", "prompt_lint", *arguments, cwd=cwd, exit_code=exit_code)


def _run(*arguments: str, cwd: Path, exit_code: int = 0) -> str:
    env = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT", "TEMP", "TMPDIR") if name in os.environ}
    done = subprocess.run(
        [sys.executable, *arguments], cwd=cwd, env=env, check=False, capture_output=True, encoding="utf-8"
    )
    if done.returncode != exit_code:
        sys.exit(f"{arguments} ended with {done.returncode}:\n{done.stderr}")
    return done.stdout
