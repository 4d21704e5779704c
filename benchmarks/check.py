"""`prompt-lint count` on one file, and the first offline `check` of a large repository, beside commands that everyone knows.

python benchmarks/check.py [--files 100000] [--prompts 10000] [--rounds 3]
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.measure import compare, table

BIN = Path(sys.executable).parent
MODELS = ("claude-sonnet-5-5", "claude-haiku-4-5")
CONFIG = """\
models: [claude-sonnet-5-5, claude-haiku-4-5]
limit: 8000
prompts:
  - files: "**/*.prompt.md"
"""


def words(chance: random.Random) -> list[str]:
    """A vocabulary as uneven as that of real prompts: some words over and over, many rarely."""
    letters = "etaoinshrdlucmfwypvbgkjqxz"
    spelled = ["".join(chance.choices(letters, k=chance.randint(1, 10))) for _ in range(20_000)]
    return [spelled[min(int(chance.paretovariate(0.6)), len(spelled)) - 1] for _ in range(200_000)]


def text(chance: random.Random, known: list[str], size: int) -> str:
    """About `size` characters of sentences under headings."""
    lines, length = [], 0
    while length < size:
        start = chance.randrange(len(known) - 20)
        line = " ".join(known[start : start + chance.randint(6, 18)]).capitalize() + chance.choice(
            [".", ":", "!"]
        )
        lines.append(f"## {line}" if chance.random() < 0.05 else line)
        length += len(line)
    return "\n".join(lines) + "\n"


def build(folder: Path, files: int, prompts: int) -> None:
    chance = random.Random(20261122)
    known = words(chance)
    for number in range(files):
        place = folder / f"d{number % 317}" / f"s{number % 13}"
        place.mkdir(parents=True, exist_ok=True)
        if number % (files // prompts) == 0:
            content = f"{number}\n" + text(chance, known, int(chance.lognormvariate(8.3, 0.9)) + 50)
            (place / f"f{number}.prompt.md").write_text(content)
        else:
            (place / f"f{number}.py").write_text(f"x = {number}\n")
    (folder / ".prompt-lint.yaml").write_text(CONFIG)
    git = ["git", "-c", "user.name=b", "-c", "user.email=b@example.com", "-c", "gc.auto=0"]
    for command in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "made"]):
        subprocess.run([*git, *command], cwd=folder, check=True)


def one_file(folder: Path, rounds: int) -> str:
    prompt = folder / "six-kilobytes.md"
    chance = random.Random(6)
    prompt.write_text(text(chance, words(chance), 6_000))
    commands = {
        'python -c "import click, yaml"': [sys.executable, "-c", "import click, yaml"],
        "prompt-lint count, newer family": [
            str(BIN / "prompt-lint"),
            "count",
            str(prompt),
            "--model",
            MODELS[0],
        ],
        "prompt-lint count, older family": [
            str(BIN / "prompt-lint"),
            "count",
            str(prompt),
            "--model",
            MODELS[1],
        ],
    }
    return table(compare(commands, folder, rounds), 'python -c "import click, yaml"')


def repository(folder: Path, rounds: int) -> str:
    commands = {
        "git status --porcelain": ["git", "status", "--porcelain"],
        "wc -c on the prompts": ["sh", "-c", "git ls-files -z '*.prompt.md' | xargs -0 wc -c"],
        "prompt-lint check, 1 model": [str(BIN / "prompt-lint"), "check", "-q", "--model", MODELS[0]],
        "prompt-lint check, 2 models": [str(BIN / "prompt-lint"), "check", "-q"],
    }
    return table(compare(commands, folder, rounds), "git status --porcelain")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--files", type=int, default=100_000)
    parser.add_argument("--prompts", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        print(f"One prompt of 6 kB, in a fresh process\n\n{one_file(folder, 5 * given.rounds)}\n")
        repo = folder / "repository"
        repo.mkdir()
        build(repo, given.files, given.prompts)
        size = sum(path.stat().st_size for path in repo.rglob("*.prompt.md"))
        print(
            f"First offline run: {given.prompts:,} prompts ({size / 1e6:.0f} MB) of {given.files:,} files\n"
        )
        print(repository(repo, given.rounds))


if __name__ == "__main__":
    main()
