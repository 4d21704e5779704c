"""Commands measured side by side: wall and CPU of whole processes, as ratios to a named one in the same run."""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import time
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path


class Cost(NamedTuple):
    """Seconds, the median of the rounds; memory in MiB is the largest of any child so far."""

    wall: float
    cpu: float
    mib: float


def environment() -> dict[str, str]:
    """Ours, with bytecode: without it every import is paid for twice."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def once(command: Sequence[str], cwd: Path) -> Cost:
    """One run. Output goes nowhere; an unexpected exit code ends the benchmark."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.perf_counter()
    done = subprocess.run(command, cwd=cwd, env=environment(), stdout=subprocess.DEVNULL, check=False)
    wall = time.perf_counter() - started
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert done.returncode in {0, 1}, (command, done.returncode)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Cost(wall, cpu, after.ru_maxrss / 1024)


def compare(
    commands: Mapping[str, Sequence[str]],
    cwd: Path,
    rounds: int,
    before: Callable[[], None] | None = None,
) -> dict[str, Cost]:
    """Medians of interleaved rounds, after one round to warm up: so that noise hits all alike.

    `before` is called before each run, unmeasured.
    """
    runs: dict[str, list[Cost]] = {name: [] for name in commands}
    for number in range(rounds + 1):
        for name, command in commands.items():
            if before:
                before()
            cost = once(command, cwd)
            if number:
                runs[name].append(cost)
    return {name: Cost(*map(statistics.median, zip(*costs, strict=True))) for name, costs in runs.items()}


def measure_memory(command: Sequence[str], cwd: Path) -> float:
    """The most memory of any process of a run, in MiB, measured by a process that has no other children."""
    code = (
        "import resource, subprocess, sys; subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL);"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *command],
        cwd=cwd,
        env=environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    return float(done.stdout)


def table(costs: Mapping[str, Cost], yardstick: str) -> str:
    """A Markdown table; ratios are to the yardstick."""
    base = costs[yardstick]
    lines = ["| command | wall s | CPU s | wall ratio | CPU ratio |", "|---|--:|--:|--:|--:|"]
    for name, cost in costs.items():
        ratios = f"{cost.wall / base.wall:.2f} | {cost.cpu / base.cpu:.2f}"
        lines.append(f"| {name} | {cost.wall:.3f} | {cost.cpu:.3f} | {ratios} |")
    return "\n".join(lines)
