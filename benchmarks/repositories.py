"""Repositories to measure in: texts as uneven as real prompts, folders as people lay them out."""

from __future__ import annotations

import random
import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

MODELS = ("claude-sonnet-5-5", "claude-haiku-4-5", "claude-opus-4-6")
PLUGINS, AGENTS, COMMANDS, SKILLS = 24, 16, 13, 19


def run_git(folder: Path, *arguments: str) -> None:
    settings = ["-c", "user.name=b", "-c", "user.email=b@example.com", "-c", "gc.auto=0"]
    subprocess.run(["git", *settings, *arguments], cwd=folder, check=True)


def make_words(chance: random.Random) -> list[str]:
    """Some words over and over, many rarely."""
    letters = "etaoinshrdlucmfwypvbgkjqxz"
    spelled = ["".join(chance.choices(letters, k=chance.randint(1, 10))) for _ in range(20_000)]
    return [spelled[min(int(chance.paretovariate(0.6)), len(spelled)) - 1] for _ in range(200_000)]


def make_text(chance: random.Random, words: Sequence[str], size: int) -> str:
    """About `size` characters of sentences under headings."""
    lines, length = [], 0
    while length < size:
        start = chance.randrange(len(words) - 20)
        sentence = " ".join(words[start : start + chance.randint(6, 18)]).capitalize()
        line = sentence + chance.choice([".", ":", "!"])
        lines.append(f"## {line}" if chance.random() < 0.05 else line)
        length += len(line)
    return "\n".join(lines) + "\n"


def build_plugins(folder: Path) -> list[str]:
    """1,152 agents, commands and skills of 24 plugins, a rule for each plugin. Returns the paths of the skills."""
    chance = random.Random(20261129)
    words = make_words(chance)
    paths = []
    for plugin in range(PLUGINS):
        top = f"plugins/p{plugin:02}"
        paths += [f"{top}/agents/a{number}.md" for number in range(AGENTS)]
        paths += [f"{top}/commands/c{number}.md" for number in range(COMMANDS)]
        paths += [f"{top}/skills/s{number}/SKILL.md" for number in range(SKILLS)]
    for path in paths:
        name = path.split("/")[3].removesuffix(".md")
        description = " ".join(words[chance.randrange(1000) :][:12])
        front = f"---\nname: {name}\ndescription: {description}\n---\n\n"
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(front + make_text(chance, words, int(chance.lognormvariate(8.3, 0.7)) + 50))
    rules = "".join(f"  - files: plugins/p{plugin:02}/**/*.md\n" for plugin in range(PLUGINS))
    (folder / ".prompt-lint.yaml").write_text(f"models: [{MODELS[0]}]\nlimit: 30000\nprompts:\n{rules}")
    run_git(folder, "init", "-q")
    run_git(folder, "add", "-A")
    run_git(folder, "commit", "-qm", "made")
    return [path for path in paths if path.endswith("SKILL.md")]


def build_large(folder: Path, files: int, prompts: int, name: str, pattern: str) -> None:
    """A repository of so many files, so many of them prompts of a kilobyte or so, of which `name` makes the paths."""
    chance = random.Random(20261122)
    words = make_words(chance)
    for number in range(files):
        path, content = f"d{number % 317}/s{number % 13}/f{number}.py", f"x = {number}\n"
        if number % (files // prompts) == 0:
            path = name.format(number % 317, number % 13, number)
            content = f"{number}\n" + make_text(chance, words, int(chance.lognormvariate(7, 0.9)) + 50)
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)
    configure(folder, pattern, MODELS)
    run_git(folder, "init", "-q")
    run_git(folder, "add", "-A")
    run_git(folder, "commit", "-qm", "made")


def configure(folder: Path, pattern: str, models: Sequence[str]) -> None:
    text = f'models: [{", ".join(models)}]\nlimit: 200000\nprompts:\n  - files: "{pattern}"\n'
    (folder / ".prompt-lint.yaml").write_text(text)
