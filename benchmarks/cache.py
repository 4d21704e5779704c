"""What the cache costs: opening it in a process of its own, and looking up and saving many counts.

    python -m benchmarks.cache [--rounds N]

Read the ratios; docs/cache.md gives the figures of one machine.
"""

from __future__ import annotations

import argparse
import hashlib
import sqlite3
import statistics
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.measure import compare, table

from prompt_lint.cache.counts import FILE, open_counts
from prompt_lint.model.values import Count, CountKey

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

MODELS = ("claude-opus-5-5", "claude-sonnet-5-5", "claude-haiku-5-5")
PROMPTS = 10_000

LOOK_UP = """
import hashlib
from prompt_lint.cache.counts import open_counts
from prompt_lint.model.values import Count, CountKey
from prompt_lint.model.values import CountKey
keys = [CountKey("claude-opus-5-5", hashlib.sha256(b"%d" % number).hexdigest()) for number in range(15)]
"""


def keys() -> list[CountKey]:
    digests = [hashlib.sha256(b"%d" % number).hexdigest() for number in range(PROMPTS)]
    return [CountKey(model, digest) for model in MODELS for digest in digests]


def processes(folder: str, rounds: int) -> str:
    """A hook on five files and three models: what the cache adds to a process."""
    look_up = (
        f"{LOOK_UP}cache = open_counts({folder!r})\nassert len(cache.get(keys, 'api')) == 15\ncache.close()"
    )
    commands = {
        "python -c pass": [sys.executable, "-c", "pass"],
        "import sqlite3": [sys.executable, "-c", "import sqlite3"],
        "import prompt_lint.cache.counts": [sys.executable, "-c", LOOK_UP],
        "the same, and 15 look-ups": [sys.executable, "-c", look_up],
    }
    return table(compare(commands, Path(folder), rounds), "import sqlite3")


def cost(work: Callable[[], None], rounds: int) -> float:
    """Median CPU seconds."""
    costs = []
    for _ in range(rounds):
        started = time.process_time()
        work()
        costs.append(time.process_time() - started)
    return statistics.median(costs)


def look_ups(folder: str, count: int) -> dict[str, Callable[[], None]]:
    """Ways to look up `count` keys. The plain queries prove nothing and make no counts of what they find."""
    asked = keys()[:count]
    connection = sqlite3.connect(f"file://{folder}/{FILE}?mode=ro", uri=True)
    with closing(open_counts(folder)) as cache:
        names = [cache._name(key, "api") for key in asked]  # noqa: SLF001  # the plain queries need the very keys

    def ours() -> None:
        with closing(open_counts(folder)) as cache:
            assert len(cache.get(asked, "api")) == count

    def one_by_one() -> None:
        for name in names:
            assert connection.execute("SELECT v FROM counts WHERE k = ?", (name,)).fetchone()

    def by_500() -> None:
        for start in range(0, count, 500):
            batch = names[start : start + 500]
            marks = ",".join("?" * len(batch))
            rows = connection.execute(f"SELECT k, v FROM counts WHERE k IN ({marks})", batch)  # noqa: S608 - marks
            assert len(rows.fetchall()) == len(batch)

    return {"one query each": one_by_one, "plain queries for 500 each": by_500, "the cache": ours}


def report(title: str, costs: Mapping[str, float]) -> None:
    base = next(iter(costs.values()))
    print(f"\n{title}\n\n| | CPU ms | ratio |\n|---|--:|--:|")
    for name, seconds in costs.items():
        print(f"| {name} | {seconds * 1_000:.1f} | {seconds / base:.2f} |")


def saving(counts: Mapping[CountKey, Count]) -> dict[str, Callable[[], None]]:
    def save(size: int) -> None:
        entries = list(counts.items())
        with tempfile.TemporaryDirectory() as folder, closing(open_counts(folder)) as cache:
            for start in range(0, len(entries), size):
                cache.put(dict(entries[start : start + size]))

    return {"all at once": lambda: save(len(counts)), "200 at a time": lambda: save(200)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=11)
    rounds = parser.parse_args().rounds
    counts = {key: Count(number + 1, number + 1, number + 1, "api") for number, key in enumerate(keys())}
    with tempfile.TemporaryDirectory() as folder:
        with closing(open_counts(folder)) as cache:
            cache.put(counts)
        size = (Path(folder) / FILE).stat().st_size
        print(f"{len(counts):,} counts, {size / len(counts):.0f} bytes each\n\nA process\n")
        print(processes(folder, rounds))
        for asked in (15, 1_000, len(counts)):
            ways = look_ups(folder, asked)
            report(f"{asked:,} look-ups", {name: cost(work, rounds) for name, work in ways.items()})
    report(f"Saving {len(counts):,} counts", {name: cost(work, 3) for name, work in saving(counts).items()})


if __name__ == "__main__":
    main()
