"""Runs in which everything, or nearly everything, is known, beside commands that everyone knows.

python benchmarks/known.py [--files 100000] [--prompts 10000] [--rounds 7] [--only A|B|C|D] [--hooks BIN]

A: a large repository, patterns below a folder and anywhere. ruff gets the same folders with a Python file for each
prompt and texts for the rest, and the Python files alone. B: five staged files, named; `--hooks` is the folder with
the programs of pre-commit-hooks. C: one changed file, two models, counted by a server on the loopback.
D: memory with ten times as many prompts, for the first offline run and for those after it.

"Without a record" are runs that know every count, but must find out what has changed (a variable of no consequence
sees to that): the price of the first run after a change. "After git add" is an answer that has to ask git what its index
says, since another file has just been staged.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.api import server
from benchmarks.check import text, words
from benchmarks.measure import Cost, compare, once, table
from tests.support.api_server import KEY

BIN = Path(sys.executable).parent
LINT = str(BIN / "prompt-lint")
# No flag does it without taking another way through the command line, which costs more.
NO_RECORD = ("env", "ANTHROPIC_CONFIG_DIR=/none")
MODELS = ("claude-sonnet-5-5", "claude-haiku-4-5", "claude-opus-4-6")
# File names and patterns.
BELOW, ANYWHERE = (
    ("prompts/d{0}/s{1}/f{2}.md", "prompts/**/*.md"),
    ("d{0}/s{1}/f{2}.prompt.md", "**/*.prompt.md"),
)


def configure(folder: Path, pattern: str, models: tuple[str, ...] = MODELS) -> None:
    lines = [f"models: [{', '.join(models)}]", "limit: 200000", "prompts:", f'  - files: "{pattern}"']
    (folder / ".prompt-lint.yaml").write_text("\n".join(lines) + "\n")


def git(folder: Path, *args: str) -> None:
    config = ["-c", "user.name=b", "-c", "user.email=b@example.com", "-c", "gc.auto=0"]
    subprocess.run(["git", *config, *args], cwd=folder, check=True)


def build(folder: Path, files: int, prompts: int, names: tuple[str, str]) -> None:
    """A repository of so many files, committed; so many of them are prompts of a kilobyte or so."""
    chance = random.Random(20261122)
    known = words(chance)
    for number in range(files):
        name = f"d{number % 317}/s{number % 13}/f{number}.py"
        content = f"x = {number}\n"
        if number % (files // prompts) == 0:
            name = names[0].format(number % 317, number % 13, number)
            content = f"{number}\n" + text(chance, known, int(chance.lognormvariate(7, 0.9)) + 50)
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    configure(folder, names[1])
    git(folder, "init", "-q")
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "made")


def python_files(folder: Path, files: int, prompts: int, names: tuple[str, str], *, alone: bool) -> None:
    """The folders of `build`: Python where it has prompts, and texts for the rest, unless the Python is `alone`."""
    for number in range(files):
        is_prompt = number % (files // prompts) == 0
        if alone and not is_prompt:
            continue
        name = names[0].format(number % 317, number % 13, number) if is_prompt else ""
        path = folder / (f"{name}.py" if name else f"d{number % 317}/s{number % 13}/f{number}.txt")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"x = {number}\n")


def settle(command: list[str], repo: Path) -> None:
    """Run until nothing is new: what was changed within the last two seconds isn't trusted yet."""
    for _ in range(3):
        once(command, repo)
        time.sleep(2.5)


def after_git_add(repo: Path, rounds: int, *paths: str) -> dict[str, Cost]:
    """Each run right after new contents of a file that is no prompt were staged. Apart from others, which it would cost more."""
    path = next(repo.glob("d1/s*/*.py"))

    def stage() -> None:
        path.write_text(f"x = {time.time_ns()}\n")
        git(repo, "add", str(path))

    return compare({"the same, after git add": [LINT, "check", "--offline", *paths]}, repo, rounds, stage)


def in_a_fresh_checkout(repo: Path, rounds: int) -> dict[str, Cost]:
    """Each run in a new clone, with the cache of the repository: every inode is new."""
    clone = repo.parent / f"{repo.name}-clone"

    def renew() -> None:
        shutil.rmtree(clone, ignore_errors=True)
        git(repo, "clone", "--quiet", str(repo), str(clone))

    return compare({"the same, in a fresh checkout": [LINT, "check", "--offline"]}, clone, rounds, renew)


