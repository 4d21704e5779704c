"""What is sent again, what ends a run, and that every key gets an outcome."""

from __future__ import annotations

import heapq
import itertools
import random
from typing import TYPE_CHECKING, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prompt_lint.api.policy import RequestPolicy
from prompt_lint.api.responses import RequestFailed, Result
from prompt_lint.api.retry import MAX_ATTEMPTS, MAX_FAILURES_IN_A_ROW, RetrySchedule, describe_wait
from prompt_lint.model.counts import Count, CountKey
from prompt_lint.model.errors import Unreadable
from prompt_lint.model.values import Request

if TYPE_CHECKING:
    from collections.abc import Callable

    from prompt_lint.api.responses import FailureKind
    from prompt_lint.model.counts import Outcome

# Unix time at the start of a schedule: 2027-01-15 08:00 UTC.
EIGHT = 1_800_000_000.0
REQUEST = Request({"messages": [{"role": "user", "content": "x"}]})


def keys(n: int) -> list[CountKey]:
    return [CountKey("m", str(number)) for number in range(n)]


def result(tokens: int) -> Result:
    return Result(Count(tokens, tokens, tokens, "api"))


def schedule_of(policy: RequestPolicy, jitter: Callable[[float], float] = lambda _: 0.0) -> RetrySchedule:
    return RetrySchedule(policy, 0.0, jitter, EIGHT)


class Run(NamedTuple):
    outcomes: dict[str, Outcome]
    sent: list[str]
    seconds: float

    @property
    def reasons(self) -> set[str]:
        return {outcome.message for outcome in self.outcomes.values() if isinstance(outcome, Unreadable)}


def simulate(
    n: int,
    server: Callable[[str, int], Result | RequestFailed | None],
    policy: RequestPolicy | None = None,
    seed: int = 0,
) -> Run:
    """`n` keys in a virtual time, each answer 0.2 s after its request."""
    chance = random.Random(seed)  # noqa: S311  # repeatable
    schedule = schedule_of(policy or RequestPolicy(), lambda most: chance.uniform(0, most))
    for key in keys(n):
        schedule.add(key, REQUEST, 0.0)
    sent: list[str] = []
    arriving: list[tuple[float, int, Result | RequestFailed]] = []
    now = 0.0
    while schedule.is_busy:
        while schedule.delay(now) == 0:
            number, task = schedule.take_next(now)
            sent.append(task.key.digest)
            response = server(task.key.digest, sent.count(task.key.digest))
            if response is not None:
                heapq.heappush(arriving, (now + 0.2, number, response))
        now += 0.05
        while arriving and arriving[0][0] <= now:
            _, number, response = heapq.heappop(arriving)
            schedule.finish(number, response, now)
        schedule.give_up_overdue(now)
        assert now < 2000
    outcomes = {key.digest: outcome for key, outcome in schedule.outcomes}
    assert len(schedule.outcomes) == len(outcomes) == n
    return Run(outcomes, sent, now)


def fails(
    kind: FailureKind, wait: float | None = None
) -> Callable[[str, int], Result | RequestFailed | None]:
    return lambda digest, time: RequestFailed(kind, f"{kind}", retry_after=wait)


def counted(run: Run) -> int:
    return sum(isinstance(outcome, Count) for outcome in run.outcomes.values())


def test_a_count_is_exact_and_from_the_api() -> None:
    """What the server says is the count, low and high alike."""
    assert simulate(1, lambda digest, time: result(42)).outcomes == {"0": Count(42, 42, 42, "api")}


def test_a_failed_request_is_sent_again() -> None:
    """A reset connection costs a second, not a count."""
    run = simulate(
        20, lambda digest, time: RequestFailed("retry", "reset") if time == 1 and digest == "3" else result(1)
    )

    assert counted(run) == 20
    assert run.sent.count("3") == 2


def test_a_request_that_always_fails_is_given_up() -> None:
    """After three attempts; the others are counted."""
    run = simulate(50, lambda digest, time: RequestFailed("retry", "503") if digest == "7" else result(1))

    assert counted(run) == 49
    assert run.sent.count("7") == MAX_ATTEMPTS
    assert run.reasons == {"not counted: 503"}


