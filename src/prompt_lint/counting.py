"""Requests → counts: each distinct key once, on as many cores as the work is worth."""

from __future__ import annotations

import os
import signal
import sys
from collections import deque
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from prompt_lint.errors import Unreadable
from prompt_lint.model import Count, Key

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from concurrent.futures import Executor, Future

    from prompt_lint.model import Request

Outcome = Count | Unreadable

# Below this many characters one process is done before a second one has started.
_WORTH_A_POOL = 1_000_000
# Requests handed to a worker at a time: enough to drown the pickling, few enough that Ctrl-C is quick.
_CHUNK = 16


class Counter(NamedTuple):
    """How requests are counted, and how a part of a text is weighed for the breakdown of a failure."""

    count_request: Callable[[str, Request], Count]
    weigh: Callable[[str, str], int]


class Work(NamedTuple):
    """One request and the models it is to be counted for. `size` is in characters, to weigh the work."""

    digest: str
    request: Request
    models: tuple[str, ...]
    size: int


def count_work(count: Callable[[str, Request], Count], work: Work) -> list[tuple[Key, Outcome]]:
    """All models of one request together, so that a tokenizer they share runs once."""
    return [(Key(model, work.digest), _outcome(count, model, work.request)) for model in work.models]


def _outcome(count: Callable[[str, Request], Count], model: str, request: Request) -> Outcome:
    try:
        return count(model, request)
    except Unreadable as error:
        return error


def unknown(work: Iterable[Work], known: Mapping[Key, Outcome]) -> list[Work]:
    """What is left to be counted: each request once, for the models that nobody has counted it for."""
    left: dict[str, Work] = {}
    for one in work:
        models = left[one.digest].models if one.digest in left else ()
        missing = [m for m in one.models if m not in models and Key(m, one.digest) not in known]
        if missing:
            left[one.digest] = one._replace(models=(*models, *missing))
    return list(left.values())


@contextmanager
def runner(
    count: Callable[[str, Request], Count], jobs: int
) -> Iterator[Callable[[Iterable[Work]], Iterator[tuple[Key, Outcome]]]]:
    """A function that counts, in this process until the work has shown itself large, then in `jobs` of them.

    `count` must be importable by name: it is sent to the workers.
    """
    pool: list[Executor] = []
    spent = 0
    one = partial(count_work, count)

    def run(work: Iterable[Work]) -> Iterator[tuple[Key, Outcome]]:
        nonlocal spent
        todo = deque(work)
        while todo and (jobs < 2 or (spent < _WORTH_A_POOL and not pool)):
            item = todo.popleft()
            spent += item.size * len(item.models)
            yield from one(item)
        if todo:
            if not pool:
                pool.append(_processes(jobs))
            yield from _spread(pool[0], one, todo)

    try:
        yield run
    finally:
        for started in pool:
            started.shutdown(cancel_futures=True)


def _spread(
    pool: Executor, one: Callable[[Work], list[tuple[Key, Outcome]]], todo: deque[Work]
) -> Iterator[tuple[Key, Outcome]]:
    chunks = [[todo.popleft() for _ in range(min(_CHUNK, len(todo)))] for _ in range(-(-len(todo) // _CHUNK))]
    futures: list[Future[Any]] = [pool.submit(_count_chunk, one, chunk) for chunk in chunks]
    for future in futures:
        yield from future.result()


def _count_chunk(
    one: Callable[[Work], list[tuple[Key, Outcome]]], chunk: list[Work]
) -> list[tuple[Key, Outcome]]:
    return [pair for work in chunk for pair in one(work)]


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


def cores() -> int:
    """The cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
