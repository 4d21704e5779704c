"""What is sent when, and when to give up: the policy of a run that asks the API. No threads, no clock, no I/O."""

from __future__ import annotations

import heapq
import time
from collections import deque
from typing import TYPE_CHECKING, Any, NamedTuple

from prompt_lint.api.responses import RequestFailed, describe_wait
from prompt_lint.model.errors import Unreadable
from prompt_lint.model.values import Count

if TYPE_CHECKING:
    from collections.abc import Callable

    from prompt_lint.api.rate_limit import RateLimiter
    from prompt_lint.api.responses import Page, Reply

Outcome = Count | Unreadable

# Tries of one request that fails without fault of its own, and the waits between them, with full jitter.
MAX_ATTEMPTS = 3
INITIAL_BACKOFF, MAX_BACKOFF = 0.5, 8.0
# Failures in a row, each of a request sent after the one before had failed, that end a run.
MAX_FAILURES_IN_A_ROW = 5
# An answer may be this late before its request is given up: its own timeout speaks first.
TIMEOUT_GRACE = 1.0


class Wording(NamedTuple):
    """How a run that gives up speaks of its work."""

    failure: str = "not counted"
    result: str = "count"
    rerun_note: str = ": what has been counted is kept"


class RequestPolicy(NamedTuple):
    """The trusted bounds of a run. Times are in seconds.

    `deadline` is for the whole run, `stall` for a run without any outcome, `timeout` for one request.
    """

    jobs: int = 64
    max_requests: int = 5_000
    deadline: float = 900.0
    stall: float = 60.0
    timeout: float = 15.0
    wording: Wording = Wording()


class Task:
    """One request, by the key that names it, and how often it has been tried."""

    __slots__ = ("key", "refusals", "request", "tries")

    def __init__(self, key: Any, request: Any) -> None:
        self.key = key
        self.request = request
        self.tries = 0
        self.refusals = 0


class InFlight(NamedTuple):
    task: Task
    sent_at: float


