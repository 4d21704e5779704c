"""Jobs → offline counts, on as many cores as the work is worth."""

from __future__ import annotations

import os
import signal
import sys
from collections import deque
from contextlib import suppress
from itertools import chain, islice
from typing import TYPE_CHECKING, NamedTuple

from prompt_lint.counting.offline_counts import try_count_request
from prompt_lint.model.counts import CountKey, Outcome

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Iterator, Mapping
    from concurrent.futures import Executor, Future

    from prompt_lint.model.values import Request


# Below this many characters one process is done before a second one has started.
_POOL_CHARACTERS = 1_000_000
# Jobs handed to a worker at a time: enough that pickling costs little, few enough that Ctrl-C is quick.
_JOBS_IN_A_CHUNK = 16
# Chunks on their way to each worker: all that is held of a large repository.
_CHUNKS_AHEAD = 4
_ENDING_SIGNALS: tuple[signal.Signals, ...] = (signal.SIGINT, signal.SIGTERM)
if sys.platform != "win32":
    _ENDING_SIGNALS += (signal.SIGHUP,)


class CountJob(NamedTuple):
    """One request, the models it is to be counted for, and their limits in tokens. `size` is in characters.

    For a member of a sum, `sum_key` tells that sum from others, and the limits are the sum's.
    """

    digest: str
    request: Request
    models: tuple[str, ...]
    size: int
    limits: Mapping[str, int]
    sum_key: Hashable = None


JobOutcomes = tuple[CountJob, dict[CountKey, Outcome]]


def count_jobs(jobs: Iterable[CountJob], processes: int) -> Iterator[JobOutcomes]:
    """Yield each job with its outcomes: from this process until the work is large, then from `processes` of them.

    `jobs` is read no further ahead than the workers need.
    """
    remaining = iter(jobs)
    characters = 0
    for job in remaining:
        yield job, _key_outcomes(job, _count_models(job))
        characters += job.size * len(job.models)
        if processes > 1 and characters >= _POOL_CHARACTERS:
            break
    chunks = iter(lambda: list(islice(remaining, _JOBS_IN_A_CHUNK)), [])
    first = next(chunks, None)
    if first:
        yield from _count_in_processes(first, chunks, processes)


def _key_outcomes(job: CountJob, outcomes: Iterable[Outcome]) -> dict[CountKey, Outcome]:
    return {CountKey(model, job.digest): outcome for model, outcome in zip(job.models, outcomes, strict=True)}


def _count_models(job: CountJob) -> list[Outcome]:
    """Count one request for all of its models in a row, so that models with one tokenizer run it once."""
    return [try_count_request(model, job.request) for model in job.models]


def _count_chunk(chunk: list[CountJob]) -> list[list[Outcome]]:
    return [_count_models(job) for job in chunk]


def _count_in_processes(
    first: list[CountJob], chunks: Iterator[list[CountJob]], processes: int
) -> Iterator[JobOutcomes]:
    """Yield the jobs of all chunks, counted by a pool of processes, or here where the system allows none."""
    pending: deque[tuple[list[CountJob], Future[list[list[Outcome]]]]] = deque()
    try:
        pool = _start_pool(processes)
        pending.append((first, _submit(pool, first)))
    except (OSError, RuntimeError, ImportError):  # the system allows no more processes, threads or semaphores
        _end_workers()
        for chunk in chain([first], chunks):
            yield from _key_chunk(chunk, _count_chunk(chunk))
        return
    try:
        for chunk in chunks:
            pending.append((chunk, _submit(pool, chunk)))
            if len(pending) >= _CHUNKS_AHEAD * processes:
                yield from _take_result(*pending.popleft())
        while pending:
            yield from _take_result(*pending.popleft())
    except BaseException:  # whoever ends the run, or stops listening, doesn't wait for what is on its way
        _end_workers()
        raise
    finally:
        pool.shutdown(cancel_futures=True)


def _take_result(chunk: list[CountJob], future: Future[list[list[Outcome]]]) -> Iterator[JobOutcomes]:
    return _key_chunk(chunk, future.result())


def _key_chunk(chunk: list[CountJob], results: list[list[Outcome]]) -> Iterator[JobOutcomes]:
    """Key the outcomes in this process, so that no copies of digests come back."""
    for job, outcomes in zip(chunk, results, strict=True):
        yield job, _key_outcomes(job, outcomes)


def _start_pool(processes: int) -> Executor:
    import multiprocessing  # noqa: PLC0415  # 30 ms that only a large run pays
    from concurrent.futures import ProcessPoolExecutor  # noqa: PLC0415  # the same

    # A spawned interpreter would look for its modules in the working directory first, which may be a stranger's.
    os.environ["PYTHONSAFEPATH"] = "1"
    # Forked workers inherit the vocabulary and the memo; this process has no threads yet.
    context = multiprocessing.get_context("fork" if sys.platform == "linux" else "spawn")
    return ProcessPoolExecutor(processes, mp_context=context, initializer=_live_with_the_parent)


def _submit(pool: Executor, chunk: list[CountJob]) -> Future[list[list[Outcome]]]:
    """Submit a chunk, for which a worker may be forked. Signals wait meanwhile: Python drops what a handler raises in a fork."""
    if sys.platform == "win32":
        return pool.submit(_count_chunk, chunk)
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _ENDING_SIGNALS)
    try:
        return pool.submit(_count_chunk, chunk)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _live_with_the_parent() -> None:
    """Leave signals to the parent, which ends its workers; and end where it is killed, so that no worker waits for it forever."""
    import threading  # noqa: PLC0415  # the pool has imported it

    # A SIGTERM that came since the fork is pending: it would be lost if it were ignored for a moment.
    for number in _ENDING_SIGNALS:
        signal.signal(number, signal.SIG_DFL if number == signal.SIGTERM else signal.SIG_IGN)
    if sys.platform != "win32":
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _ENDING_SIGNALS)
    with suppress(RuntimeError):  # the system allows no more threads
        threading.Thread(target=_end_with_the_parent, daemon=True).start()


def _end_with_the_parent() -> None:
    import multiprocessing  # noqa: PLC0415  # imported already

    if parent := multiprocessing.parent_process():
        parent.join()
        os._exit(1)


def _end_workers() -> None:
    import multiprocessing  # noqa: PLC0415  # imported already

    for worker in multiprocessing.active_children():
        worker.terminate()


def available_cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
