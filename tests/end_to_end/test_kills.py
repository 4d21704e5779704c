"""Runs side by side that are killed at any moment: what they had saved is kept, and no output is half written."""

from __future__ import annotations

import json
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from itertools import count
from typing import TYPE_CHECKING

import pytest

from prompt_lint.cache.counts import FILE

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.repo import Repo

PROMPTS = 10

# Makes one run. Then it starts some for each line on stdin, kills one after the other, and prints their exit codes. They are
# forks, which have their modules imported already. After each kill, the output that they share must be a whole report.
KILLER = f"""
import json, os, random, signal, sys, time
from prompt_lint.cli import main

ARGUMENTS = ["check", "--cache-dir", sys.argv[1], "--output", "json=report.json"]
chance = random.Random(5)

def start():
    pid = os.fork()
    if pid:
        return pid
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    os._exit(main.run(ARGUMENTS))

def end(pid):
    time.sleep(chance.random() / 50)
    os.kill(pid, signal.SIGKILL)
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    with open("report.json", encoding="utf-8") as file:
        assert len(json.load(file)["verdicts"]) == {PROMPTS}
    return code

print([main.run(ARGUMENTS)], file=sys.stderr, flush=True)
for _ in sys.stdin:
    runs = [start() for _ in range(int(sys.argv[2]))]
    print([end(pid) for pid in runs], file=sys.stderr, flush=True)
"""


def write_prompts(repo: Repo, attempt: int) -> None:
    """Texts that no earlier attempt had."""
    for n in range(PROMPTS):
        repo.write(f"prompts/{n}.md", f"This is attempt {attempt} of prompt {n}.\n")


def read_rows(folder: Path) -> set[tuple[bytes, bytes]]:
    """Return all counts of a cache, as they are stored."""
    with closing(sqlite3.connect(folder / FILE)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        return set(connection.execute("SELECT k, v FROM entries"))


@pytest.mark.skipif(sys.platform == "win32", reason="has neither fork nor SIGKILL")
@pytest.mark.parametrize(("runs", "kills"), [(4, 4), pytest.param(20, 1_000, marks=pytest.mark.slow)])
def test_killed_runs_lose_no_count_and_no_output(repo: Repo, tmp_path: Path, runs: int, kills: int) -> None:
    """No saved count is lost or changed, those of a run that came to its end are all there, and the output is always whole."""
    repo.write(
        ".prompt-lint.yaml", "models: [claude-sonnet-4-6]\nlimit: 100\nprompts:\n  - files: prompts/*.md\n"
    )
    write_prompts(repo, 0)
    cache = tmp_path / "cache"
    killed = 0
    with subprocess.Popen(
        [sys.executable, "-P", "-c", KILLER, str(cache), str(runs)],
        cwd=repo.path, text=True, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
    ) as process:  # fmt: skip
        assert process.stdin
        assert process.stderr
        assert process.stderr.readline() == "[0]\n"
        saved = read_rows(cache)
        for attempt in count(1):
            write_prompts(repo, attempt)
            process.stdin.write("\n")
            process.stdin.flush()
            codes = json.loads(process.stderr.readline())
            rows = read_rows(cache)

            assert set(codes) <= {0, -signal.SIGKILL}
            assert rows >= saved
            assert len(rows - saved) in ([PROMPTS] if 0 in codes else [0, PROMPTS])
            saved, killed = rows, killed + codes.count(-signal.SIGKILL)
            if killed >= kills:
                break
