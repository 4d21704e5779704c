"""What prompt-lint costs as people run it: one table, every row beside a named command in the same run.

    python benchmarks/run.py [--rounds 7] [--only hook,first,warm,large,fresh,key,rate,tokenizer,memory] [--tools BIN]

`--tools` is the folder with the programs of pre-commit-hooks and skillsaw (`pip install pre-commit-hooks skillsaw`);
without it, their rows are measured beside `python -c "import click, yaml"`. docs/speed.md keeps the table with its date.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks import api, tokenizer_speed
from benchmarks.measure import compare, measure_memory
from benchmarks.repositories import MODELS, build_large, build_plugins, configure, run_git
from tests.support.api_server import KEY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

LINT = str(Path(sys.executable).parent / "prompt-lint")
BELOW = ("prompts/d{0}/s{1}/f{2}.md", "prompts/**/*.md")
ANYWHERE = ("d{0}/s{1}/f{2}.prompt.md", "**/*.prompt.md")
GIT_STATUS = ["git", "status", "--porcelain"]
IMPORTS = [sys.executable, "-c", "import click, yaml"]


class Row(NamedTuple):
    """A case, what was measured (`wall`, `CPU`, …) and beside what, the figure, and the bar it has to hold."""

    case: str
    measure: str
    yardstick: str
    figure: str
    bar: str


class Setting(NamedTuple):
    """What every case is given: a folder of its own, how often to measure, and where the yardsticks are."""

    folder: Path
    rounds: int
    tools: str

    def find(self, tool: str, arguments: Sequence[str]) -> tuple[str, list[str]]:
        """The name and the command of a yardstick, or of its stand-in."""
        if self.tools and (Path(self.tools) / tool).exists():
            return tool, [str(Path(self.tools) / tool), *arguments]
        return "python -c 'import click, yaml'", IMPORTS


def measure_ratio(
    setting: Setting,
    case: str,
    bar: str,
    command: Sequence[str],
    yardstick: tuple[str, Sequence[str]],
    repo: Path,
    *,
    use_cpu: bool = False,
    before: Callable[[], None] | None = None,
) -> Row:
    """One row: the ratio of the medians of wall or CPU time."""
    name, other = yardstick
    costs = compare({"ours": command, "other": other}, repo, setting.rounds, before)
    ours, theirs = (costs[key].cpu if use_cpu else costs[key].wall for key in ("ours", "other"))
    figure = f"{ours / theirs:.2f}x ({ours * 1000:,.0f} ms)"
    return Row(case, "CPU" if use_cpu else "wall", name, figure, bar)


def measure_hook(setting: Setting) -> Iterator[Row]:
    """Five skills were just edited and staged; the hook asks git which, and the yardstick is given their names."""
    repo = setting.folder / "hook"
    repo.mkdir()
    skills = build_plugins(repo)
    check([LINT, "check", "--offline"], repo)
    paths = skills[:: len(skills) // 5][:5]
    texts = {path: (repo / path).read_text() for path in paths}

    def edit() -> None:
        for path, text in texts.items():
            (repo / path).write_text(f"{text}\nOne more: {time.time_ns()}.\n")
        run_git(repo, "add", *paths)

    command = [LINT, "check", "--offline", "--base", "hook", "--allow-unmatched"]
    yardstick = setting.find("check-added-large-files", paths)
    case = "a hook on five skills just edited, in a repository of 1,152 prompts"
    yield measure_ratio(setting, case, "4.5x", command, yardstick, repo, use_cpu=True, before=edit)


def measure_first(setting: Setting) -> Iterator[Row]:
    repo = setting.folder / "first"
    repo.mkdir()
    build_plugins(repo)
    yardstick = setting.find("skillsaw", ["--no-color", "."])
    command = [LINT, "check", "--offline", "--no-cache", "-q"]
    yield measure_ratio(
        setting, "the first offline run over that repository", "0.12x", command, yardstick, repo
    )
    time.sleep(2.5)  # younger files aren't kept by their stamps
    check([LINT, "check", "--offline"], repo)
    command = [LINT, "check", "--offline", "-q"]
    yield measure_ratio(setting, "the same again, with a warm cache", "", command, yardstick, repo)


def measure_large(setting: Setting) -> Iterator[Row]:
    """10,000 known prompts for three models among 100,000 files; then the same in fresh checkouts with the same cache."""
    command = [LINT, "check", "--offline", "-q"]
    for where, (name, pattern), bars in (
        ("below a folder", BELOW, ("1.2x", "2.5x")),
        ("anywhere", ANYWHERE, ("1.5x", "3.5x")),
    ):
        repo = setting.folder / where.replace(" ", "-")
        repo.mkdir()
        build_large(repo, 100_000, 10_000, name, pattern)
        for _ in range(2):
            check(command, repo)
            time.sleep(2.5)
        case = f"10,000 known prompts x {len(MODELS)} models {where} among 100,000 files"
        yield measure_ratio(setting, case, bars[0], command, ("git status", GIT_STATUS), repo)
        clone = setting.folder / f"{repo.name}-clone"

        def renew(repo: Path = repo, clone: Path = clone) -> None:
            shutil.rmtree(clone, ignore_errors=True)
            run_git(repo.parent, "clone", "--quiet", str(repo), str(clone))

        renew()
        few = setting._replace(rounds=min(setting.rounds, 5))
        case = f"the same {where}, in a fresh checkout with the cache restored"
        yield measure_ratio(few, case, bars[1], command, ("git status", GIT_STATUS), clone, before=renew)


def measure_key(setting: Setting) -> Iterator[Row]:
    """One changed file is counted for two models by a server on the loopback."""
    repo = setting.folder / "key"
    repo.mkdir()
    build_large(repo, 50, 5, *BELOW)
    configure(repo, BELOW[1], MODELS[:2])
    path = next(repo.rglob("*.md"))

    def change() -> None:
        path.write_text(f"Version {time.time_ns()}.\n")

    with api.server(0, "0.15-0.4", "bare") as (url, _):
        os.environ |= {"ANTHROPIC_API_KEY": KEY, "ANTHROPIC_BASE_URL": url}
        yardstick = (
            "python -c 'import click, yaml, httpx2'",
            [sys.executable, "-c", "import click, yaml, httpx2"],
        )
        yield measure_ratio(
            setting, "one changed file, two models, by the API", "0.35 s", [LINT, "check"], yardstick, repo,
            use_cpu=True, before=change,
        )  # fmt: skip
        del os.environ["ANTHROPIC_API_KEY"], os.environ["ANTHROPIC_BASE_URL"]


def measure_rate(_setting: Setting) -> Iterator[Row]:
    for kind, bar in (("headers", "97%"), ("bare", "85%")):
        result = api.measure(3000, 4000, "0.15-0.4", kind, 64)
        share = 3000 / result.seconds * 60 / 4000
        case = f"3,000 unknown counts at 4,000 a minute, {'with' if kind == 'headers' else 'without'} headers"
        yield Row(case, "rate", "the limit", f"{share:.1%}, {result.lost} lost", bar)


def measure_tokenizer(setting: Setting) -> Iterator[Row]:
    build_plugins(setting.folder)
    rates = tokenizer_speed.measure_families(setting.folder / "plugins")
    split = rates.pop(tokenizer_speed.SPLIT)
    for family, (size, seconds) in rates.items():
        figure = f"{size / seconds:.1f} MB/s ({seconds / split[1]:.1f}x)"
        yield Row(
            f"the tokenizer {family}, offline, {size:.0f} MB", "wall", tokenizer_speed.SPLIT, figure, "5 MB/s"
        )


def measure_many(setting: Setting) -> Iterator[Row]:
    repo = setting.folder / "many"
    repo.mkdir()
    build_large(repo, 100_000, 100_000, *BELOW)
    configure(repo, BELOW[1], MODELS[:1])
    mib = measure_memory([LINT, "check", "--offline", "-q"], repo)
    yield Row("100,000 prompts, first run", "memory", "", f"{mib * 1.048576:.0f} MB", "200 MB")


CASES = {
    "hook": measure_hook, "first": measure_first, "large": measure_large, "key": measure_key, "rate": measure_rate,
    "tokenizer": measure_tokenizer, "memory": measure_many,
}  # fmt: skip


def check(command: Sequence[str], repo: Path) -> None:
    subprocess.run(command, cwd=repo, stdout=subprocess.DEVNULL, check=True)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--only", default=",".join(CASES))
    parser.add_argument("--tools", default="")
    options = parser.parse_args()
    for name in ("PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED", "CI"):
        os.environ.pop(name, None)
    print("| case | measured | beside | result | bar |\n|---|---|---|--:|--:|")
    for name in options.only.split(","):
        with tempfile.TemporaryDirectory() as folder:
            os.environ["PROMPT_LINT_CACHE_DIR"] = f"{folder}/cache"
            for row in CASES[name](Setting(Path(folder), options.rounds, options.tools)):
                print(f"| {' | '.join(row)} |", flush=True)


if __name__ == "__main__":
    main()
