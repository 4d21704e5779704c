"""When a request is sent, when it is sent again, and when a run gives up. No threads, no clock, no I/O."""

from __future__ import annotations

import heapq
from collections import deque
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from prompt_lint.api.rate_limit import RateLimiter
from prompt_lint.api.responses import RequestFailed
from prompt_lint.model.errors import Unreadable
from prompt_lint.text.plural import pluralize

if TYPE_CHECKING:
    from collections.abc import Callable

    from prompt_lint.api.policy import RequestPolicy
    from prompt_lint.api.responses import Result

# Attempts at one request, rate limits not counted; and the most seconds before the second one, which double up to a maximum.
MAX_ATTEMPTS = 3
INITIAL_BACKOFF, MAX_BACKOFF = 0.5, 8.0
# Failures in a row that end a run, each of a request that was sent after the failure before.
MAX_FAILURES_IN_A_ROW = 5
# How late a response may be, in seconds, so that the timeout of the HTTP library comes first.
TIMEOUT_GRACE = 1.0


class Task:
    """One request, the key that names it, how often it has failed, and how often it was over the rate limit."""

    __slots__ = ("attempts", "key", "rate_limited", "request")

    def __init__(self, key: Any, request: Any) -> None:
        self.key = key
        self.request = request
        self.attempts = 0
        self.rate_limited = 0


class InFlight(NamedTuple):
    """A request that was sent, at a monotonic time."""

    task: Task
    sent_at: float