def test_a_request_at_fault_is_not_sent_again() -> None:
    """400, 404 and 413: one request each, and the others go on, however many they are."""
    run = simulate(40, lambda digest, time: RequestFailed("request", "400") if int(digest) % 2 else result(1))

    assert counted(run) == 20
    assert len(run.sent) == 40


def test_a_server_that_is_down_gets_few_requests() -> None:
    """Requests in flight fail together, then one is sent at a time, and after five failures none."""
    run = simulate(1000, fails("retry"))

    assert counted(run) == 0
    assert len(run.sent) <= 30
    assert run.seconds < 40
    assert f"not counted: {MAX_FAILURES_IN_A_ROW} failures in a row, the last: retry" in run.reasons


def test_a_server_with_invalid_responses_gets_few_requests() -> None:
    """None of them is sent a second time."""
    run = simulate(1000, fails("invalid"))

    assert len(run.sent) <= 30
    assert max(map(run.sent.count, run.sent)) == 1


def test_failures_of_one_moment_count_once() -> None:
    """All connections of one moment are reset: every key is counted in the end."""
    moments = itertools.count()
    run = simulate(
        100, lambda digest, time: RequestFailed("retry", "reset") if next(moments) < 12 else result(1)
    )

    assert counted(run) == 100


def test_failures_between_results_do_not_end_the_run() -> None:
    """One request in ten fails: only keys that fail three times are left."""
    chance = random.Random(1)  # noqa: S311  # repeatable
    run = simulate(
        500, lambda digest, time: RequestFailed("retry", "500") if chance.random() < 0.1 else result(1)
    )

    assert counted(run) >= 495


@pytest.mark.parametrize("n", [1, 500])
def test_a_fatal_failure_ends_the_run(n: int) -> None:
    """401, 403, a redirect: nothing more is sent, and each key has the reason."""
    run = simulate(n, fails("fatal"))

    assert run.reasons == {"not counted: fatal"}
    assert run.seconds < 1
    assert len(run.sent) <= 20


def test_rate_limits_do_not_count_as_failures() -> None:
    """However many come in a row."""
    run = simulate(30, lambda digest, time: RequestFailed("rate_limit", "429") if time < 3 else result(1))

    assert counted(run) == 30


def test_each_wait_is_up_to_twice_the_one_before() -> None:
    """From half a second to eight."""
    waits: list[float] = []

    def record(most: float) -> float:
        waits.append(most)
        return most

    schedule = schedule_of(RequestPolicy(), record)
    schedule.add(CountKey("m", "0"), REQUEST, 0.0)
    now = 0.0
    while len(waits) < 6:
        while delay := schedule.delay(now):
            now += delay
        number, _ = schedule.take_next(now)
        schedule.finish(number, RequestFailed("rate_limit", "429"), now)

    assert waits == [0.5, 1, 2, 4, 8, 8]


@pytest.mark.parametrize("kind", ["rate_limit", "retry"])
def test_retry_after_delays_the_next_attempt(kind: FailureKind) -> None:
    """If there is time for it, the request isn't sent earlier."""
    times: list[float] = []
    schedule = schedule_of(RequestPolicy())
    schedule.add(CountKey("m", "0"), REQUEST, 0.0)
    number, _ = schedule.take_next(0.0)
    schedule.finish(number, RequestFailed(kind, "busy", retry_after=20.0), 0.1)
    for now in range(40):
        if schedule.delay(float(now)) == 0:
            schedule.take_next(float(now))
            times.append(now)

    assert times == [21]


@pytest.mark.parametrize("wait", [61.0, 3600.0, 1e30, float("inf")])
@pytest.mark.parametrize("kind", ["rate_limit", "retry"])
def test_a_retry_after_beyond_the_deadline_ends_the_run(kind: FailureKind, wait: float) -> None:
    """At once, with the time to come back."""
    run = simulate(200, fails(kind, wait))

    assert run.seconds < 1
    assert all("it asks to try again in " in reason for reason in run.reasons)


