"""Where counts come from: known ones first, then the API or the tokenizer, as the mode of the run says."""

from __future__ import annotations

from itertools import chain, islice
from typing import TYPE_CHECKING, Literal, NamedTuple

from prompt_lint.counting.processes import CountJob, count_jobs
from prompt_lint.model.errors import Unreadable
from prompt_lint.model.values import Count, CountKey

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
    from contextlib import AbstractContextManager

    from prompt_lint.cache.counts import CountCache
    from prompt_lint.cache.files import FileCache
    from prompt_lint.counting.processes import OfflineCounter, Outcome
    from prompt_lint.model.values import Request

    # Counts many keys over the network; each key gets one outcome, as they arrive.
    CountMany = Callable[[Iterable[tuple[CountKey, Request]]], Iterator[tuple[CountKey, Outcome]]]

Mode = Literal["exact", "auto", "offline"]

# Look-ups in one question to the cache.
_TOGETHER = 256
_NO_CREDENTIAL = "set ANTHROPIC_API_KEY, or count offline (--offline)"
# An exact count this far from the offline one, in tokens and as a share, says that the tokenizer has changed.
DRIFT_TOKENS, DRIFT_SHARE = 3, 0.01


class ApiService(NamedTuple):
    """The API, not yet connected. `host` is where prompts are sent, `sent` tells how many requests have been.

    `steered` names the variables that requests obey on their way there.
    """

    host: str
    connect: Callable[[], AbstractContextManager[CountMany]]
    requests_sent: Callable[[], int]
    obeyed_variables: tuple[str, ...] = ()


class CountSources(NamedTuple):
    """How a run gets its counts. Without a service, `absent` says why there is none."""

    mode: Mode
    offline_counter: OfflineCounter
    tokenizer_family: Callable[[str], str]
    counts: CountCache
    files: FileCache
    service: ApiService | None
    no_service_reason: str
    jobs: int
    report_progress: Callable[[int], None]


class OfflineStandIn(NamedTuple):
    """An offline count for a key that the API was asked for and didn't count. It holds only as far as it decides."""

    offline_count: Count
    reason: Unreadable


class Drift(NamedTuple):
    """Exact and offline tokens of a family, over the requests for which they differ by more than they should."""

    requests: int = 0
    exact: int = 0
    offline: int = 0


class OutcomesByKey:
    """What has come of counting, by key. There may be a million keys: none is kept as such, nor equal counts twice."""

    def __init__(self) -> None:
        self._by_model: dict[str, dict[str, Outcome | OfflineStandIn]] = {}
        self._same: dict[Count, Count] = {}

    def __getitem__(self, key: CountKey) -> Outcome | OfflineStandIn:
        return self._by_model[key.model][key.digest]

    def get(self, key: CountKey) -> Outcome | OfflineStandIn | None:
        return self._by_model.get(key.model, {}).get(key.digest)

    def __setitem__(self, key: CountKey, one: Outcome | OfflineStandIn) -> None:
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


class CountResults:
    """What has been counted: at the end, `outcomes` has every key that was asked for."""

    def __init__(self) -> None:
        self.outcomes = OutcomesByKey()
        self.requests_sent = 0
        self.failures: list[Unreadable] = []
        self.drifts: dict[str, Drift] = {}


def count_all(works: Iterable[CountJob], sources: CountSources) -> CountResults:
    """Count every work. What arrives is handed to the cache at once: an interrupted run loses little."""
    results = CountResults()
    unknown = _recall(works, sources, results)
    if sources.mode == "exact":
        _ask(unknown, sources, results)
    else:
        _ask(_offline(unknown, sources, results), sources, results)
    results.requests_sent = sources.service.requests_sent() if sources.service else 0
    return results