def large(folder: Path, files: int, prompts: int, rounds: int) -> None:
    for name, names in (("below a folder", BELOW), ("anywhere", ANYWHERE)):
        repo = folder / names[1].replace("/", "_").replace("*", "x")
        build(repo, files, prompts, names)
        for alone in (False, True):
            python_files(folder / f"python{alone}{names is BELOW}", files, prompts, names, alone=alone)
        ruff = {
            f"ruff check, cached, {'alone' if alone else 'among as many'}": [
                "sh",
                "-c",
                f"cd {folder}/python{alone}{names is BELOW} && exec {BIN / 'ruff'} check -q .",
            ]
            for alone in (False, True)
        }
        settle([LINT, "check", "--offline"], repo)
        commands = {
            "git status --porcelain": ["git", "status", "--porcelain"],
            **ruff,
            "python -c pass": [sys.executable, "-c", "pass"],
            "prompt-lint check": [LINT, "check", "--offline"],
            "the same, without a record": [*NO_RECORD, LINT, "check", "--offline"],
        }
        print(
            f"\nA. {prompts:,} prompts {name} ({names[1]}) among {files:,} files, {len(MODELS)} models, all known\n"
        )
        costs = compare(commands, repo, rounds) | after_git_add(repo, rounds)
        costs |= in_a_fresh_checkout(repo, min(rounds, 3))
        print(table(costs, "git status --porcelain"))


def staged(folder: Path, hooks: str, rounds: int) -> None:
    repo = folder / "small"
    build(repo, 50, 5, BELOW)
    paths = [str(path.relative_to(repo)) for path in sorted(repo.rglob("*.md"))]
    git(repo, "rm", "-q", "--cached", *paths)
    git(repo, "commit", "-qm", "without")
    git(repo, "add", "-A")
    settle([LINT, "check", "--offline", *paths], repo)
    yardstick = [str(Path(hooks) / "check-added-large-files"), *paths]
    commands = {
        "check-added-large-files" if hooks else "python -c pass": yardstick
        if hooks
        else [sys.executable, "-c", "pass"],
        'python -c "import click"': [sys.executable, "-c", "import click"],
        "prompt-lint check": [LINT, "check", "--offline", *paths],
        "the same, without a record": [*NO_RECORD, LINT, "check", "--offline", *paths],
    }
    print("\nB. Five staged files, named, all known\n")
    costs = compare(commands, repo, 3 * rounds) | after_git_add(repo, 3 * rounds, *paths)
    print(table(costs, next(iter(commands))))


def changed(folder: Path, rounds: int) -> None:
    repo = folder / "changed"
    build(repo, 50, 5, BELOW)
    configure(repo, BELOW[1], MODELS[:2])
    path = next(repo.rglob("*.md"))
    with server(0, "0.15-0.4", "bare") as (url, _):
        os.environ |= {"ANTHROPIC_API_KEY": KEY, "ANTHROPIC_BASE_URL": url}
        once([LINT, "check"], repo)
        costs = []
        for number in range(3 * rounds):
            path.write_text(f"Version {number}.\n")
            costs.append(once([LINT, "check"], repo))
        del os.environ["ANTHROPIC_API_KEY"], os.environ["ANTHROPIC_BASE_URL"]
    middle = sorted(cost.cpu for cost in costs)[len(costs) // 2]
    print(f"\nC. One changed file, two models, by the API: {middle:.3f} s of CPU")


def memory(folder: Path, prompts: int) -> None:
    repo = folder / "many"
    build(repo, prompts, prompts, BELOW)
    print(f"\nD. {prompts:,} prompts: the most memory of any process\n")
    code = (
        "import resource, subprocess, sys; subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL);"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024, 'MiB')"
    )
    for number in (1, len(MODELS)):
        configure(repo, BELOW[1], MODELS[:number])
        for run in ("first run", "next run", "run that leaves a record", "answer from it"):
            if run == "run that leaves a record":
                time.sleep(2.5)
            command = [
                sys.executable,
                "-c",
                code,
                LINT,
                "check",
                "--offline",
                "--cache-dir",
                str(folder / f"D{number}"),
            ]
            done = subprocess.run(command, cwd=repo, capture_output=True, text=True, check=True)
            print(f"models: {number}, {run}: {done.stdout.strip()}")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--files", type=int, default=100_000)
    parser.add_argument("--prompts", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--only", default="ABCD")
    parser.add_argument("--hooks", default="")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ["PROMPT_LINT_CACHE_DIR"] = str(folder / "cache")
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        if "A" in given.only:
            large(folder, given.files, given.prompts, given.rounds)
        if "B" in given.only:
            staged(folder, given.hooks, given.rounds)
        if "C" in given.only:
            changed(folder, given.rounds)
        if "D" in given.only:
            memory(folder, 10 * given.prompts)


if __name__ == "__main__":
    main()
