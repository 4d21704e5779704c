"""How fast requests may go: even spacing at a rate that is learnt from the answers."""

from __future__ import annotations

from collections import deque

# The pace before anything is known: what the smallest organization is granted (2,000 a minute), less a
# little, after a first handful at once, because most runs count no more than that.
INITIAL_RATE = 30.0
INITIAL_BURST = 10
# Requests a second that refusals never bring the pace below (they may come from somebody else's use of the
# same limit, which ends), and that it never goes above. A limit that the server tells may be lower.
MIN_RATE, MAX_RATE = 2.0, 1_000.0
MIN_QUOTA = 0.2
# Growth while no limit has shown itself: by half as much again, each time that requests sent at the
# present pace have come back well.
GROWTH_FACTOR, GROWTH_INTERVAL = 1.5, 0.25
# A limit that the server tells is used but for this much: clocks and paths jitter.
QUOTA_SHARE = 0.995
# After a refusal: this much of what was accepted of late. Then up again, by this fraction a second at
# first and the faster the longer all goes well, so that a measure that was far too low is soon mended.
BACKOFF_FACTOR, RECOVERY_RATE, RECOVERY_ACCELERATION = 0.97, 0.01, 1.0
# What was accepted is measured over this many seconds.
MEASURED_SECONDS = 2.0
# A sender that woke late may catch up with this many seconds' worth of requests.
CATCH_UP_SECONDS = 0.06
# A `retry-after` up to this long is one request's own wait; a longer one stops everybody.
MAX_SINGLE_WAIT = 1.0


class RateLimiter:
    """The pace of one run. It holds no lock and reads no clock: every call says when it happens, in seconds.

    A request goes out when `wait` says 0, and `sent` books it. Its answer is told by `accepted` or
    `refused`, with the time it was sent. The pace is a generic cell rate: `_next` is when the next request
    is due, and lies at most `_slack` in the past. `_credit` are requests that needn't wait.
    """

    def __init__(self) -> None:
        self.rate = INITIAL_RATE
        self._told: float | None = None
        self._met = False
        self._next = float("-inf")
        self._credit = 0
        self._slack = (INITIAL_BURST - 0.5) / INITIAL_RATE
        self._pause = 0.0
        self._changed = 0.0
        self._eased = -1.0
        self._began: float | None = None
        self._count = 0
        self._accepted: deque[float] = deque()

    def delay(self, now: float) -> float:
        """Seconds until a request may go."""
        due = now if self._credit else self._next
        return max(0.0, due - now, self._pause - now)

    def record_sent(self, now: float) -> None:
        if self._began is None:
            self._began = self._changed = now
        self._count += 1
        if self._credit:
            self._credit -= 1
        else:
            self._next = max(self._next, now - self._slack) + 1 / self.rate

    def pause(self, now: float, seconds: float) -> None:
        """Nothing goes out for so long."""
        self._pause = max(self._pause, now + seconds)

    def record_quota(self, now: float, limit: float | None, remaining: float | None) -> None:
        """What rate-limit headers said: requests a minute, and how many of them are left."""
        if limit is None or not 60 * MIN_QUOTA <= limit <= 60 * MAX_RATE:
            return
        told = QUOTA_SHARE * limit / 60
        if told == self._told:
            return
        first = self._told is None
        self._told, self._changed, self._slack = told, now, CATCH_UP_SECONDS
        self._set(told)
        if first and remaining and self._began is not None:
            # What the gentle start left lying is still there.
            missed = (now - self._began) * told - self._count
            self._credit = max(0, int(min(missed, remaining / 2)))

    def record_accepted(self, sent: float, now: float) -> None:
        self._accepted.append(now)
        while self._accepted[0] < now - MEASURED_SECONDS:
            self._accepted.popleft()
        if self._told is None and not self._met:
            if sent >= self._changed and now - self._changed >= GROWTH_INTERVAL:
                self._changed = now
                self._set(self.rate * GROWTH_FACTOR)
        elif now > self._changed:
            well = now - max(self._eased, self._began or 0.0)
            growth = RECOVERY_RATE * (1 + RECOVERY_ACCELERATION * well * well)
            self._set(self.rate * (1 + min(growth * (now - self._changed), GROWTH_FACTOR - 1)))
            self._changed = now

    def record_refused(self, sent: float, now: float, retry_after: float | None) -> None:
        """A 429. Those that were on their way when the pace was last eased tell nothing new."""
        if retry_after is not None and retry_after > MAX_SINGLE_WAIT:
            self.pause(now, retry_after)
        if sent < self._eased:
            return
        self._eased = self._changed = now
        bunched, self._slack = self._slack > CATCH_UP_SECONDS, min(self._slack / 2, CATCH_UP_SECONDS)
        if bunched:
            return  # the first handful may have been too many at once: that says nothing of the pace
        self._set(BACKOFF_FACTOR * min(self.rate, max(self._measured(now), self._known_good())))
        self._met = True

    def _measured(self, now: float) -> float:
        """Accepted a second, of late."""
        since = max(now - MEASURED_SECONDS, self._began or 0.0)
        return len(self._accepted) / max(now - since, 0.5)

    def _known_good(self) -> float:
        """A pace that isn't likely to be too fast, since what was measured may say too little."""
        if self._told is not None:
            return 0.95 * self.rate
        return 0.8 * self.rate if self._met else self.rate / GROWTH_FACTOR

    def _set(self, rate: float) -> None:
        self.rate = min(max(rate, MIN_RATE), MAX_RATE if self._told is None else self._told)
