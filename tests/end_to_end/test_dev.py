"""The first command of the README, in a fresh checkout."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from tests.support.paths import ROOT
from tests.support.wheels import OFFLINE

README = ROOT / "README.md"


@pytest.mark.slow
def test_the_example_needs_run_time_dependencies_only(tmp_path: Path) -> None:
    """It prints what the README shows, says each step on stderr, and a second run installs nothing."""
    checkout = tmp_path / "prompt-lint"
    subprocess.run(["git", "clone", "--quiet", "--depth=1", ROOT.as_uri(), checkout], check=True)
    python = Path(sys.base_prefix, "bin", "python3")
    command = [str(python), "tools/dev.py", "example"]
    env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), **OFFLINE}

    first, second = (
        subprocess.run(command, cwd=checkout, env=env, capture_output=True, check=False, encoding="utf-8") for _ in range(2)
    )  # fmt: skip

    [shown] = re.findall(
        r"<!-- example -->\n\n```text\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL
    )
    assert (first.returncode, first.stdout) == (1, shown), first.stderr
    assert [line for line in first.stderr.splitlines() if line.startswith("==>")] == [
        f"==> Making .venv (Python {sys.version.split()[0]})",
        "==> Installing run-time dependencies (requirements/run.txt)",
        "==> Checking the example: prompt-lint check --config examples/prompt-lint.yaml",
        "==> Exit code 1: a prompt is over its limit, as the example wants it",
    ]
    assert second.stdout == shown
    assert "Installing" not in second.stderr
    names = {path.name for path in checkout.glob(".venv/lib/python*/site-packages/*")}
    assert {"click", "anthropic"} <= names
    assert not names & {"pytest", "mypy", "pip", "rich"}
    size = sum(path.stat().st_size for path in checkout.joinpath(".venv").rglob("*") if not path.is_symlink())
    assert size < 120_000_000
