"""The two speeds of the tokenizer: starting for one prompt, and the rate over many. Ratios, since machines differ.

    python benchmarks/tokenizer_speed.py [--corpora FOLDER] [--runs N]

FOLDER (or PROMPT_LINT_CORPORA) holds text files; without it the rate is taken over the repository's own
sources and documents. Start-up is user + system time of fresh processes, the two commands in turn, medians.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path

from prompt_lint.tokenizer.engine import FAMILIES, content_tokens

ROOT = Path(__file__).parents[1]

YARDSTICK = "import click, yaml"
# Ordinary prose and markup of six kilobytes, made from words so that the benchmark needs no file.
COUNT = """
from prompt_lint.counters.offline import count
from prompt_lint.model import Request
text = open({path!r}, encoding="utf-8").read()[:6000]
print(count({model!r}, Request({{"messages": [{{"role": "user", "content": text}}]}})).tokens)
"""


def cpu_ms(code: str) -> float:
    """User and system time of a fresh interpreter, in milliseconds."""
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.DEVNULL, env=environment)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return 1000 * (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


def startup(path: Path, runs: int) -> None:
    commands = {
        "python -c pass": "pass",
        f"python -c '{YARDSTICK}'": YARDSTICK,
        "count 6 kB, older family": COUNT.format(path=str(path), model="claude-opus-4-5"),
        "count 6 kB, newer family": COUNT.format(path=str(path), model="claude-opus-5"),
    }
    taken: dict[str, list[float]] = {name: [] for name in commands}
    for run in range(runs + 1):
        for name, code in commands.items():
            spent = cpu_ms(code)
            if run:  # the first writes bytecode
                taken[name].append(spent)
    yardstick = statistics.median(taken[f"python -c '{YARDSTICK}'"])
    print(f"{'start, CPU':36} {'ms':>7} {'ratio':>7}   (at most 3)")
    for name, values in taken.items():
        middle = statistics.median(values)
        print(f"{name:36} {middle:7.1f} {middle / yardstick:7.2f}")


def texts(folder: Path) -> list[str]:
    found = []
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.is_symlink() and path.suffix not in (".vocabulary", ".pyc"):
            try:
                found.append(path.read_text(encoding="utf-8"))
            except UnicodeDecodeError:
                continue
    return found


def rate(folder: Path) -> None:
    """Megabytes a second in a fresh process for each family, every word new to it at first."""
    code = "import sys; sys.path.insert(0, {here!r}); from tokenizer_speed import measure; measure({folder!r}, {family!r})"
    print(f"\n{'rate over ' + folder.name:36} {'MB':>7} {'MB/s':>7}   (at least 5)")
    for family in FAMILIES:
        here = str(Path(__file__).parent)
        subprocess.run(
            [sys.executable, "-c", code.format(here=here, folder=str(folder), family=family)], check=True
        )


def measure(folder: str, family: str) -> None:
    found = texts(Path(folder))
    size = sum(len(text.encode()) for text in found) / 1e6
    start = time.perf_counter()
    for text in found:
        content_tokens(text, family)
    print(f"{family:36} {size:7.1f} {size / (time.perf_counter() - start):7.1f}", flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--corpora", default=os.environ.get("PROMPT_LINT_CORPORA"))
    parser.add_argument("--runs", type=int, default=15)
    options = parser.parse_args()
    startup(ROOT / "docs" / "counting.md", options.runs)
    rate(Path(options.corpora) if options.corpora else ROOT / "src")
    return 0


if __name__ == "__main__":
    sys.exit(main())
