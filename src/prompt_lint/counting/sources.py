"""Where counts come from: known ones first, then the API or the tokenizer, as the mode of the run says."""

from __future__ import annotations

from itertools import chain, islice
from typing import TYPE_CHECKING, Literal, NamedTuple

from prompt_lint.counting.processes import Work, count_all
from prompt_lint.model.errors import Unreadable
from prompt_lint.model.values import Count, CountKey

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
    from contextlib import AbstractContextManager

    from prompt_lint.cache.counts import CountCache
    from prompt_lint.cache.files import FileCache
    from prompt_lint.counting.processes import Counter, Outcome
    from prompt_lint.model.values import Request

    # Counts many keys over the network; each key gets one outcome, as they arrive.
    CountMany = Callable[[Iterable[tuple[CountKey, Request]]], Iterator[tuple[CountKey, Outcome]]]

Mode = Literal["exact", "auto", "offline"]

# Look-ups in one question to the cache.
_TOGETHER = 256
_NO_CREDENTIAL = "set ANTHROPIC_API_KEY, or count offline (--offline)"
# An exact count this far from the offline one, in tokens and as a share, says that the tokenizer has changed.
DRIFT_TOKENS, DRIFT_SHARE = 3, 0.01


class Service(NamedTuple):
    """The API, not yet connected. `host` is where prompts are sent, `sent` tells how many requests have been.

    `steered` names the variables that requests obey on their way there.
    """

    host: str
    connect: Callable[[], AbstractContextManager[CountMany]]
    sent: Callable[[], int]
    steered: tuple[str, ...] = ()


class Means(NamedTuple):
    """How a run gets its counts. Without a service, `absent` says why there is none."""

    mode: Mode
    offline: Counter
    family: Callable[[str], str]
    cache: CountCache
    files: FileCache
    service: Service | None
    absent: str
    jobs: int
    progress: Callable[[int], None]


class StandIn(NamedTuple):
    """An offline count for a key that the API was asked for and didn't count. It holds only as far as it decides."""

    counted: Count
    reason: Unreadable


class Drift(NamedTuple):
    """Exact and offline tokens of a family, over the requests for which they differ by more than they should."""

    requests: int = 0
    exact: int = 0
    offline: int = 0


class Tally:
    """What has come of counting, by key. There may be a million keys: none is kept as such, nor equal counts twice."""

    def __init__(self) -> None:
        self._by_model: dict[str, dict[str, Outcome | StandIn]] = {}
        self._same: dict[Count, Count] = {}

    def __getitem__(self, key: CountKey) -> Outcome | StandIn:
        return self._by_model[key.model][key.digest]

    def get(self, key: CountKey) -> Outcome | StandIn | None:
        return self._by_model.get(key.model, {}).get(key.digest)

    def __setitem__(self, key: CountKey, one: Outcome | StandIn) -> None:
        same = self._same.setdefault(one, one) if isinstance(one, Count) else one
        self._by_model.setdefault(key.model, {})[key.digest] = same

    def update(self, found: Mapping[CountKey, Outcome]) -> None:
        for key, one in found.items():
            self[key] = one

    def __len__(self) -> int:
        return sum(map(len, self._by_model.values()))

    def clear(self) -> None:
        self._by_model.clear()
        self._same.clear()


class Measured:
    """What has been counted: at the end, `outcomes` has every key that was asked for."""

    def __init__(self) -> None:
        self.outcomes = Tally()
        self.sent = 0
        self.failures: list[Unreadable] = []
        self.drifts: dict[str, Drift] = {}


def measure(works: Iterable[Work], means: Means) -> Measured:
    """Count every work. What arrives is handed to the cache at once: an interrupted run loses little."""
    done = Measured()
    unknown = _recall(works, means, done)
    if means.mode == "exact":
        _ask(unknown, means, done)
    else:
        _ask(_offline(unknown, means, done), means, done)
    done.sent = means.service.sent() if means.service else 0
    return done


