"""The pace of a run: thousands of requests against a quota, in virtual time."""

from __future__ import annotations

import heapq
import random
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prompt_lint.api.policy import RequestPolicy
from prompt_lint.api.rate_limit import INITIAL_BURST, MAX_RATE, MIN_QUOTA_RATE, RateLimiter
from prompt_lint.api.responses import Quota, RequestFailed, Result
from prompt_lint.api.retry import RetrySchedule
from prompt_lint.model.counts import Count, CountKey
from prompt_lint.model.values import Request

REQUEST = Request({"messages": [{"role": "user", "content": "x"}]})
# What a sender that shares a machine comes late by, on average.
LATE = 0.003


class Bucket:
    """The server's side: `rpm` spread evenly, `saved` seconds' worth of them at most kept."""

    def __init__(self, rpm: float, saved: float) -> None:
        self.rpm = rpm
        self.most = max(1.0, saved * rpm / 60)
        self.level = self.most
        self.at = 0.0

    def take(self, now: float) -> bool:
        self.level = min(self.most, self.level + (now - self.at) * self.rpm / 60)
        self.at = now
        granted = self.level >= 1
        self.level -= granted
        return granted


class Run(NamedTuple):
    """How a run went. `efficiency` is of the rate that the limit allows, `refused` of all answers."""

    counted: int
    efficiency: float
    refused: float
    seconds: float


def simulate(
    rpm: float, saved: float, *, headers: bool, wait: float | None = 1.0, n: int = 3000, seed: int = 0
) -> Run:
    """A run of `n` keys: answers take 150 to 400 ms, refusals come at once, the sender wakes a little late."""
    chance = random.Random(seed)  # noqa: S311  # repeatable
    bucket = Bucket(rpm, saved)
    schedule = RetrySchedule(
        RequestPolicy(max_requests=10 * n, deadline=7200), 0.0, lambda most: chance.uniform(0, most), 0.0
    )
    for number in range(n):
        schedule.add(CountKey("m", str(number)), REQUEST, 0.0)
    arriving: list[tuple[float, int, Result | RequestFailed]] = []
    now, refused, awake = 0.0, 0, 0.0
    while schedule.is_busy:
        wait_for = schedule.delay(now)
        if wait_for == 0 and now >= awake:
            number, _ = schedule.take_next(now)
            granted = bucket.take(now)
            refused += not granted
            quota = Quota(rpm, float(int(bucket.level))) if headers else Quota()
            result = (
                Result(Count(7, 7, 7, "api"), quota)
                if granted
                else RequestFailed("rate_limit", "429", retry_after=wait, quota=quota)
            )
            heapq.heappush(
                arriving, (now + (chance.uniform(0.15, 0.4) if granted else 0.004), number, result)
            )
            continue
        if wait_for is not None and awake <= now:
            awake = now + wait_for + chance.expovariate(1 / LATE)
        now = min(arriving[0][0] if arriving else awake, awake if awake > now else 1e9)
        while arriving and arriving[0][0] <= now:
            _, number, result = heapq.heappop(arriving)
            schedule.finish(number, result, now)
    counted = sum(isinstance(outcome, Count) for _, outcome in schedule.outcomes)
    assert len(schedule.outcomes) == n
    return Run(counted, n / now * 60 / rpm, refused / schedule.requests, now)


@pytest.mark.parametrize("saved", [0.1, 0.3, 1.0])
@pytest.mark.parametrize("rpm", [500, 2_000, 4_000, 10_000])
def test_a_quota_in_headers_is_used_and_hardly_exceeded(rpm: float, saved: float) -> None:
    """95 % of the quota, fewer than 2 % of requests refused, nothing lost."""
    run = simulate(rpm, saved, headers=True)

    assert run.counted == 3000
    assert run.efficiency >= 0.95
    assert run.refused < 0.02


@pytest.mark.parametrize("wait", [None, 0.0, 1.0])
@pytest.mark.parametrize("saved", [0.1, 1.0])
@pytest.mark.parametrize("rpm", [500, 2_000, 4_000, 10_000])
def test_a_quota_without_headers_is_found(rpm: float, saved: float, wait: float | None) -> None:
    """85 % of a quota that only refusals show, with a `Retry-After` or without; nothing lost."""
    run = simulate(rpm, saved, headers=False, wait=wait)

    assert run.counted == 3000
    assert run.efficiency >= 0.85
    assert run.refused < 0.10


@given(
    rpm=st.floats(60, 40_000),
    saved=st.floats(0, 60),
    headers=st.booleans(),
    wait=st.none() | st.floats(0, 3),
    seed=st.integers(0, 2**16),
)
@settings(max_examples=40, deadline=None)
def test_no_count_is_lost_under_any_quota(
    rpm: float, saved: float, headers: bool, wait: float | None, seed: int
) -> None:
    """And the run ends."""
    assert simulate(rpm, saved, headers=headers, wait=wait, n=300, seed=seed).counted == 300


def test_the_first_requests_are_sent_at_once() -> None:
    """A few files don't wait for a pace that is meant for thousands."""
    limiter = RateLimiter()
    for _ in range(INITIAL_BURST):
        assert limiter.delay(5.0) == 0
        limiter.record_sent(5.0)

    assert limiter.delay(5.0) > 0


def test_the_first_second_fits_the_smallest_quota() -> None:
    """Before anything is known, no more is sent than the smallest organization may send."""
    limiter, now, sent = RateLimiter(), 0.0, 0
    while now < 1:
        if limiter.delay(now) == 0:
            limiter.record_sent(now)
            sent += 1
        now += 0.001

    assert sent <= 2000 / 60 + INITIAL_BURST


def test_a_long_retry_after_stops_all_requests() -> None:
    """A short one delays its own request alone."""
    limiter = RateLimiter()
    limiter.record_sent(0.0)
    limiter.record_refused(0.0, 0.2, 30.0)

    assert limiter.delay(10.0) == pytest.approx(20.2)


def test_refusals_of_one_moment_slow_down_once() -> None:
    """Forty of them say no more than two."""
    few, many = RateLimiter(), RateLimiter()
    for limiter, refusals in ((few, 2), (many, 40)):
        for _ in range(50):
            limiter.record_sent(0.0)
        limiter.record_refused(0.0, 0.1, None)
        for number in range(refusals - 1):
            limiter.record_refused(0.05, 0.11 + number / 1000, None)

    assert few.rate == many.rate


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["sent", "accepted", "refused", "quota"]),
            st.floats(0, 100),
            st.none() | st.floats(0, 1e12) | st.just(float("inf")),
        ),
        max_size=200,
    )
)
def test_the_rate_stays_within_its_bounds(events: list[tuple[str, float, float | None]]) -> None:
    """Under any events, a run neither races nor stops."""
    limiter, now = RateLimiter(), 0.0
    for event, step, value in events:
        before, now = now, now + step
        if event == "sent":
            limiter.record_sent(now)
        elif event == "accepted":
            limiter.record_accepted(before, now)
        elif event == "refused":
            limiter.record_refused(before, now, min(value, 900) if value is not None else None)
        else:
            limiter.record_quota(Quota(value, value), now)

        assert 0.99 * MIN_QUOTA_RATE <= limiter.rate <= MAX_RATE
        assert 0 <= limiter.delay(now) < 3600
