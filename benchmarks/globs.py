"""Matching 100,000 paths: CPU time, and its ratio to pathspec's in the same run.

    python benchmarks/globs.py

Both agree on every path before anything is timed. The least of five rounds counts: noise only adds.
"""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING

from pathspec import PathSpec
from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern

from prompt_lint.text import patterns as globs

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

PATHS = 100_000
ROUNDS = 5

FOLDERS = [
    "src",
    "lib",
    "prompts",
    "docs",
    "tests",
    "chat",
    "system",
    "agents",
    "tools",
    "v1",
    "v2",
    "fixtures",
    "archive",
]
NAMES = ["main", "index", "readme", "review", "summary", "translate", "helpers", "model", "conftest"]
ENDINGS = [".py"] * 6 + [".ts"] * 4 + [".md"] * 2 + [".txt", ".json", ".yaml", ".html", ".css", ".prompt"]

LISTS: dict[str, list[str]] = {
    "5 patterns, by name": ["*.md", "*.txt", "*.prompt", "prompts/*.json", "CLAUDE.md"],
    "20 patterns, by folder": [
        f"{folder}/{name}" for folder in ("prompts/**", "src/**/system", "lib/chat", "agents", "docs/tools/**")
        for name in ("*.md", "*.txt", "v?-*.prompt", "[a-z]*.json")
    ],
    "20 patterns, some taken back": [
        *(f"**/{folder}/**/*.md" for folder in FOLDERS), "prompts/**", "!**/fixtures/", "!archive/", "!*.tmp",
        "prompts/v1/**", "!prompts/v1/tests/", "CLAUDE.md",
    ],
    "5 folders": ["**/fixtures/", "/docs/", "tests/", "prompts/archive/", "lib/**/v1/"],
}  # fmt: skip


def made_up_paths(count: int) -> list[str]:
    """As in a large repository: four folders deep on average, two files in seventeen of them Markdown."""
    chance = random.Random(7)
    return [
        "/".join(chance.choices(FOLDERS, k=chance.randint(1, 7)))
        + f"/{chance.choice(NAMES)}-{number}{chance.choice(ENDINGS)}"
        for number in range(count)
    ]


def milliseconds(match: Callable[[str], bool], paths: Sequence[str]) -> float:
    best = float("inf")
    for _ in range(ROUNDS):
        started = time.process_time()
        for path in paths:
            match(path)
        best = min(best, time.process_time() - started)
    return best * 1000


def main() -> None:
    paths = made_up_paths(PATHS)
    print(f"{PATHS:,} paths, CPU ms{'ours':>20}{'pathspec':>12}{'ratio':>8}{'matched':>10}")
    for name, patterns in LISTS.items():
        ours = globs.compile_patterns(patterns)
        theirs = PathSpec(
            [GitIgnoreSpecPattern(pattern) for pattern in patterns], backend="simple"
        ).match_file
        matched = sum(map(ours, paths))
        assert all(ours(path) == theirs(path) for path in paths)
        mine, yours = milliseconds(ours, paths), milliseconds(theirs, paths)
        print(f"{name:30}{mine:12.0f}{yours:12.0f}{mine / yours:8.2f}{matched:10,}")


if __name__ == "__main__":
    main()
