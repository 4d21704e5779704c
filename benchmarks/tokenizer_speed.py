"""The two speeds of the tokenizer: starting for one prompt, and the rate over many. Ratios, since machines differ.

    python benchmarks/tokenizer_speed.py [--corpora FOLDER] [--runs N]

FOLDER (or PROMPT_LINT_CORPORA) holds text files; without it the rate is taken over the repository's own
sources and documents. Start-up is user + system time of fresh processes, the two commands in turn, medians.
"""

from __future__ import annotations

import argparse
import os
import re
import resource
import statistics
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

from prompt_lint.counting.tokenizer.engine import count_tokens
from prompt_lint.model.families import FAMILIES

ROOT = Path(__file__).parents[1]

YARDSTICK = "import click, yaml"
SPLIT = "splitting and counting alone"
# Ordinary prose and markup of six kilobytes, made from words so that the benchmark needs no file.
COUNT = """
from prompt_lint.counting.offline import count_request
from prompt_lint.model.values import Request
text = open({path!r}, encoding="utf-8").read()[:6000]
print(count_request({model!r}, Request({{"messages": [{{"role": "user", "content": text}}]}})).tokens)
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
    print(f"\n{'rate over ' + folder.name:36} {'MB':>7} {'MB/s':>7}   (at least 5)")
    for name, (size, seconds) in measure_families(folder).items():
        print(f"{name:36} {size:7.1f} {size / seconds:7.1f}")


def measure_families(folder: Path, rounds: int = 3) -> dict[str, tuple[float, float]]:
    """Megabytes and seconds in fresh processes, every word new to them at first; the best of a few rounds each.

    The yardstick does the least that any tokenizer in Python must: split with one expression and count the parts.
    """
    best: dict[str, tuple[float, float]] = {}
    for _ in range(rounds):
        for name in (SPLIT, *FAMILIES):
            code = f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r}); import tokenizer_speed as t; t.measure(*sys.argv[1:])"
            command = [sys.executable, "-c", code, str(folder), name]
            done = subprocess.run(command, check=True, capture_output=True, text=True)
            size, seconds = map(float, done.stdout.split())
            best[name] = (size, min(seconds, best.get(name, (0, seconds))[1]))
    return best


def measure(folder: str, name: str) -> None:
    """Print the megabytes of the texts and the seconds that it took to count them."""
    found = texts(Path(folder))
    size = sum(len(text.encode()) for text in found) / 1e6
    start = time.perf_counter()
    for text in found:
        if name == SPLIT:
            Counter(re.findall(r"\w+|\W+", text))
        else:
            count_tokens(text, name)
    print(size, time.perf_counter() - start)


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