class RetrySchedule:
    """The state of a run. Every call gets the monotonic time `now`, in seconds; outcomes gather in `outcomes`.

    Each key that is added gets one outcome: the value of its result, or `Unreadable`. Keys and requests are of
    the caller's own types. `jitter(x)` returns a random number between 0 and x. `clock_offset` is the Unix time when the
    monotonic time is 0.
    """

    def __init__(
        self, policy: RequestPolicy, start: float, jitter: Callable[[float], float], clock_offset: float
    ) -> None:
        self.outcomes: list[tuple[Any, Any]] = []
        self.requests = 0
        self._policy = policy
        self._wording = policy.wording
        self._limiter = RateLimiter()
        self._jitter = jitter
        self._clock_offset = clock_offset
        self._end = start + policy.deadline
        self._ready: deque[Task] = deque()
        self._waiting: list[tuple[float, int, Task]] = []  # a heap of due times; the numbers keep tasks apart
        self._in_flight: dict[int, InFlight] = {}  # by their numbers, the first sent first
        self._last_number = 0
        self._progress_at = start
        self._failures_in_a_row = 0
        self._failed_at = self._probe_at = start
        self._last_failure: RequestFailed | None = None
        self._closed: tuple[str, str] | None = None  # why nothing more is sent, with a hint

    @property
    def is_busy(self) -> bool:
        """Whether a key is still without its outcome."""
        return bool(self._ready or self._waiting or self._in_flight)

    def add(self, key: Any, request: Any, now: float) -> None:
        """Add a request. Once the run is closed, its outcome is the reason for that."""
        task = Task(key, request)
        if self._closed is not None:
            self._give_up(task, *self._closed)
            return
        if not self.is_busy:
            self._progress_at = now
        self._ready.append(task)

    def delay(self, now: float) -> float | None:
        """Return the seconds until a request may be sent; None while that depends on a response or on another key."""
        while self._waiting and self._waiting[0][0] <= now:
            self._ready.append(heapq.heappop(self._waiting)[2])
        # After a failure one request at a time is sent, to find out whether the server is well again.
        if len(self._in_flight) >= self._policy.jobs or (self._failures_in_a_row and self._in_flight):
            return None
        if not self._ready:
            return self._waiting[0][0] - now if self._waiting else None
        return max(self._limiter.delay(now), self._probe_at - now, 0.0)

    def take_next(self, now: float) -> tuple[int, Task]:
        """Return the request to send, and the number to `finish` it by. Only to be called when `delay` is 0."""
        task = self._ready.popleft()
        self._last_number += 1
        self._in_flight[self._last_number] = InFlight(task, now)
        self._limiter.record_sent(now)
        self.requests += 1
        if self.requests >= self._policy.max_requests:
            option = self._wording.max_requests_option
            again = f"{option and f'raise {option}, or '}run again{self._wording.rerun_note}"
            self._close(
                f"stopped after {pluralize(self._policy.max_requests, 'request')}{option and f' ({option})'}",
                self._wording.smaller_work or again,
            )
        return self._last_number, task

    def finish(self, number: int, result: Result | RequestFailed, now: float) -> None:
        """Record the result of a request. A request that was given up has its outcome already."""
        flight = self._in_flight.pop(number, None)
        if flight is None:
            return
        self._limiter.record_quota(result.quota, now)
        if not isinstance(result, RequestFailed):
            self._limiter.record_accepted(flight.sent_at, now)
            self._record_outcome(flight.task.key, result.value, now)
        elif result.kind == "request":
            self._limiter.record_accepted(flight.sent_at, now)
            self._record_outcome(flight.task.key, self._unreadable(result.message, result.hint), now)
        else:
            self._last_failure = result
            self._handle_failure(flight, result, now)

    def _record_outcome(self, key: Any, outcome: Any, now: float) -> None:
        self.outcomes.append((key, outcome))
        self._progress_at = now
        self._failures_in_a_row = 0
        self._probe_at = now

    def _handle_failure(self, flight: InFlight, failed: RequestFailed, now: float) -> None:
        """Send the request again, give it up, or end the run."""
        task, end = flight.task, min(self._end, self._progress_at + self._policy.stall)
        if failed.kind == "fatal":
            self._give_up(task, failed.message, failed.hint)
            self.stop(failed.message, failed.hint)
        elif failed.retry_after is not None and now + failed.retry_after >= end:
            self._stop_for_long_wait(task, failed, now)
        elif failed.kind == "rate_limit":
            task.rate_limited += 1
            self._limiter.record_refused(flight.sent_at, now, failed.retry_after)
            self._retry(task, self._backoff(task.rate_limited), failed.retry_after, now)
        else:
            self._count_failure(flight, now)
            task.attempts += 1
            if failed.kind == "retry" and task.attempts < MAX_ATTEMPTS:
                self._retry(task, self._backoff(task.attempts), failed.retry_after, now)
            else:
                self._give_up(task, failed.message, failed.hint)
            if self._failures_in_a_row >= MAX_FAILURES_IN_A_ROW:
                self.stop(
                    f"{MAX_FAILURES_IN_A_ROW} failures in a row, the last: {failed.message}", failed.hint
                )

    def _count_failure(self, flight: InFlight, now: float) -> None:
        """Count the failures of requests that were in flight together as one."""
        if flight.sent_at >= self._failed_at:
            self._failures_in_a_row += 1
            self._failed_at = now
            self._probe_at = now + self._backoff(self._failures_in_a_row)

    def _backoff(self, times: int) -> float:
        """Return seconds to wait after so many failures, 1 or more."""
        return self._jitter(min(MAX_BACKOFF, INITIAL_BACKOFF * 2.0 ** min(times - 1, 10)))

    def _retry(self, task: Task, backoff: float, retry_after: float | None, now: float) -> None:
        if self._closed is not None:
            self._give_up(task, *self._closed)
            return
        # A little more than the server asks for, so that the requests of one moment don't come back in one.
        wait = backoff if retry_after is None else retry_after + min(backoff, 0.1 * retry_after)
        self._last_number += 1
        heapq.heappush(self._waiting, (now + wait, self._last_number, task))

    def _stop_for_long_wait(self, task: Task, failed: RequestFailed, now: float) -> None:
        wait = describe_wait(failed.retry_after or 0.0, now + self._clock_offset)
        message = f"{failed.message}; it asks to try again {wait}"
        hint = f"run again then{self._wording.rerun_note}"
        self._give_up(task, message, hint)
        self.stop(message, hint)

    def give_up_overdue(self, now: float) -> None:
        """Give up requests without a response in time, and the run at its deadline or when it stalls."""
        timeout = self._policy.timeout
        while self._in_flight:
            number, flight = next(iter(self._in_flight.items()))
            if now < flight.sent_at + timeout + TIMEOUT_GRACE:
                break
            self.finish(number, RequestFailed("retry", f"no answer within {timeout:g} s"), now)
        if not self.is_busy:
            return
        last = f"; the last answer: {self._last_failure.message}" if self._last_failure else ""
        if now >= self._end:
            option = self._wording.deadline_option
            over = f"gave up after {self._policy.deadline:g} s{option and f' ({option})'}{last}"
            self.stop(over, f"{option and f'raise {option}, or '}run again")
        elif now >= self._progress_at + self._policy.stall:
            stalled = f"no {self._wording.result} arrived for {self._policy.stall:g} s{last}"
            self.stop(stalled, "run again later")

    def stop(self, reason: str, hint: str = "") -> None:
        """End the run: every key without an outcome, and every key added later, gets this one."""
        self._close(reason, hint)
        for flight in self._in_flight.values():
            self._give_up(flight.task, reason, hint)
        self._in_flight.clear()

    def _close(self, reason: str, hint: str) -> None:
        """Send nothing more, but wait for what is in flight."""
        self._closed = reason, hint
        for task in (*self._ready, *(entry[2] for entry in self._waiting)):
            self._give_up(task, reason, hint)
        self._ready.clear()
        self._waiting.clear()

    def _give_up(self, task: Task, reason: str, hint: str) -> None:
        self.outcomes.append((task.key, self._unreadable(reason, hint)))

    def _unreadable(self, reason: str, hint: str) -> Unreadable:
        failure = self._wording.failure
        return Unreadable(f"{failure}: {reason}" if failure else reason, hint)


def describe_wait(seconds: float, unix_time: float) -> str:
    """Return how long to wait from `unix_time` on, and until when: `in 60 min, at 14:05 UTC`."""
    if seconds > 7 * 86400:  # infinity, too
        return "in more than a week"
    if seconds < 120:
        return f"in {seconds:.0f} s"
    form = "%Y-%m-%d %H:%M" if seconds > 72000 else "%H:%M"
    until = datetime.fromtimestamp(unix_time + seconds, UTC)
    return f"in {seconds / 60:.0f} min, at {until:{form}} UTC"
