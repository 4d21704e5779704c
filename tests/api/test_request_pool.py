"""The threads of a run, in real time: every key gets its outcome, and nothing that hangs keeps a run from ending."""

from __future__ import annotations

import itertools
import threading
import time
from typing import TYPE_CHECKING

import pytest

from prompt_lint.api import request_pool
from prompt_lint.api.policy import RequestPolicy
from prompt_lint.api.request_pool import count_requests
from prompt_lint.api.responses import UNKNOWN_MODEL_HINT, RequestFailed, Result
from prompt_lint.model.counts import Count, CountKey
from prompt_lint.model.errors import Unreadable
from prompt_lint.model.values import Request

if TYPE_CHECKING:
    from collections.abc import Iterator

REQUEST = Request({"messages": [{"role": "user", "content": "x"}]})


def keys(n: int) -> list[CountKey]:
    return [CountKey("m", str(number)) for number in range(n)]


def result(tokens: int) -> Result:
    return Result(Count(tokens, tokens, tokens, "api"))


def work(n: int) -> Iterator[tuple[CountKey, Request]]:
    return ((key, REQUEST) for key in keys(n))


def test_each_key_gets_its_own_count() -> None:
    """Whatever the order in which they arrive."""
    models = [(CountKey(str(number), "d"), REQUEST) for number in range(1, 201)]

    counts = dict(count_requests(models, lambda model, request: result(int(model)), RequestPolicy()))

    assert counts == {CountKey(str(n), "d"): Count(n, n, n, "api") for n in range(1, 201)}


def test_a_model_that_the_api_does_not_know_is_asked_for_once() -> None:
    """All of its prompts have that answer; the other models are counted."""
    sent: list[str] = []

    def count(model: str, _: Request) -> Result:
        sent.append(model)
        if model == "claude-nonesuch":
            raise RequestFailed("request", "answered 404", UNKNOWN_MODEL_HINT)
        return result(7)

    names = ("claude-nonesuch", "claude-sonnet-5-5", "claude-new")
    asked = [(CountKey(model, str(n)), REQUEST) for n in range(700) for model in names]
    outcomes = dict(count_requests(asked, count, RequestPolicy()))

    assert {key for key, _ in asked} == set(outcomes)
    assert {name: sent.count(name) for name in names} == {
        "claude-nonesuch": 1, "claude-sonnet-5-5": 700, "claude-new": 700,
    }  # fmt: skip
    refused = {outcome.hint for outcome in outcomes.values() if isinstance(outcome, Unreadable)}
    assert refused == {UNKNOWN_MODEL_HINT}
    assert sum(isinstance(outcome, Unreadable) for outcome in outcomes.values()) == 700


def test_no_keys_give_no_outcomes() -> None:
    """And no request."""
    assert list(count_requests([], lambda model, request: result(1), RequestPolicy())) == []


def test_outcomes_arrive_while_others_wait() -> None:
    """So an interrupted run keeps them."""
    gate = threading.Event()

    def send(model: str, request: Request) -> Result:
        if model == "slow":
            gate.wait(10)
        return result(1)

    arriving = count_requests(
        [(CountKey("slow", "d"), REQUEST), (CountKey("quick", "d"), REQUEST)], send, RequestPolicy()
    )
    first = next(arriving)
    gate.set()

    assert first[0].model == "quick"
    assert [key.model for key, _ in arriving] == ["slow"]


def test_keys_are_read_a_bounded_number_ahead() -> None:
    """Memory doesn't grow with the number of prompts."""
    read = 0

    def endless() -> Iterator[tuple[CountKey, Request]]:
        nonlocal read
        for number in itertools.count():
            read += 1
            yield CountKey("m", str(number)), REQUEST

    arriving = count_requests(endless(), lambda model, request: result(1), RequestPolicy())
    next(arriving)
    arriving.close()  # type: ignore[attr-defined]  # a generator

    assert read <= 1024


def test_a_hanging_request_does_not_outlast_the_deadline() -> None:
    """Its thread is left behind."""
    never = threading.Event()

    def send(model: str, request: Request) -> Result:
        never.wait(30)
        return result(1)

    began = time.monotonic()
    outcomes = list(count_requests(work(3), send, RequestPolicy(deadline=1.0)))
    seconds = time.monotonic() - began
    never.set()

    assert seconds < 3
    assert len(outcomes) == 3
    assert all("gave up after 1 s (--deadline)" in str(outcome) for _, outcome in outcomes)


def test_an_interrupted_caller_ends_the_threads() -> None:
    """Ctrl-C reaches the main thread only; the others send nothing more."""
    sent = 0

    def send(model: str, request: Request) -> Result:
        nonlocal sent
        sent += 1
        time.sleep(0.01)
        return result(1)

    def interrupted() -> None:
        for number, _ in enumerate(count_requests(work(5000), send, RequestPolicy())):
            if number == 3:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    time.sleep(0.3)
    after = sent
    time.sleep(0.3)

    assert sent == after < 200


def test_an_unexpected_exception_is_a_failure_without_its_text() -> None:
    """Its class is shown; its text may hold a secret."""

    def send(model: str, request: Request) -> Result:
        raise RuntimeError("sk-ant-c4nary")

    [(_, outcome)] = count_requests(work(1), send, RequestPolicy())

    assert str(outcome) == "not counted: the request failed (RuntimeError)"


def test_an_exception_of_the_source_reaches_the_caller() -> None:
    """No thread swallows it."""

    def source() -> Iterator[tuple[CountKey, Request]]:
        yield CountKey("m", "0"), REQUEST
        raise ValueError("unreadable")

    with pytest.raises(ValueError, match="unreadable"):
        list(count_requests(source(), lambda model, request: result(1), RequestPolicy()))


@pytest.mark.parametrize("threads", [0, 2])
def test_few_threads_do_all_the_work(monkeypatch: pytest.MonkeyPatch, threads: int) -> None:
    """Without any, each key gets the reason."""
    left = [threads]

    class Few(threading.Thread):
        def start(self) -> None:
            if self.name != "count-dispatch":
                if not left[0]:
                    raise RuntimeError("can't start new thread")
                left[0] -= 1
            super().start()

    monkeypatch.setattr(request_pool, "Thread", Few)

    outcomes = [
        outcome for _, outcome in count_requests(work(50), lambda model, request: result(1), RequestPolicy())
    ]

    assert len(outcomes) == 50
    assert all(isinstance(outcome, Count) for outcome in outcomes) == bool(threads)