def _recall(works: Iterable[Work], means: Means, done: Measured) -> Iterator[Work]:
    """The works that nothing sufficient is known of. Exact counts are good for every mode."""
    todo = iter(works)
    while batch := list(islice(todo, _TOGETHER)):
        keys = {CountKey(model, work.digest) for work in batch for model in work.models}
        done.outcomes.update(recall_counts({key for key in keys if done.outcomes.get(key) is None}, means))
        for work in batch:
            models = tuple(
                m
                for m in work.models
                if _is_open(done.outcomes.get(CountKey(m, work.digest)), work, m, means)
            )
            if models:
                yield work._replace(models=models)


def recall_counts(keys: Collection[CountKey], means: Means) -> dict[CountKey, Count]:
    """Return the counts that are known: exact ones first, which are good for every mode."""
    counts = means.cache.get(keys, "api")
    if means.mode != "exact":
        counts |= means.cache.get([key for key in keys if key not in counts], "offline")
    return counts


def suffices(count: Count, limit: int | None, means: Means) -> bool:
    """Whether nothing is left to be counted. Where the API may be asked, an offline count must decide."""
    return means.mode != "auto" or count.is_exact or count.decides(limit)


def _is_open(outcome: Outcome | StandIn | None, work: Work, model: str, means: Means) -> bool:
    """Whether a key is still to be counted."""
    if isinstance(outcome, Count):
        return not suffices(outcome, work.limits.get(model), means)
    return means.mode == "auto" or outcome is None


def _offline(works: Iterable[Work], means: Means, done: Measured) -> list[Work]:
    """Count with the tokenizer. Returns what that leaves open, in mode `auto`."""
    open_: list[Work] = []
    for work, counted in count_all(means.offline.count_request, works, means.jobs):
        done.outcomes.update(counted)
        means.progress(len(done.outcomes))
        means.cache.put({key: outcome for key, outcome in counted.items() if isinstance(outcome, Count)})
        models = tuple(
            key.model for key, outcome in counted.items() if _is_open(outcome, work, key.model, means)
        )
        if models:
            open_.append(work._replace(models=models))
    return open_


def _ask(works: Iterable[Work], means: Means, done: Measured) -> None:
    """Count with the API, each key once."""
    asked: set[CountKey] = set()
    waiting: dict[CountKey, Request] = {}

    def fresh() -> Iterator[tuple[CountKey, Request]]:
        for work in works:
            for key in (CountKey(model, work.digest) for model in work.models):
                if key not in asked:
                    asked.add(key)
                    waiting[key] = work.request
                    yield key, work.request

    for key, outcome in _answers(fresh(), means):
        if isinstance(outcome, Count):
            means.cache.put({key: outcome})
            done.outcomes[key] = outcome
        else:
            done.failures.append(outcome)
        _look_offline(key, waiting.pop(key), outcome, means, done)
        means.progress(len(done.outcomes))


def _answers(
    questions: Iterator[tuple[CountKey, Request]], means: Means
) -> Iterator[tuple[CountKey, Outcome]]:
    """From the API, connected only now that there is a question; or the reason why there is none."""
    first = next(questions, None)
    if first is None:
        return
    everything = chain([first], questions)
    if means.service is None:
        for key, _ in everything:
            yield key, Unreadable(f"not counted: {means.absent}", _NO_CREDENTIAL)
        return
    with means.service.connect() as count_many:
        yield from count_many(everything)


def _look_offline(key: CountKey, request: Request, outcome: Outcome, means: Means, done: Measured) -> None:
    """The offline count of a key that was asked for: compared with the answer, or standing in for none."""
    try:
        offline = means.offline.count_request(key.model, request)
    except Unreadable:
        if isinstance(outcome, Unreadable):
            done.outcomes[key] = outcome
        return
    if isinstance(outcome, Unreadable):
        done.outcomes[key] = StandIn(offline, outcome)
    elif offline.low <= outcome.tokens <= offline.high:
        return  # a wide interval, of images say, says nothing of the tokenizer
    elif abs(offline.tokens - outcome.tokens) > max(DRIFT_TOKENS, DRIFT_SHARE * outcome.tokens):
        family = means.family(key.model)
        n, exact, guessed = done.drifts.get(family, Drift())
        done.drifts[family] = Drift(n + 1, exact + outcome.tokens, guessed + offline.tokens)
