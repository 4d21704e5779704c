"""Threads that send requests, as the retry schedule of a run says."""

from __future__ import annotations

import random
import time
from queue import Empty, SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING, Any, Self

from prompt_lint.api.responses import UNKNOWN_MODEL_HINT, RequestFailed
from prompt_lint.api.retry import RetrySchedule
from prompt_lint.model.errors import Unreadable
from prompt_lint.model.models import find_model

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from prompt_lint.api.policy import RequestPolicy
    from prompt_lint.api.responses import Result
    from prompt_lint.model.counts import CountKey, Outcome
    from prompt_lint.model.values import Request

    # Sends one request to count, by model; called from several threads. Raises `RequestFailed`.
    CountTokens = Callable[[str, Request], Result]


# No wait is longer, in seconds, so that Ctrl-C is seen on every system.
_MAX_WAIT = 0.2
# Keys that are read ahead of their outcomes: enough to be busy for seconds.
_MAX_PENDING = 512


def count_requests(
    work: Iterable[tuple[CountKey, Request]], count_tokens: CountTokens, policy: RequestPolicy
) -> Iterator[tuple[CountKey, Outcome]]:
    """Yield each key with its count, or with the reason why it has none, as they arrive.

    An exception in the caller (Ctrl-C) ends the run within a second: the threads are daemons, so a request that hangs keeps
    nobody waiting.
    """
    source, pending, models = iter(work), 0, ModelGate()
    with RequestPool(lambda key, request: count_tokens(key.model, request), policy) as pool:
        while True:
            for key, request in source:
                if outcome := models.refusals.get(key.model):
                    yield key, outcome
                    continue
                pending += 1  # also where it is held
                if models.admit(key, request):
                    pool.add(key, request)
                if pending >= _MAX_PENDING:
                    break
            if not pending:
                return
            key, outcome = pool.next_outcome()
            pending -= 1
            yield key, outcome
            for held_key, held_request in models.release(key.model, outcome):
                if refusal := models.refusals.get(key.model):
                    pending -= 1
                    yield held_key, refusal
                else:
                    pool.add(held_key, held_request)


class ModelGate:
    """Keeps a misspelt model from being asked for once for each prompt.

    Of a model that isn't among the known ones, one request is sent first, and the others are held until it has its outcome.
    `refusals` has the outcome of each model that the API doesn't know.
    """

    def __init__(self) -> None:
        self.refusals: dict[str, Unreadable] = {}
        self._held: dict[str, list[tuple[CountKey, Request]]] = {}
        self._answered: set[str] = set()

    def admit(self, key: CountKey, request: Request) -> bool:
        """Return whether a request may be sent now; it is held otherwise."""
        if key.model in self._held:
            self._held[key.model].append((key, request))
            return False
        if key.model not in self._answered and find_model(key.model) is None:
            self._held[key.model] = []
        return True

    def release(self, model: str, outcome: Outcome) -> list[tuple[CountKey, Request]]:
        """Take note of an outcome. Return the requests that were held for it."""
        self._answered.add(model)
        if isinstance(outcome, Unreadable) and outcome.hint == UNKNOWN_MODEL_HINT:
            self.refusals[model] = outcome
        return self._held.pop(model, [])


class RequestPool:
    """The threads of one run: the dispatcher owns the schedule, workers send and wait for responses.

    `send` gets a key and its request in some worker, and returns a `Result` or raises `RequestFailed`.
    """

    def __init__(self, send: Callable[[Any, Any], Result], policy: RequestPolicy) -> None:
        # To the dispatcher: (None, (key, request)) to add, (number, result or failure) to finish, None for the end.
        self._events: SimpleQueue[Any] = SimpleQueue()
        self._jobs: SimpleQueue[tuple[int, Any, Any] | None] = SimpleQueue()
        self._outcomes: SimpleQueue[tuple[Any, Any] | BaseException] = SimpleQueue()
        self._send = send
        self._policy = policy
        self._workers = self._idle_workers = 0

    def __enter__(self) -> Self:
        Thread(target=self._dispatch, name="count-dispatch", daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._events.put(None)

    def add(self, key: Any, request: Any) -> None:
        """Send a request when it is due. Its key gets one outcome."""
        self._events.put((None, (key, request)))

    def next_outcome(self) -> tuple[Any, Any]:
        """Wait for the next outcome, whichever key it is of. Return the key and the value of a `Result`, or `Unreadable`."""
        while True:
            try:
                outcome = self._outcomes.get(timeout=_MAX_WAIT)
            except Empty:
                continue
            if isinstance(outcome, BaseException):
                raise outcome
            return outcome

    def _dispatch(self) -> None:
        try:
            self._run_schedule()
        except BaseException as error:  # noqa: BLE001  # raised again in the caller's thread
            self._outcomes.put(error)
        for _ in range(self._workers):
            self._jobs.put(None)

    def _run_schedule(self) -> None:
        start = time.monotonic()
        schedule = RetrySchedule(self._policy, start, _jitter, time.time() - start)
        while True:
            now = time.monotonic()
            delay = schedule.delay(now)
            if delay is not None and delay <= 0:
                number, task = schedule.take_next(now)
                self._assign(number, task.key, task.request)
            if not self._handle_events(schedule, _MAX_WAIT if delay is None else min(delay, _MAX_WAIT)):
                return
            schedule.give_up_overdue(time.monotonic())
            for outcome in schedule.outcomes:
                self._outcomes.put(outcome)
            schedule.outcomes.clear()

    def _handle_events(self, schedule: RetrySchedule, timeout: float) -> bool:
        """Wait for an event, and handle all that there are. Return False at the end of the run."""
        try:
            event = self._events.get(timeout=timeout) if timeout > 0 else self._events.get_nowait()
            while event is not None:
                number, content = event
                if number is None:
                    key, request = content
                    schedule.add(key, request, time.monotonic())
                else:
                    self._idle_workers += 1
                    schedule.finish(number, content, time.monotonic())
                event = self._events.get_nowait()
        except Empty:
            return True
        return False

    def _assign(self, number: int, key: Any, request: Any) -> None:
        """Give a request to an idle worker, or to a new one. A worker whose request was given up isn't idle."""
        if self._idle_workers <= 0:
            self._start_worker()
        if not self._workers:
            self._events.put((number, RequestFailed("fatal", "this machine starts no thread")))
            return
        self._idle_workers -= 1
        self._jobs.put((number, key, request))

    def _start_worker(self) -> None:
        """Where the system has no thread left, the workers that there are do all the work."""
        try:
            Thread(target=self._work, name=f"count-{self._workers + 1}", daemon=True).start()
        except RuntimeError:
            return
        self._workers += 1
        self._idle_workers += 1

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            number, key, request = job
            self._events.put((number, self._try_send(key, request)))

    def _try_send(self, key: Any, request: Any) -> Result | RequestFailed:
        try:
            return self._send(key, request)
        except RequestFailed as failed:
            return failed.with_traceback(None)
        except Exception as error:  # noqa: BLE001  # its text may hold a secret, its class doesn't
            return RequestFailed("invalid", f"the request failed ({type(error).__name__})")


def _jitter(max_seconds: float) -> float:
    return random.uniform(0, max_seconds)  # noqa: S311  # spreads retries
