"""Requests → counts: each distinct key once, on as many cores as the work is worth."""

from __future__ import annotations

import os
import signal
import sys
from collections import deque
from functools import partial
from itertools import chain, islice
from typing import TYPE_CHECKING, NamedTuple

from prompt_lint.model.errors import Unreadable
from prompt_lint.model.values import Count, CountKey

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from concurrent.futures import Executor, Future

    from prompt_lint.model.values import Request

Outcome = Count | Unreadable

# Below this many characters one process is done before a second one has started.
_WORTH_A_POOL = 1_000_000
# Requests handed to a worker at a time: enough to drown the pickling, few enough that Ctrl-C is quick.
_CHUNK = 16
# Chunks on their way to each worker. What is on its way is all that is held of a large repository.
_AHEAD = 4


class OfflineCounter(NamedTuple):
    """How requests are counted, and how a part of a text is weighed for the breakdown of a failure."""

    count_request: Callable[[str, Request], Count]
    count_text: Callable[[str, str], int]


class CountJob(NamedTuple):
    """One request, the models it is to be counted for, and their limits in tokens.

    `size` is in characters, to weigh the work.
    """

    digest: str
    request: Request
    models: tuple[str, ...]
    size: int
    limits: Mapping[str, int]


JobOutcomes = tuple[CountJob, dict[CountKey, Outcome]]


def count_job(count: Callable[[str, Request], Count], work: CountJob) -> dict[CountKey, Outcome]:
    """All models of one request together, so that a tokenizer they share runs once."""
    return _keyed(work, _outcomes(count, work))


def _keyed(work: CountJob, outcomes: Iterable[Outcome]) -> dict[CountKey, Outcome]:
    return {CountKey(model, work.digest): one for model, one in zip(work.models, outcomes, strict=True)}


def _outcomes(count: Callable[[str, Request], Count], work: CountJob) -> list[Outcome]:
    """One for each model; those that are equal are one value, since there may be hundreds of thousands."""
    seen: dict[Outcome, Outcome] = {}
    found = (_outcome(count, model, work.request) for model in work.models)
    return [seen.setdefault(one, one) for one in found]


def _outcome(count: Callable[[str, Request], Count], model: str, request: Request) -> Outcome:
    try:
        return count(model, request)
    except Unreadable as error:
        return error


def count_jobs(
    count: Callable[[str, Request], Count], works: Iterable[CountJob], jobs: int
) -> Iterator[JobOutcomes]:
    """Each work with its outcomes: from this process until the work has shown itself large, then from `jobs` of them.

    `works` is read no further ahead than the workers need. `count` must be importable by name: it is sent to them.
    """
    todo = iter(works)
    spent = 0
    for work in todo:
        yield work, count_job(count, work)
        spent += work.size * len(work.models)
        if jobs > 1 and spent >= _WORTH_A_POOL:
            break
    chunks = iter(lambda: list(islice(todo, _CHUNK)), [])
    first = next(chunks, None)
    if first:
        yield from _in_processes(partial(_count_chunk, count), chain([first], chunks), jobs)


def _count_chunk(count: Callable[[str, Request], Count], chunk: list[CountJob]) -> list[list[Outcome]]:
    return [_outcomes(count, work) for work in chunk]


def _in_processes(
    count: Callable[[list[CountJob]], list[list[Outcome]]], chunks: Iterable[list[CountJob]], jobs: int
) -> Iterator[JobOutcomes]:
    pool = _processes(jobs)
    waiting: deque[tuple[list[CountJob], Future[list[list[Outcome]]]]] = deque()
    try:
        for chunk in chunks:
            waiting.append((chunk, pool.submit(count, chunk)))
            if len(waiting) >= _AHEAD * jobs:
                yield from _result(*waiting.popleft())
        while waiting:
            yield from _result(*waiting.popleft())
    except BaseException:  # whoever ends the run, or stops listening, doesn't wait for what is on its way
        _end_workers()
        raise
    finally:
        pool.shutdown(cancel_futures=True)


def _result(chunk: list[CountJob], future: Future[list[list[Outcome]]]) -> Iterator[JobOutcomes]:
    """Keyed here, so that no copies of digests come back."""
    for work, outcomes in zip(chunk, future.result(), strict=True):
        yield work, _keyed(work, outcomes)


def _processes(jobs: int) -> Executor:
    import multiprocessing  # noqa: PLC0415  # 30 ms that only a large run pays
    from concurrent.futures import ProcessPoolExecutor  # noqa: PLC0415

    # A spawned interpreter would look for its modules in the working directory first, which may be a stranger's.
    os.environ["PYTHONSAFEPATH"] = "1"
    # Forked workers inherit the vocabulary and the memo; this process has no threads yet.
    context = multiprocessing.get_context("fork" if sys.platform == "linux" else "spawn")
    return ProcessPoolExecutor(jobs, mp_context=context, initializer=_leave_interrupts_to_the_parent)


def _leave_interrupts_to_the_parent() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _end_workers() -> None:
    import multiprocessing  # noqa: PLC0415  # imported already

    for worker in multiprocessing.active_children():
        worker.terminate()


def available_cores() -> int:
    """The cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
