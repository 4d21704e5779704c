"""Run fuzz targets: `python -m fuzz.run [NAME…] [--seconds N | --runs N]`, from the top of the repository.

A part of the time, or of the runs, goes to libFuzzer (the package `atheris`, where it is installed), which looks for inputs that
take new paths through our code. The rest goes to mutations of these inputs and of the seeds, up to a megabyte long, with the time
and the memory that each takes. An input that breaks a law or a bound is kept in `fuzz/regressions/NAME`, which the tests read.
"""

from __future__ import annotations

import argparse
import hashlib
import math
import re
import resource
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from importlib.util import find_spec
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, NamedTuple

from fuzz.mutations import enlarge, mutate, split_words
from fuzz.targets import TARGETS, read_inputs, read_regressions, regressions_folder

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT = Path(__file__).parent.parent
# Beyond what the process had before the first input.
MAX_MEGABYTES = 200
# After so many seconds of CPU an input is given up.
_HANG_SECONDS = 30.0
# ru_maxrss is in KiB, on macOS in bytes.
_MEGABYTE = 1 << 20 if sys.platform == "darwin" else 1 << 10


class Figures(NamedTuple):
    """What a run has done: inputs tried, seconds of the clock, the longest input in bytes, and the most that one took."""

    executions: int
    seconds: float
    longest: int
    slowest: float
    megabytes: int

    def __str__(self) -> str:
        return f"{self.executions:,} | {self.seconds:.0f} | {self.longest:,} | {self.slowest:.2f} | {self.megabytes}"


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m fuzz.run", description="Run fuzz targets.")
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help=f"one of: {', '.join(TARGETS)} (default: all)"
    )
    amount = parser.add_mutually_exclusive_group()
    amount.add_argument("--seconds", type=int, default=60, help="for each target (default: 60)")
    amount.add_argument("--runs", type=int, help="inputs of each target, instead of a time")
    parser.add_argument(
        "--seed", type=int, default=time.time_ns(), help="of the mutations (default: the clock)"
    )
    options = parser.parse_args(arguments)
    if unknown := [name for name in options.names if name not in TARGETS]:
        parser.error(f"unknown target: {', '.join(unknown)}")
    if len(options.names) == 1:
        return run_target(options.names[0], options.seconds, options.runs, options.seed)
    how_much = f"--runs={options.runs}" if options.runs else f"--seconds={options.seconds}"
    shared = [how_much, f"--seed={options.seed}"]
    # A process for each, so that none pays for the memory of another.
    commands = ([sys.executable, "-m", "fuzz.run", name, *shared] for name in options.names or TARGETS)
    return max(subprocess.run(command, cwd=ROOT, check=False).returncode for command in commands)


def run_target(name: str, seconds: int, runs: int | None, seed: int) -> int:
    """Print a row of a table: the target and its figures. Return 1 where an input broke its law or a bound.

    LibFuzzer gets half of `seconds` or, since it is slower, a fifth of `runs`.
    """
    started = time.monotonic()
    inputs = [*TARGETS[name].read_seeds(), *read_regressions(name)]
    with tempfile.TemporaryDirectory() as corpus:
        limit = f"-runs={runs // 5}" if runs else f"-max_total_time={max(1, seconds // 2)}"
        guided = run_guided(name, inputs, Path(corpus), limit) if find_spec("atheris") else 0
        inputs += read_inputs(Path(corpus))
    if guided is None:
        return 1
    max_seconds, max_runs = (math.inf, runs - guided) if runs else (seconds / 2, math.inf)
    figures = run_mutations(name, inputs, max_seconds, max_runs, Random(seed))
    if figures is None:
        return 1
    total = figures._replace(executions=figures.executions + guided, seconds=time.monotonic() - started)
    print(f"| {name} | {total} |", flush=True)
    return 0


def run_guided(name: str, inputs: Sequence[bytes], corpus: Path, limit: str) -> int | None:
    """Let libFuzzer fill `corpus` up to its `limit`, and return how many inputs it has tried; None where one failed."""
    for number, data in enumerate(inputs):
        (corpus / str(number)).write_bytes(data)
    found = regressions_folder(name)
    found.mkdir(parents=True, exist_ok=True)
    options = [
        limit,
        "-timeout=60",
        "-rss_limit_mb=4096",
        "-print_final_stats=1",
        f"-artifact_prefix={found}/",
    ]
    command = [sys.executable, "-m", "fuzz.guided", name, *options, str(corpus)]
    done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True, errors="replace")
    executions = re.search(r"number_of_executed_units: *(\d+)", done.stderr)
    if not any(found.iterdir()):
        found.rmdir()
    if done.returncode or not executions:
        print(
            f"{name}: libFuzzer ended with {done.returncode}\n{done.stdout}{done.stderr[-4000:]}",
            file=sys.stderr,
        )
        return None
    return int(executions[1])


def run_mutations(
    name: str, inputs: Sequence[bytes], seconds: float, runs: float, random: Random
) -> Figures | None:
    """Try mutations of the inputs for some seconds of CPU, of which large ones get a fifth. None where one failed."""
    words = split_words(inputs)
    started = time.process_time()
    memory = _measure_memory()
    longest, slowest, spent_small, spent_large = 0, 0.0, 0.0, 0.0
    executions = 0
    while executions < runs and time.process_time() - started < seconds:
        is_large = spent_large < spent_small / 4
        data = inputs[executions] if executions < len(inputs) else mutate(inputs, words, random)
        data = enlarge(data, random) if is_large else data
        spent = try_input(name, data)
        if spent and spent > TARGETS[name].max_seconds:  # maybe because of other work on this machine
            spent = try_input(name, data)
        megabytes = (_measure_memory() - memory) // _MEGABYTE
        if spent is None or spent > TARGETS[name].max_seconds or megabytes > MAX_MEGABYTES:
            path = _keep_input(name, data)
            print(f"{name}: {len(data):,} bytes took {spent} s and {megabytes} MB: {path}", file=sys.stderr)
            return None
        executions, longest, slowest = executions + 1, max(longest, len(data)), max(slowest, spent)
        spent_large, spent_small = spent_large + spent * is_large, spent_small + spent * (not is_large)
    return Figures(
        executions, time.process_time() - started, longest, slowest, megabytes if executions else 0
    )


def try_input(name: str, data: bytes) -> float | None:
    """Return the seconds of CPU that the law takes; None, with the traceback printed, where it is broken."""

    def give_up(*_: object) -> None:
        raise TimeoutError(f"more than {_HANG_SECONDS:g} s")

    signal.signal(signal.SIGPROF, give_up)
    signal.setitimer(signal.ITIMER_PROF, _HANG_SECONDS)
    started = time.thread_time()  # a timer of the process makes Linux tell its own time by the tick
    try:
        TARGETS[name].check(data)
    except Exception:  # noqa: BLE001  # whatever comes out is what is looked for
        traceback.print_exc()
        return None
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
    return time.thread_time() - started


def _measure_memory() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def _keep_input(name: str, data: bytes) -> Path:
    path = regressions_folder(name) / hashlib.sha256(data).hexdigest()[:16]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