class RetrySchedule:
    """The state of a run. Every call says when it happens (monotonic seconds); outcomes gather in `outcomes`.

    Each key added gets exactly one outcome: that of its answer, or `Unreadable`. `jitter(x)` is some number between 0
    and x. Keys and requests are whatever the caller takes for them.
    """

    def __init__(
        self, policy: RequestPolicy, limiter: RateLimiter, start: float, jitter: Callable[[float], float]
    ) -> None:
        self.outcomes: list[tuple[Any, Any]] = []
        self.requests = 0
        self._policy = policy
        self._words = policy.wording
        self._limiter = limiter
        self._jitter = jitter
        self._end = start + policy.deadline
        self._ready: deque[Task] = deque()
        self._later: list[tuple[float, int, Task]] = []
        self._flying: dict[int, InFlight] = {}
        self._numbers = 0
        self._progress = start
        self._row = 0
        self._failed_at = self._probe_at = start
        self._last: RequestFailed | None = None
        self._closed: tuple[str, str] | None = None

    @property
    def is_busy(self) -> bool:
        """Whether a key is waiting for its outcome."""
        return bool(self._ready or self._later or self._flying)

    def add(self, key: Any, request: Any, now: float) -> None:
        task = Task(key, request)
        if self._closed is not None:
            self._give_up(task, *self._closed)
            return
        if not self.is_busy:
            self._progress = now
        self._ready.append(task)

    def delay(self, now: float) -> float | None:
        """Seconds until a request may be sent; None while only an answer or another key can change that."""
        while self._later and self._later[0][0] <= now:
            self._ready.append(heapq.heappop(self._later)[2])
        if len(self._flying) >= self._policy.jobs or (self._row and self._flying):
            return None
        if not self._ready:
            return self._later[0][0] - now if self._later else None
        return max(self._limiter.delay(now), self._probe_at - now, 0.0)

    def take_next(self, now: float) -> tuple[int, Task]:
        """The next request, and the number that its answer will be known by. Only when `wait` says 0."""
        task = self._ready.popleft()
        self._numbers += 1
        self._flying[self._numbers] = InFlight(task, now)
        self._limiter.record_sent(now)
        self.requests += 1
        if self.requests >= self._policy.max_requests:
            self._close(
                f"the run's limit of {self._policy.max_requests:,} requests is used up",
                f"raise --max-requests, or run again{self._words.rerun_note}",
            )
        return self._numbers, task

    def finish(self, number: int, result: Reply | Page | RequestFailed, now: float) -> None:
        """The answer to a request, or why there is none. One that was given up is no longer listened to."""
        flight = self._flying.pop(number, None)
        if flight is None:
            return
        self._limiter.record_quota(now, *result.limits)
        if not isinstance(result, RequestFailed):
            self._limiter.record_accepted(flight.sent_at, now)
            self._outcome(flight.task.key, result.outcome, now)
        elif result.kind == "key":
            self._limiter.record_accepted(flight.sent_at, now)
            self._outcome(flight.task.key, self._undone(result.message, result.hint), now)
        else:
            self._last = result
            self._failure(flight, result, now)

    def _outcome(self, key: Any, outcome: Any, now: float) -> None:
        self.outcomes.append((key, outcome))
        self._progress = now
        self._row = 0
        self._probe_at = now

    def _failure(self, flight: InFlight, failed: RequestFailed, now: float) -> None:
        task = flight.task
        if failed.kind == "stop":
            self._give_up(task, failed.message, failed.hint)
            self.stop(failed.message, failed.hint)
        elif failed.retry_after is not None and not self._fits(failed.retry_after, now):
            self._later_than_budget(task, failed)
        elif failed.kind == "limit":
            task.refusals += 1
            self._limiter.record_refused(flight.sent_at, now, failed.retry_after)
            self._again(task, self._backoff(task.refusals), failed.retry_after, now)
        else:
            self._count_failure(flight, now)
            task.tries += 1
            if failed.kind == "again" and task.tries < MAX_ATTEMPTS:
                self._again(task, self._backoff(task.tries), failed.retry_after, now)
            else:
                self._give_up(task, failed.message, failed.hint)
            if self._row >= MAX_FAILURES_IN_A_ROW:
                self.stop(
                    f"{MAX_FAILURES_IN_A_ROW} failures in a row, the last: {failed.message}", failed.hint
                )

    def _count_failure(self, flight: InFlight, now: float) -> None:
        """Those that were on their way together fail together: that is one. Then one at a time is tried."""
        if flight.sent_at >= self._failed_at:
            self._row += 1
            self._failed_at = now
            self._probe_at = now + self._backoff(self._row)

    def _backoff(self, times: int) -> float:
        return self._jitter(min(MAX_BACKOFF, INITIAL_BACKOFF * 2.0 ** min(times, 10)))

    def _again(self, task: Task, backoff: float, retry_after: float | None, now: float) -> None:
        if self._closed is not None:
            self._give_up(task, *self._closed)
            return
        # What the server asks for is the least; a little more keeps the refused from coming back as one.
        wait = backoff if retry_after is None else retry_after + min(backoff, 0.1 * retry_after)
        self._numbers += 1
        heapq.heappush(self._later, (now + wait, self._numbers, task))

    def _fits(self, wait: float, now: float) -> bool:
        return now + wait < min(self._end, self._progress + self._policy.stall)

    def _later_than_budget(self, task: Task, failed: RequestFailed) -> None:
        when = describe_wait(failed.retry_after or 0.0, time.time())
        message = f"{failed.message}; it asks to come back {when}"
        hint = f"run again then{self._words.rerun_note}"
        self._give_up(task, message, hint)
        self.stop(message, hint)

    def give_up_overdue(self, now: float) -> None:
        """Gives up what has taken too long."""
        timeout = self._policy.timeout
        while self._flying:
            number, flight = next(iter(self._flying.items()))  # the one that was sent first
            if now < flight.sent_at + timeout + TIMEOUT_GRACE:
                break
            self.finish(number, RequestFailed("again", f"no answer within {timeout:g} s"), now)
        last = f"; the last answer: {self._last.message}" if self._last else ""
        if not self.is_busy:
            return
        if now >= self._end:
            self.stop(
                f"the run's {self._policy.deadline:g} s are over{last}", "raise --deadline, or run again"
            )
        elif now >= self._progress + self._policy.stall:
            self.stop(
                f"no {self._words.result} arrived for {self._policy.stall:g} s{last}", "run again later"
            )

    def stop(self, why: str, hint: str = "") -> None:
        """Ends the run: whatever has no outcome yet, and whatever is added from now on, gets this one."""
        self._close(why, hint)
        for flight in self._flying.values():
            self._give_up(flight.task, why, hint)
        self._flying.clear()

    def _close(self, why: str, hint: str) -> None:
        self._closed = why, hint
        for task in (*self._ready, *(entry[2] for entry in self._later)):
            self._give_up(task, why, hint)
        self._ready.clear()
        self._later.clear()

    def _give_up(self, task: Task, why: str, hint: str) -> None:
        self.outcomes.append((task.key, self._undone(why, hint)))

    def _undone(self, why: str, hint: str) -> Unreadable:
        return Unreadable(f"{self._words.failure}: {why}", hint)
