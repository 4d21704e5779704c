"""The pace of a run: thousands of requests against a quota, in virtual time."""

from __future__ import annotations

import heapq
import random
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prompt_lint.api.policy import RequestPolicy
from prompt_lint.api.rate_limit import RateLimiter, estimate_seconds
from prompt_lint.api.responses import Quota, RequestFailed, Result
from prompt_lint.api.retry import RetrySchedule
from prompt_lint.model.counts import Count, CountKey
from prompt_lint.model.values import Request

REQUEST = Request({"messages": [{"role": "user", "content": "x"}]})
# What a sender that shares a machine comes late by, on average.
LATE = 0.003
# What the clock says when a run begins.
START = 1_000.0


class Bucket:
    """The server's side: `rpm` spread evenly, `saved` seconds' worth of them at most kept."""

    def __init__(self, rpm: float, saved: float) -> None:
        self.rpm = rpm
        self.most = max(1.0, saved * rpm / 60)
        self.level = self.most
        self.at = START

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
        RequestPolicy(max_requests=10 * n, deadline=7200), START, lambda most: chance.uniform(0, most), START
    )
    for number in range(n):
        schedule.add(CountKey("m", str(number)), REQUEST, START)
    arriving: list[tuple[float, int, Result | RequestFailed]] = []
    now, refused, awake = START, 0, 0.0
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
    seconds = now - START
    return Run(counted, n / seconds * 60 / rpm, refused / schedule.requests, seconds)


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
def test_no_count_is_lost_under_any_quota(
    rpm: float, saved: float, headers: bool, wait: float | None, seed: int
) -> None:
    """And the run ends."""
    assert simulate(rpm, saved, headers=headers, wait=wait, n=300, seed=seed).counted == 300


def test_the_first_requests_are_sent_at_once() -> None:
    """A few files don't wait for a pace that is meant for thousands."""
    limiter = RateLimiter()
    for _ in range(10):
        assert limiter.delay(5.0) == 0
        limiter.record_sent(5.0)

    assert limiter.delay(5.0) > 0


def test_the_first_second_fits_the_smallest_quota() -> None:
    """Before anything is known, no more is sent than the smallest organization may send."""
    limiter, now, sent = RateLimiter(), START, 0
    while now < START + 1:
        if limiter.delay(now) == 0:
            limiter.record_sent(now)
            sent += 1
        now += 0.001

    assert 30 <= sent <= 2000 / 60 + 10


def test_the_time_of_a_run_is_estimated_by_the_pace_of_its_start() -> None:
    """The first ten at once, then thirty a second; what is sent takes a second."""
    assert [estimate_seconds(requests) for requests in (0, 10, 40, 41, 3_010)] == [1, 1, 1, 2, 100]


def test_a_long_retry_after_stops_all_requests() -> None:
    """A short one delays its own request alone."""
    limiter = RateLimiter()
    limiter.record_sent(0.0)
    limiter.record_refused(0.0, 0.2, 30.0)
    limiter.record_refused(0.0, 0.3, 5.0)

    assert limiter.delay(10.0) == pytest.approx(20.2)
    short, medium = RateLimiter(), RateLimiter()
    short.record_refused(0.0, 0.2, 1.0)
    medium.record_refused(0.0, 0.2, 1.1)
    assert short.delay(0.2) == 0
    assert medium.delay(0.2) == pytest.approx(1.1)


def test_refusals_of_one_moment_slow_down_once() -> None:
    """Forty of them say no more than two."""
    one, many = send_until_refused(), send_until_refused()
    for number in range(40):
        many.record_refused(START + 1, START + 1.11 + number / 1_000, None)

    assert one.rate == many.rate < 30


def send_until_refused() -> RateLimiter:
    """A run whose burst was refused first, which slows nothing down, and then what was sent at the rate."""
    limiter = RateLimiter()
    for _ in range(20):
        limiter.record_sent(START)
    limiter.record_refused(START, START + 0.1, None)
    assert limiter.rate == 30
    limiter.record_refused(START + 1, START + 1.1, None)
    return limiter