def _recall(works: Iterable[CountJob], sources: CountSources, results: CountResults) -> Iterator[CountJob]:
    """The works that nothing sufficient is known of. Exact counts are good for every mode."""
    todo = iter(works)
    while batch := list(islice(todo, _TOGETHER)):
        keys = {CountKey(model, work.digest) for work in batch for model in work.models}
        results.outcomes.update(
            recall_counts({key for key in keys if results.outcomes.get(key) is None}, sources)
        )
        for work in batch:
            models = tuple(
                m
                for m in work.models
                if _is_open(results.outcomes.get(CountKey(m, work.digest)), work, m, sources)
            )
            if models:
                yield work._replace(models=models)


def recall_counts(keys: Collection[CountKey], sources: CountSources) -> dict[CountKey, Count]:
    """Return the counts that are known: exact ones first, which are good for every mode."""
    counts = sources.counts.get(keys, "api")
    if sources.mode != "exact":
        counts |= sources.counts.get([key for key in keys if key not in counts], "offline")
    return counts


def is_sufficient(count: Count, limit: int | None, sources: CountSources) -> bool:
    """Whether nothing is left to be counted. Where the API may be asked, an offline count must decide."""
    return sources.mode != "auto" or count.is_exact or count.decides(limit)


def _is_open(
    outcome: Outcome | OfflineStandIn | None, work: CountJob, model: str, sources: CountSources
) -> bool:
    """Whether a key is still to be counted."""
    if isinstance(outcome, Count):
        return not is_sufficient(outcome, work.limits.get(model), sources)
    return sources.mode == "auto" or outcome is None


def _offline(works: Iterable[CountJob], sources: CountSources, results: CountResults) -> list[CountJob]:
    """Count with the tokenizer. Returns what that leaves open, in mode `auto`."""
    open_: list[CountJob] = []
    for work, counted in count_jobs(sources.offline_counter.count_request, works, sources.jobs):
        results.outcomes.update(counted)
        sources.report_progress(len(results.outcomes))
        sources.counts.put({key: outcome for key, outcome in counted.items() if isinstance(outcome, Count)})
        models = tuple(
            key.model for key, outcome in counted.items() if _is_open(outcome, work, key.model, sources)
        )
        if models:
            open_.append(work._replace(models=models))
    return open_


def _ask(works: Iterable[CountJob], sources: CountSources, results: CountResults) -> None:
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

    for key, outcome in _answers(fresh(), sources):
        if isinstance(outcome, Count):
            sources.counts.put({key: outcome})
            results.outcomes[key] = outcome
        else:
            results.failures.append(outcome)
        _look_offline(key, waiting.pop(key), outcome, sources, results)
        sources.report_progress(len(results.outcomes))


def _answers(
    questions: Iterator[tuple[CountKey, Request]], sources: CountSources
) -> Iterator[tuple[CountKey, Outcome]]:
    """From the API, connected only now that there is a question; or the reason why there is none."""
    first = next(questions, None)
    if first is None:
        return
    everything = chain([first], questions)
    if sources.service is None:
        for key, _ in everything:
            yield key, Unreadable(f"not counted: {sources.no_service_reason}", _NO_CREDENTIAL)
        return
    with sources.service.connect() as count_many:
        yield from count_many(everything)


def _look_offline(
    key: CountKey, request: Request, outcome: Outcome, sources: CountSources, results: CountResults
) -> None:
    """The offline count of a key that was asked for: compared with the answer, or standing in for none."""
    try:
        offline = sources.offline_counter.count_request(key.model, request)
    except Unreadable:
        if isinstance(outcome, Unreadable):
            results.outcomes[key] = outcome
        return
    if isinstance(outcome, Unreadable):
        results.outcomes[key] = OfflineStandIn(offline, outcome)
    elif offline.low <= outcome.tokens <= offline.high:
        return  # a wide interval, of images say, says nothing of the tokenizer
    elif abs(offline.tokens - outcome.tokens) > max(DRIFT_TOKENS, DRIFT_SHARE * outcome.tokens):
        family = sources.tokenizer_family(key.model)
        n, exact, guessed = results.drifts.get(family, Drift())
        results.drifts[family] = Drift(n + 1, exact + outcome.tokens, guessed + offline.tokens)
