"""Asking over the network: one policy and a pool of threads above every way to the API."""

from __future__ import annotations

import random
import time
from queue import Empty, SimpleQueue
from threading import Event, Thread
from typing import TYPE_CHECKING, Any, Self

from prompt_lint.api.rate_limit import RateLimiter
from prompt_lint.api.responses import RequestFailed
from prompt_lint.api.retry import RetrySchedule

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from prompt_lint.api.responses import Page, Reply
    from prompt_lint.api.retry import Outcome, RequestPolicy
    from prompt_lint.model.values import CountKey, Request

    CountTokens = Callable[[str, Request], Reply]

# No wait is longer, so that a request to stop is seen, and Ctrl-C on every system.
_LOOK_UP = 0.2
# Keys that are taken from the caller ahead of their outcomes: enough for seconds without it.
_AHEAD = 512


def count_requests(
    work: Iterable[tuple[CountKey, Request]],
    send: CountTokens,
    policy: RequestPolicy,
    stop: Event | None = None,
) -> Iterator[tuple[CountKey, Outcome]]:
    """Each key with its count, or with the reason why it has none, as they arrive. None is left out.

    `send` is called from several threads; it returns a `Reply` or raises `RequestFailed`. Once `stop` is set, all that is left is
    told to be uncounted within a second. An exception in the caller (Ctrl-C) ends it as quickly; the
    threads are daemons, and a request that hangs keeps nobody waiting.
    """
    source, owed = iter(work), 0
    with RequestPool(lambda key, request: send(key.model, request), policy, stop) as line:
        while True:
            for key, request in source:
                line.add(key, request)
                owed += 1
                if owed >= _AHEAD:
                    break
            if not owed:
                return
            yield line.next_outcome()
            owed -= 1


class RequestPool:
    """The threads of one run. One of them, the dispatcher, owns the schedule; the others send and wait.

    What is added, by a key that names it, gets one outcome. `send` gets both, in some thread, and returns or raises
    `RequestFailed`.
    """

    def __init__(
        self, send: Callable[[Any, Any], Reply | Page], policy: RequestPolicy, stop: Event | None = None
    ) -> None:
        # To the dispatcher: work `(None, (key, request))`, answers `(number, Reply | Page | Failed)`, None for the end.
        self._events: SimpleQueue[Any] = SimpleQueue()
        self._outcomes: SimpleQueue[tuple[Any, Any] | BaseException] = SimpleQueue()
        self._todo: SimpleQueue[tuple[int, Any, Any] | None] = SimpleQueue()
        self._send = send
        self._policy = policy
        self._stop = stop or Event()
        self._threads = self._idle = 0

    def __enter__(self) -> Self:
        Thread(target=self._dispatch, name="count-dispatch", daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._events.put(None)

    def add(self, key: Any, request: Any) -> None:
        self._events.put((None, (key, request)))

    def next_outcome(self) -> tuple[Any, Any]:
        """The key and the outcome of whatever was added, in the order of their ends."""
        while True:
            try:
                outcome = self._outcomes.get(timeout=_LOOK_UP)
            except Empty:
                continue
            if isinstance(outcome, BaseException):
                raise outcome
            return outcome

    def _dispatch(self) -> None:
        try:
            self._run()
        except BaseException as error:  # noqa: BLE001  # the caller's thread is the one that may fail
            self._outcomes.put(error)
        for _ in range(self._threads):
            self._todo.put(None)

    def _run(self) -> None:
        schedule = RetrySchedule(
            self._policy,
            RateLimiter(),
            time.monotonic(),
            lambda most: random.uniform(0, most),  # noqa: S311  # spreads retries
        )
        while True:
            now = time.monotonic()
            wait = schedule.delay(now)
            if wait is not None and wait <= 0:
                number, task = schedule.take_next(now)
                self._hand_out(number, task.key, task.request)
            if not self._listen(schedule, _LOOK_UP if wait is None else min(wait, _LOOK_UP)):
                return
            if self._stop.is_set():
                schedule.stop("the run was stopped")
            schedule.give_up_overdue(time.monotonic())
            for outcome in schedule.outcomes:
                self._outcomes.put(outcome)
            schedule.outcomes.clear()

    def _listen(self, schedule: RetrySchedule, wait: float) -> bool:
        """Takes in all that has happened, waiting for the first of it. False at the end."""
        try:
            event = self._events.get(timeout=wait) if wait > 0 else self._events.get_nowait()
            while event is not None:
                number, told = event
                if number is None:
                    key, request = told
                    schedule.add(key, request, time.monotonic())
                else:
                    self._idle += 1
                    schedule.finish(number, told, time.monotonic())
                event = self._events.get_nowait()
        except Empty:
            return True
        return False

    def _hand_out(self, number: int, key: Any, request: Any) -> None:
        """To a thread that has nothing to do, or to a new one. Those whose request was given up are missed."""
        if self._idle <= 0:
            self._new_thread()
        if not self._threads:
            self._events.put((number, RequestFailed("stop", "this machine starts no thread")))
            return
        self._idle -= 1
        self._todo.put((number, key, request))

    def _new_thread(self) -> None:
        """Where the system has none left, the ones that are there do the work."""
        try:
            Thread(target=self._work, name=f"count-{self._threads + 1}", daemon=True).start()
        except RuntimeError:
            return
        self._threads += 1
        self._idle += 1

    def _work(self) -> None:
        while (item := self._todo.get()) is not None:
            number, key, request = item
            self._events.put((number, self._one(key, request)))

    def _one(self, key: Any, request: Any) -> Reply | Page | RequestFailed:
        try:
            return self._send(key, request)
        except RequestFailed as failed:
            return failed.with_traceback(None)
        except Exception as error:  # noqa: BLE001  # its text may hold anything, its class tells enough
            return RequestFailed("odd", f"the request failed ({type(error).__name__})")