def test_the_rate_grows_while_requests_are_accepted() -> None:
    """By half every quarter of a second at first; after a refusal slowly, and faster the longer there is none."""
    fresh = RateLimiter()
    fresh.record_sent(START)
    fresh.record_accepted(START, START + 0.24)
    assert fresh.rate == 30
    fresh.record_accepted(START, START + 0.25)
    assert fresh.rate == 45

    refused = send_until_refused()
    assert refused.rate == pytest.approx(0.97 * 20)
    refused.record_accepted(START + 2, START + 3.1)
    assert refused.rate == pytest.approx(0.97 * 20 * 1.1)
    refused.record_accepted(START + 2, START + 60)
    assert refused.rate == pytest.approx(0.97 * 20 * 1.1 * 1.5)


def test_after_a_refusal_fewer_requests_are_sent_at_once() -> None:
    """A sender that woke late catches up with less."""

    def count_sent_late(*refusals: float) -> int:
        limiter = RateLimiter()
        limiter.record_quota(Quota(6_000, None), START)
        for at in refusals:
            limiter.record_refused(at, at, None)
        sent = 0
        while limiter.delay(START + 9) == 0:
            limiter.record_sent(START + 9)
            sent += 1
        return sent

    assert [count_sent_late(), count_sent_late(START), count_sent_late(START, START + 1)] == [6, 3, 2]


def test_what_the_slow_start_has_left_of_a_quota_is_sent_at_once() -> None:
    """Once, with the first response that names the quota, and at most half of what the server says is left."""

    def count_sent_at_once(remaining: float | None, *, is_known: bool = False) -> int:
        limiter = RateLimiter()
        if is_known:
            limiter.record_quota(Quota(3_000, None), START)
        for _ in range(10):
            limiter.record_sent(START)
        limiter.record_quota(Quota(6_000, remaining), START + 0.5)
        sent = 0
        while limiter.delay(START + 0.5) == 0:
            limiter.record_sent(START + 0.5)
            sent += 1
        return sent

    # A sender that woke late may always catch up with six.
    assert count_sent_at_once(None) == count_sent_at_once(0) == 6
    assert count_sent_at_once(20) == 16
    assert count_sent_at_once(1_000) == 39 + 6
    assert count_sent_at_once(1_000, is_known=True) == 6


@pytest.mark.parametrize(
    ("per_minute", "rate"),
    [
        (None, 30),
        (11.9, 30),
        (12, 0.199),
        (60, 0.995),
        (240, 3.98),
        (6_000, 99.5),
        (60_000, 995),
        (60_001, 30),
    ],
)
def test_a_quota_is_followed_however_small(per_minute: float | None, rate: float) -> None:
    """Nearly all of it is used, from 12 a minute on; what can't be a quota is ignored."""
    limiter = RateLimiter()
    limiter.record_sent(START)
    limiter.record_quota(Quota(per_minute, 5), START + 0.1)

    assert limiter.rate == pytest.approx(rate)


def test_after_refusals_the_rate_is_what_was_accepted_in_the_last_two_seconds() -> None:
    """What was accepted before says nothing of now."""
    limiter = RateLimiter()
    limiter.record_sent(START)
    limiter.record_refused(START, START + 0.1, None)
    for number in range(300):
        limiter.record_accepted(START + 0.5, START + 1 + number / 1_000)
    for number in range(100):
        limiter.record_accepted(START + 7, START + 8 + number / 100)
    assert limiter.rate == pytest.approx(30 * 1.5**2)

    limiter.record_refused(START + 8, START + 9, None)

    assert limiter.rate == pytest.approx(0.97 * 50)


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
    limiter, now = RateLimiter(), START
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

        assert 0.198 <= limiter.rate <= 1_000
        assert 0 <= limiter.delay(now) < 3600
