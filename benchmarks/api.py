"""Thousands of unknown counts over the network, against a server of our own with a strict rate limit.

    python benchmarks/api.py [--counts 3000] [--rpm 2000 4000 10000] [--latency 0.15-0.4] [--only headers|bare]

For each limit, with and without rate-limit headers: the share of the rate that the limit allows (the whole
run, its gentle start and its last answer included), answers 429, counts lost, and CPU of this process for a
request, imports included in the first. The server is another process. Exit code 1 where a bar isn't held.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.support.api_server import KEY

from prompt_lint.api import direct
from prompt_lint.api.credentials import KeyCredential, find_credential
from prompt_lint.api.policy import RequestPolicy
from prompt_lint.api.request_pool import count_requests
from prompt_lint.model.counts import Count, CountKey
from prompt_lint.model.values import Request

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parent.parent

# At least this share of the allowed rate; at most this share of answers refused; at most this CPU a request.
SHARE = {"headers": 0.95, "bare": 0.85}
REFUSED = {"headers": 0.02, "bare": 1.0}
CPU_MS = 3.0


class Result(NamedTuple):
    """Seconds of the whole run, and what the server saw."""

    seconds: float
    lost: int
    cpu_ms: float
    refused: float
    peak: int


@contextmanager
def server(rpm: float, latency: str, kind: str) -> Iterator[tuple[str, list[Any]]]:
    """Its address, and a list that holds its statistics once it has ended."""
    command = [sys.executable, "-m", "tests.support.api_server", "--latency", latency]
    command += ["--rpm", str(rpm)] if rpm else []
    command += ["--headers"] if kind == "headers" else []
    stats: list[Any] = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT, text=True) as process:
        assert process.stdout
        yield process.stdout.readline().strip(), stats
        process.terminate()
        stats.append(json.loads(process.stdout.read()))


def cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def measure(counts: int, rpm: float, latency: str, kind: str, jobs: int) -> Result:
    text = "You are a helpful assistant. " * 100
    work = (
        (
            CountKey("claude-opus-5", str(n)),
            Request({"messages": [{"role": "user", "content": f"{n} {text}"}]}),
        )
        for n in range(counts)
    )
    with server(rpm, latency, kind) as (url, stats):
        way = find_credential({"ANTHROPIC_API_KEY": KEY, "ANTHROPIC_BASE_URL": url})
        assert isinstance(way, KeyCredential)
        policy = RequestPolicy(jobs=jobs, max_requests=10 * counts)
        cpu_before, before = cpu(), time.monotonic()
        with direct.connect(way, policy.timeout) as send:
            good = sum(isinstance(outcome, Count) for _, outcome in count_requests(work, send, policy))
        seconds, spent = time.monotonic() - before, cpu() - cpu_before
    answers = stats[0]["answers"]
    return Result(
        seconds,
        counts - good,
        1000 * spent / counts,
        answers.get("429", 0) / stats[0]["requests"],
        stats[0]["peak"],
    )


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--counts", type=int, default=3000)
    parser.add_argument("--rpm", type=float, nargs="+", default=[2000, 4000, 10000], help="0: no limit")
    parser.add_argument("--latency", default="0.15-0.4")
    parser.add_argument("--jobs", type=int, default=RequestPolicy().jobs)
    parser.add_argument("--only", choices=sorted(SHARE))
    options = parser.parse_args()
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    print(
        "| limit a minute | headers | seconds | of the allowed rate | 429 | lost | CPU ms a request | at once |"
    )
    print("|--:|---|--:|--:|--:|--:|--:|--:|")
    held = True
    for rpm in options.rpm:
        for kind in [options.only] if options.only else ["headers", "bare"]:
            r = measure(options.counts, rpm, options.latency, kind, options.jobs)
            share = options.counts / r.seconds * 60 / rpm if rpm else float("inf")
            good = share >= SHARE[kind] and r.refused < REFUSED[kind] and not r.lost and r.cpu_ms <= CPU_MS
            held = held and good
            print(
                f"| {rpm:,.0f} | {'yes' if kind == 'headers' else 'no'} | {r.seconds:.1f} | {share:.1%} | {r.refused:.2%} "
                f"| {r.lost} | {r.cpu_ms:.2f} | {r.peak} |{'' if good else '  <- bar not held'}",
                flush=True,
            )
    print(f"\nmemory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB")
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
