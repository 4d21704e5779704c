"""What `history` costs in a repository of 5,000 commits and 300 prompts: docs/scale.md keeps the figures.

    python benchmarks/history.py [COMMITS [PROMPTS]]

Each commit edits one prompt of about 4 kB; one in fifty renames it, one in a hundred removes it or brings it back.
Beside the prompts there are 2,000 other files, and two in three commits change one of them as well.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.measure import measure_memory, once
from benchmarks.repositories import make_text, make_words, run_git
from benchmarks.scale import LINT, write_file

if TYPE_CHECKING:
    from collections.abc import Iterator

COMMITS, PROMPTS, OTHERS = 5_000, 300, 2_000
SIZE = 4_000
CONFIG = "models: [claude-sonnet-5-5]\nlimit: 8k\nprompts:\n  - files: prompts/**/*.md\n"
# Six commits a day.
FIRST, STEP = 1_700_000_000, 14_400


def build(folder: Path, commits: int, prompts: int) -> None:
    """Commit the history, and check out its end."""
    run_git(folder, "init", "-q", "-b", "main")
    with subprocess.Popen(["git", "fast-import", "--quiet"], cwd=folder, stdin=subprocess.PIPE) as git:
        assert git.stdin
        for piece in list_commits(commits, prompts):
            git.stdin.write(piece)
    run_git(folder, "reset", "-q", "--hard")


def list_commits(commits: int, prompts: int) -> Iterator[bytes]:
    chance = random.Random(20261130)
    words = make_words(chance)
    texts = {
        f"prompts/team{number % 10}/p{number}.md": make_text(chance, words, SIZE) for number in range(prompts)
    }
    gone: list[str] = []
    yield from start_commit(0)
    yield from write_file(".prompt-lint.yaml", CONFIG)
    for number in range(OTHERS):
        yield from write_file(f"src/d{number // 100}/f{number}.py", f"x = {number}\n")
    for path, text in texts.items():
        yield from write_file(path, text)
    for number in range(1, commits):
        yield from start_commit(number)
        path = chance.choice(list(texts))
        if number % 3:
            yield from write_file(f"src/d{number % 20}/f{number % OTHERS}.py", f"x = {number}\n")
        if number % 100 == 0 and gone:
            path = gone.pop()
            texts[path] = make_text(chance, words, SIZE)
        elif number % 50 == 25:
            new = f"{path.removesuffix('.md')}-{number}.md"
            texts[new] = texts.pop(path)
            yield f"R {path} {new}\n".encode()
            path = new
        elif number % 100 == 50:
            del texts[path]
            gone.append(path)
            yield f"D {path}\n".encode()
            continue
        texts[path] = f"{texts[path]}{make_text(chance, words, 80)}\n"
        yield from write_file(path, texts[path])


def start_commit(number: int) -> Iterator[bytes]:
    yield b"commit refs/heads/main\ncommitter b <b@example.com> %d +0000\ndata 4\nmade\n" % (
        FIRST + STEP * number
    )


def main() -> None:
    for name in ("PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED", "CI"):
        os.environ.pop(name, None)
    commits, prompts = (*map(int, sys.argv[1:]), *(COMMITS, PROMPTS)[len(sys.argv) - 1 :])
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name, "repo")
        folder.mkdir()
        build(folder, commits, prompts)
        print(f"{commits:,} commits, {prompts:,} prompts")
        print("| command | first run: wall (CPU) | again: wall (CPU) | memory |")
        print("|---|--:|--:|--:|")
        for options in (
            ["--every", "week"],
            ["--every", "commit"],
            ["--every", "commit", "--output-format", "json"],
        ):
            command = [LINT, "history", *options, "--cache-dir", f"{name}/cache-{len(options)}-{options[1]}"]
            first, again = once(command, folder), once(command, folder)
            mib = measure_memory([*command[:-1], f"{name}/memory-{len(options)}-{options[1]}"], folder)
            costs = " | ".join(f"{cost.wall:.1f} s ({cost.cpu:.1f})" for cost in (first, again))
            print(f"| `{' '.join(command[1:-2])}` | {costs} | {mib * 1.048576:.0f} MB |", flush=True)


if __name__ == "__main__":
    main()
