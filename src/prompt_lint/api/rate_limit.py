"""How fast requests are sent: evenly spaced, at a rate that is learnt from the responses."""

from __future__ import annotations

import math
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from prompt_lint.api.responses import Quota

# Before anything is known: a little less than what the smallest organization is granted (2,000 requests a minute). The
# first few are sent at once, since most runs send no more.
INITIAL_RATE = 30.0
INITIAL_BURST = 10
# Bounds of the rate, in requests a second. Refusals may come of somebody else's use of the same quota, which ends, so they
# never bring it below the minimum; only a quota of the server may.
MIN_RATE, MAX_RATE = 2.0, 1_000.0
MIN_QUOTA_RATE = 0.2
# Until the first refusal the rate grows by this factor, each time that requests sent at the present rate are accepted.
GROWTH_FACTOR, GROWTH_INTERVAL = 1.5, 0.25
# The share of the server's quota that is used: clocks and networks jitter.
QUOTA_SHARE = 0.995
# After a 429, go on at this share of the accepted rate. Then raise it by this fraction a second, and by more the longer no
# 429 arrives, so that a share that was far too small is soon corrected.
SLOWDOWN, RECOVERY, RECOVERY_GROWTH = 0.97, 0.01, 1.0
# The accepted rate is measured over this many seconds.
MEASURED_SECONDS = 2.0
# A sender that woke late may catch up with this many seconds' worth of requests.
CATCH_UP_SECONDS = 0.06
# A `Retry-After` of up to so many seconds concerns its own request; a longer one all of them.
MAX_SINGLE_WAIT = 1.0


def estimate_seconds(requests: int) -> int:
    """Return how long it takes to send requests at the rate with which a run begins, at least a second."""
    return max(1, math.ceil((requests - INITIAL_BURST) / INITIAL_RATE))


class RateLimiter:
    """The pace of one run, as a generic cell rate algorithm. It reads no clock: every call gets the time, in seconds.

    A request may be sent when `delay` is 0; `record_sent` books it, and `record_accepted` or `record_refused` says what has
    become of it. `_next_due` is when the next request is due, at most `_slack` seconds ago. `_credit` requests needn't wait.
    """

    def __init__(self) -> None:
        self.rate = INITIAL_RATE
        self._quota_rate: float | None = None  # what the server grants, a second
        self._was_refused = False
        self._next_due = float("-inf")
        self._credit = 0
        self._slack = (INITIAL_BURST - 0.5) / INITIAL_RATE
        self._paused_until = 0.0
        self._rate_changed_at = 0.0
        self._slowed_at = -1.0
        self._started_at: float | None = None
        self._sent = 0
        self._accepted_at: deque[float] = deque()

    def delay(self, now: float) -> float:
        """Return the seconds until a request may be sent."""
        due = now if self._credit else self._next_due
        return max(0.0, due - now, self._paused_until - now)

    def record_sent(self, now: float) -> None:
        if self._started_at is None:
            self._started_at = self._rate_changed_at = now
        self._sent += 1
        if self._credit:
            self._credit -= 1
        else:
            self._next_due = max(self._next_due, now - self._slack) + 1 / self.rate

    def record_quota(self, quota: Quota, now: float) -> None:
        per_minute = quota.per_minute
        if per_minute is None or not 60 * MIN_QUOTA_RATE <= per_minute <= 60 * MAX_RATE:
            return
        rate = QUOTA_SHARE * per_minute / 60
        if rate == self._quota_rate:
            return
        is_first = self._quota_rate is None
        self._quota_rate, self._rate_changed_at, self._slack = rate, now, CATCH_UP_SECONDS
        self._set_rate(rate)
        if is_first and quota.remaining and self._started_at is not None:
            # What the gentle start has left unused is still there.
            unused = (now - self._started_at) * rate - self._sent
            self._credit = max(0, int(min(unused, quota.remaining / 2)))

    def record_accepted(self, sent_at: float, now: float) -> None:
        self._accepted_at.append(now)
        while self._accepted_at[0] < now - MEASURED_SECONDS:
            self._accepted_at.popleft()
        if self._quota_rate is None and not self._was_refused:
            if sent_at >= self._rate_changed_at and now - self._rate_changed_at >= GROWTH_INTERVAL:
                self._rate_changed_at = now
                self._set_rate(self.rate * GROWTH_FACTOR)
        elif now > self._rate_changed_at:
            seconds_well = now - max(self._slowed_at, self._started_at or 0.0)
            growth = RECOVERY * (1 + RECOVERY_GROWTH * seconds_well**2) * (now - self._rate_changed_at)
            self._set_rate(self.rate * (1 + min(growth, GROWTH_FACTOR - 1)))
            self._rate_changed_at = now

    def record_refused(self, sent_at: float, now: float, retry_after: float | None) -> None:
        """Slow down after a 429. Requests that were in flight when the pace was last slowed down say nothing new."""
        if retry_after is not None and retry_after > MAX_SINGLE_WAIT:
            self._paused_until = max(self._paused_until, now + retry_after)
        if sent_at < self._slowed_at:
            return
        self._slowed_at = self._rate_changed_at = now
        was_burst, self._slack = self._slack > CATCH_UP_SECONDS, min(self._slack / 2, CATCH_UP_SECONDS)
        if was_burst:
            return  # the first few may have been too many at once, which says nothing of the rate
        self._set_rate(SLOWDOWN * min(self.rate, max(self._measured_rate(now), self._safe_rate())))
        self._was_refused = True

    def _measured_rate(self, now: float) -> float:
        """Return how many requests a second were accepted of late."""
        since = max(now - MEASURED_SECONDS, self._started_at or 0.0)
        return len(self._accepted_at) / max(now - since, 0.5)

    def _safe_rate(self) -> float:
        """Return a rate that is unlikely to be too high, since what is measured may be too low."""
        if self._quota_rate is not None:
            return 0.95 * self.rate
        return 0.8 * self.rate if self._was_refused else self.rate / GROWTH_FACTOR

    def _set_rate(self, rate: float) -> None:
        self.rate = min(max(rate, MIN_RATE), MAX_RATE if self._quota_rate is None else self._quota_rate)
