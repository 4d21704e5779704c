"""`check --base` in a large repository of which a change touches little, beside `git diff --stat` on the same pair.

python benchmarks/base.py [--files 100000] [--prompts 10000] [--changed 50] [--rounds 7]

Everything but the change is known: its counts are kept from an earlier run, as they are in CI with a restored cache.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.known import BELOW, LINT, MODELS, build, git
from benchmarks.measure import compare, once, table


def change(repo: Path, number: int) -> None:
    """Prompts that grow by a sentence, on a branch of their own, committed."""
    git(repo, "branch", "-M", "main")
    git(repo, "checkout", "-q", "-b", "topic")
    prompts = sorted(repo.glob("prompts/**/*.md"))
    for path in prompts[:: max(1, len(prompts) // number)][:number]:
        path.write_text(path.read_text() + "One sentence more than before.\n")
    git(repo, "commit", "-q", "-a", "-m", "changed")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--files", type=int, default=100_000)
    parser.add_argument("--prompts", type=int, default=10_000)
    parser.add_argument("--changed", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=7)
    given = parser.parse_args()
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    with tempfile.TemporaryDirectory() as name:
        repo = Path(name) / "repo"
        os.environ["PROMPT_LINT_CACHE_DIR"] = str(Path(name) / "cache")
        build(repo, given.files, given.prompts, BELOW)
        once([LINT, "check", "--offline"], repo)
        change(repo, given.changed)
        commands = {
            "git diff --stat main": ["git", "diff", "--stat", "main"],
            "git diff --stat main topic": ["git", "diff", "--stat", "main", "topic"],
            "git status --porcelain": ["git", "status", "--porcelain"],
            "prompt-lint check": [LINT, "check", "--offline", "--limit", "200000"],
            "prompt-lint check --base main": [LINT, "check", "--offline", "--base", "main"],
        }
        print(
            f"\n{given.changed:,} of {given.prompts:,} prompts changed among {given.files:,} files, "
            f"{len(MODELS)} models\n"
        )
        print(table(compare(commands, repo, given.rounds), "git diff --stat main"))


if __name__ == "__main__":
    main()