@pytest.mark.parametrize("server", [fails("rate_limit"), fails("rate_limit", 1.0), lambda digest, time: None])
def test_a_run_without_results_ends(server: Callable[[str, int], Result | RequestFailed | None]) -> None:
    """Endless refusals, or silence, end it when it stalls, with the last failure in the reason."""
    run = simulate(100, server, RequestPolicy(stall=20.0, timeout=3.0))

    assert counted(run) == 0
    assert 19 < run.seconds < 22 or run.seconds < 30
    assert all(reason.startswith("not counted: ") for reason in run.reasons)


def test_a_slow_run_ends_at_its_deadline() -> None:
    """It doesn't stall, and keeps what it has."""
    run = simulate(
        2000,
        lambda digest, time: (
            result(1) if int(digest) < 200 else RequestFailed("rate_limit", "429", retry_after=0.5)
        ),
        RequestPolicy(deadline=10.0, stall=9.0),
    )

    assert counted(run) == 200
    assert 9 <= run.seconds < 11


def test_a_request_without_a_response_is_sent_again() -> None:
    """After its timeout; the others are counted."""
    run = simulate(
        30,
        lambda digest, time: None if digest == "3" and time == 1 else result(1),
        RequestPolicy(timeout=2.0),
    )

    assert counted(run) == 30
    assert 2 < run.seconds < 8


def test_a_late_response_is_ignored() -> None:
    """It can't give a key a second outcome."""
    schedule = schedule_of(RequestPolicy(timeout=1.0))
    schedule.add(CountKey("m", "0"), REQUEST, 0.0)
    number, _ = schedule.take_next(0.0)
    schedule.give_up_overdue(5.0)
    schedule.finish(number, result(1), 5.1)

    assert schedule.outcomes == []
    assert schedule.is_busy


def test_no_more_than_max_requests_are_sent() -> None:
    """Attempts included; the other keys learn which setting it was."""
    run = simulate(
        50,
        lambda digest, time: RequestFailed("retry", "x") if digest == "0" else result(1),
        RequestPolicy(max_requests=20),
    )

    assert len(run.sent) == 20
    assert counted(run) == 19
    assert len(run.outcomes) == 50
    assert any("--max-requests" in o.hint for o in run.outcomes.values() if isinstance(o, Unreadable))


def test_max_requests_may_be_used_up() -> None:
    """The bound is no error by itself."""
    assert counted(simulate(20, lambda digest, time: result(1), RequestPolicy(max_requests=20))) == 20


def test_no_more_requests_are_in_flight_than_jobs() -> None:
    """Concurrency is what was asked for at most."""
    schedule = schedule_of(RequestPolicy(jobs=3))
    for key in keys(10):
        schedule.add(key, REQUEST, 0.0)
    taken = 0
    while schedule.delay(0.0) == 0:
        schedule.take_next(0.0)
        taken += 1

    assert taken == 3


@given(
    n=st.integers(0, 30),
    plan=st.lists(
        st.sampled_from([result(1), None, *(RequestFailed(kind, kind, retry_after=wait) for kind in ("request", "retry", "invalid", "rate_limit", "fatal") for wait in (None, 0.0, 5.0, 1e9))]),
        min_size=1, max_size=40,
    ),
    jobs=st.integers(1, 8), most=st.integers(1, 60), seed=st.integers(0, 99),
)  # fmt: skip
def test_every_key_gets_one_outcome_in_time(
    n: int, plan: list[Result | RequestFailed | None], jobs: int, most: int, seed: int
) -> None:
    """For any responses, in any order."""
    answers = itertools.cycle(plan)
    policy = RequestPolicy(jobs=jobs, max_requests=most, deadline=30.0, stall=15.0, timeout=2.0)

    run = simulate(n, lambda digest, time: next(answers), policy, seed)

    assert run.seconds <= 31
    assert len(run.sent) <= most
    assert set(run.outcomes) == {key.digest for key in keys(n)}


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(0.0, "in 0 s"), (90.0, "in 90 s"), (3600.0, "in 60 min, at 09:00 UTC"), (86400.0, "in 1440 min, at 2027-01-16 08:00 UTC"),
     (1e30, "in more than a week"), (float("inf"), "in more than a week")],
)  # fmt: skip
def test_a_wait_is_described_for_people(seconds: float, expected: str) -> None:
    """Seconds while one can wait for them, else a time of day."""
    assert describe_wait(seconds, EIGHT) == expected
