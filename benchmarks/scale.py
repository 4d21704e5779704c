"""What a run costs in repositories of 1,000 to 1,000,000 files, beside `git status`: docs/scale.md keeps the table.

    python benchmarks/scale.py [SIZE …]

One file in a hundred is a prompt of a kilobyte, and there are ten projects. A million files take 4 GB and some minutes.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.measure import measure_memory, once
from benchmarks.repositories import make_text, make_words, run_git

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

LINT = str(Path(sys.executable).parent / "prompt-lint")
SIZES = (1_000, 10_000, 100_000)
PROJECTS, PROMPT_EVERY = 10, 100
CONFIG = 'models: [claude-sonnet-5-5]\nlimit: 8k\nprompts:\n  - files: "**/*.prompt.md"\n'


def build(folder: Path, size: int) -> str:
    """Commit and check out a repository of `size` files. Returns the path of one of its prompts."""
    chance = random.Random(20261130)
    words = make_words(chance)
    files = (make_file(number, chance, words) for number in range(size))
    run_git(folder, "init", "-q", "-b", "main")
    with subprocess.Popen(["git", "fast-import", "--quiet"], cwd=folder, stdin=subprocess.PIPE) as git:
        assert git.stdin
        for piece in list_commit(files):
            git.stdin.write(piece)
    run_git(folder, "reset", "-q", "--hard")
    return make_path(0)


def make_path(number: int) -> str:
    name = f"f{number}.prompt.md" if number % PROMPT_EVERY == 0 else f"f{number}.py"
    return f"project{number // PROMPT_EVERY % PROJECTS}/d{number // 1000}/{name}"


def make_file(number: int, chance: random.Random, words: Sequence[str]) -> tuple[str, str]:
    if number % PROMPT_EVERY:
        return make_path(number), f"x = {number}\n"
    return make_path(number), f"{number}\n{make_text(chance, words, 1000)}"


def list_commit(files: Iterator[tuple[str, str]]) -> Iterator[bytes]:
    yield b"commit refs/heads/main\ncommitter b <b@example.com> 1790000000 +0000\ndata 4\nmade\n"
    for project in range(PROJECTS):
        yield from write_file(f"project{project}/.prompt-lint.yaml", CONFIG)
    for path, text in files:
        yield from write_file(path, text)


def write_file(path: str, text: str) -> Iterator[bytes]:
    data = text.encode()
    yield b"M 644 inline %s\ndata %d\n%s\n" % (path.encode(), len(data), data)


def measure(size: int) -> str:
    """Return a row of the table."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        prompt = build(folder, size)
        lint = [LINT, "check", "--offline", "--cache-dir", f"{name}.cache", "-q"]
        status = once(["git", "status", "--porcelain"], folder)
        mib = measure_memory(lint, folder)
        time.sleep(2.5)  # younger files aren't kept by their stamps
        once(lint, folder)
        warm = once(lint, folder)
        with (folder / prompt).open("a") as file:
            file.write("One more line.\n")
        run_git(folder, "add", prompt)
        hook = once([*lint, "--base", "hook", "--allow-unmatched"], folder)
        base = once([*lint, "--base", "HEAD"], folder)
        figures = "".join(f" {cost.wall:.2f} ({cost.cpu:.2f}) |" for cost in (status, warm, hook, base))
        return f"| {size:,} | {size // PROMPT_EVERY:,} |{figures} {mib * 1.048576:.0f} MB |"


def main() -> None:
    for name in ("PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED", "CI"):
        os.environ.pop(name, None)
    print("| files | prompts | git status | check | hook | check --base | memory of the first |")
    print("|--:|--:|--:|--:|--:|--:|--:|")
    for size in map(int, sys.argv[1:] or SIZES):
        print(measure(size), flush=True)


if __name__ == "__main__":
    main()
